"""Which samples belong together: photographs of one folder, one burst, one day, or alike in a piece of their name.

A split keeps a group on one side, so that the score is about new leaves, new patients, new days.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from pellucid.data.audit.image_metadata import MetadataTable, metadata_of
from pellucid.data.audit.similarity import BURST, coarse, join
from pellucid.data.dataset import Dataset, Splits
from pellucid.errors import InputError

WAYS_OF_METADATA = ("burst", "date")
WAYS = ("parent", *WAYS_OF_METADATA)
ALONE = "none"  # the way of those who want each photograph of a burst to count alone
BLOCKS = "row-blocks"  # the way of those whose rows are in the order of time
FEWEST_BLOCKS = 20  # that rows of one label make
BURST_SECONDS = 3  # between one photograph of a burst and the next


def grouped(dataset: Dataset, by: str, metadata: MetadataTable | None = None, needed: bool = True) -> np.ndarray:
    """Return the group of each sample, as texts (n,); a sample that has none is a group of its own, with its own name.

    Parameters
    ----------
    dataset : pictures; or rows of any kind, for "row-blocks".
    by : "row-blocks", stretches of consecutive rows, as `row_blocks` has them; for pictures "parent", the folder that
        holds the file, below that of its class (of the same name in two classes: one group); "burst", photographs of
        one camera that follow each other within 3 seconds, and neighbours in the order of names that show nearly the
        same; "date", the day in the EXIF data; "none", each by itself; or a regular expression on the file's name
        within the source: its first group, or else all that it matches.
    metadata : those of the pictures, where they have been read already.
    needed : whether a way by which no two samples are in one group is an error.

    Raises
    ------
    InputError : rows of numbers (their groups are a column), a pattern that is not one, or a way by which no two
        samples are in one group.
    """
    if by == BLOCKS:
        if BLOCKS in dataset.columns:
            raise InputError(
                f"{dataset.source} has a column {BLOCKS!r}, which means blocks of rows; rename the column."
            )
        return row_blocks(dataset.labels, bool(dataset.class_names)).astype(str)
    if dataset.kind != "pictures":
        raise InputError(f"{dataset.source} holds rows of numbers; name the column of the groups, not {by!r}.")
    if by == "parent":
        found = [_below_class(name, dataset.class_depth) for name in dataset.names]
        missing = "no folders below those of the classes; put the pictures that belong together into one"
    elif by == ALONE:
        return np.array(dataset.names)
    elif by == "date":
        metadata = metadata or metadata_of(dataset)
        found = ["" if np.isnat(day) else str(day) for day in metadata.taken.astype("datetime64[D]")]
        missing = "no dates in its pictures' EXIF data"
    elif by == "burst":
        found = [dataset.names[first] for first in bursts(dataset, metadata or metadata_of(dataset))]
        missing = "no bursts: all pictures are from different moments, as far as their times and looks tell"
    else:
        found = [_matched(pattern, name) for pattern in [_compiled(by)] for name in dataset.names]
        missing = f"no names in which {by!r} matches{f'; one is {dataset.names[0]}' if len(dataset) else ''}"
    groups = np.array([group or name for group, name in zip(found, dataset.names, strict=True)])
    if needed and (not any(found) or (by == "burst" and len(set(found)) == len(found))):
        raise InputError(
            f"{dataset.source} has {missing}. Group by {', '.join(WAYS)} or a regular expression on names."
        )
    return groups


def row_blocks(labels: np.ndarray, of_classes: bool) -> np.ndarray:
    """Return the block (n,) of each row: a twentieth of the rows, and for classes on to where the label changes.

    A run of rows of one class is often one recording; its end would be a neighbour of its beginning.

    >>> np.bincount(row_blocks(np.repeat([0, 1, 0], [1, 30, 9]), of_classes=True)).tolist()
    [31, 9]
    """
    n = len(labels)
    least = -(-n // FEWEST_BLOCKS)
    ends = np.flatnonzero(np.diff(labels)) + 1 if of_classes else np.arange(1, n)
    block, start = np.zeros(n, np.intp), 0
    for end in ends.tolist():
        if end - start >= least:
            block[end:] += 1
            start = end
    return block


def grouped_splits(splits: Splits, by: str, metadata: dict[str, MetadataTable] | None = None) -> Splits:
    """Return the parts with their samples grouped; `metadata` by part, where they have been read already.

    Only the training part must have groups: test pictures may well be single ones.
    """
    metadata = metadata or {}
    groups = {part: grouped(data, by, metadata.get(part), needed=part == "train") for part, data in splits.items()}
    return Splits(**{part: replace(data, groups=groups[part]) for part, data in splits.items()})


def bursts(dataset: Dataset, metadata: MetadataTable) -> np.ndarray:
    """Return labels (n,): photographs of one burst have the same one, the row of the first of them."""
    labels = np.arange(len(dataset))
    known = np.flatnonzero(~np.isnat(metadata.taken))
    cameras = np.unique(np.array(metadata.cameras), return_inverse=True)[1]
    in_time = known[np.lexsort((metadata.taken[known], cameras[known]))]
    before, after = in_time[:-1], in_time[1:]
    close = metadata.taken[after] - metadata.taken[before] <= np.timedelta64(BURST_SECONDS, "s")
    join(labels, before, after, close & (cameras[before] == cameras[after]))
    vectors = coarse(metadata.thumbnails)
    for rows in _by_folder(dataset.names):
        before, after = rows[:-1], rows[1:]
        join(labels, before, after, _alike_pairs(vectors[before], vectors[after]))
    return labels


def evident_bursts(dataset: Dataset, metadata: MetadataTable) -> np.ndarray | None:
    """Return `bursts` of photographs if their times or looks give evidence of any but exact copies, else None."""
    if np.isnat(metadata.taken).all() and not more_alike_than_chance(dataset, metadata):
        return None
    labels = bursts(dataset, metadata)
    content = np.unique(metadata.digests.view(f"V{metadata.digests.shape[1]}").ravel(), return_inverse=True)[1]
    pairs = np.unique(np.stack([labels, content]), axis=1)
    return labels if len(np.unique(labels)) < pairs.shape[1] else None


def more_alike_than_chance(dataset: Dataset, metadata: MetadataTable) -> bool:
    """Whether neighbours in the order of names show the same more often than pictures further apart in their folder.

    Where all pictures of a class look alike, as garments before a white wall do, neighbours are no bursts.
    """
    vectors = coarse(metadata.thumbnails)
    near = far = np.int64(0)
    for rows in _by_folder(dataset.names):
        vectors_here = vectors[rows]
        away = max(2, len(rows) // 2)
        near += _alike_pairs(vectors_here[:-1], vectors_here[1:]).sum()
        far += _alike_pairs(vectors_here, np.roll(vectors_here, away, axis=0)).sum()
    return bool(near > 3 * far)


def _alike_pairs(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("kd,kd->k", a, b) >= BURST


def joined(*groupings: Sequence | np.ndarray | None) -> np.ndarray:
    """Return groups (n,) of integers in which samples are together that are together in any of the groupings.

    None among them says nothing.

    >>> joined(["a", "a", "b", "c"], [0, 1, 1, 2]).tolist()
    [0, 0, 0, 3]
    """
    given = [np.unique(np.asarray(groups), return_inverse=True)[1] for groups in groupings if groups is not None]
    labels = np.arange(len(given[0]))
    for groups in given:
        order = np.argsort(groups, kind="stable")
        join(labels, order[:-1], order[1:], groups[order[:-1]] == groups[order[1:]])
    return labels


def _below_class(name: str, depth: int) -> str:
    return "/".join(PurePosixPath(name).parts[depth:-1]) if depth else ""


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(
            f"{pattern!r} is neither {', '.join(WAYS)} nor a regular expression: {error}. One such as 'plant(\\d+)' "
            "groups by the number behind plant."
        ) from None


def _matched(pattern: re.Pattern[str], name: str) -> str:
    match = pattern.search(name)
    return "" if match is None else (match[1] if pattern.groups else match[0]) or ""


def _by_folder(names: Iterable[str]) -> list[np.ndarray]:
    """Return the rows of each folder in the order of their names, numbers in them by size."""
    folders: dict[str, list[tuple[list[Any], int]]] = {}
    for row, name in enumerate(names):
        folder, _, file = name.rpartition("/")
        folders.setdefault(folder, []).append((_in_order(file), row))
    return [np.array([row for _, row in sorted(keyed)]) for keyed in folders.values()]


def _in_order(name: str) -> list[Any]:
    """Return what sorts img2 before img10: words, and between them numbers as (digits, number)."""
    pieces: list[Any] = re.split(r"(\d+)", name, flags=re.ASCII)
    pieces[1::2] = [(len(digits.lstrip("0")), digits.lstrip("0")) for digits in pieces[1::2]]
    return pieces
