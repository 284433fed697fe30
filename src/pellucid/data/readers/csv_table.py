"""CSV and TSV files: one row a sample, one column the label, every other column of numbers or of categories.

Comma, semicolon or tab, decimal point or comma are found out. A cell that is wrong is named with its line and column,
because that is what one needs to mend it.
"""

import csv
import io
import math
import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.dataset import Dataset, Splits
from pellucid.data.labels import are_measurements, class_names_of, codes_of
from pellucid.data.readers.table_columns import Columns, Declared, are_mistakes, as_number, plain, read_columns
from pellucid.errors import InputError
from pellucid.system import memory

IN_MEMORY = 12  # bytes that a table takes for one of its file: a cell of eight characters is a text of 65 bytes
DELIMITERS = ",;\t"
LABEL_NAMES = ("label", "class", "target", "y", "species", "diagnosis")


@dataclass(frozen=True)
class Sheet:
    """The cells of a table, as text: the header, the rows with the line each ends on, the decimal mark."""

    path: Path
    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    decimal: str

    def cells(self, name: str) -> list[str]:
        """Return the cells of one column."""
        place = self._places[name]
        return [row[place] for row in self.rows]

    @cached_property
    def _places(self) -> dict[str, int]:
        """The columns' places, looked up once: searching the header for each column is quadratic."""
        return {name: place for place, name in enumerate(self.header)}

    @property
    def texts(self) -> list[str]:
        """The columns of texts: without a number in them, and not empty."""
        known = {name: [cell for cell in self.cells(name) if cell] for name in self.header}
        return [name for name, cells in known.items() if cells and _no_numbers(cells, self.decimal)]

    def groups(self, name: str) -> np.ndarray:
        """Return the groups that a column names; a row that it says nothing of is a group of its own."""
        named = zip(self.cells(name), self.lines, strict=True)
        return np.array([cell or f"line {line}" for cell, line in named], object)

    def where(self, row: int, name: str) -> str:
        """Return where a cell is, in words."""
        return f"{self.path}, line {self.lines[row]}, column {name!r}"

    def columns(self, names: Sequence[str], declared: Declared) -> Columns:
        """Return the named columns as numbers and categories."""
        return read_columns({name: self.cells(name) for name in names}, names, declared, self.where, self.decimal)


def read(
    path: Path,
    label: str | None = None,
    groups: str | None = None,
    regression: bool | None = None,
    **declared: Any,
) -> Splits:
    """Return the data set of a table with a header.

    Parameters
    ----------
    path : the file, in UTF-8.
    label : the column of the classes; by default the one named label, class, target, y, species or diagnosis.
    groups : a column that says which rows belong together; it is no feature then. A row without one is alone.
        Where the columns are known (`only`) it may be missing.
    regression : whether the labels are numbers to predict; None decides by how they look.
    declared : what is known of the columns, as `Declared` has it.

    Raises
    ------
    InputError : no such column, a cell that is wrong, rows of different lengths.
    """
    sheet, known = _sheet(path), Declared(**declared)
    label = find_column(sheet.header, label, LABEL_NAMES, str(path), sheet.texts)
    if not _no_numbers(sheet.header) and label in sheet.cells(label):
        raise InputError(
            f"{path}: the first line looks like data, {', '.join(sheet.header[:5])}; put a line with the names of the "
            "columns above it."
        )
    if known.only and groups not in sheet.header:
        groups = None  # data to score on, whose columns are known from training, need not have it
    taken = {label} if groups is None else {label, find_column(sheet.header, groups, (), str(path))}
    names = known.features(sheet.header, taken, str(path))
    labels, class_names = _labels(sheet, label, regression)
    columns = sheet.columns(names, known)
    return Splits(
        Dataset(
            read=columns.X.__getitem__,
            labels=labels,
            class_names=class_names,
            kind="table",
            names=[f"line {line}" for line in sheet.lines],
            source=str(path),
            columns=columns.names,
            categorical=columns.categorical,
            groups=None if groups is None else sheet.groups(groups),
            target=label,
        )
    )


def read_rows(path: Path, columns: Sequence[str], categorical: Collection[str] = ()) -> np.ndarray:
    """Return the named columns (n, d) of a table, in that order; others are passed over.

    categorical: those of them that hold categories, all others hold numbers.

    Raises
    ------
    InputError : as `read`, or columns that are not there.
    """
    sheet = _sheet(path)
    known = Declared.by_training(columns, categorical)
    return sheet.columns(known.features(sheet.header, (), str(path)), known).X


