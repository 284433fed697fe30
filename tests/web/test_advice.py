"""What the doctor advises in the playground: something that can help, and that can still be done."""

import numpy as np
import pytest

from pellucid.training.diagnostics import NAMES, Finding
from pellucid.web.playground.advice import ADVICE, Doctor, Look, advice_for, moment_of
from pellucid.web.playground.problem import Problem
from pellucid.web.playground.run import Timeline
from pellucid.web.playground.session import Session
from pellucid.web.playground.settings import HIGHEST_RATES, RATES, Choices


def advice(name, choices, **numbers):
    return advice_for(Finding("problem", name, "It is so.", "Do something.", numbers), choices)


def test_every_finding_has_its_advice():
    assert set(ADVICE) == set(NAMES)


@pytest.mark.parametrize("name", ["dead layer", "units that stay identical", "saturated output", "always the majority"])
def test_no_other_start_is_advised_where_all_starts_are_the_same(name):
    assert advice(name, Choices(init="zeros")).changes == {"init": "he"}
    assert advice(name, Choices(init="he")).changes == {"seed": 3}


@pytest.mark.parametrize("rule", RATES)
def test_a_rate_is_advised_that_suits_the_rule(rule):
    choices = Choices().changed({"optimizer": rule})
    assert choices.rate <= HIGHEST_RATES[rule]
    if rule != "lbfgs":  # which begins with its highest
        assert advice("rate too low", choices, better_rate=1000.0).changes == {"rate": HIGHEST_RATES[rule]}
        assert advice("rate too low", choices, better_rate=0.05).changes == {"rate": 0.05}
    told = advice("rate too low", choices.changed({"rate": HIGHEST_RATES[rule]}), better_rate=1000.0)
    assert (told.changes, told.go_on) == ({}, True)


def test_a_lower_rate_is_advised_as_found():
    assert advice("rate too high", Choices(rate=900.0), better_rate=90.0).changes == {"rate": 90.0}


RELU, MIXED = ((4, "relu"), (3, "relu")), ((3, "relu"), (2, "tanh"))


@pytest.mark.parametrize(
    ("name", "choices", "changes"),
    [
        ("diverged", Choices(rate=5.0), {"rate": 0.5}),
        ("diverged", Choices(rate=2e-6), {"rate": 1e-6}),
        ("overfits", Choices(), {"l2": 0.01}),
        ("overfits", Choices(l2=0.02), {"l2": 0.06}),
        ("overfits", Choices(l2=9.0), {"l2": 10.0}),
        ("always the majority", Choices(l2=0.5), {"l2": 0.05}),
        ("silent units", Choices(layers=MIXED), {"layers": [(3, "leaky_relu"), (2, "tanh")]}),
        ("silent units", Choices(), {"seed": 3}),
        ("vanishing gradients by layer", Choices(layers=RELU, init="he"), {"layers": [[4, "relu"]]}),
        ("vanishing gradients by layer", Choices(layers=MIXED), {"init": "he", "layers": [(3, "relu"), (2, "relu")]}),
    ],
)
def test_what_is_advised_is_what_would_be_set(name, choices, changes):
    assert advice(name, choices).changes == changes
    choices.changed(changes)


def test_a_look_holds_its_moment_fast_and_notes_are_no_trouble(monkeypatch):
    choices = Choices(samples=60)
    timeline = Timeline(Problem.of(choices, (), None), choices)
    timeline.forward(5)
    look, seen, before = Look.at(timeline), moment_of(timeline), timeline.network.parameters.copy()
    assert look.history.validation_cost == timeline.curve.validation[1:] and len(look.history.cost) == 5
    timeline.set_by_hand(1, 0, 0, 0.5)
    assert moment_of(timeline) != seen and (look.network.parameters == before).all()
    monkeypatch.setattr(
        "pellucid.web.playground.advice.diagnose", lambda *run, **held: [Finding("note", "diverged", "", "")]
    )
    assert look.told() == (None, None)
    doctor = Doctor()
    assert doctor.wants(timeline, running=True)
    doctor.look(look, seen)
    assert doctor.wants(timeline, running=False) and not doctor.wants(timeline, running=True)  # it rests meanwhile


def test_no_more_points_are_advised_than_there_can_be():
    assert advice("too few examples", Choices(samples=1500)).changes == {"samples": 2000}
    assert not advice("too few examples", Choices(samples=2000)).applicable


def test_one_class_alone_is_told_and_mistakes_are_counted():
    session = Session()
    only = "All points are of class 0: choose another class and draw some of it."
    *_, frame = session.handle({"do": "open", "address": "data=drawn&held_out=0&points=1,1,0;2,2,0&at=9"})
    assert (frame["finding"]["sentence"], frame["iteration"], frame["cost"]) == (only, 0, None)
    for do in ("step", "run"):
        assert session.handle({"do": do})[0] == {"kind": "error", "text": only}
    *_, frame = session.handle({"do": "points", "points": [[1, 1, 0], [2, 2, 1]]})
    assert frame["finding"] is None
    choices = Choices(held_out=0.0)
    timeline = Timeline(Problem.of(choices, (), None), choices)
    timeline.go(0)
    for _ in range(60):
        timeline.forward(1)
    said = timeline.network.predict(timeline.train.X)[:, 0] > 0.5
    right = int((said == timeline.train.y[:, 0]).sum())
    told = f"No sign of trouble. {right} of 400 training points are right, {400 - right} wrong."
    assert Look.at(timeline).well() == told


def test_the_history_looked_at_has_each_cost_before_its_update():
    choices = Choices(held_out=0.0)
    timeline = Timeline(Problem.of(choices, (), None), choices)
    costs = []
    for _ in range(5):
        costs.append(timeline.cost())
        timeline.forward(1)
    np.testing.assert_allclose(Look.at(timeline).history.cost, costs, rtol=1e-12)
