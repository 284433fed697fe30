"""Memory that is used again: skip this on first reading.

Training repeats the same few products thousands of times. Allocating their results anew each time would take longer
than some of the products, so layers write into arrays lent to them here. No formula depends on it.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
Order = Literal["C", "F"]  # in memory row by row ("C") or unit by unit ("F")
Pieces = list[tuple[Array, Array]]  # (W, b) or (dW, db) of each Dense, views of one flat vector


class Buffers:
    """Arrays lent to one layer for batches of one size: allocated at the first request, reused after it.

    rows: the leading axes of every array, (n,) for a batch of n rows.
    order: the arrays' layout in memory.

    >>> buffer = Buffers((4,), np.float64)
    >>> buffer("Z", 3).shape, buffer("Z", 3) is buffer("Z", 3)
    ((4, 3), True)
    """

    def __init__(self, rows: tuple[int, ...], dtype: DTypeLike, order: Order = "C") -> None:
        self.rows, self.dtype, self.order = rows, dtype, order
        self._made: dict[str, Array] = {}

    def __call__(self, name: str, width: int, order: Order | None = None) -> Array:
        """Return the array of that name, of shape (*rows, width)."""
        try:
            return self._made[name]
        except KeyError:
            array = self._made[name] = np.empty((*self.rows, width), self.dtype, order or self.order)
            return array

    @cached_property
    def ones(self) -> Array:
        """A one for every row: ones @ dZ sums over the rows several times faster than dZ.sum(axis=0)."""
        return np.ones(self.rows, self.dtype)


class Work:
    """The buffers of one network's forward and backward passes: with them, training allocates no large array.

    order: the layout in memory of what the layers compute.
    """

    def __init__(self, order: Order = "C") -> None:
        self._order = order
        self._lent: dict[tuple[int, ...], list[Buffers]] = {}
        self._pieces: tuple[Array, Pieces] | None = None

    def buffers(self, layers: int, rows: tuple[int, ...], dtype: DTypeLike) -> list[Buffers]:
        """Return the buffers of each layer for batches whose leading axes are `rows`."""
        lent = self._lent.get(rows)
        if lent is None:
            lent = self._lent[rows] = [Buffers(rows, dtype, self._order) for _ in range(layers)]
        return lent

    def pieces(self, vector: Array, views: Callable[[Array], Pieces]) -> Pieces:
        """Return views(vector), made again only for a vector other than the last one."""
        if self._pieces is None or self._pieces[0] is not vector:
            self._pieces = (vector, views(vector))
        return self._pieces[1]
