"""Formula: a small tree that is written once and read three ways, as text, as MathML and as LaTeX.

A number knows which value of the step it is (`key`, such as "W1-2-1") and, where it is a result, from which it came.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from pellucid.pages import escaped


@dataclass(frozen=True)
class Number:
    """A value.  key: which of the step it is, "" for a plain one.  sources: the keys it was computed from."""

    value: float
    key: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Symbol:
    """A name of the texts, z with subscript 1; mark "T" is transposed, "'" a slope, "^" a hat."""

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
    """A base with what stands above it."""

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

    key: str = ""


Node = Number | Symbol | Sign | Row | Power | Fraction | Root | Matrix | Blank


def row(*items: "Node | str | float") -> Row:
    """Return nodes side by side; texts are signs, bare numbers are numbers."""
    return Row(tuple(_node(item) for item in items))


def factor(number: Number) -> Node:
    """Return a number as it stands in a product: in brackets where it is negative."""
    return row("(", number, ")") if number.value < 0 else number


def column(items: Sequence[Node]) -> Matrix:
    """Return a column vector."""
    return Matrix(tuple((item,) for item in items))


def blanked(node: Node) -> Node:
    """Return the same with a blank for each number that is a result."""
    if isinstance(node, Number):
        return Blank(node.key) if node.sources else node
    if isinstance(node, Row):
        return Row(tuple(map(blanked, node.items)))
    if isinstance(node, Matrix):
        return Matrix(tuple(tuple(map(blanked, cells)) for cells in node.rows))
    if isinstance(node, Power):
        return replace(node, base=blanked(node.base), above=blanked(node.above))
    if isinstance(node, Fraction):
        return Fraction(blanked(node.above), blanked(node.below))
    return Root(blanked(node.of)) if isinstance(node, Root) else node


def digits(value: float) -> str:
    """Return a number in at most four significant digits.

    >>> [digits(x) for x in (0.1 + 0.2, -0.0, 1075.2, 1.5e-7)]
    ['0.3', '0', '1075', '1.5e-07']
    """
    text = f"{float(value):.4g}"
    return "0" if text == "-0" else text


def _node(item: "Node | str | float") -> "Node":
    if isinstance(item, str):
        return Sign(item)
    return Number(float(item)) if isinstance(item, int | float | np.number) else item


# as text ---------------------------------------------------------------------------------------------------------

Box = tuple[list[str], int]  # lines of one width, and which of them is the line of writing
BLANK = "______"
MARKS = {"T": "\u1d40", "'": "\u2032", "^": "\u0302", "": ""}
LOOSE = {"=", "+", "-", "\u2212", "\u2248", "\u2190", "\u2299", "<", ">"}  # signs with room around them


def text(node: Node) -> str:
    """Return a formula for a terminal, matrices over several lines.

    >>> print(text(row(Symbol("z", "1"), "=", Matrix(((Number(0.5), Number(-1)), (Number(2), Number(3)))))))
    z1 = [ 0.5  -1 ]
         [ 2     3 ]
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
        case Symbol(name, sub, "^"):
            return f"{name}{MARKS['^']}{sub}"
        case Symbol(name, sub, mark):
            return f"{name}{sub}{MARKS[mark]}"
        case Sign(sign):
            return f" {sign} " if sign in LOOSE else sign
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
    return f"({inline})" if isinstance(node, Row) and len(node.items) > 1 else inline


def _matrix_box(cells: list[list[str]]) -> Box:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for line in cells:
        shown = "  ".join(_aligned(cell, width) for cell, width in zip(line, widths, strict=True))
        lines.append(f"[ {shown} ]")
    return lines, (len(lines) - 1) // 2


def _aligned(cell: str, width: int) -> str:
    return cell.rjust(width) if cell.startswith("-") else f" {cell}".ljust(width) if width > len(cell) else cell


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


# as MathML -------------------------------------------------------------------------------------------------------


def mathml(node: Node, prefix: str = "", defined: Callable[[str], bool] = lambda key: False) -> str:
    """Return a formula as MathML elements, to be put into <math>.

    Each number of the step has data-key = prefix + its key. Where it is a result it has data-from, the keys it came
    from, and where it has sources, or `defined` says that its key is given here, also that id.

    >>> mathml(Number(0.5, "z1-1", ("x-1", "b1-1")))
    '<mn data-key="z1-1" id="z1-1" data-from="x-1 b1-1">0.5</mn>'
    """
    of: Callable[[Node], str] = partial(mathml, prefix=prefix, defined=defined)
    match node:
        case Number():
            return _mathml_number(node, prefix, defined)
        case Symbol(name, sub, mark):
            return _mathml_symbol(name, sub, mark)
        case Sign(sign):
            shown = escaped(sign.replace("-", "\u2212") if len(sign) == 1 else sign)
            return f"<mtext>{shown}</mtext>" if sign[:1].isalpha() and len(sign) > 1 else f"<mo>{shown}</mo>"
        case Row(items):
            return f"<mrow>{''.join(map(of, items))}</mrow>"
        case Power(base, above):
            return f"<msup>{of(base)}{of(above)}</msup>"
        case Fraction(above, below):
            return f"<mfrac>{of(above)}{of(below)}</mfrac>"
        case Root(inner):
            return f"<msqrt>{of(inner)}</msqrt>"
        case Matrix(rows):
            cells = ["".join(f"<mtd>{of(cell)}</mtd>" for cell in line) for line in rows]
            table = "".join(f"<mtr>{line}</mtr>" for line in cells)
            return f"<mrow><mo>[</mo><mtable>{table}</mtable><mo>]</mo></mrow>"
        case Blank():
            return '<mtext class="blank">\u2003\u2003\u2003\u2003</mtext>'
    raise TypeError(node)


