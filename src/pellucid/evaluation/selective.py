"""When to say "none of these": of a sample unlike all that was learned from, or of an answer that is not sure enough.

Both thresholds are chosen on rows that were not trained on; what they are worth is told by other rows again.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from pellucid.errors import InputError
from pellucid.evaluation.cross_val_predict import rest_of
from pellucid.evaluation.intervals import independent_rows, wilson_interval
from pellucid.model.novelty import RejectionThresholds, conformal
from pellucid.model.predictions import reweighted

KNOWN = 0.95  # of new samples of the known kind, this share passes the test of novelty
LEAST_COVERAGE = 0.5  # "auto" answers at least this share
CURVE_POINTS = 100


@dataclass(frozen=True)
class Threshold:
    """The second class is predicted when its p > value.

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
            f"predicts {name} when p > {self.value:.3f}: balanced accuracy {self.balanced_accuracy:.3f}, at 0.5 "
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


@dataclass(frozen=True)
class Rejection(RejectionThresholds):
    """RejectionThresholds, and what is known of them from the n rows that chose them.

    wanted: the accuracy of given answers that was asked for; reached: whether it could be had on these rows.
    coverage, accuracy: the share of these rows that is answered, and that of right ones among the answers.
    curve: coverage against accuracy over all confidences, as (confidence, coverage, accuracy), the surest first.
    """

    wanted: float
    reached: bool
    coverage: float
    accuracy: float
    curve: list[tuple[float, float, float]]
    n: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, as JSON takes them."""
        return asdict(self)

    def sentence(self) -> str:
        """Return the choice in one line."""
        told = (
            f"answers {self.coverage:.0%} of rows, {self.accuracy:.1%} of them correctly, on {self.n} rows used for "
            f"choosing (p >= {self.confidence:.3f})"
        )
        return told if self.reached else f"no threshold reaches {self.wanted:.1%} accuracy; the best one {told}"


@dataclass(frozen=True)
class SelectiveScores:
    """How limits did on n rows that had no say in them: share answered, accuracy of the answers and its interval.

    The interval is None where nothing is answered, or the rows had a say after all.
    """

    coverage: float
    accuracy: float | None
    interval: tuple[float, float] | None
    n: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers, as JSON takes them."""
        return asdict(self)

    def sentence(self) -> str:
        """Return it in one line to print."""
        if self.accuracy is None:
            return f"answers none of {self.n} rows"
        told = f"answers {self.coverage:.1%} of {self.n} rows, {self.accuracy:.1%} of them correctly"
        if self.interval is None:
            return told
        low, high = self.interval
        return f"{told} (95% interval {low:.3f} to {high:.3f})"


