"""Examples: rows, targets and weights, checked and in the training precision."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError, refuse_non_finite
from pellucid.nn.losses import Loss
from pellucid.rows import IntegerRows
from pellucid.training.row_weights import row_weights

Array = NDArray[Any]


@dataclass(frozen=True)
class Examples:
    """Rows X (n, d), targets y as the loss takes them, and weights of mean 1 (or None for all alike)."""

    X: Array
    y: Array
    weight: Array | None = None

    def __len__(self) -> int:
        return len(self.X)

    def take(self, rows: Array) -> "Examples":
        """Return some of the rows, their weights scaled to mean 1 again."""
        weight = None if self.weight is None else self.weight[rows] / self.weight[rows].mean()
        return Examples(self.X[rows], self.y[rows], weight)


def checked_examples(
    X: Array, y: Array, sample_weight: Array | None, class_weight: Any, loss: Loss, dtype: np.dtype, what: str
) -> Examples:
    """Return checked arrays of the training precision, rows of weight zero left out, weights scaled to mean 1."""
    if isinstance(X, IntegerRows):
        X = np.asarray(X)
    if X.ndim != 2 or 0 in X.shape:
        raise InputError(f"{what}: X must have shape (n, d) with n and d at least 1; got {X.shape}.")
    if len(X) != len(y):
        raise InputError(f"{what}: X has {len(X)} rows but y has {len(y)}.")
    refuse_non_finite(X, f"X of {what}")
    refuse_non_finite(y, f"y of {what}")
    w = row_weights(y, sample_weight, class_weight, what)
    if w is not None:
        used = w > 0
        if not used.all():
            X, y, w = X[used], y[used], w[used]
        w = w * (len(w) / w.sum())
        w = None if np.all(w == w[0]) else w.astype(dtype)
    y = np.asarray(y, np.intp if loss.codes else dtype)
    return Examples(np.ascontiguousarray(X, dtype), y, w)
