"""CSV and TSV files: one row a sample, one column the label, every other column a number.

Comma, semicolon or tab, decimal point or comma are found out. A cell that is not a number is named with its
line and column, because that is what one needs to mend it.
"""

import csv
import io
import re
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from pellucid import memory
from pellucid.data.dataset import Dataset, Splits
from pellucid.data.labels import class_names_of, codes_of
from pellucid.errors import InputError

IN_MEMORY = 12  # bytes that a table takes for one of its file: a cell of eight characters is a text of 65 bytes
MOST_SHOWN = 60  # characters of a cell in a message
DELIMITERS = ",;\t"
LABEL_NAMES = ("label", "class", "target", "y", "species", "diagnosis")


def read(path: Path, label: str | None = None, groups: str | None = None) -> Splits:
    """Return the data set of a table with a header.

    Parameters
    ----------
    path : the file, in UTF-8.
    label : the column of the classes; by default the one named label, class, target, y, species or diagnosis.
    groups : a column that says which rows belong together; it is no feature then.

    Raises
    ------
    InputError : no such column, a cell that is empty, not a number or not finite, rows of different lengths.
    """
    header, lines, rows, decimal = _table(path)
    label = find_column(header, label, LABEL_NAMES, str(path))
    taken = {label} if groups is None else {label, find_column(header, groups, (), str(path))}
    features = [place for place, name in enumerate(header) if name not in taken]
    if not features:
        raise InputError(f"{path} has no column to learn from beside {', '.join(sorted(taken))}.")
    cells = dict(zip(header, zip(*rows, strict=True), strict=True))
    if empty := [line for line, cell in zip(lines, cells[label], strict=True) if not cell]:
        raise InputError(f"{path}, line {empty[0]}, column {label!r} is empty; every sample needs a label.")
    class_names = class_names_of(cells[label], str(path))
    X = _numbers(rows, features, decimal, path, header, lines)
    return Splits(
        Dataset(
            read=X.__getitem__,
            labels=codes_of(cells[label], class_names, str(path)),
            class_names=class_names,
            kind="numbers",
            names=[f"line {line}" for line in lines],
            source=str(path),
            columns=tuple(header[place] for place in features),
            groups=None if groups is None else np.array(cells[groups], object),
        )
    )


def read_columns(path: Path, columns: Sequence[str]) -> np.ndarray:
    """Return the numbers (n, d) of the named columns of a table, in that order; others are passed over.

    Raises
    ------
    InputError : as `read`, or a column that is not there.
    """
    header, lines, rows, decimal = _table(path)
    if missing := [name for name in columns if name not in header]:
        raise InputError(f"{path} has no column {missing[0]!r}; its columns are {', '.join(header)}.")
    return _numbers(rows, [header.index(name) for name in columns], decimal, path, header, lines)


def find_column(columns: Sequence[str], wanted: str | None, usual: Collection[str], source: str) -> str:
    """Return the wanted column, or the one that has a usual name, or raise InputError listing the columns."""
    found = [name for name in columns if name == wanted or (wanted is None and name.lower() in usual)]
    if len(found) == 1:
        return found[0]
    here = f"its columns are {', '.join(columns)}."
    if wanted is not None:
        raise InputError(f"{source} has no column {wanted!r}; {here}")
    raise InputError(
        f"{source} does not say which column is the label; {here} "
        'Name the column of the classes with --label NAME (label="NAME").'
    )


def _table(path: Path) -> tuple[list[str], list[int], list[list[str]], str]:
    """Return header, line numbers, rows of stripped cells, and the decimal mark."""
    try:
        memory.refuse_beyond(path, IN_MEMORY * path.stat().st_size, InputError)
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f'{path} is not in UTF-8 (byte {error.start} is not); save it anew as "CSV UTF-8".') from None
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
    return header, lines, rows, "." if delimiter == "," else ","


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


def _numbers(
    rows: list[list[str]], places: list[int], decimal: str, path: Path, header: list[str], lines: list[int]
) -> np.ndarray:
    X = np.empty((len(rows), len(places)))
    for i, row in enumerate(rows):
        for j, place in enumerate(places):
            try:
                X[i, j] = float(row[place].replace(decimal, ".").replace("_", "?"))  # 1_000 is no number here
            except ValueError:
                raise _bad_cell(row[place], f"{path}, line {lines[i]}, column {header[place]!r}") from None
    if not np.isfinite(X).all():
        i, j = np.argwhere(~np.isfinite(X))[0]
        raise _bad_cell(rows[i][places[j]], f"{path}, line {lines[i]}, column {header[places[j]]!r}")
    return X


def _bad_cell(text: str, where: str) -> InputError:
    if not text:
        return InputError(f"{where} is empty; fill it in or remove the line (missing values come in a later release).")
    shown = repr(text[:MOST_SHOWN]) + ("..." if len(text) > MOST_SHOWN else "")
    return InputError(f"{where} is {shown}, expected a finite number; correct it, or remove the column.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
