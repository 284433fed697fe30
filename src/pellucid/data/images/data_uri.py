"""Pictures as data: addresses, small enough for hundreds of them in one page."""

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.images.arrays import PictureShape, checked, to_unit
from pellucid.data.images.decode import ORIENTATION, TURNED, as_pixels, decoded, opened
from pellucid.data.images.files import is_file, read_file

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

SIDE = 128  # pixels of the longer side, at most
QUALITY = 78  # of JPEG


def embedded(raw: Any, side: int = SIDE) -> str:
    """Return a picture as an address that holds it, its longer side at most `side` pixels, its proportions kept.

    raw: as `as_pixels` takes it.  Pictures that are as small as that already stay exact (PNG), others become JPEG.

    Raises BadPictureError, InputError or MissingFileError as `as_pixels` does.

    >>> embedded(np.zeros((8, 8), np.uint8))[:22]
    'data:image/png;base64,'
    """
    if is_file(raw):
        with opened(read_file(raw)) as image:
            turned = image.getexif().get(ORIENTATION) in TURNED
            size = (image.width, image.height) if turned else (image.height, image.width)
            pixels = decoded(image, _small(*size, 3, side))
    else:
        array = checked(np.asarray(raw))
        size = array.shape[:2]
        pixels = as_pixels(array, _small(*size, 1 if array.shape[2] == 1 else 3, side))
        pixels = np.rint(to_unit(pixels, np.float64) * 255).astype(np.uint8)
    return address(pixels, exact=max(size) <= side)


def address(pixels: np.ndarray, exact: bool = True) -> str:
    """Return pixels (h, w), (h, w, 1) or (h, w, 3), uint8, as an address that holds them as PNG, or else as JPEG."""
    kind = "png" if exact else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(encoded(pixels, exact)).decode()}"


def encoded(pixels: np.ndarray, exact: bool = True) -> bytes:
    """Return pixels (h, w), (h, w, 1) or (h, w, 3), uint8, as the bytes of a PNG, or else of a JPEG."""
    from PIL import Image

    image: PillowImage = Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)
    file = io.BytesIO()
    if exact:
        image.save(file, "PNG", optimize=True)
    else:
        image.save(file, "JPEG", quality=QUALITY, optimize=True)
    return file.getvalue()


def _small(height: int, width: int, channels: int, side: int) -> PictureShape:
    scale = min(1.0, side / max(height, width))
    return PictureShape(max(1, round(height * scale)), max(1, round(width * scale)), channels)
