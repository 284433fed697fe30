"""Pictures given as arrays: checked, and brought into the wanted shape in their own type of number."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import InputError

OVERSHOOT = 0.05  # of the range of floats: what sharpening and resizing leave beyond it, which is clipped
LUMA = (0.299, 0.587, 0.114)  # ITU-R 601-2, the weights of Pillow's mode "L"


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


def to_unit(pixels: np.ndarray, dtype: Any) -> np.ndarray:
    """Return pixels as floats in [0, 1]: integers divided by their type's maximum, floats only cast.

    >>> to_unit(np.array([0, 51, 255], dtype=np.uint8), np.float64).tolist()
    [0.0, 0.2, 1.0]
    """
    if np.issubdtype(pixels.dtype, np.integer):
        return np.divide(pixels, np.iinfo(pixels.dtype).max, dtype=dtype)
    return pixels.astype(dtype, copy=False)


def checked(array: np.ndarray) -> np.ndarray:
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
    if low < -OVERSHOOT or high > 1 + OVERSHOOT:
        raise InputError(
            f"float pixels must lie in [0, 1], got {low:g} to {high:g}; divide by 255, or pass them as uint8."
        )
    return pixels if low >= 0 and high <= 1 else pixels.clip(0, 1)
