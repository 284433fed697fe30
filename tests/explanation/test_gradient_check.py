"""Proves the gradients for every loss, activation, stack of layers and number of outputs, with the rest rotating."""

import itertools

import numpy as np
import pytest

from pellucid import NeuralNetworkClassifier, NeuralNetworkRegressor, check_gradients
from pellucid.errors import InputError
from pellucid.explanation import gradient_check
from pellucid.nn import ACTIVATIONS, LOSSES, Dense, Dropout, Network

ROWS, FEATURES = 7, 2
OTHER = dict(zip(ACTIVATIONS, [*list(ACTIVATIONS)[3:], *list(ACTIVATIONS)[:3]], strict=True))
STACKS = {
    "none": lambda a: [],
    "one": lambda a: [(4, a)],
    "two": lambda a: [(5, a), (4, a)],
    "mixed": lambda a: [(3, a), (4, OTHER[a])],
}


def build(hidden, loss, l2, drop, k, seed=0):
    """A net with random biases, so that nothing is symmetric, and random targets."""
    rng = np.random.default_rng(seed)
    layers, width = [], FEATURES
    for n, activation in hidden:
        layers.append(Dense(width, n, activation))
        width = n
        if drop:
            layers.append(Dropout(drop))
    net = Network([*layers, Dense(width, k)], loss, l2)
    net.parameters[:] = rng.normal(0, 0.8, net.parameters.size)
    X = rng.normal(size=(ROWS, FEATURES))
    y = rng.integers(k, size=ROWS) if LOSSES[loss].codes else rng.normal(size=(ROWS, k))
    if loss == "binary_cross_entropy":
        y = (y > 0).astype(float)
    return net, X, y, rng


CASES = list(itertools.product((0, 0.1), (False, True), (0, 0.3)))  # l2, weighted, dropout


def cases_of(turn):
    """Return a case and its opposite, so each of the three is off and on; four turns have them all."""
    return [(number, *CASES[number]) for number in (turn % 4, 7 - turn % 4)]


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_combination(loss, activation, monkeypatch):
    """Below 1e-7 in every tensor; and at least nine tensors in ten have a gradient to compare at all."""
    monkeypatch.setattr(gradient_check, "MOST_COORDINATES", 1)  # the random direction reaches all the others
    monkeypatch.setattr(gradient_check, "DIRECTIONS", 1)
    checked = zero = 0
    for place, stack in enumerate(STACKS.values() if activation == "relu" else list(STACKS.values())[1:]):
        for k in (1, 2, 3):
            for number, l2, weighted, drop in cases_of(place + k + list(LOSSES).index(loss)):
                net, X, y, rng = build(stack(activation), loss, l2, drop, k, seed=number + 1)
                w = rng.uniform(0.2, 2, ROWS) if weighted else None
                report = check_gradients(net, X, y, w, seed=number)
                good = report.passed and all(t.error < 1e-7 for t in report.tensors)
                assert good, f"{net} l2={l2} weighted={weighted} dropout={drop}\n{report}"
                if loss == "softmax_cross_entropy" and k == 1:  # one class has p = 1 always: nothing to learn
                    assert all(t.zero for t in report.tensors if l2 == 0 or t.name[0] == "b")
                    continue
                checked += len(report.tensors)
                zero += sum(t.zero for t in report.tensors)
    assert checked >= 60
    assert zero <= checked / 10


