"""A session: what it answers to each message, and that nothing a page says can end it."""

import base64
import json
import math
import threading
from dataclasses import replace

import numpy as np
import pytest

from pellucid.data import flower
from pellucid.errors import InputError
from pellucid.experiment.articles.planar import COSTS, PLANAR
from pellucid.explanation.trace.formula import digits
from pellucid.web.playground.inspect import worked_example
from pellucid.web.playground.problem import OwnTable, Problem
from pellucid.web.playground.run import Run
from pellucid.web.playground.session import ACTIONS, Session
from pellucid.web.playground.settings import PlaygroundSettings

TABLE = "height,weight,colour,kind\n" + "\n".join(
    f"{n % 7},{'' if n % 11 == 0 else n % 5},{'red' if n % 3 else 'blue'},{'<b>tall</b>' if n % 7 > 3 else 'small'}"
    for n in range(120)
)


@pytest.fixture
def session():
    session = Session()
    session.handle({"do": "open", "address": ""})
    return session


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "things.csv"
    path.write_text(TABLE)
    return OwnTable.read(str(path), "kind")


def tell(session, do, **message):
    """Return the answers by kind; none may be an error."""
    replies = session.handle({"do": do, **message})
    assert not [reply["text"] for reply in replies if reply["kind"] == "error"]
    return {reply["kind"]: reply for reply in replies}


def refused(session, do, **message):
    (reply,) = session.handle({"do": do, **message})
    assert reply["kind"] == "error"
    return reply["text"]


def settled(session):
    """Let the session do what it has to do by itself; return all it said."""
    said = []
    for _ in range(5000):
        if not session.busy:
            return said
        said += session.advance(0.05)
    raise AssertionError("it never rests")


def settle(session):
    settled(session)
    return tell(session, "pause")["frame"]


def test_it_opens_on_the_articles_net(session):
    told = tell(session, "open", address="")
    assert list(told) == ["problem", "settings", "frame"]
    X, y = flower()
    np.testing.assert_array_equal(told["problem"]["points"], X)
    assert told["problem"]["labels"] == y.tolist()
    assert (told["problem"]["part"].count(1), told["problem"]["class_names"]) == (80, ["class 0", "class 1"])
    values = told["settings"]["values"]
    published = PLANAR.settings
    assert values["layers"] == [[4, "tanh"]]
    assert (values["rate"], values["init"], values["seed"]) == (published.learning_rate, published.init, PLANAR.seed)
    whole = tell(session, "set", settings={"held_out": 0})["frame"]
    assert whole["cost"] == pytest.approx(COSTS[0], abs=1e-6)
    assert whole["validation"] is whole["validation_accuracy"] is None
    assert tell(session, "step", n=1000)["frame"]["cost"] == pytest.approx(COSTS[1000], abs=1e-6)


def test_step_back_and_go(session):
    first = tell(session, "step", n=30)["frame"]
    assert (first["iteration"], first["furthest"], first["epoch"]) == (30, 30, 30)
    back = tell(session, "back", n=10)["frame"]
    assert (back["iteration"], back["furthest"]) == (20, 30)
    assert len(back["curve"]["cost"]) == len(back["curve"]["validation"]) == 31
    assert tell(session, "go", iteration=99)["frame"]["iteration"] == 30
    again = tell(session, "go", iteration=30)["frame"]
    assert again["weights"] == first["weights"]
    assert tell(session, "back", n=99)["frame"]["iteration"] == 0


def test_a_frame_shows_what_the_network_says(session):
    tell(session, "set", settings={"data": "spirals", "layers": [[5, "tanh"], [3, "relu"]], "optimizer": "adam"})
    frame = tell(session, "step", n=300)["frame"]
    problem = session._state.problem
    P = session._state.run.network.predict(problem.X)
    wrong = np.flatnonzero(P.argmax(axis=1) != problem.codes)
    assert frame["wrong"] == wrong.tolist()
    held = np.isin(wrong, np.flatnonzero(problem.held_out))
    assert frame["accuracy"] == pytest.approx(1 - (~held).sum() / (~problem.held_out).sum())
    assert frame["validation_accuracy"] == pytest.approx(1 - held.sum() / problem.held_out.sum())
    assert [len(layer) for layer in frame["units"]] == [5, 3]
    size = frame["surface"]["size"]
    codes = np.frombuffer(base64.b64decode(frame["surface"]["codes"]), np.uint8).reshape(size, size)
    sure = np.frombuffer(base64.b64decode(frame["surface"]["sure"]), np.uint8).reshape(size, size)
    x0, x1, y0, y1 = problem.bounds_of((0, 1))
    for row, column in ((0, 0), (0, size - 1), (size - 1, 3), (20, 40)):  # the top row first
        x = x0 + (x1 - x0) * (column + 0.5) / size
        y = y1 - (y1 - y0) * (row + 0.5) / size
        p = session._state.run.network.predict(np.array([[x, y]]))[0]
        assert codes[row, column] == p.argmax()
        assert sure[row, column] == pytest.approx(255 * p.max(), abs=1.01)
    m = frame["unit_size"]
    unit = np.frombuffer(base64.b64decode(frame["units"][0][2]), np.uint8)
    assert (unit.size, unit.min(), unit.max()) == (m * m, 0, 255)


