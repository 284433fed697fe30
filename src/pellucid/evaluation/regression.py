"""Honest scores of numbers that were predicted, beside always predicting the mean."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.evaluation.comparison import IN_WORDS, LEAST_GROUPS, evidence, paired, verdict
from pellucid.evaluation.intervals import effective_groups, t_quantile

TAIL_FROM, TAIL_TO, TAIL = 0.2, 0.5, 3.0  # measured: python -m reliability honesty


@dataclass(frozen=True)
class Nearness:
    """The first predictor of numbers against the second, on the same n rows.

    than: the second one, in words.  rmse, others: of the first and of the second.  nearer, farther: the rows on which
    the first is.  p: the sign test's mid-p, of sign flips where rows come in groups.  credibly_better: p < 0.05, nearer
    on more rows and of smaller rmse; credibly_worse: p < 0.05, farther on more rows and of larger rmse; neither with
    fewer than 6 groups.  groups: how many; None without them.
    """

    than: str
    rmse: float
    others: float
    nearer: int
    farther: int
    n: int
    p: float
    credibly_better: bool
    credibly_worse: bool
    groups: int | None = None

    def sentence(self) -> str:
        """Return what was found in one line.

        >>> nearness(np.array([1.0, -1.0]), np.array([2.0, 3.0]), "always saying the mean").sentence()
        'Not credibly better than always saying the mean: rmse 1 against 2.55, nearer on 2 of 2 rows, p = 0.25.'
        """
        return (
            f"{verdict(self)}: rmse {self.rmse:.4g} against {self.others:.4g}, nearer on {self.nearer} of "
            f"{self.n} rows{evidence(self.p, self.groups)}."
        )


@dataclass(frozen=True)
class RegressionScores:
    """How far predictions were from the truth on n rows, in the targets' own unit.

    rmse = sqrt(mean e^2), mae = mean |e|, r2 = 1 - sum e^2 / sum (y - mean y)^2, None where all targets are alike.
    interval: 95%, of the rmse; None where the rows were used for choosing, or rows or groups are too few.
    effective_rows: n, or where rows come in groups, the number of groups of equal size that they count as.
    baselines: the rmse of what is simpler; "mean" always says the mean of the training targets.
    comparisons: against each baseline, on the same rows; none where the rows were used for choosing.
    """

    rmse: float
    interval: tuple[float, float] | None
    mae: float
    r2: float | None
    baselines: dict[str, float]
    comparisons: dict[str, Nearness]
    n: int
    effective_rows: float
    used_for: str = "testing"

    @property
    def credibly_better(self) -> bool | None:
        """Whether it is credibly better than always saying the mean; None where the rows were used for choosing."""
        return self.comparisons["mean"].credibly_better if self.comparisons else None

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, as JSON takes them."""
        return asdict(self)

    def sentence(self) -> str:
        """Return the scores in one line to print."""
        mean = f"always the mean: {self.baselines['mean']:.4g}"
        told = f"rmse {self.rmse:.4g} on {self.n} rows"
        if self.used_for != "testing":
            return f"{told}, used for {self.used_for} ({mean})"
        between = between_of(self.interval, self.comparisons["mean"].groups)
        return f"{told} ({between}{mean}{'' if self.credibly_better else ', which is not credibly worse'})"


def score_regression(
    predicted: np.ndarray,
    targets: np.ndarray,
    training_mean: float | np.ndarray,
    used_for: str = "testing",
    baselines: Mapping[str, np.ndarray] = MappingProxyType({}),
    groups: np.ndarray | None = None,
) -> RegressionScores:
    """Return the scores of predictions (n,) against targets (n,), in one unit.

    training_mean: the mean of the targets that were trained on, or one for each row (n,).
    used_for: "testing", or what else these rows were used for: then there is no interval.
    baselines: what something simpler predicted of the same rows (n,), by name.  groups: (n,) or None; rows of one
    group count as one.

    >>> score_regression(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0]), 0.0).mae
    0.3333333333333333
    """
    predicted, targets = np.asarray(predicted, np.float64), np.asarray(targets, np.float64)
    if predicted.shape != targets.shape or targets.ndim != 1 or len(targets) == 0:
        raise InputError(f"expected predictions and targets (n,), n > 0; got {predicted.shape} and {targets.shape}.")
    error = predicted - targets
    simpler = {"mean": training_mean, **baselines}
    spread = float(((targets - targets.mean()) ** 2).sum())
    tested = used_for == "testing"
    return RegressionScores(
        rmse=_rmse(error),
        interval=rmse_interval(error, groups) if tested else None,
        mae=float(np.abs(error).mean()),
        r2=1 - float((error**2).sum()) / spread if spread else None,
        baselines={name: _rmse(said - targets) for name, said in simpler.items()},
        comparisons={
            name: nearness(error, said - targets, IN_WORDS.get(name, name), groups)
            for name, said in simpler.items()
            if tested
        },
        n=len(targets),
        effective_rows=float(len(targets)) if groups is None else effective_groups(groups),
        used_for=used_for,
    )


