"""Tables of numbers and categories with gaps, numbers to predict: what a network sees of them, and whole jobs."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from command_line import results
from inputs import inputs
from pellucid.cli.main import run
from pellucid.data.dataset import Dataset
from pellucid.data.readers.decimal_marks import DecimalMarks
from pellucid.data.readers.table_columns import Declared, read_columns
from pellucid.errors import InputError, ModelFileError
from pellucid.experiment.run import train
from pellucid.features import FEATURES, Numbers, Table
from pellucid.features.extraction import described
from pellucid.features.scaling import TargetScaler
from pellucid.model.labelled_data import data_for, known_columns
from pellucid.model.model import Model, load
from pellucid.model.model_file import write_model
from pellucid.nn import Dense, Network

COLUMNS, CATEGORICAL = ("age", "colour", "income", "größe"), ("colour", "größe")
ROWS = [
    [20, "red", 1.5, "S"],
    [None, "blue", 2.5, None],
    [50, "red", 1.0, "L"],
    [41, "green", 9.0, "S"],
]
TABLE = Table(COLUMNS, CATEGORICAL)
FITTED = TABLE.fit(TABLE.extract(ROWS))


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, columns, rows, delimiter=","):
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(columns)
        writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return str(path)


def messy(n=300, seed=0):
    """Return columns and rows of people, and a number and a class that depend on what is known and what is missing."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        age, city = rng.integers(18, 80), rng.choice(["Bern, old town", "Zürich", "Chur"])
        known = rng.random() > 0.2
        price = 10 * (age if known else 30) + 200 * (city == "Chur") + 150 * (not known) + rng.normal(0, 10)
        rows.append(
            [
                age if known else None,
                city,
                rng.choice(["yes", "no", None]),
                round(price, 2),
                "low" if price < 600 else "high",
            ]
        )
    return ["age", "city", "member", "price", "class"], rows


# what a network sees -----------------------------------------------------------------------------------------------


def test_the_layout_by_hand():
    assert FITTED.names == (
        "age", "income", "age is missing", "colour is blue", "colour is green", "colour is red",
        "größe is L", "größe is S", "größe is missing",
    )  # fmt: skip
    age, income = np.array([20, 41, 50, 41.0]), np.array([1.5, 2.5, 1, 9])
    X = inputs(FITTED, ROWS)
    np.testing.assert_allclose(X[:, 0], (age - age.mean()) / age.std())  # the median of 20, 41, 50 where it is missing
    np.testing.assert_allclose(X[:, 1], (income - income.mean()) / income.std())
    assert X[:, 2:].tolist() == [
        [0, 0, 0, 1, 0, 1, 0],
        [1, 1, 0, 0, 0, 0, 1],
        [0, 0, 0, 1, 1, 0, 0],
        [0, 0, 1, 0, 0, 1, 0],
    ]
    assert X.shape[1] == FITTED.n_out and inputs(FITTED, ROWS, np.float32).dtype == np.float32


def test_as_scikit_learn_does_it():
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import MissingIndicator, SimpleImputer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rng = np.random.default_rng(3)
    n, numeric = 400, [0, 2, 3]
    R = np.empty((n, 5), object)
    for place in numeric:
        R[:, place] = np.round(rng.normal(5, 10.0**place, n), 2)
    R[rng.random(n) < 0.1, 0] = R[rng.random(n) < 0.3, 3] = np.nan
    R[:, 1], R[:, 4] = rng.choice(["a", "b", "c", "d"], n), rng.choice(["u", "v", None], n)
    train_rows, rest = R[:300], R[300:].copy()
    rest[:5, 1], rest[5:9, 2] = "strange", np.nan
    filled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    numbers = make_union(filled, MissingIndicator(error_on_new=False))
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    theirs = ColumnTransformer([("numbers", numbers, numeric), ("categories", one_hot, [1, 4])])
    table = Table(("a", "b", "c", "d", "e"), ("b", "e"))
    ours = table.fit(table.extract(train_rows))
    for rows in (train_rows, rest):
        expected = (theirs.fit_transform if rows is train_rows else theirs.transform)(rows)
        np.testing.assert_allclose(inputs(ours, rows), expected.astype(float), rtol=1e-12, atol=1e-12)


