"""`load` looks at the source and picks its reader.

The readers are rows of one table; each says which of the options it takes, so that an option is never
silently without effect.
"""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pellucid.data import toy
from pellucid.data.dataset import Splits
from pellucid.data.groups import BLOCKS, grouped_splits
from pellucid.data.images.kinds import is_named_picture
from pellucid.data.readers import csv_table, frame, hdf5, huggingface, idx, image_folders, listed_pictures, npz
from pellucid.data.readers.folder_tree import opened_zip
from pellucid.data.readers.frame import Frame, as_source
from pellucid.data.readers.table_columns import Columns
from pellucid.data.readers.workbook import workbook_file
from pellucid.errors import InputError, MissingFileError


class Reader(NamedTuple):
    """A way to read data: the function, the options it takes, and what it reads, in words."""

    read: Callable[..., Splits]
    options: tuple[str, ...]
    what: str


OF_ARRAYS = ("keys", "regression")
OF_TABLES = ("label", "groups", "regression", "decimal", "categorical", "numeric", "drop", "only")

HDF5 = Reader(hdf5.read, OF_ARRAYS, "HDF5 file")
IDX = Reader(idx.read, (), "IDX file or folder of them")
FOLDERS = Reader(image_folders.read, ("label_from",), "folder or zip of class folders")
NPZ = Reader(npz.read, OF_ARRAYS, "NumPy file")
TABLE = Reader(csv_table.read, (*OF_TABLES, "skip_bad"), "table")
LISTED = Reader(listed_pictures.read, ("label", "pictures_from"), "table of pictures and their labels")
HUGGINGFACE = Reader(huggingface.read, OF_TABLES, "data set of the datasets library")
FRAME = Reader(frame.read, OF_TABLES, "data frame")
TOY = Reader(toy.read, (), "toy data set")

BY_ENDING = {
    ".h5": HDF5,
    ".hdf5": HDF5,
    ".csv": TABLE,
    ".tsv": TABLE,
    ".npz": NPZ,
    ".parquet": HUGGINGFACE,
    ".zip": FOLDERS,
}
TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".xlsx")
OTHER_WORKBOOKS = (".xlsm", ".xls", ".xlsb", ".ods", ".numbers")
BY_PREFIX = {"hf:": HUGGINGFACE, "toy:": TOY}


def load(
    source: str | Path | Frame | tuple[str | Path, str | Path],
    *,
    least_classes: int = 2,
    usual: Mapping[str, Any] | None = None,
    **options: Any,
) -> Splits:
    """Return the data sets that a source holds, by part.

    Parameters
    ----------
    source : a folder or zip of class folders with pictures, an HDF5, CSV, TSV, .xlsx, .npz, parquet or IDX file, a
        folder of HDF5 or IDX files, a pair of IDX files, "hf:NAME" or "toy:NAME"; a data frame of pandas, polars or
        pyarrow.
    least_classes : how many classes there must be; 1 will do to score on.
    usual : options that count only where they are not given and the reader takes them.
    options : what the reader takes.
        label : the column of the classes, or of the numbers to predict, for tables.
        groups : a column that says which rows belong together, for tables; "row-blocks" for stretches of them.
        categorical, numeric, drop, only : what is known of the columns of tables, as `table_columns.Declared` has it.
        keys : the names of samples and labels, for HDF5 and .npz files.
        regression : whether the labels are numbers to predict, for all of these; None decides by how they look.
        decimal : the decimal mark of a table, "." or ",", where its cells leave it open.
        skip_bad : whether rows of a CSV or TSV file without a label are left out.
        label_from : a regular expression that finds the class in each picture's name, for folders and zips of pictures.
        pictures_from : the folder or zip of the pictures that a CSV or TSV file names beside their labels.

    Raises
    ------
    MissingFileError : there is nothing at this place.
    InputError : a kind of file that cannot be read, contents that do not fit, or fewer than two classes.

    >>> load("toy:moons").train.counts()
    {'0': 200, '1': 200}
    """
    reader, place = _reader_of(source)
    options = _given(options)
    if "pictures_from" in options and reader is TABLE:
        reader = LISTED
    if strange := [name for name in options if name not in reader.options]:
        raise InputError(f"{source} is a {reader.what}; {strange[0]}= has no meaning there, leave it out.")
    usual = {name: value for name, value in _given(usual or {}).items() if name in reader.options}
    options = {**usual, **options}
    in_blocks = options.get("groups") == BLOCKS  # which are no column
    splits = reader.read(place, **{name: value for name, value in options.items() if name != "groups" or not in_blocks})
    splits = grouped_splits(splits, BLOCKS) if in_blocks else splits
    if not splits.train.class_names:
        return splits
    present = [name for name, number in splits.train.counts().items() if number]
    if len(present) < least_classes:
        raise InputError(
            f"{source} has only one class, {', '.join(present)}; learning to tell classes apart needs at least two."
        )
    return splits


