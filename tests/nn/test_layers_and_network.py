"""Proves the layers and the network: one flat vector, forward and backward by hand, predictions without neighbours."""

import copy
import itertools
import pickle
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.nn import ACTIVATIONS, Dense, Dropout, Network
from pellucid.nn.buffers import Buffers, Work
from pellucid.nn.network import BLOCK_ROWS

rng = np.random.default_rng


def network(loss="squared_error", n_out=2, dtype=np.float64, dropout=0.0, l2=0.0, hidden="tanh"):
    layers = [Dense(3, 5, hidden), Dropout(dropout), Dense(5, 4, "relu"), Dense(4, n_out)]
    net = Network(layers, loss, l2, dtype).initialize("he", 1)
    for name, b in net.named().items():
        if name[0] == "b":
            b[:] = rng(7).normal(size=b.shape)
    return net


def rows(n=7, d=3, seed=0):
    return rng(seed).normal(size=(n, d))


# one flat vector -------------------------------------------------------------------------------------------------


def test_every_tensor_is_a_view_in_order():
    net = network()
    net.parameters[:] = np.arange(net.parameters.size)
    named = net.named()
    assert list(named) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert [v.shape for v in named.values()] == [(5, 3), (5,), (4, 5), (4,), (2, 4), (2,)]
    np.testing.assert_array_equal(np.concatenate([v.ravel() for v in named.values()]), net.parameters)
    assert net.layers[0].W is not named["W1"]
    net.layers[0].W[1, 2] = -1
    named["b3"][1] = -2
    assert (net.parameters[5], net.parameters[-1]) == (-1, -2)
    gradient = np.zeros_like(net.parameters)
    net.named(gradient)["W2"][0, 0] = 3
    assert np.flatnonzero(gradient).tolist() == [20]


def aliased(net):
    net.parameters[:] = 0
    for v in net.named().values():
        v += 1
    return all((layer.W == 1).all() and (layer.b == 1).all() for layer in net.dense) and (net.parameters == 1).all()


@pytest.mark.parametrize("through", [copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n)), Network.copy])
def test_copies_are_independent_and_keep_their_views(through):
    net, X = network(dropout=0.3), rows()
    twin, before = through(net), net.predict(X)
    np.testing.assert_array_equal(twin.predict(X), before)
    assert repr(twin) == repr(net) == "Network(3-5 tanh-4 relu-2, squared_error, 54 parameters)"
    assert aliased(twin)
    np.testing.assert_array_equal(net.predict(X), before)
    assert aliased(net)


def test_copy_in_another_precision():
    net = network(l2=0.25)
    single = net.copy(np.float32)
    assert single.parameters.dtype == single.predict(rows()).dtype == np.float32
    assert single.l2 == 0.25
    np.testing.assert_allclose(single.predict(rows()), net.predict(rows()), rtol=1e-5)


def test_layers_given_to_two_networks_stay_apart():
    layers = [Dense(2, 1)]
    one, two = Network(layers, "squared_error"), Network(layers, "squared_error")
    one.parameters[:] = 1
    assert not two.parameters.any()
    assert not hasattr(layers[0], "W")
    assert not hasattr(copy.copy(one.layers[0]), "W")


# forward and backward --------------------------------------------------------------------------------------------


def by_hand(net, X):
    W1, b1, W2, b2, W3, b3 = net.named().values()
    Z1 = X @ W1.T + b1
    A1 = np.tanh(Z1)
    Z2 = A1 @ W2.T + b2
    A2 = np.maximum(Z2, 0)
    return Z1, A1, Z2, A2, A2 @ W3.T + b3


