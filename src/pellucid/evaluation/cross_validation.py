"""How good it is on rows it never saw, measured on all rows: each is held out once, by a fold of its own.

The headline below some two thousand samples, where a single held-back part is too small to tell much.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pellucid.evaluation.classification import Scores, score
from pellucid.evaluation.cross_val_predict import FOLDS, FitPredict, Run, Told, runs
from pellucid.evaluation.intervals import independent_rows, wilson_interval
from pellucid.evaluation.selective import cross_fitted_thresholds
from pellucid.model.predictions import class_codes

HEADLINE_BELOW = 2000  # samples: with more, a fifth held out tells the accuracy to two points, at a fifth of the time


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What came of cross-validation of n rows.

    accuracy: the mean over the repeats, `accuracies` those of each.  interval: 95% Wilson, for `effective_rows`
    independent rows whatever the number of repeats: n, or fewer in groups.  baselines: mean accuracies over the
    repeats, by name.
    scores: of the first repeat, whose pooled probabilities (n, k), codes said (n,) and folds (held rows) are kept.
    wrong: (n,) the share of repeats in which a row was wrong.  groups: how many; None without them.
    """

    accuracy: float
    interval: tuple[float, float]
    accuracies: list[float]
    baselines: dict[str, float]
    scores: Scores
    probabilities: np.ndarray
    said: np.ndarray
    held: list[np.ndarray]
    wrong: np.ndarray
    effective_rows: float
    groups: int | None

    def sure_mistakes(self, most: int = 20) -> np.ndarray:
        """Return the rows that were wrong in every repeat, those first whose wrong answer was the surest."""
        rows = np.flatnonzero(self.wrong == 1)
        return rows[np.argsort(-self.probabilities[rows].max(axis=1), kind="stable")][:most]

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, as JSON takes them: the scores of the first repeat under the headline's."""
        return self.scores.as_dict() | {
            "accuracy": self.accuracy,
            "interval": self.interval,
            "accuracies": self.accuracies,
            "baselines": self.baselines,
            "folds": len(self.held),
            "repeats": len(self.accuracies),
            "effective_rows": self.effective_rows,
            "grouped": self.groups is not None,
            "sure_mistakes": self.sure_mistakes().tolist(),
        }

    def sentence(self) -> str:
        """Return the headline in one line to print."""
        repeats, (low, high) = len(self.accuracies), self.interval
        often, counted = ("", "") if repeats == 1 else (f", {repeats} times", "; row counts are from the first repeat")
        together = "" if self.groups is None else f", {self.groups} groups kept together"
        return (
            f"{self.accuracy:.3f} in {len(self.held)}-fold cross-validation of {len(self.wrong)} rows{often}{together} "
            f"(95% interval {low:.3f} to {high:.3f}; always the majority: {self.baselines['majority']:.3f}{counted})"
        )


def cross_validate(
    fit_predict: FitPredict,
    labels: np.ndarray,
    class_names: tuple[str, ...],
    *,
    seed: int,
    folds: int = FOLDS,
    repeats: int | None = None,
    groups: np.ndarray | None = None,
    progress: Told | None = None,
    threshold: float | Literal["auto"] = 0.5,
) -> CrossValidation:
    """Return how well what `fit_predict` fits answers rows it never saw.

    Parameters
    ----------
    fit_predict : (training rows, held rows, where) -> probabilities (n_held, k), or a dict of several candidates; the
        first is judged, the others are baselines on the same rows. Nothing fitted may look at held rows.
    labels : (n,) codes into `class_names`.
    seed : draws the folds; each repeat has its own.
    folds, repeats : how many; repeats by default `usual_repeats(n)`.
    groups : (n,) or None; rows of one group are held out together.
    progress : called as (fits done, fits in all).
    threshold : of two classes, the second is predicted above this p; "auto" chooses it, for the rows of a fold
        and for each candidate, on the rows of the others (`choose_threshold`).

    The interval is Wilson's around the mean accuracy with n rows; with groups the independent rows are counted
    (`independent_rows`). It leaves out that the networks of different folds share most of their training rows: no
    unbiased estimate of that exists (Bengio and Grandvalet 2004). Each network learned from (1 - 1/folds) of the rows,
    so one trained on all of them is, if anything, a little better. "majority" says the most frequent class of all rows:
    that of a fold's training rows is the other one too often, where classes are about equally frequent.

    >>> def always_dog(training, held, where):
    ...     return np.tile([0.0, 1.0], (len(held), 1))
    >>> result = cross_validate(always_dog, np.array([0, 0, 1, 1, 1, 1]), ("cat", "dog"), seed=0, folds=2, repeats=1)
    >>> print(result.sentence())
    0.667 in 2-fold cross-validation of 6 rows (95% interval 0.300 to 0.903; always the majority: 0.667)
    """
    done = runs(fit_predict, labels, seed=seed, folds=folds, repeats=repeats, groups=groups, progress=progress)
    lines = [_thresholds(run, labels, threshold) for run in done]
    said = [_said(run, line) for run, line in zip(done, lines, strict=True)]
    judged, *others = done[0].answers
    right = {name: np.array([codes[name] == labels for codes in said]) for name in said[0]}  # (repeats, n)
    accuracy, probabilities = float(right[judged].mean()), done[0].answers[judged]
    rows = independent_rows(right[judged].mean(axis=0), groups)
    simpler = {name: said[0][name] for name in others}
    lined = lines[0][judged]
    scores = score(probabilities, labels, class_names, baselines=simpler, groups=groups, threshold=lined)
    return CrossValidation(
        accuracy=accuracy,
        interval=wilson_interval(accuracy * rows, rows),
        accuracies=right[judged].mean(axis=1).tolist(),
        baselines={name: float(right[name].mean()) for name in others} | {"majority": scores.baselines["majority"]},
        scores=scores,
        probabilities=probabilities,
        said=said[0][judged],
        held=done[0].held,
        wrong=(~right[judged]).mean(axis=0),
        effective_rows=rows,
        groups=None if groups is None else len(np.unique(groups)),
    )


Lines = dict[str, float | np.ndarray]


def _thresholds(run: Run, labels: np.ndarray, threshold: float | Literal["auto"]) -> Lines:
    """Return the threshold of each candidate, for all rows or for each."""
    if threshold != "auto":
        return dict.fromkeys(run.answers, threshold)
    return {name: cross_fitted_thresholds(P[:, 1], labels, run.held) for name, P in run.answers.items()}


def _said(run: Run, lines: Lines) -> dict[str, np.ndarray]:
    """Return the codes (n,) that each candidate said."""
    return {name: class_codes(P, lines[name]) for name, P in run.answers.items()}
