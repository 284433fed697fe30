"""Rows by name: frames and dicts give the same cells in whatever order their columns come."""

import numpy as np
import pandas as pd
import pytest

from pellucid.errors import InputError
from pellucid.features import Numbers
from pellucid.features.named_rows import named_rows

ROWS = [[1, "red"], [2, None]]
FRAME = pd.DataFrame(ROWS, columns=["size", "colour"])


def as_arrow(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


FORMS = {
    "pandas": lambda: FRAME,
    "other order and more": lambda: FRAME.assign(id=7)[["id", "colour", "size"]],
    "pandas' own missing values": lambda: FRAME.convert_dtypes(),
    "categories": lambda: FRAME.astype({"colour": "category"}),
    "pyarrow": lambda: as_arrow(FRAME),
    "dicts": lambda: [{"colour": "red", "size": 1}, {"size": 2, "colour": None}],
    "lists": lambda: {"colour": ["red", None], "size": np.array([1, 2])},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_cells(form):
    rows = named_rows(FORMS[form](), ["size", "colour"])
    assert [[int(size), None if pd.isna(colour) else str(colour)] for size, colour in rows] == ROWS


def test_one_row():
    assert named_rows(FRAME.iloc[0], ["colour", "size"]) == named_rows({"size": 1, "colour": "red"}, ["colour", "size"])
    assert named_rows(FRAME.head(0), ["size"]) == []


@pytest.mark.parametrize("raw", [[[1, 2]], np.eye(2), [1, 2], "t.csv", 3, None, []])
def test_rows_without_names(raw):
    assert named_rows(raw, ["size"]) is None


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (FRAME[["size"]], "the data frame has no 'colour'; None stands for a missing value."),
        (FRAME.rename(columns={"size": "Size "}), "the data frame has no 'size'; 'Size ' differs from 'size' in case"),
        (pd.concat([FRAME, FRAME[["size"]]], axis=1), "the data frame has two columns named 'size'; rename one."),
        ([{"size": 1, "colour": 2}, {"size": 1}], "row 1 has no 'colour'"),
        ([{"size": 1, "colour": 2}, [1, 2]], "row 1 has no names of columns, unlike the rows before it; got list."),
        ({"size": [1, 2], "colour": "red"}, "the dict mixes single values and lists, or lists of different lengths"),
        ({"size": [1, 2], "colour": ["red"]}, "the dict mixes single values and lists, or lists of different lengths"),
    ],
)
def test_what_does_not_fit_is_named(raw, message):
    with pytest.raises(InputError) as error:
        named_rows(raw, ["size", "colour"])
    assert message in str(error.value)


def test_numbers_with_names_are_matched_by_them():
    X = np.arange(6.0).reshape(3, 2)
    frame = pd.DataFrame(X, columns=["a", "b"])
    features = Numbers(2, ("a", "b"))
    for raw in (frame, frame[["b", "a"]], frame.assign(c=1)[["c", "b", "a"]], X):
        assert features.extract(raw).tolist() == X.tolist()
    assert features.extract(frame.head(0)).shape == (0, 2)
    assert Numbers(2).extract(frame).tolist() == X.tolist()  # without names, as arrays are
