"""Pixels: a picture as a vector, its own pixels from 0 to 1.

The only picture feature of article A and B. What size, what colours and how they are resized is kept with the model,
so that prediction does to a picture exactly what training did.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid.errors import BadPictureError, InputError
from pellucid.parallel import in_order
from pellucid.pictures import PictureShape, as_pixels, is_file, prepare_decoders, to_unit


@dataclass(frozen=True)
class Pixels:
    """Pictures resized to one shape, flattened row by row (height, width, channel), divided by their largest value."""

    shape: PictureShape
    kind = "pixels"

    @property
    def n_out(self) -> int:
        """How many features a picture has."""
        return self.shape.height * self.shape.width * self.shape.channels

    def transform(
        self, raw: Any, dtype: DTypeLike = np.float64, bad: list[tuple[int, BadPictureError]] | None = None
    ) -> np.ndarray:
        """Return rows (n, n_out) of numbers from 0 to 1.

        raw: one picture or many: a path, a PIL image, an array (h, w), (h, w, c) or flat (n_out,), a list of these,
        or an array of many.  bad: where given, pictures that cannot be read are left out and listed there as
        (position, error); else the first raises BadPictureError. Files are decoded by all cores.
        """
        return self._rows(raw, np.dtype(dtype), bad)

    def integers(self, pictures: np.ndarray) -> np.ndarray:
        """Return rows (n, n_out) of an array of integer pictures, uint16 or else uint8: `transform` before it divides.

        >>> Pixels(PictureShape(1, 2, 1)).integers(np.array([[[0, 255]]], np.uint8)).tolist()
        [[0, 255]]
        """
        return self._rows(pictures, np.dtype(np.uint16 if pictures.dtype == np.uint16 else np.uint8), None)

    def attempt(self, picture: Any) -> np.ndarray | BadPictureError:
        """Return the pixels (height, width, channels) of one picture in its own type, or why it cannot be read."""
        try:
            return as_pixels(self._unflattened(picture), self.shape)
        except BadPictureError as error:
            return error

    def _rows(self, raw: Any, dtype: np.dtype, bad: list[tuple[int, BadPictureError]] | None) -> np.ndarray:
        pictures = self._several(raw)
        block = isinstance(pictures, np.ndarray) and pictures.dtype == np.uint8
        if block and pictures.shape[1:] == self.shape.as_tuple:
            return _as_type(pictures, dtype).reshape(len(pictures), self.n_out)
        rows = np.empty((len(pictures), self.n_out), dtype)
        n = 0
        for position, pixels in enumerate(self._each(pictures)):
            if not isinstance(pixels, BadPictureError):
                rows[n] = _as_type(pixels, dtype).ravel()
                n += 1
            elif bad is None:
                raise pixels
            else:
                bad.append((position, pixels))
        return rows[:n]

    def _each(self, pictures: Any) -> Iterator[np.ndarray | BadPictureError]:
        if len(pictures) > 1 and all(map(is_file, pictures)):
            prepare_decoders()
            return in_order(self.attempt, pictures)
        return map(self.attempt, pictures)

    def _several(self, raw: Any) -> Any:
        """Return a sequence of single pictures, whatever was given."""
        if isinstance(raw, np.ndarray):
            several = (
                raw.ndim == 4
                or (raw.ndim == 3 and raw.shape[-1] not in (1, 3, 4))
                or (raw.ndim == 2 and raw.shape[1] == self.n_out)
            )
            return raw if several else raw[None]
        if isinstance(raw, Iterable) and not isinstance(raw, str | bytes | Path) and not hasattr(raw, "getpixel"):
            return list(raw)
        return [raw]

    def _unflattened(self, picture: Any) -> Any:
        if isinstance(picture, np.ndarray) and picture.ndim == 1:
            if picture.size != self.n_out:
                raise InputError(
                    f"a flat picture must have {self.n_out} values ({self.shape.height} x {self.shape.width} x "
                    f"{self.shape.channels}), got {picture.size}; one of shape (height, width, channels) is resized."
                )
            return picture.reshape(self.shape.as_tuple)
        return picture

    def metadata(self) -> dict[str, Any]:
        """Return what a model file stores, besides arrays: there are none."""
        return {"kind": self.kind, "shape": asdict(self.shape), "resize": "stretch, bicubic"}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fitted arrays."""
        return {}

    @classmethod
    def restore(cls, metadata: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Pixels":
        """Return the features that `metadata` and `arrays` describe."""
        return cls(PictureShape(**metadata["shape"]))

    def __str__(self) -> str:
        colours = "RGB" if self.shape.channels == 3 else "grey"
        return f"pixels of pictures {self.shape.width} x {self.shape.height}, {colours}, 0 to 1"


def _as_type(pixels: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return to_unit(pixels, dtype) if dtype.kind == "f" else pixels
