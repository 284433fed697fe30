"""A picture in any form - file, bytes, PIL image, array - becomes an array of pixels of one shape.

Training and prediction both come through `as_pixels`, so a photo is seen in the same way by both: upright,
without transparency, in colour or grey, stretched to the wanted size.
"""

import io
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.images.arrays import PictureShape, checked
from pellucid.data.images.files import PictureFile, is_file, read_file
from pellucid.data.images.resize import resized_image, resized_pixels, resized_wide
from pellucid.errors import BadPictureError, InputError
from pellucid.system import memory
from pellucid.system.threads import Shared

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_flaw(data: bytes) -> str | None:
    """Return what is wrong with the chunks of pixels (IDAT) in the bytes of a PNG, if anything is.

    >>> chunk = b"IDAT" + b"pixels"
    >>> whole = SIGNATURE + b"\\0\\0\\0\\x06" + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    >>> png_flaw(whole), png_flaw(whole[:-1]), png_flaw(b"no PNG")
    (None, 'it is truncated, the file ends before the picture does', None)
    >>> png_flaw(whole.replace(b"pixels", b"pixelz"))
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


if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)  # the EXIF tag; its values that swap height and width
# Whatever a file's name says: other formats may start programs, as Pillow hands EPS to Ghostscript
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "MPO", "DIB", "AVIF", "JPEG2000", "HEIF")
PILLOWS_LIMIT, MOST_PIXELS = 89_478_485, 2**28  # phones take photographs of 200 million; memory is checked too
LARGE = 2**24  # pixels; larger pictures are decoded one at a time, whatever the number of cores
IN_MEMORY = 16  # bytes a pixel that a decoded picture takes, with the copies that are made of it


def as_pixels(raw: Any, shape: PictureShape) -> np.ndarray:
    """Return a picture as an array of pixels of one shape.

    Parameters
    ----------
    raw : a file (see `is_file`), a PIL image, or an array (h, w), (h, w, 1), (h, w, 3), (h, w, 4) of integers or of
        floats in [0, 1].
    shape : the wanted height, width and channels.

    Returns
    -------
    pixels (height, width, channels): uint8 from files and PIL images, else of the array's own type (bool and
    integers other than uint8 and uint16 become uint8). An array that fits already is returned as it is.

    Raises
    ------
    BadPictureError : not a picture, truncated, damaged, or of too many pixels.
    InputError : an array of another shape, type or range.
    MissingFileError : there is no such file.

    >>> as_pixels(np.array([[0, 255]], dtype=np.uint8), PictureShape(1, 2, 3)).tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    if isinstance(raw, np.ndarray):
        pixels = checked(raw)
        if pixels.shape == shape.as_tuple:
            return pixels
        return resized_pixels(pixels, shape) if pixels.dtype == np.uint8 else resized_wide(pixels, shape)
    if _is_undecoded_jpeg(raw):
        raw = raw.filename
    if is_file(raw):
        return _decoded(read_file(raw), shape)
    if hasattr(raw, "getexif"):
        name = getattr(raw, "filename", "") or "the PIL image"
        with _told_plainly(str(name)):
            return resized_image(raw, shape)
    raise InputError(
        f"a picture is a path, bytes, a PIL image or an array; got an object of type {type(raw).__name__}."
    )


def _is_undecoded_jpeg(raw: Any) -> bool:
    """Whether PIL has opened this JPEG but not decoded it: it is then read by its path, to give the same bits."""
    jpeg = getattr(raw, "format", None) in ("JPEG", "MPO") and raw.tile and not raw.tell()
    return bool(jpeg and raw.filename and Path(raw.filename).is_file())


# Files and PIL images

_LARGE_LOCK = threading.Lock()


def decoder_version() -> str:
    """Return what decodes pictures, and which version of it: another one may give other pixels."""
    import PIL

    return f"Pillow {PIL.__version__}"


