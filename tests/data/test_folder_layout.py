"""Folders as people have them: parts under other names, parts in classes, names that look alike, files of all kinds."""

import io
import unicodedata
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from data_reading import told
from pellucid.data import load, picture_files
from pellucid.data.images.kinds import kind_of
from pellucid.data.readers.folder_tree import read_tree
from photographs import put


def picture(kind="JPEG"):
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (9, 90, 9)).save(file, kind)
    return file.getvalue()


JPEG = picture()


def tree(top, *places):
    for place in places:
        put(top / place, JPEG)
    return top


@pytest.mark.parametrize(
    "names",
    [
        ("training_set", "val_set", "test_set"),
        ("seg_train", "seg_val", "seg_test"),
        ("train_images", "dev-images", "test_images"),
        ("TrainData", "ValidationData", "TestData"),
        ("train2017", "val2017", "test2017"),
        ("trainset", "valset", "testing"),
    ],
)
def test_parts_under_other_names(tmp_path, names):
    splits = load(tree(tmp_path, *(f"{part}/{name}/1.jpg" for part in names for name in "ab")))
    assert {part: data.counts() for part, data in splits.items()} == {
        part: {"a": 1, "b": 1} for part in ("train", "validation", "test")
    }
    assert list(splits.test.names) == [f"{names[2]}/a/1.jpg", f"{names[2]}/b/1.jpg"]


@pytest.mark.parametrize("names", [("test_tube", "train_station"), ("test_pos", "test_neg"), ("Test1", "Test2")])
def test_classes_whose_names_hold_such_words(tmp_path, names):
    assert set(load(tree(tmp_path, *(f"{name}/1.jpg" for name in names))).train.class_names) == set(names)


def test_a_part_beside_something_else_is_asked_about(tmp_path):
    top = tree(
        tmp_path / "my data", *(f"{part}/{name}/1.jpg" for part in ("training_set", "test_set") for name in "ab")
    )
    put(top / "single_prediction/1.jpg", JPEG)
    assert told(top).endswith(f"Or name them: pellucid train '{top}/training_set' --test '{top}/test_set'")
    assert "test_set, training_set, which name parts of the data, beside single_prediction." in told(top)


def test_parts_in_each_class(tmp_path):
    tree(tmp_path, *(f"{name}/{part}/1.jpg" for name in ("cat", "dog") for part in ("train", "test")))
    splits = load(tmp_path)
    assert [part for part, _ in splits.items()] == ["train", "test"]
    assert list(splits.test.names) == ["cat/test/1.jpg", "dog/test/1.jpg"]
    assert splits.test.labels.tolist() == [0, 1]
    put(tmp_path / "dog/2.jpg", JPEG)
    assert f"{tmp_path}/cat holds test, train, which name parts of the data; {tmp_path}/dog holds" in told(tmp_path)


def test_levels_that_may_be_classes_are_told(tmp_path):
    days = load(tree(tmp_path / "a", *(f"{day}/{name}/1.jpg" for day in ("mon", "tue") for name in ("cat", "dog"))))
    assert "hold folders of the same names: cat, dog. If those are the classes" in days.train.notes[0]
    above = load(tree(tmp_path / "b", "animals/cat/1.jpg", "animals/dog/1.jpg", "plants/rose/1.jpg")).train
    assert "such as animals/cat, plants/rose. If those are the classes, move them up" in above.notes[0]
    assert load(tree(tmp_path / "c", "cat/1.jpg", "dog/1.jpg")).train.notes == ()


def test_pictures_beside_the_classes_are_counted(tmp_path):
    data = load(tree(tmp_path, "a/1.jpg", "b/1.jpg", "x.jpg", "y.jpg")).train
    assert data.passed_over == {"x.jpg": "beside the class folders", "y.jpg": "beside the class folders"}
    assert data.notes == ("4 files: 2 used, 2 passed over (2 beside the class folders)",)


