"""Tables: what people's spreadsheets write is read, and what cannot be is named by line and column."""

import shlex

import numpy as np
import pytest

from pellucid.cli.options import Columns
from pellucid.data import load
from pellucid.data.labels import class_names_of, codes_of
from pellucid.data.readers.csv_table import read_rows
from pellucid.errors import InputError, listed

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
        ([n + 0.5 for n in range(30)], 5, 30),
        ([n + 0.5 for n in range(50)], 5, None),
        ([n + 0.5 for n in range(51)], 5, 0),
        (range(30), 5, 30),
        (range(31), 5, None),
        (range(80), 5, None),
        (range(80), 4, 0),
        (range(11), 4, 0),
        (range(10), 1, 10),
    ],
)
def test_measurements_are_not_classes(table, numbers, times, classes):
    path = table("\n".join(["a,y", *(f"1,{number}" for number in [*numbers] * times)]))
    if classes is None:
        assert "Then give --regression (regression=True). Are they classes? Then give --classify" in told(path)
        data = load(path, regression=False).train
        classes = len(numbers)
    else:
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
         "where the value is missing, or declare the column with --categorical a (categorical=['a'])."),
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
        ("a,y\n1,p\n1,\n", {}, "{0}, line 3, column 'y' is empty; every sample needs a label. Leave such rows out "
         "with --skip-bad (skip_bad=True)."),
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
        (b"a,y\n1,\x83\x5c\x83\x76\x83\x5c\x81\n", {}, '{0}, line 2 is not in UTF-8 (byte 6); save the file again as '
         '"CSV UTF-8".'),
        ('a,y\n1,"p\n', {}, "{0}, line 2: a quote opens and is not closed where it should be (looked up to "
         "line 2: unexpected end of data). Remove it, or write it twice."),
        ("a,y\n1," + "p" * 200_000, {}, "{0}, line 2 cannot be read: field larger than field limit (131072)."),
        ("a,y\n1,p\n2,q\n", {"keys": ("a", "y")}, "{0} is a table; keys= has no meaning there, leave it out."),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_used(table, content, options, message):
    path = table(content)
    assert told(path, **options) == message.format(path)


def test_columns_for_prediction_come_in_the_asked_order(table):
    path = table("b,note,a\n1,x,2\n3,y,4\n")
    assert read_rows(path, ["a", "b"]).X.tolist() == [[2, 1], [4, 3]]
    assert read_rows(path, ["note", "b"], ["note"]).X.tolist() == [["x", 1], ["y", 3]]
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
    many = [f"x{i}" for i in range(101)]
    assert "'a' has 101 different texts in 404 cells" in told(columns_of(table, a=many * 4))
    assert load(columns_of(table, a=many[:100] * 4)).train.categorical == ("a",)


def test_the_example_of_a_useless_column_is_as_the_file_has_it(table):
    lines = ["459,08;p", *(f"x{i};q" for i in range(24))]
    assert "'a' has 25 different texts in 25 cells, such as '459,08'." in told(table("\n".join(["a;y", *lines])))


def test_categories_of_numbers_are_their_texts(table):
    (X,) = load(table("a;y\n1;p\n1,0;q\n2,5;p\n01;q\n;q\n"), categorical=["a"]).train.blocks()
    assert X.ravel().tolist() == ["1", "1", "2.5", "01", None]


# how numbers are written --------------------------------------------------------------------------------------------


def column(table, cells, delimiter=";", **options):
    """Return how a column of a file is read."""
    lines = [delimiter.join([f'"{cell}"' if delimiter in cell else cell, "pq"[i % 2]]) for i, cell in enumerate(cells)]
    return load(table("\n".join([f"a{delimiter}y", *lines])), **options).train


@pytest.mark.parametrize("delimiter", [";", "\t", ","])
@pytest.mark.parametrize(
    "cells, numbers",
    [
        (["1.234,50", "856", "-7.654"], [1234.5, 856, -7654]),
        (["1,234.5", "856", "-7,654"], [1234.5, 856, -7654]),
        (["1.234", "0,5"], [1234, 0.5]),
        (["1,234", "0,5"], [1.234, 0.5]),
        (["1,234", "12,34"], [1.234, 12.34]),
        (["1,234", "1,234,567"], [1234, 1234567]),
        (["1234,567", "1,5"], [1234.567, 1.5]),
        (["1 234", "12\u202f345,6", "7'654", "\u22125"], [1234, 12345.6, 7654, -5]),
        (["45%", "9,7 %", "0"], [45, 9.7, 0]),
        (["$80", "-$1,200.50", "7"], [80, -1200.5, 7]),
        (["76,42 €", "€ 5", "1.000,00 EUR"], None),
        (["76,42 €", "5€"], [76.42, 5]),
        (["-", "8", "#DIV/0!", "#N/A", "\u2013"], [np.nan, 8, np.nan, np.nan, np.nan]),
    ],
)
def test_numbers_as_people_write_them(table, delimiter, cells, numbers):
    if numbers is None:
        with pytest.raises(InputError, match="their units differ"):
            column(table, cells, delimiter)
        return
    data = column(table, [*cells, *(["9"] if "-" in cells else [])], delimiter)
    assert data.categorical == ()
    np.testing.assert_array_equal(np.concatenate(list(data.blocks()))[: len(numbers), 0], numbers)