def test_silent_units_are_named(session):
    tell(session, "set", settings={"layers": [[3, "relu"]], "init": "he", "data": "circles"})
    tell(session, "set_weight", layer=1, row=1, column=-1, value=-100)
    frame = tell(session, "pause")["frame"]
    assert frame["silent"] == [(1, 1)]
    assert set(base64.b64decode(frame["units"][0][1])) == {0}


def test_run_and_pause(session):
    frame = tell(session, "run", pace=25)["frame"]
    assert frame["running"]
    (frame,) = session.advance(2)  # far more time than 50 updates take
    assert frame["running"]
    assert frame["iteration"] == 50
    assert not tell(session, "pause")["frame"]["running"]
    assert not session.running
    assert settle(session)["iteration"] == 50


def test_setting_anything_begins_again(session):
    tell(session, "step", n=10)
    told = tell(session, "set", settings={"rate": 0.3})
    assert list(told) == ["settings", "frame"]
    assert (told["frame"]["iteration"], told["frame"]["furthest"]) == (0, 0)
    assert list(tell(session, "set", settings={"noise": 0.1})) == ["problem", "settings", "frame"]
    start = tell(session, "pause")["frame"]["weights"]
    other = tell(session, "new_start")
    assert other["settings"]["values"]["seed"] == 3
    assert other["frame"]["weights"] != start
    tell(session, "step", n=3)
    assert tell(session, "restart")["frame"]["weights"] == other["frame"]["weights"]


def seen(frame):
    return {name: value for name, value in frame.items() if name not in ("number", "finding", "replaced", "running")}


def test_a_weight_set_in_the_past_replaces_what_came_after_and_is_undone(session):
    tell(session, "set", settings={"optimizer": "momentum", "rate": 0.3, "batch": 50})
    end = tell(session, "step", n=130)["frame"]
    here = tell(session, "go", iteration=57)["frame"]
    assert here["replaced"] is None
    weight = {"layer": 1, "row": 2, "column": 1}
    for value in (3.0, 3.5):  # a slider that is dragged
        frame = tell(session, "set_weight", **weight, value=value)["frame"]
        assert (frame["furthest"], frame["replaced"]) == (
            57,
            "This change replaced everything after iteration 57.",
        )
    tell(session, "step", n=90)
    undone = tell(session, "undo")
    assert undone["frame"]["replaced"] is None
    assert seen(undone["frame"]) == seen(here)
    assert seen(tell(session, "go", iteration=130)["frame"]) == seen(end)
    assert "no change to undo" in refused(session, "undo")


def test_a_weight_set_at_the_end_replaces_nothing(session):
    tell(session, "step", n=5)
    frame = tell(session, "set_weight", layer=1, row=0, column=0, value=1.0)["frame"]
    assert frame["replaced"] is None


@pytest.mark.parametrize(
    ("do", "what"),
    [
        ("set", {"settings": {"rate": 0.2}}),
        ("set", {"settings": {"data": "moons"}}),
        ("restart", {}),
        ("new_start", {}),
    ],
)
def test_a_run_that_a_change_replaces_is_told_and_comes_back(session, do, what):
    tell(session, "step", n=30)
    here = tell(session, "go", iteration=12)["frame"]
    for _ in range(2):  # a second change before another run keeps the first one's
        assert tell(session, do, **what)["frame"]["replaced"] == "A new run replaced the run to iteration 30."
    back = tell(session, "undo")
    assert (seen(back["frame"]), back["settings"]["values"]["data"]) == (seen(here), "flower")


