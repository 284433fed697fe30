"""Rows of integers that stay integers: floats are made a block at a time, where they are computed with.

Photographs come as one byte a pixel. As float32 they would take four times the memory, as float64 eight times.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class IntegerRows:
    """Rows X = integers / divisor (n, d), kept as the integers; indexing gives floats.

    integers: (n, d), in memory or mapped from a file.  divisor: 255 brings uint8 pixels to [0, 1].
    dtype: of the floats.

    >>> X = IntegerRows(np.array([[0, 51, 255]], np.uint8), 255)
    >>> X.shape, X[:1].tolist()
    ((1, 3), [[0.0, 0.2, 1.0]])
    """

    integers: Array
    divisor: int = 1
    dtype: DTypeLike = np.float64
    ndim = 2

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape (n, d)."""
        return self.integers.shape

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return self.integers.size

    def __len__(self) -> int:
        return len(self.integers)

    def __getitem__(self, rows: Any) -> Array:
        """Return some of the rows, or of the columns with X[:, columns], as floats."""
        return np.divide(self.integers[rows], self.divisor, dtype=self.dtype)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)

    def gather(self, rows: Array, out: Array) -> None:
        """Write some of the rows into `out`, as floats of its kind."""
        np.divide(np.take(self.integers, rows, axis=0), self.divisor, out=out, dtype=out.dtype)

    def astype(self, dtype: DTypeLike) -> "IntegerRows":
        """Return the same rows with floats of another precision."""
        return replace(self, dtype=dtype)


Rows = Array | IntegerRows


def take(X: Rows, rows: Any) -> Rows:
    """Return some of the rows, integers as integers still."""
    return replace(X, integers=X.integers[rows]) if isinstance(X, IntegerRows) else X[rows]
