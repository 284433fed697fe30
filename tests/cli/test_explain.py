"""`pellucid explain`: the example, a model's picture or row, an update of its run; and what it refuses."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pellucid
from command_line import QUICK, results
from inputs import inputs
from pellucid.cli.main import run
from pellucid.errors import InputError
from pellucid.experiment.recipe import make_recipe
from pellucid.experiment.run import train
from pellucid.explanation.trace.replay import on_inputs, replay
from pellucid.explanation.trace.sample import Sample
from pellucid.model.model import load
from pellucid.model.novelty import ReferenceSet, RejectionThresholds
from pellucid.training import Settings
from pellucid.training.examples import Examples
from pellucid.training.loop import initial_state, steps
from pellucid.training.row_space import Gram, reduce
from photographs import write_pictures

FLOWER = {"hidden_layers": (4,), "activation": "tanh", "epochs": 3, "random_state": 1, "cross_validate": 0}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def pictures(here):
    """A model of 6 x 5 pixels, trained in row space; one of its pictures."""
    write_pictures(here / "photos")
    how = ["--layers", "3:tanh", "--optimizer", "momentum", "--learning-rate", "0.1", "--epochs", "4", "--seed", "1"]
    full = ["--batch-size", "full", "--dtype", "float64", "--row-space"]
    assert run(["train", "photos", *QUICK, "--size", "6x5", "--out", "m", *how, *full, "--quiet"]) == 0
    return str(sorted(Path("photos").rglob("*.png"))[0])


@pytest.fixture
def table(here):
    """A model of the flower, and a table of two points."""
    how = [
        "--layers",
        "4:tanh",
        "--optimizer",
        "adam",
        "--epochs",
        "2",
        "--seed",
        "1",
        "--cross-validate",
        "0",
        "--quiet",
    ]
    assert run(["train", "toy:flower", "--out", "m", *how]) == 0
    Path("points.csv").write_text("x1,x2\n1.0,0.5\n-0.3,2\n")
    return "points.csv"


def told(capsys):
    return " ".join(capsys.readouterr().out.split())


def refused(capsys, *arguments):
    code = run(["explain", *arguments])
    return code, " ".join(capsys.readouterr().err.split())


# without a model -------------------------------------------------------------------------------------------------


def test_the_example_in_every_form(here, capsys):
    outputs = ["--html", "step.html", "--latex", "step.tex", "--json", "step.json"]
    assert run(["explain", *outputs]) == 0
    text = told(capsys)
    assert "J was 0.6931 and is now 0.4798. The gradient promised -0.2313, the step gave -0.2134." in text
    assert "written: step.html" in text and len(text) < 300  # the rest is in the files
    assert run(["explain"]) == 0
    assert "W1[1, 2] by finite difference: -1; by backpropagation: -1. They agree." in told(capsys)
    assert "<math" in Path("step.html").read_text("utf-8")
    assert Path("step.tex").read_text("utf-8").startswith("\\documentclass")
    values = results("step.json", "explain")
    assert values["layers"][0]["dW"] == [[-0.5, -1.0], [0.0, 0.0]] and values["update"]["rate"] == 0.1
    assert values["promised"] == pytest.approx(-0.23125) and values["nudge"]["verdict"] == "agrees"
    assert [slip["name"] for slip in values["slips"]][:2] == ["sign", "no slope"]
    assert run(["explain", "--html", "step.html"]) == 1
    assert "exists" in capsys.readouterr().err
    assert run(["explain", "--html", "step.html", "--force"]) == 0


def test_worksheets(here, capsys):
    for name in ("a.html", "b.txt"):
        assert run(["explain", "--worksheet", name, "--seed", "7", "--json", "w.json"]) == 0
    assert results("w.json", "explain") == {"worksheet": "b.txt", "seed": 7}
    assert Path("a.html").read_text("utf-8").startswith("<!doctype html>")
    assert Path("b.txt").read_text("utf-8").startswith("One training step by hand, sheet 7")
    assert "the key is at the end" in told(capsys)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--label", "1"], "--label, --row, --at and --recipe need a model"),
        (["--worksheet", "w.html", "--latex", "w.tex"], "--worksheet makes an exercise of its own"),
        (["--at", "-1"], "neither start nor a number of updates"),
        (["--html", "a", "--latex", "a"], "--html and --latex both name a; give two names"),
    ],
)
def test_wrong_usage(here, capsys, arguments, said):
    code, error = refused(capsys, *arguments)
    assert code in (1, 2) and said in error and not list(here.iterdir())


# a model and a sample --------------------------------------------------------------------------------------------


def test_a_picture_without_label_tells_why(pictures, capsys):
    assert run(["explain", "m", pictures]) == 0
    text = told(capsys)
    assert "What the network predicts, and why" in text and "pixel (" in text and "Backward" not in text
    assert run(["explain", "m", pictures, "--html", "why.html"]) == 0
    short = told(capsys)
    assert short.startswith("The model predicts") and "written: why.html" in short
    assert "pixel (" not in short and "pixel (" in Path("why.html").read_text("utf-8")
    model = load("m")
    assert model.features.names[:4] == (
        "pixel (1, 1, red)", "pixel (1, 1, green)", "pixel (1, 1, blue)", "pixel (1, 2, red)"
    )  # fmt: skip
    assert len(model.features.names) == 6 * 5 * 3
    step = Sample.of_file(model, pictures).step()
    assert np.allclose(step.yhat, model.network.predict(step.X))


def test_a_label_makes_a_step(table, capsys):
    assert run(["explain", "m", table, "--row", "1", "--label", "1", "--json", "j"]) == 0
    text = told(capsys)
    assert "Inputs are standardised" in text and "a model file does not store what the rule remembers" in text
    values = results("j", "explain")
    assert values["update"]["rule"].startswith("Adam") and values["update"]["rate"] == 0.001
    model = load("m")
    X = inputs(model.features, [[-0.3, 2.0]])
    J, gradient = model.network.cost_and_gradient(X, np.array([[1.0]]))
    assert values["cost"]["J"] == J and values["update"]["gradient"]["b2"] == gradient[-1:].tolist()


def test_the_views_and_networks_of_a_model_are_told(here, capsys):
    write_pictures(here / "photos")
    how = ["--layers", "3", "--epochs", "2", "--seed", "1", "--copies", "mirrored", "--ensemble", "2", "--quiet"]
    assert run(["train", "photos", *QUICK, "--size", "6", "--out", "m", *how]) == 0
    picture = str(sorted(Path("photos").rglob("*.png"))[0])
    capsys.readouterr()
    assert run(["explain", "m", picture]) == 0
    text = told(capsys)
    p = load("m").predict_proba(picture)[0]
    assert f"The model predicts {load('m').predict(picture)[0]}, p = {p.max():.3f} (2 networks, 2 views)." in text
    assert "averages the predictions of 2 networks; this is the first" in text
    assert "2 views of each picture (plain, mirrored); this is the plain one" in text
    step = Sample.of_file(load("m"), picture).step()
    alone = np.append(1 - step.yhat[0], step.yhat[0])[p.argmax()] if step.yhat.size == 1 else step.yhat[0, p.argmax()]
    assert f"The network shown here, alone on the plain view: {alone:.3f}." in text
    assert np.array_equal(step.X, inputs(load("m").features, [picture], np.float32)[:1])


def test_a_regression_takes_a_number(here, capsys):
    rows = np.random.default_rng(0).normal(size=(40, 2))
    lines = [f"{a:.4f},{b:.4f},{100 + 7 * a - b:.4f}" for a, b in rows]
    Path("t.csv").write_text("a,b,price\n" + "\n".join(lines) + "\n")
    how = ["--label", "price", "--layers", "3", "--epochs", "2", "--seed", "1", "--cross-validate", "0", "--quiet"]
    assert run(["train", "t.csv", "--out", "m", *how]) == 0
    assert run(["explain", "m", "t.csv", "--label", "200", "--json", "j"]) == 0
    model, first = load("m"), ["t.csv", "--label", "200"]
    off = model.predict("t.csv")[0] - 200  # in the units of the price
    assert results("j", "explain")["cost"]["l"] == [pytest.approx(off**2 / 2)]
    assert results("j", "explain")["cost"]["J"] > 2000  # in the units of the price
    assert "price is in its own units here" in told(capsys)
    assert run(["explain", "m", *first, "--at", "start", "--json", "j"]) == 0
    values, y = results("j", "explain"), model.target.standardised(np.array([200.0])).item()
    assert values["cost"]["l"] == [pytest.approx((values["yhat"][0][0] - y) ** 2 / 2)]
    assert results("j", "explain")["cost"]["J"] < 500
    assert "Training standardises price" in told(capsys)
    assert "must be a number for this model" in refused(capsys, "m", "t.csv", "--label", "dear")[1]


def test_what_cannot_be_explained_is_said(table, capsys):
    capsys.readouterr()
    for arguments, said in (
        (["m", "nowhere.csv"], "there is no file nowhere.csv"),
        (["m", "."], "is a folder; explain takes one picture, or one row of a table"),
        (["m", table, "--row", "2"], "points.csv has 2 rows, 0 to 1; got --row 2"),
        (["m", table, "--label", "2"], "unknown class '2'"),
        (["m", table, "--recipe", "m.toml"], "--recipe needs --at"),
        (["m", table, "--at", "0"], "give --label, the true class or number of INPUT"),
        (["m"], "give INPUT, a picture or a table"),
        (["m", "--at", "4", "--label", "1"], "or --at without --label"),
        (["m", "--at", "4"], "there is no update 4: 2 epochs of 2 updates make 4, and the last is number 3"),
        (["m", "--at", "0", "--row", "200"], "row must be one of the 200 rows of X"),
        (["m", "--at", "0", "--recipe", "other.toml"], "there is no other.toml: --at trains again from the recipe"),
    ):
        code, error = refused(capsys, *arguments)
        assert code in (1, 2) and said in error, (arguments, error)
    Path("empty.toml").write_text("epochs = 3\n")
    assert "names no data" in refused(capsys, "m", "--at", "0", "--recipe", "empty.toml")[1]


def test_a_row_of_a_picture_is_refused(pictures, capsys):
    assert "--row is for tables" in refused(capsys, "m", pictures, "--row", "1")[1]


# replays ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [
        {"optimizer": "gradient_descent", "batch_size": None, "learning_rate": 0.5},
        {"optimizer": "adam", "batch_size": 50},
        {"optimizer": "lbfgs"},
        {"optimizer": "nesterov", "batch_size": 100, "dropout": 0.2, "clip_norm": 0.1, "schedule": "cosine"},
        {"optimizer": "adamw", "batch_size": 64, "l2": 0.1, "dtype": "float32", "class_weight": {"0": 3.0}},
        {"optimizer": "momentum", "restarts": 2, "ensemble": 2, "batch_size": None},
    ],
    ids=lambda how: how["optimizer"],
)
def test_the_last_step_of_a_run_ends_at_its_model(how):
    """The trace of the very last update leaves the weights that the run saved, to the last bit; the first its start."""
    values = FLOWER | how
    trained = train("toy:flower", **(values | {"restarts": 1}))
    recipe = make_recipe(data="toy:flower", **values)
    first = replay(recipe, 0)
    updates = len(first._batches)
    last = replay(recipe, 3 * updates - 1)
    assert np.array_equal(last.next_step().update.after, trained.model.network.parameters)
    assert (last.state.epoch, last.state.batch) == (2, updates - 1)
    assert not last.in_row_space
    rate = recipe.settings("numbers").learning_rate
    assert last.rate == (rate(3 - 1 / updates, 3) if callable(rate) else rate)
    assert first.state.history.cost == []
    made = [replay(recipe, number).next_step() for number in range(updates)]
    told = np.average([step.cost.J for step in made], weights=[len(step) for step in made])
    assert told == pytest.approx(trained.history.cost[0], rel=1e-6 if how.get("dtype") else 1e-12)
    with pytest.raises(InputError, match=f"3 epochs of {updates} updates make {3 * updates}"):
        replay(recipe, 3 * updates)


def test_a_run_that_stopped_early_has_no_later_updates():
    values = FLOWER | {"early_stopping": True, "epochs": 400, "optimizer": "lbfgs"}
    with pytest.raises(InputError, match="there is no update 399: the run ended earlier"):
        replay(make_recipe(data="toy:flower", **values), 399)


def test_a_replay_in_row_space_is_that_of_the_inputs(pictures, capsys):
    """Trained in coordinates, looked at on pixels: the step is the one that training without row space makes."""
    capsys.readouterr()
    assert run(["explain", "m", "--at", "3", "--json", "a"]) == 0
    assert "were expanded to them" in told(capsys)
    recipe = Path("m.toml").read_text().replace("row_space = true", "row_space = false")
    Path("direct.toml").write_text(recipe)
    assert run(["explain", "m", "--at", "3", "--recipe", "direct.toml", "--json", "b"]) == 0
    assert "row space" not in told(capsys)
    rows, direct = results("a", "explain"), results("b", "explain")
    for name in ("W1", "b1", "W2"):
        expected = np.array(direct["update"]["after"][name])
        assert np.allclose(rows["update"]["after"][name], expected, rtol=1e-9, atol=1e-12)
        assert np.allclose(rows["update"]["gradient"][name], direct["update"]["gradient"][name], rtol=1e-9, atol=1e-12)
    assert np.allclose(
        rows["update"]["parts"]["velocity"], direct["update"]["parts"]["velocity"], rtol=1e-9, atol=1e-12
    )
    assert np.allclose(rows["update"]["after"]["W1"], load("m").network.named()["W1"], rtol=1e-9)


@pytest.mark.parametrize("rule", ["momentum", "lbfgs"])
def test_what_a_rule_remembers_comes_back_from_row_space(rule):
    """Velocity, pairs and gradient in coordinates, expanded, are those of the same run on the inputs."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(6, 15)), rng.normal(size=(6, 1))
    settings = Settings(hidden_layers=((3, "tanh"),), optimizer=rule, learning_rate=0.1, epochs=4, batch_size=None)
    network = settings.network(15, 1, "squared_error").initialize("he", 2)
    train_rows = Examples(X, y)
    direct = initial_state(network.copy(), settings, 0)
    problem = reduce(network.copy(), Gram(X, None), train_rows, None, settings)
    small = initial_state(problem.network, settings, 0, problem.expand)
    for state, rows in ((direct, train_rows), (small, problem.train)):
        list(steps(rows, settings, state))
    back = on_inputs(small)
    assert back.expand is None and back.learned.n_in == 15
    assert back.shuffle is not small.shuffle and back.dropout is not small.dropout
    for name, slot in direct.slots.items():
        assert np.allclose(back.slots[name], slot, rtol=1e-6, atol=1e-9), name
    assert np.allclose(back.learned.parameters, direct.learned.parameters, rtol=1e-9, atol=1e-12)


