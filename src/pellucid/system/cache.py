"""A cache in the user's own folder: arrays that took long to compute are mapped from there the next time.

Whatever goes wrong with it costs time, never a result: a file is whole, as its checksum tells, or it is not there.
"""

import io
import os
import secrets
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

LARGEST = 4 * 2**30  # bytes of all files together; the least recently used go first
ABANDONED = 24 * 3600  # seconds after which a file that nobody finished is removed
CHECKSUM = 4  # bytes behind the array: crc32 of all before them
CHUNK = 4 * 2**20


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


def may_hold(start: str) -> bool:
    """Return whether some array is kept under a key that starts so; nothing of it is read or checked."""
    return any(folder().glob(f"{start}*.npy"))


def find(key: str, shape: tuple[int, int], dtype: DTypeLike) -> np.ndarray | None:
    """Return the array kept under a key, mapped from its file and read-only; None where there is none.

    A file that is damaged, or not what it should be, is removed.
    """
    path, header = folder() / f"{key}.npy", _header(shape, dtype)
    try:
        if not _is_whole(path, header, shape, dtype):
            path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)  # the last time it was of use
        return _mapped(path, header, shape, dtype)
    except (OSError, ValueError):
        return None


class Draft:
    """An array (n, d) written row by row under a name that nobody looks for, until `keep` gives it its own.

    By plain writes, not through a map: a full disk is then an error that can be caught, not a signal that kills.
    """

    def __init__(self, shape: tuple[int, int], dtype: DTypeLike) -> None:
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._header = _header(shape, dtype)
        self._path = folder() / f"{secrets.token_hex(8)}.part"
        self._rows = self._checksum = 0
        try:
            if shape[0] * shape[1] * self._dtype.itemsize > shutil.disk_usage(self._path.parent).free // 2:
                raise CacheError("it would take more than half of what is free on the disk.")
            self._path.touch(mode=0o600, exist_ok=False)  # photographs are private
            self._file = self._path.open("wb")
        except OSError as error:
            raise CacheError(str(error)) from error
        self._write(self._header)

    def _write(self, data: bytes | memoryview) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise CacheError(str(error)) from error
        self._checksum = zlib.crc32(data, self._checksum)

    def append(self, row: np.ndarray) -> None:
        """Write the next row."""
        self._write(np.ascontiguousarray(row, self._dtype).data)
        self._rows += 1

    def rows(self) -> np.ndarray:
        """Return the rows written so far, mapped read-only; they can be read as long as the array is there."""
        try:
            self._file.flush()
            return _mapped(self._path, self._header, (self._rows, self._shape[1]), self._dtype)
        except (OSError, ValueError) as error:
            raise CacheError(str(error)) from error

    def keep(self, key: str) -> np.ndarray:
        """Return the whole array, mapped read-only, and leave it under its key for the next time."""
        assert self._rows == self._shape[0]
        self._write(self._checksum.to_bytes(CHECKSUM, "little"))
        try:
            self._file.close()
            path = self._path.replace(self._path.with_name(f"{key}.npy"))
            _make_room(path)
            return _mapped(path, self._header, self._shape, self._dtype)
        except (OSError, ValueError) as error:
            raise CacheError(str(error)) from error

    def discard(self) -> None:
        """Remove what was not kept."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):  # kept under another name, or still mapped, which Windows does not allow
            self._path.unlink()


@contextmanager
def draft(shape: tuple[int, int], dtype: DTypeLike) -> Iterator[Draft]:
    """Give a draft to fill and keep; if it is not kept, because of Ctrl-C too, nothing of it stays."""
    new = Draft(shape, dtype)
    try:
        yield new
    finally:
        new.discard()


def _header(shape: tuple[int, int], dtype: DTypeLike) -> bytes:
    """Return what a .npy file of this array begins with; a file is held against it, so that none is interpreted."""
    header = io.BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, described)
    return header.getvalue()


def _is_whole(path: Path, header: bytes, shape: tuple[int, int], dtype: DTypeLike) -> bool:
    """Whether a file is what `keep` wrote, to the last byte: without it, a power cut could leave zeros in its place."""
    left = len(header) + shape[0] * shape[1] * np.dtype(dtype).itemsize
    checksum = 0
    with path.open("rb") as file:
        if file.read(len(header)) != header:
            return False
        file.seek(0)
        while data := file.read(min(CHUNK, left)):
            checksum = zlib.crc32(data, checksum)
            left -= len(data)
        return file.read(CHECKSUM + 1) == checksum.to_bytes(CHECKSUM, "little")


def _mapped(path: Path, header: bytes, shape: tuple[int, int], dtype: DTypeLike) -> np.ndarray:
    return np.memmap(path, dtype, "r", len(header), shape).view(np.ndarray)


def _make_room(kept: Path) -> None:
    """Remove the least recently used files beyond `LARGEST`, never `kept`, and what was abandoned unfinished."""
    now, total = time.time(), 0
    for path in kept.parent.glob("*.part"):
        with suppress(OSError):
            if now - path.stat().st_mtime > ABANDONED:
                path.unlink()
    ages = []
    for path in kept.parent.glob("*.npy"):
        with suppress(OSError):
            stat = path.stat()
            ages.append((path != kept, now - stat.st_mtime, stat.st_size, path))
            total += stat.st_size
    for others, _, size, path in sorted(ages, reverse=True):
        if total > LARGEST and others:
            with suppress(OSError):
                path.unlink()
                total -= size