def check_forward_and_backward(net):
    """One net by the written-out chain rule, with random upstream gradients."""
    X, upstream = rows(), rng(3).normal(size=(7, 2))
    Z1, A1, Z2, A2, Z3 = by_hand(net, X)
    logits, tape = net.forward(X, keep=True)
    np.testing.assert_allclose(logits, Z3, rtol=1e-13)
    gradient, dX = net.backward(upstream, tape, input_gradient=True)
    W1, _, W2, _, W3, _ = net.named().values()
    dZ2 = (upstream @ W3) * (Z2 > 0)
    dZ1 = (dZ2 @ W2) * (1 - A1**2)
    expected = [dZ1.T @ X, dZ1.sum(0), dZ2.T @ A1, dZ2.sum(0), upstream.T @ A2, upstream.sum(0)]
    for g, e in zip(net.named(gradient).values(), expected, strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(dX, dZ1 @ W1, rtol=1e-12, atol=1e-15)
    for saved, Z, A, dZ in zip(tape.dense, (Z1, Z2, Z3), (A1, A2, Z3), (dZ1, dZ2, upstream), strict=True):
        np.testing.assert_allclose(saved.Z, Z, rtol=1e-13)
        np.testing.assert_allclose(saved.A, A, rtol=1e-13)
        np.testing.assert_allclose(saved.dZ, dZ, rtol=1e-12, atol=1e-15)


def test_forward_and_backward_by_hand():
    check_forward_and_backward(network())


class NoBias(Dense):
    def forward(self, A_in, buffer, keep=False):
        A, tape = super().forward(A_in, buffer, keep)
        return (A - self.b, tape) if self.activation.name == "linear" else (A, tape)


class MeanBias(Dense):
    def backward(self, dA, tape, buffer, dW, db, input_gradient):
        back = super().backward(dA, tape, buffer, dW, db, input_gradient)
        db /= len(dA)
        return back


SLOPELESS = replace(ACTIVATIONS["tanh"], slope=ACTIVATIONS["linear"].slope)


@pytest.mark.parametrize(
    "mutant",
    [
        [Dense(3, 5, "tanh"), Dense(5, 4, "relu"), NoBias(4, 2)],
        [Dense(3, 5, "tanh"), Dense(5, 4, "relu"), MeanBias(4, 2)],
        [Dense(3, 5, "tanh"), Dense(5, 4, "leaky_relu"), Dense(4, 2)],
        [Dense(3, 5, "sigmoid"), Dense(5, 4, "relu"), Dense(4, 2)],
        [Dense(3, 5, SLOPELESS), Dense(5, 4, "relu"), Dense(4, 2)],
    ],
)
def test_mutant_layers_are_rejected(mutant):
    net = Network(mutant, "squared_error")
    net.parameters[:] = network().parameters
    with pytest.raises(AssertionError):
        check_forward_and_backward(net)


@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_keep_changes_nothing_and_holds_z_a_dz(hidden):
    net, X, y = network(hidden=hidden), rows(), rows(d=2)
    _, gradient = net.cost_and_gradient(X, y)
    logits, tape = net.forward(X, keep=True)
    kept = net.backward((logits - y) / 7, tape)
    np.testing.assert_array_equal(kept, gradient)
    first = tape.dense[0]
    np.testing.assert_array_equal(first.A, ACTIVATIONS[hidden].value(first.Z))
    np.testing.assert_allclose(first.dZ.T @ X, net.named(gradient)["W1"], rtol=1e-13)
    plain = net.forward(X)[1].dense[0]
    assert plain.Z is plain.A is plain.dZ is None


@pytest.mark.parametrize("drop", [0.0, 0.4])
def test_two_tapes_at_a_time(drop):
    net, X1, X2, upstream = network(dropout=drop), rows(seed=1), rows(n=4, seed=2), rows(d=2, seed=3)
    logits, alone = net.forward(X1, rng(5) if drop else None)
    expected, kept = net.backward(upstream, alone), logits.copy()
    _, first = net.forward(X1, rng(5) if drop else None)
    _, second = net.forward(X2, rng(6) if drop else None)
    net.predict(X2)
    net.backward(upstream[:4], second)
    np.testing.assert_array_equal(net.backward(upstream, first), expected)
    np.testing.assert_array_equal(logits, kept)


def test_buffers_used_again_give_the_same_numbers():
    net, work = network("binary_cross_entropy", 1, dropout=0.3, l2=0.1), Work()
    out = np.full_like(net.parameters, np.nan)
    for n in (7, 3, 12, 1, 7):
        X, y = rows(n), (rows(n, 1) > 0).astype(float)
        J, gradient = net.cost_and_gradient(X, y, None, rng(1), work, out)
        expected_J, expected = net.cost_and_gradient(X, y, None, rng(1))
        assert gradient is out
        assert expected_J == J
        np.testing.assert_array_equal(gradient, expected)


def test_training_lends_the_same_memory_again():
    net, work = network(), Work()
    first, last = net.forward(rows(9), work=work)[0], net.forward(rows(5), work=work)[0]
    assert net.forward(rows(9, seed=1), work=work)[0] is first  # of each batch size its own
    assert net.forward(rows(5, seed=1), work=work)[0] is last
    assert not np.shares_memory(first, last)


def test_training_allocates_no_array_once_it_has_begun():
    """Only what is of the size of the outputs or of one block of the update is made anew."""
    net, work = (
        Network([Dense(64, 512, "relu"), Dense(512, 256, "tanh"), Dense(256, 2)], "softmax_cross_entropy"),
        Work(),
    )
    net.initialize("he", 1)
    X, y, out = rows(300, 64), rng(0).integers(2, size=300), np.empty_like(net.parameters)
    net.cost_and_gradient(X, y, None, None, work, out)
    tracemalloc.start()
    try:
        net.cost_and_gradient(X, y, None, None, work, out)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 300 * 256 * 8 / 4


def test_the_input_gradient_is_computed_only_when_asked_for():
    """A third of all work in article A."""
    net, work = network(), Work()
    net.cost_and_gradient(rows(), rows(d=2), work=work)
    (lent,) = work._lent.values()
    assert [layer for layer, buffers in enumerate(lent) if "dA_in" in buffers._made] == [2, 3]


# the objective ---------------------------------------------------------------------------------------------------


def test_the_objective_said_once():
    """J = (1/n) sum w l + (l2/2) sum ||W||^2; the weights as given, biases free."""
    net, X, y, w = network(l2=0.3), rows(), rows(d=2), rng(2).uniform(0, 3, 7)
    Z = by_hand(net, X)[-1]
    data = (w * 0.5 * ((Z - y) ** 2).sum(axis=1)).sum() / 7
    penalty = 0.15 * sum((net.named()[name] ** 2).sum() for name in ("W1", "W2", "W3"))
    assert net.cost_and_gradient(X, y, w)[0] == pytest.approx(data + penalty, rel=1e-14)
    assert net.data_cost(X, y, w) == pytest.approx(data, rel=1e-14)
    free = network(l2=0.0)
    difference = net.cost_and_gradient(X, y, w)[1] - free.cost_and_gradient(X, y, w)[1]
    for name, g in net.named(difference).items():
        np.testing.assert_allclose(g, 0.3 * net.named()[name] if name[0] == "W" else 0 * g, atol=1e-14)


def test_data_cost_runs_in_blocks_of_rows():
    net, X, y, w = network(dropout=0.5), rows(2500), rows(2500, 2, seed=1), rng(2).uniform(0, 3, 2500)
    assert net.data_cost(X, y, w) == pytest.approx(network().cost_and_gradient(X, y, w)[0], rel=1e-13)
    assert net.data_cost(X, y) == pytest.approx(network().cost_and_gradient(X, y)[0], rel=1e-13)


@pytest.mark.parametrize(
    ("loss", "n_out", "shape", "message"),
    [
        ("squared_error", 1, (7,), "y for squared_error must have shape (7, 1), got (7,)."),
        ("binary_cross_entropy", 1, (7,), "y for binary_cross_entropy must have shape (7, 1), got (7,)."),
        ("huber", 2, (7, 1), "y for huber must have shape (7, 2), got (7, 1)."),
        ("softmax_cross_entropy", 2, (7, 1), "y for softmax_cross_entropy must have shape (7,), got (7, 1)."),
    ],
)
def test_targets_never_broadcast(loss, n_out, shape, message):
    net, y = network(loss, n_out), np.zeros(shape, np.intp if "softmax" in loss else float)
    for cost in (net.cost_and_gradient, net.data_cost):
        with pytest.raises(InputError) as error:
            cost(rows(), y)
        assert str(error.value) == message


@pytest.mark.parametrize("shape", [(4, 1), (3,), (4, 2)])
def test_inputs_never_broadcast(shape):
    with pytest.raises(InputError) as error:
        network().predict(np.zeros(shape))
    assert str(error.value) == f"X must have shape (n, 3), got {shape}."


# dropout ---------------------------------------------------------------------------------------------------------


def test_dropout_drops_p_and_keeps_the_expected_value():
    buffer = Buffers((500,), np.float64)
    A, mask = Dropout(0.3).forward(np.ones((500, 400)), buffer, rng(0))
    assert sorted(set(A.ravel().tolist())) == [0, 1 / 0.7]
    assert (A == 0).mean() == pytest.approx(0.3, abs=0.005)
    assert A.mean() == pytest.approx(1, abs=0.005)
    upstream = rng(1).normal(size=A.shape)
    np.testing.assert_array_equal(Dropout(0.3).backward(upstream, mask, buffer), upstream * A)


def test_no_dropout_in_prediction_and_a_new_mask_each_time_in_training():
    net, X = network(dropout=0.5), rows()
    np.testing.assert_array_equal(net.forward(X)[0], network().forward(X)[0])
    np.testing.assert_array_equal(net.predict(X), network().predict(X))
    stream = rng(0)
    assert not np.array_equal(net.forward(X, stream)[0], net.forward(X, stream)[0])
    stream = rng(0)
    network(dropout=0).forward(X, stream)
    assert stream.random() == rng(0).random()  # p = 0 draws nothing
    np.testing.assert_array_equal(net.forward(X, rng(0))[0], net.forward(X, rng(0))[0])


# prediction ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("widths", [(3, 1), (64, 20, 7, 1), (300, 50, 10), (17, 33, 3)])
def test_a_row_alone_has_the_same_bits_as_among_fifty(widths, dtype):
    layers = [Dense(a, b, "tanh") for a, b in itertools.pairwise(widths[:-1])]
    loss = "softmax_cross_entropy" if widths[-1] > 1 else "binary_cross_entropy"
    net = Network([*layers, Dense(*widths[-2:])], loss, dtype=dtype).initialize("he", 0)
    X = rows(50, widths[0]).astype(dtype)
    together = net.predict(X)
    assert together.dtype == dtype
    for i in range(50):
        assert net.predict(X[i : i + 1]).tobytes() == together[i : i + 1].tobytes()
    assert net.predict(X[::-1]).tobytes() == together[::-1].tobytes()
    np.testing.assert_allclose(together, net.loss.link(net.forward(X)[0]), rtol=1e-5 if dtype == np.float32 else 1e-12)


def test_no_rows_no_answers():
    assert network().predict(np.empty((0, 3))).shape == (0, 2)


@pytest.mark.parametrize("n", [1, BLOCK_ROWS - 1, BLOCK_ROWS, 2 * BLOCK_ROWS + 1])
def test_every_row_is_answered_across_blocks(n):
    net, X = network(), rows(n)
    np.testing.assert_allclose(net.predict(X), by_hand(net, X)[-1], rtol=1e-11, atol=1e-14)
    assert net.predict(X)[-1:].tobytes() == net.predict(X[-1:]).tobytes()


# misfits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Dense(0, 3), "n_in of a Dense layer must be a positive integer, got 0."),
        (lambda: Dense(3, 2.0), "n_out of a Dense layer must be a positive integer, got 2.0."),
        (lambda: Dense(True, 2), "n_in of a Dense layer must be a positive integer, got True."),
        (lambda: Dropout(1), "dropout is the probability of dropping a unit, at least 0 and below 1; got 1."),
        (lambda: Dropout(-0.1), "dropout is the probability of dropping a unit, at least 0 and below 1; got -0.1."),
        (
            lambda: Network([], "huber"),
            "the last layer must be a linear Dense (the loss has the link); got [].",
        ),
        (
            lambda: Network([Dense(3, 2, "relu")], "huber"),
            "the last layer must be a linear Dense (the loss has the link); got [Dense(3, 2, 'relu')].",
        ),
        (
            lambda: Network([Dense(3, 2), Dropout(0.5)], "huber"),
            "the last layer must be a linear Dense (the loss has the link); got [Dense(3, 2, 'linear'), Dropout(0.5)].",
        ),
        (
            lambda: Network([Dense(3, 2, "relu"), Dropout(0.1), Dense(3, 1)], "huber"),
            "Dense(3, 2, 'relu') gives 2 values a row but Dense(3, 1, 'linear') takes 3.",
        ),
    ],
)
def test_misfits_are_refused(build, message):
    with pytest.raises(InputError) as error:
        build()
    assert str(error.value) == message
