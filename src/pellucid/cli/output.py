"""What the commands print and write: text for people on a terminal, JSON for programs, progress on stderr.

Progress bars appear on a terminal only; in a pipe or a log there is silence.
"""

import json
import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np
import rich.progress
from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from pellucid._version import __version__
from pellucid.data import Splits
from pellucid.errors import InputError, OutputExistsError
from pellucid.model.predictions import predicted_codes
from pellucid.nn.scaled_integers import Rows, take
from pellucid.system.files import atomic_write, check_output
from pellucid.system.progress import Progress
from pellucid.training.diagnostics import Finding

SCHEMA = 1
MOST_CLASSES = 12  # that a table has columns for
MEASURED_ROWS = 500  # the accuracy beside the bar is measured on at most so many training rows
SECONDS_BETWEEN = 0.3  # ... and not more often than this

json_option = click.option(
    "--json", "json_file", metavar="FILE", type=click.Path(dir_okay=False), help="Also write the results as JSON."
)
CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def printable(text: str) -> str:
    """Return the text without characters that would steer a terminal: names in a file may be anything.

    >>> printable("red " + chr(27) + "[31m")
    'red \\\\x1b[31m'
    """
    return text.translate(CONTROLS)


def say(text: str = "") -> None:
    """Print one line of results."""
    click.echo(printable(text))


def table(columns: list[str], rows: list[list[str]], title: str = "") -> None:
    """Print a table; the first column is left-aligned, the others right."""
    drawn = Table(title=printable(title) or None, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for number, column in enumerate(columns):
        drawn.add_column(printable(column), justify="right" if number else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*map(printable, row))
    Console(width=None if Console().is_terminal else 110, markup=False, emoji=False, highlight=False).print(drawn)


def print_counts(splits: Splits) -> None:
    """Print how many samples each part has of each class; of many classes, the smallest and the largest number."""
    counts = {part: dataset.counts() for part, dataset in splits.items()}
    classes = splits.train.class_names
    sizes = {part: str(len(dataset)) for part, dataset in splits.items()}
    if len(classes) <= MOST_CLASSES:
        rows = [[part, *map(str, counts[part].values()), sizes[part]] for part in counts]
        table(["rows", *classes, "all"], rows)
        return
    rows = [
        [part, *map(str, (len(classes), *_ends(of_part.values()))), sizes[part]] for part, of_part in counts.items()
    ]
    table(["rows", "classes", "smallest", "largest", "all"], rows)


def _ends(numbers: Iterable[int]) -> tuple[int, int]:
    numbers = list(numbers)
    return min(numbers), max(numbers)


def findings(found: Sequence[Finding]) -> None:
    """Print what the training doctor found, the problems first; where it found nothing, that."""
    say("training doctor:" if found else "training doctor: nothing found")
    for finding in found:
        say(f"  {finding}")


def typed() -> str:
    """Return the command as it was typed, for a shell; "" where it was called in another way."""
    arguments = click.get_current_context().obj
    return "" if arguments is None else shlex.join(["pellucid", *arguments])


def check_json_file(path: str | None) -> None:
    """Raise where the JSON file cannot be written, or stands there already and is not one of ours."""
    if path is None:
        return
    check_output(path, force=True)
    if not Path(path).is_file():
        return
    try:
        ours = {"schema", "command", "version", "results"} == set(json.loads(Path(path).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        ours = False
    if not ours:
        raise OutputExistsError(f"{path} exists and is not a results file of pellucid; choose another name for --json.")


def picture_folder(path: str | Path | None, force: bool = False) -> Path | None:
    """Return the folder for pictures, where one is asked for; refuse one that has files already unless `force`."""
    if path is None:
        return None
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; give a folder for the pictures.")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise OutputExistsError(f"{folder} has files already; choose another folder, or give --force.")
    return folder


def write_json(path: str | None, command: str, results: dict[str, Any]) -> None:
    """Write {schema, command, version, results} to a file, where one is asked for; replaces earlier results."""
    if path is None:
        return
    document = {"schema": SCHEMA, "command": command, "version": __version__, "results": _plain(results)}
    atomic_write(path, (json.dumps(document, indent=2, allow_nan=False) + "\n").encode())


def _plain(value: Any) -> Any:
    """Return the value as JSON has it: NumPy numbers as numbers, NaN and infinity as null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


class Bars(Progress):
    """Progress bars on stderr for reading and for training; nothing where stderr is not a terminal."""

    def __init__(self, bars: rich.progress.Progress | None) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def reading(self, source: str, done: int, total: int) -> None:
        """Show how many samples of a source are read."""
        if self._bars is not None and total > 1:
            self._bars.update(self._task(f"reading {Path(source).name}", total), completed=done)

    def fetching(self, name: str, done: int, total: int) -> None:
        """Show how many bytes of a file have come."""
        if self._bars is not None:
            told = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB"
            self._bars.update(self._task(name, total), completed=done, told=told)

    def fits(self, what: str, done: int, total: int) -> None:
        """Show how many fits are done."""
        if self._bars is not None:
            self._bars.update(self._task(what, total), completed=done, told=f"{done}/{total}")

    def training(self, X: Rows, y: np.ndarray, epochs: int) -> Callable[[Any], None]:
        """Return a callback of the training loop that shows epoch, cost and accuracy."""
        shown = 0.0
        rows = np.arange(0, len(X), -(-len(X) // MEASURED_ROWS))
        measured = take(X, rows)

        def show(state: Any) -> None:
            nonlocal shown
            if self._bars is None or (time.monotonic() - shown < SECONDS_BETWEEN and not state.stopped):
                return
            network = state.network()
            told = f"{state.epoch}/{epochs}  cost {state.history.cost[-1]:.4f}"
            if network.loss.classes:
                accuracy = np.mean(predicted_codes(network, measured) == y[rows].reshape(-1))
                told += f"  accuracy {accuracy:.3f}"
            self._bars.update(self._task("training", epochs), total=epochs, completed=state.epoch, told=told)
            shown = time.monotonic()  # only now: looking at the weights may take longer than the pause between

        return show

    def _task(self, name: str, total: int) -> TaskID:
        assert self._bars is not None
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total, told="")
        return self._tasks[name]


@contextmanager
def progress_bars(quiet: bool = False) -> Iterator[Bars]:
    """Show progress bars while the block runs, on a terminal and unless `quiet`."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield Bars(None)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=14),
        TextColumn("{task.fields[told]}", markup=False),
        TimeRemainingColumn(),
    )
    with rich.progress.Progress(*columns, console=console, transient=True) as bars:
        yield Bars(bars)