def _labels(sheet: Sheet, label: str, regression: bool | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return codes and class names, or numbers to predict and no names."""
    cells, source = sheet.cells(label), str(sheet.path)
    if "" in cells:
        raise InputError(f"{sheet.where(cells.index(''), label)} is empty; every sample needs a label.")
    numbers = np.array([_number(cell, sheet.decimal) for cell in cells])
    wrong = np.flatnonzero(np.isnan(numbers)).tolist()
    right = len(cells) - len(wrong)
    measured = are_mistakes(len(wrong), right) and are_measurements(set(numbers[~np.isnan(numbers)]), right)
    if not measured if regression is None else not regression:
        texts = [plain(cell, sheet.decimal) for cell in cells]
        class_names = class_names_of(texts, source, regression=False)
        return codes_of(texts, class_names, source), class_names
    if wrong:
        otherwise = "" if regression else ", or take the labels as classes with --classify (regression=False)"
        raise InputError(
            f"{sheet.where(wrong[0], label)} is {cells[wrong[0]]!r}, but the labels are numbers to predict. "
            f"Correct it, or remove the line{otherwise}."
        )
    return numbers, ()


def _number(cell: str, decimal: str) -> float:
    try:
        return as_number(cell, decimal)
    except ValueError:
        return math.nan


def _no_numbers(cells: Sequence[str], decimal: str = ".") -> bool:
    return all(math.isnan(_number(cell, decimal)) for cell in cells)


def find_column(
    columns: Sequence[str], wanted: str | None, usual: Collection[str], source: str, texts: Sequence[str] = ()
) -> str:
    """Return the wanted column, or the one that has a usual name, or raise InputError listing the columns.

    texts: those without a number; a single one is proposed.
    """
    found = [name for name in columns if name == wanted or (wanted is None and name.lower() in usual)]
    if len(found) == 1:
        return found[0]
    here = f"its columns are {', '.join(columns)}."
    if wanted is not None:
        raise InputError(f"{source} has no column {wanted!r}; {here}")
    proposed = f" Only {texts[0]} holds texts: try --label {shlex.quote(texts[0])}." if len(texts) == 1 else ""
    if not _no_numbers(columns):
        proposed = ""
        here += (
            " Some of them are numbers: if the first line is data, put a line with the names of the columns above it."
        )
    raise InputError(
        f"{source} does not say which column is the label; {here} "
        f'Name the column of the classes with --label NAME (label="NAME").{proposed}'
    )


def _sheet(path: Path) -> Sheet:
    """Return the cells of a file, stripped."""
    try:
        memory.check_memory(path, IN_MEMORY * path.stat().st_size, InputError)
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f'{path} is not in UTF-8 (byte {error.start} is not); save it again as "CSV UTF-8".') from None
    first_line = re.sub(r'"[^"]*"', "", text.lstrip("\r\n").partition("\n")[0])
    delimiter = max(DELIMITERS, key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    table: dict[int, list[str]] = {}  # by the line a row ends on
    try:
        for row in reader:
            if any(cells := [cell.strip() for cell in row]):
                table[reader.line_num] = cells
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num} cannot be read: {error}.") from None
    (header, *rows), (_, *lines) = (list(table.values()) or [[]]), (list(table) or [0])
    _check_header(header, rows, path)
    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(header):
            raise InputError(f"{path}, line {line} has {len(row)} cells, the header has {len(header)}.")
    return Sheet(path, header, rows, lines, "." if delimiter == "," else ",")


def _check_header(header: list[str], rows: list[list[str]], path: Path) -> None:
    if not rows:
        raise InputError(f"{path} holds no samples; expected a header and a line for each sample.")
    if "" in header:
        raise InputError(
            f"{path}: column {header.index('') + 1} has no name in the header; name it, or remove it "
            "(an index that pandas wrote goes away with index=False)."
        )
    if all(_is_number(name) for name in header):
        raise InputError(
            f"{path} has no header: its first line is {', '.join(header[:5])}; add a line of column names."
        )
    seen: set[str] = set()
    for name in header:
        if name in seen:
            raise InputError(f"{path} has two columns named {name!r}; rename one.")
        seen.add(name)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
