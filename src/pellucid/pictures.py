"""A picture in any form - file, bytes, PIL image, array - becomes an array of pixels of one shape.

Training and prediction both come through `as_pixels`, so a photo is seen in the same way by both: upright,
without transparency, in colour or grey, stretched to the wanted size.
"""

import io
import threading
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import BadPictureError, InputError, MissingFileError
from pellucid.parallel import Shared

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

LUMA = (0.299, 0.587, 0.114)  # ITU-R 601-2, the weights of Pillow's mode "L"
ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)  # the EXIF tag; its values that swap height and width
WIDE_MODES = ("I", "I;16", "I;16L", "I;16B", "I;16N")  # Pillow keeps 16-bit grey in all of these
DETOURS = {"La": "LA", "LAB": "RGB"}  # modes that Pillow turns into grey only by way of another
BICUBIC = 3  # PIL.Image.Resampling.BICUBIC, here without importing Pillow


@dataclass(frozen=True)
class PictureShape:
    """The size of a picture in pixels, and 1 channel (grey) or 3 (red, green, blue).

    >>> PictureShape(64, 48, 3).as_tuple
    (64, 48, 3)
    """

    height: int
    width: int
    channels: int = 3

    def __post_init__(self) -> None:
        if min(self.height, self.width) < 1 or self.channels not in (1, 3):
            raise InputError(
                f"a picture needs a height and a width of 1 or more and 1 or 3 channels, got {self.as_tuple}."
            )

    @property
    def as_tuple(self) -> tuple[int, int, int]:
        """The shape of the array, (height, width, channels)."""
        return (self.height, self.width, self.channels)


@dataclass(frozen=True)
class PictureFile:
    """The bytes of a picture file, and the name it goes by in messages."""

    name: str
    data: bytes = field(repr=False)


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
        pixels = _checked(raw)
        if pixels.shape == shape.as_tuple:
            return pixels
        return _image_of(pixels, shape) if pixels.dtype == np.uint8 else _fitted(pixels, shape)
    if _is_undecoded_jpeg(raw):
        raw = raw.filename
    if is_file(raw):
        return _decoded(read_file(raw), shape)
    if hasattr(raw, "getexif"):
        name = getattr(raw, "filename", "") or "the PIL image"
        with _told_plainly(str(name)):
            return _normal(raw, shape)
    raise InputError(
        f"a picture is a path, bytes, a PIL image or an array; got an object of type {type(raw).__name__}."
    )


def is_file(raw: Any) -> bool:
    """Whether a picture is a file: a path, anything with `.open("rb")` such as a member of a zip, or its bytes."""
    return isinstance(raw, str | bytes | PictureFile) or hasattr(raw, "open")


def read_file(raw: Any) -> PictureFile:
    """Return the contents of a picture file; raise MissingFileError, or BadPictureError if it cannot be read."""
    if isinstance(raw, PictureFile):
        return raw
    if isinstance(raw, bytes):
        return PictureFile("the picture given as bytes", raw)
    return PictureFile(str(raw), _contents(Path(raw) if isinstance(raw, str) else raw))


def _is_undecoded_jpeg(raw: Any) -> bool:
    """Whether PIL has opened this JPEG but not decoded it: it is then read by its path, to give the same bits."""
    jpeg = getattr(raw, "format", None) in ("JPEG", "MPO") and raw.tile and not raw.tell()
    return bool(jpeg and raw.filename and Path(raw.filename).is_file())


def to_unit(pixels: np.ndarray, dtype: Any) -> np.ndarray:
    """Return pixels as floats in [0, 1]: integers divided by their type's maximum, floats only cast.

    >>> to_unit(np.array([0, 51, 255], dtype=np.uint8), np.float64).tolist()
    [0.0, 0.2, 1.0]
    """
    if np.issubdtype(pixels.dtype, np.integer):
        return np.divide(pixels, np.iinfo(pixels.dtype).max, dtype=dtype)
    return pixels.astype(dtype, copy=False)


# Files and PIL images

_ZIP_LOCK = threading.Lock()  # the members of a zip share one file, and Python does not guard the count of its users


def decoder_version() -> str:
    """Return what decodes pictures, and which version of it: another one may give other pixels."""
    import PIL

    return f"Pillow {PIL.__version__}"


def prepare_decoders() -> None:
    """Load all of Pillow's formats: a thread that met them half loaded by another would not know its picture's."""
    from PIL import Image

    _know_heic()
    Image.init()


def heic_is_readable() -> bool:
    """Whether the extra is installed that reads HEIC, the format of newer phones."""
    return find_spec("pillow_heif") is not None


@cache
def _know_heic() -> None:
    if heic_is_readable():
        from pillow_heif import register_heif_opener

        register_heif_opener()


@contextmanager
def _silence() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


_SILENCE = Shared(_silence)  # Pillow's warnings unheard; the filters are the whole process's


