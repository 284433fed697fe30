"""Frame: a table in memory, of pandas, polars, pyarrow or a parquet file, as columns of Python values.

From here on all of them are read alike, so that a frame gives the same model as the parquet file it was saved to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.dataset import Dataset, Splits
from pellucid.data.labels import are_measurements, check_whole_numbers, class_names_of, codes_of, counted
from pellucid.data.readers.csv_table import LABEL_NAMES, find_column
from pellucid.data.readers.decimal_marks import DecimalMarks
from pellucid.data.readers.numerals import as_category, in_western_digits, is_missing
from pellucid.data.readers.table_columns import Columns, Declared, read_columns
from pellucid.errors import InputError
from pellucid.errors import listed as listed_columns

PANDAS_INDEX = "__index_level_"  # a column of this name is where rows once stood in a frame
PLAIN = (bool, int, float, str)


@dataclass(frozen=True, eq=False)
class Frame:
    """The columns of a table.

    source: what it is, for messages.  cells: the Python values of each column, None where missing.
    strange: columns of neither numbers nor texts, which have no cells here.
    """

    source: str
    cells: Mapping[str, Sequence[Any]] = field(repr=False)
    strange: Sequence[str] = ()

    def __str__(self) -> str:
        return self.source

    @classmethod
    def of(cls, native: Any) -> "Frame":
        """Return a frame of pandas, polars or pyarrow as one of ours.

        Raises InputError for what is no such frame, for two columns of one name, and for a frame without rows.
        """
        import narwhals

        package, _, _ = type(native).__module__.partition(".")
        kind = type(native).__name__ if package == "builtins" else f"{package} {type(native).__name__}"
        names = [str(name) for name in getattr(native, "columns", ())] if hasattr(native, "iloc") else []
        if twice := [name for name in names if names.count(name) > 1]:  # which narwhals refuses in its own words
            raise InputError(f"the {kind} has two columns named {twice[0]!r}; rename one.")
        frame = narwhals.from_native(native, eager_only=True, pass_through=True)
        if not isinstance(frame, narwhals.DataFrame):
            hint = "arrays go to NeuralNetworkClassifier or NeuralNetworkRegressor"
            if hasattr(native, "collect"):
                hint = "call its collect() first"
            elif hasattr(native, "to_list") or hasattr(native, "to_pylist"):
                hint = "give the frame that it is a column of"
            raise InputError(
                f"data comes from a file, a folder, a name such as toy:flower or a data frame, got {kind}; {hint}."
            )
        if len(frame) == 0:
            raise InputError(f"the {kind} has no rows; every row is a sample.")
        cells, strange = dict[str, list[Any]](), list[str]()
        for name in frame.columns:
            column = frame.get_column(name)
            values = [None if null else getattr(value, "item", lambda value=value: value)()
                      for value, null in zip(column.to_list(), column.is_null().to_list(), strict=True)]  # fmt: skip
            if all(value is None or isinstance(value, PLAIN) for value in values):
                cells[str(name)] = values
            else:
                strange.append(str(name))
        return cls(f"{kind} of {len(frame):,} rows and {len(frame.columns):,} columns", cells, strange)

    @property
    def names(self) -> list[str]:
        """The names of the columns; those that can be no feature come last."""
        return [*self.cells, *self.strange]

    def column(self, name: str) -> np.ndarray:
        """Return a column of labels or groups (n,), of which none may be missing."""
        self._check_plain([name])
        cells = self._cells(name)
        if None in cells:
            raise InputError(f"{self.source}: row {cells.index(None)} has no {name!r}; every sample needs one.")
        values = np.asarray(cells)
        return values.astype(str) if values.dtype == bool else values  # True and False, as in a text file

    def dataset(
        self,
        label: str,
        groups: str | None,
        codes: np.ndarray,
        class_names: tuple[str, ...],
        known: Declared,
        decimal: str | None,
    ) -> Dataset:
        """Return the data set of a table whose labels are known."""
        if known.only and groups not in self.names:
            groups = None  # data to score on, whose columns are known from training, need not have it
        taken = {label} if groups is None else {label, find_column(self.names, groups, (), self.source)}
        named = {*known.only, *known.categorical, *known.numeric}
        features = known.features(self.names, taken, self.source)
        features = [name for name in features if name in named or not name.startswith(PANDAS_INDEX)] or features
        columns = self.columns(features, known, decimal)
        return Dataset(
            read=columns.X.__getitem__,
            labels=codes,
            class_names=class_names,
            kind="table",
            names=[f"row {row}" for row in range(len(codes))],
            source=self.source,
            columns=columns.names,
            categorical=columns.categorical,
            groups=None if groups is None else groups_of(self.column(groups)),
            target=label,
            notes=columns.notes,
        )

    def columns(self, names: Sequence[str], known: Declared, decimal: str | None = None) -> Columns:
        """Return the named columns as numbers and categories."""
        self._check_plain([name for name in names if name in self.strange])

        def where(row: int, name: str) -> str:
            return f"{self.source}: row {row}, column {name!r}"

        cells = {name: self._cells(name) for name in self.cells}
        return read_columns(cells, names, known, where, DecimalMarks(cells, where, decimal))

    def _cells(self, name: str) -> list[Any]:
        """Return the cells of a column, numbers in other digits as a text file has them."""
        return [in_western_digits(cell) if isinstance(cell, str) else cell for cell in self.cells[name]]

    def _check_plain(self, names: Sequence[str]) -> None:
        if strange := [name for name in names if name not in self.cells]:
            raise InputError(
                f"{self.source} has no pictures, and columns of neither numbers nor texts: {', '.join(strange)}. "
                f"Leave them out with --drop {listed_columns(strange)} (drop={strange})."
            )


def as_source(source: Any) -> str | Frame:
    """Return where data comes from: the name of a place as text, or a frame; raises InputError as `Frame.of` does."""
    if isinstance(source, str | Path):
        return str(source)
    return source if isinstance(source, Frame) else Frame.of(source)


def read(
    frame: Frame,
    label: str | None = None,
    groups: str | None = None,
    regression: bool | None = None,
    decimal: str | None = None,
    **declared: Any,
) -> Splits:
    """Return the data set of a frame; the options are those of `huggingface.read`."""
    texts = [name for name, cells in frame.cells.items() if all(isinstance(cell, str) for cell in cells)]
    label = find_column(frame.names, label, LABEL_NAMES, frame.source, texts)
    known, named = known_of(Declared(**declared), label)
    labels = frame.column(label)
    check_labels(labels, label, named, regression, frame.source)
    regression = False if named and regression is None else regression
    class_names = class_names_of(labels, frame.source, regression, words=True)
    codes = codes_of(labels, class_names, frame.source)
    return Splits(frame.dataset(label, groups, codes, class_names, known, decimal))


def known_of(declared: Declared, label: str) -> tuple[Declared, bool]:
    """Return what is declared of the features, and whether the label is declared categorical."""
    named = label in declared.categorical
    if named and not declared.only:
        declared = replace(declared, categorical=[name for name in declared.categorical if name != label])
    return declared, named


def check_labels(labels: np.ndarray, column: str, named: bool, regression: bool | None, source: str) -> None:
    """Raise InputError for labels that are words for missing ones, and for numbers that may be classes or not.

    named: whether the column is declared categorical.
    """
    if labels.dtype.kind in "iuf":
        known = regression is not None or named or not np.isfinite(labels).all()
        if not known and not are_measurements(set(labels.tolist()), len(labels)):
            check_whole_numbers(labels, f"column {column!r} of {source}")
    elif not named and (rows := [row for row, label in enumerate(labels.tolist()) if is_missing(label)]):
        raise InputError(
            f"{source}: row {rows[0]}, column {column!r} is {str(labels[rows[0]])!r}, which stands for a missing label "
            f"({counted(len(rows))}). Leave such rows out; or, if it is a class, keep it with --categorical "
            f"{listed_columns([column])} (categorical={[column]})."
        )


def groups_of(values: np.ndarray) -> np.ndarray:
    """Return groups, those of texts as a text file has them: 7 and 7.0 are one, a row without one is alone."""
    if values.dtype.kind not in "OUS":
        return values
    return np.array([as_category(value) or f"row {row}" for row, value in enumerate(values.tolist())], object)
