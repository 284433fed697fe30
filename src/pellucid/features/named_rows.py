"""Rows by the names of their columns: a data frame, a list of dicts or a dict of lists, in whatever order they come."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.errors import InputError


def named_rows(raw: Any, columns: Sequence[str]) -> list[list[Any]] | None:
    """Return the cells of raw rows in the order of `columns`; None where the rows have no names.

    raw: a frame of pandas, polars or pyarrow, one of its rows, a dict, a list of dicts, or a dict of lists. Other
    columns are passed over.

    Raises InputError for a column that is missing or that two columns share.

    >>> named_rows({"b": [2, 4], "a": [1, 3]}, ["a", "b"])
    [[1, 2], [3, 4]]
    """
    if (frame := _columns_of_frame(raw)) is not None:
        names, cells_of = frame
        if twice := [name for name, count in Counter(names).items() if count > 1 and name in set(columns)]:
            raise InputError(f"the data frame has two columns named {twice[0]!r}; rename one.")
        _check_columns(columns, names, "the data frame")
        return [list(row) for row in zip(*(cells_of(name) for name in columns), strict=True)]
    if isinstance(raw, Mapping):
        cells = [raw.get(name) for name in columns]
        if not any(_is_column(cell) for cell in cells):
            return [_of_mapping(raw, columns, 0)]
        _check_columns(columns, list(raw), "the dict")
        if not all(map(_is_column, cells)) or len({len(cell) for cell in cells if cell is not None}) > 1:
            raise InputError("the dict mixes single values and lists, or lists of different lengths; give equal lists.")
        return [list(row) for row in zip(*cells, strict=True)]
    if isinstance(raw, list | tuple) and raw and isinstance(raw[0], Mapping):
        return [_of_mapping(row, columns, number) for number, row in enumerate(raw)]
    return None


def _columns_of_frame(raw: Any) -> tuple[list[str], Any] | None:
    """Return the names of a frame's columns and what gives their cells; None where `raw` is no frame."""
    if isinstance(raw, np.ndarray | Mapping | list | tuple | str | bytes | int | float):
        return None
    if hasattr(raw, "iloc") and hasattr(raw, "columns") and len(set(raw.columns)) < len(raw.columns):
        return list(map(str, raw.columns)), lambda name: raw[name].tolist()  # narwhals takes no equal names
    if hasattr(raw, "to_dict") and hasattr(raw, "index") and not hasattr(raw, "columns"):
        row = raw.to_dict()  # one row of pandas
        return list(map(str, row)), lambda name: [{str(key): value for key, value in row.items()}[name]]
    import narwhals

    frame = narwhals.from_native(raw, eager_only=True, pass_through=True)
    if not isinstance(frame, narwhals.DataFrame):
        return None
    named = {str(name): name for name in frame.columns}
    return list(named), lambda name: frame.get_column(named[name]).to_list()


def _is_column(cell: Any) -> bool:
    return isinstance(cell, list | tuple | np.ndarray)


def _of_mapping(row: Any, columns: Sequence[str], number: int) -> list[Any]:
    if not isinstance(row, Mapping):
        raise InputError(f"row {number} has no names of columns, unlike the rows before it; got {type(row).__name__}.")
    _check_columns(columns, list(row), f"row {number}")
    return [row[name] for name in columns]


def _check_columns(columns: Sequence[str], names: Sequence[Any], what: str) -> None:
    present = set(names)
    if not (lacking := [name for name in columns if name not in present]):
        return
    alike = {str(name).strip().casefold(): name for name in names}
    near = alike.get(lacking[0].strip().casefold())
    hint = f"; {near!r} differs from {lacking[0]!r} in case or blanks" if near is not None else ""
    raise InputError(f"{what} has no {', '.join(map(repr, lacking))}{hint}; None stands for a missing value.")
