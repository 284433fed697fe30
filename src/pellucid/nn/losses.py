"""Losses on logits: value, gradient and link of each one in one place.

The output layer is linear and hands its logits Z to the loss. The link (sigmoid, softmax or none) turns them into the
prediction. Link and loss are computed together, which makes both exact: no epsilon inside a log, no clipping.
A new loss is one function that returns both l and dl/dZ, and one row of `LOSSES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pellucid.errors import InputError, check_finite, unknown_name
from pellucid.nn.activations import linear, sigmoid

Array = NDArray[Any]
ValueAndGradient = Callable[[Array, Array], tuple[Array, Array]]

HUBER_DELTA = 1.0


@dataclass(frozen=True)
class Part:
    """One of the two results of a function that computes a loss and its gradient together."""

    together: ValueAndGradient
    index: int

    def __call__(self, Z: Array, y: Array) -> Array:
        return self.together(Z, y)[self.index]


@dataclass(frozen=True)
class Loss:
    """A loss l_i per row, its gradient with respect to the logits, and its link.

    value(Z, y): l (n,), one number a row, summed over the k outputs.
    gradient(Z, y): dl/dZ (n, k), neither weighted nor averaged.
    link(Z): what the network predicts: probabilities or values (n, k).
    codes: whether y is integer class codes (n,); otherwise y is floats (n, k).
    classes: whether the link gives probabilities of classes, so that a classifier can use it.
    pieces(Z, y): which smooth piece each output is on, or None where the loss is smooth everywhere.

    >>> LOSSES["squared_error"].value_and_gradient(np.array([[3.0, -2.0]]), np.array([[1.0, 1.0]]))
    (array([6.5]), array([[ 2., -3.]]))
    """

    name: str
    value: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]
    link: Callable[[Array], Array]
    codes: bool = False
    classes: bool = False
    pieces: Callable[[Array, Array], Array] | None = None

    @classmethod
    def of(cls, name: str, together: ValueAndGradient, link: Callable[[Array], Array], **traits: Any) -> "Loss":
        """Return the loss whose value and gradient one function computes together."""
        return cls(name, Part(together, 0), Part(together, 1), link, **traits)

    def value_and_gradient(self, Z: Array, y: Array) -> tuple[Array, Array]:
        """Return l (n,) and dl/dZ (n, k), in one call where both are parts of the same function."""
        if self.codes:  # lay the logits out class by class: NumPy is fast along many rows and slow along few classes
            Z = np.asfortranarray(Z)
        value, gradient = self.value, self.gradient
        if isinstance(value, Part) and isinstance(gradient, Part) and value.together is gradient.together:
            return value.together(Z, y)
        return value(Z, y), gradient(Z, y)

    def targets(self, codes: Array, dtype: DTypeLike = np.float64) -> Array:
        """Return class codes (n,) as this loss takes them: unchanged, or as one column of zeros and ones."""
        return codes if self.codes else codes.astype(dtype)[:, None]

    def checked_targets(self, y: Any, n: int, k: int, dtype: DTypeLike = np.float64) -> Array:
        """Return targets of n rows for k logits as this loss takes them: codes (n,), or floats (n, k).

        Raises InputError for another shape, for texts, NaN or infinity, and for classes that there are not.
        """
        y, expected = np.array(y), (n,) if self.codes else (n, k)
        if y.dtype.kind not in "biuf":
            raise InputError(f"y for {self.name} must be numbers, got {y.dtype}; number the classes from 0.")
        if y.shape != expected:
            hint = ""
            if self.codes and y.shape == (n, k):
                hint = " It seems one-hot: give y.argmax(axis=1)."
            elif y.shape == expected[::-1] and n != k:
                hint = " Transpose it: y.T."
            elif y.size == np.prod(expected):
                hint = f" Give y.reshape({', '.join(map(str, expected))})."
            raise InputError(f"y for {self.name} must have shape {expected}, got {y.shape}.{hint}")
        check_finite(y, "y")
        highest = k - 1 if self.codes else 1
        if self.classes and (y.min() < 0 or y.max() > highest or (self.codes and not np.all(y == y.astype(np.intp)))):
            raise InputError(f"y for {self.name} must lie in 0 to {highest}, got {y.min()} to {y.max()}.")
        return y.astype(np.intp if self.codes else dtype)


def binary_cross_entropy(Z: Array, y: Array) -> tuple[Array, Array]:
    """l = -sum_k [y log p + (1 - y) log(1 - p)] and dl/dZ = p - y, with p = sigmoid(Z).

    l is computed as max(Z, 0) - Z y + log1p(e) and p as max(e, [Z >= 0]) / (1 + e), with e = exp(-|Z|), at most 1.
    """
    e = np.exp(np.copysign(Z, -1))
    l = np.maximum(Z, 0)
    l -= Z * y
    l += np.log1p(e)  # last: for a right answer far out it is the whole loss
    p = np.maximum(e, Z >= 0)
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


def softmax_cross_entropy(Z: Array, y: Array) -> tuple[Array, Array]:
    """l = log sum_j exp(Z_j) - Z_y and dl/dZ = softmax(Z) - onehot(y), with y the class codes (n,)."""
    rows = np.arange(len(y))
    shifted = Z - Z.max(axis=1, keepdims=True)
    right = shifted[rows, y]
    p = np.exp(shifted, out=shifted)
    total = p.sum(axis=1)
    p /= total[:, None]
    p[rows, y] -= 1
    return np.log(total) - right, p


def squared_error(Z: Array, y: Array) -> tuple[Array, Array]:
    """l = 1/2 sum_k (Z_k - y_k)^2 and dl/dZ = Z - y."""
    r = Z - y
    l = 0.5 * np.square(r)
    return l.sum(axis=1), r


def absolute_error(Z: Array, y: Array) -> tuple[Array, Array]:
    """l = sum_k |Z_k - y_k| and dl/dZ = sign(Z - y), 0 where they are equal."""
    r = Z - y
    return np.abs(r).sum(axis=1), np.sign(r)


def absolute_error_pieces(Z: Array, y: Array) -> Array:
    """The side of the kink at Z = y."""
    return np.sign(Z - y)


def huber(Z: Array, y: Array) -> tuple[Array, Array]:
    """l = sum_k h(r_k) and dl/dZ = r within [-1, 1], with r = Z - y.

    h(r) = r^2/2 where |r| <= 1, else |r| - 1/2 (Huber 1964, delta 1).
    """
    r = Z - y
    size = np.abs(r)
    near = np.minimum(size, HUBER_DELTA)
    l = near * (size - 0.5 * near)
    return l.sum(axis=1), np.clip(r, -HUBER_DELTA, HUBER_DELTA)


def huber_pieces(Z: Array, y: Array) -> Array:
    """Below, inside or above the quadratic part."""
    r = Z - y
    return np.sign(r) * (np.abs(r) > HUBER_DELTA)


LOSSES = {
    loss.name: loss
    for loss in (
        Loss.of("binary_cross_entropy", binary_cross_entropy, sigmoid, classes=True),
        Loss.of("softmax_cross_entropy", softmax_cross_entropy, softmax, codes=True, classes=True),
        Loss.of("squared_error", squared_error, linear),
        Loss.of("absolute_error", absolute_error, linear, pieces=absolute_error_pieces),
        Loss.of("huber", huber, linear, pieces=huber_pieces),
    )
}


def get_loss(loss: str | Loss) -> Loss:
    """Return a loss by name, or the object itself."""
    if isinstance(loss, Loss):
        return loss
    if loss not in LOSSES:
        raise unknown_name("loss", loss, LOSSES)
    return LOSSES[loss]