def test_a_run_that_is_not_the_models_is_told(table, capsys):
    Path("m.toml").write_text(Path("m.toml").read_text().replace("random_state = 1", "random_state = 2"))
    assert run(["explain", "m", "--at", "3"]) == 0
    assert "This is NOT the run that made the model" in told(capsys)
    longer = (
        Path("m.toml").read_text().replace("random_state = 2", "random_state = 1").replace("epochs = 2", "epochs = 9")
    )
    Path("m.toml").write_text(longer)
    assert run(["explain", "m", "--at", "12"]) == 0  # the model's own run had ended by then
    assert "This is NOT the run that made the model" in told(capsys)


@pytest.mark.parametrize(("rule", "remembers"), [("lbfgs", False), ("momentum", True)])
def test_a_sample_alone_is_clipped_as_the_run_and_starts_from_what_is_not_of_other_rows(rule, remembers):
    how = FLOWER | {
        "batch_size": None,
        "learning_rate": 0.3,
        "optimizer": rule,
        "clip_norm": None if rule == "lbfgs" else 1e-3,
    }
    then = replay(make_recipe(data="toy:flower", **how), 2)
    step = then.step_on(then.train.X[:1], then.train.y[:1])
    slot = next(name for name, values in then.state.slots.items() if values.any())
    assert np.array_equal(step.update.slots[slot], then.state.slots[slot]) == remembers
    assert (step.update.norm is None) == (rule == "lbfgs") and step.update.rate == then.rate


