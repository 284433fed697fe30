"""Judging: what a job finds out about how good its model is, on rows that it did not learn from."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from pellucid.data import Dataset, folds
from pellucid.data.audit.audit import Audit
from pellucid.errors import InputError
from pellucid.evaluation import (
    ClassShift,
    CrossValidation,
    LearningCurve,
    MetadataBaseline,
    RegressionValidation,
    class_shift,
    compare,
    facts_of,
    learning_curve,
    metadata_baseline,
)
from pellucid.evaluation.cross_val_predict import FOLDS, usual_repeats
from pellucid.evaluation.cross_validation import HEADLINE_BELOW
from pellucid.experiment.learner import Learner, Samples
from pellucid.features import Features
from pellucid.features.augmentation import copies_of
from pellucid.model.model import Model
from pellucid.model.predictions import Predictions, class_codes
from pellucid.system.random_streams import stream
from pellucid.training.diagnostics import Finding

ERRORS = 2  # standard errors; a smaller difference may be chance


def repeats_of(wanted: int | None, train: Dataset) -> int:
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
    learner: Learner, train: Samples, repeats: int, threshold: float | Literal["auto"]
) -> CrossValidation | RegressionValidation:
    """Return the scores of cross-validation, beside those of a network without hidden layers."""
    return learner.task.cross_validate(
        learner.fit_predict(train),
        train.labels,
        threshold,
        seed=learner.seed,
        repeats=repeats,
        groups=train.groups,
        progress=learner.progress.counting("cross-validation"),
    )


def harmful_copies(
    learner: Learner, train: Samples, judged: CrossValidation | None, plain: Callable[[], Features]
) -> tuple[Finding, ...]:
    """Return a finding where pictures are predicted credibly better without copies of each, in a trial.

    The trial is one cross-validation of a single network; it is made only where the net is hardly better than chance.
    Mirrored classes, such as arrows, b and d, or left and right turns, cannot be told apart with mirrored copies.
    plain: makes the same features without copies.
    """
    features = learner.features
    if judged is None or len(features.views) == 1:
        return ()
    n, majority = judged.effective_rows, judged.baselines["majority"]
    learned = majority + ERRORS * (majority * (1 - majority) / n) ** 0.5
    if judged.accuracy > learned:
        return ()

    def first_view(samples: Samples) -> Samples:
        return replace(samples, R=samples.R[:, : features.n_out])

    aside = None if learner.aside is None else first_view(learner.aside)
    alone = replace(learner, features=plain(), ensemble=1, checkpoints=None, aside=aside)
    trial = alone.task.cross_validate(
        alone.fit_predict(first_view(train), with_baseline=False),
        train.labels,
        0.5,
        seed=learner.seed,
        repeats=1,
        groups=train.groups,
        progress=learner.progress.counting("a trial without copies"),
    )
    if not isinstance(trial, CrossValidation) or trial.accuracy <= learned:
        return ()
    right, others = (found.wrong < 0.5 for found in (trial, judged))  # of several repeats in most
    if not compare(right, others, groups=train.groups).credibly_better:
        return ()
    kinds = " and ".join(copies_of(features.views))
    finding = Finding(
        "problem",
        "copies that hurt",
        f"In cross-validation the accuracy is {judged.accuracy:.3f} with {kinds} copies of each picture, "
        f"and {trial.accuracy:.3f} without, in a trial with one network.",
        "Train without copies: --copies none (copies=()).",
        {"with_copies": judged.accuracy, "without_copies": trial.accuracy},
    )
    return (finding,)


def curve_of(
    learner: Learner, train: Samples, cross_validation: CrossValidation | RegressionValidation | None
) -> LearningCurve:
    """Return what fewer samples would have reached."""
    whole = cross_validation.probabilities if isinstance(cross_validation, CrossValidation) else None
    return learning_curve(
        learner.fit_predict(train, with_baseline=False),
        train.labels,
        seed=learner.seed,
        groups=train.groups,
        whole=whole,
        progress=learner.progress.counting("learning curve"),
    )


def metadata_baseline_of(
    found: Audit | None,
    parts: Mapping[str, Dataset],
    judged: CrossValidation | RegressionValidation | None,
    predictions: Mapping[str, Predictions],
    seed: int,
) -> MetadataBaseline | None:
    """Return how well file metadata alone predicts the class: by cross-validation, or else on the test part.

    None where nobody looked at files, or nothing was held out.
    """
    used = ("train",) if judged is not None else ("train", "test")
    is_regression = not parts["train"].class_names
    if found is None or is_regression or not all(part in parts and parts[part].of_files for part in used):
        return None
    known = []
    for part in used:
        whole = part if part in found.metadata else "train"  # which it was held out from
        row_of = {name: row for row, name in enumerate(found.names(whole))}
        known += facts_of(found.metadata[whole][row_of[name]] for name in parts[part].names)
    labels = np.concatenate([parts[part].labels for part in used])
    if isinstance(judged, CrossValidation):
        return metadata_baseline(known, labels, judged.held, seed=seed, net=judged.said, groups=parts["train"].groups)
    held = [np.arange(len(parts["train"]), len(labels))]
    net = np.concatenate([parts["train"].labels, class_codes(predictions["test"].outputs)])  # only held-out rows count
    groups = None if parts["test"].groups is None else np.append(parts["train"].names, parts["test"].groups)
    return metadata_baseline(known, labels, held, seed=seed, net=net, groups=groups)


def class_shift_between(parts: Mapping[str, Dataset], seed: int) -> ClassShift | None:
    """Return how the shares of the classes differ between training and test (or validation) part, if there is one."""
    other = next((part for part in ("test", "validation") if part in parts), None)
    train = parts["train"]
    if other is None or not train.class_names:
        return None
    rng = stream(seed, "shift")
    return class_shift(train.labels, parts[other].labels, train.class_names, rng, ("training", other))


def class_shift_since_training(model: Model, labels: np.ndarray) -> ClassShift | None:
    """Return how the shares of the classes differ from those that a model learned from; None where it does not tell."""
    counts = (model.provenance.counts or {}).get("train")
    if not (isinstance(counts, dict) and set(counts) == set(model.class_names) and model.class_names):
        return None
    learned = np.repeat(np.arange(len(counts)), [int(counts[name]) for name in model.class_names])
    return class_shift(learned, labels, model.class_names, stream(0, "shift"), ("training", "these data"))