def prepare_decoders() -> None:
    """Load all of Pillow's formats: a thread that met them half loaded by another would not know its picture's."""
    _formats()


def heic_is_readable() -> bool:
    """Whether the extra is installed that reads HEIC, the format of newer phones."""
    return find_spec("pillow_heif") is not None


@cache
def _formats() -> list[str]:
    """Return those of `FORMATS` that can be read here."""
    from PIL import Image

    Image.init()
    if heic_is_readable():
        from pillow_heif import register_heif_opener

        register_heif_opener()
    return [name for name in FORMATS if name in Image.OPEN]


@cache
def readable_formats() -> frozenset[str]:
    """Return the formats, by Pillow's names, that can be decoded here; some need libraries of their own."""
    from PIL import features

    needed = {"AVIF": "avif", "JPEG2000": "jpg_2000", "WEBP": "webp"}
    return frozenset(name for name in _formats() if name not in needed or features.check(needed[name]))


@contextmanager
def _silence() -> Iterator[None]:
    from PIL import Image

    pillows = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        try:
            if pillows == PILLOWS_LIMIT:  # as it comes; who chose another limit keeps it
                Image.MAX_IMAGE_PIXELS = MOST_PIXELS
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = pillows


_SILENCE = Shared(_silence)  # Pillow's warnings unheard, its limit raised; both are the whole process's


@contextmanager
def _told_plainly(name: str) -> Iterator[None]:
    """Silence Pillow's warnings, and turn whatever its decoders raise into BadPictureError naming the picture."""
    try:
        with _SILENCE:
            yield
    except Exception as error:  # of damaged files: OSError, SyntaxError, IndexError, struct.error, nearly anything
        raise BadPictureError(f"{name} cannot be used as a picture: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "it is not a picture in a known format, or its beginning is damaged"
    if isinstance(error, Image.DecompressionBombError):
        most = MOST_PIXELS if Image.MAX_IMAGE_PIXELS == PILLOWS_LIMIT else Image.MAX_IMAGE_PIXELS
        return f"it has too many pixels (more than {most:,}); make it smaller first"
    if "truncated" in str(error).lower():
        return "it is truncated, the file ends before the picture does"
    return f"it cannot be decoded ({str(error) or type(error).__name__})"


def _decoded(file: PictureFile, shape: PictureShape) -> np.ndarray:
    with opened(file) as image:
        return decoded(image, shape)


@contextmanager
def opened(file: PictureFile) -> Iterator["PillowImage"]:
    """Give the image of a file, not decoded yet; what goes wrong meanwhile is a BadPictureError that names the file."""
    from PIL import Image

    if not file.data:
        raise BadPictureError(f"{file.name} cannot be used as a picture: the file is empty.")
    if what := png_flaw(file.data):
        raise BadPictureError(f"{file.name} cannot be used as a picture: {what}.")
    with _told_plainly(file.name), Image.open(io.BytesIO(file.data), formats=_formats()) as image:
        if Image.MAX_IMAGE_PIXELS is not None and image.width * image.height > Image.MAX_IMAGE_PIXELS:
            raise Image.DecompressionBombError  # up to twice as many, Pillow would only warn
        yield image


def has_several(image: "PillowImage") -> bool:
    """Whether an image has pages or frames after the first; previews that cameras put into a JPEG do not count."""
    return image.format != "MPO" and bool(getattr(image, "is_animated", False))


def decoded(image: "PillowImage", shape: PictureShape) -> np.ndarray:
    """Return the pixels (height, width, channels), uint8, of an image just opened."""
    size = (2 * shape.width, 2 * shape.height)
    turned = image.getexif().get(ORIENTATION) in TURNED
    image.draft(None, size[::-1] if turned else size)  # a JPEG then decodes smaller, and faster
    pixels = image.width * image.height
    with _LARGE_LOCK if pixels > LARGE else nullcontext():
        memory.check_memory("it", IN_MEMORY * pixels, ValueError)
        return resized_image(image, shape)
