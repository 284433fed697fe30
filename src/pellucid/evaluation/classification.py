"""Honest scores: accuracy with its interval, beside what one gets without learning anything.

A score on rows that had a say in choosing the network carries no interval: it is marked as used for choosing.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.evaluation.comparison import IN_WORDS, Comparison, compare
from pellucid.evaluation.intervals import independent_rows, wilson_interval
from pellucid.model.predictions import class_codes

BINS = 10  # of about equal count; fewer where a bin would have less rows than this:
LEAST_ROWS = 15


@dataclass(frozen=True)
class Bin:
    """Answers of about the same confidence: its mean, the share that was right, and how many they are."""

    confidence: float
    accuracy: float
    count: int


@dataclass(frozen=True)
class Calibration:
    """How far probabilities are from what happened; 0 is best of all three.

    expected_error: the mean distance of accuracy from confidence over the bins, weighted by count. Chance alone makes
    it greater than 0, the more so the fewer the rows.
    brier: (1/n) sum_i sum_k (p_ik - [y_i = k])^2, from 0 to 2.
    log_loss: -(1/n) sum_i log p_i,y_i; None where a class that was ruled out came true: it is infinite then.
    """

    expected_error: float
    brier: float
    log_loss: float | None
    bins: list[Bin]

    def sentence(self) -> str:
        """Return the mean confidence beside the accuracy, in one line.

        >>> calibration(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([0, 1])).sentence()
        'Its mean confidence is 0.75, its accuracy 1.00 (expected calibration error 0.25).'
        """
        n = sum(b.count for b in self.bins)
        sure = sum(b.count * b.confidence for b in self.bins) / n
        right = sum(b.count * b.accuracy for b in self.bins) / n
        return (
            f"Its mean confidence is {sure:.2f}, its accuracy {right:.2f} "
            f"(expected calibration error {self.expected_error:.2f})."
        )


def calibration(probabilities: np.ndarray, labels: np.ndarray) -> Calibration:
    """Return the calibration of probabilities (n, k) against codes (n,).

    >>> calibration(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([0, 1])).bins
    [Bin(confidence=0.75, accuracy=1.0, count=2)]

    Expected error: Naeini, Cooper and Hauskrecht 2015, with bins of equal count. Brier 1950.
    """
    P, rows = np.asarray(probabilities, np.float64), np.arange(len(labels))
    given = P[rows, labels]  # (n,)
    bins = _bins(P.max(axis=1), P.argmax(axis=1) == labels)
    return Calibration(
        expected_error=sum(b.count * abs(b.accuracy - b.confidence) for b in bins) / len(P),
        brier=float(((P**2).sum(axis=1) - 2 * given + 1).mean()),
        log_loss=float(-np.log(given).mean()) if given.all() else None,
        bins=bins,
    )


def _bins(confidence: np.ndarray, right: np.ndarray) -> list[Bin]:
    """Return bins of about equal count; rows of equal confidence share one, so that the order of rows is no matter."""
    n = len(confidence)
    many = min(BINS, max(1, n // LEAST_ROWS))
    place = np.searchsorted(np.sort(confidence), confidence) * many // n
    return [
        Bin(float(confidence[place == b].mean()), float(right[place == b].mean()), int((place == b).sum()))
        for b in np.unique(place)
    ]


@dataclass(frozen=True)
class Scores:
    """How well a classifier did on n rows.

    interval: the 95% Wilson interval of the accuracy, None where the rows were used for choosing; effective_rows: for
    how many independent rows, fewer than n where they come in groups.
    balanced_accuracy: the mean over the classes present of the share found.
    precision, recall: of each class, None where it was never said, or never there.
    confusion[i][j]: rows of class i that were called j.
    baselines: accuracies of what is simpler; "majority" always says the most frequent class.
    comparisons: the classifier against each baseline, on the same rows; none where the rows were used for choosing.
    """

    accuracy: float
    interval: tuple[float, float] | None
    balanced_accuracy: float
    precision: list[float | None]
    recall: list[float | None]
    confusion: list[list[int]]
    classes: list[str]
    baselines: dict[str, float]
    comparisons: dict[str, Comparison]
    calibration: Calibration
    n: int
    effective_rows: float
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
    probabilities: np.ndarray,
    labels: np.ndarray,
    class_names: tuple[str, ...],
    used_for: str = "testing",
    baselines: Mapping[str, np.ndarray] = MappingProxyType({}),
    groups: np.ndarray | None = None,
    threshold: float | np.ndarray = 0.5,
) -> Scores:
    """Return the scores of probabilities (n, k) against codes (n,).

    used_for: "testing", or what else these rows were used for ("training", "choosing"): then there is no interval.
    baselines: the codes (n,) that something simpler said of the same rows, by name, beside "majority", the most
    frequent class of these rows.  groups: (n,) or None; rows that are right or wrong together make the interval wider,
    and are compared as one.
    threshold: of two classes, the second is predicted above this p; one for all rows, or (n,).

    >>> scores = score(np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]]), np.array([0, 1, 1]), ("cat", "dog"))
    >>> round(scores.accuracy, 3), scores.balanced_accuracy, scores.confusion
    (0.667, 0.75, [[1, 0], [1, 1]])
    >>> scores.precision, scores.recall
    ([0.5, 1.0], [1.0, 0.5])
    """
    n, k = len(labels), len(class_names)
    if n == 0:
        raise InputError("there are no rows to score.")
    said = class_codes(probabilities, threshold)
    confusion = np.zeros((k, k), np.int64)
    np.add.at(confusion, (labels, said), 1)
    right, found, present = said == labels, confusion.diagonal(), confusion.sum(axis=1)
    simpler = {"majority": np.full(n, present.argmax()), **baselines}
    rows, tested = independent_rows(right, groups), used_for == "testing"
    classes = int((present > 0).sum())  # of so many constant answers, the majority is the best
    recall = _shares(found, present)
    return Scores(
        accuracy=float(right.mean()),
        interval=wilson_interval(float(right.mean()) * rows, rows) if tested else None,
        balanced_accuracy=float(np.mean([share for share in recall if share is not None])),
        precision=_shares(found, confusion.sum(axis=0)),
        recall=recall,
        confusion=confusion.tolist(),
        classes=list(class_names),
        baselines={name: float((codes == labels).mean()) for name, codes in simpler.items()},
        comparisons={
            name: compare(
                right,
                codes == labels,
                IN_WORDS.get(name, name),
                groups=groups,
                others_tried=classes if name == "majority" else 1,
            )
            for name, codes in simpler.items()
            if tested
        },
        calibration=calibration(probabilities, labels),
        n=n,
        effective_rows=rows,
        used_for=used_for,
    )


def _shares(part: np.ndarray, whole: np.ndarray) -> list[float | None]:
    return [float(p / w) if w else None for p, w in zip(part, whole, strict=True)]
