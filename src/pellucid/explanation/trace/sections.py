"""Section: what a story is made of, and how an array of the step becomes part of a formula.

One example is told in the columns of the texts, z1 = W1 x + b1; several rows as a batch, Z1 = X W1^T + b1.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pellucid.explanation.trace.formula import Matrix, Node, Number, Row, Symbol, digits, factor, row
from pellucid.explanation.trace.step import Layer, Step
from pellucid.nn import LBFGS

LONGEST = 12  # signs of a bar
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
        """Return the same, with_reference_set what its numbers were computed from."""
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


@dataclass(frozen=True)
class Line:
    """A formula: `symbols` ends where "=" (or "is now") would stand before `numbers` and `result`.

    numbers and result are None where there are too many to print; shapes says how large each part is.
    """

    symbols: Node
    numbers: Node | None = None
    result: Node | None = None
    shapes: Node | None = None
    note: str = ""

    @property
    def large(self) -> bool:
        """Whether its shapes must stand in for numbers that are too many."""
        whole = isinstance(self.shapes, Row) and (self.result is None or len(self.shapes.items) > 1)
        return self.numbers is None and whole


@dataclass(frozen=True)
class Bar:
    """A number as a length beside it: `most` is the longest of its column."""

    value: float
    most: float

    @property
    def share(self) -> float:
        """Its length, 0 to 1."""
        return abs(self.value) / self.most if self.most else 0.0

    @property
    def signs(self) -> str:
        """It as up to twelve signs: + above 0, - below."""
        return ("+" if self.value > 0 else "-") * round(LONGEST * self.share)


Cell = str | Number | Bar


@dataclass(frozen=True)
class Table:
    """Columns, and rows of cells; texts may be anything, also hostile."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Section:
    """A part of the step.

    name: "answer", "places", "loudest", "given", "forward-1", "loss", "backward-2", "rule", "update", "cost", "nudge"
    or "slips".
    """

    name: str
    title: str
    lead: str = ""
    lines: tuple[Line, ...] = ()
    table: Table | None = None


def is_batch(trace: Step) -> bool:
    """Whether the story is that of several rows."""
    return len(trace) > 1


def values(trace: Step, name: str, array: np.ndarray, number: int | str = "") -> Tensor:
    """Return rows of the step as the story names them: the example's column z1, or the batch's matrix Z1."""
    if is_batch(trace):
        capital = "X" if name == "x" else name[0] + name[1:].upper() if name[0] == "d" else name.upper()
        return tensor(capital, number, array)
    return tensor(name, number, array[trace.row])


def incoming(trace: Step, layer: Layer) -> Tensor:
    """Return what a layer takes in: x, or a of the layer before."""
    return values(trace, "x", layer.A_in) if layer.number == 1 else values(trace, "a", layer.A_in, layer.number - 1)


def targets(trace: Step) -> Tensor:
    """Return y as it stands in dz = yhat - y: class codes as columns of zeros and a one."""
    assert trace.y is not None
    y = np.eye(trace.network.n_out)[trace.y] if trace.network.loss.codes else trace.y
    return values(trace, "y", y)


def line(symbols: Row, parts: tuple[Tensor | str | Number, ...], result: Tensor, note: str = "") -> Line:
    """Return a line whose numbers are printed where every tensor is small, its result where that is."""
    tensors = [part for part in parts if isinstance(part, Tensor)]
    shown = bool(parts) and all(map(fits, tensors))
    numbers = row(*_multiplied(parts)) if shown else None
    if not fits(result):
        largest = f"the largest of them, without sign, is {digits(float(np.abs(result.array).max()))}"
        return Line(symbols, numbers, None, shapes(parts, result), f"{largest}; {note}" if note else largest)
    return Line(symbols, numbers, result.node, shapes(parts, result), note)


def _multiplied(parts: tuple[Tensor | str | Number, ...]) -> Iterator[Node | str]:
    """Yield parts as numbers; single ones are multiplied by a dot, and negative ones bracketed behind anything."""
    nodes = [part.node if isinstance(part, Tensor) else part for part in parts]
    for place, node in enumerate(nodes):
        if node == " " and any(isinstance(nodes[place + side], Number) for side in (-1, 1)):
            yield "\u00b7"
        else:
            yield factor(node) if place and isinstance(node, Number) and nodes[place - 1] != "(" else node


def given_section(trace: Step) -> Iterator[Section]:
    """Yield the one section of a step of one example in a net so small that a person can redo it."""
    if trace.update is None or is_batch(trace) or not all(map(fits, _tensors(trace))):
        return
    lines = given_lines(trace)
    if not isinstance(trace.update.rule, LBFGS):
        rate = Line(row(Symbol("\u03b1")), None, Number(trace.update.rate), note="the learning rate")
        lines = (*lines, rate)
    yield Section("given", "Given", "What the step starts from; all that follows can be computed from it.", lines)


def given_lines(trace: Step) -> tuple[Line, ...]:
    """Return x, y, and W and b of each layer as they were."""
    return tuple(Line(row(one.symbol), None, one.node) for one in _tensors(trace))


def _tensors(trace: Step) -> Iterator[Tensor]:
    yield values(trace, "x", trace.X)
    yield targets(trace)
    for layer in trace.layers:
        yield from (tensor("W", layer.number, layer.W), tensor("b", layer.number, layer.b))