def rmse_interval(error: np.ndarray, groups: np.ndarray | None = None) -> tuple[float, float] | None:
    """Return the 95% interval of the rmse of errors (n,); None for fewer than 2 rows or 6 groups, or without any error.

    m = mean e^2, u_g = sum_{i in g} (e_i^2 - m) G/n of the G groups (rows, where there are none)
    h = t_G-1 deviation(u) / (2 m sqrt(G)):  rmse exp(-h) to rmse exp(h w), normal for log m (delta method);
    with groups from rmse exp(-h sqrt(w))
    w = 1 to 3, as g = skewness(u) / sqrt(G) + 2/G goes from 0.2 to 0.5

    w stands for large errors not seen yet: where a few make most of m, or groups are few, m is mostly too small. It is
    fitted to normal, t- and log-normal errors; the coverage is in docs/reliability.md. Groups have its root below, as
    networks of folds learn from fewer of them.

    >>> [round(bound, 2) for bound in rmse_interval(np.arange(-50, 51.0))]
    [26.68, 31.86]
    """
    mean, off = float((error**2).mean()), error**2 - (error**2).mean()
    many = len(error)
    if groups is not None:
        members = np.unique(groups, return_inverse=True)[1]
        off = np.bincount(members, off)
        off, many = off * len(off) / len(error), len(off)
    if many < (2 if groups is None else LEAST_GROUPS) or mean == 0:
        return None
    deviation, freedom = float(off.std()), many - 1 if groups is None else effective_groups(groups) - 1
    half = t_quantile(freedom) * deviation / (2 * mean * math.sqrt(many - 1))
    skewness = float((off**3).mean()) / deviation**3 if deviation else 0.0
    tail = (skewness / math.sqrt(many) + 2 / many - TAIL_FROM) / (TAIL_TO - TAIL_FROM)
    wider = 1 + (TAIL - 1) * min(1.0, max(0.0, tail))
    lower = half if groups is None else half * math.sqrt(wider)
    return math.sqrt(mean) * math.exp(-lower), math.sqrt(mean) * math.exp(half * wider)


def between_of(interval: tuple[float, float] | None, groups: int | None) -> str:
    """Return the interval as it stands in a sentence, or why there is none.

    >>> between_of((1.0, 2.0), None), between_of(None, 5), between_of(None, None)
    ('95% interval 1 to 2; ', 'too few groups for an interval; ', '')
    """
    if interval is None:
        return "" if groups is None or groups >= LEAST_GROUPS else "too few groups for an interval; "
    return f"95% interval {interval[0]:.4g} to {interval[1]:.4g}; "


def nearness(
    error: np.ndarray, others: np.ndarray, than: str = "the other", groups: np.ndarray | None = None
) -> Nearness:
    """Return the comparison of two predictors by their errors (n,) on the same rows.

    groups: (n,) or None; rows of one group count as one trial.
    """
    sign = np.sign(abs(others) - abs(error)).astype(int)
    p, better, worse, many = paired(sign, groups)
    rmse, of_others = _rmse(error), _rmse(others)
    return Nearness(
        than=than,
        rmse=rmse,
        others=of_others,
        nearer=int((sign > 0).sum()),
        farther=int((sign < 0).sum()),
        n=len(error),
        p=p,
        credibly_better=better and rmse < of_others,
        credibly_worse=worse and rmse > of_others,
        groups=many,
    )


def _rmse(error: np.ndarray) -> float:
    return math.sqrt(float((error**2).mean()))
