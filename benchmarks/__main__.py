"""The command: python -m benchmarks [JOB ...]. Measures, prints tables, writes JSON; or prints a JSON as Markdown."""

import json
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks import table
from benchmarks.jobs import JOBS
from benchmarks.machine import machine, versions
from benchmarks.options import Options

SCHEMA = "pellucid-benchmarks-1"
WIDE = 160  # columns, where the tables go into a file
DATA = Path(__file__).parents[2] / "shared" / "data"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("jobs", nargs=-1, type=click.Choice(list(JOBS)))
@click.option("--data", type=click.Path(path_type=Path), default=DATA, help="The folder of cats/, beans/, ...")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Turns that everybody takes.")
@click.option("--quick", is_flag=True, help="A few iterations, to see that all works; the times mean nothing.")
@click.option("--whole", is_flag=True, help="Slow peers run every iteration, instead of a part that is scaled up.")
@click.option("--rows", type=click.IntRange(100), default=60_000, show_default=True, help="Rows of fashion.")
@click.option("--epochs", type=click.IntRange(1), default=2, show_default=True, help="Epochs of fashion.")
@click.option("--only", default="", help='Groups of fashion with this in their name, "784-32-10, batch 32".')
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all here; other jobs in it stay.")
@click.option("--markdown", type=click.Path(exists=True, path_type=Path), help="Only print the tables of this JSON.")
@click.option("--into", type=click.Path(exists=True, path_type=Path), help="With --markdown: put them into this file.")
def main(
    jobs: tuple[str, ...],
    data: Path,
    json_file: Path | None,
    markdown: Path | None,
    into: Path | None,
    **how: Any,
) -> None:
    """Run pellucid and its peers in turn on JOBs (all by default), each several rounds; medians count.

    Ends with 1 where costs or weights do not agree, for then the times mean nothing.
    """
    if markdown is not None:
        tables = table.markdown(json.loads(markdown.read_text("utf-8"))["jobs"])
        if into is None:
            click.echo(tables, nl=False)
        else:
            into.write_text(table.placed(into.read_text("utf-8"), tables), "utf-8")
        return
    options = Options(data=data, tell=lambda line: click.echo(line, err=True), **how)
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    before, sound = machine(), True  # once: later the load is our own
    for name in jobs or JOBS:
        options.tell(f"-- {name}")
        began = time.perf_counter()
        outcome = JOBS[name](options)
        found = {
            **outcome.plain(),
            "machine": before,
            "versions": versions(),
            "options": {f.name: getattr(options, f.name) for f in fields(options) if f.name not in ("data", "tell")},
            "seconds": round(time.perf_counter() - began, 1),
        }
        table.show(name, found, console)
        if json_file is not None:
            _write(json_file, name, found)
        sound &= outcome.sound
    sys.exit(0 if sound else 1)


def _write(path: Path, name: str, found: dict[str, Any]) -> None:
    """Put a job's outcome into the file, after every job: a long run that is stopped loses nothing."""
    jobs = json.loads(path.read_text("utf-8"))["jobs"] if path.exists() else {}
    jobs[name] = found
    ordered = {known: jobs[known] for known in JOBS if known in jobs}
    path.write_text(json.dumps({"schema": SCHEMA, "jobs": ordered}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