@pytest.mark.parametrize("names", [("0.5", "1.0", "1.5", "2.0"), ("1", "1.0"), ("-0", "-0.0", "0"), ("00501", "501")])
def test_numbers_stay_as_they_are(tmp_path, names):
    data = load(tree(tmp_path, *(f"{name}/1.jpg" for name in names))).train
    assert data.counts() == dict.fromkeys(sorted(names), 1)


@pytest.mark.parametrize(
    "other", ["K\u00e4fer ", " K\u00e4fer", unicodedata.normalize("NFD", "K\u00e4fer"), "K\u00e4f\u200ber"]
)
def test_names_that_look_the_same_are_refused(tmp_path, other):
    tree(tmp_path, "K\u00e4fer/1.jpg", f"{other}/1.jpg", "b/1.jpg")
    message = told(tmp_path)
    assert "whose names differ only in blanks, hidden signs or Unicode form" in message
    assert "'K\\xe4fer'" in message


def test_one_class_in_two_unicode_forms_of_two_parts(tmp_path):
    one, other = (unicodedata.normalize(form, "K\u00e4fer") for form in ("NFC", "NFD"))
    splits = load(tree(tmp_path, f"train/{one}/1.jpg", "train/b/1.jpg", f"test/{other} /1.jpg"))
    assert (
        splits.test.counts()
        == {one: 1, "b": 0}
        == {name: splits.test.counts()[name] for name in splits.train.class_names}
    )


@pytest.mark.parametrize("name", ["x", "x.jpe", "x.jpg_large", "x.JPG!d", "x.jpg~", "x.jpg.1", "x.mp4", "x.CR2", "x."])
def test_contents_decide(tmp_path, name):
    tree(tmp_path, "a/1.jpg", "b/1.jpg", f"b/{name}")
    assert f"b/{name}" in load(tmp_path).train.names
    assert tmp_path / "b" / name in picture_files(tmp_path)


