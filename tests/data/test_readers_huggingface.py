"""The `datasets` library's own forms, built here and read without a network."""

import sys

import numpy as np
import pytest
from PIL import Image

from pellucid.data import load
from pellucid.data.images import PictureShape, as_pixels
from pellucid.errors import InputError, MissingExtraError, MissingFileError

COLOURS = [(255, 0, 0), (0, 0, 255), (0, 128, 0), (9, 9, 9)]


@pytest.fixture
def datasets(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("hf")
    for name, value in (("HF_HUB_OFFLINE", "1"), ("HF_HOME", str(home)), ("HF_DATASETS_OFFLINE", "1")):
        monkeypatch.setenv(name, value)
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(home))
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    return datasets


def pictures(datasets, labels=(1, 0, 1, 0)):
    features = datasets.Features(image=datasets.Image(), label=datasets.ClassLabel(names=["zebra", "ant"]))
    images = [Image.new("RGB", (8, 8), colour) for colour in COLOURS]
    return datasets.Dataset.from_dict({"image": images, "label": list(labels)}, features=features)


def numbers(datasets, **columns):
    return datasets.Dataset.from_dict({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "labels": ["p", "q", "p"]} | columns)


@pytest.mark.parametrize("form", ["saved", "parquet", "parquet folder"])
def test_pictures(datasets, tmp_path, form):
    source = tmp_path / "set"
    table = pictures(datasets)
    if form == "saved":
        datasets.DatasetDict(train=table, test=table.select([2, 1])).save_to_disk(source)
    else:
        source.mkdir()
        for part, rows in (("train", range(4)), ("test", [2, 1])):
            table.select(rows).to_parquet(source / f"{part}.parquet")
        source = source / "train.parquet" if form == "parquet" else source
    splits = load(source)
    sizes = {"train": 4} if form == "parquet" else {"train": 4, "test": 2}
    assert {part: len(data) for part, data in splits.items()} == sizes
    data = splits.train
    assert (data.kind, data.class_names, data.source) == ("pictures", ("zebra", "ant"), str(source))
    assert data.labels.tolist() == [1, 0, 1, 0]
    (block,) = data.take([2, 0]).blocks()
    assert [tuple(as_pixels(raw, PictureShape(1, 1))[0, 0].tolist()) for raw in block] == [COLOURS[2], COLOURS[0]]
    if form != "parquet":
        assert splits.test.labels.tolist() == [1, 0]


def test_folder_of_class_folders_by_name(datasets, tmp_path):
    for name, colour in zip(("b/1.png", "b/2.png", "a/3.png"), COLOURS, strict=False):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), colour).save(tmp_path / name)
    data = load(f"hf:{tmp_path}").train
    assert data.counts() == {"a": 1, "b": 2}
    by_label = {tuple(as_pixels(raw, PictureShape(1, 1))[0, 0].tolist()): code
                for block in data.blocks() for raw, code in zip(block, data.labels, strict=True)}  # fmt: skip
    assert by_label == {COLOURS[0]: 1, COLOURS[1]: 1, COLOURS[2]: 0}


def test_numbers(datasets, tmp_path):
    numbers(datasets, who=["x", "x", "y"]).save_to_disk(tmp_path / "set")
    data = load(tmp_path / "set", groups="who").train
    (X,) = data.take([2, 0]).blocks()
    assert X.tolist() == [[3, 2.5], [1, 0.5]]
    assert (data.kind, data.columns, data.class_names) == ("table", ("a", "b"), ("p", "q"))
    assert data.groups.tolist() == ["x", "x", "y"]
    assert load(tmp_path / "set", label="who", groups="labels").train.class_names == ("x", "y")


def test_a_part_without_answers_is_left_out(datasets, tmp_path):
    table, blind = pictures(datasets), pictures(datasets, [-1] * 4)
    datasets.DatasetDict(train=table, test=blind).save_to_disk(tmp_path / "set")
    assert [part for part, _ in load(tmp_path / "set").items()] == ["train"]


