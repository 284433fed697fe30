"""Proves every loss: hand-derived values, the gradient by differences, sums over outputs, exact far out."""

from dataclasses import replace
from math import log

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.nn import Dense, Network
from pellucid.nn.losses import LOSSES, get_loss

every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)

HAND_DERIVED = [
    # p = sigmoid(ln 3) = 3/4: -ln p where y = 1, -ln(1 - p) where y = 0; p = 1/2 at Z = 0
    ("binary_cross_entropy", [[log(3)]], [[1]], log(4 / 3), [[-1 / 4]]),
    ("binary_cross_entropy", [[log(3)]], [[0]], log(4), [[3 / 4]]),
    ("binary_cross_entropy", [[log(3), 0]], [[0, 1]], log(4) + log(2), [[3 / 4, -1 / 2]]),
    # exp(Z) = (1, 2, 5), so p = (1/8, 2/8, 5/8): -ln p_y
    ("softmax_cross_entropy", [[0, log(2), log(5)]], [1], log(4), [[1 / 8, -6 / 8, 5 / 8]]),
    ("softmax_cross_entropy", [[0, log(2), log(5)]], [2], log(8 / 5), [[1 / 8, 2 / 8, -3 / 8]]),
    # residuals (2, -3): (4 + 9) / 2;  2 + 3;  (2 - 1/2) + (3 - 1/2)
    ("squared_error", [[3, -2]], [[1, 1]], 6.5, [[2, -3]]),
    ("absolute_error", [[3, -2]], [[1, 1]], 5, [[1, -1]]),
    ("huber", [[3, -2]], [[1, 1]], 4, [[1, -1]]),
    # residuals (1/2, -1/4), inside the quadratic part: (1/4 + 1/16) / 2
    ("huber", [[1.5, 0.75]], [[1, 1]], 5 / 32, [[1 / 2, -1 / 4]]),
    ("absolute_error", [[1, 1]], [[1, 3]], 2, [[0, -1]]),  # no slope where Z = y
]


def targets(loss, rng, n, k):
    if loss.codes:
        return rng.integers(k, size=n)
    return rng.uniform(0, 1, (n, k)) if loss.name == "binary_cross_entropy" else rng.normal(size=(n, k))


def check_by_hand(loss):
    for name, Z, y, l, gradient in HAND_DERIVED:
        if name == loss.name:
            Z, y = np.array(Z, float), np.array(y, np.intp if loss.codes else float)
            np.testing.assert_allclose(loss.value(Z, y), [l], rtol=1e-14)
            np.testing.assert_allclose(loss.gradient(Z, y), gradient, rtol=1e-14, atol=1e-16)


def check_gradient(loss):
    """Each of k outputs by differences, one at a time."""
    for k in (1, 2, 3):
        rng = np.random.default_rng(k)
        Z, h = rng.normal(0, 2, (40, k)), 1e-4
        y = targets(loss, rng, 40, k)
        gradient = loss.gradient(Z, y)
        assert gradient.shape == (40, k)
        for j in range(k):
            step = h * np.eye(k)[j]
            far, near = (loss.value(Z + m * step, y) - loss.value(Z - m * step, y) for m in (2, 1))
            numeric = (8 * near - far) / (12 * h)
            smooth = np.ones(40, bool)
            if loss.pieces is not None:
                smooth = (loss.pieces(Z + 2 * step, y) == loss.pieces(Z - 2 * step, y))[:, j]
            assert smooth.sum() > 30
            np.testing.assert_allclose(gradient[smooth, j], numeric[smooth], rtol=1e-9, atol=1e-10)


@every_loss
def test_values_and_gradients_by_hand(loss):
    check_by_hand(loss)


@every_loss
def test_gradient_is_the_derivative(loss):
    check_gradient(loss)


