"""What the doctor advises in the playground: something that can help, and that can still be done."""

import numpy as np
import pytest

from pellucid.training.diagnostics import NAMES, Finding
from pellucid.web.playground.advice import ADVICE, Doctor, Look, advice_for, moment_of
from pellucid.web.playground.problem import Problem
from pellucid.web.playground.run import Run
from pellucid.web.playground.session import Session
from pellucid.web.playground.settings import HIGHEST_RATES, RATES, PlaygroundSettings


def advice(name, settings, **numbers):
    return advice_for(Finding("problem", name, "It is so.", "Do something.", numbers), settings)


def test_every_finding_has_its_advice():
    assert set(ADVICE) == set(NAMES)


@pytest.mark.parametrize("name", ["dead layer", "units that stay identical", "saturated output", "always the majority"])
def test_no_other_start_is_advised_where_all_starts_are_the_same(name):
    assert advice(name, PlaygroundSettings(init="zeros")).changes == {"init": "he"}
    assert advice(name, PlaygroundSettings(init="he")).changes == {"seed": 3}


@pytest.mark.parametrize("rule", RATES)
def test_a_rate_is_advised_that_suits_the_rule(rule):
    settings = PlaygroundSettings().changed({"optimizer": rule})
    assert settings.rate <= HIGHEST_RATES[rule]
    if rule != "lbfgs":  # which begins with its highest
        assert advice("rate too low", settings, better_rate=1000.0).changes == {"rate": HIGHEST_RATES[rule]}
        assert advice("rate too low", settings, better_rate=0.05).changes == {"rate": 0.05}
    told = advice("rate too low", settings.changed({"rate": HIGHEST_RATES[rule]}), better_rate=1000.0)
    assert (told.changes, told.go_on) == ({}, True)


def test_a_lower_rate_is_advised_as_found():
    assert advice("rate too high", PlaygroundSettings(rate=900.0), better_rate=90.0).changes == {"rate": 90.0}


RELU, MIXED = ((4, "relu"), (3, "relu")), ((3, "relu"), (2, "tanh"))


@pytest.mark.parametrize(
    ("name", "settings", "changes"),
    [
        ("diverged", PlaygroundSettings(rate=5.0), {"rate": 0.5}),
        ("diverged", PlaygroundSettings(rate=2e-6), {"rate": 1e-6}),
        ("overfits", PlaygroundSettings(), {"l2": 0.01}),
        ("overfits", PlaygroundSettings(l2=0.02), {"l2": 0.06}),
        ("overfits", PlaygroundSettings(l2=9.0), {"l2": 10.0}),
        ("always the majority", PlaygroundSettings(l2=0.5), {"l2": 0.05}),
        ("silent units", PlaygroundSettings(layers=MIXED), {"layers": [(3, "leaky_relu"), (2, "tanh")]}),
        ("silent units", PlaygroundSettings(), {"seed": 3}),
        ("vanishing gradients by layer", PlaygroundSettings(layers=RELU, init="he"), {"layers": [[4, "relu"]]}),
        (
            "vanishing gradients by layer",
            PlaygroundSettings(layers=MIXED),
            {"init": "he", "layers": [(3, "relu"), (2, "relu")]},
        ),
    ],
)
def test_what_is_advised_is_what_would_be_set(name, settings, changes):
    assert advice(name, settings).changes == changes
    settings.changed(changes)


def test_a_look_holds_its_moment_fast_and_notes_are_no_trouble(monkeypatch):
    settings = PlaygroundSettings(samples=60)
    run = Run(Problem.of(settings, (), None), settings)
    run.forward(5)
    look, seen, before = Look.at(run), moment_of(run), run.network.parameters.copy()
    assert look.history.validation_cost == run.curve.validation[1:] and len(look.history.cost) == 5
    run.set_by_hand(1, 0, 0, 0.5)
    assert moment_of(run) != seen and (look.network.parameters == before).all()
    monkeypatch.setattr(
        "pellucid.web.playground.advice.diagnose", lambda *run, **held: [Finding("note", "diverged", "", "")]
    )
    assert look.finding_and_advice() == (None, None)
    doctor = Doctor()
    assert doctor.wants(run, running=True)
    doctor.look(look, seen)
    assert doctor.wants(run, running=False) and not doctor.wants(run, running=True)  # it rests meanwhile