FORMS = {
    "lists": ROWS,
    "tuples": [tuple(row) for row in ROWS],
    "object array": np.array(ROWS, object),
    "texts": [["" if cell is None else str(cell) for cell in row] for row in ROWS],
    "array of texts": np.array([["NA" if cell is None else str(cell) for cell in row] for row in ROWS]),
    "dicts in another order": [dict(zip(COLUMNS[::-1], row[::-1], strict=True)) | {"more": 1} for row in ROWS],
}


@pytest.mark.parametrize("raw", FORMS.values(), ids=FORMS)
def test_every_form_of_rows_gives_the_same(raw):
    assert inputs(FITTED, raw).tobytes() == inputs(FITTED, ROWS).tobytes()
    assert inputs(FITTED, raw[2]).tobytes() == inputs(FITTED, ROWS)[2:3].tobytes()


def test_data_frames_are_read_by_name():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(ROWS, columns=COLUMNS)[[*COLUMNS[::-1]]]
    assert inputs(FITTED, frame).tobytes() == inputs(FITTED, ROWS).tobytes()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([[1, "red", "old", "S"]], "row 0, column 'income' is 'old'; expected a finite number, or None where the value "
         "is missing."),
        ([[1, "red", float("inf"), "S"]], "row 0, column 'income' is inf; expected a finite number, or None where the "
         "value is missing."),
        ([{"age": 1, "income": 2}], "row 0 has no 'colour', 'größe'; None stands for a missing value."),
        ([[1, "red", 2]], "this model takes rows of 4 values (age, colour, income, größe); row 0 is [1, 'red', 2]."),
        ([ROWS[0], ["red"]], "this model takes rows of 4 values (age, colour, income, größe); row 1 is ['red']."),
        ([ROWS[0], 7], "this model takes rows of 4 values (age, colour, income, größe); row 1 is 7."),
        ("x", "this model takes rows of 4 values (age, colour, income, größe), got str."),
        (np.array(3.0), "this model takes rows of 4 values (age, colour, income, größe), got ndarray."),
        ([[1, "red", [2], "S"]], "row 0, column 'income' is [2]; expected a finite number, or None where the value is "
         "missing."),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_taken(raw, message):
    with pytest.raises(InputError) as error:
        inputs(FITTED, raw)
    assert str(error.value) == message


def test_rows_of_numbers_alone():
    table = Table(("a", "b"))
    X = np.array([[1.0, np.nan], [3.0, 4.0]])
    R = table.extract(X)
    assert R.dtype == np.float64 and R.tobytes() == table.extract(X.tolist()).tobytes()
    assert table.extract(np.array([[1, 2]], np.uint8)).tolist() == [[1.0, 2.0]]
    fitted = table.fit(R)
    assert inputs(fitted, X).tolist() == [[-1, 0, 1], [1, 0, 0]] and inputs(fitted, [1, 2]).shape == (1, 3)
    assert inputs(Table(("a", "b"), standardize=False).fit(R), X).tolist() == [[1, 4, 1], [3, 4, 0]]
    for wrong in (np.zeros((2, 3)), np.array([[np.inf, 0]])):
        with pytest.raises(InputError):
            inputs(fitted, wrong)
    assert inputs(fitted, np.empty((0, 2))).shape == (0, 3)


def test_gaps_and_categories_that_training_never_saw_are_told():
    R = FITTED.extract([[30, "mauve", None, "S"], [None, None, None, None], *[[30, "teal", 1, "S"]] * 2])
    X = FITTED.transform(R, np.float64)
    assert X[[0, 1, 2], 3:6].tolist() == [[0, 0, 0]] * 3 and X[0, 1] == inputs(FITTED, [30, "red", 2.0, "S"])[0, 1]
    assert FITTED.notes(R) == [
        "'income' is missing in 2 rows, as in no training row; its median stands in",
        "'colour' is mauve, missing, teal in 4 rows, as in no training row; it counts as none",
    ]
    assert FITTED.notes(FITTED.extract(ROWS)) == []


