"""Run: a recipe carried out. Samples are read, some held out, features and networks fitted, and everything is scored.

The same few steps for pictures and tables, and for every way to ask for them.
"""

from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np

from pellucid._version import versions
from pellucid.data import Splits
from pellucid.data.readers.frame import Frame, as_source
from pellucid.evaluation import CrossValidation
from pellucid.evaluation.task import task_of
from pellucid.experiment.learner import NO_HIDDEN_LAYER, Learned, Learner, Samples
from pellucid.experiment.operating_point import (
    Decision,
    HeldOut,
    choose_operating_point,
    selective_scores,
    with_reference_set,
)
from pellucid.experiment.partition import Division
from pellucid.experiment.prepare import Prepared, prepare
from pellucid.experiment.recipe import Recipe, make_recipe
from pellucid.experiment.result import Result
from pellucid.experiment.scoring import (
    class_shift_between,
    cross_validated,
    curve_of,
    harmful_copies,
    metadata_baseline_of,
    repeats_of,
)
from pellucid.model.model import Model, mean_inputs
from pellucid.model.provenance import Provenance
from pellucid.model.row_digests import row_digests
from pellucid.system.progress import SILENT, Progress
from pellucid.system.random_streams import as_seed
from pellucid.training import Checkpoints

LEFT_OUT = ("data", "training", "cache")  # of a model's recipe: recorded elsewhere, or without influence


def train(source: Any, *, progress: Progress | None = None, **settings: Any) -> Result:
    """Train a classifier, or a regressor, on a data source and return the model, its history and its scores.

    source: a folder of class folders, a .zip of one, .h5, .csv, .npz, an IDX folder, "hf:NAME" or "toy:flower"; or a
    data frame of pandas, polars or pyarrow, whose label is a column.
    settings: any field of `Recipe` (validation, size, merge, ...) or of `Settings` (hidden_layers, epochs, ...).
    progress: hears how far reading and training are.

    >>> result = train("toy:flower", hidden_layers=(8,), activation="tanh", optimizer="lbfgs", random_state=0)
    >>> result.cross_validation.accuracy > 0.8
    True
    """
    for part in ("validation", "test"):
        if settings.get(part) is not None:
            settings[part] = as_source(settings[part])
    return run(make_recipe(data=as_source(source), **settings), progress)


@dataclass(frozen=True)
class Plan:
    """A run before anything is learned: prepared and divided data, and who learns what from which samples.

    repeats: of cross-validation.  holdout: the share held out for testing.  skipped: unreadable pictures, where the
    recipe allows them.
    """

    recipe: Recipe
    prepared: Prepared
    learner: Learner
    division: Division
    repeats: int
    holdout: float
    skipped: list[tuple[str, str]] | None

    @property
    def samples(self) -> tuple[Samples, Samples | None]:
        """The samples to learn from, and those to measure on."""
        division = self.division
        return division.samples("train"), division.samples("validation") if "validation" in division else None


def planned(recipe: Recipe, progress: Progress = SILENT, checkpoints: Checkpoints | None = None) -> Plan:
    """Read the data of a recipe and divide them.  checkpoints: keep the seed, if the recipe has none."""
    prepared = prepare(recipe, progress)
    splits = prepared.splits
    features = prepared.features
    settings = recipe.settings(features.kind)
    seed = as_seed(settings.random_state)
    seed = seed if checkpoints is None else checkpoints.keep("seed", seed)
    settings = replace(settings, random_state=seed)

    skipped: list[tuple[str, str]] | None = [] if recipe.skip_bad else None
    division = Division.read(splits, features, skipped, progress, prepared.scans)
    aside = division.set_aside()
    if recipe.holdout is not None:  # before anything else is planned for what is left
        division.hold_back_for_testing(recipe.holdout, seed)
    repeats = repeats_of(recipe.cross_validate, division.train)
    holdout = recipe.holdout
    if holdout is None:
        holdout = division.usual_holdout(repeats)
        division.hold_back_for_testing(holdout, seed)
    if recipe.chooses and not repeats and settings.stopping is None:
        division.hold_back_for_choosing(seed)
    ensemble = recipe.networks_for(features)
    learner = Learner(features, settings, seed, task_of(division.train), ensemble, progress, checkpoints, aside)
    return Plan(recipe, prepared, learner, division, repeats, holdout, skipped)


