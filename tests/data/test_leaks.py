"""Columns that give the label away or number the rows are found; strong columns of honest data are not accused."""

import shlex

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

import pellucid
from pellucid.cli.main import run
from pellucid.cli.options import Columns
from pellucid.data import Dataset, Splits, load
from pellucid.data.audit import columns as audit_columns
from pellucid.data.audit.audit import audit
from pellucid.data.audit.columns import columns_of, drop_option
from pellucid.data.audit.leaks import leaks
from pellucid.explanation.report.summary import summary_html

N = 150


def table(columns, labels, class_names=("a", "b", "c"), categorical=()):
    X = np.empty((len(labels), len(columns)), object if categorical else np.float64)
    for place, values in enumerate(columns.values()):
        X[:, place] = values
    names = [f"line {row + 2}" for row in range(len(labels))]
    return Dataset(X.__getitem__, np.asarray(labels), class_names, "table", names, "t.csv", tuple(columns), categorical)


def found(dataset):
    return {finding.kind: finding for finding in leaks({"train": dataset})}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_an_id_in_the_order_of_the_classes(rng):
    shuffled = rng.permutation(N)
    data = table({"width": rng.normal(size=N), "Id": shuffled + 1}, np.repeat([0, 1, 2], 50)[shuffled])
    problem = found(data)["row-numbers"]
    assert (problem.level, problem.count, problem.examples) == ("problem", 1, ())
    assert problem.sentence == (
        "Column 'Id' numbers the rows and follows the label: accuracy 0.973 on held-out rows, always the majority "
        "0.333. New rows have no such order: --drop Id."
    )


@pytest.mark.parametrize("name", ["Unnamed: 0", "index", "PassengerId", "customer id", "row_nr", "z"])
def test_a_number_of_the_row_that_follows_no_label_is_a_thing_to_watch(rng, name):
    data = table({"width": rng.normal(size=N), name: rng.permutation(2 * N)[:N]}, rng.integers(0, 3, N))
    watch = found(data)["row-numbers-unused"]
    assert watch.level == "watch"
    assert watch.sentence.endswith(f"--drop {shlex.quote(name)}.")


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(1).integers(1000, 10**8, N),  # populations: all different by chance
        np.random.default_rng(1).integers(18, 80, N),  # ages
        np.arange(N) / 7,
        np.where(np.arange(N) % 10 == 3, np.nan, np.arange(N)),
        np.arange(N) // 2,
    ],
)
def test_a_measure_is_no_number_of_the_row(rng, values):
    assert found(table({"width": rng.normal(size=N), "paid": values}, rng.integers(0, 3, N))) == {}


def test_what_a_curve_is_drawn_over_is_no_number_of_the_row():
    x = np.arange(N)
    assert found(table({"x": x}, np.sin(x / 20), ())) == {}
    assert set(found(table({"x": x}, np.repeat([0, 1, 2], 50)))) == {"row-numbers"}


def test_a_twin_of_the_label(rng):
    y = rng.integers(0, 3, N)
    texts = np.array(["ash", "birch", None], object)[y]
    data = table({"width": rng.normal(size=N), "tree": texts, "code": 10 - y}, y, categorical=("tree",))
    twins = found(data)["label-twin"]
    assert (twins.level, twins.count) == ("problem", 2)
    assert twins.sentence.startswith("2 columns, 'tree' most, alone tell the label: accuracy 1.000 on held-out rows")
    assert twins.sentence.endswith("--drop tree,code.")
    assert [example.partition(":")[0] for example in twins.examples] == ["tree", "code"]


def test_a_twin_that_is_wrong_too_often_is_none(rng):
    y = rng.integers(0, 3, N)
    rough = np.where(rng.random(N) < 0.06, rng.integers(0, 3, N), y)
    assert found(table({"width": rng.normal(size=N), "rough": rough}, y)) == {}


