"""What kind of picture a file holds: its first bytes tell, whatever its name ends in.

The ending alone counts for the usual kinds, so that a broken `.jpg` stays a picture that cannot be read.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from pellucid.data.images.decode import readable_formats

START = 32  # bytes of a file that tell its kind
PICTURE_ENDINGS = (".jpg", ".jpeg", ".jfif", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm")
RAW_ENDINGS = (".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".pef", ".srw", ".raf")  # of cameras
KIND_OF_ENDING = {  # of pictures that Pillow cannot read everywhere
    ".heic": "HEIF",
    ".heif": "HEIF",
    ".avif": "AVIF",
    ".jp2": "JPEG2000",
    ".jxl": "JXL",
    ".psd": "PSD",
    ".svg": "SVG",
    **dict.fromkeys(RAW_ENDINGS, "RAW"),
}
ENDINGS = (*PICTURE_ENDINGS, *KIND_OF_ENDING)
SIGNATURES = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"GIF8", "GIF"),
    (8, b"WEBP", "WEBP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),
    (0, b"MM\0+", "TIFF"),
    (4, b"jP  \r\n", "JPEG2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG2000"),
    (4, b"JXL \r\n", "JXL"),
    (0, b"\xff\x0a", "JXL"),
    (0, b"8BPS", "PSD"),
    *((4, b"ftyp" + brand, "AVIF") for brand in (b"avif", b"avis")),
    *((4, b"ftyp" + brand, "HEIF") for brand in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")),
    (4, b"ftypcrx ", "RAW"),
)
BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # bytes


def kind_of(start: bytes) -> str | None:
    """Return the format that a file's first bytes tell, by Pillow's name; None where it is no picture.

    >>> kind_of(b"\\xff\\xd8\\xff\\xe0"), kind_of(b"PK"), kind_of(b"P6 640 480")
    ('JPEG', None, 'PPM')
    """
    for place, signature, kind in SIGNATURES:
        if start.startswith(signature, place):
            return kind
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in BMP_HEADERS:
        return "BMP"
    if (
        start[:1] == b"P"
        and start[1:2] in b"123456"
        and start[2:3].isspace()
        and (start[3:4].isdigit() or b"#" in start)
    ):
        return "PPM"
    return None


def is_named_picture(name: str) -> bool:
    """Whether a name ends as those of pictures of the usual kinds do."""
    return ending_of(name) in PICTURE_ENDINGS


def why_passed_over(name: str, start: bytes) -> str | None:
    """Return why a file is no picture that can be read, such as ".mp4" or ".heic"; None where it is one.

    >>> why_passed_over("a.mp4", b"...."), why_passed_over("a.jpg_large", b"\\xff\\xd8\\xff\\xe0")
    ('.mp4', None)
    """
    ending, kind = ending_of(name), kind_of(start)
    if kind == "TIFF" and ending in RAW_ENDINGS:  # a TIFF in its structure, and only its small preview can be read
        kind = "RAW"
    if kind in readable_formats():
        return None
    return ending or "without ending"


def ending_of(name: str) -> str:
    """Return the ending of a name in lower case, with its point; "" where it has none that is a word."""
    ending = PurePosixPath(name.strip()).suffix.lower()
    return ending if 1 < len(ending) <= 10 else ""


def tally(reasons: Iterable[str]) -> str:
    """Return how many files were passed over for each reason, and what to do with pictures among them.

    >>> tally([".txt", ".psd", ".txt"])
    '2 .txt, 1 .psd; PSD cannot be read, save them as JPEG or PNG'
    """
    counts = Counter(reasons)
    told = ", ".join(f"{count:,} {reason}" for reason, count in counts.most_common())
    unread = sorted(reason for reason in counts if reason in KIND_OF_ENDING)
    if not unread:
        return told
    extra = ' or pip install "pellucid[heic]"' if any(KIND_OF_ENDING[ending] == "HEIF" for ending in unread) else ""
    kinds = ", ".join(ending.removeprefix(".").upper() for ending in unread)
    return f"{told}; {kinds} cannot be read, save them as JPEG or PNG{extra}"
