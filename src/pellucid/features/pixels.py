"""Pixels: a picture as a vector, its own pixels from 0 to 1.

The only picture feature of article A and B. What size, what colours and how they are resized is kept with the model,
so that prediction does to a picture exactly what training did.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid.data.images import PictureShape, to_unit
from pellucid.features.images import Bad, PictureFeatures
from pellucid.nn.scaled_integers import IntegerRows, Rows

ROWS, COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")
COLOURS = {1: ("grey",), 3: ("red", "green", "blue")}


@dataclass(frozen=True)
class Pixels(PictureFeatures):
    """Pictures resized to one shape, flattened row by row (height, width, channel), divided by their largest value.

    >>> Pixels(PictureShape(1, 2, 1)).extract(np.array([[0, 255]], np.uint8), np.float64).tolist()
    [[0.0, 1.0]]
    """

    kind = "pixels"
    inputs_are_pixels = True
    row_dtype = np.uint8

    @property
    def n_out(self) -> int:
        """How many pixels a view has, over all channels."""
        return self._flat_size

    @property
    def names(self) -> tuple[str, ...]:
        """Each pixel's row, column and colour, counted from 1.

        >>> Pixels(PictureShape(1, 2, 1)).names
        ('pixel (1, 1, grey)', 'pixel (1, 2, grey)')
        """
        shape = self.shape
        colours = COLOURS.get(shape.channels, tuple(f"channel {c + 1}" for c in range(shape.channels)))
        return tuple(
            f"pixel ({i + 1}, {j + 1}, {colour})"
            for i in range(shape.height)
            for j in range(shape.width)
            for colour in colours
        )

    @property
    def groups(self) -> tuple[str, ...]:
        """The part of the picture that each pixel lies in, of 3 x 3; none where it is too small for that."""
        shape = self.shape
        if min(shape.height, shape.width) < 3:
            return ()
        return tuple(
            f"{ROWS[3 * i // shape.height]} {COLUMNS[3 * j // shape.width]}"
            for i in range(shape.height)
            for j in range(shape.width)
            for _ in range(shape.channels)
        )

    def describe(self, pixels: np.ndarray) -> np.ndarray:
        """Return the pixels as one row, of their own type."""
        return pixels.ravel()

    def extract(self, raw: Any, dtype: DTypeLike | None = None, bad: Bad | None = None) -> np.ndarray:
        """Return the pixels (n, n_row) of pictures: uint8 or another type given, floats then from 0 to 1."""
        block = isinstance(raw, np.ndarray) and raw.dtype == np.uint8 and raw.shape[1:] == self.shape.as_tuple
        if block and self.views == ("plain",):
            return self._of_type(raw, np.dtype(self.row_dtype if dtype is None else dtype)).reshape(-1, self.n_row)
        return super().extract(raw, dtype, bad)

    def brightness(self, R: np.ndarray) -> np.ndarray:
        """Return the mean (n,) of the pixels of pictures, from 0 to 1."""
        mean = R[:, : self.n_out].mean(axis=1, dtype=np.float64)
        return mean / (np.iinfo(R.dtype).max if R.dtype.kind == "u" else 1)

    def transform(self, R: np.ndarray, dtype: DTypeLike) -> Rows:
        """Return the rows X (n * views, n_out): integers stay integers, of which X makes floats where it is indexed."""
        X = R.reshape(-1, self.n_out)
        return (
            IntegerRows(X, np.iinfo(X.dtype).max, np.dtype(dtype))
            if X.dtype.kind == "u"
            else X.astype(dtype, copy=False)
        )

    def _of_type(self, row: np.ndarray, dtype: np.dtype) -> np.ndarray:
        return to_unit(row, dtype) if dtype.kind == "f" else row

    def recipe(self) -> dict[str, Any]:
        """Return the recipe's values that lead to these features."""
        return super().recipe() | {"size": (self.shape.height, self.shape.width)}

    @classmethod
    def restore(cls, metadata: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Pixels":
        """Return the features that `metadata` and `arrays` describe."""
        shape, views = PictureShape(**metadata["shape"]), tuple(metadata.get("views", ("plain",)))
        return cls(shape, views, arrays.get("brightness_range"))

    def __str__(self) -> str:
        colours = "RGB" if self.shape.channels == 3 else "grey"
        return f"pixels of pictures {self.shape.width} x {self.shape.height}, {colours}, 0 to 1{self._told_views()}"
