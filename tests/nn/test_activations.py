"""Proves every activation: value and slope by independent formulas, precision and `out` kept, nothing overflows."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.nn.activations import ACTIVATIONS, get_activation

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])

FORMULAS = {
    "linear": lambda z: z,
    "relu": lambda z: max(z, 0.0),
    "leaky_relu": lambda z: z if z > 0 else z / 100,
    "elu": lambda z: z if z > 0 else math.exp(z) - 1,
    "gelu": lambda z: z / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
    "tanh": lambda z: (math.exp(2 * z) - 1) / (math.exp(2 * z) + 1),
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "softplus": lambda z: math.log(1 + math.exp(z)),
}


def points(activation, dtype=np.float64):
    """Random places, none within 0.05 of a kink."""
    z = np.random.default_rng(1).uniform(-4, 4, 200)
    return z[[all(abs(v - kink) > 0.05 for kink in activation.kinks) for v in z], None].astype(dtype)  # (n, 1)


def slope_at(activation, Z):
    return activation.slope(activation.value(Z) if activation.slope_from == "A" else Z)


def check_value(activation):
    Z = points(activation)
    expected = [[FORMULAS[activation.name](z) for z in row] for row in Z]
    np.testing.assert_allclose(activation.value(Z), expected, rtol=1e-13, atol=1e-15)


def check_slope(activation):
    Z, h = points(activation), 1e-3
    f = activation.value
    numeric = (f(Z - 2 * h) - 8 * f(Z - h) + 8 * f(Z + h) - f(Z + 2 * h)) / (12 * h)
    np.testing.assert_allclose(slope_at(activation, Z), numeric, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", FORMULAS)
def test_value_is_the_formula(name):
    check_value(ACTIVATIONS[name])


@every_activation
def test_slope_is_the_derivative(activation):
    check_slope(activation)


@pytest.mark.parametrize(
    ("name", "z", "value"),
    [  # to 16 digits by a pocket calculator's e, ln and tanh
        ("leaky_relu", -2.0, -0.02),
        ("elu", -1.0, -0.6321205588285577),
        ("gelu", 1.0, 0.8411919906082768),
        ("gelu", -1.0, -0.15880800939172324),
        ("tanh", 0.5, 0.46211715726000975),
        ("sigmoid", 1.0, 0.7310585786300049),
        ("softplus", 0.0, 0.6931471805599453),
        ("softplus", 1.0, 1.3132616875182228),
    ],
)
def test_golden_values(name, z, value):
    assert ACTIVATIONS[name].value(np.array([z]))[0] == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("name", "slope"),
    [("relu", 0), ("leaky_relu", 0.01), ("elu", 1), ("gelu", 0.5), ("tanh", 1), ("sigmoid", 0.25), ("softplus", 0.5)],
)
def test_slope_at_zero(name, slope):
    assert slope_at(ACTIVATIONS[name], np.zeros(1))[0] == pytest.approx(slope, abs=1e-15)


def test_gelu_is_near_its_exact_form():
    z = np.linspace(-5, 5, 101)
    exact = [v / 2 * (1 + math.erf(v / math.sqrt(2))) for v in z]
    assert np.abs(ACTIVATIONS["gelu"].value(z) - exact).max() == pytest.approx(4.7e-4, abs=0.1e-4)


@both_dtypes
@every_activation
def test_precision_is_kept(activation, dtype):
    Z = points(activation, dtype)
    A, slope = activation.value(Z), slope_at(activation, Z)
    assert A.dtype == slope.dtype == dtype
    np.testing.assert_allclose(A, activation.value(Z.astype(np.float64)), rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(slope, slope_at(activation, Z.astype(np.float64)), rtol=2e-5, atol=2e-6)


@both_dtypes
@every_activation
def test_out_is_honoured_and_may_be_z(activation, dtype):
    Z = points(activation, dtype)
    kept, expected = Z.copy(), activation.value(Z)
    out = np.full_like(Z, np.nan)
    assert activation.value(Z, out=out) is out
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(Z, kept)
    S = Z if activation.slope_from == "Z" else expected
    slope = np.full_like(Z, np.nan)
    assert activation.slope(S, out=slope) is slope
    np.testing.assert_array_equal(slope, activation.slope(S))
    assert activation.value(Z, out=Z) is Z
    np.testing.assert_array_equal(Z, expected)


@both_dtypes
@every_activation
def test_nothing_overflows_far_out(activation, dtype):
    Z = np.array([-1e30, -1e4, -1e3, -100, 0, 100, 1e3, 1e4, 1e30], dtype)
    assert np.isfinite(activation.value(Z)).all()
    slope = slope_at(activation, Z)
    assert np.isfinite(slope).all()
    assert slope.min() >= 0
    assert slope.max() <= 1


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("linear", -1e4, 1e4),
        ("relu", 0, 1e4),
        ("leaky_relu", -100, 1e4),
        ("elu", -1, 1e4),
        ("gelu", 0, 1e4),
        ("tanh", -1, 1),
        ("sigmoid", 0, 1),
        ("softplus", 0, 1e4),
    ],
)
def test_limits(name, low, high):
    assert ACTIVATIONS[name].value(np.array([-1e4, 1e4])).tolist() == [low, high]


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("tanh", lambda f, z: f(z) + f(-z)),
        ("linear", lambda f, z: f(z) + f(-z)),
        ("sigmoid", lambda f, z: f(z) + f(-z) - 1),
        ("softplus", lambda f, z: f(z) - f(-z) - z),
        ("gelu", lambda f, z: f(z) - f(-z) - z),
        ("relu", lambda f, z: f(z) + f(-z) - np.abs(z)),
        ("leaky_relu", lambda f, z: f(z) + f(-z) - 0.99 * np.abs(z)),
    ],
)
def test_symmetries(name, fact):
    z = np.linspace(0.1, 8, 50)
    assert np.abs(fact(ACTIVATIONS[name].value, z)).max() < 1e-14


relu, gelu, tanh = ACTIVATIONS["relu"], ACTIVATIONS["gelu"], ACTIVATIONS["tanh"]
MUTANTS = [
    (check_slope, replace(relu, slope=lambda A: np.ones_like(A))),  # slope never applied
    (check_slope, replace(ACTIVATIONS["leaky_relu"], slope=relu.slope)),
    (check_slope, replace(ACTIVATIONS["elu"], slope=lambda A: np.where(A > 0, 1, A))),  # A for A + 1
    (check_slope, replace(gelu, slope=lambda Z: 0.5 * (1 + np.tanh(0.7978845608 * Z)))),  # product rule forgotten
    (check_slope, replace(tanh, slope=lambda A: 1 - A)),
    (check_slope, replace(tanh, slope_from="Z")),  # the slope computed from the wrong array
    (check_slope, replace(ACTIVATIONS["sigmoid"], slope=lambda A: A * (1 + A))),
    (check_slope, replace(ACTIVATIONS["softplus"], slope=lambda A: np.exp(-A))),
    (check_value, replace(ACTIVATIONS["leaky_relu"], value=lambda Z: np.maximum(Z, 0.1 * Z))),
    (check_value, replace(gelu, value=lambda Z: Z / (1 + np.exp(-1.702 * Z)))),  # the sigmoid form
    (check_value, replace(ACTIVATIONS["softplus"], value=lambda Z: np.log(1e-8 + 1 + np.exp(Z)))),  # an epsilon
]


@pytest.mark.parametrize(("check", "mutant"), MUTANTS, ids=[f"{c.__name__}-{m.name}" for c, m in MUTANTS])
def test_mutants_are_rejected(check, mutant):
    with pytest.raises(AssertionError):
        check(mutant)


def test_a_name_or_an_object_and_did_you_mean():
    assert get_activation("tanh") is tanh
    assert get_activation(tanh) is tanh
    with pytest.raises(InputError) as error:
        get_activation("reul")
    assert str(error.value) == (
        "unknown activation 'reul': did you mean 'relu'? "
        "Known: elu, gelu, leaky_relu, linear, relu, sigmoid, softplus, tanh."
    )
