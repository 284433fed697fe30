"""Section: what a story is made of, and how an array of the step becomes part of a formula.

One example is told in the columns of the texts, z1 = W1 x + b1; several rows as a batch, Z1 = X W1^T + b1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pellucid.insight.trace.formula import Node, Number, Row, digits, factor, row
from pellucid.insight.trace.step import Layer, Trace
from pellucid.insight.trace.tensor import Tensor, fits, shapes, tensor

LONGEST = 12  # signs of a bar


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


def is_batch(trace: Trace) -> bool:
    """Whether the story is that of several rows."""
    return len(trace) > 1


def values(trace: Trace, name: str, array: np.ndarray, number: int | str = "") -> Tensor:
    """Return rows of the step as the story names them: the example's column z1, or the batch's matrix Z1."""
    if is_batch(trace):
        capital = "X" if name == "x" else name[0] + name[1:].upper() if name[0] == "d" else name.upper()
        return tensor(capital, number, array)
    return tensor(name, number, array[trace.row])


def incoming(trace: Trace, layer: Layer) -> Tensor:
    """Return what a layer takes in: x, or a of the layer before."""
    return values(trace, "x", layer.A_in) if layer.number == 1 else values(trace, "a", layer.A_in, layer.number - 1)


def targets(trace: Trace) -> Tensor:
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