@every_loss
def test_a_row_is_summed_over_its_outputs(loss):
    """Two copies of an output double a row's loss; a mean would leave it as it is."""
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(6, 2))
    y = targets(loss, rng, 6, 2)
    assert loss.value(Z, y).shape == (6,)
    if not loss.codes:
        np.testing.assert_allclose(loss.value(np.hstack([Z, Z]), np.hstack([y, y])), 2 * loss.value(Z, y), rtol=1e-14)
        np.testing.assert_array_equal(loss.gradient(np.hstack([Z, Z]), np.hstack([y, y]))[:, :2], loss.gradient(Z, y))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "Z", "y", "l", "gradient"),
    [
        ("binary_cross_entropy", [[1e4]], [[1]], 0, [[0]]),
        ("binary_cross_entropy", [[1e4]], [[0]], 1e4, [[1]]),
        ("binary_cross_entropy", [[-1e4]], [[1]], 1e4, [[-1]]),
        ("binary_cross_entropy", [[-1e4]], [[0]], 0, [[0]]),
        ("softmax_cross_entropy", [[1e4, -1e4, 0]], [0], 0, [[0, 0, 0]]),
        ("softmax_cross_entropy", [[1e4, -1e4, 0]], [1], 2e4, [[1, -1, 0]]),
        ("squared_error", [[1e4]], [[-1e4]], 2e8, [[2e4]]),
        ("absolute_error", [[1e4]], [[-1e4]], 2e4, [[1]]),
        ("huber", [[-1e4]], [[1e4]], 19999.5, [[-1]]),
    ],
)
def test_exact_far_out_in_both_precisions(name, Z, y, l, gradient, dtype):
    loss = LOSSES[name]
    Z, y = np.array(Z, dtype), np.array(y, np.intp if loss.codes else dtype)
    value, slope = loss.value(Z, y), loss.gradient(Z, y)
    assert value.tolist() == [l]
    assert slope.tolist() == gradient
    assert value.dtype == slope.dtype == loss.link(Z).dtype == dtype


def test_links():
    Z = np.random.default_rng(0).normal(0, 5, (20, 3))
    softmax = LOSSES["softmax_cross_entropy"].link
    np.testing.assert_allclose(softmax(Z).sum(axis=1), 1, rtol=1e-15)
    np.testing.assert_allclose(softmax(Z + 100), softmax(Z), rtol=1e-12)
    np.testing.assert_allclose(softmax(np.log([[1.0, 2.0, 5.0]])), [[1 / 8, 2 / 8, 5 / 8]], rtol=1e-15)
    apart = softmax(np.array([[0.0, 0.0], [1e4, 1e4]]))  # each row by its own largest, or the first would be 0/0
    assert apart.tolist() == [[0.5, 0.5], [0.5, 0.5]]
    sigmoid = LOSSES["binary_cross_entropy"].link
    np.testing.assert_allclose(sigmoid(Z[:, :1]), softmax(np.hstack([0 * Z[:, :1], Z[:, :1]]))[:, 1:], rtol=1e-14)
    for name in ("squared_error", "absolute_error", "huber"):
        np.testing.assert_array_equal(LOSSES[name].link(Z), Z)


@every_loss
def test_inputs_are_left_alone(loss):
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(4, 3))
    y = targets(loss, rng, 4, 3)
    Z_before, y_before = Z.copy(), y.copy()
    loss.value(Z, y), loss.gradient(Z, y), loss.link(Z)
    np.testing.assert_array_equal(Z, Z_before)
    np.testing.assert_array_equal(y, y_before)


def test_only_softmax_takes_codes():
    assert [name for name, loss in LOSSES.items() if loss.codes] == ["softmax_cross_entropy"]


def test_pieces_tell_the_kinks():
    Z, y = np.array([[-2.0, -0.5, 0.5, 2.0]]), np.zeros((1, 4))
    assert LOSSES["absolute_error"].pieces(Z, y).tolist() == [[-1, -1, 1, 1]]
    assert LOSSES["huber"].pieces(Z, y).tolist() == [[-1, 0, 0, 1]]
    assert [name for name, loss in LOSSES.items() if loss.pieces is None] == list(LOSSES)[:3]


