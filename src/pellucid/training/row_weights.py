"""How much each row counts: sample weight times class weight."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError, refuse_non_finite, unknown_name

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
