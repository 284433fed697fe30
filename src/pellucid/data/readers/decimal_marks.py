"""Decimal marks: whether 1,234 in a table is 1234 or 1.234, by the evidence of its column, then of the whole table.

Cells such as 0,5 or 12,34 or 1.234,5 can be read in one way only and settle it; where none does, the user is asked.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pellucid.data.readers.numerals import COMMA, POINT, WITH_UNIT, Marks, numeral
from pellucid.errors import InputError, listed

Where = Callable[[int, str], str]  # (row, column) -> where that cell is, in words
DECIMALS = {".": POINT, ",": COMMA}
WEAK = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]*")  # may be 1,234 with a digit too few or too many
TYPOS = 20  # so many unclear cells to one weak one make that one a typing error


class Evidence(NamedTuple):
    """What the cells of one column show.

    shows: decimal mark -> the first row that can be read with this one only.  unclear: the rows such as 1,234.
    typo: a row that may be a typing error among unclear ones.  numbers: whether most cells are numbers.
    """

    shows: dict[str, int]
    unclear: list[int]
    typo: int | None
    numbers: bool


class DecimalMarks:
    """The decimal marks of a table's columns.

    cells: of each column; those that are no texts are passed over.  given: the user's decimal mark, for columns with
    unclear cells.  delimiter: of the file; where it is a comma, points are decimal marks.

    >>> marks = DecimalMarks({"a": ["856", "1,207"], "b": ["2.5", "3"]}, lambda row, name: f"{row} {name}")
    >>> marks.of("a"), marks.of("b").decimal
    (Marks(decimal='.', thousands=','), '.')
    """

    def __init__(
        self, cells: Mapping[str, Sequence[Any]], where: Where, given: str | None = None, delimiter: str = ""
    ) -> None:
        if given is not None and given not in DECIMALS:
            raise InputError(f"decimal must be '.' or ','; got {given!r}.")
        self._cells, self._where, self._given, self._delimiter = cells, where, given, delimiter
        self._found: dict[str, Evidence] = {}
        self.notes: list[str] = []  # where the user's mark is not what the other columns show

    def of(self, name: str) -> Marks:
        """Return the marks of a column of numbers; raise InputError where they are unclear, or of two kinds."""
        own = self._evidence(name)
        if self._given is None:
            self._check_one(name, own)
        if self._given is not None and (own.unclear or len(own.shows) != 1):
            if own.unclear and not own.shows and len(found := self._of_table()) == 1 and self._given not in found:
                note = (
                    f"{name!r} is read with the decimal mark {self._given!r} as asked, but {next(iter(found.values()))}"
                )
                self.notes = list(dict.fromkeys([*self.notes, note]))
            return DECIMALS[self._given]
        if own.shows or not own.unclear:
            return DECIMALS[next(iter(own.shows), self._usual)]
        found = self._of_table()
        if len(found) != 1:
            raise self._unclear(name, own.unclear[0], found)
        return DECIMALS[next(iter(found))]

    def of_texts(self, name: str) -> str:
        """Return the decimal mark of a column of categories, "" where it is unclear: they stay as they are then."""
        own = self._evidence(name)
        if not own.unclear:
            return next(iter(own.shows), self._usual) if len(own.shows) < 2 else self._usual
        return self._given or (next(iter(own.shows)) if len(own.shows) == 1 else "")

    @property
    def _usual(self) -> str:
        return "." if self._delimiter in ("", ",") else ","

    def _check_one(self, name: str, own: Evidence) -> None:
        if len(own.shows) == 2:
            (first, row), (_, other) = own.shows.items()
            cells = self._cells[name]
            raise InputError(
                f"{self._where(row, name)} is {cells[row]!r}, and {self._where(other, name)} is {cells[other]!r}: they "
                f"have different decimal marks. Write all numbers of the column with {first!r}, or declare "
                f"categories with --categorical {listed([name])} (categorical={[name]})."
            )
        if own.typo is not None:
            cell = self._cells[name][own.typo]
            raise self._unclear(
                name, own.unclear[0], {}, f"only {self._where(own.typo, name)}, {cell!r}, may settle it"
            )

    def _of_table(self) -> dict[str, str]:
        """Return which decimal marks the columns of numbers show, each with a cell that does."""
        found: dict[str, str] = {}
        for name in self._cells:
            if (own := self._evidence(name)).numbers:
                for mark, row in own.shows.items():
                    found.setdefault(mark, f"{self._where(row, name)} is {self._cells[name][row]!r}")
        return found

    def _unclear(self, name: str, row: int, found: Mapping[str, str], why: str = "") -> InputError:
        cell = str(self._cells[name][row])
        mark = "," if "," in cell else "."
        other = "." if mark == "," else ","
        whole, decimals = cell.replace(mark, ""), cell.replace(mark, ".")
        why = why or ("; ".join(found.values()) if found else "no cell of the table settles it")
        return InputError(
            f"{self._where(row, name)} is {cell!r}, which may be {whole} or {decimals}: {why}. Name the "
            f"decimal mark: --decimal {other} (decimal={other!r}) reads {whole}, --decimal {mark} (decimal={mark!r}) "
            f"reads {decimals}. Where they are no numbers, give --categorical {listed([name])} (categorical={[name]})."
        )

    def _evidence(self, name: str) -> Evidence:
        if name not in self._found:
            self._found[name] = self._look(self._cells[name])
        return self._found[name]

    def _look(self, cells: Sequence[Any]) -> Evidence:
        if self._delimiter == "," and (row := _first_decimals(cells)) is not None:
            return Evidence({".": row}, [], None, numbers=True)
        shows, weak, unclear, read, others = dict[str, int](), Counter[str](), list[int](), 0, 0
        small = large = False  # whole numbers without a mark, below and above a thousand
        strong = set[str]()
        for row, cell in enumerate(cells):
            if not isinstance(cell, str) or not cell:
                continue
            if cell.isdecimal():
                read += 1
                small, large = small or 0 < int(cell[:4]) < 1000, large or len(cell) > 3
                continue
            found = numeral(cell)
            if found is None and (match := WITH_UNIT.fullmatch(cell)):
                found = numeral(match["number"])
            if found is None:
                others += 1
                continue
            read += 1
            if found.unclear:
                unclear.append(row)
            elif found.decimal:
                shows.setdefault(found.decimal, row)
                is_weak = WEAK.fullmatch(found.body) and not found.exponent
                weak[found.decimal] += 1
                strong |= set() if is_weak else {found.decimal}
        only_points = unclear and all("," not in cells[row] for row in unclear)
        if (
            self._delimiter == "," and only_points and "," not in shows and (large or not small)
        ):  # as programs write, in a file with commas
            shows.setdefault(".", unclear[0])
            unclear = []
        typo = None
        for mark, row in shows.items():
            alike = sum(mark in cells[other] for other in unclear)
            if unclear and mark not in strong and alike >= TYPOS * weak[mark]:
                typo = row
        return Evidence(shows, unclear, typo, read >= others)


def _first_decimals(cells: Sequence[Any]) -> int | None:
    """Return the first row with a point that can only be a decimal one, None where commas or other texts may differ.

    This spares most files the search for the decimal mark, which takes longer than reading them.
    """
    if any("," in cell for cell in cells if isinstance(cell, str)):
        return None
    for row, cell in enumerate(cells):
        whole, point, decimals = cell.partition(".")
        whole = whole.lstrip("-")
        if point and (len(decimals) != 3 or whole == "0" or len(whole) > 3) and (whole + decimals).isdecimal():
            return row
    return None