bce, softmax, squared = (LOSSES[n] for n in ("binary_cross_entropy", "softmax_cross_entropy", "squared_error"))
MUTANTS = {
    "bce: mean for sum": (check_by_hand, replace(bce, value=lambda Z, y: bce.value(Z, y) / Z.shape[1])),
    "bce: cases swapped, as in article C": (check_by_hand, replace(bce, value=lambda Z, y: bce.value(Z, 1 - y))),
    "bce: no minus sign, as in article D": (check_by_hand, replace(bce, value=lambda Z, y: -bce.value(Z, y))),
    "bce: epsilon in the log": (
        check_by_hand,
        replace(bce, value=lambda Z, y: -(y * np.log(bce.link(Z) + 1e-8) + (1 - y) * np.log(1 - bce.link(Z))).sum(1)),
    ),
    "bce: y - p": (check_gradient, replace(bce, gradient=lambda Z, y: -bce.gradient(Z, y))),
    "bce: the slope of sigmoid twice": (
        check_gradient,
        replace(bce, gradient=lambda Z, y: bce.gradient(Z, y) * bce.link(Z) * (1 - bce.link(Z))),
    ),
    "softmax: one-hot forgotten": (check_gradient, replace(softmax, gradient=lambda Z, y: softmax.link(Z))),
    "softmax: every class is the last": (
        check_by_hand,
        replace(softmax, value=lambda Z, y: softmax.value(Z, np.full_like(y, Z.shape[1] - 1))),
    ),
    "squared: no half": (check_by_hand, replace(squared, value=lambda Z, y: 2 * squared.value(Z, y))),
    "squared: k times too large": (
        check_gradient,
        replace(squared, gradient=lambda Z, y: Z.shape[1] * squared.gradient(Z, y)),
    ),
    "huber: never linear": (check_by_hand, replace(LOSSES["huber"], value=squared.value)),
    "absolute: not signed": (check_gradient, replace(LOSSES["absolute_error"], gradient=lambda Z, y: np.abs(Z - y))),
}


@pytest.mark.parametrize(("check", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_mutants_are_rejected(check, mutant):
    with pytest.raises(AssertionError):
        check(mutant)


def test_a_name_or_an_object_and_did_you_mean():
    assert get_loss("huber") is get_loss(LOSSES["huber"])
    with pytest.raises(InputError) as error:
        get_loss("mse_error")
    assert str(error.value) == (
        "unknown loss 'mse_error': did you mean 'squared_error'? "
        "Known: absolute_error, binary_cross_entropy, huber, softmax_cross_entropy, squared_error."
    )


def test_a_loss_with_a_function_replaced_does_not_take_the_pair():
    for name in ("binary_cross_entropy", "softmax_cross_entropy"):
        Z, y = np.zeros((2, 2)), np.array([0, 1]) if LOSSES[name].codes else np.eye(2)
        seven = replace(LOSSES[name], value=lambda Z, y: np.full(len(Z), 7.0))
        assert seven.value_and_gradient(Z, y)[0].tolist() == [7, 7]
        flat = replace(LOSSES[name], gradient=lambda Z, y: np.zeros_like(Z))
        assert not flat.value_and_gradient(Z, y)[1].any()


@pytest.mark.parametrize("name", ["binary_cross_entropy", "softmax_cross_entropy"])
def test_a_network_trains_with_the_function_that_was_replaced(name):
    loss = LOSSES[name]
    y = np.array([0, 1]) if loss.codes else np.eye(2)
    start = Network([Dense(1, 2)], loss).initialize([np.array([[1.0], [-2.0]])])
    X = np.array([[1.0], [3.0]])
    for replaced in (
        replace(loss, value=lambda Z, y: 7 + loss.value(Z, y)),
        replace(loss, gradient=lambda Z, y: 3 * loss.gradient(Z, y)),
    ):
        wrong = start.copy()
        wrong.loss = replaced
        (cost, g), (cost_right, g_right) = wrong.cost_and_gradient(X, y), start.cost_and_gradient(X, y)
        shifted, times = (0, 3) if replaced.value is loss.value else (7, 1)
        assert cost == pytest.approx(cost_right + shifted, rel=1e-14)
        np.testing.assert_allclose(g, times * g_right, rtol=1e-14)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("name", LOSSES)
def test_value_and_gradient_in_one_go_are_those_one_by_one(name, k):
    loss, rng = LOSSES[name], np.random.default_rng(k)
    Z = np.concatenate([rng.normal(size=(40, k)), rng.normal(0, 1e3, size=(40, k)), np.zeros((1, k))])
    y = rng.integers(k, size=len(Z)) if loss.codes else (rng.random((len(Z), k)) > 0.5).astype(float)
    l, dZ = loss.value_and_gradient(Z, y)
    np.testing.assert_allclose(l, loss.value(Z, y), rtol=1e-13, atol=1e-300)
    np.testing.assert_allclose(dZ, loss.gradient(Z, y), rtol=1e-13, atol=1e-15)
