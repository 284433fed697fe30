"""Formula: a small tree, written once and read three ways: as text here, in `mathml.py` and in `latex.py`.

A number knows which value of the step it is (`key`, such as "W1-2-1"). A result also knows which values it came from.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

PRIME = "\u2032"
MINUS = "\u2212"  # in front of a term; "-" stands between two


@dataclass(frozen=True)
class Number:
    """A value.  key: which value of the step it is, "" for a plain one.  sources: the keys it was computed from."""

    value: float
    key: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Symbol:
    """A textbook name, such as z with subscript 1; mark "T" is transposed, "'" a slope, "^" a hat."""

    name: str
    sub: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Sign:
    """An operator, a bracket or a word between symbols."""

    text: str


@dataclass(frozen=True)
class Row:
    """Nodes side by side."""

    items: tuple["Node", ...]


@dataclass(frozen=True)
class Power:
    """A base with its exponent."""

    base: "Node"
    above: "Node"


@dataclass(frozen=True)
class Fraction:
    """One node over another."""

    above: "Node"
    below: "Node"


@dataclass(frozen=True)
class Root:
    """A square root."""

    of: "Node"


@dataclass(frozen=True)
class Matrix:
    """Nodes in rows and columns; a column vector has rows of one."""

    rows: tuple[tuple["Node", ...], ...]


@dataclass(frozen=True)
class Blank:
    """A place to write a number in."""


Node = Number | Symbol | Sign | Row | Power | Fraction | Root | Matrix | Blank


def row(*items: "Node | str | float") -> Row:
    """Return nodes side by side; strings become signs, "" nothing, and plain numbers Numbers."""
    return Row(tuple(_node(item) for item in items if item != ""))


def factor(number: Number) -> Node:
    """Return a number as it is written in a product: in brackets if it is negative."""
    return row("(", number, ")") if number.value < 0 else number


def products(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield nodes as a row of numbers: a dot multiplies single ones, and negative ones get brackets behind anything."""
    before: Node = Sign("(")
    items = [*nodes, before]
    for node, after in itertools.pairwise(items):
        if node == Sign(" ") and (isinstance(before, Number) or isinstance(after, Number)):
            yield Sign("\u00b7")
        elif isinstance(node, Number) and before != Sign("("):
            yield factor(node)
        elif isinstance(node, Fraction) and isinstance(node.above, Number) and before != Sign("("):
            yield replace(node, above=factor(node.above))
        else:
            yield node
        before = node


def filled(node: Node, values: Mapping[Node, Node]) -> Node:
    """Return a formula with its symbols replaced by their values; a value may stand for a whole part, too.

    >>> w, g = Symbol("w"), Symbol("g")
    >>> print(text(filled(row(w, "-", Number(0.1), " ", g), {w: Number(2), g: Number(-6)})))
    2 - 0.1\u00b7(-6)
    """
    if node in values:
        return values[node]
    if isinstance(node, Row):
        return Row(tuple(products(filled(item, values) for item in node.items)))
    if isinstance(node, Power):
        base = filled(node.base, values)
        return Power(factor(base) if isinstance(base, Number) else base, node.above)
    return mapped(node, lambda part: filled(part, values))


def blanked(node: Node) -> Node:
    """Return a formula with a blank for each number that is a result."""
    if isinstance(node, Number):
        return Blank() if node.sources else node
    return mapped(node, blanked)


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return a node with each of its parts changed."""
    if isinstance(node, Row):
        return Row(tuple(map(change, node.items)))
    if isinstance(node, Matrix):
        return Matrix(tuple(tuple(map(change, cells)) for cells in node.rows))
    if isinstance(node, Power | Fraction | Root):
        return type(node)(*map(change, vars(node).values()))
    return node


def digits(value: float) -> str:
    """Return a number in at most four significant digits.

    >>> [digits(x) for x in (0.1 + 0.2, -0.0, 1075.2, 1.5e-7)]
    ['0.3', '0', '1075', '1.5e-07']
    """
    text = f"{float(value):.4g}"
    return "0" if text == "-0" else text


def is_function(sign: str) -> bool:
    """Whether a sign is the name of a function: relu or relu'."""
    return len(sign) > 1 and sign.rstrip(PRIME).replace("_", "").isalpha()


