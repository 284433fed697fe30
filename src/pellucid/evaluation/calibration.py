"""Whether probabilities are as sure as they may be: of the answers given at 0.8, eight in ten should be right."""

from dataclasses import dataclass

import numpy as np

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
        """Return in one line how sure the answers are, and how right.

        >>> calibration(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([0, 1])).sentence()
        'Its answers are 0.75 sure on average, and right in 1.00 of cases (expected calibration error 0.25).'
        """
        n = sum(b.count for b in self.bins)
        sure = sum(b.count * b.confidence for b in self.bins) / n
        right = sum(b.count * b.accuracy for b in self.bins) / n
        return (
            f"Its answers are {sure:.2f} sure on average, and right in {right:.2f} of cases "
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
