"""What can be kept of a session, used as a person would use it."""

import base64
import contextlib
import csv
import io
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import pellucid
from pellucid.data import load
from pellucid.experiment.recipe_file import read_recipe
from pellucid.model.predictions import predicted_codes
from pellucid.web.playground.problem import OwnTable
from pellucid.web.playground.session import Session
from pellucid.web.playground.view import SIDE

TABLE = "height,weight,colour,kind\n" + "\n".join(
    f"{n % 7},{'' if n % 11 == 0 else n % 5},{'red' if n % 3 else 'blue'},{'<b>tall</b>' if n % 7 > 3 else 'small'}"
    for n in range(120)
)
POINTS = [[x / 4, (x * x) % 7 - 3, x % 2 * 2] for x in range(-12, 12)]  # class 1 has none
BY_HAND = {"do": "set_weight", "layer": 1, "row": 2, "column": 0, "value": 1 / 3}


def step(n):
    return {"do": "step", "n": n}


def set_(**settings):
    return {"do": "set", "settings": settings}


SCRIPTS = {  # what is said, and whether the estimator suffices
    "the flower": ([step(500)], True),
    "deep": (
        [set_(data="spirals", layers=[[5, "gelu"], [4, "relu"]], optimizer="adam", l2=0.01, samples=90), step(40)],
        True,
    ),
    "batches": ([set_(data="moons", batch=16, dropout=0.2, optimizer="nesterov"), step(40)], True),
    "amid an epoch": ([set_(data="circles", batch=16, optimizer="adamw", l2=0.1), step(33)], False),
    "before all": ([], False),
    "by hand": ([step(20), BY_HAND, step(5), {**BY_HAND, "column": -1}, step(1)], False),
    "a later edit": ([step(20), BY_HAND, {"do": "back", "n": 5}], True),
    "L-BFGS by hand": ([set_(optimizer="lbfgs", held_out=0), step(9), BY_HAND, step(4)], False),
    "drawn, a class without points": ([{"do": "points", "points": POINTS}, step(50)], False),
}


@pytest.fixture
def table(tmp_path):
    path = tmp_path / 'it\'s "mine".csv'
    path.write_text(TABLE)
    return OwnTable.read(str(path), "kind")


def session_of(messages, table=None):
    session = Session(table)
    for message in [{"do": "open", "address": ""}, *messages]:
        assert session.handle(message)[0]["kind"] != "error"
    return session


def saved(session, what):
    (reply,) = session.handle({"do": "save", "what": what})
    assert reply["kind"] == "file", reply
    return reply


def shown_and_printed(session):
    cost = session.handle({"do": "pause"})[0]["cost"]
    text, printed = saved(session, "python")["content"], io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, "playground.py", "exec"), {})
    return cost, float(printed.getvalue().removeprefix("cost ")), text


@pytest.mark.parametrize(("messages", "by_estimator"), SCRIPTS.values(), ids=SCRIPTS)
def test_the_script_comes_to_the_cost_that_was_shown(messages, by_estimator):
    cost, printed, text = shown_and_printed(session_of(messages))
    assert abs(cost - printed) <= 1e-12
    assert ("NeuralNetworkClassifier" in text) == by_estimator
    assert len(text.splitlines()) < (80 if "points = [" in text else 50)


def test_the_script_runs_on_its_own():
    session = session_of(SCRIPTS["by hand"][0])
    text = saved(session, "python")["content"]
    run = subprocess.run([sys.executable, "-W", "error", "-c", text], capture_output=True, text=True, check=True)
    assert abs(float(run.stdout.removeprefix("cost ")) - session._state.run.cost()) <= 1e-12


def test_the_script_of_a_table(table):
    session = session_of([set_(samples=70, optimizer="adam"), step(30)], table)
    cost, printed, _ = shown_and_printed(session)
    assert abs(cost - printed) <= 1e-12


def test_the_recipe_is_one(tmp_path, table):
    path = tmp_path / "playground.toml"
    for session, data in (
        (session_of([set_(batch=10), step(70)]), "toy:flower"),
        (session_of([set_(data="circles", noise=0.1)]), "toy:circles"),
        (session_of([set_(data="circles")]), "points.csv"),
        (session_of([], table), table.source),
    ):
        path.write_text(saved(session, "recipe")["content"])
        values = read_recipe(path)
        assert values["data"] == data
        assert values["hidden_layers"] == [(4, "tanh")]
        assert (values["init"], values["random_state"], values["learning_rate"]) == ("normal_0.01", 2, 1.2)
    path.write_text(saved(session_of([set_(batch=10), step(70)]), "recipe")["content"])
    assert (read_recipe(path)["epochs"], read_recipe(path)["batch_size"]) == (2, 10)


