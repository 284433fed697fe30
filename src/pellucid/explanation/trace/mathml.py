"""MathML: formulas for a browser, where each number knows which value of the step it is."""

import re
from collections.abc import Callable
from functools import partial

from pellucid.explanation.trace.formula import (
    MINUS,
    Blank,
    Fraction,
    Matrix,
    Node,
    Number,
    Power,
    Root,
    Row,
    Sign,
    Symbol,
    is_function,
    is_gradient,
    scientific,
)
from pellucid.html import escaped

BRACKETS = re.compile(r"[][()|]")
SMALL = ' stretchy="false"'  # brackets grow around a matrix only; a subscript alone would make them huge


def mathml(node: Node, prefix: str = "") -> str:
    """Return a formula as MathML elements, to be put into <math>.

    Each number of the step has data-key = prefix + its key; a result also has data-from, the keys it came from.

    >>> mathml(Number(0.5, "z1-1", ("x-1", "b1-1")))
    '<mn data-key="z1-1" data-from="x-1 b1-1">0.5</mn>'
    """
    of: Callable[[Node], str] = partial(mathml, prefix=prefix)
    match node:
        case Number():
            return _mathml_number(node, prefix)
        case Symbol(name, sub, mark):
            return _mathml_symbol(name, sub, mark)
        case Sign(sign) if not sign.strip():
            return '<mspace width="0.2em"/>' if sign else ""
        case Sign(sign):
            shown = escaped(MINUS if sign == "-" else sign.strip())
            kind = "mi" if is_function(sign) else "mtext" if any(map(str.isalpha, sign)) else "mo"
            return f"<{kind}{SMALL if kind == 'mo' and BRACKETS.search(sign) else ''}>{shown}</{kind}>"
        case Row(items):
            inner = "".join(map(of, items))
            tall = any(isinstance(item, Matrix) for item in items)
            return f"<mrow>{inner.replace(SMALL, '') if tall else inner}</mrow>"
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


def _mathml_number(number: Number, prefix: str) -> str:
    about = ""
    if number.key:
        about = f' data-key="{escaped(prefix + number.key)}"'
        if number.sources:
            about += f' data-from="{escaped(" ".join(prefix + source for source in number.sources))}"'
    mantissa, exponent = scientific(number.value)
    mantissa = mantissa.replace("-", MINUS)
    if exponent is None:
        return f"<mn{about}>{mantissa}</mn>"
    power = f"<msup><mn>10</mn><mn>{str(exponent).replace('-', MINUS)}</mn></msup>"
    return f"<mrow{about}><mn>{mantissa}</mn><mo>\u00b7</mo>{power}</mrow>"


def _mathml_symbol(name: str, sub: str, mark: str) -> str:
    # the d of a gradient, then its letter, each italic as in textbooks
    body = (
        f"<mrow><mi>{name[0]}</mi><mi>{escaped(name[1:])}</mi></mrow>"
        if is_gradient(name)
        else f"<mi>{escaped(name)}</mi>"
    )
    if mark == "^":
        body = f"<mover>{body}<mo>^</mo></mover>"
    above = {"T": "<mi>T</mi>", "'": "<mo>\u2032</mo>"}.get(mark)
    below = f"<mn>{escaped(sub)}</mn>" if sub.isdigit() else f"<mi>{escaped(sub)}</mi>"
    if sub and above:
        return f"<msubsup>{body}{below}{above}</msubsup>"
    return f"<msub>{body}{below}</msub>" if sub else f"<msup>{body}{above}</msup>" if above else body
