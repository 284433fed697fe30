"""A job: a recipe carried out. Samples are read, rows held back, features and networks fitted, and all is judged.

The same few steps for pictures and tables, and for every way to ask for them.
"""

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid._version import versions
from pellucid.data import Splits
from pellucid.data.audit import Audit
from pellucid.data.corrections import Corrected
from pellucid.decision import Decision, Kept, answers_of, decided, knowing, refuse_impossible
from pellucid.division import Division
from pellucid.errors import InputError
from pellucid.evaluation import (
    Answered,
    CrossValidation,
    FileFacts,
    LearningCurve,
    RegressionScores,
    RegressionValidation,
    Scores,
    Shift,
)
from pellucid.features.extraction import Progress
from pellucid.html import escaped
from pellucid.judging import cross_validated, curve_of, facts_against, scored, shift_between, usual_or_wanted
from pellucid.learner import Learner, Samples
from pellucid.model.model import Model
from pellucid.preparation import Prepared, prepare
from pellucid.recipe import Recipe, make_recipe
from pellucid.system.random_streams import as_seed
from pellucid.training import Checkpoints, History, Settings
from pellucid.training.diagnostics import Finding

NOT_TOLD = ("data", "training", "cache")  # in a model's recipe: told elsewhere, or without influence


@dataclass(frozen=True, repr=False)
class Result:
    """What a job gives.

    recipe: all its values in full, flat; `make_recipe` takes them, and gives the same weights again.
    scores: by part ("train", "validation", "test"), of classes or of numbers.  histories: of each network.
    cross_validation: the headline where the samples are few.  learning_curve: where it was asked for.
    audit: what was found in the data.  file_facts: what the files tell besides the pictures.  shift: how the shares of
    the classes differ between training and test.  findings: of the training doctor.
    decision: the threshold and the limits of answers that were chosen.  answered: by part, what these are worth there.
    corrections: how many labels of each part were put right; None where there was no list of them.
    skipped: pictures left out, as (name, reason).
    splits: the data as it was divided, and rows: its raw rows, to draw from.
    """

    model: Model
    recipe: dict[str, Any]
    histories: tuple[History, ...]
    scores: dict[str, Scores | RegressionScores]
    cross_validation: CrossValidation | RegressionValidation | None
    learning_curve: LearningCurve | None
    audit: Audit | None
    file_facts: FileFacts | None
    shift: Shift | None
    findings: tuple[Finding, ...]
    splits: Splits
    rows: dict[str, np.ndarray]
    decision: Decision
    answered: dict[str, Answered]
    corrections: dict[str, Corrected] | None = None
    skipped: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"Result({self._expected()}; {self.model!r})"

    def _repr_html_(self) -> str:
        return f"<p>{escaped(self._expected())}</p>{self.history._repr_html_()}<p>{escaped(self.model)}</p>"

    def _expected(self) -> str:
        judged = self.headline if self.cross_validation is None else self.cross_validation
        return "nothing was held back, so nothing is known of new data" if judged is None else judged.sentence()

    @property
    def history(self) -> History:
        """The record of the network, or of the first of an ensemble."""
        return self.histories[0]

    @property
    def headline(self) -> Scores | RegressionScores | None:
        """The scores that tell most of new samples: of cross-validation, else of rows that had no say in anything."""
        if self.cross_validation is not None:
            return self.cross_validation.scores
        tested = (self.scores[part] for part in ("test", "validation") if part in self.scores)
        return next((scores for scores in tested if scores.used_for == "testing"), None)


def train(source: str | Path, *, progress: Progress | None = None, **settings: Any) -> Result:
    """Train a classifier, or a regressor, on a data source and return the model, its history and its scores.

    source: a folder of class folders, a .zip of one, .h5, .csv, .npz, an IDX folder, "hf:NAME" or "toy:flower".
    settings: any field of `Recipe` (validation, size, merge, ...) or of `Settings` (hidden_layers, epochs, ...).
    progress: what shows how far reading and training are.

    >>> result = train("toy:flower", hidden_layers=(8,), activation="tanh", optimizer="lbfgs", random_state=0)
    >>> result.cross_validation.accuracy > 0.8
    True
    """
    if not isinstance(source, str | Path):
        raise InputError(f"train takes the name of data, got {type(source).__name__}; arrays go to the estimators.")
    return run(make_recipe(data=str(source), **settings), progress)


@dataclass(frozen=True)
class Plan:
    """A job before anything is learned: prepared and divided data, and who learns what from which samples.

    seed: of the first start.  repeats: of cross-validation.  skipped: pictures left out, where that is allowed.
    """

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


