"""Sheet: the cells of a CSV or TSV file as text, or of a workbook as stored: header, and rows with their lines.

What a file's shape has wrong is named with the line, because that is what one needs to mend it.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.readers.decimal_marks import DecimalMarks
from pellucid.data.readers.numerals import DASHES, as_category, as_text, in_western_digits, is_missing, numeral
from pellucid.data.readers.table_columns import Columns, Declared, read_columns
from pellucid.data.readers.workbook import read_cells, workbook_file
from pellucid.errors import InputError
from pellucid.system import memory

IN_MEMORY = 12  # bytes that a table takes for one of its file: a cell of eight characters is a text of 65 bytes
DELIMITERS = "|,;\t"  # of which the last fits best where several do
NAMES = {"|": "bars", ",": "commas", ";": "semicolons", "\t": "tabs"}
BLANKS = re.compile(r"[ \t]+")
LOOKED_AT = 50  # rows from which the delimiter is found
FOREIGN = re.compile(rb"[\x80-\xff]{4}")  # so many in a row are no accents of Western Europe,
STRANGE = re.compile(
    "[\u00a3\u00a5\u00a6\u00ac\u00af\u00b1-\u00b3\u00b9\u00bc-\u00be][a-z\u00df-\u00ff]"
)  # nor are these words
OF_EXCEL = b"PK\x03\x04"  # how a workbook begins, and any other zip


@dataclass(frozen=True)
class Sheet:
    """The cells of a table, as text or, of a workbook, as stored: the header, the rows with the line each ends on.

    decimal: the user's decimal mark.  notes: sentences on how the file was read.
    """

    path: Path
    header: list[str]
    rows: list[list[Any]]
    lines: list[int]
    delimiter: str
    decimal: str | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def line(self) -> str:
        """What a line is called in this kind of file."""
        return "line" if self.delimiter else "row"

    def cells(self, name: str) -> list[Any]:
        """Return the cells of one column."""
        return self._cells[name]

    @cached_property
    def _cells(self) -> dict[str, list[Any]]:
        """The cells by column, turned once: searching the header for each column is quadratic."""
        return dict(zip(self.header, map(list, zip(*self.rows, strict=True)), strict=True))

    @cached_property
    def marks(self) -> DecimalMarks:
        """The decimal marks of the columns."""
        return DecimalMarks(self._cells, self.where, self.decimal, self.delimiter)

    @property
    def texts(self) -> list[str]:
        """The columns of texts: without a number in them, and not empty."""
        known = {name: [cell for cell in self.cells(name) if cell != ""] for name in self.header}
        return [name for name, cells in known.items() if cells and no_numbers(cells)]

    def groups(self, name: str) -> tuple[np.ndarray, list[str]]:
        """Return the groups that a column names, 7 and 7.0 as one, and notes; a row without one is its own group."""
        texts = [as_category(cell, self.marks.of_texts(name)) for cell in self.cells(name)]
        apart = [text for text in set(texts) if text and (bare := text.lstrip("0")) != text and bare in texts]
        notes = [f"{name!r}: {text!r} and {text.lstrip('0')!r} are two groups" for text in sorted(apart)[:1]]
        if alone := texts.count(None):
            notes.append(f"rows without {name!r}: {alone}; each is a group of its own")
        return np.array([text or f"{self.line} {n}" for text, n in zip(texts, self.lines, strict=True)], object), notes

    def where(self, row: int, name: str) -> str:
        """Return where a cell is, in words."""
        return f"{self.path}, {self.line} {self.lines[row]}, column {name!r}"

    def columns(self, names: Sequence[str], declared: Declared) -> Columns:
        """Return the named columns as numbers and categories."""
        return read_columns({name: self.cells(name) for name in names}, names, declared, self.where, self.marks)

    def without(self, rows: Sequence[int]) -> "Sheet":
        """Return the sheet without some rows."""
        left = np.delete(np.arange(len(self.rows)), rows).tolist()
        return Sheet(
            self.path,
            self.header,
            [self.rows[row] for row in left],
            [self.lines[row] for row in left],
            self.delimiter,
            self.decimal,
            self.notes,
        )


def no_numbers(cells: Sequence[Any]) -> bool:
    """Whether no cell is a number or stands for a missing one."""
    return all(numeral(as_text(cell)) is None and not is_missing(cell) for cell in cells)


def read_sheet(path: Path, decimal: str | None = None) -> Sheet:
    """Return the cells of a file, stripped.

    decimal: the decimal mark where a column's cells are unclear about it.

    Raises
    ------
    InputError : it cannot be read, or is no table: the message has the line.
    """
    notes: tuple[str, ...] = ()
    if workbook_file(path) is not None:
        (table, lines), delimiter = read_cells(path), ""
        table[:1] = [[as_text(cell) for cell in row] for row in table[:1]]
    else:
        text, notes = _text(path)
        first, _, rest = text.partition("\n")
        named = re.fullmatch(r'"?sep=(.)"?\s*', first)  # a line that Excel writes and reads
        delimiter = named[1] if named else _delimiter(text)
        _check_text(text, path, named is not None)
        table, lines = _table(rest if named else text, delimiter, path, 1 if named else 0)
    (header, *rows), (_, *lines) = (table or [[]]), (lines or [0])
    header, rows = _without_empty_ends(header, rows)
    _check_shape(header, rows, lines, delimiter, path)
    _check_header(header, rows, lines, path)
    _check_units(header, rows, lines, path)
    return Sheet(path, header, rows, lines, delimiter, decimal, notes)


def _text(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return a file as text, and a note where its encoding had to be found out."""
    try:
        memory.check_memory(path, IN_MEMORY * path.stat().st_size, InputError)
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if content.startswith(OF_EXCEL):
        raise InputError(f'{path} is a workbook or a zip, not text; save the table as "CSV UTF-8" and give that file.')
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace"), ()
    if b"\0" in content[:2]:
        raise InputError(f'{path} begins like UTF-16; save it again as "CSV UTF-8".')
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        line, start = content.count(b"\n", 0, error.start) + 1, error.start
    try:
        text = "" if FOREIGN.search(content) else content.decode("cp1252")
    except UnicodeDecodeError:
        text = ""
    if not text or STRANGE.search(text):
        raise InputError(f'{path}, line {line} is not in UTF-8 (byte {start}); save the file again as "CSV UTF-8".')
    word = re.search(r"\w*[^\x00-\x7f]\w*", text.splitlines()[line - 1])
    example = f" ({word[0]!r} in line {line})" if word else ""
    return text, (
        f'{path} is not in UTF-8 and read as Windows-1252{example}; if that is wrong, save it as "CSV UTF-8"',
    )


