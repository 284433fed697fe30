"""Extraction: samples become raw rows, block by block; picture files by all cores, or mapped from the cache.

Nobody holds all raw samples. The rows are the same to the last bit, wherever they come from.
"""

import json
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import DTypeLike

from pellucid._version import __version__
from pellucid.data import Dataset, MetadataTable, read_metadata
from pellucid.data.image_scan import Look, Put, scan
from pellucid.data.images import PictureFile
from pellucid.errors import BadPictureError, InputError
from pellucid.features import Features, PictureFeatures, Pixels
from pellucid.nn.scaled_integers import Rows
from pellucid.system import cache
from pellucid.system.progress import SILENT, Progress

FORMAT = 2  # of what is cached; a change of how pictures are decoded or kept gives it the next number
KEY_START = 32  # hexadecimal digits

Bad = list[tuple[int, str]]


@dataclass(frozen=True, eq=False)
class ImageScan:
    """What one pass over the picture files of a data set gave.

    R: raw rows (n, n_row) of those that can be decoded.  bad: (row, reason) of the others.  metadata: where wanted.
    """

    R: np.ndarray
    bad: Bad
    metadata: MetadataTable | None = None

    def without(self, rows: np.ndarray) -> "ImageScan":
        """Return the scan of the data set without some rows; its metadata is left out."""
        left = np.delete(np.arange(len(self.R) + len(self.bad)), rows)
        reasons = dict(self.bad)
        bad = [(row, reasons[old]) for row, old in enumerate(left.tolist()) if old in reasons]
        decoded = np.delete(np.arange(len(self.R) + len(self.bad)), list(reasons))
        return ImageScan(self.R[np.isin(decoded, left)], bad)


def scan_images(
    dataset: Dataset,
    features: Features,
    progress: Progress = SILENT,
    cached: bool = False,
    with_metadata: bool = False,
) -> ImageScan:
    """Return the raw rows of picture files, and their metadata where wanted, from one pass over the files.

    cached: take the rows of files that are known from the user's cache, and leave all there.
    """
    assert isinstance(features, PictureFeatures)
    if cached and len(dataset):
        try:
            return _scan_with_cache(dataset, features, progress, with_metadata)
        except cache.CacheError:
            pass
    table, looks = _metadata(dataset, with_metadata)
    R = np.empty((len(dataset), features.n_row), features.row_dtype)
    bad: Bad = []

    def put(row: int, raw: np.ndarray | BadPictureError) -> None:
        if isinstance(raw, BadPictureError):
            bad.append((row, str(raw)))
        else:
            R[row - len(bad)] = raw

    scan(dataset, [*looks, (features.attempt, put)], progress)
    return ImageScan(R[: len(R) - len(bad)], bad, table)


def _scan_with_cache(dataset: Dataset, features: PictureFeatures, progress: Progress, with_metadata: bool) -> ImageScan:
    table, looks = _metadata(dataset, with_metadata)
    bad: Bad = []
    with cache.cached_rows(_made_by(features), (len(dataset), features.n_row), features.row_dtype) as rows:

        def look(file: PictureFile) -> tuple[bytes, np.ndarray | BadPictureError]:
            found = rows.find(file.digest)
            return file.digest, features.attempt(file) if found is None else found

        def put(row: int, found: tuple[bytes, np.ndarray | BadPictureError] | BadPictureError) -> None:
            digest, raw = (b"", found) if isinstance(found, BadPictureError) else found
            if isinstance(raw, BadPictureError):
                bad.append((row, str(raw)))
            else:
                rows.append(digest, raw)

        scan(dataset, [*looks, (look, put)], progress)
        return ImageScan(rows.rows(), bad, table)


def _metadata(dataset: Dataset, wanted: bool) -> tuple[MetadataTable | None, list[tuple[Look, Put]]]:
    """Return a table that is filled by the pass, and what fills it."""
    table = MetadataTable.empty(len(dataset)) if wanted else None
    return table, [] if table is None else [(read_metadata, table.put)]


def _made_by(features: PictureFeatures) -> str:
    """Return what rows are known to be made by: all that decides about them but the files' contents."""
    how = [FORMAT, __version__, features.made_with(), features.metadata(), features.n_row]
    return sha256(json.dumps(how, sort_keys=True).encode()).hexdigest()[:KEY_START]


def assemble(
    dataset: Dataset,
    features: Features,
    dtype: DTypeLike = np.float64,
    skipped: list[tuple[str, str]] | None = None,
    progress: Progress = SILENT,
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
    progress: Progress = SILENT,
    cache: bool = False,
    scanned: ImageScan | None = None,
) -> tuple[np.ndarray, Dataset]:
    """Return the raw rows (n, n_row) of a data set, read block by block, and the data set of just those samples.

    dtype: of rows of floats, where the features leave it open.
    skipped: where given, pictures that cannot be read are left out and added to it as (name, reason); else
    BadPictureError names and counts them when all are read.
    cache: keep the rows of picture files in the user's cache folder, and take them from there.
    scanned: what was found in the picture files, where they have been read already.
    """
    if not (isinstance(features, PictureFeatures) and dataset.of_files):
        return _rows_of_arrays(dataset, features, dtype, progress), dataset
    scanned = scanned or scan_images(dataset, features, progress, cache)
    if not scanned.bad:
        return scanned.R, dataset
    named = [(dataset.names[row], reason) for row, reason in scanned.bad]
    if skipped is None:
        raise unreadable(named)
    skipped += named
    good = np.delete(np.arange(len(dataset)), [row for row, _ in scanned.bad])
    if len(np.unique(dataset.labels[good])) < len(np.unique(dataset.labels)):
        raise InputError(f"{dataset.source}: every file of a class is unreadable, so nothing is left to learn it from.")
    return scanned.R, dataset.take(good)


def _rows_of_arrays(dataset: Dataset, features: Features, dtype: DTypeLike, progress: Progress) -> np.ndarray:
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
        progress.reading(dataset.source, done, len(dataset))
    return R


def unreadable(named: list[tuple[str, str]]) -> BadPictureError:
    """Return the error that counts pictures that cannot be read and names the first of them."""
    shown = "".join(f"\n  {name}: {reason}" for name, reason in named[:10])
    more = f"\n  and {len(named) - 10} more" if len(named) > 10 else ""
    pictures = "1 picture" if len(named) == 1 else f"{len(named)} pictures"
    return BadPictureError(f"{pictures} cannot be read; leave out such with --skip-bad (skip_bad=True):{shown}{more}")
