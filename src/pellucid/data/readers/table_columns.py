"""Table columns: numbers or categories, as declared, as known from training, or as the cells show.

A few cells that are no numbers among many that are, are taken for mistakes, and named: a typo must not make a column
one of categories without a word.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import InputError, unknown_name

MISTAKES, MISTAKEN_SHARE = 3, 0.05  # so many cells, or such a share of them, are mistakes rather than categories
MOST_CATEGORIES = 100  # a column of more different texts names its rows, or tells of them,
FEW_CATEGORIES = 10  # and so does one of more than this, if they are more than half as many as its cells
MOST_SHOWN = 60  # characters of a cell in a message

Where = Callable[[int, str], str]  # (row, column) -> where that cell is, in words
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "<na>", "nat"})  # in lower case; the last two: pandas
NUMERAL = re.compile(r"(?P<whole>[+-]?\d+)(?P<mark>[.,])(?P<fraction>\d+)")


def is_missing(cell: Any) -> bool:
    """Whether a cell stands for a missing value: empty, NA, N/A, NaN, null, None or ?, in any case.

    >>> [is_missing(cell) for cell in (" n/a", None, float("nan"), 0, "no")]
    [True, True, True, False, False]
    """
    return _text(cell).casefold() in MISSING


def as_number(cell: Any, decimal: str = ".") -> float:
    """Return a cell as a finite number, NaN where it is missing; raise ValueError where it is no number.

    >>> as_number("-2,5", decimal=","), as_number("NA"), as_number(3)
    (-2.5, nan, 3.0)
    """
    plainly = cell.replace(decimal, ".").replace("_", "?") if isinstance(cell, str) else cell  # 1_000 is Python's own
    try:
        number = float(plainly)
    except (TypeError, ValueError, OverflowError):
        if is_missing(cell):
            return math.nan
        raise ValueError(f"{cell} is no number") from None
    if math.isinf(number):
        raise ValueError(f"{cell} is not finite")
    return number


def as_category(cell: Any, decimal: str = ".") -> str | None:
    """Return a cell as the text of a category, None where it is missing; 1.0 and 1 are one category.

    >>> as_category(" red"), as_category("1.0"), as_category(1), as_category("01"), as_category("?")
    ('red', '1', '1', '01', None)
    """
    return None if is_missing(cell) else plain(_text(cell), decimal)


def plain(text: str, decimal: str = ".") -> str:
    """Return a text as it is, but for numerals: without a fraction of zeros, and with a point for the decimal mark.

    >>> plain("3.0"), plain("3,50", decimal=","), plain("3,50")
    ('3', '3.50', '3,50')
    """
    match = NUMERAL.fullmatch(text)
    if match is None or match["mark"] not in (".", decimal):
        return text
    return f"{match['whole']}.{match['fraction']}" if match["fraction"].strip("0") else match["whole"]


def _text(cell: Any) -> str:
    return (cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)).strip()


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
                raise unknown_name(f"column of {source}", name, header)
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
    missing.  categorical: the names of those that hold categories.
    """

    names: tuple[str, ...]
    categorical: tuple[str, ...]
    X: np.ndarray


def read_columns(
    cells: Mapping[str, Sequence[Any]], names: Sequence[str], declared: Declared, where: Where, decimal: str = "."
) -> Columns:
    """Return the named columns of a table, given as the cells of each column.

    Raises InputError for a cell that is no number in a column of numbers, and for columns that no network can learn
    from: without any value, or of texts that differ from row to row.
    """
    values, known_categorical, known_numeric = {}, set(declared.categorical), set(declared.numeric)
    for name in names:
        known = "categories" if name in known_categorical else "numbers" if name in known_numeric else None
        values[name] = _values(cells[name], name, known, where, decimal)
    if not declared.only:
        _check_useful(values, declared)
    categorical = tuple(name for name in names if values[name].dtype == object)
    X = np.empty((len(next(iter(cells.values()))), len(names)), object if categorical else np.float64)
    for place, name in enumerate(names):
        X[:, place] = values[name]
    return Columns(tuple(names), categorical, X)


def _values(cells: Sequence[Any], name: str, known: str | None, where: Where, decimal: str) -> np.ndarray:
    """Return the values of a column, of type object where they are categories."""
    if known == "categories":
        return _categories(cells, decimal)
    numbers, wrong = np.full(len(cells), np.nan), list[int]()
    for row, cell in enumerate(cells):
        try:
            numbers[row] = as_number(cell, decimal)
        except ValueError:
            wrong.append(row)
    right = np.isfinite(numbers).sum()
    if known is None and not are_mistakes(len(wrong), right):
        return _categories(cells, decimal)
    if wrong:
        text = str(cells[wrong[0]])
        shown = repr(text[:MOST_SHOWN]) + ("..." if len(text) > MOST_SHOWN else "")
        more = f" (one of {len(wrong)} such cells)" if len(wrong) > 1 else ""
        declare = f', or declare the column with --categorical {name} (categorical=["{name}"])' if known is None else ""
        raise InputError(
            f"{where(wrong[0], name)} is {shown}{more}, expected a finite number. "
            f"Correct it, or empty it where the value is missing{declare}."
        )
    return numbers


def are_mistakes(wrong: int, right: int) -> bool:
    """Whether `wrong` cells that are no numbers are mistakes among `right` cells that are: few, and fewer than those.

    >>> are_mistakes(1, 20), are_mistakes(40, 60), are_mistakes(3, 2)
    (True, False, False)
    """
    return wrong <= right and wrong <= max(MISTAKES, MISTAKEN_SHARE * (wrong + right))


def _categories(cells: Sequence[Any], decimal: str) -> np.ndarray:
    texts = {cell: as_category(cell, decimal) for cell in set(cells)}  # one object each, however often it comes
    values = np.empty(len(cells), object)
    values[:] = [texts[cell] for cell in cells]
    return values


def _check_useful(values: Mapping[str, np.ndarray], declared: Declared) -> None:
    """Raise InputError naming all columns that are empty, or hold a text of its own for almost every row."""
    useless, categorical = {}, set(declared.categorical)
    for name, column in values.items():
        present = column[~missing(column)]
        different = len(set(present)) if column.dtype == object and name not in categorical else 0
        if len(present) == 0:
            useless[name] = f"{name!r} is empty in every row"
        elif different > MOST_CATEGORIES or (different > FEW_CATEGORIES and 2 * different > len(present)):
            useless[name] = f"{name!r} has {different} different texts in {len(present)} cells, such as {present[0]!r}"
    if useless:
        names = list(useless)
        raise InputError(
            f"of some columns nothing can be learned: {'; '.join(useless.values())}. Leave them out with --drop "
            f"{','.join(names)} (drop={names}), or declare categories with --categorical (categorical=[...])."
        )


def missing(column: np.ndarray) -> np.ndarray:
    """Return which cells of a column are missing: None, or NaN."""
    return np.array([cell is None for cell in column]) if column.dtype == object else np.isnan(column)
