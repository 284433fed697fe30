"""Tensor: an array of the step under its name in the texts: its symbol, its numbers with their keys, its shape."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pellucid.insight.trace.formula import Matrix, Node, Number, Symbol, row

MOST = 6  # rows or columns that are printed whole
Sources = Callable[[int, int], Iterable[str]]


@dataclass(frozen=True)
class Tensor:
    """A matrix (rows, columns).

    name, sub: z and 1.  vector: whether it is one, shown as a column, so that one index is enough.
    turned: whether it is shown transposed; keys stay those of the array as it is.
    sources: of each number, the keys it was computed from.
    """

    name: str
    sub: str
    array: NDArray
    vector: bool = False
    turned: bool = False
    sources: Sources | None = None

    @property
    def symbol(self) -> Symbol:
        """Its name in a formula."""
        hat = self.name.endswith("^")
        mark = "T" if self.turned else "^" if hat else ""
        return Symbol(self.name.rstrip("^"), self.sub, mark)

    @property
    def transposed(self) -> "Tensor":
        """The same on its side."""
        return replace(self, turned=not self.turned)

    @property
    def shape(self) -> tuple[int, int]:
        """As it is shown."""
        rows, columns = self.array.shape
        return (columns, rows) if self.turned else (rows, columns)

    def key(self, i: int, j: int) -> str:
        """Return the key of a number: z1-2 in a column, W1-2-1 in a matrix."""
        name = f"{self.name.replace('^', 'hat')}{self.sub}-{i + 1}"
        return name if self.vector else f"{name}-{j + 1}"

    def row_keys(self, i: int) -> list[str]:
        """Return the keys of one row of the array."""
        return [self.key(i, j) for j in range(self.array.shape[1])] if self.array.shape[1] <= MOST else []

    def column_keys(self, j: int) -> list[str]:
        """Return the keys of one column of the array."""
        return [self.key(i, j) for i in range(self.array.shape[0])] if self.array.shape[0] <= MOST else []

    def all_keys(self) -> list[str]:
        """Return the keys of all numbers, none where it is too large to be shown."""
        return [key for i in range(len(self.array)) for key in self.row_keys(i)] if fits(self) else []

    def from_(self, sources: Sources) -> "Tensor":
        """Return the same, knowing what its numbers were computed from."""
        return replace(self, sources=sources)

    def from_keys(self, i: int, j: int) -> tuple[str, ...]:
        """Return the keys of what a number was computed from."""
        return () if self.sources is None else tuple(self.sources(i, j))

    @property
    def node(self) -> Node:
        """Its numbers as a formula has them."""
        cells = [
            [Number(float(value), self.key(i, j), self.from_keys(i, j)) for j, value in enumerate(line)]
            for i, line in enumerate(self.array)
        ]
        if self.turned:
            cells = [list(line) for line in zip(*cells, strict=True)]
        return cells[0][0] if len(cells) == len(cells[0]) == 1 else Matrix(tuple(map(tuple, cells)))


def tensor(name: str, number: int | str, array: NDArray) -> Tensor:
    """Return a matrix (n, k), or a vector (n,) as a column, under a name, W and 1."""
    array = np.asarray(array)
    vector = array.ndim == 1
    return Tensor(name, str(number), array[:, None] if vector else array, vector)


def fits(part: Tensor) -> bool:
    """Whether all its numbers can be printed."""
    return max(part.array.shape) <= MOST


def shapes(parts: Iterable["Tensor | str | Number"], result: Tensor) -> Node:
    """Return a line's shapes: (2 x 1) = (2 x 2) (2 x 1) + (2 x 1)."""
    told = [f"({part.shape[0]} \u00d7 {part.shape[1]})" if isinstance(part, Tensor) else part for part in parts]
    left = f"({result.shape[0]} \u00d7 {result.shape[1]})"
    return row(left, "=", *told) if told else row(left)
