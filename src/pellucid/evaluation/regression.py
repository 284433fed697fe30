"""Honest scores of numbers that were predicted, beside always predicting the mean."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.evaluation.comparison import CREDIBLE, mcnemar_mid_p


@dataclass(frozen=True)
class RegressionScores:
    """How far predictions were from the truth on n rows, in the targets' own unit.

    rmse = sqrt(mean e^2), mae = mean |e|, r2 = 1 - sum e^2 / sum (y - mean y)^2, None where all targets are alike.
    interval: 95%, of the rmse; None where the rows were used for choosing, or are too few.
    baselines: the rmse of what is simpler; "mean" always says the mean of the training targets.
    credibly_better: smaller rmse than "mean", and nearer on so many rows that the sign test's mid-p < 0.05.
    """

    rmse: float
    interval: tuple[float, float] | None
    mae: float
    r2: float | None
    baselines: dict[str, float]
    credibly_better: bool | None
    n: int
    used_for: str = "testing"

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
    predicted: np.ndarray, targets: np.ndarray, training_mean: float | np.ndarray, used_for: str = "testing"
) -> RegressionScores:
    """Return the scores of predictions (n,) against targets (n,), in one unit.

    training_mean: the mean of the targets that were trained on, or one for each row (n,).
    used_for: "testing", or what else these rows were used for: then there is no interval.

    >>> score_regression(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0]), 0.0).mae
    0.3333333333333333
    """
    predicted, targets = np.asarray(predicted, np.float64), np.asarray(targets, np.float64)
    if predicted.shape != targets.shape or targets.ndim != 1 or len(targets) == 0:
        raise InputError(f"expected predictions and targets (n,), n > 0; got {predicted.shape} and {targets.shape}.")
    error, without = predicted - targets, training_mean - targets
    spread = float(((targets - targets.mean()) ** 2).sum())
    tested = used_for == "testing"
    return RegressionScores(
        rmse=_rmse(error),
        interval=rmse_interval(error) if tested else None,
        mae=float(np.abs(error).mean()),
        r2=1 - float((error**2).sum()) / spread if spread else None,
        baselines={"mean": _rmse(without)},
        credibly_better=_credibly_nearer(error, without) if tested else None,
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


def _credibly_nearer(error: np.ndarray, without: np.ndarray) -> bool:
    nearer, farther = int((abs(error) < abs(without)).sum()), int((abs(error) > abs(without)).sum())
    return _rmse(error) < _rmse(without) and nearer > farther and mcnemar_mid_p(nearer, farther) < CREDIBLE


def _rmse(error: np.ndarray) -> float:
    return math.sqrt(float((error**2).mean()))
