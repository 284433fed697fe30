"""Losses on logits: value, gradient and link of each one in one place.

The output layer is linear and hands its logits Z to the loss; the link (sigmoid, softmax or none) turns them into what
is predicted. Fusing link and loss is what makes both exact: no epsilon inside a log, no clipping.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pellucid.errors import unknown_name
from pellucid.nn.activations import linear, sigmoid

Array = NDArray[Any]
Function = Callable[[Array, Array], Array]

HUBER_DELTA = 1.0


@dataclass(frozen=True)
class Loss:
    """A loss l_i per row, its gradient with respect to the logits, and its link.

    value(Z, y): l (n,), one number a row, summed over the k outputs.
    gradient(Z, y): dl/dZ (n, k), neither weighted nor averaged.
    link(Z): what the network predicts: probabilities or values (n, k).
    codes: whether y is integer class codes (n,); otherwise y is floats (n, k).
    classes: whether the link gives probabilities of classes, so that a classifier can use it.
    pieces(Z, y): which smooth piece each output is on, or None where the loss is smooth everywhere.
    """

    name: str
    value: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]
    link: Callable[[Array], Array]
    codes: bool = False
    classes: bool = False
    pieces: Callable[[Array, Array], Array] | None = None

    def value_and_gradient(self, Z: Array, y: Array) -> tuple[Array, Array]:
        """Return l (n,) and dl/dZ (n, k), in one go where this very pair of functions shares work."""
        both = TOGETHER.get((self.value, self.gradient))
        return (self.value(Z, y), self.gradient(Z, y)) if both is None else both(Z, y)

    def targets(self, codes: Array, dtype: DTypeLike = np.float64) -> Array:
        """Return class codes (n,) as this loss takes them: as they are, or as one column of zeros and ones."""
        return codes if self.codes else codes.astype(dtype)[:, None]


def binary_cross_entropy(Z: Array, y: Array) -> Array:
    """l = -sum_k [y log p + (1 - y) log(1 - p)], p = sigmoid(Z); computed as max(Z, 0) - Z y + log1p(exp(-|Z|))."""
    l = np.maximum(Z, 0) - Z * y + np.log1p(np.exp(-np.abs(Z)))
    return l.sum(axis=1)


def binary_cross_entropy_gradient(Z: Array, y: Array) -> Array:
    """dl/dZ = p - y."""
    p = sigmoid(Z)
    return np.subtract(p, y, out=p)


def binary_cross_entropy_both(Z: Array, y: Array) -> tuple[Array, Array]:
    """l and dl/dZ, from one exp(-|Z|)."""
    e = np.exp(np.copysign(Z, -1))
    l = np.maximum(Z, 0)
    l -= Z * y
    l += np.log1p(e)  # last: far out it is all there is of the loss of a right answer
    p = np.maximum(e, Z >= 0)  # e is at most 1
    e += 1
    p /= e
    p -= y
    return np.add.reduce(l, axis=1), p


def softmax(Z: Array) -> Array:
    """p_k = exp(Z_k) / sum_j exp(Z_j), from Z minus its row's maximum.

    >>> softmax(np.array([[1e4, 0.0], [0.0, 0.0]])).tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    p = np.exp(Z - Z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p


def softmax_cross_entropy(Z: Array, y: Array) -> Array:
    """l = log sum_j exp(Z_j) - Z_y, y the class codes (n,)."""
    shifted = Z - Z.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]


def softmax_cross_entropy_gradient(Z: Array, y: Array) -> Array:
    """dl/dZ = softmax(Z) - onehot(y)."""
    dZ = softmax(Z)
    dZ[np.arange(len(y)), y] -= 1
    return dZ


def softmax_cross_entropy_both(Z: Array, y: Array) -> tuple[Array, Array]:
    """l and dl/dZ, from the same exponentials, as (k, n): NumPy goes fast along many rows, slowly along few classes."""
    rows = np.arange(len(y))
    shifted = Z.T.copy()
    shifted -= shifted.max(axis=0)
    right = shifted[y, rows]
    p = np.exp(shifted, out=shifted)
    total = p.sum(axis=0)
    p /= total
    p[y, rows] -= 1
    return np.log(total) - right, p.T


def squared_error(Z: Array, y: Array) -> Array:
    """l = 1/2 sum_k (Z_k - y_k)^2."""
    l = 0.5 * np.square(Z - y)
    return l.sum(axis=1)


def squared_error_gradient(Z: Array, y: Array) -> Array:
    """dl/dZ = Z - y."""
    return Z - y


def absolute_error(Z: Array, y: Array) -> Array:
    """l = sum_k |Z_k - y_k|."""
    l = np.abs(Z - y)
    return l.sum(axis=1)


def absolute_error_gradient(Z: Array, y: Array) -> Array:
    """dl/dZ = sign(Z - y), 0 where they are equal."""
    return np.sign(Z - y)


def absolute_error_pieces(Z: Array, y: Array) -> Array:
    """The side of the kink at Z = y."""
    return np.sign(Z - y)


def huber(Z: Array, y: Array) -> Array:
    """l = sum_k h(Z_k - y_k), h(r) = r^2/2 where |r| <= 1, else |r| - 1/2 (Huber 1964, delta 1)."""
    r = np.abs(Z - y)
    near = np.minimum(r, HUBER_DELTA)
    l = near * (r - 0.5 * near)
    return l.sum(axis=1)


def huber_gradient(Z: Array, y: Array) -> Array:
    """dl/dZ = Z - y, held within [-1, 1]."""
    return np.clip(Z - y, -HUBER_DELTA, HUBER_DELTA)


def huber_pieces(Z: Array, y: Array) -> Array:
    """Below, inside or above the quadratic part."""
    r = Z - y
    return np.sign(r) * (np.abs(r) > HUBER_DELTA)


TOGETHER: dict[tuple[Function, Function], Callable[[Array, Array], tuple[Array, Array]]] = {
    (binary_cross_entropy, binary_cross_entropy_gradient): binary_cross_entropy_both,
    (softmax_cross_entropy, softmax_cross_entropy_gradient): softmax_cross_entropy_both,
}

LOSSES = {
    loss.name: loss
    for loss in (
        Loss("binary_cross_entropy", binary_cross_entropy, binary_cross_entropy_gradient, sigmoid, classes=True),
        Loss(
            "softmax_cross_entropy",
            softmax_cross_entropy,
            softmax_cross_entropy_gradient,
            softmax,
            codes=True,
            classes=True,
        ),
        Loss("squared_error", squared_error, squared_error_gradient, linear),
        Loss("absolute_error", absolute_error, absolute_error_gradient, linear, pieces=absolute_error_pieces),
        Loss("huber", huber, huber_gradient, linear, pieces=huber_pieces),
    )
}


def get_loss(loss: str | Loss) -> Loss:
    """Return a loss by name, or the object itself."""
    if isinstance(loss, Loss):
        return loss
    if loss not in LOSSES:
        raise unknown_name("loss", loss, LOSSES)
    return LOSSES[loss]