def _check_text(text: str, path: Path, named: bool) -> None:
    """Raise InputError for a NUL character, and for columns that blanks divide, unless the delimiter is named."""
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(f"{path}, line {line} holds a NUL character; remove it.")
    head = [line.strip() for line in islice(io.StringIO(text), LOOKED_AT) if line.strip()]
    if named or len(head) < 3 or any(mark in line for mark in DELIMITERS for line in head):
        return
    widths, last = {len(BLANKS.split(line)) for line in head}, BLANKS.split(head[-1])
    if len(widths) == 1 and len(last) > 1 and not no_numbers(last):
        raise InputError(
            f"{path} seems to divide its {widths.pop()} columns by blanks, which names and texts may hold too. Save it "
            "with commas."
        )


def _delimiter(text: str) -> str:
    """Return the delimiter that gives most of the first rows as many cells as the header has."""
    head = "".join(islice(io.StringIO(text, newline=""), 4 * LOOKED_AT))

    def fit(delimiter: str) -> tuple[int, int, int]:
        lengths = list[int]()
        with suppress(csv.Error):  # of a cell that is too long, which reading reports
            for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter):
                lengths += [len(row)] if any(map(str.strip, row)) else []
        header, *others = lengths or [0]
        usual, _ = Counter(others or [header]).most_common(1)[0]
        return sum(length == header > 1 for length in others[:LOOKED_AT]), usual, header

    return max(reversed(DELIMITERS), key=fit)