def test_of_several_networks_and_starts_it_is_said_which_is_followed(here, capsys):
    """Also at a moment without a sample; a model that kept another start is not blamed on changed data."""
    how = ["--layers", "4:tanh", "--epochs", "3", "--cross-validate", "0", "--dropout", "0.2", "--quiet"]
    kept = []
    for seed in range(5):
        command = ["train", "toy:flower", "--out", "m", "--force", "--no-report", *how, "--seed", str(seed)]
        assert run([*command, "--restarts", "3", "--ensemble", "2"]) == 0
        capsys.readouterr()
        assert run(["explain", "m", "--at", "2"]) == 0
        text = told(capsys)
        assert "averages the predictions of 2 networks; this is the first" in text
        assert "The run made 3 starts and kept the best; this is the first of them." in text
        assert "shown without dropout" not in text  # the row of a batch has its share of the masks
        kept.append("the model kept another start" in text)
    assert any(kept) and not all(kept)


def test_a_model_that_rejects_says_so(table):
    model = load("m")
    sure = Sample.of_file(replace(model, threshold=0.9), table).notes
    assert any("1 needs p above 0.9" in note for note in sure)
    known = ReferenceSet.fit(model.features, model.features.extract([[5.0, 5.0], [6.0, 7.0]]))
    unsure = Sample.of_file(replace(model, rejection=RejectionThresholds(0.0, 0.0), reference=known), table).notes
    assert any("The model predicts unknown. Without its rejection thresholds it would be" in note for note in unsure)


