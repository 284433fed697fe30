"""Rows that lie exactly between two others, as oversampling by interpolation (SMOTE) makes them.

By chance three rows are hardly ever in line. Which rows came first cannot be told, nor can they all be kept together,
as they connect a whole class; so the audit reports them.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from pellucid.data.audit.finding import Finding
from pellucid.data.audit.row_copies import AROUND, MOST_AROUND, SHARE, Rows, neighbourhood
from pellucid.data.dataset import Dataset

LOOKED_AT = 300  # rows, each with its neighbours of the same class
NEIGHBOURS = 100  # pairs of which may be its two ends
MOST_CELLS = 20_000_000  # of a table that is looked at
SMALLER = 0.8  # of the dimension, which is not known well
USUAL = 0.8  # of the rows are not interpolated, or else what is usual cannot be told
FALSE = 0.02  # share of rows that chance may explain among those taken for interpolated
LEAST, LEAST_SHARE = 5, 0.05  # rows found, and share of those looked at


def interpolated(parts: Mapping[str, Dataset]) -> Iterator[Finding]:
    """Yield how many training rows are interpolated, if they are more than a few."""
    train = parts["train"]
    n = len(train)
    if train.kind == "pictures" or n < 2 * SHARE * AROUND or n * len(train.columns) > MOST_CELLS:
        return
    rows = Rows.of({"train": train})
    looked_at = np.sort(np.random.default_rng(0).choice(n, min(n, LOOKED_AT), replace=False))
    labels = train.labels if train.class_names else np.zeros(n, np.intp)
    found = looked_at[between_others(rows.X, rows.resolution, labels, looked_at)]
    if len(found) < max(LEAST, LEAST_SHARE * len(looked_at)):
        return
    about, of_class = round(n * len(found) / len(looked_at)), ""
    if train.class_names:
        of_class = f", most of class {train.class_names[np.bincount(labels[found]).argmax()]}"
    said = (
        f"About {about:,} of {n:,} rows lie exactly between two others{of_class}, as oversampling (SMOTE) makes them. "
        "The score counts them as new: train on the original rows; --class-weight balanced gives rare classes weight."
    )
    yield Finding("problem", "interpolated", about, said, tuple(train.names[row] for row in found[:LEAST]))


def between_others(X: np.ndarray, resolution: float, labels: np.ndarray, looked_at: np.ndarray) -> np.ndarray:
    """Return which rows of X (n, f), of those looked at, are in line between two neighbours of the same label.

    In D dimensions two directions are opposite, up to an angle t, with a probability that grows as t^(D - 1).
    """
    n, f = X.shape
    none = np.zeros(len(looked_at), bool)
    if f < 2:
        return none
    among = np.random.default_rng(0).choice(n, min(n // SHARE, MOST_AROUND), replace=False)
    D = max(2.0, SMALLER * neighbourhood(X[looked_at], X[among])[1])
    angles = np.full(len(looked_at), np.inf)
    for label in np.unique(labels[looked_at]):
        here, others = np.flatnonzero(labels[looked_at] == label), X[labels == label]
        apart = np.square(others).sum(axis=1) - 2 * X[looked_at[here]] @ others.T  # but for the square of each row
        chosen = min(NEIGHBOURS, len(others) - 1)
        nearest = np.argpartition(apart, chosen, axis=1)[:, : chosen + 1]
        for place, neighbours in zip(here, nearest, strict=True):
            angles[place] = _bend(others[neighbours] - X[looked_at[place]], resolution)
    known = np.sort(angles[np.isfinite(angles)])
    if len(known) < LEAST:
        return none
    usual = max(np.quantile(known, USUAL), 1e-12)
    expected = USUAL * len(known) * (known / usual) ** (D - 1)
    enough = np.flatnonzero(expected <= FALSE * np.arange(1, len(known) + 1))
    return none if len(enough) == 0 else angles <= known[enough[-1]]


def _bend(steps: np.ndarray, resolution: float) -> float:
    """Return the smallest angle by which two steps (k, f) to neighbours miss being opposite, in radians.

    Rounding blurs the angle. Steps along few of the columns are left out: sparse rows share their lines.
    """
    lengths = np.linalg.norm(steps, axis=1)
    f = steps.shape[1]
    far = (lengths > 1e-9) & (np.count_nonzero(np.abs(steps) > 1e-12, axis=1) >= max(2, f / 2))
    if np.count_nonzero(far) < 2:
        return np.inf
    directions = steps[far] / lengths[far, None]
    bend = np.sqrt((2 * (1 + directions @ directions.T)).clip(1e-16))
    blur = resolution / lengths[far]
    return float(np.maximum(bend, np.maximum(blur[:, None], blur)).min())
