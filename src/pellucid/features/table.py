"""Table: named columns of numbers and of categories, any cell of which may be missing.

Medians, means, scales and categories come from the training rows alone and are kept with the model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid.data.readers.numerals import as_category, as_number
from pellucid.errors import InputError, listed
from pellucid.features.named_rows import named_rows
from pellucid.features.scaling import mean_and_scale
from pellucid.features.training_range import TrainingRange
from pellucid.system import memory

NAMED = 8  # columns or categories that a sentence names at most


@dataclass(frozen=True)
class Table:
    """Columns of a table as rows X: numbers standardised, categories one by one.

    A column of numbers gives x' = (x - mean) / scale, x the median where it is missing; where training rows lacked
    it, also a column that is 1 if it is missing. A column of categories gives, for each category of the training rows,
    a column that is 1 if it is that one; missing is a category too if training rows lacked it. Any other category is
    none of them: all 0. The numbers come first, then what is missing of them, then the categories. A column that had
    one value in training keeps it: nothing was learned of it.

    columns: their names.  categorical: those of them that hold categories.  standardize: whether numbers are scaled.
    categories: of each categorical column, None for missing.  gappy: columns of numbers that training rows lacked.
    median, mean, scale: (k,) of the columns of numbers.  range: theirs; None in model files of earlier releases.

    >>> table = Table(("age", "colour"), ("colour",)).fit(np.array([[1.0, "red"], [3.0, "blue"]], object))
    >>> R = table.extract([{"colour": "red", "age": 3}, {"colour": "green", "age": None}])
    >>> table.transform(R, float).tolist()
    [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """

    columns: tuple[str, ...]
    categorical: tuple[str, ...] = ()
    standardize: bool = True
    categories: tuple[tuple[str | None, ...], ...] = ()
    gappy: tuple[str, ...] = ()
    median: np.ndarray | None = field(default=None, repr=False)
    mean: np.ndarray | None = field(default=None, repr=False)
    scale: np.ndarray | None = field(default=None, repr=False)
    range: TrainingRange | None = field(default=None, repr=False)
    kind = "table"
    of_images = inputs_are_pixels = False
    shape = None
    views = ("plain",)
    groups = places = ()

    @property
    def n_row(self) -> int:
        """How many values a raw row has."""
        return len(self.columns)

    @property
    def n_out(self) -> int:
        """How many numbers a row of X has, once fitted."""
        return len(self.numeric) + len(self.gappy) + sum(map(len, self.categories))

    @property
    def n_numbers(self) -> int:
        """How many of the inputs are numbers; gaps and categories after them are 0 or 1."""
        return len(self.numeric)

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """The columns of numbers."""
        categorical = set(self.categorical)
        return tuple(name for name in self.columns if name not in categorical)

    @property
    def names(self) -> tuple[str, ...]:
        """What each column of X is called, once fitted.

        >>> Table(("age", "colour"), ("colour",)).fit(np.array([[1.0, "red"], [np.nan, None]], object)).names
        ('age', 'age is missing', 'colour is red', 'colour is missing')
        """
        chosen = [
            f"{name} is {'missing' if category is None else category}"
            for name, categories in zip(self.categorical, self.categories, strict=True)
            for category in categories
        ]
        return (*self.numeric, *(f"{name} is missing" for name in self.gappy), *chosen)

    def fit(self, R: np.ndarray) -> "Table":
        """Return the features fitted on training rows R (n, n_row), as `extract` gives them."""
        N = self._numbers(R)
        absent = np.isnan(N)
        if empty := [name for name, column in zip(self.numeric, absent.T, strict=True) if column.all()]:
            raise InputError(
                f"column {empty[0]!r} has no value in any of the {len(R)} training rows, so nothing can be learned of "
                f"it; leave it out with --drop {listed(empty)} (drop={empty})."
            )
        with np.errstate(over="ignore"):
            median = np.array([np.median(column[~np.isnan(column)]) for column in N.T], np.float64)
        gappy = tuple(name for name, column in zip(self.numeric, absent.T, strict=True) if column.any())
        mean = scale = None
        if self.standardize:
            mean, scale = mean_and_scale(np.where(absent, median, N), self.numeric)
        categories = tuple(self._categories_of(column) for column in self._categorical(R))
        known = TrainingRange.fit(N) if N.size else None
        return replace(self, categories=categories, gappy=gappy, median=median, mean=mean, scale=scale, range=known)

    def extract(self, raw: Any, dtype: DTypeLike | None = None, bad: list[Any] | None = None) -> np.ndarray:
        """Return raw rows R (n, n_row): numbers, NaN where missing; categories as text, None where missing.

        raw: rows in the order of the columns, as an array or a list of lists; or a list of dicts or a data frame, by
        name, in any order. One row may be given alone.  `bad` stays empty: a bad cell raises InputError.
        """
        if isinstance(raw, np.ndarray) and raw.dtype.kind in "fiub" and not self.categorical:
            R = np.atleast_2d(raw).astype(np.float64)
            if R.shape[1:] == (self.n_row,) and not np.isinf(R).any():
                return R
        cells = self._cells(raw)
        R = np.empty((len(cells), self.n_row), object if self.categorical else np.float64)
        categorical = set(self.categorical)
        for place, name in enumerate(self.columns):
            value_of = as_category if name in categorical else as_number
            for row, of_row in enumerate(cells):
                try:
                    R[row, place] = value_of(of_row[place])
                except ValueError:
                    raise InputError(
                        f"row {row}, column {name!r} is {of_row[place]!r}; expected a finite number, or None where the "
                        "value is missing."
                    ) from None
        return R

    def transform(self, R: np.ndarray, dtype: DTypeLike) -> np.ndarray:
        """Return the rows X (n, n_out) that a network takes, from raw rows."""
        N = self._numbers(R)
        absent = np.isnan(N)
        needed = len(R) * self.n_out * 8
        memory.check_memory(f"{len(R):,} rows of {self.n_out:,} numbers each", needed, InputError)
        X = np.zeros((len(R), self.n_out), np.float64)
        filled = np.where(absent, np.nan if self.median is None else self.median, N)
        filled = filled if self.range is None else self.range.without_constants(filled)
        k = len(self.numeric)
        X[:, :k] = filled if self.mean is None or self.scale is None else (filled - self.mean) / self.scale
        gappy = set(self.gappy)
        for name, missing in zip(self.numeric, absent.T, strict=True):
            if name in gappy:
                X[:, k] = missing
                k += 1
        for column, categories in zip(self._categorical(R), self.categories, strict=True):
            codes = _codes(column, categories) if len(categories) > 1 else np.zeros(len(column), np.intp)
            known = np.flatnonzero(codes >= 0)
            X[known, k + codes[known]] = 1
            k += len(categories)
        return X.astype(dtype)

    def odd_brightness(self, R: np.ndarray) -> np.ndarray:
        """Return zeros: rows have no brightness."""
        return np.zeros(len(R), int)

    def notes(self, R: np.ndarray) -> list[str]:
        """Return how raw rows differ from all training rows, a sentence a column: new numbers, categories and gaps."""
        N, gappy = self._numbers(R), set(self.gappy)
        notes = [] if self.range is None else self.range.notes(self.numeric, N)
        for name, column in zip(self.numeric, N.T, strict=True):
            if name not in gappy and (number := int(np.isnan(column).sum())):
                notes.append(f"{name!r} is missing in {_rows(number)}, as in no training row; its median stands in")
        for name, column, categories in zip(self.categorical, self._categorical(R), self.categories, strict=True):
            new = column[_codes(column, categories) < 0]
            if len(new):
                named = _listed(sorted("missing" if text is None else text for text in set(new)))
                effect = "it counts as none" if len(categories) > 1 else "the column never varied and has no influence"
                notes.append(f"{name!r} is {named} in {_rows(len(new))}, as in no training row; {effect}")
        return notes

    def recipe(self) -> dict[str, Any]:
        """Return nothing: these features follow from the data's columns and `standardize`."""
        return {}

    def _numbers(self, R: np.ndarray) -> np.ndarray:
        return R[:, [self._places[name] for name in self.numeric]].astype(float)

    def _categorical(self, R: np.ndarray) -> list[np.ndarray]:
        return [R[:, self._places[name]] for name in self.categorical]

    @cached_property
    def _places(self) -> dict[str, int]:
        """The place of each column, looked up once: searching for each one is quadratic in their number."""
        return {name: place for place, name in enumerate(self.columns)}

    @staticmethod
    def _categories_of(column: np.ndarray) -> tuple[str | None, ...]:
        present = set(column)
        return (*sorted(present - {None}), *([None] if None in present else []))

    def _cells(self, raw: Any) -> list[Any]:
        """Return rows of as many cells as there are columns, in their order."""
        if (rows := named_rows(raw, self.columns)) is not None:
            return rows
        if isinstance(raw, np.ndarray) and raw.ndim:
            raw = list(raw)
        if not isinstance(raw, list | tuple):
            raise InputError(f"this model takes rows of {self._described()}, got {type(raw).__name__}.")
        if raw and not isinstance(raw[0], list | tuple | np.ndarray):
            raw = [raw]
        for number, row in enumerate(raw):
            if not isinstance(row, list | tuple | np.ndarray) or len(row) != self.n_row:
                raise InputError(f"this model takes rows of {self._described()}; row {number} is {row!r}.")
        return list(raw)

    def _described(self) -> str:
        return f"{self.n_row} values ({_listed(self.columns)})"

    def metadata(self) -> dict[str, Any]:
        """Return what a model file stores, besides arrays."""
        return {
            "kind": self.kind,
            "columns": list(self.columns),
            "categorical": list(self.categorical),
            "categories": [list(categories) for categories in self.categories],
            "gappy": list(self.gappy),
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fitted arrays."""
        arrays = {"median": self.median, "mean": self.mean, "scale": self.scale}
        arrays |= {} if self.range is None else self.range.arrays()
        return {name: array for name, array in arrays.items() if array is not None}

    @classmethod
    def restore(cls, metadata: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Table":
        """Return the features that `metadata` and `arrays` describe, or raise InputError where they do not fit."""
        mean, scale = arrays.get("mean"), arrays.get("scale")
        table = cls(
            tuple(metadata["columns"]),
            tuple(metadata["categorical"]),
            mean is not None,
            tuple(map(tuple, metadata["categories"])),
            tuple(metadata["gappy"]),
            arrays["median"],
            mean,
            scale,
            TrainingRange.restore(arrays),
        )
        if not table._is_sound():
            raise InputError("the columns of its table do not fit together")
        return table

    def _is_sound(self) -> bool:
        """Whether what came from a file can be what `fit` gives."""
        names = (self.columns, self.categorical, self.gappy)
        categorical, gappy = set(self.categorical), set(self.gappy)
        present = [[text for text in categories if text is not None] for categories in self.categories]
        return (
            all(len(set(part)) == len(part) for part in (*names, *self.categories))
            and all(isinstance(text, str) for part in (*names, *present) for text in part)
            and self.categorical == tuple(name for name in self.columns if name in categorical)
            and self.gappy == tuple(name for name in self.numeric if name in gappy)
            and len(self.categories) == len(self.categorical)
            and all(self.categories)
            and (self.mean is None) == (self.scale is None)
            and all(array.shape == (len(self.numeric),) and array.dtype.kind == "f" for array in self.arrays().values())
        )

    def __str__(self) -> str:
        parts = []
        if self.numeric:
            how = "standardised" if self.standardize else "as they are"
            gaps = f", missing ones of {_listed(self.gappy)} as the median" if self.gappy else ""
            parts.append(f"{len(self.numeric)} of numbers ({_listed(self.numeric)}), {how}{gaps}")
        if self.categorical:
            numbers = [str(len(categories)) for categories in self.categories]
            sizes = [f"{name}: {n}" for name, n in zip(self.categorical, numbers, strict=True)]
            parts.append(f"{len(self.categorical)} of categories ({_listed(sizes)})")
        return f"{self.n_row} {'column' if self.n_row == 1 else 'columns'}, {'; '.join(parts)}"


def _codes(column: np.ndarray, categories: Sequence[str | None]) -> np.ndarray:
    """Return the position (n,) of each cell among the categories, -1 where it is none of them."""
    position = {category: code for code, category in enumerate(categories)}
    position = {as_category(category): code for category, code in position.items()} | position  # TRUE of an old file
    return np.array([position.get(cell, -1) for cell in column], np.intp)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"