def _contents(path: Any) -> bytes:
    if isinstance(path, Path) and path.exists() and not path.is_file():
        raise BadPictureError(f"{path} is not a file.")
    try:
        with _ZIP_LOCK if isinstance(path, zipfile.Path) else nullcontext(), path.open("rb") as file:
            return bytes(file.read())
    except FileNotFoundError:
        raise MissingFileError(f"there is no picture {path}.") from None
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        # RuntimeError is how zipfile says that a member is encrypted or packed in a way it does not know
        raise BadPictureError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


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
        return f"it has too many pixels (more than {Image.MAX_IMAGE_PIXELS:,}); make it smaller first"
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
    _know_heic()
    with _told_plainly(file.name), Image.open(io.BytesIO(file.data)) as image:
        if Image.MAX_IMAGE_PIXELS is not None and image.width * image.height > Image.MAX_IMAGE_PIXELS:
            raise Image.DecompressionBombError  # up to twice as many, Pillow would only warn
        yield image


def decoded(image: "PillowImage", shape: PictureShape) -> np.ndarray:
    """Return the pixels (height, width, channels), uint8, of an image just opened."""
    size = (2 * shape.width, 2 * shape.height)
    turned = image.getexif().get(ORIENTATION) in TURNED
    image.draft(None, size[::-1] if turned else size)  # a JPEG then decodes smaller, and faster
    return _normal(image, shape)


def _normal(image: "PillowImage", shape: PictureShape) -> np.ndarray:
    """Return upright pixels (h, w, c) of any PIL image: opaque, grey or colour, of the wanted size."""
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode in (*WIDE_MODES, "F"):
        image = _eight_bits(image)
    if image.mode in DETOURS:
        image = image.convert(DETOURS[image.mode])
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("L" if shape.channels == 1 else "RGB")
    image = image.resize((shape.width, shape.height), BICUBIC, reducing_gap=2.0)
    return np.array(image).reshape(shape.as_tuple)


def _eight_bits(image: "PillowImage") -> "PillowImage":
    """Return a grey 8-bit image of one with 16-bit integers, or with floats in [0, 1] or else in 0..255."""
    from PIL import Image

    values = np.asarray(image, dtype=np.float64)
    low, high = values.min(), values.max()
    top = 65535 if image.mode != "F" else 1 if high <= 1 else 255
    if not 0 <= low <= high <= top:  # NaN is caught as well
        raise ValueError(f"its values lie in {low:g} to {high:g}, expected 0 to {top}")
    return Image.fromarray(np.rint(values * (255 / top)).astype(np.uint8))


# Arrays


def _checked(array: np.ndarray) -> np.ndarray:
    """Return the array as (h, w, c) of uint8, uint16 or floats in [0, 1], or raise InputError."""
    pixels = array[..., None] if array.ndim == 2 else array
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4) or pixels.size == 0:
        raise InputError(
            "a picture given as an array has the shape (height, width) or (height, width, 1, 3 or 4), "
            f"channels last; got {array.shape}."
        )
    if pixels.dtype == bool:
        return pixels * np.uint8(255)
    if pixels.dtype in (np.uint8, np.uint16):
        return pixels
    if pixels.dtype.kind not in "iuf":
        raise InputError(f"pixels are integers or floats, got an array of type {pixels.dtype}.")
    low, high = pixels.min(), pixels.max()
    if pixels.dtype.kind in "iu":
        if low < 0 or high > 255:
            raise InputError(
                f"pixels of type {pixels.dtype} must lie in 0 to 255, got {low} to {high}; pass uint8 or uint16."
            )
        return pixels.astype(np.uint8)
    if not np.isfinite([low, high]).all():
        raise InputError("pixels must be finite, got NaN or infinity among them.")
    if low < 0 or high > 1:
        raise InputError(
            f"float pixels must lie in [0, 1], got {low:g} to {high:g}; divide by 255, or pass them as uint8."
        )
    return pixels


def _image_of(pixels: np.ndarray, shape: PictureShape) -> np.ndarray:
    from PIL import Image

    return _normal(Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels), shape)


def _fitted(pixels: np.ndarray, shape: PictureShape) -> np.ndarray:
    """Return uint16 or float pixels in the wanted shape and their own type: what `_normal` does, in floats."""
    from PIL import Image

    unit = to_unit(pixels, np.float64)
    if unit.shape[2] == 4:
        alpha = unit[..., 3:]
        unit = unit[..., :3] * alpha + (1 - alpha)
    if unit.shape[2] > shape.channels:
        unit = unit @ np.array(LUMA)[:, None]
    if unit.shape[:2] != (shape.height, shape.width):
        size = (shape.width, shape.height)
        planes = [Image.fromarray(plane).resize(size, BICUBIC, reducing_gap=2.0)
                  for plane in np.moveaxis(unit, 2, 0).astype(np.float32)]  # fmt: skip
        unit = np.stack([np.asarray(plane) for plane in planes], axis=2)
    unit = np.broadcast_to(unit, shape.as_tuple).clip(0, 1)  # bicubic curves overshoot at edges
    if pixels.dtype == np.uint16:
        return np.rint(unit * np.float64(65535)).astype(np.uint16)
    return unit.astype(pixels.dtype)