@pytest.mark.parametrize("cells", [["856", "1,207"], ["856", "1.207"], ["$1,207", "$856"]])
@pytest.mark.parametrize("delimiter", [";", "\t", ","])
def test_thousands_that_may_be_decimals_are_asked_about(table, cells, delimiter):
    with pytest.raises(
        InputError, match=r"which may be \$?1207 or \$?1.207: no cell of the table settles it"
    ) as caught:
        column(table, cells, delimiter)
    mark = "," if "," in "".join(cells) else "."
    other = "." if mark == "," else ","
    assert f"--decimal {other} (decimal='{other}') reads " in str(caught.value)
    assert str(caught.value).endswith("Where they are no numbers, give --categorical a (categorical=['a']).")
    assert column(table, cells, delimiter, categorical=["a"]).categorical == ("a",)
    read = {m: np.concatenate(list(column(table, cells, delimiter, decimal=m).blocks())).ravel() for m in ".,"}
    assert sorted(read[other]) == [856, 1207] and sorted(read[mark]) == [1.207, 856]
    with pytest.raises(InputError, match="decimal must be"):
        column(table, cells, delimiter, decimal="x")


def test_other_columns_settle_what_a_mark_is(table):
    path = table("a;b;y\n1.234;0,5;p\n856;1,5;q\n")
    assert load(path).train.read(np.arange(2))[:, 0].tolist() == [1234, 856]
    assert read_rows(path, ["a"]).X.ravel().tolist() == [1234, 856]
    message = told(table("a;b;c;y\n1.234;0,5;1.5;p\n856;1,5;2.5;q\n"))
    assert "line 2, column 'b' is '0,5'" in message and "line 2, column 'c' is '1.5'" in message
    with pytest.raises(InputError, match=r"may be 1234 or 1.234"):
        read_rows(table("a;y\n1.234;p\n"), ["a"])
    assert read_rows(table("a;y\n1.234;p\n"), ["a"], decimal=",").X.tolist() == [[1234]]


def test_a_given_mark_that_other_columns_contradict_is_noted(table):
    path = table("a;b;y\n1.234;0.5;p\n856;1.5;q\n")
    assert load(path).train.read(np.arange(1))[0, 0] == 1.234 and load(path, decimal=".").train.notes == ()
    data = load(path, decimal=",").train
    assert data.read(np.arange(1)).tolist() == [[1234, 0.5]]
    assert data.notes == (f"'a' is read with the decimal mark ',' as asked, but {path}, line 2, column 'b' is '0.5'",)


def test_one_typing_error_settles_nothing(table):
    with pytest.raises(InputError, match=r"only .*, line 42, column 'a', '12,34', may settle it"):
        column(table, ["1,234"] * 40 + ["12,34"], "\t")
    with pytest.raises(
        InputError, match=r"line 2, column 'a' is '1,5', and .*line 3, column 'a' is '2.5': they have diff"
    ):
        column(table, ["1,5", "2.5"])
    assert column(table, ["1.234", "2.345", "4.001"], ",").read(np.arange(1)).tolist() == [[1.234]]  # from a program


def test_labels_with_thousands_percents_and_currencies(table):
    def labels(*cells, **options):
        lines = [f"{i}\t{cell}" for i, cell in enumerate(cells)]
        return load(table("\n".join(["a\ty", *lines]), "a.tsv"), **options).train

    many = [f"1,{n}" for n in range(200, 260)]
    with pytest.raises(InputError, match=r"line 2, column 'y' is '1,200', which may be 1200 or 1.200"):
        labels(*many)
    assert labels(*many, decimal=".").labels[:2].tolist() == [1200, 1201]
    assert labels(*(f"{n / 10}%" for n in range(60))).labels[:2].tolist() == [0, 0.1]
    assert labels(*(f"$1,{n}.50" for n in range(200, 260))).labels[0] == 1200.5
    assert labels("1,000", "1,500", "1,000").class_names == ("1,000", "1,500")
    with pytest.raises(InputError, match=r"holds 60 different numbers, 0 to 59, as labels. Are they numbers"):
        labels(*(f"{n:03d}" for n in range(60)))  # codes are no measurements
    weights = [f"{n} kg" for n in range(60)]
    with pytest.raises(
        InputError, match=r"'0 kg' \(one of 60 such cells\), a number with a unit. .* with --regression"
    ):
        labels(*weights)
    assert labels(*weights, regression=True).labels[-1] == 59
    assert len(labels(*weights, regression=False).class_names) == 60