def choose_rejection(
    probabilities: np.ndarray, novelty: np.ndarray, labels: np.ndarray, wanted: float | Literal["auto"] = "auto"
) -> Rejection:
    """Return when to answer, chosen on held-out rows: probabilities (n, k), novelty (n,), codes (n,).

    novelty <= the ceil(0.95 (n + 1))-th smallest: a new sample of the same kind passes with probability 0.95 or more
    (split conformal; the largest where n < 19).
    confidence: the lowest one with (wrong + 1) / (answered + 1) <= 1 - wanted, so that most are answered; the one
    mistake more stands for the sample to come. Where there is none, the one of the least such share is taken.

    wanted: the accuracy of given answers, in (0, 1); "auto" halves the share of mistakes, without the one more, but
    answers half of the rows at least.

    Raises InputError where `wanted` is neither, or there are no rows.

    >>> P = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    >>> rejection = choose_rejection(P, np.zeros(4), np.array([0, 0, 0, 1]), 0.7)
    >>> rejection.confidence, rejection.coverage, rejection.accuracy
    (0.7, 0.75, 1.0)

    Conformal quantile: Lei et al. 2018; one more mistake: Angelopoulos et al. 2022.
    """
    if wanted != "auto" and not (isinstance(wanted, int | float) and 0 < wanted < 1):
        raise InputError(f'the wanted accuracy lies between 0 and 1, or is "auto"; got {wanted!r}.')
    if len(labels) == 0:
        raise InputError("there are no rows to choose from when to answer.")
    bound = conformal(np.asarray(novelty, np.float64), KNOWN)
    known, right = novelty <= bound, probabilities.argmax(axis=1) == labels
    confidence, answered, hits = _by_confidence(probabilities.max(axis=1)[known], right[known])
    share = (answered - hits + 1) / (answered + 1)  # of wrong answers, with one mistake more
    possible = np.ones(len(answered), bool)
    if wanted == "auto":
        share, wanted = 1 - hits / answered, 1 - (1 - float(right[known].mean())) / 2
        possible = answered >= LEAST_COVERAGE * len(labels)
    enough = np.flatnonzero(possible & (share <= 1 - wanted))
    chosen = enough[-1] if len(enough) else np.flatnonzero(possible)[share[possible].argmin()]
    shown = np.unique(np.linspace(0, len(confidence) - 1, CURVE_POINTS).astype(int))
    curve = np.column_stack([confidence, answered / len(labels), hits / answered])[shown]
    return Rejection(
        confidence=float(confidence[chosen]),
        novelty=bound,
        wanted=wanted,
        reached=len(enough) > 0,
        coverage=float(answered[chosen] / len(labels)),
        accuracy=float(hits[chosen] / answered[chosen]),
        curve=[(c, covered, right) for c, covered, right in curve.tolist()],
        n=len(labels),
    )


def cross_fitted(
    probabilities: np.ndarray,
    novelty: np.ndarray,
    labels: np.ndarray,
    held: Sequence[np.ndarray],
    wanted: float | Literal["auto"] = "auto",
    groups: np.ndarray | None = None,
    threshold: float | Literal["auto"] = 0.5,
) -> SelectiveScores:
    """Return what limits chosen like this are worth: those of each fold's rows are chosen on all other rows.

    held: the rows of each fold; they share limits, so the interval counts them as one group as well.  threshold: of two
    classes; "auto" is chosen on all other rows too.  The others: as `choose_rejection` and `selective` take them.
    """
    given, right = np.zeros((2, len(labels)), bool)
    fold = np.zeros(len(labels), np.intp)
    for number, rows in enumerate(held):
        fold[rows] = number
        rest = rest_of(rows, len(labels))
        line = choose_threshold(probabilities[rest, 1], labels[rest]).value if threshold == "auto" else threshold
        P = reweighted(probabilities, line)
        limits = choose_rejection(P[rest], novelty[rest], labels[rest], wanted)
        given[rows] = limits.accepts(P[rows], novelty[rows])
        right[rows] = P[rows].argmax(axis=1) == labels[rows]
    return selective(given, right, groups, fold)


def selective(given: np.ndarray, right: np.ndarray, *groupings: np.ndarray | None) -> SelectiveScores:
    """Return coverage and accuracy where `given` (n,) says which rows get an answer, and `right` (n,) which are right.

    groupings: each (n,) or None, as `score` takes groups; the interval is that of the fewest independent rows.
    """
    n, right = len(given), right[given]
    if not len(right):
        return SelectiveScores(0.0, None, None, n)
    accuracy = float(right.mean())
    rows = min(independent_rows(right, None if groups is None else groups[given]) for groups in groupings)
    return SelectiveScores(float(given.mean()), accuracy, wilson_interval(accuracy * rows, rows), n)


def _by_confidence(confidence: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the distinct confidences, falling, and how many rows reach each, and how many of them are right."""
    order = np.argsort(-confidence, kind="stable")
    last = np.flatnonzero(np.append(np.diff(confidence[order]) != 0, True))
    return confidence[order][last], last + 1, right[order].cumsum()[last]