@pytest.mark.parametrize(
    "columns, options, message",
    [
        ({"many": [[1], [2], [3]]}, {}, "{0} has no pictures, and columns of neither numbers nor texts: many. Leave "
         "them out with --drop many (drop=['many'])."),
        ({"a": [1, np.inf, 2]}, {}, "{0}: row 1, column 'a' is 'inf', expected a finite number. Correct it, or empty "
         "it where the value is missing, or declare the column with --categorical a (categorical=['a'])."),
        ({"labels": ["p", None, "q"]}, {}, "{0}: row 1 has no 'labels'; every sample needs one."),
        (
            {"labels": ["p", "p", "p"]},
            {},
            "{0} has only one class, p; learning to tell classes apart needs at least two.",
        ),
        ({}, {"label": "kind"}, "{0} has no column 'kind'; its columns are a, b, labels."),
        (
            {},
            {"keys": ("a", "b")},
            "{0} is a data set of the datasets library; keys= has no meaning there, leave it out.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_used(datasets, tmp_path, columns, options, message):
    numbers(datasets, **columns).save_to_disk(tmp_path / "set")
    with pytest.raises(InputError) as caught:
        load(tmp_path / "set", **options)
    assert str(caught.value) == message.format(tmp_path / "set")


def test_missing_values_and_categories(datasets, tmp_path):
    text, listed = datasets.Value("string"), datasets.ClassLabel(names=["no", "yes"])
    number, flag = datasets.Value("float64"), datasets.Value("bool")
    kinds = datasets.Features(b=number, word=text, t=flag, kind=listed, labels=text)
    rows = {"b": [1.0, None, np.nan], "word": ["x", None, "y"], "t": [True, False, None], "kind": [1, -1, 0]}
    table = datasets.Dataset.from_dict(rows | {"labels": ["p", "q", "p"]}, features=kinds)
    datasets.DatasetDict(test=table.select([1]), train=table).save_to_disk(tmp_path / "set")
    splits = load(tmp_path / "set")
    assert splits.train.categorical == ("word", "t", "kind") == splits.test.categorical
    (X,), (T,) = splits.train.blocks(), splits.test.blocks()
    assert str(X.tolist()) == str([[1.0, "x", "True", "yes"], [np.nan, None, "False", None], [np.nan, "y", None, "no"]])
    assert str(T.tolist()) == str(X[1:2].tolist())


def test_numbers_to_predict(datasets, tmp_path):
    numbers(datasets).to_parquet(tmp_path / "a.parquet")
    data = load(tmp_path / "a.parquet", label="b", drop=["labels"], regression=True).train
    assert data.labels.tolist() == [0.5, 1.5, 2.5] and data.columns == ("a",) and data.target == "b"


def test_the_index_of_pandas_is_no_feature(datasets, tmp_path):
    index = {"__index_level_0__": [2, 0, 1]}
    numbers(datasets, **index).to_parquet(tmp_path / "a.parquet")
    assert load(tmp_path / "a.parquet").train.columns == ("a", "b")
    asked_for = load(tmp_path / "a.parquet", numeric=["__index_level_0__"]).train
    assert asked_for.columns == ("a", "b", "__index_level_0__")
    known = load(tmp_path / "a.parquet", only=["a", "__index_level_0__"]).train  # of a model that has learned from it
    assert known.columns == ("a", "__index_level_0__")


def test_labels_and_groups_are_as_in_a_text_file(datasets, tmp_path):
    def table(labels, **columns):
        path = tmp_path / "t.parquet"
        datasets.Dataset.from_dict({"a": [*range(len(labels))], "label": labels} | columns).to_parquet(path)
        return path

    with pytest.raises(InputError, match=r"row 1, column 'label' is 'NA', which stands for a missing label \(1 row\)"):
        load(table(["p", "NA", "q"]))
    assert load(table(["p", "NA", "q"]), categorical=["label"]).train.class_names == ("NA", "p", "q")
    assert load(table([True, False, True])).train.class_names == ("False", "True")
    with pytest.raises(InputError, match=r"column 'label' of .* holds 40 different numbers, 0 to 39, as labels"):
        load(table([n % 40 for n in range(400)]))
    assert len(load(table([n % 40 for n in range(400)]), regression=False).train.class_names) == 40
    thousands = table(["p", "q", "p"], b=["856", "1,207", "9"])
    with pytest.raises(InputError, match=r"row 1, column 'b' is '1,207', which may be 1207 or 1\.207"):
        load(thousands)
    assert load(thousands, decimal=".").train.read(np.arange(2))[:, 1].tolist() == [856, 1207]
    assert load(table(["p", "q", "p"], who=["7", "7.0", "NA"]), groups="who").train.groups.tolist() == [
        "7",
        "7",
        "row 2",
    ]


def test_what_is_not_there(datasets, tmp_path):
    with pytest.raises((MissingFileError, InputError), match="hf:nobody/nothing-of-this-name"):
        load("hf:nobody/nothing-of-this-name")
    path = tmp_path / "a.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(InputError, match="cannot be loaded"):
        load(path)


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError) as caught:
        load("hf:beans")
    assert str(caught.value) == (
        'hf:beans needs the datasets library, which is not installed: pip install "pellucid[datasets]".'
    )