def test_numbers_far_outside_the_training_range_are_noted():
    table = Table(("year", "area"))
    fitted = table.fit(table.extract([[1900, 40.5], [2000, 90], [None, 60]]))
    assert fitted.notes(fitted.extract([[1890, 94], [2010, 36]])) == []  # a tenth of the range beyond
    assert fitted.notes(fitted.extract([[19280, 60], [1800, 60], [1950, 1e300]])) == [
        "'year' is as far as 19280 in 2 rows, outside the training range of 1900 to 2000",
        "'area' is 1e+300 in 1 row, outside the training range of 40.5 to 90",
    ]
    wide = Table(tuple(map(str, range(10))), standardize=False)
    assert wide.fit(np.eye(10)).notes(np.full((1, 10), 5.0))[-1] == (
        "2 more columns hold numbers outside their training ranges"
    )


def test_constant_columns_and_empty_ones():
    table = Table(("a", "b"), ("b",))
    fitted = table.fit(table.extract([[7, "x"], [7, "x"]]))
    R = fitted.extract([[7, "x"], [8, "y"], [None, None]])
    assert fitted.transform(R, float).tolist() == [[0, 1]] * 3
    assert fitted.notes(R) == [
        "'a' was always 7 in training, so it has no influence; it is 8 in 1 row",
        "'a' is missing in 1 row, as in no training row; its median stands in",
        "'b' is missing, y in 2 rows, as in no training row; the column never varied and has no influence",
    ]
    with pytest.raises(InputError, match=r"column 'a' has no value in any of the 2 training rows.*--drop a"):
        table.fit(table.extract([[None, "x"], [None, "y"]]))
    with pytest.raises(InputError, match="column 'a' cannot be standardised"):
        table.fit(table.extract([[1e308, "x"], [-1e308, "y"]] * 3))


# the model file ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("standardize", [True, False])
def test_restored_tables_do_the_same(standardize):
    fitted = Table(COLUMNS, CATEGORICAL, standardize).fit(TABLE.extract(ROWS))
    again = FEATURES["table"].restore(fitted.metadata(), fitted.arrays())
    new = [*ROWS, [None, "mauve", None, None]]
    assert inputs(again, new).tobytes() == inputs(fitted, new).tobytes()
    assert str(again) == str(fitted) and again.names == fitted.names and again.notes(again.extract(new))


HOSTILE = {
    "columns of text": {"columns": "abcd"},
    "columns twice": {"columns": ["age", "colour", "age", "größe"]},
    "columns of numbers": {"columns": [1, 2, 3, 4]},
    "a category twice": {"categories": [["blue", "blue", "red"], ["L", "S", None]]},
    "categories of numbers": {"categories": [[1, 2, 3], ["L", "S", None]]},
    "categories of lists": {"categories": [[[], "green", "red"], ["L", "S", None]]},
    "one list of categories": {"categories": [["a", "b", "c", "d", "e", "f"]]},
    "no categories": {"categories": [[], ["a", "b", "c", "d", "e", "f"]]},
    "categorical in another order": {"categorical": ["größe", "colour"]},
    "categorical unknown": {"categorical": ["colour", "x"]},
    "gaps of a category": {"gappy": ["colour"]},
    "gaps unknown": {"gappy": ["x"]},
    "another number of inputs": {"gappy": []},
    "median of another shape": {"median": np.zeros(3)},
    "median not finite": {"median": np.array([np.nan, 0])},
    "median of integers": {"median": np.zeros(2, np.int64)},
    "scale of zero": {"scale": np.zeros(2)},
    "scale of another shape": {"scale": np.ones((2, 1))},
    "no scale": {"scale": None},
    "no median": {"median": None},
}


def of_parts(changes, target=None):
    features = FITTED.metadata() | {name: value for name, value in changes.items() if name in FITTED.metadata()}
    arrays = FITTED.arrays() | {name: value for name, value in changes.items() if name in FITTED.arrays()}
    network = Network([Dense(9, 1)], "squared_error").initialize("he", 0)
    metadata = {"features": features, "class_names": [], "merge": {}, "history": {}, "provenance": {}, "target": target}
    write_model("m", [network], {name: array for name, array in arrays.items() if array is not None}, metadata)
    return load("m")


@pytest.mark.parametrize("changes", HOSTILE.values(), ids=HOSTILE)
def test_hostile_tables_are_refused(changes):
    with pytest.raises(ModelFileError):
        of_parts(changes)


