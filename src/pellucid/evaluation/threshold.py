"""Where to draw the line between two classes, instead of at p = 0.5."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.evaluation.out_of_fold import rest_of


@dataclass(frozen=True)
class Threshold:
    """The second class is said where its p > value.

    balanced_accuracy: at this threshold on the n rows that chose it, beside `at_half`, that of p > 0.5.
    """

    value: float
    balanced_accuracy: float
    at_half: float
    n: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers, as JSON takes them."""
        return asdict(self)

    def sentence(self, name: str) -> str:
        """Return the choice in one line; name: that of the second class."""
        return (
            f"{name} is said where p > {self.value:.3f}: balanced accuracy {self.balanced_accuracy:.3f}, at 0.5 "
            f"{self.at_half:.3f}, on {self.n} rows used for choosing"
        )


def choose_threshold(p: np.ndarray, labels: np.ndarray) -> Threshold:
    """Return the threshold on p (n,), the second class's, of the greatest balanced accuracy on these rows.

    balanced accuracy = (share of class 1 with p > value + share of class 0 with p <= value) / 2

    Tried are 0.5 and the middles between neighbouring p; of equally good ones the nearest to 0.5 is taken.

    labels: (n,) codes 0 and 1; never those of rows that a score is to be told of.

    >>> choose_threshold(np.array([0.1, 0.2, 0.3, 0.6]), np.array([0, 0, 1, 1])).value
    0.25

    Raises InputError where one of the two classes is missing.
    """
    p, labels = np.asarray(p, np.float64), np.asarray(labels)
    if not {0, 1} == set(np.unique(labels).tolist()):
        raise InputError("to choose a threshold, rows of both classes are needed, and of no other.")
    values = np.unique(p)
    tried = np.concatenate([[0.5], (values[1:] + values[:-1]) / 2])
    none, some = np.sort(p[labels == 0]), np.sort(p[labels == 1])
    specific = np.searchsorted(none, tried, side="right") / len(none)
    found = 1 - np.searchsorted(some, tried, side="right") / len(some)
    balanced = (specific + found) / 2
    best = tried[balanced >= balanced.max() - 1e-12]
    value = float(best[np.argmin(np.abs(best - 0.5))])
    return Threshold(value, float(balanced.max()), float(balanced[0]), len(p))


def cross_fitted_thresholds(p: np.ndarray, labels: np.ndarray, held: Sequence[np.ndarray]) -> np.ndarray:
    """Return a threshold for each row (n,), chosen on the rows of all folds but its own.

    held: the rows of each fold.  p, labels: as `choose_threshold` takes them.
    """
    values = np.empty(len(p))
    for rows in held:
        rest = rest_of(rows, len(p))
        values[rows] = choose_threshold(p[rest], labels[rest]).value
    return values
