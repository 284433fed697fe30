"""PNG files carry a checksum for every chunk; Pillow passes over those of the pixels, so they are looked at here.

Without it a flipped bit would be another picture in silence.
"""

import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def flaw(data: bytes) -> str | None:
    """Return what is wrong with the chunks of pixels (IDAT) in the bytes of a PNG, if anything is.

    >>> chunk = b"IDAT" + b"pixels"
    >>> whole = SIGNATURE + b"\\0\\0\\0\\x06" + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    >>> flaw(whole), flaw(whole[:-1]), flaw(b"no PNG")
    (None, 'it is truncated, the file ends before the picture does', None)
    >>> flaw(whole.replace(b"pixels", b"pixelz"))
    'its pixels do not match their checksum'

    The PNG specification, section 5.3.
    """
    if not data.startswith(SIGNATURE):
        return None
    view, place = memoryview(data), len(SIGNATURE)
    while place + 8 <= len(data):  # length and type, then content and checksum
        end = place + 8 + int.from_bytes(view[place : place + 4], "big")
        if view[place + 4 : place + 8].tobytes() == b"IDAT":
            if end + 4 > len(data):
                return "it is truncated, the file ends before the picture does"
            if zlib.crc32(view[place + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
                return "its pixels do not match their checksum"
        place = end + 4
    return None
