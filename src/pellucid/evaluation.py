"""Honest scores: accuracy with its interval, beside what one gets without learning anything.

A score on rows that had a say in choosing the network carries no interval: it is marked as used for choosing.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.model import class_codes


@dataclass(frozen=True)
class Scores:
    """How well a classifier did on n rows.

    interval: the 95% Wilson interval of the accuracy, None where the rows were used for choosing.
    balanced_accuracy: the mean over the classes present of the share found.
    confusion[i][j]: rows of class i that were called j.
    baselines: accuracies without learning; "majority" always says the most frequent class of these rows.
    """

    accuracy: float
    interval: tuple[float, float] | None
    balanced_accuracy: float
    confusion: list[list[int]]
    classes: list[str]
    baselines: dict[str, float]
    n: int
    used_for: str = "testing"

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, as JSON takes them."""
        return asdict(self)

    def sentence(self) -> str:
        """Return the scores in one line to print."""
        majority = f"always the majority: {self.baselines['majority']:.3f}"
        if self.interval is None:
            return f"{self.accuracy:.3f} on {self.n} rows, used for {self.used_for} ({majority})"
        low, high = self.interval
        return f"{self.accuracy:.3f} on {self.n} rows (95% interval {low:.3f} to {high:.3f}; {majority})"


def score(
    probabilities: np.ndarray, labels: np.ndarray, class_names: tuple[str, ...], used_for: str = "testing"
) -> Scores:
    """Return the scores of probabilities (n, k) against codes (n,).

    used_for: "testing", or what else these rows were used for ("training", "choosing"): then there is no interval.

    >>> scores = score(np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]]), np.array([0, 1, 1]), ("cat", "dog"))
    >>> round(scores.accuracy, 3), scores.balanced_accuracy, scores.confusion
    (0.667, 0.75, [[1, 0], [1, 1]])
    """
    n, k = len(labels), len(class_names)
    if n == 0:
        raise InputError("there are no rows to score.")
    confusion = np.zeros((k, k), np.int64)
    np.add.at(confusion, (labels, class_codes(probabilities)), 1)
    right, per_class = confusion.trace(), confusion.sum(axis=1)
    present = per_class > 0
    return Scores(
        accuracy=float(right / n),
        interval=wilson_interval(int(right), n) if used_for == "testing" else None,
        balanced_accuracy=float((confusion.diagonal()[present] / per_class[present]).mean()),
        confusion=confusion.tolist(),
        classes=list(class_names),
        baselines={"majority": float(per_class.max() / n)},
        n=n,
        used_for=used_for,
    )


def wilson_interval(right: int, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return the interval of a share of `right` in n (Wilson 1927), 95% by default.

    centre = (p + z^2/2n) / (1 + z^2/n), half width = z / (1 + z^2/n) sqrt(p (1 - p)/n + z^2/4n^2)

    >>> [round(bound, 3) for bound in wilson_interval(40, 50)]
    [0.67, 0.888]
    """
    p, shrink = right / n, 1 + z * z / n
    centre = (p + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
