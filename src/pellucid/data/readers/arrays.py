"""Named arrays - in an HDF5 file, an npz file, a pair of IDX files - become data sets.

Which array holds the samples and which the labels is found out by their names, or told by `keys`. Arrays of
rank 3 and 4 are pictures, of rank 2 rows of numbers.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from pellucid.data.dataset import SPLIT_WORDS, Dataset, Splits, as_splits, training_part
from pellucid.data.images import PictureShape
from pellucid.data.labels import LONGEST_LABEL, checked_codes, class_names_of, codes_of, flat
from pellucid.errors import InputError
from pellucid.system import memory

PAIRS = (("x", "y"), ("X", "y"), ("images", "labels"), ("data", "labels"), ("data", "target"), ("features", "targets"))
LAYOUTS = ("{split}_set_{key}", "{split}_{key}", "{key}_{split}")
NAME_KEYS = ("list_classes", "class_names")
BYTES_A_SAMPLE = 150  # that a sample takes in memory before it is read: its name, its label, its code
MOST_COLUMNS = 2**22  # a name is made for each
BLOCK_ROWS = 256  # as `Dataset.blocks` reads them


class Stored(Protocol):
    """An array that may still be in its file: rows are read when asked for, in any order."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype: ...
    def __getitem__(self, rows: Any, /) -> Any: ...


@dataclass(frozen=True)
class Pair:
    """The samples and the labels of one part, notes on others; class names, where the labels are codes into them."""

    samples: Stored
    labels: Any
    source: str
    class_names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


def find_pairs(arrays: Mapping[str, Stored], keys: tuple[str, str] | None, source: str) -> dict[str, Pair]:
    """Return the pairs of samples and labels among named arrays, by the part they belong to.

    Raises
    ------
    InputError : nothing is called by `keys` or by a usual name; the message lists what is there.
    """
    names = _pair_names(arrays, keys)
    if not names:
        looked = f"no {' and '.join(keys)}" if keys else "no samples and labels under a usual name (x and y, ...)"
        raise InputError(
            f"{source} holds {looked}; there are: {', '.join(sorted(arrays)) or '(nothing)'}. "
            'Name the two with keys=("SAMPLES", "LABELS").'
        )
    used = {name for pair in names.values() for name in pair}
    if scalar := [name for name in arrays if name in used and arrays[name].shape == ()]:
        raise InputError(f"{source}: {scalar[0]} is a single value; expected one for each sample.")
    listed = next((arrays[key] for key in NAME_KEYS if key in arrays), None)
    class_names = None if listed is None else tuple(_text(name) for name in _whole(listed, source))
    notes = _notes(arrays, used, keys is None)
    return {
        split: Pair(arrays[samples], flat(_whole(arrays[labels], source), source), source, class_names, notes)
        for split, (samples, labels) in names.items()
    }


def _pair_names(names: Collection[str], keys: tuple[str, str] | None) -> dict[str, tuple[str, str]]:
    if keys is not None:
        return {"train": keys} if set(keys) <= set(names) else {}
    found: dict[str, tuple[str, str]] = {}
    for layout in LAYOUTS:
        for word, split in SPLIT_WORDS.items():
            for samples, labels in PAIRS:
                pair = (layout.format(split=word, key=samples), layout.format(split=word, key=labels))
                if (there := _in_any_case(pair, names)) is not None:
                    found.setdefault(split, there)
    if not found and (plain := [there for pair in PAIRS if (there := _in_any_case(pair, names)) is not None]):
        found["train"] = plain[0]
    return found


def _in_any_case(pair: tuple[str, str], names: Collection[str]) -> tuple[str, str] | None:
    """Return a pair of names as they are there, in small or capital letters; None where one is not, or not once."""
    if set(pair) <= set(names):
        return pair
    first, second = ([name for name in names if name.lower() == wanted.lower()] for wanted in pair)
    return (first[0], second[0]) if len(first) == len(second) == 1 else None


def _notes(arrays: Mapping[str, Stored], used: Collection[str], by_name: bool) -> tuple[str, ...]:
    """Return a sentence on the arrays that are not used, where they were found by their names."""
    others = sorted(name for name in arrays if name not in used and name not in NAME_KEYS and arrays[name].shape != ())
    if not by_name or not others:
        return ()
    return (f"{', '.join(sorted(used))} are used; {', '.join(others)} are passed over",)


