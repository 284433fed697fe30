"""The run: walking back and forth is bit for bit the training that went straight through."""

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
from pellucid.web.playground.run import Curve, Run
from pellucid.web.playground.settings import PlaygroundSettings
from pellucid.web.playground.what_if import WholeRun, whole_run

SMALL = PlaygroundSettings(samples=60, layers=((3, "tanh"), (3, "relu")), init="he", rate=0.05)
RUNS = {
    **{rule: replace(SMALL, optimizer=rule) for rule in OPTIMIZERS},
    "batches": replace(SMALL, batch=10, l2=0.01),
    "dropout": replace(SMALL, batch=25, dropout=0.3, optimizer="adam"),
    "three classes": replace(SMALL, data="spirals", batch=7, optimizer="momentum"),
}


def begun(settings, **more):
    return Run(Problem.of(settings, (), None), settings, **more)


def straight(settings, iterations):
    """Return the parameters after each iteration of a run that never goes back."""
    run = begun(settings)
    seen = [run.network.parameters.copy()]
    for _ in range(iterations):
        assert run.forward() == 1
        seen.append(run.network.parameters.copy())
    return seen


@pytest.mark.parametrize("name", RUNS)
def test_any_walk_is_the_straight_run(name):
    seen = straight(RUNS[name], 65)
    run = begun(RUNS[name])
    run.forward(50)
    for iteration in (49, 3, 41, 40, 20, 0, 50, 19):
        run.go(iteration)
        assert run.iteration == iteration
        np.testing.assert_array_equal(run.network.parameters, seen[iteration])
    run.forward(46)
    assert (run.iteration, run.furthest) == (65, 65)
    np.testing.assert_array_equal(run.network.parameters, seen[65])


@pytest.mark.parametrize("name", ["gradient_descent", "adam", "lbfgs", "dropout", "three classes"])
def test_it_is_the_training_of_fit(name):
    settings = RUNS[name]
    run = begun(settings)
    run.forward(12 * run.batches)
    loss, n_out = run.problem.loss(settings)
    fitted = fit(run.train.X, run.train.y, settings.training_settings(epochs=12), loss, n_out)
    np.testing.assert_array_equal(run.network.parameters, fitted.network.parameters)


def test_the_curve_is_the_cost_of_the_engine():
    run = begun(SMALL)
    run.forward(30)
    loss, n_out = run.problem.loss(SMALL)
    history = fit(
        run.train.X,
        run.train.y,
        SMALL.training_settings(epochs=30),
        loss,
        n_out,
        validation=(run.validation.X, run.validation.y),
    ).history
    assert run.curve.iterations == list(range(31))
    np.testing.assert_allclose(run.curve.cost[:30], history.cost, rtol=1e-13)
    np.testing.assert_allclose(run.curve.validation[1:], history.validation_cost, rtol=1e-13)
    assert run.curve.cost[-1] == run.cost()
    assert run.curve.validation[-1] == run.validation_cost()


def test_scrubbing_adds_nothing_to_the_curve():
    run = begun(SMALL)
    run.forward(30)
    before = list(run.curve.cost)
    run.go(4)
    run.forward(20)
    assert run.curve.cost == before


def test_a_long_curve_is_thinned():
    curve = Curve()
    for iteration in range(5001):
        if curve.wants(iteration):
            curve.add(iteration, float(iteration), None)
    assert curve.stride == 8
    assert curve.iterations == list(range(0, 5001, 8)) == [int(cost) for cost in curve.cost]


@pytest.mark.parametrize("name", RUNS)
def test_a_weight_set_by_hand_is_part_of_the_history(name):
    settings = RUNS[name]
    run = begun(settings)
    run.forward(50)
    run.go(23)
    run.set_by_hand(1, 2, 1, 0.75)
    run.set_by_hand(2, 0, -1, 0.25)
    assert run.network.dense[0].W[2, 1] == 0.75
    assert run.network.dense[1].b[0] == 0.25
    assert (run.furthest, run.curve.iterations[-1]) == (23, 23)
    assert run.curve.cost[-1] == run.cost()
    run.forward(20)
    after = run.network.parameters.copy()
    run.go(22)
    assert run.network.dense[0].W[2, 1] != 0.75
    run.go(43)
    np.testing.assert_array_equal(run.network.parameters, after)
    edits = (Edit(23, 1, 2, 1, 0.75), Edit(23, 2, 0, -1, 0.25))
    assert tuple(run.edits) == edits
    again = begun(settings, edits=edits)
    again.forward(43)
    np.testing.assert_array_equal(again.network.parameters, after)


def test_an_edit_in_the_past_forgets_later_ones():
    run = begun(SMALL)
    run.forward(5)
    run.set_by_hand(1, 0, 0, 1.0)
    run.forward(5)
    run.set_by_hand(1, 0, 0, 2.0)
    run.set_by_hand(1, 0, 0, 2.5)
    assert [edit.value for edit in run.edits] == [1.0, 2.5]
    run.go(7)
    run.set_by_hand(1, 0, 0, 3.0)
    assert [(edit.iteration, edit.value) for edit in run.edits] == [(5, 1.0), (7, 3.0)]
    assert run.edits_so_far == run.edits
    run.go(6)
    assert [edit.iteration for edit in run.edits_so_far] == [5]


