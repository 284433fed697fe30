"""Whether more samples would help: the accuracy after learning from a quarter, a half, ... of those there are."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from pellucid.data import folds as folds_of
from pellucid.errors import InputError
from pellucid.evaluation.cross_val_predict import FOLDS, FitPredict, Told, counter, pooled, rest_of
from pellucid.evaluation.intervals import difference_interval, independent_rows, wilson_interval
from pellucid.model.predictions import class_codes
from pellucid.system.random_streams import stream

SHARES = (0.25, 0.5, 0.75, 1.0)
WORTH = 0.02  # a gain that is surely smaller than this is called hardly any


@dataclass(frozen=True)
class Point:
    """Accuracy, with its 95% interval, after learning from a share of the training rows; `rows` of them, on average."""

    share: float
    rows: float
    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class LearningCurve:
    """Accuracy against the number of training rows; every point is measured on the same held-out rows.

    gain: what the last step brought, and gain_interval, 95%.
    """

    points: list[Point]
    gain: float
    gain_interval: tuple[float, float]

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, as JSON takes them."""
        return asdict(self)

    def sentence(self, samples: str = "samples") -> str:
        """Return the answer to "would more samples help?" in one line."""
        before, last = self.points[-2:]
        low, high = self.gain_interval
        if low > 0:
            answer = f"More {samples} would probably help"
        elif high < WORTH:
            answer = f"More {samples} of the same kind would hardly help"
        else:
            answer = f"It is unclear whether more {samples} would help"
        return (
            f"{answer}: learning from {last.rows:.0f} instead of {before.rows:.0f} changed the accuracy by "
            f"{100 * self.gain:+.1f} points (95% interval {100 * low:+.1f} to {100 * high:+.1f})."
        )


def learning_curve(
    fit_predict: FitPredict,
    labels: np.ndarray,
    *,
    seed: int,
    groups: np.ndarray | None = None,
    shares: Sequence[float] = SHARES,
    folds: int = FOLDS,
    whole: np.ndarray | None = None,
    progress: Told | None = None,
) -> LearningCurve:
    """Return the accuracy on held-out rows after learning from growing shares of each fold's training rows.

    The subsets are nested and stratified; rows of one group come together. The gain is that of the last step, on the
    same rows (`difference_interval`); what it depends on by the luck of which rows were added is not in its interval.

    fit_predict, labels, seed, groups, folds, progress: as for `cross_validate`, whose first repeat has these folds.
    shares: rising, in (0, 1], two or more.  whole: the pooled probabilities (n, k) of that first repeat, where they
    are there already: the last share, then 1, is not fitted again.

    Raises InputError where the shares do not rise so.
    """
    if len(shares) < 2 or not all(0 < a < b <= 1 for a, b in pairwise(shares)):
        raise InputError(f"the shares of a learning curve rise from above 0 to at most 1; got {tuple(shares)}.")
    n = len(labels)
    held = folds_of(labels, folds, stream(seed, "folds"), groups)
    training = _subsets(labels, groups, held, shares, stream(seed, "curve"))
    known = [] if whole is None or shares[-1] < 1 else [whole]
    fitted = shares[: len(shares) - len(known)]
    counted = counter(progress, len(held) * len(fitted))
    answers = [
        pooled(fit_predict, n, rows, held, f", {share:.0%} of the rows", counted)
        for share, rows in zip(fitted, training, strict=False)
    ]
    right = [class_codes(P) == labels for P in [*(next(iter(named.values())) for named in answers), *known]]
    points = [_point(*of_share, groups) for of_share in zip(shares, training, right, strict=True)]
    gain = points[-1].accuracy - points[-2].accuracy
    return LearningCurve(points, gain, _gain_interval(right[-2], right[-1], groups))


def nested_subsets(
    labels: np.ndarray, groups: np.ndarray | None, shares: Sequence[float], rng: np.random.Generator
) -> list[np.ndarray]:
    """Return the rows of each share, ascending: nested, classes in proportion, groups whole.

    Every class that is the most frequent one of some group (every class, without groups) is in each subset.

    >>> [rows.tolist() for rows in nested_subsets(np.array([0, 0, 1, 1]), None, (0.5, 1.0), np.random.default_rng(0))]
    [[0, 2], [0, 1, 2, 3]]
    """
    units = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]
    counts = np.zeros((units.max() + 1, labels.max() + 1), np.int64)
    np.add.at(counts, (units, labels), 1)
    place, kind = np.empty(len(counts)), counts.argmax(axis=1)
    for code in np.unique(kind):
        members = rng.permutation(np.flatnonzero(kind == code))
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
        place[members[0]] = 0  # the first of each class comes before all else
    order = np.argsort(place, kind="stable")
    before = np.empty(len(counts))  # rows in the groups that come earlier
    before[order] = np.append(0, counts.sum(axis=1)[order].cumsum()[:-1])
    firsts = place[units] == 0
    return [np.flatnonzero((before[units] < share * len(labels) - 1e-9) | firsts) for share in shares]


def _subsets(
    labels: np.ndarray,
    groups: np.ndarray | None,
    held: Sequence[np.ndarray],
    shares: Sequence[float],
    rng: np.random.Generator,
) -> list[list[np.ndarray]]:
    """Return the training rows of each share, fold by fold."""
    by_fold = []
    for out in held:
        rest = rest_of(out, len(labels))
        alike = None if groups is None else np.asarray(groups)[rest]
        by_fold.append([rest[rows] for rows in nested_subsets(labels[rest], alike, shares, rng)])
    return [list(of_share) for of_share in zip(*by_fold, strict=True)]


def _point(share: float, training: list[np.ndarray], right: np.ndarray, groups: np.ndarray | None) -> Point:
    accuracy, rows = float(right.mean()), independent_rows(right, groups)
    return Point(share, float(np.mean([len(r) for r in training])), accuracy, wilson_interval(accuracy * rows, rows))


def _gain_interval(before: np.ndarray, last: np.ndarray, groups: np.ndarray | None) -> tuple[float, float]:
    rows = independent_rows(last.astype(float) - before, groups)
    return difference_interval(float((last & ~before).mean()) * rows, float((before & ~last).mean()) * rows, rows)
