"""The timeline: walking back and forth is bit for bit the training that went straight through."""

from dataclasses import replace

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.model.predictions import predicted_codes
from pellucid.nn import OPTIMIZERS
from pellucid.training import fit
from pellucid.web.playground import run as module
from pellucid.web.playground.permalink import Edit
from pellucid.web.playground.problem import Problem
from pellucid.web.playground.run import Curve, Timeline
from pellucid.web.playground.settings import Choices
from pellucid.web.playground.what_if import Run, whole_run

SMALL = Choices(samples=60, layers=((3, "tanh"), (3, "relu")), init="he", rate=0.05)
RUNS = {
    **{rule: replace(SMALL, optimizer=rule) for rule in OPTIMIZERS},
    "batches": replace(SMALL, batch=10, l2=0.01),
    "dropout": replace(SMALL, batch=25, dropout=0.3, optimizer="adam"),
    "three classes": replace(SMALL, data="spirals", batch=7, optimizer="momentum"),
}


def begun(choices, **more):
    return Timeline(Problem.of(choices, (), None), choices, **more)


def straight(choices, iterations):
    """Return the parameters after each iteration of a timeline that never goes back."""
    timeline = begun(choices)
    seen = [timeline.network.parameters.copy()]
    for _ in range(iterations):
        assert timeline.forward() == 1
        seen.append(timeline.network.parameters.copy())
    return seen


@pytest.mark.parametrize("name", RUNS)
def test_any_walk_is_the_straight_run(name):
    seen = straight(RUNS[name], 65)
    timeline = begun(RUNS[name])
    timeline.forward(50)
    for iteration in (49, 3, 41, 40, 20, 0, 50, 19):
        timeline.go(iteration)
        assert timeline.iteration == iteration
        np.testing.assert_array_equal(timeline.network.parameters, seen[iteration])
    timeline.forward(46)
    assert (timeline.iteration, timeline.furthest) == (65, 65)
    np.testing.assert_array_equal(timeline.network.parameters, seen[65])


@pytest.mark.parametrize("name", ["gradient_descent", "adam", "lbfgs", "dropout", "three classes"])
def test_it_is_the_training_of_fit(name):
    choices = RUNS[name]
    timeline = begun(choices)
    timeline.forward(12 * timeline.batches)
    loss, n_out = timeline.problem.loss(choices)
    fitted = fit(timeline.train.X, timeline.train.y, choices.settings(epochs=12), loss, n_out)
    np.testing.assert_array_equal(timeline.network.parameters, fitted.network.parameters)


def test_the_curve_is_the_cost_of_the_engine():
    timeline = begun(SMALL)
    timeline.forward(30)
    loss, n_out = timeline.problem.loss(SMALL)
    history = fit(
        timeline.train.X,
        timeline.train.y,
        SMALL.settings(epochs=30),
        loss,
        n_out,
        validation=(timeline.validation.X, timeline.validation.y),
    ).history
    assert timeline.curve.iterations == list(range(31))
    np.testing.assert_allclose(timeline.curve.cost[:30], history.cost, rtol=1e-13)
    np.testing.assert_allclose(timeline.curve.validation[1:], history.validation_cost, rtol=1e-13)
    assert timeline.curve.cost[-1] == timeline.cost()
    assert timeline.curve.validation[-1] == timeline.validation_cost()


def test_scrubbing_adds_nothing_to_the_curve():
    timeline = begun(SMALL)
    timeline.forward(30)
    before = list(timeline.curve.cost)
    timeline.go(4)
    timeline.forward(20)
    assert timeline.curve.cost == before


def test_a_long_curve_is_thinned():
    curve = Curve()
    for iteration in range(5001):
        if curve.wants(iteration):
            curve.add(iteration, float(iteration), None)
    assert curve.stride == 8
    assert curve.iterations == list(range(0, 5001, 8)) == [int(cost) for cost in curve.cost]


@pytest.mark.parametrize("name", RUNS)
def test_a_weight_set_by_hand_is_part_of_the_history(name):
    choices = RUNS[name]
    timeline = begun(choices)
    timeline.forward(50)
    timeline.go(23)
    timeline.set_by_hand(1, 2, 1, 0.75)
    timeline.set_by_hand(2, 0, -1, 0.25)
    assert timeline.network.dense[0].W[2, 1] == 0.75
    assert timeline.network.dense[1].b[0] == 0.25
    assert (timeline.furthest, timeline.curve.iterations[-1]) == (23, 23)
    assert timeline.curve.cost[-1] == timeline.cost()
    timeline.forward(20)
    after = timeline.network.parameters.copy()
    timeline.go(22)
    assert timeline.network.dense[0].W[2, 1] != 0.75
    timeline.go(43)
    np.testing.assert_array_equal(timeline.network.parameters, after)
    edits = (Edit(23, 1, 2, 1, 0.75), Edit(23, 2, 0, -1, 0.25))
    assert tuple(timeline.edits) == edits
    again = begun(choices, edits=edits)
    again.forward(43)
    np.testing.assert_array_equal(again.network.parameters, after)


