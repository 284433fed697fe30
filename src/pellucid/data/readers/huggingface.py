"""Data sets of the `datasets` library: from its hub, from a folder of its own, from parquet or picture folders.

This is the only module that imports that library; nothing else needs it.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.dataset import SPLIT_WORDS, Block, Dataset, Splits, as_splits, training_part
from pellucid.data.labels import checked_codes, class_names_of, codes_of
from pellucid.data.readers.csv_table import find_column
from pellucid.data.readers.frame import Frame, check_labels, groups_of, known_of
from pellucid.data.readers.table_columns import Columns, Declared
from pellucid.errors import InputError, MissingExtraError, MissingFileError

LABEL_NAMES = ("label", "labels", "fine_label")
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
    known, named = known_of(Declared(**declared), label)
    labels = _column(first, label, source)
    of_pictures = bool(_pictures(first))
    if not listed and not (of_pictures and labels.dtype.kind in "iuf"):
        check_labels(labels, label, named, regression, source)
    class_names = listed or class_names_of(
        labels, source, False if named and regression is None else regression, words=True
    )
    data: dict[str, Dataset] = {}
    for part, table in sorted(tables.items(), key=lambda pair: pair[1] is not first):  # what is learned from first
        values = _column(table, label, source)
        if listed and table is not first and (values < 0).all():
            continue  # the hub's way to publish a test set without its answers
        codes = checked_codes(values, listed, source) if listed else codes_of(values, class_names, source)
        if of_pictures:
            data[part] = _of_pictures(table, label, groups, codes, class_names, source)
            continue
        data[part] = _frame(table, source).dataset(label, groups, codes, class_names, known, decimal)
        known = _known_from(data[part])
    return as_splits(data, source)


def read_rows(
    path: Path, columns: Sequence[str], categorical: Collection[str] = (), decimal: str | None = None
) -> Columns:
    """Return the named columns of a parquet file, as `csv_table.read_rows` does."""
    frame = _frame(next(iter(_tables(str(path), str(path)).values())), str(path))
    known = Declared.by_training(columns, categorical)
    return frame.columns(known.features(frame.names, (), str(path)), known, decimal)


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


def _pictures(table: Any) -> list[str]:
    """Return the columns of pictures."""
    return [name for name, feature in table.features.items() if type(feature).__name__ == "Image"]


def _of_pictures(
    table: Any, label: str, groups: str | None, codes: np.ndarray, class_names: tuple[str, ...], source: str
) -> Dataset:
    import datasets

    name = _pictures(table)[0]
    undecoded = table.select_columns([name]).cast_column(name, datasets.Image(decode=False))

    def read_pictures(rows: np.ndarray) -> Block:
        return [cell["bytes"] or Path(cell["path"]) for cell in undecoded[rows.tolist()][name]]

    in_groups = None
    if groups is not None:
        in_groups = groups_of(_column(table, find_column(table.column_names, groups, (), source), source))
    return Dataset(
        read=read_pictures,
        labels=codes,
        class_names=class_names,
        kind="pictures",
        names=[f"row {row}" for row in range(len(codes))],
        source=source,
        groups=in_groups,
        target=label,
    )


def _frame(table: Any, source: str) -> Frame:
    """Return a table without pictures."""
    plain = [name for name, feature in table.features.items() if _is_plain(feature)]
    cells = dict(table.select_columns(plain).with_format(None)[:])
    for name in plain:
        if listed := getattr(table.features[name], "names", None):
            cells[name] = [None if code is None or code < 0 else listed[code] for code in cells[name]]
    return Frame(source, cells, [name for name in table.column_names if name not in cells])


def _known_from(dataset: Dataset) -> Declared:
    """Return what the columns of the training part are, for the other parts."""
    numeric = [name for name in dataset.columns if name not in dataset.categorical]
    return Declared(dataset.categorical, numeric, only=dataset.columns)


def _is_plain(feature: Any) -> bool:
    return str(getattr(feature, "dtype", "")).startswith(("int", "uint", "float", "bool", "string", "large_string"))