def _table(text: str, delimiter: str, path: Path, above: int) -> tuple[list[list[str]], list[int]]:
    """Return the rows that are not blank, stripped, and the line each ends on; `above`: how many lines stand before."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    table, lines, last = list[list[str]](), list[int](), 0
    try:
        for row in reader:
            if reader.line_num > last + 1 and table:
                _check_quote(row, delimiter, len(table[0]), path, above + last + 1, above + reader.line_num)
            last = reader.line_num
            if any(cells := [in_western_digits(cell.strip()) for cell in row]):
                table.append(cells)
                lines.append(above + last)
    except csv.Error as error:
        start, end = above + last + 1, above + reader.line_num
        if end > start or "end of data" in str(error):
            raise InputError(
                f"{path}, line {start}: a quote opens and is not closed where it should be (looked up to line {end}: "
                f"{error}). Remove it, or write it twice."
            ) from None
        raise InputError(f"{path}, line {start} cannot be read: {error}.") from None
    return table, lines


def _check_quote(row: list[str], delimiter: str, width: int, path: Path, start: int, end: int) -> None:
    """Raise InputError where a quoted cell holds whole lines that are rows themselves: its quote was left open."""
    inner = [line for cell in row for line in cell.splitlines()[1:-1]]
    if width > 2 and inner and all(line.count(delimiter) == width - 1 for line in inner):
        raise InputError(
            f"{path}, line {start}: a quote opens and is closed on line {end}, with rows between them. Remove it, or "
            "write it twice."
        )


def _without_empty_ends(header: list[str], rows: list[list[Any]]) -> tuple[list[str], list[list[Any]]]:
    """Return the table without columns at its end that have neither a name nor any cell: delimiters that end lines."""
    named = max((place + 1 for place, name in enumerate(header) if name), default=0)
    longer = any(len(row) > named for row in (header, *rows))
    if named and longer and not any(cell != "" for row in rows for cell in row[named:]):
        return header[:named], [row[:named] for row in rows]
    return header, rows


def _check_shape(header: list[str], rows: list[list[Any]], lines: list[int], delimiter: str, path: Path) -> None:
    """Raise InputError for the first row that is not as long as the header."""
    if not (wrong := [place for place, row in enumerate(rows) if len(row) != len(header)]):
        return
    place = wrong[0]
    found = f"{path}, line {lines[place]} has {len(rows[place])} cells, the header has {len(header)}"
    usual, _ = Counter(map(len, rows)).most_common(1)[0]
    if all(len(row) == len(header) + 1 for row in rows):
        raise InputError(
            f"{found}. All lines have one more: name the first column too (R: write.csv with row.names=FALSE)."
        )
    one, width = (header, usual) if len(header) == 1 else (rows[place], len(header))
    others = [NAMES[other] for other in DELIMITERS if other != delimiter and one[0].count(other) == width - 1 > 0]
    if len(one) == 1 and others:
        what = "the header" if one is header else "this line"
        raise InputError(f"{found}. The table is divided by {NAMES[delimiter]}, {what} by {others[0]}.")
    raise InputError(f"{found}.{_header_below(header, rows, lines)}")


def _header_below(header: list[str], rows: list[list[Any]], lines: list[int]) -> str:
    """Return which line looks like the header instead, where the first one is a title; "" where none does."""
    usual, _ = Counter(map(len, rows)).most_common(1)[0]
    if len(header) == usual and all(header):
        return ""
    for row, line in zip(rows[:LOOKED_AT], lines, strict=False):
        if len(row) == usual > 1 and "" not in row and no_numbers(row):
            return f" Line {line} looks like the header ({', '.join(row[:5])}): remove the lines above it."
    return ""


def _check_header(header: list[str], rows: list[list[Any]], lines: list[int], path: Path) -> None:
    if not rows:
        raise InputError(f"{path} holds no samples; expected a header and a line for each sample.")
    if "" in header:
        below = _header_below(header, rows, lines)
        raise InputError(
            f"{path}: column {header.index('') + 1} has no name in the header"
            + (
                f".{below}"
                if below
                else "; name it, or remove it (an index that pandas wrote goes away with index=False)."
            )
        )
    names = [header[0], *(row[0] for row in rows)]
    different = len(set(names)) == len(names) and no_numbers(names)
    if len(header) > 2 and different and all(map(_is_number, header[1:])):
        raise InputError(
            f"{path} seems to lie on its side: its first column holds names ({rows[0][0]}), its first line numbers. "
            "Transpose it, so that each column has a name at its top."
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


def _check_units(header: list[str], rows: list[list[Any]], lines: list[int], path: Path) -> None:
    """Raise InputError for a first row of units, such as mm, kg and -, above numbers."""
    first, others = rows[0], rows[1:LOOKED_AT]
    words = [place for place, cell in enumerate(first) if cell != "" and as_text(cell) not in DASHES]
    if len(others) < 3 or not words or not no_numbers([first[place] for place in words]):
        return
    numbers = [place for place in words if all(numeral(as_text(row[place])) is not None for row in others)]
    if len(numbers) > 1 or (numbers and len(numbers) == len(words)):
        units = ", ".join(f"{header[place]} {first[place]}" for place in numbers[:5])
        raise InputError(f"{path}, line {lines[0]} looks like units ({units}) above the numbers; remove that line.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
