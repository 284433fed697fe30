"""Section: what a story is made of, and how the arrays of a step become equations.

One example is written in columns, as textbooks do: z1 = W1 x + b1. Several rows are a batch: Z1 = X W1^T + b1.
`equation` writes a line once, as parts; symbols, numbers, shapes and sources all follow from them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pellucid.explanation.trace.formula import Matrix, Node, Number, Row, Symbol, digits, products, row
from pellucid.explanation.trace.step import Layer, Step
from pellucid.nn import LBFGS

LONGEST = 12  # characters of a bar
MOST = 6  # rows or columns that are printed whole
Sources = Callable[[int, int], Iterable[str]]

# what a section holds ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One formula: `symbols` ends where "=" would stand before `numbers` and `result`.

    numbers and result are None where there are too many to print; shapes gives the size of each part.
    """

    symbols: Node
    numbers: Node | None = None
    result: Node | None = None
    shapes: Node | None = None
    note: str = ""

    @property
    def large(self) -> bool:
        """Whether the shapes replace numbers that are too many to print."""
        whole = isinstance(self.shapes, Row) and (self.result is None or len(self.shapes.items) > 1)
        return self.numbers is None and whole

    @property
    def parts(self) -> list[Node]:
        """Symbols, numbers and result, as far as there are such."""
        return [part for part in (self.symbols, self.numbers, self.result) if part is not None]


@dataclass(frozen=True)
class Bar:
    """A number drawn as a length; `most` is the longest of its column."""

    value: float
    most: float

    @property
    def share(self) -> float:
        """Its length, 0 to 1."""
        return abs(self.value) / self.most if self.most else 0.0

    @property
    def signs(self) -> str:
        """The bar as up to twelve characters: + above 0, - below."""
        return ("+" if self.value > 0 else "-") * round(LONGEST * self.share)


Cell = str | Number | Bar


