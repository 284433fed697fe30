"""A job: a recipe carried out. Samples are read, rows held back, features and networks fitted, and all is judged.

The same few steps for pictures and tables, and for every way to ask for them.
"""

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.assembly import Progress, described
from pellucid.audit import Audit
from pellucid.data import Dataset, Splits, split_rows
from pellucid.data.corrections import Corrected
from pellucid.decision import Decision, Kept, answers_of, decided, knowing, refuse_impossible
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
from pellucid.judging import cross_validated, curve_of, facts_against, scored, shift_between, usual_or_wanted
from pellucid.learner import Learner, Samples
from pellucid.model import Model
from pellucid.preparation import prepare
from pellucid.randomness import as_seed, stream
from pellucid.recipe import Recipe, make_recipe
from pellucid.training import Checkpoints, History
from pellucid.training.doctor import Finding
from pellucid.version import versions

HOLDOUT = 0.2  # of the samples, where nothing else judges, or where nothing else is there to choose on
NOT_TOLD = ("data", "training", "cache")  # in a model's recipe: told elsewhere, or without influence


@dataclass(frozen=True)
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


def run(recipe: Recipe, progress: Progress | None = None, checkpoints: Checkpoints | None = None) -> Result:
    """Carry out a recipe.  checkpoints: where to write how far it is, and to go on from."""
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
    rows: dict[str, np.ndarray] = {}
    parts: dict[str, Dataset] = {}
    for part, dataset in splits.items():
        rows[part], parts[part] = described(dataset, features, np.float64, skipped, progress, recipe.cache)
    repeats = usual_or_wanted(recipe.cross_validate, parts["train"])
    holdout = _holdout(recipe.holdout, repeats, parts)
    division = _hold_back(holdout, "test", stream(seed, "split"), rows, parts) if holdout else []
    chooses = settings.stopping is not None or settings.restarts > 1
    if recipe.chooses and not repeats:
        if "validation" not in parts and settings.stopping is None:
            division += _hold_back(HOLDOUT, "validation", stream(seed, "stopping"), rows, parts)
        chooses = True

    samples = {part: Samples(rows[part], dataset.labels, dataset.groups) for part, dataset in parts.items()}
    first = parts["train"]
    learner = Learner(features, settings, seed, first.class_names, recipe.networks_for(features), first.target)
    judged = None
    if repeats:
        judged = cross_validated(learner, samples["train"], repeats, recipe.threshold, progress, checkpoints)
    curve = curve_of(learner, samples["train"], judged, progress, checkpoints) if recipe.learning_curve else None
    learned = learner.learn(
        samples["train"],
        samples.get("validation"),
        None if progress is None else lambda X, y: [progress.training(X, y, settings.epochs)],
        checkpoints,
    )
    of_folds = judged if isinstance(judged, CrossValidation) else None
    findings = learned.examine(None if of_folds is None else (of_folds.accuracy, of_folds.baselines["majority"]))
    simpler = learner.without_hidden_layers
    baseline = None
    if simpler is not None and not learned.interrupted:
        baseline = simpler.learn(samples["train"], samples.get("validation"), None, checkpoints, "baseline").model
    used_for = {"train": "training", "validation": "choosing" if chooses else "testing", "test": "testing"}
    facts = facts_against(prepared.audit, parts, judged, learned.model, rows.get("test"), seed)
    if len(learned.held):
        assert settings.stopping is not None
        share = f"{settings.stopping.fraction:.0%}"
        division += [f"{share} of the rest held back for early stopping, by {_by(parts['train'])}"]
        kept = np.delete(np.arange(len(samples["train"])), learned.held)
        rows |= {"validation": rows["train"][learned.held], "train": rows["train"][kept]}
        parts |= {"validation": parts["train"].take(learned.held), "train": parts["train"].take(kept)}

    model, decision = _decided(recipe, learner, learned.model, of_folds, samples["train"], rows, parts)
    model = replace(
        model,
        merge=recipe.merge,
        provenance={
            "data": recipe.data,
            "counts": {part: dataset.counts() or len(dataset) for part, dataset in parts.items()},
            "division": "; ".join(division) or "as the data is divided",
            "used_for": used_for,
            "skipped": len(skipped or ()),
            "corrections": {part: asdict(made) for part, made in (prepared.corrections or {}).items()},
            "dropped": prepared.dropped,
            "findings": [finding.as_dict() for finding in findings],
            "audit": None if prepared.audit is None else prepared.audit.as_dict()["findings"],
            "seed": seed,
            "recipe": {f.name: getattr(recipe, f.name) for f in fields(recipe) if f.name not in NOT_TOLD},
            "settings": settings.described(),
            "decision": decision.as_dict(),
            "versions": versions(),
        },
    )
    scores: dict[str, Scores | RegressionScores] = {}
    answered: dict[str, Answered] = {}
    for part, dataset in parts.items():
        scores[part] = scored(model, rows[part], dataset.labels, used_for[part], baseline, dataset.groups)
        worth = answers_of(model, rows[part], dataset, used_for[part]) if used_for[part] == "testing" else None
        answered |= {} if worth is None else {part: worth}
    return Result(
        model,
        recipe.in_full(features, seed, repeats, holdout),
        learned.histories,
        scores,
        judged,
        curve,
        prepared.audit,
        facts,
        shift_between(parts, seed),
        findings,
        Splits(**parts),
        rows,
        decision,
        answered,
        prepared.corrections,
        tuple(skipped or ()),
    )


def _decided(
    recipe: Recipe,
    learner: Learner,
    model: Model,
    judged: CrossValidation | None,
    whole: Samples,
    rows: dict[str, np.ndarray],
    parts: dict[str, Dataset],
) -> tuple[Model, Decision]:
    """Return the model with what is chosen on rows it did not learn from: of the folds, else of the validation part.

    whole: the samples of the folds.
    """
    if not recipe.chooses:
        return replace(model, threshold=float(recipe.threshold)), Decision()
    model = knowing(model, rows["train"])
    if judged is None:
        kept = Kept.of_part(model, rows["validation"], parts["validation"], learner.seed)
    else:
        kept = Kept.of_folds(learner.features, whole.R, whole.labels, whole.groups, judged)
    return decided(model, kept, recipe.reject, recipe.threshold)


def _holdout(wanted: float | None, repeats: int, parts: dict[str, Dataset]) -> float:
    """Return the share to hold back for testing."""
    if wanted is None:
        return 0 if len(parts) > 1 or repeats else HOLDOUT
    if wanted > 0 and "test" in parts:
        raise InputError("there is a test part already; leave holdout out, or set it to 0.")
    return wanted


def _hold_back(
    share: float, part: str, rng: np.random.Generator, rows: dict[str, np.ndarray], parts: dict[str, Dataset]
) -> list[str]:
    """Move a share of the training samples to another part; return what was done."""
    whole, R = parts["train"], rows["train"]
    kept, held = split_rows(whole.strata, share, rng, whole.groups, n=len(whole))
    parts |= {"train": whole.take(kept), part: whole.take(held)}
    rows |= {"train": R[kept], part: R[held]}
    held_for = {"test": "held back for testing", "validation": "of the rest held back for choosing"}[part]
    return [f"{share:.0%} {held_for}, by {_by(whole)}"]


def _by(dataset: Dataset) -> str:
    if dataset.strata is None:
        return "chance" if dataset.groups is None else "group"
    return "class" if dataset.groups is None else "class and group"