def _mathml_number(number: Number, prefix: str, defined: Callable[[str], bool]) -> str:
    about = ""
    if number.key:
        key = escaped(prefix + number.key)
        about = f' data-key="{key}"'
        if number.sources or defined(number.key):
            about += f' id="{key}"'
        if number.sources:
            about += f' data-from="{escaped(" ".join(prefix + source for source in number.sources))}"'
    mantissa, exponent = _scientific(number.value)
    mantissa = mantissa.replace("-", "\u2212")
    if exponent is None:
        return f"<mn{about}>{mantissa}</mn>"
    power = f"<msup><mn>10</mn><mn>{str(exponent).replace('-', chr(0x2212))}</mn></msup>"
    return f"<mrow{about}><mn>{mantissa}</mn><mo>\u00b7</mo>{power}</mrow>"


def _mathml_symbol(name: str, sub: str, mark: str) -> str:
    # d of a gradient, then its letter: each italic, as the texts have it
    body = f"<mrow><mi>d</mi><mi>{escaped(name[1:])}</mi></mrow>" if _gradient(name) else f"<mi>{escaped(name)}</mi>"
    if mark == "^":
        body = f"<mover>{body}<mo>^</mo></mover>"
    above = {"T": "<mi>T</mi>", "'": "<mo>\u2032</mo>"}.get(mark)
    below = f"<mn>{escaped(sub)}</mn>" if sub.isdigit() else f"<mi>{escaped(sub)}</mi>"
    if sub and above:
        return f"<msubsup>{body}{below}{above}</msubsup>"
    return f"<msub>{body}{below}</msub>" if sub else f"<msup>{body}{above}</msup>" if above else body


# as LaTeX --------------------------------------------------------------------------------------------------------

LETTERS = {
    "\u03b1": r"\alpha",
    "\u03b2": r"\beta",
    "\u03b5": r"\varepsilon",
    "\u03bb": r"\lambda",
    "\u03c3": r"\sigma",
    "\u03bc": r"\mu",
    "\u03c1": r"\rho",
    "\u0394": r"\Delta",
}
SIGNS = {
    "\u00b7": r"\cdot ",
    "\u2299": r"\odot ",
    "\u2190": r"\leftarrow ",
    "\u2248": r"\approx ",
    "\u2212": "-",
    "\u00d7": r"\times ",
    "\u2211": r"\sum ",
    "\u00bd": r"\tfrac{1}{2}",
    "|": "|",
}
SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    sign: "\\" + sign for sign in "&%$#_{}"
}


def latex(node: Node) -> str:
    r"""Return a formula as LaTeX, for mathematics mode.

    >>> latex(row(Symbol("W", "2", "T"), "·", Number(-1.5e-7)))
    'W_{2}^{\\top}\\cdot -1.5\\cdot 10^{-7}'
    """
    match node:
        case Number(value):
            mantissa, exponent = _scientific(value)
            return mantissa if exponent is None else rf"{mantissa}\cdot 10^{{{exponent}}}"
        case Symbol(name, sub, mark):
            body = LETTERS.get(name) or (name if len(name) == 1 or _gradient(name) else rf"\mathrm{{{latex_text(name)}}}")
            body = rf"\hat{{{body}}}" if mark == "^" else body
            above = {"T": r"^{\top}", "'": "'"}.get(mark, "")
            return body + (f"_{{{latex_text(sub)}}}" if sub else "") + above
        case Sign(sign):
            if sign in SIGNS:
                return SIGNS[sign]
            return rf"\text{{{latex_text(sign)}}}" if any(map(str.isalpha, sign)) else latex_text(sign)
        case Row(items):
            return "".join(map(latex, items))
        case Power(base, above):
            return f"{{{latex(base)}}}^{{{latex(above)}}}"
        case Fraction(above, below):
            return rf"\frac{{{latex(above)}}}{{{latex(below)}}}"
        case Root(of):
            return rf"\sqrt{{{latex(of)}}}"
        case Matrix(rows):
            lines = r" \\ ".join(" & ".join(map(latex, cells)) for cells in rows)
            return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"
        case Blank():
            return r"\underline{\hspace{3em}}"
    raise TypeError(node)


def latex_text(value: object) -> str:
    r"""Return any text as LaTeX shows it, not as it obeys it.

    >>> latex_text("a_b \\input{x}")
    'a\\_b \\textbackslash{}input\\{x\\}'
    """
    return "".join(SPECIAL.get(letter, letter) for letter in str(value) if letter.isprintable())


def _gradient(name: str) -> bool:
    return len(name) == 2 and name[0] == "d"


def _scientific(value: float) -> tuple[str, int | None]:
    """Return the digits of a number and its power of ten, None where it needs none."""
    if not math.isfinite(value):
        return str(value), None
    mantissa, _, exponent = digits(value).partition("e")
    return mantissa, int(exponent) if exponent else None


def keys(node: Node) -> list[str]:
    """Return the keys of all numbers in a formula, in the order of reading."""
    if isinstance(node, Number):
        return [node.key] if node.key else []
    inner: list[Any] = []
    if isinstance(node, Row):
        inner = [*node.items]
    elif isinstance(node, Matrix):
        inner = [cell for cells in node.rows for cell in cells]
    elif isinstance(node, Power | Fraction | Root):
        inner = [*vars(node).values()]
    return [key for item in inner for key in keys(item)]
