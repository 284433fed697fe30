"""Resizing: a picture of any size and mode becomes upright, opaque pixels of the wanted shape.

Files, PIL images and arrays go through the same steps, in training and in prediction.
"""

from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.images.arrays import LUMA, OVERSHOOT, PictureShape, to_unit

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

BICUBIC = 3  # PIL.Image.Resampling.BICUBIC, here without importing Pillow
WIDE_MODES = ("I", "I;16", "I;16L", "I;16B", "I;16N")  # Pillow keeps 16-bit grey in all of these
DETOURS = {"La": "LA", "LAB": "RGB"}  # modes that Pillow turns into grey only by way of another
BITS, PHOTOMETRIC, PLANES = 258, 262, 284  # tags of TIFF
STRIP = 64  # rows of wide pixels that are floats at a time


def resized_image(image: "PillowImage", shape: PictureShape) -> np.ndarray:
    """Return upright pixels (h, w, c) of any PIL image: opaque, grey or colour, of the wanted size."""
    from PIL import Image, ImageOps

    tags = getattr(image, "tag_v2", {})
    if tags.get(PLANES) == 2 and max(tags.get(BITS, (8,))) > 8 and len(image.getbands()) > 1:
        raise ValueError("its 16-bit colours lie in planes, which Pillow misreads; save it with 8 bits or interleaved")
    negative = tags.get(PHOTOMETRIC) == 0 and image.mode in WIDE_MODES  # Pillow turns only fewer bits round
    image = ImageOps.exif_transpose(image)
    if image.mode in (*WIDE_MODES, "F"):
        image = _eight_bits(image)
        image = ImageOps.invert(image) if negative else image
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

    values = np.asarray(image)
    low, high = float(values.min()), float(values.max())
    of_floats = image.mode == "F"
    top = 65535.0 if not of_floats else 1.0 if high <= 1 + OVERSHOOT else 255.0
    slack = OVERSHOOT * top if of_floats else 0
    if not -slack <= low <= high <= top + slack:  # NaN is caught as well
        raise ValueError(f"its values lie in {low:g} to {high:g}, expected 0 to {top:g}")
    if of_floats and top == 255 and high < 2:
        raise ValueError(f"its values lie in {low:g} to {high:g}, expected 0 to 1, or 0 to 255; scale them")
    if not of_floats and 0 < high <= 255:
        raise ValueError(f"its 16-bit values lie in {low:g} to {high:g} of 65535, so it is black; save it with 8 bits")
    pixels = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), STRIP):
        strip = values[start : start + STRIP].astype(np.float64).clip(0, top)
        pixels[start : start + STRIP] = np.rint(strip * (255 / top))
    return Image.fromarray(pixels)


def resized_pixels(pixels: np.ndarray, shape: PictureShape) -> np.ndarray:
    """Return uint8 pixels (h, w, c) in the wanted shape, as those of a file."""
    from PIL import Image

    return resized_image(Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels), shape)


def resized_wide(pixels: np.ndarray, shape: PictureShape) -> np.ndarray:
    """Return uint16 or float pixels in the wanted shape and their own type, by the same steps in floats."""
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
