"""Honest scores of numbers that were predicted, beside always predicting the mean."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.evaluation.comparison import CREDIBLE, IN_WORDS, mcnemar_mid_p, p_in_words


@dataclass(frozen=True)
class Nearness:
    """The first predictor of numbers against the second, on the same n rows.

    than: the second one, in words.  rmse, others: of the first and of the second.  nearer, farther: the rows on which
    the first is.  p: the sign test's mid-p.  credibly_better: p < 0.05, nearer on more rows and of smaller rmse;
    credibly_worse: p < 0.05, farther on more rows and of larger rmse.
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

    def sentence(self) -> str:
        """Return what was found in one line.

        >>> nearness(np.array([1.0, -1.0]), np.array([2.0, 3.0]), "always saying the mean").sentence()
        'Not credibly better than always saying the mean: rmse 1 against 2.55, nearer on 2 of 2 rows, p = 0.25.'
        """
        found = "Credibly better" if self.credibly_better else "Not credibly better"
        found = "Credibly worse" if self.credibly_worse else found
        return (
            f"{found} than {self.than}: rmse {self.rmse:.4g} against {self.others:.4g}, nearer on {self.nearer} of "
            f"{self.n} rows, {p_in_words(self.p)}."
        )


@dataclass(frozen=True)
class RegressionScores:
    """How far predictions were from the truth on n rows, in the targets' own unit.

    rmse = sqrt(mean e^2), mae = mean |e|, r2 = 1 - sum e^2 / sum (y - mean y)^2, None where all targets are alike.
    interval: 95%, of the rmse; None where the rows were used for choosing, or are too few.
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
        between = "" if self.interval is None else f"95% interval {self.interval[0]:.4g} to {self.interval[1]:.4g}; "
        return f"{told} ({between}{mean}{'' if self.credibly_better else ', which is not credibly worse'})"


def score_regression(
    predicted: np.ndarray,
    targets: np.ndarray,
    training_mean: float | np.ndarray,
    used_for: str = "testing",
    baselines: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> RegressionScores:
    """Return the scores of predictions (n,) against targets (n,), in one unit.

    training_mean: the mean of the targets that were trained on, or one for each row (n,).
    used_for: "testing", or what else these rows were used for: then there is no interval.
    baselines: what something simpler predicted of the same rows (n,), by name.

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
        interval=rmse_interval(error) if tested else None,
        mae=float(np.abs(error).mean()),
        r2=1 - float((error**2).sum()) / spread if spread else None,
        baselines={name: _rmse(said - targets) for name, said in simpler.items()},
        comparisons={
            name: nearness(error, said - targets, IN_WORDS.get(name, name)) for name, said in simpler.items() if tested
        },
        n=len(targets),
        used_for=used_for,
    )


def rmse_interval(error: np.ndarray, z: float = 1.959963984540054) -> tuple[float, float] | None:
    """Return the interval of the rmse of errors (n,), 95% by default; None for one row, or without any error.

    m = mean e^2, s = deviation of e^2 (n - 1):  rmse exp(-+ z s / (2 m sqrt(n))), normal for log m (delta method)

    It is rough where a few large errors make most of m.

    >>> [round(bound, 2) for bound in rmse_interval(np.array([1.0, -2.0, 1.5, -0.5]))]
    [0.89, 2.1]
    """
    n, mean = len(error), float((error**2).mean())
    if n < 2 or mean == 0:
        return None
    half = z * float((error**2).std(ddof=1)) / (2 * mean * math.sqrt(n))
    return math.sqrt(mean) * math.exp(-half), math.sqrt(mean) * math.exp(half)


def nearness(error: np.ndarray, others: np.ndarray, than: str = "the other") -> Nearness:
    """Return the comparison of two predictors by their errors (n,) on the same rows, which it takes as independent."""
    nearer, farther = int((abs(error) < abs(others)).sum()), int((abs(error) > abs(others)).sum())
    rmse, of_others, p = _rmse(error), _rmse(others), mcnemar_mid_p(nearer, farther)
    return Nearness(
        than=than,
        rmse=rmse,
        others=of_others,
        nearer=nearer,
        farther=farther,
        n=len(error),
        p=p,
        credibly_better=p < CREDIBLE and nearer > farther and rmse < of_others,
        credibly_worse=p < CREDIBLE and nearer < farther and rmse > of_others,
    )


def _rmse(error: np.ndarray) -> float:
    return math.sqrt(float((error**2).mean()))
