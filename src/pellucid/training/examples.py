"""Examples: the rows, targets and weights that a network trains on.

`checked_examples` makes them from what the user gives, `row_weights` combines sample and class weights. A `Problem` is
a network at its start with its examples: what the loop trains, whether on the inputs or in row space.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError, check_finite, unknown_name
from pellucid.nn import Dense, Network
from pellucid.nn.losses import Loss
from pellucid.nn.scaled_integers import IntegerRows, Rows, take

Array = NDArray[Any]


@dataclass(frozen=True)
class Examples:
    """Rows X (n, d), targets y as the loss takes them, and weights of mean 1 (or None for all alike)."""

    X: Rows
    y: Array
    weight: Array | None = None

    def __len__(self) -> int:
        return len(self.X)

    def take(self, rows: Array) -> "Examples":
        """Return some of the rows, their weights scaled to mean 1 again."""
        weight = None if self.weight is None else self.weight[rows] / self.weight[rows].mean()
        return Examples(take(self.X, rows), self.y[rows], weight)

    def of_precision(self, dtype: np.dtype) -> "Examples":
        """Return them in the precision of the network; rows of integers stay integers until their batch."""
        X = self.X.astype(dtype) if isinstance(self.X, IntegerRows) else np.ascontiguousarray(self.X, dtype)
        y = self.y if self.y.dtype.kind == "i" else self.y.astype(dtype, copy=False)
        return Examples(X, y, None if self.weight is None else self.weight.astype(dtype, copy=False))


def checked_examples(
    X: Rows, y: Array, sample_weight: Array | None, class_weight: Any, loss: Loss, what: str
) -> Examples:
    """Return checked rows in their own type, rows of weight zero left out, weights scaled to mean 1."""
    if X.ndim != 2 or 0 in X.shape:
        raise InputError(f"{what}: X must have shape (n, d) with n and d at least 1; got {X.shape}.")
    if len(X) != len(y):
        raise InputError(f"{what}: X has {len(X)} rows but y has {len(y)}.{turned(X, y)}")
    if isinstance(X, np.ndarray):
        check_finite(X, f"X of {what}")
        X = IntegerRows(X) if X.dtype in (np.uint8, np.uint16) else X
    check_finite(y, f"y of {what}")
    examples = Examples(X, np.asarray(y, np.intp if loss.codes else np.float64))
    w = row_weights(y, sample_weight, class_weight, what)
    if w is None:
        return examples
    used = np.flatnonzero(w)
    if len(used) < len(w):
        examples, w = examples.take(used), w[used]
    w = w * (len(w) / w.sum())
    return examples if np.all(w == w[0]) else replace(examples, weight=w)


def turned(X: Any, y: Any) -> str:
    """Return the advice to transpose X (d, n), where its columns are as many as y has values; else ""."""
    shape: tuple[int, ...] = getattr(X, "shape", ())
    n = len(y) if hasattr(y, "__len__") else 0
    return " Transpose it, X.T: a row is an example." if len(shape) == 2 and shape[0] != n == shape[1] else ""


def row_weights(y: Array, sample_weight: Array | None, class_weight: Any, what: str) -> Array | None:
    """Return w (n,) = sample weight x class weight, or None where neither is given.

    class_weight: {code: weight}, or "balanced": total weight / (k x weight of the class), as in scikit-learn.
    """
    if sample_weight is None and class_weight is None:
        return None
    w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    if w.shape != (len(y),):
        raise InputError(f"{what}: sample_weight must have shape ({len(y)},), got {w.shape}.")
    check_finite(w, "sample_weight")
    if (w < 0).any() or not (w > 0).any():
        raise InputError("sample_weight must be 0 or more, and above 0 somewhere.")
    if class_weight is None:
        return w
    codes = codes_of(y)
    if class_weight == "balanced":
        present, inverse = np.unique(codes[w > 0], return_inverse=True)
        totals = np.bincount(inverse, weights=w[w > 0])
        class_weight = dict(zip(present, totals.sum() / (len(present) * totals), strict=True))
    w = w * np.array([class_weight.get(code, 1.0) for code in codes.tolist()])
    if not (w > 0).any():
        raise InputError("sample_weight x class_weight is 0 in every row: nothing is left to learn from.")
    return w


def codes_of(y: Array) -> Array:
    """Return class codes (n,) of targets as the loss takes them: (n,) codes, or (n, 1) zeros and ones."""
    return y.reshape(len(y)).astype(np.intp)


def weights_by_code(class_weight: Any, classes: Sequence[Any]) -> Any:
    """Return {class: weight} as {code: weight}; None and "balanced" as they are.

    >>> weights_by_code({"sick": 3.0}, ["healthy", "sick"])
    {1: 3.0}
    """
    if not isinstance(class_weight, Mapping):
        return class_weight
    for name in class_weight:
        if name not in classes:
            raise unknown_name("class in class_weight", name, map(str, classes))
    return {list(classes).index(name): weight for name, weight in class_weight.items()}


@dataclass(frozen=True)
class Problem:
    """A network at its start, the rows to train it on and to measure it on, and how it becomes the one asked for.

    expand: from the network trained to the one asked for; None where they are the same.
    """

    network: Network
    train: Examples
    validation: Examples | None = None
    expand: Callable[[Network], Network] | None = None


def with_first_layer(
    network: Network,
    first: Dense,
    rows: tuple[Array, Array],
    fill: Callable[[Array, Array], None],
    train: Examples,
    validation: Examples | None,
) -> Problem:
    """Return the problem of training `network` with another first layer, its W still 0, all else at its start.

    rows: those of training and of validation, as `first` takes them.
    fill(W1, W): bring W1 of the inputs, which stands at its start, to where the W that was trained says.
    """
    small = Network([first, *network.layers[1:]], network.loss, network.l2)
    size, small_size = network.dense[0].W.size, small.dense[0].W.size
    small.parameters[small_size:] = network.parameters[size:]

    def expand(trained: Network) -> Network:
        whole = network.copy()
        whole.parameters[size:] = trained.parameters[small_size:]
        fill(whole.dense[0].W, trained.dense[0].W)
        return whole

    held_out = None if validation is None else Examples(rows[1], validation.y, validation.weight)
    return Problem(small, Examples(rows[0], train.y, train.weight), held_out, expand)
