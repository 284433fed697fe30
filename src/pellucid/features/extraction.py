"""Picture files become raw rows: decoded, resized and described by all cores, or mapped from the cache.

Where they come from makes no difference to a single bit of them.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pellucid._version import __version__
from pellucid.data import Dataset
from pellucid.data.images import prepare_decoders, read_file
from pellucid.errors import BadPictureError, PellucidError
from pellucid.features import PictureFeatures
from pellucid.system import cache
from pellucid.system.threads import in_order

FORMAT = 1  # of what is cached; a change of how pictures are decoded or kept gives it the next number
TOLD_EVERY = 16  # pictures

Told = Callable[[int, int], None]
Bad = list[tuple[int, str]]


def picture_rows(dataset: Dataset, features: PictureFeatures, told: Told, cached: bool) -> tuple[np.ndarray, Bad]:
    """Return the raw rows (n, n_row) of the pictures that can be read, and (row, reason) for each that cannot.

    told: is called with how many are done, and of how many.  cached: take them from the user's cache, where they are
    left if they are not there and all can be read.

    Raises MissingFileError for a file that is gone.
    """
    if cached and len(dataset):
        try:
            return _through_cache(dataset, features, told)
        except cache.CacheError:
            pass
    R = np.empty((len(dataset), features.n_row), features.row_dtype)
    free = iter(R)
    bad = _decode(dataset, features, told, lambda row: np.copyto(next(free), row))
    return R[: len(R) - len(bad)], bad


def _through_cache(dataset: Dataset, features: PictureFeatures, told: Told) -> tuple[np.ndarray, Bad]:
    shape = (len(dataset), features.n_row)
    key = _key(dataset, features)
    if key is not None and (found := cache.find(key, shape, features.row_dtype)) is not None:
        told(len(dataset), len(dataset))
        return found, []
    seen = _begun_key(features)  # of what is decoded: a file may have changed since it was looked at above
    with cache.draft(shape, features.row_dtype) as draft:
        bad = _decode(dataset, features, told, draft.append, seen)
        return (draft.rows() if bad else draft.keep(seen.hexdigest())), bad


def _decode(
    dataset: Dataset, features: PictureFeatures, told: Told, put: Callable[[np.ndarray], None], seen: Any = None
) -> Bad:
    """Put the raw row of each picture in turn, return those that cannot be read; `seen` is told each file's digest."""

    def decode(raw: Any) -> tuple[bytes, np.ndarray | BadPictureError]:
        try:
            file = read_file(raw)
        except BadPictureError as error:
            return b"", error
        return b"" if seen is None else hashlib.sha256(file.data).digest(), features.attempt(file)

    prepare_decoders()
    bad: Bad = []
    for place, (digest, row) in enumerate(in_order(decode, _files(dataset))):
        if seen is not None:
            seen.update(digest)
        if isinstance(row, BadPictureError):
            bad.append((place, str(row)))
        else:
            put(row)
        if (place + 1) % TOLD_EVERY == 0 or place + 1 == len(dataset):
            told(place + 1, len(dataset))
    return bad


def _key(dataset: Dataset, features: PictureFeatures) -> str | None:
    """Return the key of a data set's rows, or None where a file cannot be read."""
    key = _begun_key(features)
    try:
        for digest in in_order(lambda raw: hashlib.sha256(read_file(raw).data).digest(), _files(dataset)):
            key.update(digest)
    except PellucidError:
        return None
    return key.hexdigest()


def _begun_key(features: PictureFeatures) -> Any:
    """Return a hash of all that decides about the rows, but for the contents of the files."""
    how = [FORMAT, __version__, features.made_with(), features.metadata()]
    return hashlib.sha256(json.dumps(how, sort_keys=True).encode())


def _files(dataset: Dataset) -> Iterator[Any]:
    for block in dataset.blocks():
        yield from block
