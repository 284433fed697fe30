"""A job: a recipe carried out. Samples are read, rows held back, features and networks fitted, and all is judged.

The same few steps for pictures and tables, and for every way to ask for them.
"""

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from pellucid._version import versions
from pellucid.data import Splits
from pellucid.errors import InputError
from pellucid.evaluation import (
    Answered,
    CrossValidation,
    RegressionScores,
    Scores,
)
from pellucid.experiment.learner import Learner, Samples
from pellucid.experiment.operating_point import Decision, Kept, answers_of, decided, knowing
from pellucid.experiment.partition import Division
from pellucid.experiment.prepare import Prepared, prepare
from pellucid.experiment.recipe import Recipe, make_recipe
from pellucid.experiment.result import Result
from pellucid.experiment.scoring import cross_validated, curve_of, facts_against, scored, shift_between, usual_or_wanted
from pellucid.features.extraction import Progress
from pellucid.model.model import Model
from pellucid.system.random_streams import as_seed
from pellucid.training import Checkpoints, Settings

NOT_TOLD = ("data", "training", "cache")  # in a model's recipe: told elsewhere, or without influence


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
    features = prepared.features
    settings = recipe.settings(features.kind)
    seed = as_seed(settings.random_state)
    seed = seed if checkpoints is None else checkpoints.keep("seed", seed)
    settings = replace(settings, random_state=seed)

    skipped: list[tuple[str, str]] | None = [] if recipe.skip_bad else None
    division = Division.read(splits, features, skipped, progress, prepared.scans)
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
