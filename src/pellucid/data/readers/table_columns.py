"""Table columns: numbers or categories, as declared, as known from training, or as the cells show.

A few cells that are no numbers among many that are, are taken for mistakes, and named: a typo must not make a column
one of categories without a word.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.readers.decimal_marks import DecimalMarks, Where
from pellucid.data.readers.number_column import Numbers, are_mistakes, may_be_numbers, shown
from pellucid.data.readers.numerals import WITH_UNIT, Marks, as_category
from pellucid.errors import InputError, listed, quoted, unknown_name

MOST_CATEGORIES = 100  # a column of more different texts names its rows, or tells of them,
FEW_CATEGORIES = 10  # and so does one of more than this, if they are more than half as many as its cells


@dataclass(frozen=True)
class Declared:
    """What is declared about columns beforehand.

    categorical, numeric: columns that hold these, whatever their cells look like.  drop: columns to leave out.
    only: the columns that are known from training, in their order; all others are passed over.
    """

    categorical: Collection[str] = ()
    numeric: Collection[str] = ()
    drop: Collection[str] = ()
    only: Sequence[str] = ()

    @classmethod
    def by_training(cls, columns: Sequence[str], categorical: Collection[str]) -> "Declared":
        """Return the columns of a trained model, each a number or one of those that hold categories."""
        of_texts = set(categorical)
        return cls(categorical, [name for name in columns if name not in of_texts], only=columns)

    def features(self, header: Sequence[str], taken: Collection[str], source: str) -> list[str]:
        """Return the columns to learn from, of all in the header but those taken for label and groups.

        Raises InputError where a column that is named is not there, is taken, or is declared twice.
        """
        there = set(header)
        if missing := [name for name in self.only if name not in there]:
            columns = "column" if len(missing) == 1 else "columns"
            named = ", ".join(map(repr, missing))
            raise InputError(f"{source} has no {columns} {named}; its columns are {', '.join(header)}.")
        if self.only:
            return list(self.only)
        declared: set[str] = set()
        for name in (*self.categorical, *self.numeric, *self.drop):
            if name not in there:
                raise unknown_name(f"column of {source}", name, map(quoted, header))
            if name in taken or name in declared:
                other = "declared once already" if name in declared else "the label or the column of groups"
                raise InputError(f"column {name!r} of {source} is {other}; it can be only one of these.")
            declared.add(name)
        dropped = set(self.drop)
        left = [name for name in header if name not in taken and name not in dropped]
        if not left:
            raise InputError(f"{source} has no column to learn from beside {', '.join(sorted(taken))}.")
        return left


@dataclass(frozen=True)
class Columns:
    """The columns of a table as they are learned from.

    X (n, d): numbers, NaN where missing; of type object where there are categories, which are texts, None where
    missing.  categorical: the names of those that hold categories.  notes: sentences on how cells were read.
    """

    names: tuple[str, ...]
    categorical: tuple[str, ...]
    X: np.ndarray
    notes: tuple[str, ...] = ()


def read_columns(
    cells: Mapping[str, Sequence[Any]], names: Sequence[str], declared: Declared, where: Where, marks: DecimalMarks
) -> Columns:
    """Return the named columns of a table, given as the cells of each column.

    Raises InputError for a cell that is no number in a column of numbers, for numbers that can be read in two ways, and
    for columns that no network can learn from: without any value, or of texts that differ from row to row.
    """
    values, notes, codes = dict[str, np.ndarray](), list[str](), list[str]()
    known_categorical, known_numeric = set(declared.categorical), set(declared.numeric)
    for name in names:
        if name in known_categorical:
            values[name] = _categories(cells[name], marks.of_texts(name))
        elif name in known_numeric:
            values[name] = _known_numbers(cells[name], name, where, marks.of(name), notes)
        else:
            values[name] = _values(cells[name], name, where, marks, notes, codes)
    if not declared.only:
        _check_useful(values, cells, declared, codes)
    notes += [
        f"{name!r} holds codes, such as {values[name][0]!r}, as categories; --numeric {listed([name])} reads numbers"
        for name in codes
    ]
    categorical = tuple(name for name in names if values[name].dtype == object)
    X = np.empty((len(next(iter(cells.values()))), len(names)), object if categorical else np.float64)
    for place, name in enumerate(names):
        X[:, place] = values[name]
    return Columns(tuple(names), categorical, X, (*notes, *marks.notes))


def _known_numbers(cells: Sequence[Any], name: str, where: Where, marks: Marks, notes: list[str]) -> np.ndarray:
    column = Numbers.read(cells, marks, known=True)
    if column.wrong:
        raise _no_number(cells, column.wrong, name, where, "")
    column.check_units(cells, name, where)
    notes += column.notes(name)
    return column.values


def _values(
    cells: Sequence[Any], name: str, where: Where, marks: DecimalMarks, notes: list[str], codes: list[str]
) -> np.ndarray:
    """Return the values of a column by the looks of its cells, of type object where they are categories."""
    if not may_be_numbers(cells):
        return _categories(cells, marks.of_texts(name))
    column = Numbers.read(cells, marks.of(name))
    declare = f", or declare the column with --categorical {listed([name])} (categorical={[name]})"
    if not are_mistakes(len(column.wrong), column.right):
        check_asked(cells, column, name, where)
        texts = _categories(cells, marks.of_texts(name))
        if (k := len({text for text in texts if text})) > FEW_CATEGORIES:  # dates, times, versions, addresses
            notes.append(f"{name!r} is read as {k} categories, such as {shown(cells[column.wrong[0]])}")
        return texts
    if column.wrong:
        raise _no_number(cells, column.wrong, name, where, declare)
    column.check_units(cells, name, where)
    if column.codes and column.whole:
        row = column.codes[0]
        if are_mistakes(len(column.codes), column.right - len(column.codes)):
            raise InputError(
                f"{where(row, name)} is {shown(cells[row])}, which looks like a code; most cells are numbers. "
                f"Declare the column with --numeric {listed([name])} (numeric={[name]}) or "
                f"--categorical {listed([name])} (categorical={[name]})."
            )
        codes.append(name)
        return _categories(cells, "")
    notes += column.notes(name)
    return column.values


def _no_number(cells: Sequence[Any], wrong: Sequence[int], name: str, where: Where, declare: str) -> InputError:
    more = f" (one of {len(wrong)} such cells)" if len(wrong) > 1 else ""
    return InputError(
        f"{where(wrong[0], name)} is {shown(cells[wrong[0]])}{more}, expected a finite number. "
        f"Correct it, or empty it where the value is missing{declare}."
    )


def check_asked(cells: Sequence[Any], column: Numbers, name: str, where: Where, of_labels: bool = False) -> None:
    """Raise InputError where a column that would be one of categories, or of classes, is mostly of many numbers."""
    numeric = f"--numeric {listed([name])} (numeric={[name]})"
    categories = f"declare categories with --categorical {listed([name])} (categorical={[name]})"
    if of_labels:
        numeric = "--regression (regression=True)"
        categories = "take the labels as classes with --classify (regression=False)"
    numbers = Counter(column.values[np.isfinite(column.values)])
    if column.wrong and len(numbers) > FEW_CATEGORIES and 3 * column.right >= len(column.wrong):
        row = column.wrong[0]
        raise InputError(
            f"{where(row, name)} is {shown(cells[row])} (one of {len(column.wrong)} such cells); {column.right} others "
            f"are numbers, {len(numbers)} different ones. Correct it, or empty it where the value is missing; or "
            f"{categories}."
        )
    united = [row for row in column.wrong if isinstance(cells[row], str) and WITH_UNIT.fullmatch(cells[row].strip())]
    if 2 * len(united) >= len(cells) and len({cells[row] for row in united}) > FEW_CATEGORIES:
        raise InputError(
            f"{where(united[0], name)} is {shown(cells[united[0]])} (one of {len(united)} such cells), a number with a "
            f"unit. Read the numbers with {numeric}, or {categories}."
        )


def _categories(cells: Sequence[Any], decimal: str) -> np.ndarray:
    texts = {cell: as_category(cell, decimal) for cell in set(cells)}  # one object each, however often it comes
    values = np.empty(len(cells), object)
    values[:] = [texts[cell] for cell in cells]
    return values


def _check_useful(
    values: Mapping[str, np.ndarray],
    cells: Mapping[str, Sequence[Any]],
    declared: Declared,
    codes: Sequence[str],
) -> None:
    """Raise InputError naming all columns that are empty, or hold a text of its own for almost every row."""
    useless, categorical = {}, set(declared.categorical)
    for name, column in values.items():
        present = column[~missing(column)]
        different = len(set(present)) if column.dtype == object and name not in categorical else 0
        if len(present) == 0:
            useless[name] = f"{name!r} is empty in every row"
        elif different > MOST_CATEGORIES or (different > FEW_CATEGORIES and 2 * different > len(present)):
            example = shown(next(cell for cell, text in zip(cells[name], column, strict=True) if text is not None))
            useless[name] = f"{name!r} has {different} different texts in {len(present)} cells, such as {example}"
    if useless:
        names = list(useless)
        coded = [name for name in names if name in codes]
        numbers = f"read numbers with --numeric {listed(coded)} (numeric={coded}), " if coded else ""
        raise InputError(
            f"of some columns nothing can be learned: {'; '.join(useless.values())}. Leave them out with --drop "
            f"{listed(names)} (drop={names}), {numbers}or declare categories with --categorical (categorical=[...])."
        )


def missing(column: np.ndarray) -> np.ndarray:
    """Return which cells of a column are missing: None, or NaN."""
    return np.array([cell is None for cell in column]) if column.dtype == object else np.isnan(column)