def takes(source: str | Path | Frame | tuple[str | Path, str | Path], option: str) -> bool:
    """Return whether an option of `load` has a meaning for a source: "groups", a column, for tables alone.

    >>> takes("toy:moons", "groups")
    False
    """
    return option in _reader_of(source)[0].options


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value or value is False}


def _reader_of(source: Any) -> tuple[Reader, Any]:
    if isinstance(source, tuple):
        first, second = map(_existing, source)
        return IDX, (first, second)
    for prefix, reader in BY_PREFIX.items():
        if isinstance(source, str) and source.startswith(prefix):
            return reader, source.removeprefix(prefix)
    if not isinstance(source, str | Path):
        return FRAME, as_source(source)
    path = _existing(source)
    if workbook_file(path) is not None:
        return TABLE, path
    if path.is_dir():
        return _reader_of_folder(path), path
    if idx.is_idx(path):
        return IDX, path
    if is_named_picture(path.name):
        raise InputError(
            f"{path} is one picture; training needs a folder with one folder of pictures per class. "
            "pellucid predict and pellucid explain take one picture, with a model."
        )
    if path.suffix.lower() in OTHER_WORKBOOKS:
        raise InputError(f"{path} is a workbook of another kind; save it as .xlsx and give that file.")
    if path.suffix.lower() == ".zip" and (table := _only_table(path)):
        raise InputError(f"{path} holds one table, {table}: unpack it and give that file.")
    if path.suffix.lower() == ".gz" and path.with_suffix("").suffix.lower() in TABLE_ENDINGS:
        raise InputError(f"{path} is packed; unpack it (gunzip {path.name}) and give {path.with_suffix('').name}.")
    if path.suffix.lower() not in BY_ENDING:
        raise InputError(
            f"{path} is of a kind that cannot be read. These can: {', '.join(BY_ENDING)}, .xlsx, IDX files "
            "(...-ubyte, also .gz), a folder of class folders with pictures, hf:NAME, toy:NAME."
        )
    return BY_ENDING[path.suffix.lower()], path


def _only_table(path: Path) -> str:
    """Return the name of the table that is all a zip holds, or ""."""
    try:
        with opened_zip(path) as archive:
            names = [name for name in archive.namelist() if not name.startswith("__MACOSX/") and name[-1:] != "/"]
    except InputError:
        return ""  # its reader raises it again
    return names[0] if len(names) == 1 and names[0].lower().endswith(TABLE_ENDINGS) else ""


def _reader_of_folder(folder: Path) -> Reader:
    if any((folder / name).exists() for name in huggingface.SAVED) or any(folder.glob("*.parquet")):
        return HUGGINGFACE
    if hdf5.files_in(folder):
        return HDF5
    if idx.files_in(folder):
        return IDX
    inside = list(folder.iterdir())
    tables = sorted(path.name for path in inside if path.suffix.lower() in TABLE_ENDINGS and path.is_file())
    if tables and not any(path.is_dir() or is_named_picture(path.name) for path in inside):
        raise InputError(f"{folder} holds tables, {', '.join(tables)}; give one of them: {folder / tables[0]}.")
    return FOLDERS


def rows_of_table(
    path: Path, columns: Sequence[str], categorical: Collection[str] = (), decimal: str | None = None
) -> Columns:
    """Return the named columns of a CSV, TSV, .xlsx or parquet file, in that order; others are passed over.

    categorical: those of them that hold categories; all others hold numbers.  decimal: as for `load`.
    """
    if not (workbook_file(path) or path).exists():
        raise MissingFileError(f"there is no file {path}.")
    of_kind = huggingface if path.suffix.lower() == ".parquet" else csv_table
    return of_kind.read_rows(path, columns, categorical, decimal)


def _existing(source: str | Path) -> Path:
    if not str(source):
        raise InputError("the name of the data is empty.")
    path = Path(os.path.expanduser(source))  # noqa: PTH111 - leaves an unknown ~name as it is
    if not (workbook_file(path) or path).exists():
        where = "" if str(source) == str(path.absolute()) else f" (looked for {path.absolute()})"
        raise MissingFileError(f"there is no file or folder {source}{where}.")
    if not (workbook_file(path) or path).is_file() and not path.is_dir():
        raise InputError(f"{source} is neither a file nor a folder; data cannot come from it.")
    return path
