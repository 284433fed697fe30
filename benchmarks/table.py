"""Tables: what a job found, on the screen or as Markdown, both from the same plain values that the JSON holds."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

FACTS = ("", "measured", "required", "goal", "")
LEFT = ("", "setting")
BUSY = 0.5  # the load before the first job from which threads wait for a core, and times say little
MARK = "<!-- made by: python -m benchmarks --markdown docs/performance.json --into docs/performance.md -->\n"


class Grid(NamedTuple):
    """A table as text: its title, its columns, its lines."""

    title: str
    columns: tuple[str, ...]
    lines: Sequence[tuple[str, ...]]


def grids(job: Mapping[str, Any]) -> Iterator[Grid]:
    """Yield the tables of one job: times, group by group, then facts."""
    for group in dict.fromkeys(row["group"] for row in job["rows"]):
        rows = [row for row in job["rows"] if row["group"] == group]
        yield Grid(
            group,
            ("", "setting", "median", f"times {job['ratio_to']}", "required", "goal", ""),
            [
                (
                    row["who"],
                    row["how"],
                    f"{_number(row['seconds'])} s",
                    _number(row["ratio"]),
                    _number(row["required"]),
                    _number(row["goal"]),
                    row["verdict"],
                )
                for row in rows
            ],
        )
    if job["facts"]:
        lines = [
            (
                fact["what"],
                f"{_number(fact['measured'])} {fact['unit']}".strip(),
                _number(fact["required"]),
                _number(fact["goal"]),
                fact["verdict"],
            )
            for fact in job["facts"]
        ]
        yield Grid("", FACTS, lines)


def show(name: str, job: Mapping[str, Any], console: Console) -> None:
    """Print a job's tables and notes."""
    console.print(f"\n[bold]{name}[/]: {job['title']}", highlight=False)
    for grid in grids(job):
        table = Table(title=grid.title or None, title_justify="left")
        for column in grid.columns:
            table.add_column(column, justify="left" if column in LEFT else "right", overflow="fold")
        for line in grid.lines:
            table.add_row(*line, style="red" if line[-1] == "missed" else None)
        console.print(table)
    console.print(_where(job), highlight=False, markup=False)
    for note in job["notes"]:
        console.print(f"- {note}", highlight=False, markup=False)


def markdown(jobs: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the tables of all jobs as Markdown."""
    parts = []
    for name, job in jobs.items():
        parts += [f"### {name}", "", f"{job['title']}. {_where(job)}", ""]
        for grid in grids(job):
            parts += [f"**{grid.title}**", ""] if grid.title else []
            parts += ["| " + " | ".join(grid.columns) + " |"]
            parts += ["|" + "|".join("---" if column in LEFT else "---:" for column in grid.columns) + "|"]
            parts += ["| " + " | ".join(line) + " |" for line in grid.lines]
            parts += [""]
        parts += [f"- {note}" for note in job["notes"]]
        parts += [""] if job["notes"] else []
    return "\n".join(parts).rstrip("\n") + "\n"


def placed(document: str, tables: str) -> str:
    """Return a document whose end, from the mark on, is these tables."""
    before, mark, _ = document.partition(MARK)
    if not mark:
        raise ValueError(f"the document lacks the line that says where the tables go: {MARK}")
    return f"{before}{MARK}\n{tables}"


def _where(job: Mapping[str, Any]) -> str:
    machine, versions = job["machine"], job["versions"]
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    how = f"{job['options']['rounds']} rounds{', QUICK: not a result' if job['options']['quick'] else ''}"
    busy = f", on a BUSY machine (load {machine['load']:g})" if machine["load"] > BUSY else ""
    return f"{machine['cores']} cores, {machine['cpu']}; {told}; {how}{busy}."


def _number(value: float | None) -> str:
    """Return three digits that count.

    >>> [_number(value) for value in (None, 1234.5, 0.02468, 3e-14, 20.0)]
    ['', '1,234', '0.0247', '3e-14', '20']
    """
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
