"""How far predicted numbers are from the truth on rows that were never seen, told from all rows: cross-validation."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.evaluation.cross_val_predict import FOLDS, FitPredict, Told, rest_of, runs
from pellucid.evaluation.intervals import effective_groups
from pellucid.evaluation.regression import RegressionScores, between_of, rmse_interval, score_regression


@dataclass(frozen=True, eq=False)
class RegressionValidation:
    """What came of cross-validation of n rows, in the targets' own unit.

    rmse: over rows and repeats, `rmses` those of each repeat.  interval: 95%, for `effective_rows` however often
    repeated: n, or fewer in groups.  groups: how many; None without them.
    baselines: rmse over rows and repeats, by name; "mean" says the mean of each fold's training targets.
    scores: of the first repeat, whose pooled predictions (n,) and folds (held rows) are kept.
    error: (n,) the root of a row's mean squared error over the repeats; its largest are the rows to look at.
    """

    rmse: float
    interval: tuple[float, float] | None
    rmses: list[float]
    baselines: dict[str, float]
    scores: RegressionScores
    predicted: np.ndarray
    held: list[np.ndarray]
    error: np.ndarray
    effective_rows: float
    groups: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, as JSON takes them: the scores of the first repeat under the headline's."""
        return self.scores.as_dict() | {
            "rmse": self.rmse,
            "interval": self.interval,
            "rmses": self.rmses,
            "baselines": self.baselines,
            "folds": len(self.held),
            "repeats": len(self.rmses),
            "effective_rows": self.effective_rows,
            "grouped": self.groups is not None,
        }

    def sentence(self) -> str:
        """Return the headline in one line to print."""
        often = "" if len(self.rmses) == 1 else f", {len(self.rmses)} times"
        together = "" if self.groups is None else f", {self.groups} groups kept together"
        between = between_of(self.interval, self.groups)
        return (
            f"rmse {self.rmse:.4g} in {len(self.held)}-fold cross-validation of {len(self.error)} rows{often}{together}"
            f" ({between}always the mean: {self.baselines['mean']:.4g}"
            f"{'' if self.scores.credibly_better else ', which is not credibly worse'})"
        )


def cross_validate_regression(
    fit_predict: FitPredict,
    targets: np.ndarray,
    *,
    seed: int,
    folds: int = FOLDS,
    repeats: int | None = None,
    groups: np.ndarray | None = None,
    progress: Told | None = None,
) -> RegressionValidation:
    """Return how near what `fit_predict` fits comes to targets (n,) that it never saw.

    fit_predict: (training rows, held rows, where) -> predictions (n_held,), or a dict of several candidates; the first
    is judged, the others are baselines.  The rest is as in `cross_validate`, but the folds are not stratified.

    >>> def always_two(training, held, where):
    ...     return np.full(len(held), 2.0)
    >>> cross_validate_regression(always_two, np.array([1.0, 2.0, 3.0, 4.0]), seed=0, folds=2, repeats=1).rmses
    [1.224744871391589]
    """
    alike, targets = np.zeros(len(targets), np.int64), np.asarray(targets, np.float64)
    done = runs(fit_predict, alike, seed=seed, folds=folds, repeats=repeats, groups=groups, progress=progress)
    means = [_means_of_the_rest(targets, run.held) for run in done]
    judged, *others = done[0].answers
    squared = np.array([(run.answers[judged] - targets) ** 2 for run in done])  # (repeats, n)
    error = np.sqrt(squared.mean(axis=0))
    baselines = {name: _rmse([run.answers[name] for run in done], targets) for name in others}
    return RegressionValidation(
        rmse=float(np.sqrt(squared.mean())),
        interval=rmse_interval(error, groups),
        rmses=np.sqrt(squared.mean(axis=1)).tolist(),
        baselines=baselines | {"mean": _rmse(means, targets)},
        scores=score_regression(
            done[0].answers[judged],
            targets,
            means[0],
            baselines={name: done[0].answers[name] for name in others},
            groups=groups,
        ),
        predicted=done[0].answers[judged],
        held=done[0].held,
        error=error,
        effective_rows=float(len(targets)) if groups is None else effective_groups(groups),
        groups=None if groups is None else len(np.unique(groups)),
    )


def _means_of_the_rest(targets: np.ndarray, held: list[np.ndarray]) -> np.ndarray:
    means = np.empty(len(targets))
    for rows in held:
        means[rows] = targets[rest_of(rows, len(targets))].mean()
    return means


def _rmse(predicted: list[np.ndarray], targets: np.ndarray) -> float:
    return float(np.sqrt(((np.array(predicted) - targets) ** 2).mean()))
