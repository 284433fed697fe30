"""How much each row counts: sample weight times class weight."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError, refuse_non_finite

Array = NDArray[Any]


def row_weights(y: Array, sample_weight: Array | None, class_weight: Any, what: str) -> Array | None:
    """Return w (n,) = sample weight x class weight, or None where neither is given.

    class_weight: {code: weight}, or "balanced": total weight / (k x weight of the class), as in scikit-learn.
    """
    if sample_weight is None and class_weight is None:
        return None
    w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    if w.shape != (len(y),):
        raise InputError(f"{what}: sample_weight must have shape ({len(y)},), got {w.shape}.")
    refuse_non_finite(w, "sample_weight")
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
