"""Tables: what people's spreadsheets write is read, and what cannot be is named by line and column."""

import numpy as np
import pytest

from pellucid.data import load
from pellucid.data.labels import class_names_of
from pellucid.data.readers.csv_table import read_rows
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
    assert (data.kind, data.columns, data.class_names) == ("table", ("length", "width"), ("iris", "rose"))
    assert data.labels.tolist() == [0, 1, 0]


def test_names_are_the_lines_of_the_file(table):
    content = 'a,y\n1,x\n\n2,"two\nlines"\n3,x\n'
    assert list(load(table(content)).train.names) == ["line 2", "line 5", "line 6"]


@pytest.mark.parametrize("name", ["label", "Class", "TARGET", "y", "Species", "diagnosis"])
def test_usual_label_columns(table, name):
    data = load(table(f"a,{name},b\n1,x,2\n3,z,4\n", "a.tsv")).train
    assert data.columns == ("a", "b")
    assert data.counts() == {"x": 1, "z": 1}


def test_data_to_score_on_need_not_have_the_column_of_groups(table):
    file = table("a,y\n1,x\n2,z\n")
    data = load(file, label="y", usual={"groups": "who", "only": ("a",), "numeric": ("a",)}).train
    assert data.groups is None and data.columns == ("a",)
    with pytest.raises(InputError, match="no column 'who'"):
        load(file, label="y", groups="who")


def test_rows_without_a_group_are_alone(table):
    data = load(table("a,y,who\n1,x,ann\n2,x,\n3,z,\n4,z,ann\n"), label="y", groups="who").train
    assert data.groups.tolist() == ["ann", "line 3", "line 4", "ann"]


def test_columns_may_be_called_by_numbers(table):
    data = load(table("1990,1991,kind\n3,4,p\n5,6,q\n"), label="kind").train
    assert data.columns == ("1990", "1991")


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


@pytest.mark.parametrize(
    "numbers, times, classes",
    [
        ([n + 0.5 for n in range(50)], 5, 50),
        ([n + 0.5 for n in range(51)], 5, 0),
        (range(80), 5, 80),
        (range(80), 4, 0),
        (range(11), 4, 0),
        (range(10), 1, 10),
    ],
)
def test_measurements_are_not_classes(table, numbers, times, classes):
    path = table("\n".join(["a,y", *(f"1,{number}" for number in [*numbers] * times)]))
    data = load(path).train
    assert len(data.class_names) == classes
    assert data.counts().keys() == set(data.class_names) and (data.strata is None) == (classes == 0)
    if not classes:
        assert data.labels.tolist() == [*numbers] * times
    assert load(path, regression=True).train.labels.tolist() == [*numbers] * times
    assert len(load(path, regression=False).train.class_names) == len(numbers)


def test_labels_of_one_number_are_one_class(table):
    assert class_names_of(["1.0", "2", "1", "10"], "here") == ("1", "2", "10")
    data = load(table("a;y\n1;1\n1;1,0\n1;2\n1;1.00\n1;01\n1;2,50\n")).train
    assert data.class_names == ("01", "1", "2", "2.50") and data.labels.tolist() == [1, 1, 2, 1, 0, 3]