def test_a_wrong_setting_changes_nothing(session):
    tell(session, "step", n=5)
    for settings in (
        {"rate": -1},
        {"rate": 1, "layers": [[99, "tanh"]]},
        {"optimizer": "lbfgs", "batch": 10},
        {"evil": 1},
    ):
        refused(session, "set", settings=settings)
    assert tell(session, "pause")["frame"]["iteration"] == 5


def test_a_new_optimizer_brings_its_rate(session):
    assert tell(session, "set", settings={"optimizer": "adam"})["settings"]["values"]["rate"] == 0.03
    assert tell(session, "set", settings={"optimizer": "rmsprop", "rate": 0.2})["settings"]["values"]["rate"] == 0.2
    tell(session, "set", settings={"batch": 20, "dropout": 0.1})
    values = tell(session, "set", settings={"optimizer": "lbfgs"})["settings"]["values"]
    assert (values["batch"], values["dropout"]) == (0, 0)


def test_drawn_points(session):
    told = tell(session, "points", points=[])
    assert told["problem"]["points"] == []
    assert told["frame"]["cost"] is None
    assert "draw points" in told["frame"]["finding"]["sentence"]
    for do in ("run", "step", "whatif", "starts"):
        assert "draw points" in refused(session, do, settings={})
    told = tell(session, "points", points=[[0.12345, 1, 0], [2, 2, 2], [1, 0, 2]])
    assert told["problem"]["points"][0] == [0.123, 1]
    assert told["problem"]["class_names"] == ["class 0", "class 1", "class 2"]
    assert told["problem"]["bounds"] == [-5, 5, -5, 5]
    assert tell(session, "step", n=20)["frame"]["cost"] < told["frame"]["cost"]
    tell(session, "points", points=[[1, 1, 0], [2, 2, 1]])
    assert tell(session, "step", n=5)["frame"]["iteration"] == 5
    settle(session)


def test_the_address_brings_back_the_very_moment(session, table):
    tell(session, "points", points=[[x / 7, math.sin(x), x % 2] for x in range(-15, 15)])
    tell(session, "set", settings={"layers": [[3, "gelu"]], "optimizer": "adam", "batch": 5, "dropout": 0.1})
    tell(session, "step", n=40)
    tell(session, "set_weight", layer=1, row=0, column=0, value=1 / 3)
    frame = tell(session, "step", n=7)["frame"]
    other = Session()
    replies = other.handle({"do": "open", "address": frame["address"]})
    assert [reply["kind"] for reply in replies] == ["problem", "settings", "frame"]
    again = settle(other)
    assert {name: again[name] for name in ("iteration", "weights", "cost", "address")} == {
        name: frame[name] for name in ("iteration", "weights", "cost", "address")
    }
    assert not again["running"]


def test_a_bad_address_opens_the_usual_beginning(session):
    tell(session, "set", settings={"data": "moons"})
    for address in ("rate=evil", "edits=1,9,0,0,1", "columns=0,7", 7):
        replies = session.handle({"do": "open", "address": address})
        assert [reply["kind"] for reply in replies] == ["error", "problem", "settings", "frame"]
        assert "cannot be opened" in replies[0]["text"]
        assert replies[2]["values"] == PlaygroundSettings().as_dict()


def test_a_session_must_be_opened():
    (reply,) = Session().handle({"do": "run"})
    assert (reply["kind"], reply["again"]) == ("error", True)


def test_weight_tells_value_gradient_and_next(session):
    tell(session, "step", n=100)
    told = tell(session, "weight", layer=2, row=0, column=3)["weight"]
    run = session._state.run
    assert told["name"] == "W2[1,4]"
    assert told["value"] == run.network.dense[1].W[0, 3]
    _, g = run.network.cost_and_gradient(run.train.X, run.train.y)
    assert told["gradient"] == run.network.named(g)["W2"][0, 3]
    assert told["next"] == pytest.approx(told["value"] - 1.2 * told["gradient"], rel=1e-12)
    assert f"{told['next']:.6g}" in told["formula"]
    bias = tell(session, "weight", layer=1, row=2, column=-1)["weight"]
    tell(session, "step")
    assert run.network.dense[1].W[0, 3] == told["next"]
    assert run.network.dense[0].b[2] == bias["next"]
    assert "rows 0 to 3" in refused(session, "weight", layer=1, row=4, column=0)