def test_the_example_alone_at_a_replay(table, capsys):
    assert run(["explain", "m", table, "--label", "0", "--at", "3", "--json", "j"]) == 0
    assert "before its update 3, in epoch 1" in told(capsys)
    values = results("j", "explain")
    assert values["n"] == 1 and values["update"]["parts"]["step"] == 4  # Adam's own count, three updates before
    assert json.dumps(values)


def test_a_replay_leaves_its_run_alone(table):
    """A copy of a state is its own: what is traced leaves the run alone."""
    recipe = make_recipe(data="toy:flower", **FLOWER, optimizer="adam", batch_size=100)
    then = replay(recipe, 4)
    before = then.state.learned.parameters.copy(), then.state.slots["mean"].copy()
    assert np.array_equal(then.next_step(row=3).X, then.next_step().X)  # the order of the rows is not drawn anew
    assert np.array_equal(then.state.learned.parameters, before[0]) and np.array_equal(
        then.state.slots["mean"], before[1]
    )


def test_a_model_is_explained_from_python_too(tmp_path):
    quick = {"cross_validate": 0, "holdout": 0, "epochs": 2, "size": (2, 2), "random_state": 0}
    result = train(str(write_pictures(tmp_path / "data")), **quick)
    picture = next((tmp_path / "data").rglob("*.png"))
    forward, step = pellucid.explain(result.model, picture), pellucid.explain(result.model, picture, "dark")
    assert forward.cost is None and step.cost.J > 0
    assert np.array_equal(forward.layers[0].A_in, inputs(result.model.features, [picture], np.float32)[:1])
    with pytest.raises(InputError, match=r"trace takes a Network, got Model; explain takes a Model and a file\."):
        pellucid.trace(result.model, [[0.0]])
    with pytest.raises(InputError, match="explain takes a Model, got Network; trace takes a network"):
        pellucid.explain(result.model.network, picture)
    for shown in (repr(result), repr(result.model), result._repr_html_()):
        assert 50 < len(shown) < 5000 and "object at" not in shown
    assert repr(result.model).startswith("Model(pixels of pictures")