def run(recipe: Recipe, progress: Progress | None = None, checkpoints: Checkpoints | None = None) -> Result:
    """Carry out a recipe.  progress: hears how far it is.  checkpoints: where it saves its state and resumes from."""
    plan = planned(recipe, progress or SILENT, checkpoints)
    learner, division, seed = plan.learner, plan.division, plan.learner.seed
    whole, validation = plan.samples

    # the first fits are those of the folds: each calls Learner.learn, as the whole does after them
    judged = cross_validated(learner, whole, plan.repeats, recipe.threshold) if plan.repeats else None
    curve = curve_of(learner, whole, judged) if recipe.learning_curve else None
    shown = learner.progress.training
    learned = learner.learn(whole, validation, callbacks=lambda X, y: [shown(X, y, learner.settings.epochs)])
    simpler = learner.without_hidden_layers
    baseline = None
    if simpler is not None and not learned.interrupted:
        baseline = simpler.learn(whole, validation, "baseline").model
    of_folds = judged if isinstance(judged, CrossValidation) else None
    plain = of_folds if recipe.threshold == 0.5 else None  # another threshold is not what the doctor should judge by
    in_folds = None if plain is None else (plain.accuracy, plain.baselines["majority"], plain.scores.balanced_accuracy)
    plain_features = partial(replace(recipe, copies=[]).features_for, division.train)
    findings = harmful_copies(learner, whole, of_folds, plain_features)
    found = learned.examine(in_folds)
    findings += tuple(f for f in found if not (findings and f.name == "no better than the majority"))  # its effect
    parts = dict(division.parts)  # before early stopping's rows move to the validation part
    model, decision = _decided(plan, learned, of_folds, whole)

    used_for = _used_for(plan)
    provenance = replace(
        _provenance(plan, used_for),
        findings=[finding.as_dict() for finding in findings],
        decision=decision.as_dict(),
    )
    learned_rows = [division.rows["train"], *([] if learner.aside is None else [learner.aside.R])]
    digests = np.unique(np.concatenate([row_digests(R) for R in learned_rows]))
    average = mean_inputs(model.features, division.rows["train"])
    model = replace(model, merge=recipe.merge, provenance=provenance, learned=digests, average=average)
    predictions = {part: model.predictions(R) for part, R, _ in division}
    scores, selective = {}, {}
    for part, R, dataset in division:
        simple = {}
        if baseline is not None:
            simple[NO_HIDDEN_LAYER] = replace(baseline, threshold=model.threshold).predictions(R)
        known = (predictions[part], dataset.labels)
        scores[part] = learner.task.scores(*known, used_for[part], model, simple, dataset.groups)
        worth = selective_scores(model, *known, dataset.groups, used_for[part])
        if worth is not None and used_for[part] == "testing":
            selective[part] = worth
    return Result(
        model=model,
        recipe=recipe.in_full(learner.features, seed, plan.repeats, plan.holdout),
        histories=learned.histories,
        scores=scores,
        cross_validation=judged,
        learning_curve=curve,
        audit=plan.prepared.audit,
        file_facts=metadata_baseline_of(plan.prepared.audit, parts, judged, predictions, seed),
        shift=class_shift_between(division.parts, seed),
        findings=findings,
        splits=Splits(**division.parts),
        rows=division.rows,
        predictions=predictions,
        decision=decision,
        answered=selective,
        corrections=plan.prepared.corrections,
        skipped=tuple(plan.skipped or ()),
    )


def _used_for(plan: Plan) -> dict[str, str]:
    """Return what each part of the data was used for; call it once everything is learned and held out."""
    settings = plan.learner.settings
    chooses = settings.stopping is not None or settings.restarts > 1 or (plan.recipe.chooses and not plan.repeats)
    return {"train": "training", "validation": "choosing" if chooses else "testing", "test": "testing"}


def _decided(plan: Plan, learned: Learned, judged: CrossValidation | None, whole: Samples) -> tuple[Model, Decision]:
    """Return the model with threshold and rejection, chosen on rows it did not learn from: folds, or validation part.

    Rows that early stopping held out move to the validation part first.  whole: the samples of the folds.
    """
    recipe, learner, division = plan.recipe, plan.learner, plan.division
    model = learned.model
    if len(learned.held) and learner.settings.stopping is not None:
        division.hold_out(learned.held, learner.settings.stopping)
    if model.features.of_images or recipe.chooses:
        model = with_reference_set(model, division.rows["train"], division.train.groups, learner.seed)
    if not recipe.chooses:
        return replace(model, threshold=float(recipe.threshold)), Decision()
    if judged is None:
        kept = HeldOut.of_part(model, division.rows["validation"], division.parts["validation"], learner.seed)
    else:
        kept = HeldOut.of_folds(learner.features, whole.R, whole.labels, whole.groups, judged)
    return choose_operating_point(model, kept, recipe.reject, recipe.threshold)


def _as_names(values: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Frame) else value for name, value in values.items()}


def _provenance(plan: Plan, used_for: dict[str, str]) -> Provenance:
    """Return where the model comes from: data, recipe and what was done to the data."""
    recipe, prepared, division = plan.recipe, plan.prepared, plan.division
    return Provenance(
        data=str(recipe.data),
        counts={part: dataset.counts() or len(dataset) for part, _, dataset in division},
        seed=plan.learner.seed,
        recipe=_as_names({f.name: getattr(recipe, f.name) for f in fields(recipe) if f.name not in LEFT_OUT}),
        settings=plan.learner.settings.described(),
        versions=versions(),
        division="; ".join(division.said) or "as the data is divided",
        used_for=used_for,
        skipped=len(plan.skipped or ()),
        corrections={part: asdict(made) for part, made in (prepared.corrections or {}).items()},
        dropped=prepared.dropped,
        audit=None if prepared.audit is None else prepared.audit.as_dict()["findings"],
    )
