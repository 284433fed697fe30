"""Data sets of the `datasets` library: from its hub, from a folder of its own, from parquet or picture folders.

This is the only module that imports that library; nothing else needs it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.dataset import SPLIT_WORDS, Block, Dataset, Splits, as_splits, training_part
from pellucid.data.labels import are_measurements, check_whole_numbers, checked_codes, class_names_of, codes_of, counted
from pellucid.data.readers.csv_table import find_column
from pellucid.data.readers.decimal_marks import DecimalMarks
from pellucid.data.readers.numerals import as_category, is_missing
from pellucid.data.readers.table_columns import Columns, Declared, read_columns
from pellucid.errors import InputError, MissingExtraError, MissingFileError
from pellucid.errors import listed as listed_columns

LABEL_NAMES = ("label", "labels", "fine_label")
PANDAS_INDEX = "__index_level_"  # a column of this name is where rows once stood in a frame
SAVED = ("dataset_dict.json", "state.json")  # what save_to_disk leaves in its folder


def read(
    name: str | Path,
    label: str | None = None,
    groups: str | None = None,
    regression: bool | None = None,
    decimal: str | None = None,
    **declared: Any,
) -> Splits:
    """Return the data sets of a hub name, a folder or a parquet file.

    Parameters
    ----------
    name : a name on the hub ("owner/name"), a folder written by `save_to_disk`, a folder of parquet files or of
        class folders, or one parquet file.
    label : the column of the classes; by default label, labels or fine_label.
    groups : a column that says which rows belong together; it is no feature then.
    regression : whether the labels are numbers to predict; None decides by how they look.
    decimal : the decimal mark, "." or ",", where a column of texts leaves it open.
    declared : what is known of the columns, as `Declared` has it.

    Raises
    ------
    MissingExtraError : the library is not installed.
    MissingFileError : there is no such file, folder or name on the hub.
    InputError : it cannot be loaded, or it has no column that can be the label or no pictures and numbers.
    """
    source = str(name) if isinstance(name, Path) else f"hf:{name}"
    tables = _tables(str(name), source)
    parts = {part: SPLIT_WORDS[part.lower()] for part in tables if part.lower() in SPLIT_WORDS}
    tables = {split: tables[part] for part, split in parts.items()} or tables
    first = tables[training_part(tables, source)]
    label = find_column(first.column_names, label, LABEL_NAMES, source)
    feature = first.features[label]
    listed = tuple(getattr(feature, "names", None) or ())
    if regression:
        listed = ()
    known = Declared(**declared)
    named = label in known.categorical
    if named and not known.only:
        known = replace(known, categorical=[name for name in known.categorical if name != label])
    labels = _column(first, label, source)
    if not listed:
        _check_labels(first, labels, label, named, regression, source)
    class_names = listed or class_names_of(
        labels, source, False if named and regression is None else regression, words=True
    )
    data: dict[str, Dataset] = {}
    for part, table in sorted(tables.items(), key=lambda pair: pair[1] is not first):  # what is learned from first
        values = _column(table, label, source)
        if listed and table is not first and (values < 0).all():
            continue  # the hub's way to publish a test set without its answers
        codes = checked_codes(values, listed, source) if listed else codes_of(values, class_names, source)
        data[part] = _dataset(table, label, groups, codes, class_names, known, source, decimal)
        known = _known_from(data[part]) or known
    return as_splits(data, source)


def read_rows(
    path: Path, columns: Sequence[str], categorical: Collection[str] = (), decimal: str | None = None
) -> Columns:
    """Return the named columns of a parquet file, as `csv_table.read_rows` does."""
    table = next(iter(_tables(str(path), str(path)).values()))
    known = Declared.by_training(columns, categorical)
    return _read_columns(table, known.features(table.column_names, (), str(path)), known, str(path), decimal)


def _tables(name: str, source: str) -> Mapping[str, Any]:
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError(
            f'{source} needs the datasets library, which is not installed: pip install "pellucid[datasets]".'
        ) from error
    path = Path(name)
    try:
        if any((path / file).exists() for file in SAVED):
            loaded = datasets.load_from_disk(name)
        elif path.suffix == ".parquet":
            loaded = datasets.load_dataset("parquet", data_files=name)
        else:
            loaded = datasets.load_dataset(name)
    except FileNotFoundError as error:
        raise MissingFileError(f"{source} is neither a file or folder here nor found on the hub: {error}") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{source} cannot be loaded: {error}") from error
    return loaded if isinstance(loaded, dict) else {"train": loaded}


def _column(table: Any, name: str, source: str) -> np.ndarray:
    values = table.select_columns([name]).with_format(None)[:][name]
    if None in values:
        raise InputError(f"{source}: row {values.index(None)} has no {name!r}; every sample needs one.")
    values = np.asarray(values)
    return values.astype(str) if values.dtype == bool else values  # True and False, as in a text file


def _check_labels(
    table: Any, labels: np.ndarray, column: str, named: bool, regression: bool | None, source: str
) -> None:
    """Raise InputError for labels that are words for missing ones, and for numbers that may be classes or not."""
    if labels.dtype.kind in "iuf":
        of_table = not any(type(feature).__name__ == "Image" for feature in table.features.values())
        known = regression is not None or named or not np.isfinite(labels).all()
        if of_table and not known and not are_measurements(set(labels.tolist()), len(labels)):
            check_whole_numbers(labels, f"column {column!r} of {source}")
    elif not named and (rows := [row for row, label in enumerate(labels.tolist()) if is_missing(label)]):
        raise InputError(
            f"{source}: row {rows[0]}, column {column!r} is {str(labels[rows[0]])!r}, which stands for a missing label "
            f"({counted(len(rows))}). Leave such rows out; or, if it is a class, keep it with --categorical "
            f"{listed_columns([column])} (categorical={[column]})."
        )


def _groups(values: np.ndarray) -> np.ndarray:
    """Return groups, those of texts as a text file has them: 7 and 7.0 are one, a row without one is alone."""
    if values.dtype.kind not in "OUS":
        return values
    return np.array([as_category(value) or f"row {row}" for row, value in enumerate(values.tolist())], object)


def _dataset(
    table: Any,
    label: str,
    groups: str | None,
    codes: np.ndarray,
    class_names: tuple[str, ...],
    known: Declared,
    source: str,
    decimal: str | None,
) -> Dataset:
    import datasets

    if known.only and groups not in table.column_names:
        groups = None  # data to score on, whose columns are known from training, need not have it
    taken = {label} if groups is None else {label, find_column(table.column_names, groups, (), source)}
    columns = [name for name in table.column_names if name not in taken]
    pictures = [name for name in columns if isinstance(table.features[name], datasets.Image)]
    frame = Dataset(
        read=list,
        labels=codes,
        class_names=class_names,
        kind="pictures",
        names=[f"row {row}" for row in range(len(codes))],
        source=source,
        groups=None if groups is None else _groups(_column(table, groups, source)),
        target=label,
    )
    if pictures:
        undecoded = table.select_columns(pictures[:1]).cast_column(pictures[0], datasets.Image(decode=False))

        def read_pictures(rows: np.ndarray) -> Block:
            return [cell["bytes"] or Path(cell["path"]) for cell in undecoded[rows.tolist()][pictures[0]]]

        return replace(frame, read=read_pictures)
    named = {*known.only, *known.categorical, *known.numeric}
    features = known.features(table.column_names, taken, source)
    features = [name for name in features if name in named or not name.startswith(PANDAS_INDEX)] or features
    held = _read_columns(table, features, known, source, decimal)
    frame = replace(frame, read=held.X.__getitem__, kind="table", notes=held.notes)
    return replace(frame, columns=held.names, categorical=held.categorical)


def _read_columns(
    table: Any, names: Sequence[str], known: Declared, source: str, decimal: str | None = None
) -> Columns:
    if strange := [name for name in names if not _is_plain(table.features[name])]:
        raise InputError(
            f"{source} has no pictures, and columns of neither numbers nor texts: {', '.join(strange)}. Leave them out "
            f"with --drop {listed_columns(strange)} (drop={strange})."
        )
    cells = dict(table.select_columns(names).with_format(None)[:])
    for name in names:
        if listed := getattr(table.features[name], "names", None):
            cells[name] = [None if code is None or code < 0 else listed[code] for code in cells[name]]

    def where(row: int, name: str) -> str:
        return f"{source}: row {row}, column {name!r}"

    return read_columns(cells, names, known, where, DecimalMarks(cells, where, decimal))


def _known_from(dataset: Dataset) -> Declared | None:
    """Return what the columns of the training part are, for the other parts."""
    numeric = [name for name in dataset.columns if name not in dataset.categorical]
    return Declared(dataset.categorical, numeric, only=dataset.columns) if dataset.columns else None


def _is_plain(feature: Any) -> bool:
    return str(getattr(feature, "dtype", "")).startswith(("int", "uint", "float", "bool", "string", "large_string"))
