"""PNG files carry a checksum for every chunk; Pillow passes over those of the pixels, so they are looked at here.

Without it a flipped bit would be another picture in silence.
"""

import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def damaged_pixels(data: bytes) -> bool:
    """Whether the bytes of a PNG hold a chunk of pixels (IDAT) that does not match its checksum.

    >>> chunk = b"IDAT" + b"pixels"
    >>> whole = SIGNATURE + b"\\0\\0\\0\\x06" + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    >>> damaged_pixels(whole), damaged_pixels(whole.replace(b"pixels", b"pixelz")), damaged_pixels(b"no PNG")
    (False, True, False)

    The PNG specification, section 5.3.
    """
    if not data.startswith(SIGNATURE):
        return False
    view, place = memoryview(data), len(SIGNATURE)
    while place + 12 <= len(data):  # length, type, content, checksum
        end = place + 8 + int.from_bytes(view[place : place + 4], "big")
        kind = bytes(view[place + 4 : place + 8])
        if kind == b"IDAT" and end + 4 <= len(data):
            if zlib.crc32(view[place + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
                return True
        elif kind == b"IEND":
            break
        place = end + 4
    return False
