"""LaTeX: a step as a document. Texts are escaped, so LaTeX shows them and never runs them."""

from collections.abc import Iterator

from pellucid.explanation.trace.formula import (
    PRIME,
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
from pellucid.explanation.trace.sections import Bar, Cell, Line, Section, Table
from pellucid.explanation.trace.step import Step
from pellucid.explanation.trace.story import chapters

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
    "\u00b2": "^2",
    PRIME: "'",
}
SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    sign: "\\" + sign for sign in "&%$#_{}"
}
HEAD = r"""\documentclass[11pt]{article}
\usepackage{iftex}
\ifPDFTeX\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\else\usepackage{fontspec}\fi
\usepackage[margin=25mm]{geometry}
\usepackage{amsmath}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\begin{document}
"""


def latex_document(trace: Step) -> str:
    r"""Return the whole story of a step; for a batch, first that of the example shown, then that of all rows.

    >>> from pellucid.explanation.trace.worksheet import example
    >>> latex_document(example()).count(r"\subsection*")
    11
    """
    parts = [HEAD, *(f"{latex_text(note)}\n\n" for note in trace.notes)]
    for title, sections in chapters(trace):
        parts.append(f"\\section*{{{latex_text(title)}}}\n")
        parts += [part for section in sections for part in _section(section)]
    return "".join([*parts, "\\end{document}\n"])


def _section(section: Section) -> Iterator[str]:
    yield f"\\subsection*{{{latex_text(section.title)}}}\n"
    if section.lead:
        yield f"{latex_text(section.lead)}\n\n"
    for line in section.lines:
        yield _line(line)
    if section.table is not None:
        yield _table(section.table)


def _line(line: Line) -> str:
    parts = line.parts
    if line.large and line.shapes is not None:
        parts.insert(1, line.shapes)
    first, *others = map(latex, parts)
    aligned = "".join(f" \\\\\n&= {other}" for other in others)
    note = f"{latex_text(line.note)}\n\n" if line.note else ""
    return f"\\begin{{align*}}\n&{first}{aligned}\n\\end{{align*}}\n{note}"


def _table(table: Table) -> str:
    wide = max(len(cell) for cells in table.rows for cell in cells if isinstance(cell, str)) > 40
    kinds = ["p{0.4\\linewidth}" if wide and place == 1 else "l" for place in range(len(table.columns))]
    kinds = ["p{0.15\\linewidth}" if wide and place != 1 else kind for place, kind in enumerate(kinds)]
    lines = [" & ".join(map(latex_text, table.columns)) + r" \\ \hline"]
    for cells in table.rows:
        lines.append(" & ".join(map(_cell, cells)) + r" \\")
    body = "\n".join(lines)
    return f"\\begin{{tabular}}{{{''.join(kinds)}}}\n{body}\n\\end{{tabular}}\n\n"


def _cell(cell: Cell) -> str:
    if isinstance(cell, Bar):
        return latex_text(cell.signs)
    return f"${latex(cell)}$" if isinstance(cell, Number) else latex_text(cell)


def latex(node: Node) -> str:
    r"""Return a formula as LaTeX, for mathematics mode.

    >>> latex(Row((Symbol("W", "2", "T"), Sign("·"), Number(-1.5e-7))))
    'W_{2}^{\\top}\\cdot -1.5\\cdot 10^{-7}'
    """
    match node:
        case Number(value):
            mantissa, exponent = scientific(value)
            return mantissa if exponent is None else rf"{mantissa}\cdot 10^{{{exponent}}}"
        case Symbol(name, sub, mark):
            if is_gradient(name):
                body = LETTERS[name[0]] + " " + name[1:] if name[0] in LETTERS else name
            else:
                body = LETTERS.get(name) or (name if len(name) == 1 else rf"\mathrm{{{latex_text(name)}}}")
            body = rf"\hat{{{body}}}" if mark == "^" else body
            above = {"T": r"^{\top}", "'": "'"}.get(mark, "")
            return body + (f"_{{{latex_text(sub)}}}" if sub else "") + above
        case Sign(sign):
            if sign in SIGNS:
                return SIGNS[sign]
            if is_function(sign):
                return rf"\operatorname{{{latex_text(sign.rstrip(PRIME))}}}" + "'" * sign.count(PRIME)
            if any(map(str.isalpha, sign)):
                return rf"\text{{{latex_text(sign)}}}"
            return "".join(
                SIGNS.get(letter) or latex_text(letter) for letter in sign
            )  # already in mathematics mode: no $
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
    r"""Return any text escaped, so that LaTeX shows it and does not run it.

    >>> latex_text("a_b \\input{x}")
    'a\\_b \\textbackslash{}input\\{x\\}'
    """
    return "".join(map(_latex_letter, filter(str.isprintable, str(value))))


def _latex_letter(letter: str) -> str:
    if letter in SPECIAL:
        return SPECIAL[letter]
    if letter in LETTERS or letter in SIGNS:
        return f"${(LETTERS | SIGNS)[letter].strip()}$"
    return (
        letter if letter < "\u0180" else rf"\ifPDFTeX ?\else {letter}\fi{{}}"
    )  # pdflatex stops at characters that it does not have
