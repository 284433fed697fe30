"""Operating point: the threshold between two classes and the rejection limits, chosen on held-out rows.

The networks did not learn from these rows; other rows again measure what the choice is worth.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from pellucid.data import Dataset, folds
from pellucid.errors import InputError
from pellucid.evaluation import (
    CrossValidation,
    Rejection,
    SelectiveScores,
    Threshold,
    choose_rejection,
    choose_threshold,
    cross_fitted,
)
from pellucid.evaluation.cross_val_predict import FOLDS, rest_of
from pellucid.evaluation.selective import selective
from pellucid.features import Features
from pellucid.model.model import Model
from pellucid.model.novelty import ReferenceSet, RejectionThresholds
from pellucid.model.predictions import UNKNOWN, Predictions, reweighted
from pellucid.system.random_streams import stream

Auto = Literal["auto"]


@dataclass(frozen=True)
class HeldOut:
    """Held-out rows to choose on: probabilities (n, k), novelty (n,), codes (n,), by networks that never saw them.

    held: folds of the rows, to measure a choice.  groups: (n,) or None.
    """

    probabilities: np.ndarray
    novelty: np.ndarray
    labels: np.ndarray
    held: list[np.ndarray]
    groups: np.ndarray | None

    @classmethod
    def of_folds(
        cls, features: Features, R: np.ndarray, labels: np.ndarray, groups: np.ndarray | None, judged: CrossValidation
    ) -> "HeldOut":
        """Return all training rows, each by the fold that held it out; features: not fitted yet."""
        novelty = np.empty(len(R))
        for rows in judged.held:
            rest = R[rest_of(rows, len(R))]
            fitted = features.fit(rest)
            novelty[rows] = ReferenceSet.fit(fitted, rest).novelty(fitted, R[rows])
        return cls(judged.probabilities, novelty, labels, judged.held, groups)

    @classmethod
    def of_part(cls, model: Model, R: np.ndarray, dataset: Dataset, seed: int) -> "HeldOut":
        """Return the rows of a part that the model did not learn from."""
        try:
            held = folds(dataset.labels, FOLDS, stream(seed, "folds"), dataset.groups)
        except InputError:  # too few of a class
            held = []
        return cls(model.outputs(R), model.novelty(R), dataset.labels, held, dataset.groups)


@dataclass(frozen=True)
class Decision:
    """What was chosen; None where nothing had to be.

    worth: coverage and accuracy on the same rows, each with limits chosen on other folds; None for too few rows.
    """

    threshold: Threshold | None = None
    rejection: Rejection | None = None
    worth: SelectiveScores | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, as JSON takes them; None for what was not chosen."""
        chosen = {"threshold": self.threshold, "rejection": self.rejection, "worth": self.worth}
        return {name: None if value is None else value.as_dict() for name, value in chosen.items()}

    def sentences(self, class_names: tuple[str, ...]) -> list[str]:
        """Return the decision, one printed line each."""
        lines = [] if self.threshold is None else [self.threshold.sentence(class_names[1])]
        if self.rejection is not None:
            lines.append(f"{UNKNOWN!r} where unsure or unlike all training samples: {self.rejection.sentence()}")
        if self.worth is not None:
            lines.append(f"on new samples it {self.worth.sentence()}, with limits chosen on other folds")
        return lines


def check_operating_point(
    reject: float | Auto | None, threshold: float | Auto, train: Dataset, validation: Dataset | None
) -> None:
    """Raise InputError if threshold or rejection make no sense for these classes; before any work."""
    names = train.class_names
    if threshold != 0.5 and len(names) != 2:
        raise InputError(f"a threshold is for two classes; {train.source} has {len(names) or 'none'}. Leave it out.")
    if reject is not None and not names:
        raise InputError(f"{train.source} has no classes, so nothing can be rejected; leave reject out.")
    if reject is not None and UNKNOWN in names:
        raise InputError(f"a class is named {UNKNOWN!r}, the name for rejected samples; rename the class.")
    if threshold == "auto" and validation is not None and len(np.unique(validation.labels)) != 2:
        raise InputError(f"{validation.source}: choosing a threshold needs rows of both classes.")


def with_reference_set(model: Model, R: np.ndarray, groups: np.ndarray | None, seed: int) -> Model:
    """Return the model with a reference set, so that it measures novelty from its training rows R; groups: theirs."""
    return replace(model, reference=ReferenceSet.fit_with_limits(model.features, R, groups, seed))


def choose_operating_point(
    model: Model, kept: HeldOut, reject: float | Auto | None, threshold: float | Auto
) -> tuple[Model, Decision]:
    """Return the model with its threshold and rejection, and how they were chosen.

    reject: the wanted accuracy of given answers, "auto", or None to answer all.  threshold: a number or "auto".
    """
    line, value = None, threshold
    if value == "auto":
        line = choose_threshold(kept.probabilities[:, 1], kept.labels)
        value = line.value
    model = replace(model, threshold=value)
    if reject is None:
        return (model if model.features.of_images else replace(model, reference=None)), Decision(line)
    P = reweighted(kept.probabilities, model.threshold)
    rejection = choose_rejection(P, kept.novelty, kept.labels, reject)
    worth = None
    if kept.held:
        worth = cross_fitted(kept.probabilities, kept.novelty, kept.labels, kept.held, reject, kept.groups, threshold)
    limits = RejectionThresholds(rejection.confidence, rejection.novelty)
    return replace(model, rejection=limits), Decision(line, rejection, worth)


def selective_scores(
    model: Model, predictions: Predictions, labels: np.ndarray, groups: np.ndarray | None, used_for: str
) -> SelectiveScores | None:
    """Return coverage and accuracy of a model that rejects some samples; None for one that answers all.

    used_for: what else the rows were used for, as `score` takes it: only "testing" has an interval.
    """
    if model.rejection is None:
        return None
    right = predictions.codes == labels
    scores = selective(~predictions.rejected, right, groups)
    return scores if used_for == "testing" else replace(scores, interval=None)
