"""Text: a step for the terminal, in lines of about a hundred characters at most."""

import textwrap
from collections.abc import Iterator

from pellucid.explanation.trace.formula import Number, digits, row
from pellucid.explanation.trace.formula import text as formula_text
from pellucid.explanation.trace.sections import Bar, Cell, Line, Section, Table
from pellucid.explanation.trace.step import Step
from pellucid.explanation.trace.story import chapters, story

WIDTH = 96
MOST_CELL = 34


def text(trace: Step) -> str:
    """Return the whole story of a step."""
    notes = ["\n".join(_wrapped(note)) for note in trace.notes]
    parts = ["\n".join(notes)] if notes else []
    for title, sections in chapters(trace):
        parts += [f"{title}\n{'=' * len(title)}", *("\n".join(section_lines(section)) for section in sections)]
    return "\n\n".join(parts)


def in_short(trace: Step) -> list[str]:
    """Return a step in a few paragraphs: the prediction, what favours it, and what the step did to the cost."""
    leads = [section.lead for section in story(trace) if section.name in ("answer", "cost")]
    return ["\n".join(_wrapped(words)) for words in (*trace.notes[:1], *leads)]


def section_lines(section: Section) -> Iterator[str]:
    """Yield the lines of one section: its title underlined, its lead, its formulas, its table."""
    yield section.title
    yield "-" * len(section.title)
    if section.lead:
        yield from _wrapped(section.lead)
    for line in section.lines:
        yield from _line_lines(line)
    if section.table is not None:
        yield from _table_lines(section.table)


def _line_lines(line: Line) -> Iterator[str]:
    parts = line.parts
    joined = [item for part in parts for item in ("=", part)][1:]
    rows = formula_text(row(*joined)).splitlines()
    if max(map(len, rows)) > WIDTH:
        rows = formula_text(parts[0]).splitlines()
        for part in parts[1:]:
            rows += [f"    {shown}" for shown in formula_text(row("=", part)).splitlines()]
    if line.large and line.shapes is not None:
        rows.append(f"    shapes: {formula_text(line.shapes)}")
    yield ""
    yield from (f"  {shown}" for shown in rows)
    if line.note:
        yield from (f"      {shown}" for shown in _wrapped(line.note))


def _table_lines(table: Table) -> Iterator[str]:
    cells = [list(table.columns), *([_cell(cell) for cell in cells] for cells in table.rows)]
    widths = [min(MOST_CELL, max(map(len, column))) for column in zip(*cells, strict=True)]
    yield ""
    for cells_of_row in cells:
        folded = [list(_wrapped(cell, width)) or [""] for cell, width in zip(cells_of_row, widths, strict=True)]
        for number in range(max(map(len, folded))):
            shown = [lines[number] if number < len(lines) else "" for lines in folded]
            yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(shown, widths, strict=True)).rstrip()


def _cell(cell: Cell) -> str:
    if isinstance(cell, Bar):
        return cell.signs
    return digits(cell.value) if isinstance(cell, Number) else cell


def _wrapped(words: str, width: int = WIDTH) -> list[str]:
    return textwrap.wrap(words, max(8, width))
