"""The columns of a table as the audit looks at them: each with its values, and how many of them are different.

Where rows are many, a random sample of them is looked at, so that the cost depends on the columns alone.
"""

import csv
import io
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pellucid.data.dataset import Dataset

MOST_ROWS = 10_000  # that are looked at
LARGEST = 1e100


@dataclass(frozen=True, eq=False)
class Column:
    """One column of training rows.

    values (n,): numbers, NaN where missing; or texts, None where missing.  labels, rows (n,): of the same samples.
    """

    name: str
    values: np.ndarray
    labels: np.ndarray
    rows: np.ndarray

    @property
    def of_numbers(self) -> bool:
        """Whether it holds numbers, and not categories."""
        return self.values.dtype != object

    @cached_property
    def known(self) -> np.ndarray:
        """Which values are there, (n,) of booleans."""
        return np.isfinite(self.values) if self.of_numbers else np.array([cell is not None for cell in self.values])

    @cached_property
    def codes(self) -> np.ndarray:
        """The place (n,) of each value among the different ones; missing is a value too."""
        if self.of_numbers:
            return np.unique(self.values, return_inverse=True)[1]
        place_of: dict[str | None, int] = {}
        return np.array([place_of.setdefault(cell, len(place_of)) for cell in self.values])

    @cached_property
    def different(self) -> int:
        """How many different values there are."""
        return int(self.codes.max()) + 1


def columns_of(dataset: Dataset, most_rows: int = MOST_ROWS, rows: np.ndarray | None = None) -> Iterator[Column]:
    """Yield the columns of a table, or of rows of numbers; nothing for pictures.

    most_rows: that are looked at, a random sample of all.  rows: those to look at in place of it.

    >>> from pellucid.data import load
    >>> [column.name for column in columns_of(load("toy:moons").train)]
    ['x1', 'x2']
    """
    if dataset.kind == "pictures" or len(dataset) == 0:
        return
    if rows is None:
        rows = np.arange(len(dataset))
        if len(rows) > most_rows:  # by chance: every tenth row of a sorted file would make its values all different
            rows = np.sort(np.random.default_rng(0).choice(rows, most_rows, replace=False))
    X, labels = np.asarray(dataset.read(rows)), dataset.labels[rows]
    categorical = set(dataset.categorical)
    for place, name in enumerate(dataset.columns):
        values = X[:, place]
        is_text = name in categorical
        yield Column(name, values if is_text else bounded(values.astype(np.float64)), labels, rows)


def bounded(values: np.ndarray) -> np.ndarray:
    """Return numbers as they are, but for those so large that their squares would overflow."""
    return values.clip(-LARGEST, LARGEST)


def drop_option(dataset: Dataset, names: Sequence[str]) -> str:
    """Return what leaves columns out: an option to paste into a shell, or for arrays, which have none, words.

    >>> from pellucid.data import load
    >>> drop_option(load("toy:moons").train, ["x1", "x2"])
    'leave x1, x2 out of the array'
    """
    if dataset.kind != "table":
        return f"leave {', '.join(names)} out of the array"
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return f"--drop {shlex.quote(line.getvalue())}"