@pytest.mark.parametrize(
    "target",
    [{"name": 1}, {"mean": None}, {"mean": float("inf")}, {"scale": 0.0}, {"scale": -1.0}, {"scale": "1"}, {"x": 1}],
)
def test_hostile_targets_are_refused(target):
    sound = {"name": "price", "mean": 1.0, "scale": 2.0}
    assert of_parts({}, sound).target == TargetScaler("price", 1.0, 2.0)
    with pytest.raises(ModelFileError):
        of_parts({}, sound | target)


def test_a_target_belongs_to_one_number():
    network = Network([Dense(2, 1)], "binary_cross_entropy").initialize("he", 0)
    Model(Numbers(2), (network,), ("a", "b"), target=TargetScaler("price", 0.0, 1.0)).save("m")
    with pytest.raises(ModelFileError):
        load("m")


# whole jobs --------------------------------------------------------------------------------------------------------


def test_classes_from_a_messy_table():
    columns, rows = messy()
    result = train(
        write("t.csv", columns, rows), drop=["price"], hidden_layers=(8,), optimizer="lbfgs", l2=1e-3, random_state=0
    )
    assert result.cross_validation.accuracy > 0.9
    assert result.model.features.categorical == ("city", "member")
    assert result.model.features.categories == (("Bern, old town", "Chur", "Zürich"), ("no", "yes", None))
    assert result.model.features.gappy == ("age",)
    again = load(result.model.save("m"))
    turned = [[row[place] for place in (4, 2, 0, 1)] for row in rows]
    write("turned.tsv", ["class", "member", "age", "city"], turned, "\t")
    expected = result.model.predict_proba([[*row[:3]] for row in rows])
    assert again.predict_proba("turned.tsv").tobytes() == expected.tobytes()
    assert again.predict_proba([dict(zip(columns, row, strict=True)) for row in rows]).tobytes() == expected.tobytes()
    with pytest.raises(InputError, match=r"has no columns 'age', 'member'; its columns are city, class"):
        again.predict(write("less.csv", ["city", "class"], [row[1::3] for row in rows]))


def test_a_test_part_is_read_as_training_was():
    columns, rows = messy()
    write("a.csv", columns, rows)
    odd = [list(row) for row in rows]
    odd[0][1], odd[1][2] = "Basel", 1
    write("b.csv", [*columns, "id"], [[*row, f"x{i}"] for i, row in enumerate(odd)])  # its id would be refused
    how = {"hidden_layers": (), "epochs": 20, "random_state": 0}
    result = train("a.csv", test="b.csv", drop=["price"], **how)
    assert result.scores["test"].n == 300
    assert result.model.features.notes(result.rows["test"]) == [
        "'city' is Basel in 1 row, as in no training row; it counts as none",
        "'member' is 1 in 1 row, as in no training row; it counts as none",
    ]
    dataset, _, used_for = data_for(result.model, "b.csv")  # and so are rows to score on
    assert dataset.columns == ("age", "city", "member") and used_for == "testing"
    write("c.csv", columns, [["young", *row[1:]] if i == 3 else row for i, row in enumerate(rows)])
    with pytest.raises(InputError, match=r"c\.csv, line 5, column 'age' is 'young', expected a finite number"):
        train("a.csv", test="c.csv", drop=["price"], **how)


def test_numbers_in_a_column_of_categories_stay_texts():
    rows = [[f"0{i % 4}" if i % 4 else "x", i % 4, "pq"[i % 2]] for i in range(80)]
    write("a.csv", ["code", "n", "class"], rows)
    numbers = [row for row in rows if row[0] != "x"]
    write("b.csv", ["code", "n", "class"], numbers)  # alone they would be taken for numbers, and 01 for 1
    result = train("a.csv", test="b.csv", hidden_layers=(), epochs=2, cross_validate=0)
    assert result.model.features.notes(result.rows["test"]) == []
    assert result.model.features.notes(result.model.extract("b.csv")) == []
    assert result.model.features.notes(described(data_for(result.model, "b.csv")[0], result.model.features)[0]) == []