def is_gradient(name: str) -> bool:
    """Whether a symbol is d or Delta with a letter: dW."""
    return len(name) == 2 and name[0] in "d\u0394"


def scientific(value: float) -> tuple[str, int | None]:
    """Return the digits of a number, and its power of ten or None."""
    if not math.isfinite(value):
        return str(value), None
    mantissa, _, exponent = digits(value).partition("e")
    return mantissa, int(exponent) if exponent else None


def _node(item: "Node | str | float") -> "Node":
    if isinstance(item, str):
        return Sign(item)
    return Number(float(item)) if isinstance(item, int | float | np.number) else item


# as text ---------------------------------------------------------------------------------------------------------

Box = tuple[list[str], int]  # lines of equal width, and which of them is the baseline
BLANK = "______"
MARKS = {"T": "\u1d40", "'": PRIME, "^": "\u0302", "": ""}
LOOSE = {"=", "+", "-", "\u2248", "\u2190", "\u2299", "<", ">"}  # signs with room around them


def text(node: Node) -> str:
    """Return a formula for a terminal, matrices over several lines.

    >>> print(text(row(Symbol("z", "1"), "=", Matrix(((Number(0.5), Number(-1)), (Number(2), Number(3)))))))
    z1 = [ 0.5  -1 ]
         [   2   3 ]
    """
    return "\n".join(line.rstrip() for line in _box(node)[0])


def _box(node: Node) -> Box:
    if isinstance(node, Matrix):
        return _matrix_box([[_inline(cell) for cell in cells] for cells in node.rows])
    if isinstance(node, Row):
        return _beside([_box(item) for item in node.items])
    return [_inline(node)], 0


def _inline(node: Node) -> str:
    match node:
        case Number(value):
            return digits(value)
        case Symbol(name, sub, mark):
            below = sub if sub.isdigit() or not sub else f"_{sub}"
            return f"{name}{MARKS[mark]}{below}" if mark == "^" else f"{name}{below}{MARKS[mark]}"
        case Sign(sign):
            return f" {sign} " if sign in LOOSE else sign.replace(MINUS, "-")
        case Row(items):
            return "".join(map(_inline, items))
        case Power(base, above):
            return f"{_inline(base)}^{_inline(above)}"
        case Fraction(above, below):
            return f"{_bracketed(above)} / {_bracketed(below)}"
        case Root(of):
            return f"\u221a({_inline(of)})"
        case Matrix(rows):
            return "[" + "; ".join("  ".join(map(_inline, cells)) for cells in rows) + "]"
        case Blank():
            return BLANK
    raise TypeError(node)


def _bracketed(node: Node) -> str:
    inline = _inline(node)
    bare = not isinstance(node, Row) or len(node.items) == 1 or node.items[::2] == (Sign("("), Sign(")"))
    return inline if bare else f"({inline})"


def _matrix_box(cells: list[list[str]]) -> Box:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for line in cells:
        shown = "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        lines.append(f"[ {shown} ]")
    return lines, (len(lines) - 1) // 2


def _beside(boxes: Sequence[Box]) -> Box:
    above = max((baseline for _, baseline in boxes), default=0)
    below = max((len(lines) - baseline for lines, baseline in boxes), default=1)
    whole = [""] * (above + below)
    for lines, baseline in boxes:
        width = max(map(len, lines))
        for place in range(above + below):
            here = place - above + baseline
            whole[place] += (lines[here] if 0 <= here < len(lines) else "").ljust(width)
    return whole, above
