"""MetadataTable of picture files: what is known of a picture besides its pixels, from one reading."""

import hashlib
import zipfile
from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pellucid.data import Dataset, load, metadata_of, read_metadata
from pellucid.errors import BadPictureError, MissingFileError
from photographs import DIGITIZED, MODIFIED, exif_of, jpeg, photograph, png, put

NOON = "2024:05:03 12:30:15"


def test_a_file(tmp_path):
    data = jpeg(photograph(1), exif=exif_of(NOON, ("Canon", "EOS 5D")))
    put(tmp_path / "bilder" / "Löwe 猫.jpg", data)
    for picture in (tmp_path / "bilder" / "Löwe 猫.jpg", str(tmp_path / "bilder" / "Löwe 猫.jpg"), data):
        facts = read_metadata(picture)
        assert (facts.width, facts.height, facts.size) == (240, 180, len(data))
        assert (facts.format, facts.mode) == ("JPEG", "RGB")
        assert facts.camera == "Canon EOS 5D"
        assert facts.taken == datetime(2024, 5, 3, 12, 30, 15)
        assert facts.digest == hashlib.sha256(data).digest()
    grey = np.asarray(photograph(1).convert("L")).mean() / 255
    assert facts.brightness == pytest.approx(grey, abs=0.01)


def test_sizes_are_those_of_the_picture_upright():
    facts = read_metadata(jpeg(photograph(1), exif=exif_of(orientation=6)))
    assert (facts.width, facts.height) == (180, 240)


@pytest.mark.parametrize(
    "make, model, camera",
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("Apple", "iPhone", "Apple iPhone"),
        ("NIKON\0", " D90 ", "NIKON D90"),
    ],
)
def test_cameras_are_named_once(make, model, camera):
    assert read_metadata(jpeg(photograph(1), exif=exif_of(camera=(make, model)))).camera == camera


@pytest.mark.parametrize("tag", [MODIFIED, DIGITIZED])
def test_other_times_where_the_first_is_missing(tag):
    assert read_metadata(jpeg(photograph(1), exif=exif_of(NOON, tag=tag))).taken == datetime(2024, 5, 3, 12, 30, 15)


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday", "2024:13:40 12:00:00"])
def test_a_time_that_is_none(taken):
    assert read_metadata(jpeg(photograph(1), exif=exif_of(taken))).taken is None


def test_no_exif():
    facts = read_metadata(png(photograph(1).convert("LA")))
    assert (facts.camera, facts.taken, facts.mode, facts.format) == ("", None, "LA", "PNG")


def test_arrays():
    picture = np.asarray(photograph(1))
    facts = read_metadata(picture)
    assert (facts.width, facts.height, facts.size, facts.format, facts.camera) == (240, 180, 0, "", "")
    assert facts.digest == hashlib.sha256(picture.tobytes()).digest()
    np.testing.assert_allclose(facts.thumbnail, read_metadata(png(photograph(1))).thumbnail, atol=12)
    floats = read_metadata(picture / 255)
    np.testing.assert_allclose(floats.thumbnail, facts.thumbnail, atol=12)
    assert floats.brightness == pytest.approx(facts.brightness, abs=0.01)
    wide = read_metadata(picture.astype(np.uint16) * 257)
    np.testing.assert_allclose(wide.thumbnail, facts.thumbnail, atol=12)
    clear = np.concatenate([picture, np.zeros((180, 240, 1), np.uint8)], axis=2)
    assert read_metadata(clear).brightness == 1  # transparent, over white


def test_a_picture_that_cannot_be_read():
    whole = jpeg(photograph(1))
    for data, reason in ((whole[: len(whole) // 2], "truncated"), (b"no picture", "not a picture"), (b"", "empty")):
        with pytest.raises(BadPictureError, match=reason):
            read_metadata(data)
    with pytest.raises(MissingFileError):
        read_metadata("nowhere.jpg")


def test_facts_of_a_folder_and_its_zip(tmp_path):
    put(tmp_path / "in/a/1.jpg", jpeg(photograph(1), exif=exif_of(NOON, ("A", "B"))))
    put(tmp_path / "in/a/2.jpg", b"broken")
    put(tmp_path / "in/b/3.png", png(Image.new("L", (30, 20), 51)))
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as file:
        for path in sorted((tmp_path / "in").rglob("*.*")):
            file.write(path, path.relative_to(tmp_path / "in").as_posix())
    told = []
    for source in ("in", "in.zip"):
        facts = metadata_of(load(tmp_path / source).train, SimpleNamespace(reading=lambda *call: told.append(call)))
        assert told.pop() == (str(tmp_path / source), 3, 3)
        assert facts.widths.tolist() == [240, 0, 30]
        assert facts.heights.tolist() == [180, 0, 20]
        assert facts.modes == ["RGB", "", "L"]
        assert facts.formats == ["JPEG", "", "PNG"]
        assert facts.cameras == ["A B", "", ""]
        assert facts.taken.tolist() == [datetime(2024, 5, 3, 12, 30, 15), None, None]
        assert facts.readable.tolist() == [True, False, True]
        [(row, reason)] = facts.bad
        assert row == 1
        assert "2.jpg" in reason and "not a picture" in reason
        assert facts.brightness[2] == pytest.approx(0.2)
        assert bytes(facts.digests[0]) == hashlib.sha256((tmp_path / "in/a/1.jpg").read_bytes()).digest()


def test_one_row_is_what_the_picture_says(tmp_path):
    put(tmp_path / "a/1.png", png(photograph(2)))
    put(tmp_path / "b/2.jpg", jpeg(photograph(1), exif=exif_of(NOON, ("A", "B"))))
    facts = metadata_of(load(tmp_path).train)
    for row, name in enumerate(("a/1.png", "b/2.jpg")):
        one, here = read_metadata(tmp_path / name), facts[row]
        assert one.thumbnail.tolist() == here.thumbnail.tolist()
        assert {**vars(one), "thumbnail": None} == {**vars(here), "thumbnail": None}


def test_facts_of_arrays_are_those_of_each():
    block = np.random.default_rng(0).integers(0, 256, (300, 9, 7, 3), dtype=np.uint8)
    data = Dataset(block.__getitem__, np.zeros(300, int), ("a",), "pictures", [str(k) for k in range(300)], "here",
                   shape=object())  # fmt: skip
    facts = metadata_of(data)
    one = read_metadata(block[299])
    assert (facts.widths[299], facts.heights[299], bytes(facts.digests[299])) == (7, 9, one.digest)
    assert facts.thumbnails[299].tolist() == one.thumbnail.tolist()


def test_no_samples():
    data = Dataset(lambda rows: [], np.zeros(0, int), ("a",), "pictures", [], "nothing")
    assert len(metadata_of(data)) == 0