def test_numbers_are_predicted_in_their_units(capsys):
    columns, rows = messy()
    write("t.csv", columns, rows)
    how = ["--layers", "8", "--optimizer", "lbfgs", "--l2", "1e-3", "--seed", "0"]
    assert (
        run(
            [
                "train",
                "t.csv",
                "--label",
                "price",
                "--drop",
                "class",
                *how,
                "--out",
                "m",
                "--json",
                "t.json",
                "--pictures",
                "d",
            ]
        )
        == 0
    )
    out = capsys.readouterr().out
    assert "expected on new samples: rmse " in out and "always the mean: " in out and "accuracy, t" not in out
    assert "Credibly better than always saying the mean: rmse 1" in out and "better than a net without a hidden" in out
    scores = results("t.json", "train")["cross_validation"]
    assert scores["rmse"] < 20 and scores["r2"] > 0.98 and scores["baselines"]["mean"] > 150
    assert set(scores["comparisons"]) == {"mean", "no_hidden_layer"}
    model = load("m")
    assert model.target.name == "price" and model.provenance.counts == {"train": 300}
    assert (model.network.loss.name, model.class_names) == ("squared_error", ())
    values, prices = model.predict("t.csv"), np.array([row[3] for row in rows])
    assert values.shape == (300,) and np.corrcoef(values, prices)[0, 1] > 0.99
    write("new.csv", columns[2::-1], [row[2::-1] for row in rows] + [["no", "Basel", 20]])
    assert run(["predict", "m", "new.csv", "--csv", "o.csv", "--json", "p.json"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"new.csv, row 0: price {values[0]:.6g}\n") and "note: 'city' is Basel in 1 row" in out
    with Path("o.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *written = csv.reader(file)
    assert header == ["file", "price"] and [float(value) for _, value in written[:-1]] == values.tolist()
    told = results("p.json", "predict")
    assert (
        told["predictions"][0] == {"name": "new.csv, row 0", "values": {"price": values[0]}} and len(told["notes"]) == 1
    )
    assert run(["evaluate", "m", "t.csv", "--json", "e.json"]) == 0  # label and columns are known from training
    out = capsys.readouterr().out
    assert "used for training" in out and "mean absolute error" in out and "R^2 0.9" in out
    write("few.csv", columns, rows[:50])
    assert run(["evaluate", "m", "few.csv", "--json", "f.json"]) == 0
    of_training = np.sqrt(np.mean((prices[:50] - prices.mean()) ** 2))
    assert results("f.json", "evaluate")["baselines"]["mean"] == pytest.approx(of_training, rel=1e-9)
    capsys.readouterr()
    assert results("e.json", "evaluate")["rmse"] == pytest.approx(np.sqrt(np.mean((values - prices) ** 2)))
    assert run(["check", "m", "t.csv"]) == 0 == run(["inspect", "m", "--json", "i.json"])
    assert "target:  price, a number; " in capsys.readouterr().out
    assert results("i.json", "inspect")["target"]["name"] == "price"


def test_the_recipe_written_makes_the_same_model(capsys):
    columns, rows = messy(60)
    write("t.csv", [*columns, "code", "id"], [[*row, i % 3, f"x{i}"] for i, row in enumerate(rows)])
    how = ["--label", "price", "--drop", "class,id", "--categorical", "code", "--epochs", "3", "--cross-validate", "1"]
    assert run(["train", "t.csv", *how, "--out", "m"]) == 0 == run(["train", "--recipe", "m.toml", "--out", "n"])
    one, two = load("m"), load("n")
    assert one.features.categories == two.features.categories and one.features.categorical[-1] == "code"
    assert one.predict("t.csv").tobytes() == two.predict("t.csv").tobytes()
    assert "no column" not in capsys.readouterr().err


def test_a_network_in_units_answers_what_was_learned():
    network = Network([Dense(3, 4, "tanh"), Dense(4, 1)], "huber").initialize("he", 0)
    network.dense[-1].b[:] = 0.3
    X, target = np.random.default_rng(0).normal(size=(20, 3)), TargetScaler("y", 1000.0, 50.0)
    before = network.parameters.copy()
    y = target.in_units(network).predict(X)
    np.testing.assert_allclose(y, 1000 + 50 * network.predict(X), rtol=1e-14)
    np.testing.assert_allclose(target.standardised(y[:, 0]), network.predict(X), atol=1e-12)
    assert network.parameters.tobytes() == before.tobytes()


def test_regression_of_an_ensemble_with_stopping_and_groups():
    columns, rows = messy()
    write("t.csv", [*columns, "who"], [[*row, f"g{i // 10}"] for i, row in enumerate(rows)])
    result = train("t.csv", label="price", drop=["class"], group_by="who", ensemble=2, early_stopping=True, epochs=30,
                   learning_rate=0.05, random_state=0, cross_validate=0)  # fmt: skip
    groups = [set(dataset.groups) for _, dataset in result.splits.items()]
    assert len(set.union(*groups)) == sum(map(len, groups))
    assert result.model.provenance.division == (
        "20% held out for testing, by group; 10% of the rest held out for early stopping, by group"
    )
    assert result.headline is result.scores["test"] and result.headline.r2 > 0.8 and len(result.model.networks) == 2
    assert result.scores["validation"].used_for == "choosing"


def test_regression_and_classes_are_not_mixed_up(capsys):
    columns, rows = messy(60)
    write("t.csv", columns, rows)
    assert run(["train", "t.csv", "--label", "price", "--drop", "class", "--epochs", "1", "--out", "m"]) == 0
    assert run(["train", "t.csv", "--drop", "price", "--epochs", "1", "--out", "n"]) == 0
    capsys.readouterr()
    for arguments, message in [
        (
            ["evaluate", "m", "t.csv", "--label", "class"],
            "column 'class' is 'high', but the labels are numbers to predict",
        ),
        (["evaluate", "m", "toy:flower"], "the labels of toy:flower are classes; numbers to predict were learned."),
        (["evaluate", "n", "t.csv", "--label", "price"], "which training did not have; those it had are high, low."),
        (["train", "t.csv", "--label", "price", "--merge", "a=b+c"], "there are no classes to join"),
        (["train", "t.csv", "--label", "price", "--class-weight", "balanced"], "class_weight is for classes"),
        (["train", "t.csv", "--label", "price", "--learning-curve"], "the learning curve needs classes"),
        (["train", "t.csv", "--label", "price", "--corrections", "t.csv"], "corrections are of classes"),
        (["train", "t.csv", "--label", "price", "--reject", "auto"], "has no classes, so nothing can be rejected"),
        (["train", "t.csv", "--label", "price", "--threshold", "auto"], "a threshold is for two classes"),
        (["predict", "m", "t.csv", "--sort-into", "s"], "takes tables, whose rows cannot be sorted into folders"),
        (["train", "t.csv", "--label", "price", "--categorical", "class,"], "is not a list of columns"),
        (["train", "toy:flower", "--drop", "x"], "toy:flower is a toy data set; drop= has no meaning there"),
        (["predict", "m", "photos"], "there is no file or folder photos."),
    ]:
        assert run([*arguments, *(["--out", "o"] if arguments[0] == "train" else [])]) in (1, 2)
        assert message in capsys.readouterr().err


def test_the_baseline_without_hidden_layers_is_trained_to_its_optimum():
    from sklearn.linear_model import LinearRegression

    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    y = X @ [3.0, -2.0, 1.0] + 50 + rng.normal(size=120)
    write("t.csv", ["a", "b", "c", "y"], np.column_stack([X, y])[:80].tolist())
    write("test.csv", ["a", "b", "c", "y"], np.column_stack([X, y])[80:].tolist())
    few = {"epochs": 3, "batch_size": 20, "dropout": 0.1, "learning_rate": 1e-4, "clip_norm": 1, "random_state": 0}
    scores = train("t.csv", test="test.csv", cross_validate=0, l2=0, **few).scores["test"]
    linear = LinearRegression().fit(X[:80], y[:80])
    best = np.sqrt(np.mean((linear.predict(X[80:]) - y[80:]) ** 2))
    assert scores.baselines["no_hidden_layer"] == pytest.approx(best, rel=1e-3)
    assert scores.comparisons["no_hidden_layer"].credibly_worse  # three epochs are not enough for a net


def test_regression_as_good_as_scikit_learn():
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge
    from sklearn.metrics import root_mean_squared_error
    from sklearn.neural_network import MLPRegressor
    from sklearn.preprocessing import StandardScaler

    X, y = load_diabetes(return_X_y=True, scaled=False)
    names = [f"x{place}" for place in range(10)]
    write("train.csv", [*names, "progression"], np.column_stack([X, y])[:300].tolist())
    write("test.csv", [*names, "progression"], np.column_stack([X, y])[300:].tolist())
    how = {"label": "progression", "test": "test.csv", "optimizer": "lbfgs", "l2": 0.1, "random_state": 0}
    linear = train("train.csv", hidden_layers=(), **how).scores["test"]
    scaler = StandardScaler().fit(X[:300])
    Z, scale = scaler.transform(X), y[:300].std()
    ridge = Ridge(0.1 * 300).fit(Z[:300], y[:300])
    assert linear.rmse == pytest.approx(root_mean_squared_error(y[300:], ridge.predict(Z[300:])), rel=1e-4)
    assert linear.r2 == pytest.approx(ridge.score(Z[300:], y[300:]), rel=1e-3)
    net = train("train.csv", hidden_layers=(20,), **how).scores["test"]
    theirs = MLPRegressor(hidden_layer_sizes=(20,), solver="lbfgs", alpha=0.1 * 300, max_iter=1000, random_state=0)
    theirs.fit(Z[:300], (y[:300] - y[:300].mean()) / scale)
    rmse = root_mean_squared_error(y[300:], theirs.predict(Z[300:]) * scale + y[:300].mean())
    assert net.rmse < 1.05 * rmse and net.rmse < 0.85 * net.baselines["mean"]


def test_rows_of_a_table_can_be_rejected(capsys):
    columns, rows = messy(200)
    write("t.csv", columns, rows)
    how = ["--drop", "price", "--layers", "4", "--optimizer", "lbfgs", "--l2", "0.01", "--seed", "0"]
    assert run(["train", "t.csv", *how, "--reject", "auto", "--out", "m"]) == 0
    write("new.csv", columns[:3], [[30, "Chur", "yes"], [5000, "Basel", "no"]])
    capsys.readouterr()
    assert run(["predict", "m", "new.csv", "--csv", "o.csv"]) == 0
    assert "new.csv, row 1: unknown (unlike all training samples" in capsys.readouterr().out
    with Path("o.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row[1] == "unknown" for row in csv.reader(file)][1:] == [False, True]


def test_numbers_of_pictures(capsys):
    rng = np.random.default_rng(0)
    light = rng.uniform(20, 200, 150)
    pictures = rng.normal(light[:, None, None, None], 5, (150, 6, 6, 3)).clip(0, 255).astype(np.uint8)
    np.savez("p.npz", images=pictures, labels=light)
    how = ["--layers", "none", "--optimizer", "lbfgs", "--copies", "mirrored", "--seed", "0", "--out", "m"]
    assert run(["train", "p.npz", *how]) == 0 and run(["evaluate", "m", "p.npz"]) == 0
    assert "R^2 1.0" in capsys.readouterr().out.replace("0.999", "1.0")
    assert abs(load("m").predict(pictures[3])[0] - light[3]) < 5
    assert run(["train", "p.npz", "--layers", "none", "--epochs", "1", "--pictures", "d", "--out", "n"]) == 0


def test_tables_are_audited(capsys):
    rows = [["a", 1, None, 2.5, "p"], ["a", 2, None, 2.5, "q"], ["a", 1, "x", 2.5, "q"], ["a", 1, None, 2.5, "p"]]
    rows += [["a", i, "x", 2.5, "pq"[i % 2]] for i in range(3, 40)] + [["a", 7, "x", 2.5, "p"]]
    write("t.csv", ["still", "n", "gap", "flat", "class"], rows)
    assert run(["audit", "t.csv", "--json", "a.json"]) == 0
    out = capsys.readouterr().out
    assert "2 columns with one and the same value in all of train" in out and "- still" in out and "- flat" in out
    kinds = {finding["kind"]: finding["count"] for finding in results("a.json", "audit")["findings"]}
    assert kinds["copies"] == 2 and kinds["conflicting-labels"] == 2 and kinds["constant"] == 2
    assert run(["audit", "t.csv", "--label", "n", "--drop", "class", "--json", "b.json"]) == 0  # numbers to predict
    assert "train  42" in " ".join(capsys.readouterr().out.split("\n")).replace("   ", "  ")
    assert "conflicting-labels" not in {finding["kind"] for finding in results("b.json", "audit")["findings"]}


def test_more_categories_than_memory_has_room_for_are_refused(monkeypatch):
    monkeypatch.setattr("pellucid.system.memory.free", lambda: 100)
    with pytest.raises(InputError, match="4 rows of 9 numbers each would take"):
        inputs(FITTED, ROWS)


def test_numbers_of_arrays_are_predicted(capsys):
    X = np.random.default_rng(0).normal(size=(200, 3))
    np.savez("a.npz", X=X, y=X @ [1.0, -2.0, 0.5] + 100)
    assert run(["train", "a.npz", "--layers", "none", "--optimizer", "lbfgs", "--seed", "0", "--out", "m"]) == 0
    np.testing.assert_allclose(load("m").predict([[1, 1, 1], [0, 0, 0]]), [99.5, 100], atol=5e-3)
    write("new.csv", ["x3", "x1", "x2"], [[1, 1, 1]])
    assert load("m").predict("new.csv").shape == (1,)
    assert load("m").predict("new.csv").tobytes() == load("m").predict([1, 1, 1]).tobytes()
    assert run(["predict", "m", "new.csv"]) == 0 == run(["evaluate", "m", "a.npz"])
    assert "row 0: value 99.5" in (told := capsys.readouterr().out) and "R^2 1.000" in told
    write("gap.csv", ["x3", "x1", "x2"], [[1, None, 1]])
    assert run(["predict", "m", "gap.csv"]) == 1
    assert "row 0, column 'x1' is nan" in capsys.readouterr().err


def test_truths_are_one_category_in_all_spellings():
    fitted = Table(("a",), ("a",), categories=(("FALSE", "TRUE"),))  # of a model file of the last release
    raw = [["TRUE"], [True], [np.bool_(False)], ["false"], ["True"]]
    assert inputs(fitted, raw).tolist() == [[0, 1], [0, 1], [1, 0], [1, 0], [0, 1]]
    assert fitted.notes(fitted.extract(raw)) == []
    again = Table(("a",), ("a",)).fit(fitted.extract(raw))
    assert again.categories == (("False", "True"),)


class Counted(str):
    """A name that counts how often it is compared with another."""

    comparisons = 0
    __hash__ = str.__hash__

    def __eq__(self, other):
        Counted.comparisons += 1
        return str.__eq__(self, other)


@pytest.mark.parametrize("kind", ["gaps", "categories", "both"])
def test_the_work_of_a_wide_table_grows_with_its_columns(kind):
    """Comparisons of names, from the data's columns to the inputs and back from a file: at most twenty a column."""

    def comparisons(n):
        names = [Counted(f"column {k}") for k in range(n)]
        categorical = {"gaps": (), "categories": tuple(names), "both": tuple(names[n // 2 :])}[kind]
        numbers = n - len(categorical)
        raw = [[float(row) if row else None] * numbers + [f"text {row % 2}"] * (n - numbers) for row in range(4)]
        R = np.array(raw, object) if categorical else np.array(raw, float)
        data = Dataset(lambda rows: R[rows], np.zeros(4, int), ("y",), "table", range(4), "here", tuple(names))
        Counted.comparisons = 0
        data = data.with_columns([Counted(name) for name in reversed(names)]).with_columns([Counted(n) for n in names])
        table = Table(tuple(names), categorical)
        fitted = table.fit(table.extract(data.read(np.arange(4))))
        X = fitted.transform(fitted.extract(raw), np.float64)
        assert X.shape == (4, 2 * n) and fitted.notes(R) == []
        known = replace(Declared.by_training(names, categorical), only=())
        assert known.features([Counted(name) for name in names], {"y"}, "here") == names
        assert replace(known, only=names).features([Counted(name) for name in names], {"y"}, "here") == names
        cells = {name: column.tolist() for name, column in zip(names, R.T, strict=True)}
        where = "{}, {}".format
        read = read_columns(cells, [Counted(name) for name in names], known, where, DecimalMarks(cells, where))
        assert read.names == tuple(names) and read.categorical == categorical
        again = Table.restore(fitted.metadata(), fitted.arrays())
        assert again.names == fitted.names and len(known_columns(fitted)["numeric"]) == numbers
        return Counted.comparisons

    few, many = comparisons(200), comparisons(400)
    assert few <= 20 * 200 and many <= 20 * 400