@pytest.mark.parametrize(
    "cells, message",
    [
        ([f"{n} kg" for n in range(12)], "line 2, column 'a' is '0 kg' (one of 12 such cells), a number with a unit. "
         "Read the numbers with --numeric a (numeric=['a']), or declare categories with --categorical a"),
        ([*map(str, range(30)), *["unknown"] * 8], "line 32, column 'a' is 'unknown' (one of 8 such cells); 30 others "
         "are numbers, 30 different ones. Correct it, or empty it"),
        ([*map(str, range(30)), *["<10"] * 8], "column 'a' is '<10' (one of 8 such cells); 30 others are numbers"),
        (["45%", "0.45", "7%", "8%"], "is '45%', and {0}, line 3, column 'a' is '0.45': their units differ"),
        (["$45", "€45", "7", "8"], "their units differ"),
        (["007", *map(str, range(41))], "is '007', which looks like a code; most cells are numbers."),
        ([f"{n:05d}" for n in range(40)], "such as '00000'. Leave them out with --drop a (drop=['a']), read numbers "
         "with --numeric a (numeric=['a']), or"),
        ([str(2**53 + n) for n in range(1, 41)], "40 different texts in 40 cells, such as '9007199254740993'"),
    ],
)  # fmt: skip
def test_numbers_that_are_not_only_numbers_are_named(table, cells, message):
    path = columns_of(table, a=cells)
    assert message.format(path) in told(path)
    assert load(path, categorical=["a"]).train.categorical == ("a",)


def test_units_are_read_where_asked(table):
    path = columns_of(table, a=[f"{n} kg" for n in range(12)])
    data = load(path, numeric=["a"]).train
    assert data.read(np.arange(2)).tolist() == [[0], [1]] and data.notes == (
        "the numbers of 'a' are read without their unit, kg",
    )
    with pytest.raises(InputError, match="line 4, column 'a' is '7 g': their units differ"):
        load(columns_of(table, a=["0", "1 kg", "7 g", "8 kg"]), numeric=["a"])


def test_codes_stay_as_they_are(table):
    data = load(columns_of(table, a=["1E5", "2E3"] * 4, b=["007", "7"] * 4)).train
    assert data.categorical == ("a", "b") and data.read(np.arange(2)).tolist() == [["1E5", "007"], ["2E3", "7"]]
    assert data.notes[0] == "'a' holds codes, such as '1E5', as categories; --numeric a reads numbers"
    data = load(columns_of(table, a=["1e5", "1.5", "-2e3", "4"])).train
    assert data.read(np.arange(1)).tolist() == [[100000]]


def test_truths_are_one_category_in_all_spellings(table):
    data = load(columns_of(table, a=["TRUE", "false", "True", "FALSE"])).train
    assert data.read(np.arange(4)).ravel().tolist() == ["True", "False", "True", "False"]
    data = load(table("a,y\n1,TRUE\n2,true\n3,0\n4,False\n5,1\n")).train
    assert data.class_names == ("False", "True") and data.labels.tolist() == [1, 1, 0, 0, 1]
    assert data.notes == ("'y' has 1 and 0 beside True and False; they are taken for the same",)
    old = load(table("a,y\n1,TRUE\n2,FALSE\n")).train.coded_as(("FALSE", "TRUE"), {})  # of a model of the last release
    assert old.labels.tolist() == [1, 0]


# labels -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["NA", "?", "NULL", "-", "nan", "None", ""])
def test_rows_without_a_label(table, word):
    path = table(f"a,y\n1,yes\n2,{word}\n3,no\n4,{word}\n")
    message = told(path)
    assert f"{path}, line 3, column 'y' is " in message and "(2 rows: lines 3, 5). Leave such rows out with" in message
    data = load(path, skip_bad=True).train
    assert data.class_names == ("no", "yes") and data.names == ["line 2", "line 4"]
    assert data.notes == ("no label: 2 rows left out, as --skip-bad does (lines 3, 5)",)
    if word:
        assert f"If {word!r} is a class, keep it with --categorical y (categorical=['y'])." in message
        assert load(path, categorical=["y"]).train.class_names == tuple(sorted(["no", "yes", word]))
        of_numbers = load(table(f"a,y\n1,1\n2,{word}\n3,0\n"), categorical=["y"]).train
        assert set(of_numbers.class_names) == {"0", "1", word}
        with pytest.raises(InputError, match="stands for a missing label" if word != "nan" else "NaN or infinity"):
            class_names_of(["0", "1", word.replace("-", "NA")], "here")


