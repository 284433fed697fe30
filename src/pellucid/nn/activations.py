"""Activations: for each one, A = g(Z) and its slope g'(Z), side by side in one table.

Both are pure functions of whole arrays that may write into `out`. Nothing overflows, however large |Z| is, so
nothing is clipped. A new activation is two functions and one row of `ACTIVATIONS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import unknown_name

Array = NDArray[Any]

LEAK = 0.01  # slope of leaky_relu below zero
GELU_SCALE = np.sqrt(2 / np.pi)
GELU_CUBIC = 0.044715


@dataclass(frozen=True)
class Activation:
    """An activation function and its slope.

    name: as in `ACTIVATIONS`.
    value(Z, out=None): A = g(Z), elementwise; `out` may be Z itself.
    slope(S, out=None): g'(Z), computed from S = A or S = Z as `slope_from` says; `out` must not be S.
    kinks: the points where g or its slope is not smooth (a gradient check must not step across them).
    """

    name: str
    value: Callable[..., Array]
    slope: Callable[..., Array]
    slope_from: Literal["A", "Z"] = "A"
    kinks: tuple[float, ...] = ()


def linear(Z: Array, out: Array | None = None) -> Array:
    """A = Z."""
    return np.positive(Z, out=out)


def linear_slope(A: Array, out: Array | None = None) -> Array:
    """g' = 1."""
    return np.equal(A, A, out=_like(A, out))


def relu(Z: Array, out: Array | None = None) -> Array:
    """A = max(Z, 0)."""
    return np.maximum(Z, 0, out=out)


def relu_slope(A: Array, out: Array | None = None) -> Array:
    """g' = 1 where Z > 0, else 0; at Z = 0 it is 0."""
    return np.greater(A, 0, out=_like(A, out))


def leaky_relu(Z: Array, out: Array | None = None) -> Array:
    """A = Z where Z > 0, else 0.01 Z."""
    return np.maximum(Z, LEAK * Z, out=out)


def leaky_relu_slope(A: Array, out: Array | None = None) -> Array:
    """g' = 1 where Z > 0, else 0.01."""
    return np.maximum(relu_slope(A, out), LEAK, out=out)


def elu(Z: Array, out: Array | None = None) -> Array:
    """A = Z where Z > 0, else exp(Z) - 1."""
    negative = np.expm1(np.minimum(Z, 0))
    A = np.maximum(Z, 0, out=out)
    return np.add(A, negative, out=A)


def elu_slope(A: Array, out: Array | None = None) -> Array:
    """g' = 1 where Z > 0, else exp(Z) = A + 1."""
    slope = np.minimum(A, 0, out=out)
    return np.add(slope, 1, out=slope)


def gelu(Z: Array, out: Array | None = None) -> Array:
    """A = Z/2 (1 + tanh(u)), u = sqrt(2/pi) (Z + 0.044715 Z^3), the tanh form (Hendrycks and Gimpel 2016)."""
    half = 0.5 * Z
    u, _ = _gelu_argument(Z)
    A = np.tanh(u, out=out)
    A += 1
    A *= half
    return A


def gelu_slope(Z: Array, out: Array | None = None) -> Array:
    """g' = (1 + t)/2 + Z/2 (1 - t^2) u', with t = tanh(u) and u' = sqrt(2/pi) (1 + 3 x 0.044715 Z^2)."""
    u, du = _gelu_argument(Z)
    t = np.tanh(u)
    slope = np.multiply(1 - t * t, 0.5 * Z, out=out)
    slope *= du
    slope += 0.5 * (1 + t)
    return slope


def _gelu_argument(Z: Array) -> tuple[Array, Array]:
    """Return u and du/dZ."""
    near = np.clip(Z, -1e3, 1e3)  # tanh(u) is exactly +-1 long before; the cube must not overflow in float32
    square = near * near
    scale = GELU_SCALE.astype(Z.dtype)
    return scale * near * (1 + GELU_CUBIC * square), scale * (1 + 3 * GELU_CUBIC * square)


def tanh(Z: Array, out: Array | None = None) -> Array:
    """A = tanh(Z)."""
    return np.tanh(Z, out=out)


def tanh_slope(A: Array, out: Array | None = None) -> Array:
    """g' = 1 - A^2."""
    slope = np.multiply(A, A, out=out)
    return np.subtract(1, slope, out=slope)


def sigmoid(Z: Array, out: Array | None = None) -> Array:
    """A = 1 / (1 + exp(-Z)), computed from exp(-|Z|), which cannot overflow.

    >>> sigmoid(np.array([-1e4, 0.0, 1e4])).tolist()
    [0.0, 0.5, 1.0]
    """
    e = np.exp(-np.abs(Z))
    numerator = np.where(Z >= 0, 1, e)
    return np.divide(numerator, 1 + e, out=out)


def sigmoid_slope(A: Array, out: Array | None = None) -> Array:
    """g' = A (1 - A)."""
    slope = np.subtract(1, A, out=out)
    return np.multiply(slope, A, out=slope)


def softplus(Z: Array, out: Array | None = None) -> Array:
    """A = log(1 + exp(Z)), computed as max(Z, 0) + log1p(exp(-|Z|))."""
    tail = np.log1p(np.exp(-np.abs(Z)))
    A = np.maximum(Z, 0, out=out)
    return np.add(A, tail, out=A)


def softplus_slope(A: Array, out: Array | None = None) -> Array:
    """g' = sigmoid(Z) = 1 - exp(-A)."""
    slope = np.negative(A, out=out)
    np.expm1(slope, out=slope)
    return np.negative(slope, out=slope)


def _like(A: Array, out: Array | None) -> Array:
    """Return `out`, or a new array of A's kind: a comparison would otherwise give booleans."""
    return np.empty_like(A) if out is None else out


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("linear", linear, linear_slope),
        Activation("relu", relu, relu_slope, kinks=(0.0,)),
        Activation("leaky_relu", leaky_relu, leaky_relu_slope, kinks=(0.0,)),
        Activation("elu", elu, elu_slope, kinks=(0.0,)),
        Activation("gelu", gelu, gelu_slope, slope_from="Z"),
        Activation("tanh", tanh, tanh_slope),
        Activation("sigmoid", sigmoid, sigmoid_slope),
        Activation("softplus", softplus, softplus_slope),
    )
}


def get_activation(activation: str | Activation) -> Activation:
    """Return an activation by name, or the object itself; an unknown name raises with the nearest known one."""
    if isinstance(activation, Activation):
        return activation
    if activation not in ACTIVATIONS:
        raise unknown_name("activation", activation, ACTIVATIONS)
    return ACTIVATIONS[activation]
