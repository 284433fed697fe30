"""Workbooks of Excel and LibreOffice (.xlsx): the cells of one sheet as they are stored, with the rows they stand in.

This is the only module that imports openpyxl. "book.xlsx#Data" names a sheet.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from pellucid.data.readers.numerals import in_western_digits
from pellucid.errors import InputError, MissingExtraError
from pellucid.system import memory

WITH_SHEET = re.compile(r"(?P<file>.*\.xlsx)(?:#(?P<sheet>.+))?", re.IGNORECASE | re.DOTALL)
IN_MEMORY = 4  # bytes for one of the unpacked file
MOST_CELLS = 50_000_000  # that a sheet spreads over; each row is as long as its last cell is far
PROTECTED = b"\xd0\xcf\x11\xe0"  # how a workbook with a password begins, and one of before 2007


def workbook_file(path: Path) -> Path | None:
    """Return the file of a name such as book.xlsx or book.xlsx#Data; None where it is no workbook's.

    >>> workbook_file(Path("a/book.xlsx#Data")).name, workbook_file(Path("t.csv"))
    ('book.xlsx', None)
    """
    match = WITH_SHEET.fullmatch(str(path))
    return Path(match["file"]) if match else None


def read_cells(path: Path) -> tuple[list[list[Any]], list[int]]:
    """Return the rows of a sheet that are not blank, all as long as the longest, and the number of each in the sheet.

    Numbers and truths are as stored; texts are stripped; dates are texts such as 2024-03-05; an empty cell is "".

    Raises
    ------
    MissingExtraError : openpyxl is not installed.
    InputError : no workbook, one with a password, several sheets with cells, formulas that were never computed.
    """
    match = WITH_SHEET.fullmatch(str(path))
    file, wanted = (Path(match["file"]), match["sheet"]) if match else (path, None)
    with _opened(file, values=True) as book:
        sheet = _sheet_of(book, file, wanted)
        table, lines = list[list[Any]](), list[int]()
        for number, cells in enumerate(_rows(sheet, file), 1):
            if cells:
                table.append(cells)
                lines.append(number)
        title = sheet.title
    width = max(map(len, table), default=0)
    memory.check_memory(file, 8 * width * len(table), InputError)
    table = [row + [""] * (width - len(row)) for row in table]
    if any("" in row for row in table):
        _check_computed(file, title, table, lines)
    return table, lines


def write_cells(path: Path, rows: Sequence[Sequence[str | float]]) -> bytes:
    """Return the bytes of a workbook with one sheet: texts stay texts, whatever they begin with."""
    openpyxl = _openpyxl(path)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("answers")
    for row in rows:
        cells = []
        for value in row:
            cell = openpyxl.cell.WriteOnlyCell(sheet, value=value)
            if isinstance(value, str):
                cell.data_type = "s"  # "=1+1" is no formula
            cells.append(cell)
        sheet.append(cells)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _openpyxl(path: Path) -> Any:
    try:
        import openpyxl
        import openpyxl.cell
    except ImportError as error:
        raise MissingExtraError(
            f'{path} needs the openpyxl library, which is not installed: pip install "pellucid[excel]". '
            'Or save the sheet as "CSV UTF-8".'
        ) from error
    return openpyxl


@contextmanager
def _opened(file: Path, values: bool) -> Iterator[Any]:
    """Open a workbook, with the values of its formulas or the formulas; its errors become ours."""
    openpyxl = _openpyxl(file)
    try:
        with file.open("rb") as stream:
            begins = stream.read(4)
        if begins == PROTECTED:
            raise InputError(f"{file} has a password, or is of Excel before 2007. Save it as .xlsx without a password.")
        with zipfile.ZipFile(file) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        memory.check_memory(file, IN_MEMORY * unpacked, InputError)
        book = openpyxl.load_workbook(file, read_only=True, data_only=values)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # whatever a broken file brings about in a library
        raise _broken(file, error) from error
    try:
        yield book
    finally:
        book.close()


def _broken(file: Path, error: Exception) -> InputError:
    return InputError(f"{file} is no workbook that can be read ({type(error).__name__}: {error}). Save it again.")


def _sheet_of(book: Any, file: Path, wanted: str | None) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if wanted is not None:
        if wanted not in sheets:
            raise InputError(f"{file} has no sheet {wanted!r}; its sheets are {', '.join(sheets)}.")
        return sheets[wanted]
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    filled = [sheet for sheet in visible if any(map(len, _rows(sheet, file)))]
    if len(filled) > 1:
        names = ", ".join(repr(sheet.title) for sheet in filled)
        raise InputError(f"{file} has several sheets: {names}. Name the one to read: '{file}#{filled[0].title}'.")
    if not filled:
        raise InputError(f"{file} holds no samples; expected a header and a row for each sample.")
    return filled[0]


def _rows(sheet: Any, file: Path) -> Iterator[list[Any]]:
    """Yield the cells of each row up to the last that is not empty; the size that the file claims is not believed."""
    sheet.reset_dimensions()
    seen = 0
    try:
        for row in sheet.iter_rows(values_only=True):
            seen += len(row)
            if seen > MOST_CELLS:
                raise InputError(f"{file}, sheet {sheet.title!r} spreads over more than {MOST_CELLS:,} cells.")
            cells = [_plain(value) for value in row]
            while cells and cells[-1] == "":
                cells.pop()
            yield cells
    except InputError:
        raise
    except Exception as error:  # whatever a broken sheet brings about in a library
        raise _broken(file, error) from error


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return in_western_digits(value.strip())
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return (
        value.isoformat() if isinstance(value, date | time) else value if isinstance(value, int | float) else str(value)
    )


def _check_computed(file: Path, title: str, table: list[list[Any]], lines: list[int]) -> None:
    """Raise InputError for a formula whose value the file does not hold: its cell would count as missing."""
    with _opened(file, values=False) as book:
        formulas = list(_rows(book[title], file))
        for row, line in zip(table, lines, strict=True):
            for place, cell in enumerate(formulas[line - 1][: len(row)]):
                if row[place] == "" and str(cell).startswith("="):
                    raise InputError(
                        f"{file}, row {line}, column {place + 1} is a formula ({cell}) without a value. Open the file "
                        "in Excel or LibreOffice, save it, and try again."
                    )