def test_what_if_is_a_straight_run_and_changes_nothing(session):
    before = tell(session, "step", n=30)["frame"]
    told = tell(session, "whatif", settings={"rate": 0.4})["whatif"]
    settings = replace(PlaygroundSettings(), rate=0.4)
    straight = Run(Problem.of(settings, (), None), settings)
    straight.forward(2000)
    assert told["iterations"][-1] == 2000
    assert told["cost"][-1] == straight.cost()
    assert told["validation"][-1] == straight.validation_cost()
    assert (told["died"], told["settings"]["rate"]) == (False, 0.4)
    after = tell(session, "pause")["frame"]
    assert all(after[name] == value for name, value in before.items() if name not in ("finding", "number"))
    kept = tell(session, "whatif", settings={"rate": 0.4}, keep=True)
    assert kept["settings"]["values"]["rate"] == 0.4
    assert (kept["frame"]["iteration"], kept["frame"]["cost"]) == (2000, straight.cost())
    assert tell(session, "back")["frame"]["iteration"] == 1999
    assert "to change the data, use the data settings" in refused(session, "whatif", settings={"noise": 0.5})


def test_a_newer_what_if_ends_an_older_one(session, monkeypatch):
    begun, answers = threading.Event(), []
    forward = Run.forward

    def slow(run, n=1):
        begun.set()
        newer.wait(60)
        return forward(run, n)

    newer = threading.Event()
    monkeypatch.setattr(Run, "forward", slow)
    older = threading.Thread(target=lambda: answers.append(session.handle({"do": "whatif", "settings": {"rate": 2}})))
    older.start()
    assert begun.wait(60)
    newest = threading.Thread(target=lambda: answers.append(session.handle({"do": "whatif", "settings": {"rate": 1}})))
    asked = session._asked
    newest.start()
    while session._asked == asked:
        pass
    newer.set()
    older.join(30)
    newest.join(30)
    assert sorted(map(len, answers)) == [0, 1]
    assert max(answers, key=len)[0]["settings"]["rate"] == 1


@pytest.mark.slow
def test_starts_come_one_after_the_other(session, monkeypatch):
    monkeypatch.setattr("pellucid.web.playground.session.LEAST", 300)
    tell(session, "set", settings={"layers": [[2, "relu"]], "init": "normal_0.01", "data": "moons", "samples": 60})
    assert session.handle({"do": "starts", "count": 3}) == []
    said = settled(session)
    starts = [message for message in said if message["kind"] == "start"]
    assert [(start["number"], start["seed"]) for start in starts] == [(0, 2), (1, 3), (2, 4)]
    (end,) = [message for message in said if message["kind"] == "starts"]
    assert end == {"kind": "starts", "count": 3, "died": sum(start["died"] for start in starts)}
    for start in starts:
        settings = replace(session._state.settings, seed=start["seed"])
        straight = Run(session._state.problem, settings)
        straight.forward(300)
        assert start["cost"][-1] == straight.cost()
        assert start["died"] == (start["why"] is not None)


def test_starts_that_die_say_why(session):
    tell(session, "set", settings={"layers": [[2, "relu"]], "init": "zeros", "data": "moons", "samples": 60})
    session.handle({"do": "starts", "count": 2})
    starts = [message for message in settled(session) if message["kind"] == "start"]
    assert [start["why"] for start in starts] == ["every unit of layer 1 gives the same output for all rows"] * 2


def test_another_run_ends_the_starts(session):
    session.handle({"do": "starts", "count": 5})
    tell(session, "restart")
    assert [message["kind"] for message in settled(session)] == ["frame"]


def test_a_run_that_diverges_is_told_in_words_and_the_session_lives(session):
    tell(session, "set", settings={"layers": [[8, "relu"]], "init": "he", "l2": 10, "rate": 1000})
    tell(session, "run", pace=0)
    frame = settle(session)
    assert not frame["running"]
    assert frame["stopped"].startswith("diverged")
    assert frame["finding"]["name"] == "diverged"
    json.dumps(frame)
    told = tell(session, "apply")
    assert told["settings"]["values"]["rate"] == 100
    assert tell(session, "step")["frame"]["iteration"] == 1