def test_no_more_points_are_advised_than_there_can_be():
    assert advice("too few examples", PlaygroundSettings(samples=1500)).changes == {"samples": 2000}
    assert not advice("too few examples", PlaygroundSettings(samples=2000)).applicable


def test_one_class_alone_is_told_and_mistakes_are_counted():
    session = Session()
    only = "All points belong to class 0. Choose another class and draw some of it."
    *_, frame = session.handle({"do": "open", "address": "data=drawn&held_out=0&points=1,1,0;2,2,0&at=9"})
    assert (frame["finding"]["sentence"], frame["iteration"], frame["cost"]) == (only, 0, None)
    for do in ("step", "run"):
        assert session.handle({"do": do})[0] == {"kind": "error", "text": only}
    *_, frame = session.handle({"do": "points", "points": [[1, 1, 0], [2, 2, 1]]})
    assert frame["finding"] is None
    settings = PlaygroundSettings(held_out=0.0)
    run = Run(Problem.of(settings, (), None), settings)
    run.go(0)
    for _ in range(60):
        run.forward(1)
    said = run.network.predict(run.train.X)[:, 0] > 0.5
    right = int((said == run.train.y[:, 0]).sum())
    told = f"No sign of trouble. {right} of 400 training points are right, {400 - right} wrong."
    assert Look.at(run).without_finding() == (told, None)


def looked(settings, iterations=2000):
    run = Run(Problem.of(settings, (), None), settings)
    run.forward(iterations)
    doctor = Doctor()
    doctor.look(Look.at(run), moment_of(run))
    return doctor, run


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("data", ["flower", "circles", "spirals"])
def test_a_network_that_is_stuck_is_not_said_to_be_well(data, seed):
    settings = PlaygroundSettings(data=data, seed=seed, held_out=0.0).changed({"layers": [[2, "relu"]]})
    doctor, run = looked(settings)
    said = doctor.said(run)
    assert said["level"] != "note" and "No sign of trouble" not in said["sentence"]
    assert said["apply"]


def test_a_network_that_has_learned_is_well():
    doctor, run = looked(PlaygroundSettings(data="moons", init="he", held_out=0.0), 300)
    assert doctor.said(run)["name"] == "well" and doctor.advice is None


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_following_the_advice_never_repeats_it_and_ends_well(activation):
    """Six layers, whose gradients vanish: at most a handful of clicks lead to a network that learns."""
    session = Session()
    session.handle({"do": "open", "address": ""})
    session.handle({"do": "set", "settings": {"layers": [[4, activation]] * 6, "data": "circles"}})
    followed = []
    for _ in range(8):
        session.handle({"do": "step", "n": 600})
        while session.busy:
            session.advance(0.05)
        *_, frame = session.handle({"do": "pause"})
        found = frame["finding"]
        if found["level"] == "note" or not found["apply"]:
            break
        advice = session._doctor.advice
        assert advice.go_on or (found["name"], advice.kind) not in followed
        followed.append((found["name"], advice.kind))
        session.handle({"do": "apply", "pace": 1000})
        session.handle({"do": "pause"})
    assert found["name"] == "well", followed
    assert followed[0][0] in ("dead layer", "vanishing gradients by layer")


def test_what_was_tried_in_vain_is_not_advised_again():
    settings = PlaygroundSettings(init="he").changed({"layers": [[4, "relu"]]})
    usual = advice("dead layer", settings)
    doctor = Doctor()
    assert doctor._untried("dead layer", usual, settings) is usual
    tried = set()
    while (other := Doctor(frozenset(tried))._untried("dead layer", usual, settings)).changes:
        settings.changed(other.changes)
        assert ("dead layer", other.kind) not in tried
        tried.add(("dead layer", other.kind))
    assert 2 <= len(tried) < 8 and "by hand" in other.words
    assert Doctor(frozenset(tried))._untried("silent units", usual, settings) is usual


def test_the_history_looked_at_has_each_cost_before_its_update():
    settings = PlaygroundSettings(held_out=0.0)
    run = Run(Problem.of(settings, (), None), settings)
    costs = []
    for _ in range(5):
        costs.append(run.cost())
        run.forward(1)
    np.testing.assert_allclose(Look.at(run).history.cost, costs, rtol=1e-12)
