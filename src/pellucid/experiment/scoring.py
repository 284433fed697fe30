"""Judging: what a job finds out about how good its model is, on rows that it did not learn from."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

from pellucid.data import Dataset, folds
from pellucid.data.audit.audit import Audit
from pellucid.errors import InputError
from pellucid.evaluation import (
    CrossValidation,
    FileFacts,
    LearningCurve,
    RegressionScores,
    RegressionValidation,
    Scores,
    Shift,
    cross_validate,
    cross_validate_regression,
    facts_of,
    file_facts,
    learning_curve,
    prior_shift,
    score,
    score_regression,
)
from pellucid.evaluation.cross_val_predict import FOLDS, usual_repeats
from pellucid.evaluation.cross_validation import HEADLINE_BELOW
from pellucid.experiment.learner import NO_HIDDEN_LAYER, Learner, Samples
from pellucid.features.extraction import Progress
from pellucid.model.model import Model
from pellucid.model.predictions import class_codes
from pellucid.system.random_streams import stream
from pellucid.training import Checkpoints


def usual_or_wanted(wanted: int | None, train: Dataset) -> int:
    """Return how often to cross-validate; not at all, unless it is asked for, where a class has too few samples."""
    if wanted is not None:
        return wanted
    if len(train) >= HEADLINE_BELOW:
        return 0
    try:
        folds(np.zeros(len(train)) if train.strata is None else train.strata, FOLDS, stream(0, "folds"), train.groups)
    except InputError:
        return 0
    return usual_repeats(len(train))


def cross_validated(
    learner: Learner,
    train: Samples,
    repeats: int,
    threshold: float | Literal["auto"],
    progress: Progress | None,
    checkpoints: Checkpoints | None,
) -> CrossValidation | RegressionValidation:
    fit_predict, told = learner.fit_predict(train, checkpoints), _told(progress, "cross-validation")
    how: dict[str, Any] = {"seed": learner.seed, "repeats": repeats, "groups": train.groups, "progress": told}
    if not learner.class_names:
        return cross_validate_regression(fit_predict, train.labels, **how)
    return cross_validate(fit_predict, train.labels, learner.class_names, threshold=threshold, **how)


def curve_of(
    learner: Learner,
    train: Samples,
    judged: CrossValidation | RegressionValidation | None,
    progress: Progress | None,
    checkpoints: Checkpoints | None,
) -> LearningCurve:
    return learning_curve(
        learner.fit_predict(train, checkpoints, with_baseline=False),
        train.labels,
        seed=learner.seed,
        groups=train.groups,
        whole=judged.probabilities if isinstance(judged, CrossValidation) else None,
        progress=_told(progress, "learning curve"),
    )


def scored(
    model: Model,
    R: np.ndarray,
    labels: np.ndarray,
    used_for: str,
    baseline: Model | None = None,
    groups: np.ndarray | None = None,
) -> Scores | RegressionScores:
    """Return the scores of a model on raw rows R with labels (n,): codes of its classes, or numbers to predict.

    baseline: the model without hidden layers.  Beside numbers stands the mean of those that were learned; of these rows
    where the model does not know it.
    """
    answers = model.answers(R)
    simpler = {} if baseline is None else {NO_HIDDEN_LAYER: baseline.answers(R)}
    if not model.class_names:
        mean = float(labels.mean()) if model.target is None else model.target.mean
        return score_regression(answers, labels, mean, used_for, simpler)
    said = {name: class_codes(P, model.threshold) for name, P in simpler.items()}
    return score(answers, labels, model.class_names, used_for, said, groups, model.threshold)


def _told(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, total: progress.fits(what, done, total)


def facts_against(
    found: Audit | None,
    parts: Mapping[str, Dataset],
    judged: CrossValidation | RegressionValidation | None,
    model: Model,
    R_test: np.ndarray | None,
    seed: int,
) -> FileFacts | None:
    """Return how well file facts alone guess the class: by cross-validation where there is one, else on the test part.

    R_test: the raw rows of the test part.  None where nobody looked at files, or nothing is held back.
    """
    used = ("train",) if judged is not None else ("train", "test")
    if found is None or not model.class_names or not all(part in parts and parts[part].of_files for part in used):
        return None
    known = []
    for part in used:
        whole = part if part in found.metadata else "train"  # which it was held back from
        row_of = {name: row for row, name in enumerate(found.names(whole))}
        known += facts_of(found.metadata[whole][row_of[name]] for name in parts[part].names)
    labels = np.concatenate([parts[part].labels for part in used])
    if isinstance(judged, CrossValidation):
        return file_facts(known, labels, judged.held, seed=seed, net=judged.said)
    assert R_test is not None
    held = [np.arange(len(parts["train"]), len(labels))]
    net = np.concatenate([parts["train"].labels, class_codes(model.probabilities(R_test))])  # only held ones are asked
    return file_facts(known, labels, held, seed=seed, net=net)


def shift_between(parts: Mapping[str, Dataset], seed: int) -> Shift | None:
    """Return how the shares of the classes differ between training and test (or validation) part, if there is one."""
    other = next((part for part in ("test", "validation") if part in parts), None)
    train = parts["train"]
    if other is None or not train.class_names:
        return None
    rng = stream(seed, "shift")
    return prior_shift(train.labels, parts[other].labels, train.class_names, rng, ("training", other))


def shift_since_training(model: Model, labels: np.ndarray) -> Shift | None:
    """Return how the shares of the classes differ from those that a model learned from; None where it does not tell."""
    counts = model.provenance.get("counts", {}).get("train")
    if not (isinstance(counts, dict) and set(counts) == set(model.class_names) and model.class_names):
        return None
    learned = np.repeat(np.arange(len(counts)), [int(counts[name]) for name in model.class_names])
    return prior_shift(learned, labels, model.class_names, stream(0, "shift"), ("training", "these data"))
