"""A cache in the user's own folder: rows that took long to compute, each known by the digest of what it was made from.

Whatever goes wrong with it costs time, never a result: each row has a checksum of its own, so it is whole or not there.
A killed process leaves the rows that it has written until then, and a data set that grew is computed in part only.
"""

import os
import secrets
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import DTypeLike

LARGEST = 4 * 2**30  # bytes of all files together; the least recently used go first
DIGEST, CHECKSUM = 32, 4  # bytes of an entry: what a row is known by, and the crc32 of both
ENTRY = DIGEST + CHECKSUM
ROWS, ENTRIES = ".rows", ".entries"


class CacheError(Exception):
    """The cache cannot be used; whoever asked does without it."""


def folder() -> Path:
    """Return the folder of the cache, made where it is missing: $PELLUCID_CACHE, or the system's place for caches."""
    if chosen := os.environ.get("PELLUCID_CACHE"):
        place = Path(chosen)
    else:
        from platformdirs import user_cache_path

        place = user_cache_path("pellucid", appauthor=False)
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CacheError(str(error)) from error
    return place


class Store:
    """Rows (n, width) in two files that only grow: the rows, and an entry for each; the shorter one counts."""

    def __init__(self, path: Path, width: int, dtype: np.dtype) -> None:
        self.path = path
        self._entries = path.with_suffix(ENTRIES).read_bytes()
        size = path.stat().st_size // (width * dtype.itemsize)
        n = min(size, len(self._entries) // ENTRY)
        self.rows = np.memmap(path, dtype, "r", shape=(n, width)).view(np.ndarray) if n else np.empty((0, width), dtype)
        self.places = {self.digest(place): place for place in range(n)}

    def __len__(self) -> int:
        return len(self.rows)

    def digest(self, place: int) -> bytes:
        """Return what a row is known by."""
        return self._entries[place * ENTRY : place * ENTRY + DIGEST]

    def row(self, place: int) -> np.ndarray | None:
        """Return a row, None where it is damaged: a power cut may leave zeros in its place."""
        row = self.rows[place]
        entry = self._entries[place * ENTRY : (place + 1) * ENTRY]
        return row if entry == _entry(entry[:DIGEST], row) else None

    def used(self) -> None:
        """Note that it was of use just now."""
        with suppress(OSError):
            os.utime(self.path)

    def remove(self) -> None:
        """Remove both files; where a row of them is still mapped, Windows does not allow it."""
        for path in (self.path, self.path.with_suffix(ENTRIES)):
            with suppress(OSError):
                path.unlink()


class CachedRows:
    """The rows of one pass over a data set, in its order: those that are stored already, and new ones.

    While they are those of one store, from its first on, nothing is written; else all go to a new one.
    """

    def __init__(self, made_by: str, shape: tuple[int, int], dtype: DTypeLike) -> None:
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._name = f"{made_by}-{self._dtype}x{shape[1]}"
        self._stores = _stores(self._name, shape[1], self._dtype)
        self._same = list(self._stores)  # whose rows are those of this pass until now
        self._n = 0
        self._new: tuple[Path, IO[bytes], IO[bytes]] | None = None

    def find(self, digest: bytes) -> np.ndarray | None:
        """Return the row that is known by a digest; None where there is none.  Any thread may ask."""
        for store in self._stores:
            if (place := store.places.get(digest)) is not None and (row := store.row(place)) is not None:
                return row
        return None

    def append(self, digest: bytes, row: np.ndarray) -> None:
        """Add the next row of the pass."""
        if self._new is None:
            n, before = self._n, self._same
            self._same = [s for s in before if n < len(s) and s.digest(n) == digest and s.row(n) is not None]
            if not self._same:
                self._open()
                for place in range(n):
                    self._write(before[0].digest(place), before[0].rows[place])
        if self._new is not None:
            self._write(digest, row)
        self._n += 1

    def rows(self) -> np.ndarray:
        """Return all rows of the pass, mapped read-only, and leave them for the next time."""
        if self._n == 0:
            return np.empty((0, self._shape[1]), self._dtype)
        if self._new is None:
            self._same[0].used()
            return self._same[0].rows[: self._n]
        path, *files = self._new
        try:
            for file in files:
                file.close()
            kept = Store(path, self._shape[1], self._dtype)
        except (OSError, ValueError) as error:
            raise CacheError(str(error)) from error
        for store in self._stores:
            if store.places.keys() <= kept.places.keys():
                store.remove()  # all that it holds is here too
        _make_room(path)
        return kept.rows

    def close(self) -> None:
        """Close the files; what was written stays."""
        for file in () if self._new is None else self._new[1:]:
            with suppress(OSError):
                file.close()

    def _open(self) -> None:
        path = folder() / f"{self._name}-{secrets.token_hex(8)}{ROWS}"
        try:
            if self._shape[0] * self._shape[1] * self._dtype.itemsize > shutil.disk_usage(path.parent).free // 2:
                raise CacheError("it would take more than half of what is free on the disk.")
            for place in (path, path.with_suffix(ENTRIES)):
                place.touch(mode=0o600, exist_ok=False)  # photographs are private
            self._new = path, path.open("wb"), path.with_suffix(ENTRIES).open("wb")
        except OSError as error:
            raise CacheError(str(error)) from error

    def _write(self, digest: bytes, row: np.ndarray) -> None:
        assert self._new is not None
        row = np.ascontiguousarray(row, self._dtype)
        try:  # by plain writes, not through a map: a full disk is then an error, not a signal that kills
            self._new[1].write(row.data)
            self._new[2].write(_entry(digest, row))
        except OSError as error:
            raise CacheError(str(error)) from error


@contextmanager
def cached_rows(made_by: str, shape: tuple[int, int], dtype: DTypeLike) -> Iterator[CachedRows]:
    """Give the rows of one pass, and close them; after a Ctrl-C too, what was written is there the next time.

    made_by: what the rows are made by, which begins the names of their files.  shape: (at most so many rows, width).

    Raises CacheError where the cache cannot be used.
    """
    rows = CachedRows(made_by, shape, dtype)
    try:
        yield rows
    finally:
        rows.close()


def _entry(digest: bytes, row: np.ndarray) -> bytes:
    return digest + zlib.crc32(row.data, zlib.crc32(digest)).to_bytes(CHECKSUM, "little")


def _stores(name: str, width: int, dtype: np.dtype) -> list[Store]:
    """Return the stores whose files begin with a name, the largest first."""
    found = []
    for path in folder().glob(f"{name}-*{ROWS}"):
        with suppress(OSError, ValueError):
            found.append(Store(path, width, dtype))
    return sorted(found, key=len, reverse=True)


def _make_room(kept: Path) -> None:
    """Remove the least recently used files beyond `LARGEST`, never those of `kept`."""
    now, total = time.time(), 0
    ages = []
    for path in kept.parent.iterdir():
        with suppress(OSError):
            of_both = path.with_suffix(ROWS)
            used = (of_both if of_both.exists() else path).stat().st_mtime
            size = path.stat().st_size
            ages.append((path.stem != kept.stem, now - used, size, path))
            total += size
    for others, _, size, path in sorted(ages, reverse=True):
        if total > LARGEST and others:
            with suppress(OSError):
                path.unlink()
                total -= size
