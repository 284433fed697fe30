"""The cache: whole files or none, only the user's own, never more than its share of the disk."""

import errno
import os
import subprocess
import sys
import time

import numpy as np
import platformdirs
import pytest

from pellucid.system import cache
from pellucid.system.cache import CacheError, draft, find

X = np.random.default_rng(0).integers(0, 256, (50, 300), np.uint8)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "own" / "cache"))
    return tmp_path / "own" / "cache"


def keep(key, rows=X):
    with draft(rows.shape, rows.dtype) as new:
        for row in rows:
            new.append(row)
        return new.keep(key)


def test_what_is_kept_is_found(folder):
    kept, found = keep("a"), find("a", X.shape, np.uint8)
    for rows in (kept, found):
        np.testing.assert_array_equal(rows, X)
        assert type(rows) is np.ndarray and not rows.flags.writeable
    assert find("b", X.shape, np.uint8) is None
    assert [path.name for path in folder.iterdir()] == ["a.npy"]
    np.testing.assert_array_equal(np.load(folder / "a.npy", allow_pickle=False), X)  # NumPy's own format


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_no_other_user_can_read_it(folder):
    umask = os.umask(0)
    try:
        keep("a")
    finally:
        os.umask(umask)
    assert (folder / "a.npy").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_place_is_the_systems_or_the_one_chosen(folder, monkeypatch, tmp_path):
    assert cache.folder() == folder
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name, appauthor: tmp_path / name)
    for unset in (lambda: monkeypatch.setenv("PELLUCID_CACHE", ""), lambda: monkeypatch.delenv("PELLUCID_CACHE")):
        unset()
        assert cache.folder() == tmp_path / "pellucid"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_nothing_stays_of_what_is_not_finished(folder, stop):
    with pytest.raises(stop), draft(X.shape, X.dtype) as new:
        new.append(X[0])
        assert len(list(folder.iterdir())) == 1
        raise stop
    assert list(folder.iterdir()) == []


def test_rows_that_are_not_kept_can_be_read_all_the_same(folder):
    with draft(X.shape, X.dtype) as new:
        for row in X[:7]:
            new.append(row)
        rows = new.rows()
    assert list(folder.iterdir()) == []
    np.testing.assert_array_equal(rows, X[:7])


def test_a_killed_process_leaves_nothing_that_is_trusted_and_not_for_long(folder):
    code = """import os, numpy as np
from pellucid.system.cache import draft
with draft((50, 300), np.uint8) as new:
    for _ in range(49): new.append(np.zeros(300, np.uint8))
    new._file.flush()
    os._exit(9)"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 9
    (left,) = folder.iterdir()
    assert left.suffix == ".part" and left.stat().st_size > 49 * 300
    keep("a")
    assert left.exists()  # another process may be writing it
    os.utime(left, (time.time() - 2 * cache.ABANDONED,) * 2)
    keep("b")
    assert sorted(path.name for path in folder.iterdir()) == ["a.npy", "b.npy"]


DAMAGES = {
    "a bit of the header": lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:],
    "a bit of the rows": lambda data: data[:5000] + bytes([data[5000] ^ 64]) + data[5001:],
    "a bit of the checksum": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "cut": lambda data: data[:-300],
    "zeros, as after a power cut": lambda data: bytes(len(data)),
    "zeros behind the header": lambda data: data[:128] + bytes(len(data) - 128),
    "longer": lambda data: data + b"\0",
    "empty": lambda data: b"",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_removed_and_made_anew(folder, damage):
    keep("a")
    whole = (folder / "a.npy").read_bytes()
    (folder / "a.npy").write_bytes(damage(whole))
    assert find("a", X.shape, np.uint8) is None and list(folder.iterdir()) == []
    keep("a")
    assert (folder / "a.npy").read_bytes() == whole


@pytest.mark.parametrize(("shape", "dtype"), [((300, 50), np.uint8), ((50, 150), np.uint16), ((25, 600), np.uint8)])
def test_rows_of_another_kind_are_not_taken(shape, dtype):
    keep("a")
    assert find("a", shape, dtype) is None


def test_a_file_larger_than_a_chunk_is_checked_to_its_end(folder, monkeypatch):
    monkeypatch.setattr(cache, "CHUNK", 1000)
    keep("a")
    np.testing.assert_array_equal(find("a", X.shape, np.uint8), X)
    data = bytearray((folder / "a.npy").read_bytes())
    data[-5] ^= 1  # the last byte of the last row
    (folder / "a.npy").write_bytes(data)
    assert find("a", X.shape, np.uint8) is None


def test_a_folder_that_cannot_be_used(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "file" / "cache"))
    for use in (lambda: keep("a"), lambda: find("a", X.shape, np.uint8)):
        with pytest.raises(CacheError):
            use()


def test_a_full_disk(folder, monkeypatch):
    class Full:
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

        close = flush = lambda self: None

    with pytest.raises(CacheError, match="No space left"), draft(X.shape, X.dtype) as new:
        new.append(X[0])
        new._file.close()
        new._file = Full()
        new.append(X[1])
    assert list(folder.iterdir()) == []
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 2 * X.nbytes - 2}))
    with pytest.raises(CacheError, match="more than half of what is free"):
        keep("a")
    assert list(folder.iterdir()) == []


def test_the_least_recently_used_go_first_and_never_the_newest(folder, monkeypatch):
    size = len(X.tobytes()) + 128 + cache.CHECKSUM
    monkeypatch.setattr(cache, "LARGEST", 3 * size)
    for age, key in ((300, "a"), (200, "b"), (100, "c")):
        keep(key)
        os.utime(folder / f"{key}.npy", (time.time() - age,) * 2)
    find("a", X.shape, np.uint8)  # which makes b the oldest
    keep("d")
    assert sorted(path.stem for path in folder.iterdir()) == ["a", "c", "d"]
    monkeypatch.setattr(cache, "LARGEST", 0)
    os.utime(folder / "a.npy", (time.time() + 300,) * 2)  # a clock that was wrong
    keep("e")
    assert [path.stem for path in folder.iterdir()] == ["e"]
