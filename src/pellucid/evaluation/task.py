"""Task: what is predicted, classes or numbers, and all that follows from it: loss, targets, scores and words.

Whoever needs one of these asks the task, so that no one else asks whether there are classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from pellucid.data import Dataset
from pellucid.evaluation.classification import Scores, score
from pellucid.evaluation.cross_val_predict import FitPredict
from pellucid.evaluation.cross_validation import CrossValidation, cross_validate
from pellucid.evaluation.regression import RegressionScores, score_regression
from pellucid.evaluation.regression_cross_validation import RegressionValidation, cross_validate_regression
from pellucid.features.scaling import TargetScaler
from pellucid.model.model import Model
from pellucid.model.predictions import Predictions
from pellucid.nn.losses import Loss
from pellucid.training import Settings

NO_BASELINES: Mapping[str, Predictions] = MappingProxyType({})


@dataclass(frozen=True)
class Classification:
    """Prediction of one of k classes."""

    class_names: tuple[str, ...]
    score_name = "accuracy"

    def loss(self, settings: Settings) -> tuple[Loss, int]:
        """Return the loss, and the number of outputs that it takes."""
        return settings.classifier_loss(len(self.class_names))

    def strata(self, labels: np.ndarray) -> np.ndarray | None:
        """Return what every division keeps the shares of: the classes."""
        return labels

    def target_scaler(self, labels: np.ndarray) -> TargetScaler | None:
        """Return nothing: codes are not scaled."""
        return None

    def scores(
        self,
        predictions: Predictions,
        labels: np.ndarray,
        used_for: str,
        model: Model,
        baselines: Mapping[str, Predictions] = NO_BASELINES,
        groups: np.ndarray | None = None,
    ) -> Scores:
        """Return the scores of predictions against codes (n,), beside those of baselines on the same rows."""
        simpler = {name: other.codes for name, other in baselines.items()}
        return score(predictions.outputs, labels, self.class_names, used_for, simpler, groups, model.threshold)

    def cross_validate(
        self, fit_predict: FitPredict, labels: np.ndarray, threshold: float | Literal["auto"], **how: Any
    ) -> CrossValidation:
        """Return the scores of cross-validation."""
        return cross_validate(fit_predict, labels, self.class_names, threshold=threshold, **how)


@dataclass(frozen=True)
class Regression:
    """Prediction of a number, called `target`."""

    target: str = "value"
    class_names = ()
    score_name = ""

    def loss(self, settings: Settings) -> tuple[Loss, int]:
        """Return the loss, and the number of outputs that it takes."""
        return settings.regressor_loss(), 1

    def strata(self, labels: np.ndarray) -> np.ndarray | None:
        """Return nothing: numbers have no shares to keep."""
        return None

    def target_scaler(self, labels: np.ndarray) -> TargetScaler | None:
        """Return the scaling that the network learns the numbers in."""
        return TargetScaler.fit(self.target, labels)

    def scores(
        self,
        predictions: Predictions,
        labels: np.ndarray,
        used_for: str,
        model: Model,
        baselines: Mapping[str, Predictions] = NO_BASELINES,
        groups: np.ndarray | None = None,
    ) -> RegressionScores:
        """Return the scores of predictions against numbers (n,), beside the mean of the training targets.

        The mean is that of these rows where the model does not know the other.
        """
        mean = float(labels.mean()) if model.target is None else model.target.mean
        simpler = {name: other.outputs for name, other in baselines.items()}
        return score_regression(predictions.outputs, labels, mean, used_for, simpler, groups)

    def cross_validate(
        self, fit_predict: FitPredict, labels: np.ndarray, threshold: float | Literal["auto"], **how: Any
    ) -> RegressionValidation:
        """Return the scores of cross-validation."""
        return cross_validate_regression(fit_predict, labels, **how)


Task = Classification | Regression


def task_of(source: Dataset | Model) -> Task:
    """Return the task of a data set, or of a model."""
    if source.class_names:
        return Classification(source.class_names)
    target = source.target
    return Regression(target if isinstance(target, str) else "value" if target is None else target.name)
