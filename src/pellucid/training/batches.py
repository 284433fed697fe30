"""Batches: the rows of one update after another, all of them or shuffled parts of them.

Parts are gathered into one buffer that is used again and again.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.nn.scaled_integers import IntegerRows
from pellucid.training.examples import Examples

Array = NDArray[Any]


class Batch(NamedTuple):
    """Rows X (b, n_in) as floats, their targets and weights."""

    X: Array
    y: Array
    weight: Array | None


class Batches:
    """The batches of an epoch: `rows` examples each, the last one perhaps fewer.

    >>> batches = Batches(Examples(np.zeros((5, 3)), np.zeros((5, 1))), rows=2, dtype=np.dtype(float))
    >>> len(batches)
    3
    """

    def __init__(self, train: Examples, rows: int, dtype: np.dtype) -> None:
        self._rows, self._number = rows, -(-len(train) // rows)
        self._X, self._y, self._weight = train.X, train.y, train.weight
        if self._number == 1:
            self._X = np.asarray(self._X, dtype)
        self._buffer = np.empty((rows if self._number > 1 else 0, train.X.shape[1]), dtype)

    def __len__(self) -> int:
        return self._number

    def at(self, number: int, order: Array | None) -> Batch:
        """Return the batch of that number in an epoch whose rows come in `order`; a full batch needs none."""
        if order is None:
            assert isinstance(self._X, np.ndarray)
            return Batch(self._X, self._y, self._weight)
        rows = order[number * self._rows :][: self._rows]
        X = self._buffer[: len(rows)]
        if isinstance(self._X, IntegerRows):
            self._X.gather(rows, out=X)
        else:
            np.take(self._X, rows, axis=0, out=X, mode="clip")  # "clip": without a second copy
        return Batch(X, self._y[rows], None if self._weight is None else self._weight[rows])