def test_a_rare_class_needs_more_than_the_majority():
    y = (np.arange(2000) % 100 == 0).astype(int)
    blind = np.arange(2000) % 7
    assert found(table({"a": blind, "b": blind % 3}, y, ("ok", "fraud"))) == {}
    assert set(found(table({"a": blind, "b": y}, y, ("ok", "fraud")))) == {"label-twin"}


@pytest.mark.parametrize("unit", [lambda y: 0.9 * y, np.log, lambda y: np.round(y, 1)])
def test_a_twin_of_a_number_to_predict(rng, unit):
    y = np.exp(rng.normal(5, 1, N))
    assert set(found(table({"area": rng.normal(size=N), "other": unit(y)}, y, ()))) == {"label-twin"}
    near = y + rng.normal(0, 0.3 * y.std(), N)
    assert found(table({"area": rng.normal(size=N), "other": near}, y, ())) == {}


def test_a_number_of_the_row_in_a_file_sorted_by_price(rng):
    y = np.sort(np.exp(rng.normal(5, 1, N)))
    assert set(found(table({"area": rng.normal(size=N), "nr": np.arange(N)}, y, ()))) == {"row-numbers"}


def test_a_name_of_what_comes_in_several_rows(rng):
    patient = np.repeat(np.arange(30), 10)
    y = rng.integers(0, 2, 30)[patient]
    key = found(table({"a": rng.normal(size=300), "patient": patient}, y, ("x", "y")))["label-key"]
    assert key.level == "problem"
    assert key.sentence.endswith("--group-by patient keeps each thing on one side of a split.")


def test_a_number_of_the_row_with_gaps_and_copies(rng):
    y, nr = np.repeat([0, 1, 2], 50), np.arange(N)
    gaps = found(table({"a": rng.normal(size=N), "nr": np.where(nr % 40 == 3, np.nan, nr)}, y))
    assert set(gaps) == {"row-numbers"}
    copied = np.r_[nr, nr[:20]]
    assert set(found(table({"a": rng.normal(size=170), "Id": copied}, y[copied]))) == {"row-numbers"}


def test_a_column_named_as_an_id_that_comes_in_several_rows(rng):
    data = table({"a": rng.normal(size=300), "user_id": rng.integers(0, 60, 300)}, rng.integers(0, 2, 300), ("x", "y"))
    watch = found(data)["key-column"]
    assert watch.level == "watch"
    assert watch.sentence.endswith("--group-by user_id keeps each on one side of splits.")