def _whole(array: Stored, source: str) -> Any:
    count, length = math.prod(array.shape), array.dtype.itemsize
    if array.dtype.kind in "SU" and length > 4 * LONGEST_LABEL:  # bytes: of one letter up to four
        raise InputError(f"{source}: a label takes {length:,} bytes; {LONGEST_LABEL:,} characters are the most.")
    memory.check_memory(source, count * (array.dtype.itemsize + BYTES_A_SAMPLE), InputError)
    return array[:]


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def splits_of(pairs: Mapping[str, Pair], source: str, regression: bool | None = None) -> Splits:
    """Return the data sets of pairs by part; the training part's classes hold for all of them.

    regression: whether the labels are numbers to predict; None decides by how they look, integers being classes.
    """
    first = pairs[training_part(pairs, source)]
    if regression is None and first.labels.dtype.kind != "f":
        regression = False
    names = (not regression and first.class_names) or class_names_of(first.labels, first.source, regression)
    code = checked_codes if first.class_names and names else codes_of
    return as_splits({split: dataset_of(pair, names, code(pair.labels, names, pair.source))
                      for split, pair in pairs.items()}, source)  # fmt: skip


def dataset_of(pair: Pair, class_names: tuple[str, ...], codes: np.ndarray) -> Dataset:
    """Return the data set of one pair: pictures or numbers, whichever the shape of its samples says."""
    samples, source = pair.samples, pair.source
    shape = tuple(samples.shape)
    if len(shape) not in (2, 3, 4) or 0 in shape or samples.dtype.kind not in "buif":
        raise InputError(
            f"the samples of {source} are an array of shape {shape} and type {samples.dtype}; expected pictures "
            "(n, height, width) or (n, height, width, channels), or rows of numbers (n, columns)."
        )
    if shape[0] != len(codes):
        turned = shape[-1] == len(codes)
        hint = " The samples seem to lie in the last axis; save X.T, one row for each sample." if turned else ""
        raise InputError(
            f"{source} has {shape[0]} samples and {len(codes)} labels; one label for each is needed.{hint}"
        )
    memory.check_memory(source, min(shape[0], BLOCK_ROWS) * math.prod(shape[1:]) * samples.dtype.itemsize, InputError)
    if len(shape) == 2 and shape[1] > MOST_COLUMNS:
        raise InputError(f"{source} has {shape[1]:,} columns; {MOST_COLUMNS:,} are the most.")
    names = [f"row {row}" for row in range(len(codes))]
    if len(shape) == 2:
        columns = tuple(f"x{column + 1}" for column in range(shape[1]))
        return Dataset(lambda rows: finite(samples[rows], rows, columns, source), codes, class_names, "numbers", names,
                       source, columns=columns, notes=pair.notes)  # fmt: skip
    if len(shape) == 4 and shape[3] not in (1, 3, 4):
        raise InputError(
            f"the pictures of {source} have the shape {shape[1:]}; expected (height, width, channels) with 1, 3 or 4 "
            f"channels, channels last.{' Save np.moveaxis(X, 1, 3).' if shape[1] in (1, 3, 4) else ''}"
        )
    if samples.dtype == np.uint16:
        _check_range(samples, source)
    native = PictureShape(shape[1], shape[2], 1 if len(shape) == 3 or shape[3] == 1 else 3)
    return Dataset(samples.__getitem__, codes, class_names, "pictures", names, source, shape=native, notes=pair.notes)


def _check_range(samples: Stored, source: str) -> None:
    """Raise InputError where pictures of 16 bits hold 8-bit numbers: all of them would be black."""
    high = 0
    for start in range(0, samples.shape[0], BLOCK_ROWS):
        high = max(high, int(np.max(samples[start : start + BLOCK_ROWS])))
        if high > 255:  # mostly in the first block
            return
    raise InputError(
        f"the pictures of {source} are uint16, and their values lie in 0 to {high} of 65535, so all would be black. "
        "Save 8-bit numbers as uint8: X.astype(np.uint8)."
    )


def finite(block: np.ndarray, rows: np.ndarray, columns: Sequence[str], source: str) -> np.ndarray:
    """Return a block of numbers as it is, or raise InputError naming the first that is missing or not finite."""
    if not np.isfinite(block).all():
        row, column = np.argwhere(~np.isfinite(block))[0]
        raise InputError(
            f"{source}: row {rows[row]}, column {columns[column]!r} is {block[row, column]}; every value must be "
            "a finite number. A table with names for its columns (CSV, parquet) may have missing values."
        )
    return block