def test_lbfgs_goes_on_after_a_weight_was_set():
    settings = replace(SMALL, optimizer="lbfgs", data="circles", noise=0.0)
    run = begun(settings)
    run.forward(1000)
    assert run.stopped.startswith("converged")
    end = run.iteration
    run.set_by_hand(1, 0, 0, 3.0)
    assert run.stopped is None
    assert run.forward(3) == 3
    after = run.network.parameters.copy()
    run.go(0)
    run.go(end + 3)
    np.testing.assert_array_equal(run.network.parameters, after)


def test_snapshots_are_thinned_and_the_walk_stays_exact(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 40_000)
    seen = straight(SMALL, 300)
    run = begun(SMALL)
    run.forward(300)
    assert len(run._snapshots) < 10
    for iteration in (299, 100, 81):
        run.go(iteration)
        np.testing.assert_array_equal(run.network.parameters, seen[iteration])


def test_no_more_is_replayed_than_there_is_from_the_snapshot_before(monkeypatch):
    made, update = [], Run._update
    monkeypatch.setattr(Run, "_update", lambda self: made.append(self.iteration) or update(self))
    run = begun(SMALL)
    run.forward(100)

    def replayed(iteration):
        made.clear()
        run.go(iteration)
        return made

    assert replayed(85) == [80, 81, 82, 83, 84]
    assert replayed(87) == [85, 86]
    run.set_by_hand(1, 0, 0, 1.0)
    run.forward(3)
    assert replayed(87) == []


def test_a_run_has_an_end(monkeypatch):
    monkeypatch.setattr(module, "MOST_ITERATIONS", 3)
    run = begun(SMALL)
    assert run.forward(10) == 3 and run.stopped == "3 iterations are the most that the playground makes."


def test_a_layer_is_dead_where_all_its_units_are_silent_and_a_whole_run_has_its_length(monkeypatch):
    monkeypatch.setattr("pellucid.web.playground.what_if.POINTS", 5)
    run = begun(replace(SMALL, layers=((2, "relu"),)))
    run.set_by_hand(1, 0, -1, -100.0)
    assert WholeRun(run, 0.0).why_dead is None
    run.set_by_hand(1, 1, -1, -100.0)
    assert WholeRun(run, 0.0).why_dead == "every unit of layer 1 gives the same output for all rows"
    whole = whole_run(run.problem, SMALL, 25, lambda: True)
    told, held, problem = whole.as_dict(), run.problem.held_out, run.problem
    right = predicted_codes(whole.run.network, problem.X) == problem.codes
    assert whole.run.iteration == 25 and told["iterations"] == [0, 5, 10, 15, 20, 25]
    assert (told["accuracy"], told["validation_accuracy"]) == (right[~held].mean(), right[held].mean())
    assert right[held].mean() != right.mean()


def test_weights_set_by_hand_have_an_end(monkeypatch):
    monkeypatch.setattr(module, "MOST_EDITS", 2)
    run = begun(SMALL)
    for row in (0, 1, 1):  # one weight set again is one edit
        run.set_by_hand(1, row, 0, 1.0)
    with pytest.raises(InputError, match="At most 2 weights can be set by hand"):
        run.set_by_hand(1, 2, 0, 1.0)
    assert len(run.edits) == 2


def test_a_run_that_diverges_stands_where_it_was():
    settings = PlaygroundSettings(samples=60, layers=((4, "relu"),), init="he", rate=1000.0)
    run = begun(replace(settings, l2=10.0))
    made = run.forward(1000)
    assert run.diverged
    assert run.stopped.startswith("diverged")
    assert made == run.iteration == run.furthest < 1000
    assert run.forward() == 0
    assert run.next_network() is None
    run.go(0)
    assert run.stopped is None
    assert run.forward() == 1


def test_the_next_step_is_shown_and_not_made():
    for settings in (RUNS["dropout"], RUNS["lbfgs"]):
        run = begun(settings)
        run.forward(7)
        before = run.network.parameters.copy()
        ahead = run.next_network().parameters
        np.testing.assert_array_equal(run.network.parameters, before)
        run.forward()
        np.testing.assert_array_equal(run.network.parameters, ahead)
        assert not np.array_equal(ahead, before)


@pytest.mark.parametrize("place", [(0, 0, 0), (4, 0, 0), (1, 3, 0), (1, 0, 2), (1, -1, 0), (1, 0, -2)])
def test_a_weight_that_is_not_there_is_refused(place):
    with pytest.raises(InputError, match=r"layers 1 to 3|rows 0 to"):
        begun(SMALL).set_by_hand(*place, 1.0)