def test_the_recipe_has_every_setting_and_says_what_it_has_not(tmp_path, table):
    path, hand = tmp_path / "playground.toml", "set by hand"
    how = {"batch": 10, "l2": 0.01, "dropout": 0.25, "held_out": 0.3, "samples": 100}
    text = saved(session_of([set_(**how), step(5), BY_HAND]), "recipe")["content"]
    path.write_text(text)
    values = read_recipe(path)
    assert {name: values[name] for name in ("l2", "dropout", "holdout", "data")} == {
        "l2": 0.01, "dropout": 0.25, "holdout": 0.3, "data": "points.csv"  # another number of points than the toy has
    }  # fmt: skip
    assert hand in text and values["standardize"] is False
    text = saved(session_of([], table), "recipe")["content"]
    path.write_text(text)
    assert hand not in text and read_recipe(path).get("standardize", True)


def test_a_label_of_any_name_is_written_as_it_is(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,it's\n" + "\n".join(f"{n % 7},{n % 5},{'yes' if n % 3 else 'no'}" for n in range(40)))
    cost, printed, _ = shown_and_printed(session_of([step(5)], OwnTable.read(str(path), "it's")))
    assert abs(cost - printed) <= 1e-12


def test_the_model_answers_as_the_session(tmp_path, table):
    path = tmp_path / "playground.pellucid"
    session = session_of([step(200)], table)
    path.write_bytes(base64.b64decode(saved(session, "model")["base64"]))
    model = pellucid.load(path)
    run = session._state.run
    codes = predicted_codes(run.network, run.problem.X)
    assert model.predict(table.source).tolist() == [table.class_names[code] for code in codes]
    assert model.history["stopped_because"].endswith("iteration 200") and model.provenance.set_by_hand == 0
    path.write_bytes(base64.b64decode(saved(session_of([step(3), BY_HAND]), "model")["base64"]))
    assert pellucid.load(path).provenance.set_by_hand == 1
    (reply,) = session.handle({"do": "save", "what": "points"})
    assert "the points are already in your own table" in reply["text"]


def test_a_model_of_weights_that_exploded_is_refused():
    session = session_of([step(1)])
    session._state.run.network.parameters[0] = np.nan
    (reply,) = session.handle({"do": "save", "what": "model"})
    assert "no longer finite" in reply["text"]


def test_the_points_can_be_read_again(tmp_path):
    path = tmp_path / "points.csv"
    session = session_of([{"do": "points", "points": POINTS}])
    path.write_text(saved(session, "points")["content"])
    data = load(str(path)).train
    np.testing.assert_array_equal(data.read(np.arange(len(data))), np.array(POINTS)[:, :2])
    assert [data.class_names[code] for code in data.labels] == [f"class {code}" for _, _, code in POINTS]


def test_the_picture_shows_points_where_they_are(table):
    session = session_of([step(300)], table)
    root = ElementTree.fromstring(saved(session, "svg")["content"])
    name = {"svg": "http://www.w3.org/2000/svg"}
    assert root.find("svg:title", name) is not None
    told = root.find("svg:desc", name).text
    assert "<b>tall</b>" in told
    assert "0 of 120 points are ringed" in told
    assert "height across, -0.48 to 6.48; weight up, -0.32 to 4.32;" in told
    problem = session._state.problem
    x0, x1, y0, y1 = problem.bounds_of((0, 1))
    marks = [g for g in root.findall("svg:g", name) if g.get("transform")][:120]
    for mark, (x, y) in zip(marks, problem.points((0, 1)), strict=True):
        px, py = map(float, mark.get("transform").removeprefix("translate(").rstrip(")").split())
        assert (px, py) == pytest.approx((SIDE * (x - x0) / (x1 - x0), SIDE * (y1 - y) / (y1 - y0)), abs=0.06)
    cells = root.findall("svg:g/svg:rect", name)
    assert sum(int(cell.get("width")) * int(cell.get("height")) for cell in cells) == SIDE * SIDE


def test_the_picture_is_whole_whatever_classes_are_called(tmp_path):
    names = ["&" * 30, "<" * 17 + "\x01", '"' * 18 + "\u202e"]
    path = tmp_path / "table.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["x", "y", "kind"])
        rows.writerows([n % 5, n % 7, names[n % 3]] for n in range(60))
    root = ElementTree.fromstring(saved(session_of([], OwnTable.read(str(path), "kind")), "svg")["content"])
    told = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")][1:]
    assert sorted(told) == sorted(["&" * 17 + "…", "<" * 17 + "\ufffd", '"' * 17 + "…"])


def test_wrong_points_are_ringed():
    session = session_of([])
    frame = session.handle({"do": "pause"})[0]
    assert saved(session, "svg")["content"].count("<circle") == len(frame["wrong"])


@pytest.mark.parametrize("what", [None, "pickle", ["python"], {}])
def test_other_files_are_refused(what):
    (reply,) = session_of([]).handle({"do": "save", "what": what})
    assert "unknown kind of file" in reply["text"]