def test_all_other_files_are_counted(tmp_path):
    tree(tmp_path, "a/1.jpg", "b/1.jpg")
    for place in (
        "a/1.txt",
        "b/1.txt",
        "notes",
        "b/film.mp4",
        "b/raw.nef",
        "a/.DS_Store",
        "a/Thumbs.db",
        "@eaDir/x.jpg",
    ):
        put(tmp_path / place, b"II*\0" if place.endswith("nef") else b"...")
    (tmp_path / "a/gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    data = load(tmp_path).train
    assert data.notes == (
        "8 files: 2 used, 6 passed over (2 .txt, 1 without ending, 1 broken link, 1 .mp4, 1 .nef; "
        "NEF cannot be read, save them as JPEG or PNG)",
    )
    assert data.passed_over["a/gone.jpg"] == "broken link"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF"])
def test_kinds_by_their_first_bytes(kind):
    try:
        data = picture(kind)
    except (OSError, KeyError):
        pytest.skip(f"Pillow cannot write {kind} here")
    assert kind_of(data[:32]) == kind


@pytest.mark.parametrize(
    "start", [b"", b"x", b"BM is no bitmap, but text", b"P6", b"%PDF-1.4", b"\0\0\0\x18ftypmp42", b"PK\3\4"]
)
def test_what_is_no_picture(start):
    assert kind_of(start) is None


@pytest.mark.parametrize(
    "places, what",
    [
        (("train/images/1.jpg", "train/labels/1.txt", "valid/images/1.jpg", "valid/labels/1.txt"), "YOLO"),
        (("images/train/1.jpg", "images/val/1.jpg", "labels/train/1.txt", "labels/val/1.txt"), "YOLO"),
        (("JPEGImages/1.jpg", "Annotations/1.xml"), "Pascal VOC"),
        (("train2017/1.jpg", "val2017/1.jpg", "annotations/instances.json"), "COCO"),
        (("images/1.jpg", "masks/1.jpg"), "masks of segmentation"),
    ],
)
def test_exports_of_annotation_tools_are_named(tmp_path, places, what):
    for place in places:
        put(tmp_path / place, JPEG if place.endswith("jpg") else b"...")
    message = told(tmp_path)
    assert what in message
    assert "put the pictures of each class into a folder of its name." in message


def test_pictures_beside_their_labels_are_told(tmp_path):
    put(tmp_path / "train/1.jpg", JPEG)
    put(tmp_path / "train/_annotations.coco.json", b"{}")
    assert "train holds 1 picture, 1 .json and no class folders;" in told(tmp_path)
    assert told(tmp_path).endswith("Labels in other files are not read.")


def test_a_zip_of_many_folders_is_listed_once(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as file:
        for number in range(300):
            file.writestr(f"c{number}/1.jpg", b"")
    calls = []
    namelist = zipfile.ZipFile.namelist
    monkeypatch.setattr(zipfile.ZipFile, "namelist", lambda self: calls.append(1) or namelist(self))
    assert len(load(tmp_path / "z.zip").train.class_names) == 300
    assert len(calls) < 10


def test_a_zip_with_backslashes(tmp_path):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as file:
        for name in "ab":
            file.writestr(f"top\\{name}\\1.jpg", JPEG)
    assert list(load(tmp_path / "z.zip").train.names) == ["top/a/1.jpg", "top/b/1.jpg"]


def test_a_link_in_a_circle_ends(tmp_path):
    tree(tmp_path, "a/1.jpg", "b/1.jpg")
    (tmp_path / "a/again").symlink_to(tmp_path)
    assert [picture.place for picture in read_tree(Path(tmp_path)).pictures()] == ["a/1.jpg", "b/1.jpg"]


def test_a_test_part_without_classes(tmp_path):
    tree(tmp_path, "train/a/1.jpg", "train/b/1.jpg", "test/1.jpg", "test/2.jpg")
    assert told(tmp_path).startswith(f"{tmp_path}/test holds 2 pictures and no class folders, so nothing tells")


@pytest.mark.parametrize("pattern", [r"^(?:.*/)?([a-z]+)[._]\d", "cat|dog", r"(cat|dog)"])
def test_labels_in_file_names(tmp_path, pattern):
    tree(tmp_path, "cat.1.jpg", "cat_2.jpg", "more/dog.1.jpg", "dog_3.jpg", "17.jpg")
    data = load(tmp_path, label_from=pattern).train
    assert data.counts() == {"cat": 2, "dog": 2}
    assert list(data.names) == ["cat.1.jpg", "cat_2.jpg", "dog_3.jpg", "more/dog.1.jpg"]
    assert data.notes == ("5 files: 4 used, 1 passed over (1 whose name does not match)",)


def test_patterns_that_find_nothing_or_are_none(tmp_path):
    tree(tmp_path, "cat.1.jpg", "dog.1.jpg")
    assert "in whose names 'x' matches; the first is cat.1.jpg." in told(tmp_path, label_from="x")
    assert "'(' is not a regular expression" in told(tmp_path, label_from="(")


def test_flat_pictures_are_told_what_to_do(tmp_path):
    top = tree(tmp_path / "a b", "cat.1.jpg", "dog.1.jpg")
    assert told(top).endswith("If their names hold the classes, give --label-from PATTERN.")
    put(top / "labels.csv", b"image,label\n")
    assert told(top).endswith(
        f"If the labels stand in labels.csv: pellucid train '{top}/labels.csv' --pictures-from '{top}'"
    )


def test_parts_with_labels_in_file_names(tmp_path):
    tree(tmp_path, "train/cat.1.jpg", "train/dog.1.jpg", "test_images/dog.2.jpg")
    splits = load(tmp_path, label_from="cat|dog")
    assert {part: data.counts() for part, data in splits.items()} == {
        "train": {"cat": 1, "dog": 1},
        "test": {"cat": 0, "dog": 1},
    }
    put(tmp_path / "cat.9.jpg", JPEG)
    assert "which name parts of the data, beside other pictures." in told(tmp_path, label_from="cat|dog")
