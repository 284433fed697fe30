"""Extraction: samples become raw rows, block by block; picture files by all cores, or mapped from the cache.

Nobody holds all raw samples. Where rows come from makes no difference to a single bit of them.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike

from pellucid._version import __version__
from pellucid.data import Dataset
from pellucid.data.images import prepare_decoders, read_file
from pellucid.errors import BadPictureError, InputError, PellucidError
from pellucid.features import Features, PictureFeatures, Pixels
from pellucid.nn.scaled_integers import Rows
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


class Progress(Protocol):
    """Who wants to show how far a job is: the command line's bars, a page."""

    def reading(self, source: str, done: int, total: int) -> None:
        """Take note that `done` of `total` samples of a source are read."""

    def fits(self, what: str, done: int, total: int) -> None:
        """Take note that `done` of `total` fits are done, of cross-validation or whatever `what` says."""

    def training(self, X: Rows, y: np.ndarray, epochs: int) -> Callable[[Any], None]:
        """Return a callback for the training loop; X and codes y are the training rows."""


def assemble(
    dataset: Dataset,
    features: Features,
    dtype: DTypeLike = np.float64,
    skipped: list[tuple[str, str]] | None = None,
    progress: Progress | None = None,
    cache: bool = False,
) -> tuple[Rows, Dataset]:
    """Return the rows X (n * views, n_out) that a network takes of a data set, and the data set of just those samples.

    Pictures of integer pixels stay integers, which X makes floats of `dtype` from where it is indexed. All else is as
    for `described`.
    """
    R, dataset = described(dataset, features, dtype, skipped, progress, cache)
    return features.transform(R, dtype), dataset


def described(
    dataset: Dataset,
    features: Features,
    dtype: DTypeLike = np.float64,
    skipped: list[tuple[str, str]] | None = None,
    progress: Progress | None = None,
    cache: bool = False,
) -> tuple[np.ndarray, Dataset]:
    """Return the raw rows (n, n_row) of a data set, read block by block, and the data set of just those samples.

    dtype: of rows of floats, where the features leave it open.
    skipped: where given, pictures that cannot be read are left out and added to it as (name, reason); else
    BadPictureError names and counts them when all are read.
    cache: keep the rows of picture files in the user's cache folder, and take them from there.
    """

    def told(done: int, total: int) -> None:
        if progress is not None:
            progress.reading(dataset.source, done, total)

    if not (isinstance(features, PictureFeatures) and dataset.of_files):
        return _rows_of_arrays(dataset, features, dtype, told), dataset
    R, bad = picture_rows(dataset, features, told, cache)
    if not bad:
        return R, dataset
    named = [(dataset.names[row], reason) for row, reason in bad]
    if skipped is None:
        raise unreadable(named)
    skipped += named
    good = np.delete(np.arange(len(dataset)), [row for row, _ in bad])
    if len(np.unique(dataset.labels[good])) < len(np.unique(dataset.labels)):
        raise InputError(f"{dataset.source}: of a whole class nothing is left after leaving out what cannot be read.")
    return R, dataset.take(good)


def _rows_of_arrays(dataset: Dataset, features: Features, dtype: DTypeLike, told: Told) -> np.ndarray:
    """Return raw rows; of pixels: uint8 or uint16 where they are integers, else floats."""
    R = np.empty((0, features.n_row), dtype)
    done = 0
    for raw in map(np.asarray, dataset.blocks()):
        own = None
        if isinstance(features, Pixels):
            own = dtype if raw.dtype.kind == "f" else np.uint16 if raw.dtype == np.uint16 else np.uint8
        block = features.extract(raw, own)
        if done == 0:
            R = np.empty((len(dataset), features.n_row), block.dtype)
        R[done : done + len(block)] = block
        done += len(block)
        told(done, len(dataset))
    return R


def unreadable(named: list[tuple[str, str]]) -> BadPictureError:
    """Return the error that counts pictures that cannot be read and names the first of them."""
    shown = "".join(f"\n  {name}: {reason}" for name, reason in named[:10])
    more = f"\n  and {len(named) - 10} more" if len(named) > 10 else ""
    pictures = "1 picture" if len(named) == 1 else f"{len(named)} pictures"
    return BadPictureError(f"{pictures} cannot be read; leave out such with --skip-bad (skip_bad=True):{shown}{more}")