def test_the_only_column_cannot_be_dropped():
    said = found(table({"id": np.arange(60)}, np.arange(60) // 20))["row-numbers"].sentence
    assert said.endswith("New rows have no such order: no other column is left.")


def test_a_measure_that_separates_the_classes_is_a_problem_only_where_rows_are_many(rng):
    for n, level in ((60, "watch"), (300, "problem")):
        y = np.arange(n) % 2
        strong = found(table({"a": rng.normal(size=n), "score": 20 * y + rng.normal(size=n)}, y, ("x", "y")))
        assert {kind: finding.level for kind, finding in strong.items()} == {"strong-column": level}


@pytest.mark.parametrize("read", [load_iris, load_breast_cancer, load_wine, load_digits])
def test_honest_tables_are_not_accused(read):
    bunch = read()
    columns = dict(zip(map(str, bunch.feature_names), bunch.data.T, strict=True))
    assert found(table(columns, bunch.target, tuple(map(str, bunch.target_names)))) == {}


@pytest.mark.parametrize("name", ["moons", "flower", "circles"])
def test_toy_data_are_not_accused(name):
    assert found(load(f"toy:{name}").train) == {}


def test_few_rows_tell_nothing(rng):
    assert found(table({"a": rng.normal(size=19), "Id": np.arange(19)}, np.arange(19) // 10)) == {}


def test_the_option_can_be_pasted():
    data = table({"it's, an id": np.zeros(3), "b": np.zeros(3)}, np.zeros(3, int))
    option, value = shlex.split(drop_option(data, data.columns))
    assert (option, value) == ("--drop", '"it\'s, an id",b')
    assert shlex.split(drop_option(data, ["b"])) == ["--drop", "b"]
    assert Columns().convert("b", None, None) == ["b"]


def test_many_rows_cost_no_more_than_ten_thousand():
    rows_read, columns = [], {"a": np.zeros(0)}
    n = 10**6
    big = Dataset(
        lambda rows: rows_read.append(len(rows)) or rows[:, None] / 7,
        np.arange(n) % 2, ("x", "y"), "table", range(n), "big.csv", tuple(columns),
    )  # fmt: skip
    assert [len(column.values) for column in columns_of(big)] == [audit_columns.MOST_ROWS]
    assert rows_read == [audit_columns.MOST_ROWS]


def test_rows_of_a_sorted_file_do_not_seem_to_be_numbered(monkeypatch):
    monkeypatch.setattr(audit_columns, "MOST_ROWS", 100)
    y = np.random.default_rng(0).integers(0, 2, 1000)
    assert found(table({"day": np.arange(1000) // 10, "b": y ^ 1 ^ (np.arange(1000) % 3 == 0)}, y, ("x", "y"))) == {}


def test_training_warns_beside_its_score(tmp_path, capsys):
    rng = np.random.default_rng(0)
    rows = [f"{k},{rng.normal():.3f},{'ab'[k // 30]}" for k in range(60)]
    (tmp_path / "t.csv").write_text("Id,width,label\n" + "\n".join(rows), "utf-8")
    fast = ["--cross-validate", "1", "--epochs", "2", "--no-report", "--seed", "0", "--out", str(tmp_path / "m")]
    assert run(["train", str(tmp_path / "t.csv"), *fast]) == 0
    lines = capsys.readouterr().out.splitlines()
    score = next(at for at, line in enumerate(lines) if line.startswith("accuracy expected"))
    caution = next(at for at, line in enumerate(lines) if line.startswith("caution: Column 'Id' numbers the rows"))
    calibration = next(at for at, line in enumerate(lines) if line.startswith("Its mean confidence"))
    assert score < caution < calibration
    result = pellucid.train(tmp_path / "t.csv", cross_validate=1, epochs=2, random_state=0)
    assert "caution: Column &#x27;Id&#x27; numbers the rows" in summary_html(result)


def test_only_problems_of_a_score_are_cautions():
    data = table({"Id": np.arange(60), "b": np.arange(60) % 7}, np.arange(60) // 20)
    assert [line.split(" numbers")[0] for line in audit(Splits(data)).cautions()] == ["caution: Column 'Id'"]
    unused = table({"Id": np.arange(60), "b": np.arange(60) % 7}, np.arange(60) % 3)
    assert list(audit(Splits(unused)).cautions()) == []


def test_huge_and_tiny_numbers_end_in_no_fault():
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    columns = {"huge": np.sign(x) * 1e308, "tiny": x * 1e-308, "both": np.where(x > 0, 1e308, x * 1e-300), "x": x}
    with np.errstate(all="raise", under="ignore"):
        found = audit(Splits(table(columns, np.arange(60) % 3)))
    assert len(np.unique(found.duplicate_groups())) == 60


def test_ranges_of_a_measure_name_no_things(rng):
    n = 600
    values = np.array([f"{20 + 5 * k}-{24 + 5 * k}" for k in rng.integers(0, 20, n)], object)
    labels = np.array([int(text.partition("-")[0]) // 5 % 3 for text in values])
    kinds = found(table({"age": values, "z": rng.normal(size=n)}, labels, categorical=("age",)))
    assert set(kinds) == {"strong-column"}
    names = np.array([f"plant {text}" for text in values], object)
    assert set(found(table({"age": names, "z": rng.normal(size=n)}, labels, categorical=("age",)))) == {"label-key"}