def test_classes_in_the_spelling_of_a_model_or_a_folder_are_found():
    assert codes_of(["TRUE", "false", True], ("FALSE", "TRUE"), "here").tolist() == [1, 0, 1]
    assert codes_of(["1.0", "0.5"], ("0.5", "1.0"), "here").tolist() == [1, 0]


def test_plus_and_minus_are_classes(table):
    assert load(table("a,y\n1,+\n2,-\n3,+\n")).train.class_names == ("+", "-")


def test_y_beside_x_is_a_coordinate(table):
    assert "Only colour holds texts: try --label colour." in told(table("x,y,colour\n1,2,red\n3,4,blue\n"))
    assert load(table("x,y\n1,2\n3,4\n")).train.target == "y"


def test_what_is_learned_is_named(table):
    path = table("a,stars\n1,1\n2,2\n3,3\n")
    assert load(path, label="stars").train.learned == (
        "classes of column 'stars' (3 classes; --regression predicts them as numbers)"
    )
    assert load(path, label="stars", regression=True).train.learned == (
        "numbers of column 'stars'; --classify takes them as classes"
    )
    assert load(table("a,y\n1,p\n2,q\n")).train.learned == "classes of column 'y' (2 classes)"


def test_groups_of_one_number_are_one(table):
    data = load(table("a,y,who\n1,p,7\n2,q,7.0\n3,p,07\n4,q,NA\n"), groups="who").train
    assert data.groups.tolist() == ["7", "7", "07", "line 5"]
    assert data.notes == ("'who': '07' and '7' are two groups", "rows without 'who': 1; each is a group of its own")


# the shape of a file ------------------------------------------------------------------------------------------------

ROWS = "1,x,p\n2,z,q\n"


@pytest.mark.parametrize(
    "content, message",
    [
        ("a,b,y\n" + ROWS + '3,"open,p\n' + ROWS * 3, "line 4: a quote opens and is not closed where it should be"),
        ("a,b,y\n" + ROWS + '3,"open,p\n' + ROWS + '3,"open,p\n' + ROWS, "line 4: a quote opens and is not closed"),
        ("a,b,y\n" + ROWS + '3,"open,p\n' + ROWS + '3,5",p\n' + ROWS, "line 4: a quote opens and is closed on line 7"),
        ("Measurements,,\n,,\na,b,y\n" + ROWS, "Line 3 looks like the header (a, b, y): remove the lines above it."),
        ("Measurements\n\na,b,y\n" + ROWS, "Line 3 looks like the header (a, b, y): remove the lines above it."),
        ("a,b,y\n" + ROWS.replace(",", ";"), "The table is divided by semicolons, the header by commas."),
        ("a,b,y\n" + ROWS + "1;x;p\n", "The table is divided by commas, this line by semicolons."),
        ("a,b,y\n1,1,x,p\n2,2,z,q\n", "All lines have one more: name the first column too (R: write.csv"),
        ("Report, of 2024\nby me\na,b,y\n" + ROWS, "Line 3 looks like the header (a, b, y)"),
        ("a,y\n\u0141\xf3d\u017a,p\nb,q\n".encode("cp1250"), "line 2 is not in UTF-8 (byte 4)"),
        ("a,y\n1,p\n2,q\n".encode("utf-16-le"), "begins like UTF-16"),
        (b"PK\x03\x04", "is a workbook or a zip, not text"),
    ],
)
def test_files_whose_shape_is_off(table, content, message):
    assert message in told(table(content))


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\na, cm;b, cm;y\n1,5;2;p\n3;4;q\n",
        "sep=|\na, cm|b, cm|y\n1,5|2|p\n3|4|q\n",
        "a, cm;b, cm;y\n1,5;2;p\n3;4;q\n",
        "a, cm;b, cm;y\r1,5;2;p\r3;4;q\r",
        "a, cm;b, cm;y;\n1,5;2;p;\n3;4;q;\n",
        "a, cm;b, cm;y\n1,5;2;p;\n3;4;q;;\n",
        "a, cm;b, cm;y\n1,5;2;p\n3;4;q\n".encode("utf-16"),
    ],
)
def test_sound_files_of_other_programs(table, content):
    data = load(table(content)).train
    assert data.columns == ("a, cm", "b, cm") and data.read(np.arange(2)).tolist() == [[1.5, 2], [3, 4]]


