"""One pass over the files: bytes are read once and decoded at most twice, whoever wants something of them."""

import zipfile
from collections import Counter
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from pellucid.cli.main import run
from pellucid.data import load
from pellucid.data.audit.audit import audit
from pellucid.data.image_scan import scan
from pellucid.data.images import PictureShape, as_pixels, decode, files
from pellucid.errors import BadPictureError
from pellucid.experiment.run import train
from pellucid.features import Photo
from pellucid.features.extraction import described, scan_images
from photographs import jpeg, photograph, put, tinted

QUICK = {"epochs": 1, "cross_validate": 0, "random_state": 0, "ensemble": 1}
PIXELS = {"features": "pixels", "size": (8, 8)}
EACH = 4  # pictures of a class in train; half as many in test


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def photos(tmp_path):
    for part, n, start in (("train", EACH, 0), ("test", EACH // 2, 500)):
        for colour, name in enumerate(("red", "green")):
            for k in range(n):
                put(tmp_path / "photos" / part / name / f"{k}.jpg", tinted(start + 50 * colour + k, colour))
    return tmp_path / "photos"


class Counts:
    """How often each file is read, how often its bytes are opened as an image, and how many decodings there are."""

    def __init__(self, monkeypatch):
        self.forget()
        contents, opened, normal = files._contents, Image.open, decode.resized_image

        def reading(path):
            data = contents(path)
            self.reads[path.name, sha256(data).digest()] += 1
            return data

        def opening(file, **how):
            self.opened[sha256(file.getvalue()).digest()] += 1
            return opened(file, **how)

        def decoding(*args):
            self.decoded += 1
            return normal(*args)

        monkeypatch.setattr(files, "_contents", reading)
        monkeypatch.setattr(Image, "open", opening)
        monkeypatch.setattr(decode, "resized_image", decoding)

    def forget(self):
        self.reads, self.opened, self.decoded = Counter(), Counter(), 0

    def are(self, n, reads, decodings):
        """Whether each of n files was read and decoded so often since the last look."""
        found = len(self.reads), {*self.reads.values()}, {*self.opened.values()}, self.decoded
        self.forget()
        return found == (n, {reads}, {decodings} - {0}, n * decodings)


@pytest.fixture
def counts(photos, monkeypatch):
    return Counts(monkeypatch)


ALL, TEST = 3 * EACH, EACH


@pytest.mark.parametrize(("features", "zipped"), [(PIXELS, False), ({}, True)], ids=["pixels", "photos in a zip"])
def test_train(photos, counts, features, zipped):
    source = photos
    if zipped:
        source = photos.with_suffix(".zip")
        with zipfile.ZipFile(source, "w") as file:
            for path in sorted(photos.rglob("*.jpg")):
                file.write(path, path.relative_to(photos))
    train(source, **QUICK, **features)
    assert counts.are(ALL, reads=1, decodings=2)  # the thumbnail and the features
    train(source, **QUICK, **features)
    assert counts.are(ALL, reads=1, decodings=1)  # the thumbnail; the features are in the cache
    train(source, **QUICK, **features, cache=False)
    assert counts.are(ALL, reads=1, decodings=2)


def test_train_without_audit(photos, counts):
    train(photos, **QUICK, **PIXELS, audit=False)
    assert counts.are(ALL, reads=1, decodings=1)
    train(photos, **QUICK, **PIXELS, audit=False)
    assert counts.are(ALL, reads=1, decodings=0)


def test_what_one_command_keeps_the_others_find(photos, counts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["audit", "photos"]) == 0
    assert counts.are(ALL, reads=1, decodings=1)
    small = ["--features", "pixels", "--size", "8", "--epochs", "1", "--cross-validate", "0", "--no-report"]
    assert run(["train", "photos", "--out", "m", *small]) == 0
    assert counts.are(ALL, reads=1, decodings=2)
    assert run(["evaluate", "m", "photos"]) == 0
    assert counts.are(TEST, reads=1, decodings=0)
    assert run(["evaluate", "m", "photos", "--no-cache"]) == 0
    assert counts.are(TEST, reads=1, decodings=1)
    assert run(["audit", "photos", "--group-by", "parent"]) == 1  # no such folders
    assert counts.are(ALL, reads=1, decodings=1)


@pytest.mark.parametrize("audited", [True, False])
def test_groups_by_time_and_looks(photos, counts, audited):
    put(photos / "train/red/1 again.jpg", jpeg(photograph(1)))
    put(photos / "train/red/1 once more.jpg", jpeg(photograph(1), quality=80))
    train(photos, **QUICK, **PIXELS, audit=audited, group_by="burst")
    assert counts.are(ALL + 2, reads=1, decodings=2)


def test_only_other_pictures_are_described_anew(photos, counts):
    train(photos, **QUICK, **PIXELS)
    assert counts.are(ALL, reads=1, decodings=2)
    for part in ("train", "test"):
        put(photos / part / "red/0.jpg", tinted(700 + len(part), 0))
    other = train(photos, **QUICK, **PIXELS)
    assert {*counts.reads.values()} == {1} and counts.decoded == ALL + 2  # all thumbnails, and two features
    assert (
        other.model.network.parameters.tobytes()
        == train(photos, **QUICK, **PIXELS, cache=False).model.network.parameters.tobytes()
    )


@pytest.mark.parametrize("skips", [False, True])
def test_what_is_left_out_is_the_same_from_everywhere(photos, skips):
    put(photos / "train/red/2 again.jpg", (photos / "test/red/1.jpg").read_bytes())
    put(photos / "train/green/leak.jpg", (photos / "test/green/0.jpg").read_bytes())
    if skips:
        put(photos / "train/red/20.jpg", b"no picture")
        put(photos / "train/green/0 broken.jpg", tinted(9, 0)[:200])
        put(photos / "test/green/broken.jpg", b"")
    how = {**QUICK, **PIXELS, "skip_bad": skips, "drop_leaks": True}
    first, second, without = train(photos, **how), train(photos, **how), train(photos, **how, cache=False)
    expected = np.stack([_pixels(photos / name) for name in first.splits.train.names])
    for result in (first, second, without):
        assert result.rows["train"].tobytes() == expected.tobytes() and len(expected) == 2 * EACH
        assert result.model.network.parameters.tobytes() == first.model.network.parameters.tobytes()
        assert result.skipped == first.skipped and len(first.skipped) == 3 * skips
        assert result.audit.as_dict() == first.audit.as_dict() == audit(load(photos)).as_dict()


def _pixels(path):
    return as_pixels(path, PictureShape(8, 8)).ravel()


def test_rows_left_out_of_a_scan(photos):
    put(photos / "train/green/2.jpg", b"no picture")
    dataset = load(photos).train
    scanned = scan_images(dataset, Photo(), with_metadata=True)
    (bad,) = scanned.bad
    assert bad[0] == scanned.metadata.bad[0][0] == dataset.names.index("train/green/2.jpg")
    for rows in ([], [bad[0]], [0, bad[0] + 1, bad[0] + 2, len(dataset) - 1], [bad[0], 1]):
        left = np.delete(np.arange(len(dataset)), rows)
        part, skipped, again = scanned.without(np.array(rows, int)), [], []
        R, of = described(dataset.take(left), Photo(), skipped=skipped)
        found, of_part = described(dataset.take(left), Photo(), skipped=again, scanned=part)
        assert found.tobytes() == R.tobytes() and list(of.names) == list(of_part.names) and skipped == again


def test_each_look_is_given_each_file_in_order_and_may_fail(photos):
    dataset, seen, sizes = load(photos).train, [], []

    def first(file):
        if file.name.endswith("1.jpg"):
            raise BadPictureError("not this one")
        return file.name

    scan(
        dataset,
        [
            (first, lambda row, found: seen.append((row, str(found)))),
            (lambda file: len(file.data), lambda row, size: sizes.append(size)),
        ],
    )
    paths = dataset.read(np.arange(len(dataset)))
    assert seen == [(row, "not this one" if path.name == "1.jpg" else str(path)) for row, path in enumerate(paths)]
    assert sizes == [path.stat().st_size for path in paths]


def test_a_file_that_cannot_be_read_or_is_gone_fails_every_look(photos):
    dataset, found = load(photos).train, []
    (photos / "train/green/0.jpg").unlink()
    (photos / "train/green/0.jpg").mkdir()
    (photos / "train/green/1.jpg").unlink()
    scan(dataset, [(lambda file: file.name, lambda row, result: found.append(result))] * 2)
    bad = [str(result) for result in found if isinstance(result, BadPictureError)]
    assert len(found) == 2 * len(dataset) and len(bad) == 4
    assert all("0.jpg is not a file" in text for text in bad[:2]) and all("no picture" in text for text in bad[2:])


def test_errors_that_are_kept_hold_no_frames(photos):
    """A frame would keep the file, or the zip that it lies in, open until chance collects it."""
    put(photos / "train/green/0.jpg", b"no picture")
    dataset, found = load(photos).train, []
    scan(dataset, [(lambda file: as_pixels(file, PictureShape(8, 8)), lambda row, result: found.append(result))])
    bad = [result for result in found if isinstance(result, BadPictureError)]
    bad.append(Photo().attempt(photos / "train/green/0.jpg"))
    assert len(bad) == 2
    assert all(error.__traceback__ is error.__context__ is error.__cause__ is None for error in bad)