def test_the_doctor_advises_and_apply_does_it(session):
    tell(session, "set", settings={"init": "zeros"})
    finding = settle(session)["finding"]
    assert (finding["name"], finding["apply"]) == ("dead layer", True)
    assert "he" in finding["sentence"]
    assert tell(session, "apply")["settings"]["values"]["init"] == "he"
    assert settle(session)["finding"]["name"] == "well"
    assert "no advice to apply" in refused(session, "apply")
    tell(session, "set", settings={"rate": 0.001})
    tell(session, "step", n=200)
    finding = settle(session)["finding"]
    assert finding["name"] == "rate too low"
    assert tell(session, "apply")["settings"]["values"]["rate"] > 0.02
    tell(session, "set", settings={"rate": 0.02})
    tell(session, "step", n=60)
    tell(session, "set", settings={"optimizer": "lbfgs", "layers": [[10, "tanh"]], "init": "he"})
    tell(session, "step", n=60)
    settle(session)


def test_the_doctor_says_to_run_on(session):
    tell(session, "set", settings={"rate": 0.3, "data": "circles", "init": "he", "noise": 0.05})
    tell(session, "step", n=60)
    assert settle(session)["finding"]["name"] == "stopped too early"
    told = tell(session, "apply")
    assert told["frame"]["running"]
    assert told["frame"]["iteration"] == 60


def test_a_table_of_ones_own(table):
    session = Session(table)
    told = tell(session, "open", address="")
    problem = told["problem"]
    assert problem["class_names"] == ["<b>tall</b>", "small"]
    assert problem["feature_names"] == ["height", "weight"]
    assert problem["input_names"] == ["height", "weight", "weight is missing", "colour is blue", "colour is red"]
    assert (problem["n_features"], problem["drawable"]) == (5, False)
    assert "table" in told["settings"]["choices"]["data"]
    assert tell(session, "step", n=300)["frame"]["accuracy"] == 1
    swapped = tell(session, "surface", columns=[1, 0])
    assert swapped["problem"]["points"][1] == problem["points"][1][::-1]
    assert swapped["frame"]["iteration"] == 300
    assert "below 2" in refused(session, "surface", columns=[0, 2])
    assert tell(session, "pause")["frame"]["address"].endswith("columns=1,0&at=300")
    tell(session, "set", settings={"data": "flower"})
    assert len(tell(session, "set", settings={"data": "table", "samples": 50})["problem"]["points"]) == 50


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b,label\n" + "\n".join(f"{n},{n * n % 7},{n * 1.37}" for n in range(60)), "numbers to predict"),
        ("a,colour,label\n" + "\n".join(f"{n},red,{n % 2}" for n in range(20)), "fewer than two columns of numbers"),
        ("a,b,label\n" + "\n".join(f"{n},{n},{'abcdefghijklmn'[n % 14]}" for n in range(140)), "14 classes"),
    ],
)
def test_tables_that_cannot_be_played_with(tmp_path, text, told):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        OwnTable.read(str(path), None)


def test_a_table_with_too_many_inputs(tmp_path):
    path = tmp_path / "wide.csv"
    names = [f"c{n}" for n in range(70)]
    path.write_text(
        "\n".join([",".join([*names, "label"]), *(",".join(["1.5"] * 70 + [f"{n % 2}"]) for n in range(9))])
    )
    with pytest.raises(InputError, match="70 inputs"):
        Session(OwnTable.read(str(path)))


HUGE = 10**400
WRONG = [None, "x", -1, 1.5, math.nan, math.inf, HUGE, True, [], {}, [[]], "9" * 1000]


READ = {  # what each action looks at, besides "do"
    "open": ["address"],
    "set": ["settings"],
    "run": ["pace"],
    "step": ["n"],
    "back": ["n"],
    "go": ["iteration"],
    "points": ["points"],
    "weight": ["layer", "row", "column"],
    "set_weight": ["layer", "row", "column", "value"],
    "trace": ["row", "point", "label"],
    "whatif": ["settings", "keep"],
    "starts": ["count"],
    "save": ["what"],
    "surface": ["columns"],
}


@pytest.mark.parametrize("do", ACTIONS)
def test_whatever_is_said_the_session_goes_on(session, do):
    for name in [*READ.get(do, []), "evil"]:
        for wrong in [*WRONG, {"rate": HUGE}, {"layers": [[HUGE, "tanh"]]}, [[HUGE, 1, 1]], [HUGE, 0], {"data": []}]:
            message = {"layer": 1, "row": 0, "column": 0, "value": 1.0, name: wrong, "do": do}
            if do == "trace" and name != "row":
                del message["row"]
            for reply in session.handle(message):
                assert reply["kind"] != "error" or 10 < len(reply["text"]) < 400
    assert tell(session, "open", address="")["frame"]["iteration"] == 0


