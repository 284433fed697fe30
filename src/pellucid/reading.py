"""Picture files become rows of integers: decoded and resized by all cores, or mapped from the cache.

Where they come from makes no difference to a single bit of them.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pellucid import cache
from pellucid.data import Dataset
from pellucid.errors import BadPictureError, PellucidError
from pellucid.features import Pixels
from pellucid.parallel import in_order
from pellucid.pictures import decoder_version, prepare_decoders, read_file
from pellucid.version import __version__

FORMAT = 1  # of what is cached; a change of how pictures are decoded or kept gives it the next number
TOLD_EVERY = 256  # pictures

Told = Callable[[int, int], None]
Bad = list[tuple[int, str]]


def picture_rows(dataset: Dataset, features: Pixels, told: Told, cached: bool) -> tuple[np.ndarray, Bad]:
    """Return the pixels (n, n_out), uint8, of the pictures that can be read, and (row, reason) for each that cannot.

    told: is called with how many are done, and of how many.  cached: take them from the user's cache, where they are
    left if they are not there. It keeps a source as a whole, so that any division of it finds its pictures there.

    Raises MissingFileError for a file that is gone.
    """
    if cached and len(dataset):
        try:
            return _part(dataset, *_through_cache(dataset.whole or dataset, features, told))
        except cache.CacheError:
            pass
    X = np.empty((len(dataset), features.n_out), np.uint8)
    free = iter(X)
    bad = _decode(dataset, features, told, lambda pixels: np.copyto(next(free), pixels.ravel()))
    return X[: len(X) - len(bad)], bad


def _through_cache(whole: Dataset, features: Pixels, told: Told) -> tuple[np.ndarray, Bad]:
    """Return what `picture_rows` does, for all of a source: from the cache, or decoded and then left there."""
    shape = (len(whole), features.n_out)
    key = _key(whole, features)
    if key is not None and (found := cache.find(key, shape, np.uint8)) is not None:
        told(len(whole), len(whole))
        return found, []
    seen = _begun_key(features)  # of what is decoded: a file may have changed since it was looked at above
    with cache.draft(shape, np.uint8) as draft:
        bad = _decode(whole, features, told, draft.append, seen)
        return (draft.rows() if bad else draft.keep(seen.hexdigest())), bad


def _part(dataset: Dataset, X: np.ndarray, bad: Bad) -> tuple[np.ndarray, Bad]:
    """Return the rows of a data set, and its bad pictures, from those of the whole that it was taken from."""
    if dataset.rows is None:
        return X, bad
    reasons = dict(bad)
    good = np.ones(len(dataset.whole or ()), bool)
    good[list(reasons)] = False
    places = np.cumsum(good) - 1  # of the whole's good pictures in X
    bad = [(row, reasons[of_whole]) for row, of_whole in enumerate(dataset.rows.tolist()) if of_whole in reasons]
    return X[places[dataset.rows[good[dataset.rows]]]], bad


def _decode(dataset: Dataset, features: Pixels, told: Told, put: Callable[[np.ndarray], None], seen: Any = None) -> Bad:
    """Put the pixels of each picture in turn, return those that cannot be read; `seen` is told each file's digest."""

    def decode(raw: Any) -> tuple[bytes, np.ndarray | BadPictureError]:
        try:
            file = read_file(raw)
        except BadPictureError as error:
            return b"", error
        return b"" if seen is None else hashlib.sha256(file.data).digest(), features.attempt(file)

    prepare_decoders()
    bad: Bad = []
    for row, (digest, pixels) in enumerate(in_order(decode, _files(dataset))):
        if seen is not None:
            seen.update(digest)
        if isinstance(pixels, BadPictureError):
            bad.append((row, str(pixels)))
        else:
            put(pixels)
        if (row + 1) % TOLD_EVERY == 0 or row + 1 == len(dataset):
            told(row + 1, len(dataset))
    return bad


def _key(dataset: Dataset, features: Pixels) -> str | None:
    """Return the key of a data set's rows, or None where a file cannot be read."""
    key = _begun_key(features)
    try:
        for digest in in_order(lambda raw: hashlib.sha256(read_file(raw).data).digest(), _files(dataset)):
            key.update(digest)
    except PellucidError:
        return None
    return key.hexdigest()


def _begun_key(features: Pixels) -> Any:
    """Return a hash of all that decides about the pixels, but for the contents of the files."""
    how = [FORMAT, __version__, decoder_version(), features.metadata()]
    return hashlib.sha256(json.dumps(how, sort_keys=True).encode())


def _files(dataset: Dataset) -> Iterator[Any]:
    for block in dataset.blocks():
        yield from block
