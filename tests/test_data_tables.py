"""Tables: what people's spreadsheets write is read, and what cannot be is named by line and column."""

import numpy as np
import pytest

from pellucid.data import load
from pellucid.data.tables import read_columns
from pellucid.errors import InputError

TEXT = "length,width,species\n1.5,2,iris\n3,-4e1,rose\n0,.5,iris\n"


@pytest.fixture
def table(tmp_path):
    def write(content, name="a.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def told(path, **options):
    with pytest.raises(InputError) as caught:
        load(path, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        TEXT.replace("\n", "\r\n"),
        "\ufeff" + TEXT,
        TEXT.replace(",", ";"),
        TEXT.replace(",", "\t"),
        TEXT.replace(",", ";").replace(".", ","),
        TEXT.replace(",", "\t").replace(".", ","),
        "\n" + TEXT.replace("\n", "\n\n"),
        TEXT.replace("iris", '"iris"').replace("length", '"length"').replace("1.5", ' "1.5"'.strip()),
        TEXT.rstrip("\n"),
        TEXT.replace(",", " , "),
    ],
)
def test_dialects(table, content):
    data = load(table(content)).train
    (X,) = data.blocks()
    assert X.dtype == np.float64
    assert X.tolist() == [[1.5, 2], [3, -40], [0, 0.5]]
    assert (data.kind, data.columns, data.class_names) == ("numbers", ("length", "width"), ("iris", "rose"))
    assert data.labels.tolist() == [0, 1, 0]


def test_names_are_the_lines_of_the_file(table):
    content = 'a,y\n1,x\n\n2,"two\nlines"\n3,x\n'
    assert list(load(table(content)).train.names) == ["line 2", "line 5", "line 6"]


@pytest.mark.parametrize("name", ["label", "Class", "TARGET", "y", "Species", "diagnosis"])
def test_usual_label_columns(table, name):
    data = load(table(f"a,{name},b\n1,x,2\n3,z,4\n", "a.tsv")).train
    assert data.columns == ("a", "b")
    assert data.counts() == {"x": 1, "z": 1}


def test_label_and_groups_by_name(table):
    data = load(table("a,y,who,kind\n1,2,ann,x\n3,4,bob,z\n"), label="kind", groups="who").train
    assert data.columns == ("a", "y")
    assert data.groups.tolist() == ["ann", "bob"]
    assert data.take([1]).groups.tolist() == ["bob"]


def test_quoted_delimiters_do_not_mislead(table):
    data = load(table('"a, b, c";y\n"1,5";p\n2;q\n')).train
    assert data.columns == ("a, b, c",)
    assert np.concatenate(list(data.blocks())).ravel().tolist() == [1.5, 2]


def test_numeric_labels_are_in_numeric_order(table):
    lines = [f"{number},{number}" for number in (10, 9, 1, 100, 9)]
    data = load(table("\n".join(["a,y", *lines]))).train
    assert data.class_names == ("1", "9", "10", "100")
    assert data.labels.tolist() == [2, 1, 0, 3, 1]


@pytest.mark.parametrize("count, regression", [(50, False), (51, True)])
def test_many_measurements_are_not_classes(table, count, regression):
    path = table("\n".join(["a,y", *(f"1,{number}.5" for number in range(count))]))
    if regression:
        assert told(path) == (
            f"the labels of {path} are 51 different numbers, not all whole: this looks like regression; "
            "use NeuralNetworkRegressor."
        )
    else:
        assert len(load(path).train.class_names) == count


def test_many_whole_numbers_are_classes(table):
    assert len(load(table("\n".join(["a,y", *(f"1,{n}" for n in range(80))]))).train.class_names) == 80


@pytest.mark.parametrize(
    "content, options, message",
    [
        ("a,y\n1,p\nred,q\n", {}, "{0}, line 3, column 'a' is 'red', expected a finite number; correct it, or remove "
         "the column."),
        ("a,y\n1,p\n,q\n", {}, "{0}, line 3, column 'a' is empty; fill it in or remove the line (missing values come "
         "in a later release)."),
        ("a,b,y\n1,nan,p\n1,2,q\n", {}, "{0}, line 2, column 'b' is 'nan', expected a finite number; correct it, or "
         "remove the column."),
        ("a,b,y\n1,2,p\n1,-inf,q\n", {}, "{0}, line 3, column 'b' is '-inf', expected a finite number; correct it, or "
         "remove the column."),
        ("a,b,y\n1,1.234.5,p\n", {}, "{0}, line 2, column 'b' is '1.234.5', expected a finite number; correct it, or "
         "remove the column."),
        ("a,y\n1,p\n1,\n", {}, "{0}, line 3, column 'y' is empty; every sample needs a label."),
        ("a,y\n1,p\n1,2,q\n", {}, "{0}, line 3 has 3 cells, the header has 2."),
        ("a,y\n1,p\n\n1\n", {}, "{0}, line 4 has 1 cells, the header has 2."),
        ("a,b\n1,p\n", {}, "{0} does not say which column is the label; its columns are a, b. Name the column of the "
         'classes with --label NAME (label="NAME").'),
        ("class,y\n1,p\n", {}, "{0} does not say which column is the label; its columns are class, y. Name the column "
         'of the classes with --label NAME (label="NAME").'),
        ("a,y\n1,p\n", {"label": "z"}, "{0} has no column 'z'; its columns are a, y."),
        ("a,y\n1,p\n", {"groups": "z"}, "{0} has no column 'z'; its columns are a, y."),
        ("y\np\nq\n", {}, "{0} has no column to learn from beside y."),
        ("", {}, "{0} holds no samples; expected a header and a line for each sample."),
        ("a,y\n", {}, "{0} holds no samples; expected a header and a line for each sample."),
        ("1,2\n3,4\n", {}, "{0} has no header: its first line is 1, 2; add a line of column names."),
        (",a,y\n0,1,p\n", {}, "{0}: column 1 has no name in the header; name it, or remove it (an index that pandas "
         "wrote goes away with index=False)."),
        ("a,a,y\n1,2,p\n", {}, "{0} has two columns named 'a'; rename one."),
        ("a,y\n1,p\n2,p\n", {}, "{0} has only one class, p; learning to tell classes apart needs at least two."),
        (b"a,y\n1,caf\xe9\n", {}, '{0} is not in UTF-8 (byte 9 is not); save it anew as "CSV UTF-8".'),
        ('a,y\n1,"p\n', {}, "{0}, line 2 cannot be read: unexpected end of data."),
        ("a,y\n1," + "p" * 200_000, {}, "{0}, line 2 cannot be read: field larger than field limit (131072)."),
        ("a,y\n1,p\n2,q\n", {"keys": ("a", "y")}, "{0} is a table; keys= has no meaning there, leave it out."),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_used(table, content, options, message):
    path = table(content)
    assert told(path, **options) == message.format(path)


def test_columns_for_prediction_come_in_the_asked_order(table):
    path = table("b,note,a\n1,x,2\n3,y,4\n")
    assert read_columns(path, ["a", "b"]).tolist() == [[2, 1], [4, 3]]
    with pytest.raises(InputError, match="has no column 'c'; its columns are b, note, a"):
        read_columns(path, ["a", "c"])
