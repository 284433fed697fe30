"""Examples: rows, targets and weights, checked, and brought to the precision of training."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError, refuse_non_finite
from pellucid.nn.losses import Loss
from pellucid.nn.scaled_integers import IntegerRows, Rows, take
from pellucid.training.row_weights import row_weights

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
        """Return them as the network computes: floats of that precision; integer rows stay until their batch is due."""
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
        raise InputError(f"{what}: X has {len(X)} rows but y has {len(y)}.")
    if isinstance(X, np.ndarray):
        refuse_non_finite(X, f"X of {what}")
        X = IntegerRows(X) if X.dtype in (np.uint8, np.uint16) else X
    refuse_non_finite(y, f"y of {what}")
    examples = Examples(X, np.asarray(y, np.intp if loss.codes else np.float64))
    w = row_weights(y, sample_weight, class_weight, what)
    if w is None:
        return examples
    used = np.flatnonzero(w)
    if len(used) < len(w):
        examples, w = examples.take(used), w[used]
    w = w * (len(w) / w.sum())
    return examples if np.all(w == w[0]) else replace(examples, weight=w)