def planned(recipe: Recipe, progress: Progress | None = None, checkpoints: Checkpoints | None = None) -> Plan:
    """Read the data of a recipe and divide them.  checkpoints: where the seed is kept, if the recipe has none."""
    prepared = prepare(recipe, progress)
    splits = prepared.splits
    refuse_impossible(recipe.reject, recipe.threshold, splits.train, splits.validation)
    if recipe.learning_curve and not splits.train.class_names:
        raise InputError("the learning curve tells of classes; leave learning_curve out where numbers are predicted.")
    features = recipe.features_for(splits.train)
    settings = recipe.settings(features.kind)
    seed = as_seed(settings.random_state)
    seed = seed if checkpoints is None else checkpoints.keep("seed", seed)
    settings = replace(settings, random_state=seed)

    skipped: list[tuple[str, str]] | None = [] if recipe.skip_bad else None
    division = Division.read(splits, features, skipped, progress, recipe.cache)
    if recipe.holdout is not None:  # before anything else is planned for what is left
        division.hold_back_for_testing(recipe.holdout, seed)
    repeats = usual_or_wanted(recipe.cross_validate, division.train)
    holdout = recipe.holdout
    if holdout is None:
        holdout = division.usual_holdout(repeats)
        division.hold_back_for_testing(holdout, seed)
    if recipe.chooses and not repeats and settings.stopping is None:
        division.hold_back_for_choosing(seed)
    first = division.train
    learner = Learner(features, settings, seed, first.class_names, recipe.networks_for(features), first.target)
    return Plan(prepared, learner, division, repeats, holdout, skipped)


def run(recipe: Recipe, progress: Progress | None = None, checkpoints: Checkpoints | None = None) -> Result:
    """Carry out a recipe.  checkpoints: where to write how far it is, and to go on from."""
    plan = planned(recipe, progress, checkpoints)
    prepared, learner, division, repeats = plan.prepared, plan.learner, plan.division, plan.repeats
    settings, seed, features, skipped = learner.settings, learner.seed, learner.features, plan.skipped
    whole, validation = plan.samples

    judged = None
    if repeats:
        judged = cross_validated(learner, whole, repeats, recipe.threshold, progress, checkpoints)
    curve = curve_of(learner, whole, judged, progress, checkpoints) if recipe.learning_curve else None
    shown = None if progress is None else lambda X, y: [progress.training(X, y, settings.epochs)]
    learned = learner.learn(whole, validation, shown, checkpoints)
    simpler = learner.without_hidden_layers
    baseline = None
    if simpler is not None and not learned.interrupted:
        baseline = simpler.learn(whole, validation, None, checkpoints, "baseline").model
    of_folds = judged if isinstance(judged, CrossValidation) else None
    plain = of_folds if recipe.threshold == 0.5 else None  # another threshold is not what the doctor should judge by
    findings = learned.examine(None if plain is None else (plain.accuracy, plain.baselines["majority"]))
    facts = facts_against(prepared.audit, division.parts, judged, learned.model, division.rows.get("test"), seed)
    if len(learned.held) and settings.stopping is not None:
        division.hold_out(learned.held, settings.stopping)

    chooses = settings.stopping is not None or settings.restarts > 1 or (recipe.chooses and not repeats)
    used_for = {"train": "training", "validation": "choosing" if chooses else "testing", "test": "testing"}
    model, decision = _decided(recipe, learner, learned.model, of_folds, whole, division)
    told = {
        "division": "; ".join(division.said) or "as the data is divided",
        "used_for": used_for,
        "skipped": len(skipped or ()),
        "corrections": {part: asdict(made) for part, made in (prepared.corrections or {}).items()},
        "dropped": prepared.dropped,
        "findings": [finding.as_dict() for finding in findings],
        "audit": None if prepared.audit is None else prepared.audit.as_dict()["findings"],
        "decision": decision.as_dict(),
    }
    model = replace(model, merge=recipe.merge, provenance=_provenance(recipe, settings, seed, division) | told)
    scores: dict[str, Scores | RegressionScores] = {}
    answered: dict[str, Answered] = {}
    for part, R, dataset in division:
        scores[part] = scored(model, R, dataset.labels, used_for[part], baseline, dataset.groups)
        worth = answers_of(model, R, dataset, used_for[part]) if used_for[part] == "testing" else None
        answered |= {} if worth is None else {part: worth}
    return Result(
        model=model,
        recipe=recipe.in_full(features, seed, repeats, plan.holdout),
        histories=learned.histories,
        scores=scores,
        cross_validation=judged,
        learning_curve=curve,
        audit=prepared.audit,
        file_facts=facts,
        shift=shift_between(division.parts, seed),
        findings=findings,
        splits=Splits(**division.parts),
        rows=division.rows,
        decision=decision,
        answered=answered,
        corrections=prepared.corrections,
        skipped=tuple(skipped or ()),
    )


def _decided(
    recipe: Recipe,
    learner: Learner,
    model: Model,
    judged: CrossValidation | None,
    whole: Samples,
    division: Division,
) -> tuple[Model, Decision]:
    """Return the model with what is chosen on rows it did not learn from: of the folds, else of the validation part.

    whole: the samples of the folds.
    """
    if not recipe.chooses:
        return replace(model, threshold=float(recipe.threshold)), Decision()
    model = knowing(model, division.rows["train"])
    if judged is None:
        kept = Kept.of_part(model, division.rows["validation"], division.parts["validation"], learner.seed)
    else:
        kept = Kept.of_folds(learner.features, whole.R, whole.labels, whole.groups, judged)
    return decided(model, kept, recipe.reject, recipe.threshold)


def _provenance(recipe: Recipe, settings: Settings, seed: int, division: Division) -> dict[str, Any]:
    """Return where a model comes from, as far as it was known before anything was learned."""
    return {
        "data": recipe.data,
        "counts": {part: dataset.counts() or len(dataset) for part, _, dataset in division},
        "seed": seed,
        "recipe": {f.name: getattr(recipe, f.name) for f in fields(recipe) if f.name not in NOT_TOLD},
        "settings": settings.described(),
        "versions": versions(),
    }