@pytest.mark.parametrize("drop", [0, 0.3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_random_upstream_gradients_and_the_input_gradient(activation, drop):
    """backward of sum(upstream x logits), parameters and inputs both, by differences."""
    net, X, _, rng = build(STACKS["mixed"](activation), "squared_error", 0, drop, 3)
    upstream = rng.normal(size=(ROWS, 3))

    def value():
        return float((upstream * net.forward(X, np.random.default_rng(5))[0]).sum())

    _, tape = net.forward(X, np.random.default_rng(5))
    gradient, dX = net.backward(upstream, tape, input_gradient=True)
    for array, g in ((net.parameters, gradient), (X, dX)):
        numeric = np.zeros_like(array)
        for i in np.ndindex(array.shape):
            kept, h, costs = array[i], 1e-5, []
            for multiple in (-2, -1, 1, 2):
                array[i] = kept + multiple * h
                costs.append(value())
            array[i] = kept
            numeric[i] = (costs[0] - 8 * costs[1] + 8 * costs[2] - costs[3]) / (12 * h)
        assert np.linalg.norm(g - numeric) < 1e-8 * np.linalg.norm(g)


# the report ------------------------------------------------------------------------------------------------------


def test_at_most_200_coordinates_and_5_directions():
    net = Network([Dense(30, 8, "tanh"), Dense(8, 1)], "squared_error").initialize("he", 0)
    X = np.random.default_rng(0).normal(size=(4, 30))
    report = check_gradients(net, X, X[:, :1])
    assert [(t.name, t.probes) for t in report.tensors] == [("W1", 205), ("b1", 13), ("W2", 13), ("b2", 6)]


def test_kinks_are_drawn_again_and_counted():
    """W1 = 1 puts Z at 1e-3.5 x row: steps of 1e-3 cross relu's kink, shorter ones do not."""
    net = Network([Dense(1, 1, "relu"), Dense(1, 1)], "squared_error").initialize([[[1.0]], [[1.0]]])
    X = np.array([[3e-4], [-3e-4], [0.5]])
    report = check_gradients(net, X, np.ones((3, 1)))
    kinks = {t.name: t.kinks for t in report.tensors}
    assert report.passed
    assert kinks["b1"] > 0  # b1 moves every Z past 0
    assert kinks["W2"] == kinks["b2"] == 0  # behind the kink nothing is crossed
    assert f"{kinks['b1']:>7}  agrees" in str(report).splitlines()[2]


def test_a_probe_that_would_step_over_a_kink_would_be_wrong():
    """With one long step only, the tensor in front of the kink is not reached, and has not passed."""
    net = Network([Dense(1, 1, "relu"), Dense(1, 1)], "squared_error").initialize([[[1.0]], [[1.0]]])
    X = np.array([[1e-7], [-1e-7], [0.5]])
    report = check_gradients(net, X, np.ones((3, 1)))
    assert report.failed == ["b1"]
    assert [t.probes for t in report.tensors] == [6, 0, 6, 6]
    assert not report.tensors[1].zero
    assert str(report).splitlines()[2].endswith("not reached")


def test_the_kinks_of_a_loss_count_too():
    net = Network([Dense(1, 1)], "absolute_error").initialize([[[1.0]]])
    X = np.array([[1.0], [2.0]])
    report = check_gradients(net, X, X + np.array([[1e-4], [1.0]]))
    assert report.passed
    assert all(t.kinks > 0 for t in report.tensors)


def test_zero_is_told_apart_from_agreement():
    net = Network([Dense(2, 3, "tanh"), Dense(3, 1)], "squared_error").initialize("zeros")
    report = check_gradients(net, np.ones((2, 2)), np.ones((2, 1)))
    assert [t.name for t in report.tensors if t.zero] == ["W1", "b1", "W2"]
    assert report.passed
    assert [line.split()[-1] for line in str(report).splitlines()[1:]] == ["zero", "zero", "zero", "agrees"]


def test_where_a_network_has_converged_only_rounding_is_left():
    """A gradient of 1e-9 is told right to about 1e-13: no fault, and no agreement to 1e-7 either."""
    net, X, y, _ = build([], "squared_error", 0, 0, 2)
    design = np.hstack([X, np.ones((ROWS, 1))])
    exact = np.linalg.lstsq(design, y, rcond=None)[0].T
    net.initialize([exact[:, :2] + 1e-9, exact[:, 2]])
    report = check_gradients(net, X, y)
    assert report.passed
    assert all(1e-10 < t.norm < 1e-8 and t.error > 1e-7 and t.difference < 1e-12 for t in report.tensors)
    assert [t.result for t in report.tensors] == ["agrees to rounding"] * 2


def test_as_plain_values():
    net, X, y, _ = build([(4, "tanh")], "huber", 0.1, 0, 2)
    values = check_gradients(net, X, y).as_dict()
    assert values["passed"] is True
    assert values["largest_error"] == 1e-7
    assert [t["name"] for t in values["tensors"]] == ["W1", "b1", "W2", "b2"]
    assert all(t["passed"] is True and 0 < t["error"] < 1e-7 and t["norm"] > 1e-3 for t in values["tensors"])


def test_the_network_is_left_alone_and_float32_is_checked_in_float64():
    net, X, y, _ = build([(4, "gelu")], "huber", 0.1, 0.3, 2)
    single = net.copy(np.float32)
    before = single.parameters.tobytes()
    assert check_gradients(single, X.astype(np.float32), y.astype(np.float32)).passed
    assert single.parameters.tobytes() == before


def test_a_fitted_estimator_with_its_labels():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3))
    for labels in (np.array(["no", "yes"]), np.array(["a", "b", "c"])):
        y = labels[rng.integers(len(labels), size=30)]
        net = NeuralNetworkClassifier(hidden_layers=(4,), epochs=3, l2=0.1, dropout=0.2, random_state=0).fit(X, y)
        report = check_gradients(net, X, y)
        assert report.passed
        assert not any(t.zero for t in report.tensors)
    assert check_gradients(NeuralNetworkRegressor(epochs=2, hidden_layers=(3,)).fit(X, X[:, 0]), X, X[:, 0]).passed


SOFTMAX = "softmax_cross_entropy"


@pytest.mark.parametrize(
    ("loss", "outputs", "y", "message"),
    [
        (SOFTMAX, 3, np.eye(3)[[0, 1, 2, 0]], r"got \(4, 3\)\. It seems one-hot: give y\.argmax\(axis=1\)\."),
        (SOFTMAX, 3, np.array(["a", "b", "c", "a"]), "must be numbers, got <U1; number the classes from 0"),
        (SOFTMAX, 3, np.array([0, 1, 2, 3]), "must lie in 0 to 2, got 0 to 3"),
        ("binary_cross_entropy", 1, np.arange(4) % 2, r"shape \(4, 1\), got \(4,\)\. Give y\.reshape\(4, 1\)\."),
        ("squared_error", 2, np.zeros((2, 4)), r"must have shape \(4, 2\), got \(2, 4\)\. Transpose it: y\.T\."),
        ("squared_error", 1, np.full((4, 1), np.nan), "NaN"),
    ],
)
def test_targets_that_the_loss_does_not_take(loss, outputs, y, message):
    network = Network([Dense(2, 3, "tanh"), Dense(3, outputs)], loss).initialize("he", 1)
    with pytest.raises(InputError, match=message):
        check_gradients(network, np.zeros((4, 2)), y)
