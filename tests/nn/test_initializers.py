"""Proves the starts: the published draws of RandomState(1), their variances, and that biases draw nothing."""

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.nn import INITIALIZERS, Dense, Network
from pellucid.nn.initializers import get_initializer, he

# the first draws of RandomState(1), as printed in the course: W1 (2, 3), then W2 (1, 2)
NORMAL = [1.62434536, -0.61175641, -0.52817175, -1.07296862, 0.86540763, -2.3015387, 1.74481176, -0.7612069]
UNIFORM = [0.417022005, 0.720324493, 0.000114374817, 0.302332573, 0.146755891, 0.0923385948, 0.186260211, 0.345560727]
SCALES = {  # of W1, of W2
    "he": ((2 / 3) ** 0.5, 1.0),
    "lecun": (3**-0.5, 2**-0.5),
    "xavier": ((2 / 5) ** 0.5, (2 / 3) ** 0.5),
    "normal_0.01": (0.01, 0.01),
    "uniform_0.01": (0.01, 0.01),
    "zeros": (0, 0),
}


def network(dtype=np.float64):
    return Network([Dense(3, 2, "relu"), Dense(2, 1)], "squared_error", dtype=dtype)


def check_golden(name, init=None):
    net = network().initialize(init or name, seed=1)
    draws = np.array(UNIFORM if name == "uniform_0.01" else NORMAL)
    np.testing.assert_allclose(net.named()["W1"].ravel(), draws[:6] * SCALES[name][0], rtol=1e-8)
    np.testing.assert_allclose(net.named()["W2"].ravel(), draws[6:] * SCALES[name][1], rtol=1e-8)
    assert not net.named()["b1"].any()
    assert not net.named()["b2"].any()


@pytest.mark.parametrize("name", INITIALIZERS)
def test_golden_numbers_layer_by_layer(name):
    check_golden(name)


def biased(rng, n_out, n_in):
    W = he(rng, n_out, n_in)
    rng.standard_normal(n_out)
    return W


MUTANTS = {
    "drawn transposed": ("he", lambda rng, n_out, n_in: he(rng, n_in, n_out).T * (n_out / n_in) ** 0.5),
    "biases draw": ("he", biased),
    "fan out": ("he", lambda rng, n_out, n_in: rng.standard_normal((n_out, n_in)) * (2 / n_out) ** 0.5),
    "he for lecun": ("lecun", he),
    "centred uniform": ("uniform_0.01", lambda rng, n_out, n_in: rng.uniform(-0.01, 0.01, (n_out, n_in))),
}


@pytest.mark.parametrize(("name", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_mutants_are_rejected(name, mutant):
    with pytest.raises(AssertionError):
        check_golden(name, mutant)


@pytest.mark.parametrize(
    ("name", "variance"), [("he", 2 / 400), ("lecun", 1 / 400), ("xavier", 2 / 600), ("normal_0.01", 1e-4)]
)
def test_variances(name, variance):
    W = INITIALIZERS[name](np.random.RandomState(0), 200, 400)
    assert W.var() == pytest.approx(variance, rel=0.02)
    assert W.mean() == pytest.approx(0, abs=0.02 * variance**0.5)


def test_uniform_is_all_positive():
    W = INITIALIZERS["uniform_0.01"](np.random.RandomState(0), 200, 400)
    assert W.min() >= 0
    assert W.max() < 0.01
    assert W.mean() == pytest.approx(0.005, rel=0.01)


def test_drawn_in_float64_then_cast():
    single, double = network(np.float32).initialize("he", 1), network().initialize("he", 1)
    np.testing.assert_array_equal(single.parameters, double.parameters.astype(np.float32))
    assert single.parameters.dtype == np.float32


def test_a_stream_may_be_given_and_goes_on():
    rng = np.random.RandomState(1)
    first, second = network().initialize("he", rng), network().initialize("he", rng)
    np.testing.assert_array_equal(first.parameters, network().initialize("he", 1).parameters)
    assert not np.array_equal(first.parameters, second.parameters)


def test_arrays_with_and_without_biases():
    W1, b1, W2, b2 = np.arange(6.0).reshape(2, 3), np.array([7.0, 8.0]), np.array([[9.0, 10.0]]), np.array([11.0])
    net = network().initialize("he", 1).initialize([W1, b1, W2, b2])
    assert net.parameters.tolist() == [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11]
    net.initialize((W1, W2))
    assert net.parameters.tolist() == [0, 1, 2, 3, 4, 5, 0, 0, 9, 10, 0]
    W1[0, 0] = 99
    assert net.parameters[0] == 0


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ([np.zeros((3, 2)), np.zeros((1, 2))], "init of W1 must have shape (2, 3), got (3, 2)."),
        ([np.zeros((2, 3)), np.zeros((2, 1)), np.zeros((1, 2)), [0]], "init of b1 must have shape (2,), got (2, 1)."),
        ([np.zeros((2, 3))], "init must have 2 arrays (W1, W2) or 4 (W1, b1, W2, b2); got 1."),
        ("kaiming", "unknown initializer 'kaiming'. Known: he, lecun, normal_0.01, uniform_0.01, xavier, zeros."),
        (
            "xaver",
            "unknown initializer 'xaver': did you mean 'xavier'? "
            "Known: he, lecun, normal_0.01, uniform_0.01, xavier, zeros.",
        ),
    ],
)
def test_refusals(init, message):
    with pytest.raises(InputError) as error:
        network().initialize(init)
    assert str(error.value) == message


def test_a_function_is_a_rule():
    assert get_initializer(he) is he
    net = network().initialize(lambda rng, n_out, n_in: np.full((n_out, n_in), 0.5))
    assert net.parameters.tolist() == [0.5] * 6 + [0, 0, 0.5, 0.5, 0]