def test_an_edit_in_the_past_forgets_later_ones():
    timeline = begun(SMALL)
    timeline.forward(5)
    timeline.set_by_hand(1, 0, 0, 1.0)
    timeline.forward(5)
    timeline.set_by_hand(1, 0, 0, 2.0)
    timeline.set_by_hand(1, 0, 0, 2.5)
    assert [edit.value for edit in timeline.edits] == [1.0, 2.5]
    timeline.go(7)
    timeline.set_by_hand(1, 0, 0, 3.0)
    assert [(edit.iteration, edit.value) for edit in timeline.edits] == [(5, 1.0), (7, 3.0)]
    assert timeline.edits_so_far == timeline.edits
    timeline.go(6)
    assert [edit.iteration for edit in timeline.edits_so_far] == [5]


def test_lbfgs_goes_on_after_a_weight_was_set():
    choices = replace(SMALL, optimizer="lbfgs", data="circles", noise=0.0)
    timeline = begun(choices)
    timeline.forward(1000)
    assert timeline.stopped.startswith("converged")
    end = timeline.iteration
    timeline.set_by_hand(1, 0, 0, 3.0)
    assert timeline.stopped is None
    assert timeline.forward(3) == 3
    after = timeline.network.parameters.copy()
    timeline.go(0)
    timeline.go(end + 3)
    np.testing.assert_array_equal(timeline.network.parameters, after)


def test_snapshots_are_thinned_and_the_walk_stays_exact(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 40_000)
    seen = straight(SMALL, 300)
    timeline = begun(SMALL)
    timeline.forward(300)
    assert len(timeline._snapshots) < 10
    for iteration in (299, 100, 81):
        timeline.go(iteration)
        np.testing.assert_array_equal(timeline.network.parameters, seen[iteration])


def test_no_more_is_replayed_than_there_is_from_the_snapshot_before(monkeypatch):
    made, update = [], Timeline._update
    monkeypatch.setattr(Timeline, "_update", lambda self: made.append(self.iteration) or update(self))
    timeline = begun(SMALL)
    timeline.forward(100)

    def replayed(iteration):
        made.clear()
        timeline.go(iteration)
        return made

    assert replayed(85) == [80, 81, 82, 83, 84]
    assert replayed(87) == [85, 86]
    timeline.set_by_hand(1, 0, 0, 1.0)
    timeline.forward(3)
    assert replayed(87) == []


def test_a_run_has_an_end(monkeypatch):
    monkeypatch.setattr(module, "MOST_ITERATIONS", 3)
    timeline = begun(SMALL)
    assert timeline.forward(10) == 3 and timeline.stopped == "3 iterations are the most there are here."


def test_a_layer_is_dead_where_all_its_units_are_silent_and_a_whole_run_has_its_length(monkeypatch):
    monkeypatch.setattr("pellucid.web.playground.what_if.POINTS", 5)
    timeline = begun(replace(SMALL, layers=((2, "relu"),)))
    timeline.set_by_hand(1, 0, -1, -100.0)
    assert Run(timeline, 0.0).why_dead is None
    timeline.set_by_hand(1, 1, -1, -100.0)
    assert Run(timeline, 0.0).why_dead == "every unit of layer 1 says the same of all rows"
    run = whole_run(timeline.problem, SMALL, 25, lambda: True)
    told, held, problem = run.told(), timeline.problem.held, timeline.problem
    right = predicted_codes(run.timeline.network, problem.X) == problem.codes
    assert run.timeline.iteration == 25 and told["iterations"] == [0, 5, 10, 15, 20, 25]
    assert (told["accuracy"], told["validation_accuracy"]) == (right[~held].mean(), right[held].mean())
    assert right[held].mean() != right.mean()


def test_weights_set_by_hand_have_an_end(monkeypatch):
    monkeypatch.setattr(module, "MOST_EDITS", 2)
    timeline = begun(SMALL)
    for row in (0, 1, 1):  # one weight set again is one edit
        timeline.set_by_hand(1, row, 0, 1.0)
    with pytest.raises(InputError, match="2 weights set by hand are the most"):
        timeline.set_by_hand(1, 2, 0, 1.0)
    assert len(timeline.edits) == 2


def test_a_run_that_diverges_stands_where_it_was():
    choices = Choices(samples=60, layers=((4, "relu"),), init="he", rate=1000.0)
    timeline = begun(replace(choices, l2=10.0))
    made = timeline.forward(1000)
    assert timeline.diverged
    assert timeline.stopped.startswith("diverged")
    assert made == timeline.iteration == timeline.furthest < 1000
    assert timeline.forward() == 0
    assert timeline.next_network() is None
    timeline.go(0)
    assert timeline.stopped is None
    assert timeline.forward() == 1


def test_the_next_step_is_shown_and_not_made():
    for choices in (RUNS["dropout"], RUNS["lbfgs"]):
        timeline = begun(choices)
        timeline.forward(7)
        before = timeline.network.parameters.copy()
        ahead = timeline.next_network().parameters
        np.testing.assert_array_equal(timeline.network.parameters, before)
        timeline.forward()
        np.testing.assert_array_equal(timeline.network.parameters, ahead)
        assert not np.array_equal(ahead, before)


@pytest.mark.parametrize("place", [(0, 0, 0), (4, 0, 0), (1, 3, 0), (1, 0, 2), (1, -1, 0), (1, 0, -2)])
def test_a_weight_that_is_not_there_is_refused(place):
    with pytest.raises(InputError, match=r"layers 1 to 3|rows 0 to"):
        begun(SMALL).set_by_hand(*place, 1.0)