def test_the_work_for_a_point(session):
    tell(session, "step", n=20)
    part = session._state.problem.held_out
    for row, told in ((int(np.flatnonzero(part)[0]), "held out"), (int(np.flatnonzero(~part)[3]), "Iteration 20")):
        html = tell(session, "trace", row=row)["trace"]["html"]
        assert told in html
        assert ("batch of 320" in html) == (told != "held out")
    assert "not one of the training points" in tell(session, "trace", point=[0.5, 1], label=1)["trace"]["html"]
    tell(session, "trace", point=[0.5, 1])
    tell(session, "set", settings={"batch": 10, "dropout": 0.2, "optimizer": "adam"})
    tell(session, "step", n=3)
    row = int(np.flatnonzero(~part)[0])
    assert "steps with 10 points" in tell(session, "trace", row=row)["trace"]["html"]
    assert "row must be" in refused(session, "trace", row=400)
    assert "name a point" in refused(session, "trace")


@pytest.mark.parametrize("batch", [0, 10])
def test_the_work_is_that_of_the_point(session, batch):
    tell(session, "set", settings={"batch": batch})
    problem, run = session._state.problem, session._state.run
    for row in (0, 57, 399):
        step = worked_example(run, (0, 1), {"row": row})
        np.testing.assert_array_equal(step.X[step.row], problem.X[row])
        assert step.y[step.row] == problem.codes[row]
    step = worked_example(run, (0, 1), {"point": [1.5, -2], "label": 1})
    assert (step.X.tolist(), step.y.tolist()) == ([[1.5, -2]], [[1]])


def test_the_work_begins_with_what_is_said_of_the_point(session):
    tell(session, "step", n=400)
    frame, problem = tell(session, "go", iteration=400)["frame"], session._state.problem
    wrong = frame["wrong"][0]
    right = next(row for row in range(400) if row not in frame["wrong"] and not problem.held_out[row])
    for row, verdict in ((wrong, "wrong"), (right, "right")):
        step = worked_example(session._state.run, (0, 1), {"row": row})
        p = session._state.run.network.predict(problem.X[[row]]).item()
        own = problem.codes[row]
        said = own if verdict == "right" else 1 - own
        p_said = digits(max(p, 1 - p))
        told = f"The network predicts class {said} with p = {p_said}; the true class is class {own}: {verdict}."
        assert (step.called, step.notes[0]) == (f"point {row}", told)
        html = step.html()
        assert f"<h1>Point {row}</h1>" in html
        assert (
            html.index("The network predicts class")
            < html.index("learns from one example")
            < html.index("Forward, layer 1")
        )
        assert "learns from 320 examples" not in html
    assert f"point {right} alone" in html
    assert "of all 320 points" not in html and "from all 320 points" in html


def test_frames_of_a_session_made_anew_are_later_ones(session):
    frame = tell(session, "step")["frame"]
    assert tell(session, "step")["frame"]["number"] > frame["number"]
    assert tell(Session(), "open")["frame"]["number"] >= frame["number"]


def test_the_traced_step_is_the_one_that_is_made(session):
    tell(session, "set", settings={"optimizer": "adam", "dropout": 0.2, "layers": [[5, "relu"]], "init": "he"})
    tell(session, "step", n=20)
    run = session._state.run
    step = run.traced(7)
    tell(session, "step")
    np.testing.assert_array_equal(step.update.after, run.network.parameters)


def test_what_is_no_message_at_all(session):
    for message in (None, [], 3, "run", {}, {"do": None}, {"do": "__init__"}, {"do": "evil" * 1000}):
        (reply,) = session.handle(message)
        assert reply["kind"] == "error"
        assert len(reply["text"]) < 400
    assert "did you mean 'pause'" in refused(session, "pauze")


def test_messages_are_answered_from_several_threads(session):
    tell(session, "run", pace=0)
    faults = []

    def chatter():
        try:
            for n in range(20):
                tell(session, "weight", layer=1, row=0, column=0)
                tell(session, "go", iteration=n)
                tell(session, "run", pace=0)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=chatter) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        session.advance(0.001)
    assert faults == []
    tell(session, "restart")
    fresh = Session()
    tell(fresh, "open")
    assert tell(session, "step", n=50)["frame"]["weights"] == tell(fresh, "step", n=50)["frame"]["weights"]
