"""Every reader gives the same kind of data set, and what it cannot read is told in words."""

import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from data_reading import all_rows, told
from pellucid.data import load
from pellucid.data.images import PictureShape, as_pixels
from pellucid.errors import BadPictureError, MissingFileError

# Folders and zips


def picture(path, colour=(9, 9, 9)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), colour).save(path)


@pytest.fixture
def folder(tmp_path):
    top = tmp_path / "leaves"
    for name, colour in (("sick/b.PNG", "red"), ("sick/a.png", "blue"), ("healthy/deep/c.png", "green")):
        picture(top / name, colour)
    for junk in (".DS_Store", "sick/Thumbs.db", "sick/._a.png", "__MACOSX/x/y.png", ".git/z.png", "sick/notes.txt"):
        (top / junk).parent.mkdir(parents=True, exist_ok=True)
        (top / junk).write_bytes(b"junk")
    return top


def zipped(folder, top=""):
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as file:
        for member in sorted(folder.rglob("*")):
            if member.is_file():
                file.write(member, top + member.relative_to(folder).as_posix())
    return path


@pytest.mark.parametrize("form", ["folder", "zip", "wrapped zip"])
def test_class_folders(folder, form):
    source = {"folder": lambda: folder, "zip": lambda: zipped(folder), "wrapped zip": lambda: zipped(folder, "top/")}
    splits = load(source[form]())
    assert [part for part, _ in splits.items()] == ["train"]
    data = splits.train
    top = "top/" if form == "wrapped zip" else ""
    assert list(data.names) == [top + "healthy/deep/c.png", top + "sick/a.png", top + "sick/b.PNG"]
    assert data.class_names == ("healthy", "sick")
    assert data.labels.tolist() == [0, 1, 1]
    assert data.kind == "pictures"
    assert data.shape is None
    for _ in range(2):  # members of a zip can be opened again
        colours = [as_pixels(raw, PictureShape(1, 1))[0, 0].tolist() for block in data.blocks() for raw in block]
        assert colours == [[0, 128, 0], [0, 0, 255], [255, 0, 0]]


@pytest.mark.parametrize("names", [("Train", "VAL", "test"), ("train", "dev", "Test"), ("TRAIN", "valid", "TEST")])
@pytest.mark.parametrize("zip_it", [False, True])
def test_parts(tmp_path, names, zip_it):
    top = tmp_path / "data"
    for number, part in enumerate(names):
        for name in ("b", "a")[: 2 if number < 2 else 1]:
            picture(top / part / name / "1.png")
    splits = load(zipped(top) if zip_it else top)
    assert [part for part, _ in splits.items()] == ["train", "validation", "test"]
    assert splits.train.counts() == {"a": 1, "b": 1}
    assert splits.test.counts() == {"a": 0, "b": 1}
    assert list(splits.test.names) == [f"{names[2]}/b/1.png"]


def test_a_part_alone_stands_in_train(tmp_path):
    for name in "ab":
        picture(tmp_path / "test" / name / "1.png")
    assert [part for part, _ in load(tmp_path).items()] == ["train"]


def test_folders_are_in_alphabetical_order(tmp_path):
    for name in ("10", "9", "1"):
        picture(tmp_path / name / "1.png")
    assert load(tmp_path).train.class_names == ("1", "10", "9")


@pytest.mark.parametrize(
    "files, message",
    [
        ([], "{0} holds no class folders; put the pictures of each class into a folder of its name."),
        (
            ["a.png"],
            "{0} holds 1 picture and no class folders; put the pictures of each class into a folder of its name. "
            "If their names hold the classes, give --label-from PATTERN.",
        ),
        (["a/1.png", "b/1.txt"], "{0}: the class 'b' has no pictures that can be read, but 1 .txt."),
        (["a/1.png"], "{0} has only one class, a; learning to tell classes apart needs at least two."),
        (["val/a/1.png", "dev/a/1.png"], "{0} has two folders for the part validation; keep one."),
        (["test/a/1.png", "dev/a/1.png"], "{0} has the parts test, validation, but no train."),
        (
            ["train/a/1.png", "train/b/1.png", "test/c/1.png"],
            "{0} has the class 'c', which is not among those of the training part: a, b.",
        ),
    ],
)
def test_folders_that_cannot_be_used(tmp_path, files, message):
    top = tmp_path / "top"
    top.mkdir()
    for name in files:
        if name.endswith("png"):
            picture(top / name)
        else:
            (top / name).parent.mkdir(parents=True)
            (top / name).write_text("x")
    assert told(top) == message.format(top)