@dataclass(frozen=True)
class Table:
    """Columns, and rows of cells; the texts may be anything, even hostile."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Section:
    """A part of the step.

    name: "answer", "places", "loudest", "inputs", "forward-1", "loss", "backward-2", "rule", "update", "cost",
    "finite-difference" or "mistakes".
    """

    name: str
    title: str
    lead: str = ""
    lines: tuple[Line, ...] = ()
    table: Table | None = None


# the parts of an equation -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tensor:
    """A matrix (rows, columns) with a name.

    name, sub: z and 1.  vector: shown as a column, so one index is enough.
    turned: shown transposed; keys stay those of the array as it is.
    sources: for each number, the keys it was computed from.  written: a formula to show instead of the name.
    """

    name: str
    sub: str
    array: NDArray
    vector: bool = False
    turned: bool = False
    sources: Sources | None = None
    written: Node | None = None

    @property
    def symbol(self) -> Node:
        """Its name in a formula."""
        hat = self.name.endswith("^")
        mark = "T" if self.turned else "^" if hat else ""
        return self.written or Symbol(self.name.rstrip("^"), self.sub, mark)

    @property
    def transposed(self) -> "Tensor":
        """The transposed matrix."""
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

    def keys(self, i: int | None = None, j: int | None = None) -> list[str]:
        """Return the keys of row i, or of column j, or of all, as shown; none where these are too many to print."""
        rows, columns = self.shape
        across = range(columns) if j is None else (min(j, columns - 1),)
        down = range(rows) if i is None else (min(i, rows - 1),)
        if max(len(down), len(across)) > MOST:
            return []
        return [self.key(b, a) if self.turned else self.key(a, b) for a in down for b in across]

    @property
    def node(self) -> Node:
        """Its numbers as a formula shows them."""
        cells = [
            [
                Number(float(value), self.key(i, j), () if self.sources is None else tuple(self.sources(i, j)))
                for j, value in enumerate(line)
            ]
            for i, line in enumerate(self.array)
        ]
        if self.turned:
            cells = [list(line) for line in zip(*cells, strict=True)]
        return cells[0][0] if len(cells) == len(cells[0]) == 1 else Matrix(tuple(map(tuple, cells)))


@dataclass(frozen=True)
class Scalar:
    """A single number with a name: alpha, lambda, w."""

    symbol: Node
    node: Number


Part = Tensor | Scalar | str


def tensor(name: str, number: int | str, array: NDArray) -> Tensor:
    """Return a matrix (n, k), or a vector (n,) as a column, under a name, W and 1."""
    array = np.asarray(array)
    vector = array.ndim == 1
    return Tensor(name, str(number), array[:, None] if vector else array, vector)


def fits(part: Tensor) -> bool:
    """Whether all its numbers can be printed."""
    return max(part.array.shape) <= MOST


def equation(
    result: Tensor,
    *parts: Part,
    sign: str = "=",
    numbers: bool = True,
    sources: Sources | None = None,
    note: str = "",
) -> Line:
    """Return the line result = parts, where " " multiplies two matrices.

    numbers: whether the parts are also shown as numbers, if they fit.
    sources: what each number of the result is computed from; None follows from the parts.
    """
    parts = tuple(part for part in parts if part != "")
    symbols = row(result.symbol, sign, *(part if isinstance(part, str) else part.symbol for part in parts))
    shown = row(*(part if isinstance(part, str) else part.node for part in parts)) if numbers and _fit(parts) else None
    filled = None if shown is None else Row(tuple(products(shown.items)))
    sizes = _shapes(parts if numbers else (), result)
    if fits(result):
        found = replace(result, sources=sources or (lambda i, j: _sources(parts, i, j)))
        return Line(symbols, filled, found.node, sizes, note)
    largest = f"largest absolute value: {digits(float(np.abs(result.array).max()))}"
    return Line(symbols, filled, None, sizes, f"{largest}; {note}" if note else largest)


def _fit(parts: tuple[Part, ...]) -> bool:
    return all(fits(part) for part in parts if isinstance(part, Tensor))


def _sources(parts: tuple[Part, ...], i: int, j: int) -> Iterator[str]:
    """Yield what entry (i, j) depends on: a row and a column of a product; of any other part, the entry itself."""
    for place, part in enumerate(parts):
        if not isinstance(part, Tensor):
            continue
        left, right = _factors(parts[place : place + 3]), place > 1 and _factors(parts[place - 2 : place + 1])
        yield from part.keys(None if right else i, None if left else j)


def _factors(parts: tuple[Part, ...]) -> bool:
    """Whether these are two matrices that are multiplied."""
    return len(parts) == 3 and parts[1] == " " and isinstance(parts[0], Tensor) and isinstance(parts[2], Tensor)


def _shapes(parts: tuple[Part, ...], result: Tensor) -> Node:
    """Return the shapes of a line: (2 x 1) = (2 x 2) (2 x 1) + (2 x 1)."""

    def shape(part: Part) -> Node | str:
        if isinstance(part, Tensor):
            return f"({part.shape[0]} \u00d7 {part.shape[1]})"
        return part if isinstance(part, str) else part.symbol

    return row(shape(result), *(("=", *map(shape, parts)) if parts else ()))


# the arrays of a step ---------------------------------------------------------------------------------------------


def is_batch(trace: Step) -> bool:
    """Whether the story is that of several rows."""
    return len(trace) > 1


def values(trace: Step, name: str, array: np.ndarray, number: int | str = "") -> Tensor:
    """Return rows of the step under the story's name for them: one example's column z1, or the batch's matrix Z1."""
    if is_batch(trace):
        capital = "X" if name == "x" else name[0] + name[1:].upper() if name[0] == "d" else name.upper()
        return tensor(capital, number, array)
    return tensor(name, number, array[trace.row])


def incoming(trace: Step, layer: Layer) -> Tensor:
    """Return the input of a layer: x, or a of the layer before."""
    return values(trace, "x", layer.A_in) if layer.number == 1 else values(trace, "a", layer.A_in, layer.number - 1)


def targets(trace: Step) -> Tensor:
    """Return y as dz = yhat - y needs it: class codes become columns of zeros with one 1."""
    assert trace.y is not None
    y = np.eye(trace.network.n_out)[trace.y] if trace.network.loss.codes else trace.y
    return values(trace, "y", y)


def inputs_section(trace: Step) -> Iterator[Section]:
    """Yield what a step starts from, if it is one example in a net small enough to redo by hand."""
    if trace.update is None or is_batch(trace) or not all(map(fits, _inputs(trace))):
        return
    lines = inputs_lines(trace)
    if not isinstance(trace.update.rule, LBFGS):
        lines = (*lines, Line(row(Symbol("\u03b1")), None, Number(trace.update.rate), note="the learning rate"))
    yield Section("inputs", "Inputs", "The step starts from these numbers; everything else follows from them.", lines)


def inputs_lines(trace: Step) -> tuple[Line, ...]:
    """Return x, y, and W and b of each layer before the step."""
    return tuple(Line(row(one.symbol), None, one.node) for one in _inputs(trace))


def _inputs(trace: Step) -> Iterator[Tensor]:
    yield values(trace, "x", trace.X)
    yield targets(trace)
    for layer in trace.layers:
        yield from (tensor("W", layer.number, layer.W), tensor("b", layer.number, layer.b))
