"""The cache: whole rows or none, only the user's own, never more than its share of the disk."""

import errno
import os
import time

import numpy as np
import platformdirs
import pytest

from pellucid.system import cache
from pellucid.system.cache import CacheError, cached_rows

X = np.random.default_rng(0).integers(0, 256, (50, 300), np.uint8)
DIGESTS = [bytes([k]) * cache.DIGEST for k in range(50)]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "own" / "cache"))
    return tmp_path / "own" / "cache"


def a_pass(places=range(50), made_by="a", of=X):
    """Make a pass over some rows, and return them and which were computed."""
    computed = []
    with cached_rows(made_by, (len(places), of.shape[1]), of.dtype) as rows:
        for place in places:
            found = rows.find(DIGESTS[place])
            if found is None:
                computed.append(place)
                found = of[place]
            rows.append(DIGESTS[place], found)
        return rows.rows(), computed


def files(folder, suffix=cache.ROWS):
    return sorted(folder.glob(f"*{suffix}"))


def test_what_is_kept_is_found_and_not_written_again(folder):
    kept, computed = a_pass()
    assert computed == list(range(50))
    before = files(folder, "")
    assert [path.suffix for path in before] == [".entries", ".rows"]
    again, computed = a_pass()
    assert computed == [] and files(folder, "") == before
    for rows in (kept, again):
        np.testing.assert_array_equal(rows, X)
        assert type(rows) is np.ndarray and not rows.flags.writeable
    assert a_pass(made_by="b")[1] == list(range(50))


@pytest.mark.parametrize(
    ("places", "stores"),
    [
        (range(20), 1),  # the first ones
        (range(30, 50), 2),
        ([3, 1, 2], 2),
        ([*range(49, -1, -1)], 1),  # in another order: all of it, which takes the place of the old
        ([5, 5, 5], 2),
        ([], 1),
    ],
)
def test_other_choices_of_stored_rows(folder, places, stores):
    a_pass()
    rows, computed = a_pass(places)
    assert computed == []
    np.testing.assert_array_equal(rows, X[list(places)])
    assert len(files(folder)) == stores
    np.testing.assert_array_equal(a_pass(places)[0], X[list(places)])


def test_what_was_written_before_an_interruption_is_there(folder):
    with pytest.raises(KeyboardInterrupt), cached_rows("a", X.shape, X.dtype) as rows:
        for place in range(20):
            rows.append(DIGESTS[place], X[place])
        raise KeyboardInterrupt
    rows, computed = a_pass()
    assert computed == list(range(20, 50)) and len(files(folder)) == 1
    np.testing.assert_array_equal(rows, X)


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_no_other_user_can_read_it(folder):
    umask = os.umask(0)
    try:
        a_pass()
    finally:
        os.umask(umask)
    assert {path.stat().st_mode & 0o777 for path in files(folder, "")} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_place_is_the_systems_or_the_one_chosen(folder, monkeypatch, tmp_path):
    assert cache.folder() == folder
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name, appauthor: tmp_path / name)
    for unset in (lambda: monkeypatch.setenv("PELLUCID_CACHE", ""), lambda: monkeypatch.delenv("PELLUCID_CACHE")):
        unset()
        assert cache.folder() == tmp_path / "pellucid"


DAMAGES = {
    "a bit of a row": lambda data: data[:700] + bytes([data[700] ^ 64]) + data[701:],
    "cut": lambda data: data[:-30],
    "zeros, as after a power cut": lambda data: bytes(len(data)),
    "zeros at the end": lambda data: data[:-600] + bytes(600),
    "longer": lambda data: data + b"\0" * 1000,
    "empty": lambda data: b"",
    "other rows": lambda data: data[300:] + data[:300],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("suffix", [cache.ROWS, cache.ENTRIES])
def test_damaged_rows_are_made_anew(folder, damage, suffix):
    a_pass()
    (path,) = files(folder, suffix)
    path.write_bytes(damage(path.read_bytes()))
    for _ in range(2):
        rows, computed = a_pass()
        np.testing.assert_array_equal(rows, X)
    assert computed == []


@pytest.mark.parametrize("suffix", [cache.ROWS, cache.ENTRIES])
def test_half_of_a_store_is_none(folder, suffix):
    a_pass()
    files(folder, suffix)[0].unlink()
    rows, computed = a_pass()
    assert computed == list(range(50))
    np.testing.assert_array_equal(rows, X)


def test_rows_of_another_kind_are_not_taken():
    a_pass()
    for other in (X[:, :150].astype(np.uint16), np.hstack([X, X])):
        rows, computed = a_pass(of=other)
        assert computed == list(range(50))
        np.testing.assert_array_equal(rows, other)


def test_a_folder_that_cannot_be_used(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(CacheError):
        a_pass()


def test_a_full_disk(folder, monkeypatch):
    class Full:
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self):
            pass

    with pytest.raises(CacheError, match="No space left"), cached_rows("a", X.shape, X.dtype) as rows:
        rows.append(DIGESTS[0], X[0])
        path, *opened = rows._new
        for file in opened:
            file.close()
        rows._new = path, Full(), Full()
        rows.append(DIGESTS[1], X[1])
    assert a_pass()[1] == list(range(1, 50))
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 2 * X.nbytes - 2}))
    with pytest.raises(CacheError, match="more than half of what is free"):
        a_pass(made_by="b")


def test_the_least_recently_used_go_first_and_never_the_newest(folder, monkeypatch):
    size = X.nbytes + 50 * cache.ENTRY
    monkeypatch.setattr(cache, "LARGEST", 3 * size)
    for age, key in ((300, "a"), (200, "b"), (100, "c")):
        a_pass(made_by=key)
        (path,) = folder.glob(f"{key}-*{cache.ROWS}")
        os.utime(path, (time.time() - age,) * 2)
    a_pass(made_by="a")  # which makes b the oldest
    a_pass(made_by="d")
    assert [path.name[0] for path in files(folder)] == ["a", "c", "d"] == [p.name[0] for p in files(folder, ".entries")]
    (folder / "of an earlier release.npy").write_bytes(b"x" * size)
    monkeypatch.setattr(cache, "LARGEST", 0)
    (path,) = folder.glob(f"a-*{cache.ROWS}")
    os.utime(path, (time.time() + 300,) * 2)  # a clock that was wrong
    a_pass(made_by="e")
    assert {path.name[0] for path in folder.iterdir()} == {"e"}