def test_names_that_lead_out_of_a_zip_are_harmless(tmp_path):
    path = tmp_path / "in" / "evil.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as file:
        for name in ("../../out.png", "a/1.png", "b/1.png", "/abs/c.png"):
            file.writestr(name, b"x")
    assert {name.split("/")[0] for name in load(path).train.names} >= {"a", "b"}
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["evil.zip", "in"]


def test_a_file_that_is_no_zip_or_no_picture(tmp_path, folder):
    path = tmp_path / "a.zip"
    path.write_bytes(b"no zip")
    assert told(path) == f"{path} is not a zip file, or it is damaged: File is not a zip file."
    (folder / "sick/a.png").write_bytes(b"text")
    (block,) = load(folder).train.blocks()
    with pytest.raises(BadPictureError, match=re.escape(str(folder / "sick/a.png"))):
        as_pixels(block[1], PictureShape(1, 1))


# The door


@pytest.mark.parametrize("name", ["flower", "moons", "circles", "blobs", "quantiles"])
def test_toys_are_the_same_each_time(name):
    first, second = (load(f"toy:{name}").train for _ in range(2))
    assert all_rows(first).shape == (400, 2)
    np.testing.assert_array_equal(all_rows(first), all_rows(second))
    assert (first.kind, first.columns, first.source) == ("numbers", ("x1", "x2"), f"toy:{name}")


def test_flower_is_the_published_one():
    np.random.seed(1)  # the course's own way to draw it
    X, Y = np.zeros((400, 2)), np.zeros((400, 1))
    for j in range(2):
        ix = range(200 * j, 200 * (j + 1))
        t = np.linspace(j * 3.12, (j + 1) * 3.12, 200) + np.random.randn(200) * 0.2
        r = 4 * np.sin(4 * t) + np.random.randn(200) * 0.2
        X[ix] = np.c_[r * np.sin(t), r * np.cos(t)]
        Y[ix] = j
    data = load("toy:flower").train
    np.testing.assert_array_equal(all_rows(data), X)
    np.testing.assert_array_equal(data.labels, Y.ravel())


def test_what_is_not_there_or_of_no_kind(tmp_path):
    path = tmp_path / "cats.h5"
    assert told(path, MissingFileError) == f"there is no file or folder {path}."
    assert told("toy:flwer").startswith("unknown toy data set 'flwer': did you mean 'flower'? Known: blobs, circles, ")
    (tmp_path / "a.docx").write_bytes(b"x")
    assert told(tmp_path / "a.docx") == (
        f"{tmp_path / 'a.docx'} is of a kind that cannot be read. These can: .h5, .hdf5, .csv, .tsv, .npz, .parquet, "
        ".zip, .xlsx, IDX files (...-ubyte, also .gz), a folder of class folders with pictures, hf:NAME, toy:NAME."
    )
    (tmp_path / "cat.JPG").write_bytes(b"x")
    assert told(tmp_path / "cat.JPG") == (
        f"{tmp_path / 'cat.JPG'} is one picture; training needs a folder with one folder of pictures per class. "
        "pellucid predict and pellucid explain take one picture, with a model."
    )
    assert (
        told("toy:flower", groups="x1") == "toy:flower is a toy data set; groups= has no meaning there, leave it out."
    )


# The articles' data


@pytest.mark.parametrize(
    "place, expected",
    [
        ("cats", {"train": {"non-cat": 137, "cat": 72}, "test": {"non-cat": 17, "cat": 33}}),
        ("cats/test_catvnoncat.h5", {"train": {"non-cat": 17, "cat": 33}}),
        ("fashion_mnist", {"train": dict.fromkeys("0123456789", 6000), "test": dict.fromkeys("0123456789", 1000)}),
        ("beans", {"train": {"angular_leaf_spot": 345, "bean_rust": 348, "healthy": 341},
                   "validation": {"angular_leaf_spot": 44, "bean_rust": 45, "healthy": 44}}),
    ],
)  # fmt: skip
def test_real_data(real_data, place, expected):
    splits = load(real_data / place)
    assert {part: data.counts() for part, data in splits.items()} == expected
    assert list(splits.train.counts()) == list(expected["train"])
    for _, data in splits.items():
        (block,) = data.take([len(data) - 1, 0]).blocks()
        assert {as_pixels(raw, data.shape or PictureShape(64, 64)).dtype for raw in block} == {np.dtype(np.uint8)}