@pytest.mark.parametrize(
    "content, options, message",
    [
        ("a,y\n1,p\nred,q\n", {}, "{0}, line 3, column 'a' is 'red', expected a finite number. Correct it, or empty it "
         "where the value is missing, or declare the column with --categorical a (categorical=[\"a\"])."),
        ("a,b,y\n1,2,p\n1,-inf,q\n", {"numeric": ["b"]}, "{0}, line 3, column 'b' is '-inf', expected a finite number. "
         "Correct it, or empty it where the value is missing."),
        ("a,y\nx,p\n1,p\nred,q\n", {"only": ["a"], "numeric": ["a"]}, "{0}, line 2, column 'a' is 'x' (one of 2 such "
         "cells), expected a finite number. Correct it, or empty it where the value is missing."),
        ("a,b,c,y\n1,,NA,p\n1,?,null,q\n", {}, "of some columns nothing can be learned: 'b' is empty in every row; 'c' "
         "is empty in every row. Leave them out with --drop b,c (drop=['b', 'c']), or declare categories with "
         "--categorical (categorical=[...])."),
        ("a,y\n1,p\n", {"drop": ["b"]}, "unknown column of {0} 'b'. Known: a, y."),
        ("a,y\n1,p\n", {"drop": ["y"]}, "column 'y' of {0} is the label or the column of groups; it can be only one of "
         "these."),
        ("a,y\n1,p\n", {"drop": ["a"], "numeric": ["a"]}, "column 'a' of {0} is declared once already; it can be only "
         "one of these."),
        ("a,y\n1,p\n", {"drop": ["a"]}, "{0} has no column to learn from beside y."),
        ("a,y\n1,p\n", {"only": ["b", "a", "c"]}, "{0} has no columns 'b', 'c'; its columns are a, y."),
        ("a,y\n1,5\n1,x\n", {"regression": True}, "{0}, line 3, column 'y' is 'x', but the labels are numbers to "
         "predict. Correct it, or remove the line."),
        ("a,y\n1,p\n1,\n", {}, "{0}, line 3, column 'y' is empty; every sample needs a label."),
        ("a,y\n1,p\n1,2,q\n", {}, "{0}, line 3 has 3 cells, the header has 2."),
        ("a,y\n1,p\n\n1\n", {}, "{0}, line 4 has 1 cells, the header has 2."),
        ("a,b c,d\n1,p,\n", {}, "{0} does not say which column is the label; its columns are a, b c, d. Name "
         'the column of the classes with --label NAME (label="NAME"). Only b c holds texts: try --label \'b c\'.'),
        ("a,b,c\n1,p,x\n2,q,y\n", {}, "{0} does not say which column is the label; its columns are a, b, c. "
         'Name the column of the classes with --label NAME (label="NAME").'),
        ("150,50,a\n160,60,b\n170,70,a\n", {"label": "a"}, "{0}: the first line looks like data, 150, 50, a; put a "
         "line with the names of the columns above it."),
        ("150,50,a\n160,60,b\n", {}, "{0} does not say which column is the label; its columns are 150, 50, a. "
         "Some of them are numbers: if the first line is data, put a line with the names of the columns above it. "
         'Name the column of the classes with --label NAME (label="NAME").'),
        ("class,y\n1,p\n", {}, "{0} does not say which column is the label; its columns are class, y. Name the column "
         'of the classes with --label NAME (label="NAME"). Only y holds texts: try --label y.'),
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
        (b"a,y\n1,caf\xe9\n", {}, '{0} is not in UTF-8 (byte 9 is not); save it again as "CSV UTF-8".'),
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
    assert read_rows(path, ["a", "b"]).tolist() == [[2, 1], [4, 3]]
    assert read_rows(path, ["note", "b"], ["note"]).tolist() == [["x", 1], ["y", 3]]
    with pytest.raises(InputError, match="has no column 'c'; its columns are b, note, a"):
        read_rows(path, ["a", "c"])


def test_a_mistake_among_numbers_to_predict_does_not_make_them_classes(table):
    path = table("\n".join(["a,y", *(f"1,{n}" for n in range(40)), "1,4O"]))
    assert told(path) == (
        f"{path}, line 42, column 'y' is '4O', but the labels are numbers to predict. Correct it, or remove the line, "
        "or take the labels as classes with --classify (regression=False)."
    )
    assert len(load(path, regression=False).train.class_names) == 41


# columns -----------------------------------------------------------------------------------------------------------


def columns_of(table, **cells):
    n = len(next(iter(cells.values())))
    lines = [",".join(f'"{cell}"' for cell in row) for row in zip(*cells.values(), "pq" * (n // 2), strict=True)]
    return table("\n".join([",".join([*cells, "y"]), *lines]))


@pytest.mark.parametrize("word", ["", "NA", "n/a", "NaN", "nan", "NULL", "None", "?", " "])
def test_words_for_missing(table, word):
    data = load(columns_of(table, a=["1", word], b=["red", word])).train
    assert (data.columns, data.categorical) == (("a", "b"), ("b",))
    (X,) = data.blocks()
    assert X[0].tolist() == [1.0, "red"] and np.isnan(X[1, 0]) and X[1, 1] is None


@pytest.mark.parametrize(
    "cells, categorical",
    [
        (["yes", "no"] * 10, True),
        (["true", "FALSE"] * 10, True),
        (["2024-01-05", "2024-01-06"] * 10, True),
        (["1", "2", "3+", "4+"] * 10, True),
        (["1", "2", "x", "y"] * 10, True),
        (["1", ".5", "-2e3", "NA"] * 10, False),
        (["1"] * 96 + ["x"] * 4, None),
        (["1"] * 93 + ["x"] * 7, True),
        (["1"] * 17 + ["x", "y", "z"], None),
        (["1"] * 3 + ["x"] * 3, None),
        (["1"] * 3 + ["x"] * 5, True),
    ],
)
def test_what_a_column_holds(table, cells, categorical):
    path = columns_of(table, a=cells)
    if categorical is None:
        assert "expected a finite number" in told(path)
    else:
        assert load(path).train.categorical == (("a",) if categorical else ())
    assert load(path, categorical=["a"]).train.categorical == ("a",)


def test_a_column_that_names_its_rows_is_refused(table):
    n = 24
    names, few = [f"name, {i}" for i in range(n)], [f"shape {i % 12}" for i in range(n)]
    path = columns_of(table, name=names, few=few, other=names[:13] + names[:11], number=range(n))
    assert told(path) == (
        "of some columns nothing can be learned: 'name' has 24 different texts in 24 cells, such as 'name, 0'; 'other' "
        "has 13 different texts in 24 cells, such as 'name, 0'. Leave them out with --drop name,other "
        "(drop=['name', 'other']), or declare categories with --categorical (categorical=[...])."
    )
    assert load(path, drop=["name", "other"]).train.columns == ("few", "number")
    assert load(path, drop=["name"], categorical=["other"]).train.categorical == ("few", "other")
    many = [f"{i}x" for i in range(101)]
    assert "'a' has 101 different texts in 404 cells" in told(columns_of(table, a=many * 4))
    assert load(columns_of(table, a=many[:100] * 4)).train.categorical == ("a",)


def test_categories_of_numbers_are_their_texts(table):
    (X,) = load(table("a;y\n1;p\n1,0;q\n2,5;p\n01;q\n;q\n"), categorical=["a"]).train.blocks()
    assert X.ravel().tolist() == ["1", "1", "2.5", "01", None]
