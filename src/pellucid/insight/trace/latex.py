"""LaTeX: a step as a document of its own, with the packages that every distribution has."""

from collections.abc import Iterator

from pellucid.insight.trace.formula import Node, Number
from pellucid.insight.trace.section import Bar, Cell, Line, Section, Table
from pellucid.insight.trace.step import Trace
from pellucid.insight.trace.story import chapters
from pellucid.insight.trace.tex import latex, latex_text

HEAD = r"""\documentclass[11pt]{article}
\usepackage{iftex}
\ifPDFTeX\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\else\usepackage{fontspec}\fi
\usepackage[margin=25mm]{geometry}
\usepackage{amsmath}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\begin{document}
"""


def latex_document(trace: Trace) -> str:
    r"""Return the whole story of a step, of the example shown where there are several rows, then of them all.

    >>> from pellucid.insight.trace.example import example
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
    parts: list[Node] = [part for part in (line.symbols, line.numbers, line.result) if part is not None]
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
