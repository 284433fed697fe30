"""What a trace proves, with all that a step may have: weights, penalty, mistakes, finite differences."""

import numpy as np
import pytest

from pellucid.explanation.trace import trace
from pellucid.nn import Dense, Network
from steps import ROWS, problem

W = np.array([0.5, 1.0, 1.5, 0.5, 1.5])


def mistakes_of(step):
    return {mistake.name: mistake for mistake in step.common_mistakes}


def test_mistakes_are_made_with_the_weights_and_the_masks_of_the_step():
    net, X, y = problem("relu", dropout=0.4)
    step = trace(net, X, y, rate=0.1, sample_weight=W, dropout=np.random.default_rng(3))
    found, far, bare = mistakes_of(step), net.copy(), net.copy()

    def seen(network):
        return network.cost_and_gradient(X, y, W, np.random.default_rng(3))

    far.parameters -= 0.1 * ROWS * step.update.gradient
    assert found["sum for mean"].after == seen(far)[0]
    for layer in bare.dense:
        layer.b[:] = 0
    assert np.array_equal(found["no bias"].gradient, seen(bare)[1])
    assert step.finite_difference.verdict == trace(net, X, y, sample_weight=W).finite_difference.verdict == "agrees"


def test_mistakes_keep_the_penalty():
    net, X, y = problem("tanh", l2=0.2)
    step = trace(net, X, y, rate=0.1)
    found = mistakes_of(step)
    dZ3 = step.layers[2].back.dZ
    for name, dZ2 in (
        ("no slope", dZ3 @ net.dense[2].W),
        ("updated too early", dZ3 @ step.layers[2].W_next * step.layers[1].slope),
    ):
        dW2 = dZ2.T @ step.layers[1].A_in + 0.2 * net.dense[1].W
        assert np.allclose(net.named(found[name].gradient)["W2"], dW2, rtol=1e-12, atol=1e-15)


def test_mistakes_without_an_effect_are_not_told():
    net, X, y = problem("relu")
    net.dense[0].b[:], net.dense[1].b[:] = 100, 1000  # every unit is awake, so that its slope is 1
    assert "no slope" not in mistakes_of(trace(net, X, y))
    assert "updated too early" not in mistakes_of(trace(*problem(), rule="momentum"))


def test_a_mistake_to_nowhere_costs_infinitely_much():
    net, X, y = problem("linear")
    step = trace(net, X, y, rate=1e200)
    assert {mistake.after for mistake in step.common_mistakes} == {np.inf}


@pytest.mark.parametrize(("scale", "layer"), [(0.1, 1), (1e-6, 2)])
def test_the_steepest_weight_of_the_first_layer_that_has_any_is_checked(scale, layer):
    net, X, y = problem()
    X = X * scale
    step = trace(net, X, y)
    steepest = [np.abs(one.back.dW).max() for one in step.layers]
    check, W = step.finite_difference, step.layers[layer - 1].W
    assert check.layer == layer and steepest[0] < max(steepest)
    assert abs(check.gradient) == steepest[layer - 1] and check.weight == W[check.unit, check.input]
    assert (step.update.gradient[check.place], step.update.before[check.place]) == (check.gradient, check.weight)


def test_a_finite_difference_is_short_if_the_cost_is_curved():
    """tanh(100 w): h = 0.001 is a tenth of its bend, which makes the quotient wrong by a part in a thousand."""
    net = Network([Dense(1, 1, "tanh"), Dense(1, 1)], "squared_error").initialize([[[0.005]], [0.0], [[1.0]], [0.0]])
    check = trace(net, [[100.0]], [[3.0]]).finite_difference
    assert check.verdict == "agrees" and check.h < 1e-3


def test_rounding_is_that_of_the_numbers_the_cost_is_a_difference_of():
    net = Network([Dense(1, 1)], "squared_error").initialize([[[1.0]], [1e6]])
    check = trace(net, [[1.0]], [[1e6]]).finite_difference
    assert check.rounding == pytest.approx(2.0**-52 * 1e6 / check.h, rel=1e-5)
