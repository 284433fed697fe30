"""Numbers: a column of a table read as numbers, with all that does not fit: texts, units, codes, dashes.

What to make of these is the caller's: a few texts are mistakes, many make the column one of categories.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.readers.decimal_marks import Where
from pellucid.data.readers.numerals import (
    DASHES,
    Marks,
    as_number,
    is_missing,
    is_money,
    looks_like_a_code,
    read_number,
)
from pellucid.errors import InputError

MISTAKES, MISTAKEN_SHARE = 3, 0.05  # so many cells, or such a share of them, are mistakes rather than categories
MOST_SHOWN = 60  # characters of a cell in a message
DIGIT = re.compile("[0-9]")
FIRST = 9  # characters of a number before which a digit comes: -US$ 1


@dataclass
class Numbers:
    """A column read as numbers.

    values (n,), NaN where there is none.  wrong: the rows that are neither numbers nor missing.  units: unit -> the
    first row with it.  codes: rows such as 007.  dashes: how many cells are missing values written as a dash.
    """

    values: np.ndarray
    wrong: list[int]
    units: dict[str, int]
    codes: list[int]
    dashes: int = 0

    @classmethod
    def read(cls, cells: Sequence[Any], marks: Marks, known: bool = False) -> "Numbers":
        """Return cells as numbers; units of letters and truths count as such only where the column is known."""
        column = cls(np.full(len(cells), np.nan), [], {}, [])
        for row, cell in enumerate(cells):
            unit = ""
            try:
                if isinstance(cell, str):
                    number, unit = read_number(cell.strip(), marks, with_unit=known)
                    column.dashes += cell in DASHES
                elif isinstance(cell, bool | np.bool_) and not known:
                    raise ValueError("True is a category, as TRUE in a text file is")
                else:
                    number = as_number(cell)
            except ValueError:
                column.wrong.append(row)
                continue
            column.values[row] = number
            if number and not math.isnan(number):
                column.units.setdefault(unit, row)
                if not known and looks_like_a_code(cell):
                    column.codes.append(row)
        return column

    @property
    def whole(self) -> bool:
        """Whether all numbers are whole and none is negative, as those in codes are."""
        numbers = self.values[np.isfinite(self.values)]
        return bool(np.all((numbers >= 0) & (numbers == np.floor(numbers))))

    @property
    def right(self) -> int:
        """How many cells are numbers."""
        return int(np.isfinite(self.values).sum())

    def notes(self, name: str) -> list[str]:
        """Return sentences on units and dashes."""
        unit = next((unit for unit in self.units if unit), "")
        read = f"the numbers of {name!r} are read without their unit, {unit}" if unit else ""
        dashes = (
            f"{name!r} is a dash or a dot in {self.dashes} of {len(self.values)} rows, taken for missing"
            if self.dashes
            else ""
        )
        return [note for note in (read, dashes) if note]

    def check_units(self, cells: Sequence[Any], name: str, where: Where) -> None:
        """Raise InputError where numbers have different units; a currency may be missing, a percent sign may not."""
        units = [unit for unit in self.units if unit]
        if not units or (len(units) == 1 and ("" not in self.units or is_money(units[0]))):
            return
        first, second, *_ = self.units.values()
        raise InputError(
            f"{where(first, name)} is {shown(cells[first])}, and {where(second, name)} is {shown(cells[second])}: "
            "their units differ. Write all numbers of the column in one unit."
        )


def may_be_numbers(cells: Sequence[Any]) -> bool:
    """Whether at least a quarter of the cells that are not missing begin like numbers."""
    others = [text for cell in cells if isinstance(cell, str) and not DIGIT.search(text := cell.strip(), 0, FIRST)]
    present = sum(not is_missing(text) and text not in DASHES for text in others)
    return 3 * (len(cells) - len(others)) >= present


def are_mistakes(wrong: int, right: int) -> bool:
    """Whether `wrong` cells that are no numbers are mistakes among `right` cells that are: few, and fewer than those.

    >>> are_mistakes(1, 20), are_mistakes(40, 60), are_mistakes(3, 2)
    (True, False, False)
    """
    return wrong <= right and wrong <= max(MISTAKES, MISTAKEN_SHARE * (wrong + right))


def shown(cell: Any) -> str:
    """Return a cell as a message shows it: quoted, and cut where it is long."""
    text = str(cell)
    return repr(text[:MOST_SHOWN]) + ("..." if len(text) > MOST_SHOWN else "")