def test_windows_1252_is_read_with_a_note(table):
    path = table("a;y\nMüller;p\nb;q\n".encode("cp1252"))
    data = load(path).train
    assert data.read(np.arange(1)).tolist() == [["Müller"]]
    assert data.notes == (
        f"{path} is not in UTF-8 and read as Windows-1252 ('Müller' in line 2); if that is wrong, save it as "
        '"CSV UTF-8"',
    )


def test_a_name_with_a_comma_can_be_given():
    assert Columns()('"x, mm",b') == Columns()('"x, mm", b') == ["x, mm", "b"]
    assert shlex.split(listed(["x, mm", "b"])) == ['"x, mm",b']


def test_bars_divide_too(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a|b|label\n1.5|red, dark|x\n2.5|blue|y\n3.5|red, dark|x\n")
    data = load(path).train
    assert data.columns == ("a", "b") and data.read([0]).tolist() == [[1.5, "red, dark"]]
    path.write_text("a,b,label\n1,x|y,p\n2,z|y,q\n3,x|y,p\n")
    assert load(path).train.read([0]).tolist() == [[1.0, "x|y"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b label\n1 2 x\n3 4 y\n5 6 7\n", "divide its 3 columns by blanks"),
        ("a   b     label\n1   2.5   x\n30  4.25  y\n5   6     x\n", "divide its 3 columns by blanks"),
        ("a,label\n1,x\n2,y\0\n3,x\n", "line 3 holds a NUL character"),
        ("name,0.5,1.5,0.5\nheight,1,2,3\nlabel,7,8,9\n", "lie on its side: its first column holds names .height."),
    ],
)
def test_shapes_of_other_programs_are_named(tmp_path, text, message):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load(path, label="label")


def test_one_column_of_words_is_no_table_divided_by_blanks(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("city name\nNew York\nLos Angeles\nSan Jose\n")
    assert read_rows(path, ["city name"], ["city name"]).X[:, 0].tolist() == ["New York", "Los Angeles", "San Jose"]


def test_numbers_of_other_scripts_and_missing_values_of_databases(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,label\n\u0662\u0662.\u0663,\uff11\uff12,x\n4.5,\\N,y\n5.5,7,x\n1.5,8,y\n", "utf-8")
    X = load(path).train.read(np.arange(4))
    assert X[0].tolist() == [22.3, 12] and np.isnan(X[1, 1])


def test_a_first_line_that_is_data_is_named_where_the_label_is_missing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("yes,0.35,12\nno,0.5,13\nyes,0.7,14\n")
    with pytest.raises(InputError, match=r"has no column 'label'.*if the first line is data, put a line with the"):
        load(path, label="label")


def test_packed_tables_and_folders_of_tables(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(b"x")
    with pytest.raises(InputError, match=r"is packed; unpack it \(gunzip t\.csv\.gz\) and give t\.csv"):
        load(tmp_path / "t.csv.gz")
    folder = tmp_path / "tables"
    folder.mkdir()
    for name in ("b.csv", "a.csv", "notes.md"):
        (folder / name).write_text("a,label\n1,x\n2,y\n")
    with pytest.raises(InputError, match=r"holds tables, a\.csv, b\.csv; give one of them: .*a\.csv"):
        load(folder, label="label")


def test_a_named_delimiter_is_believed_where_cells_hold_blanks(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("sep=^\na^city name^label\n1^New York^x\n2^San Jose^y\n3^El Paso^x\n4^New York^7\n")
    assert load(path, label="label").train.columns == ("a", "city name")


@pytest.mark.parametrize("units", ["mm,kg,-", "mm,kg,", "mm,,-"])
def test_a_line_of_units_is_named(tmp_path, units):
    path = tmp_path / "t.csv"
    path.write_text(f"length,weight,label\n{units}\n" + "".join(f"{k},{k / 2},{'ab'[k % 2]}\n" for k in range(8)))
    with pytest.raises(InputError, match=r"line 2 looks like units \(length mm.*above the numbers; remove that line"):
        load(path)


def test_a_first_row_of_words_is_no_units(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,label\nred,small,x\n" + "".join(f"blue,{k},{'xy'[k % 2]}\n" for k in range(8)))
    with pytest.raises(InputError, match="column 'b' is 'small'"):
        load(path)
