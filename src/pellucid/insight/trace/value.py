"""Value: what the number of an input is in words, beside the numbers that training rows had there."""

import numpy as np

from pellucid.features import Features, PictureFeatures, Pixels, Table
from pellucid.insight.trace.formula import digits
from pellucid.insight.trace.step import Array


def values_in_words(features: Features, x: Array) -> tuple[str, ...]:
    """Return what each number of an input row x (d,) is.

    >>> from pellucid.features import Numbers
    >>> ages = Numbers(1, ("age",)).fitted(np.array([[30.0], [50.0]]))
    >>> values_in_words(ages, np.array([1.5]))
    ('55, 1.5 deviations above the mean',)
    """
    if isinstance(features, Pixels):
        return tuple(f"{value:.0%} of full brightness" for value in x.tolist())
    mean, scale = getattr(features, "mean", None), getattr(features, "scale", None)
    numbers = len(features.numeric) if isinstance(features, Table) else len(x)
    chosen = ("yes" if value else "no" for value in x[numbers:].tolist())
    if mean is None or scale is None:
        return (*map(digits, x[:numbers].tolist()), *chosen)
    away = x[:numbers].astype(np.float64)
    if isinstance(features, PictureFeatures):  # its own numbers mean nothing to a reader
        return tuple(map(_deviations, away.tolist()))
    raw = away * scale + mean
    told = (f"{digits(value)}, {_deviations(d)}" for value, d in zip(raw.tolist(), away.tolist(), strict=True))
    return (*told, *chosen)


def _deviations(d: float) -> str:
    if abs(d) < 0.05:
        return "at the mean"
    return f"{abs(d):.1f} deviations {'above' if d > 0 else 'below'} the mean"
