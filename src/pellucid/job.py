"""A job: a recipe carried out. Samples are read, rows held back, features and networks fitted, and all is judged.

The same few steps for pictures and tables, and for every way to ask for them.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.assembly import Progress, described, same_place
from pellucid.data import Dataset, Splits, folds, load, split_rows
from pellucid.errors import InputError
from pellucid.evaluation import CrossValidation, LearningCurve, Scores, cross_validate, learning_curve, score
from pellucid.evaluation.cross_validation import HEADLINE_BELOW
from pellucid.evaluation.out_of_fold import FOLDS, usual_repeats
from pellucid.learner import NO_HIDDEN_LAYER, Learner, Samples
from pellucid.model import Model, class_codes
from pellucid.randomness import as_seed, stream
from pellucid.recipe import Recipe, make_recipe
from pellucid.training import Checkpoints, History
from pellucid.version import versions

HOLDOUT = 0.2  # of the samples, where nothing else judges
NOT_TOLD = ("data", "training", "cache")  # in a model's recipe: told elsewhere, or without influence


@dataclass(frozen=True)
class Result:
    """What a job gives.

    recipe: all its values in full, flat; `make_recipe` takes them, and gives the same weights again.
    scores: by part ("train", "validation", "test").  histories: of each network.
    cross_validation: the headline where the samples are few.  learning_curve: where it was asked for.
    skipped: pictures left out, as (name, reason).
    splits: the data as it was divided, and rows: its raw rows, to draw from.
    """

    model: Model
    recipe: dict[str, Any]
    histories: tuple[History, ...]
    scores: dict[str, Scores]
    cross_validation: CrossValidation | None
    learning_curve: LearningCurve | None
    splits: Splits
    rows: dict[str, np.ndarray]
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def history(self) -> History:
        """The record of the network, or of the first of an ensemble."""
        return self.histories[0]

    @property
    def headline(self) -> Scores | None:
        """The scores that tell most of new samples: of cross-validation, else of rows that had no say in anything."""
        if self.cross_validation is not None:
            return self.cross_validation.scores
        tested = (self.scores[part] for part in ("test", "validation") if part in self.scores)
        return next((scores for scores in tested if scores.interval is not None), None)


def train(source: str | Path, *, progress: Progress | None = None, **settings: Any) -> Result:
    """Train a classifier on a data source and return the model, its history and its scores.

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
    splits = _loaded(recipe)
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
    repeats = _repeats(recipe.cross_validate, parts["train"])
    holdout = _holdout(recipe.holdout, repeats, parts)
    division = _hold_back(holdout, seed, rows, parts) if holdout else []

    samples = {part: Samples(rows[part], dataset.labels, dataset.groups) for part, dataset in parts.items()}
    names = parts["train"].class_names
    learner = Learner(features, settings, seed, names, recipe.networks_for(features))
    judged = _cross_validated(learner, samples["train"], repeats, progress, checkpoints) if repeats else None
    curve = _learning_curve(learner, samples["train"], judged, progress, checkpoints) if recipe.learning_curve else None
    learned = learner.learn(
        samples["train"],
        samples.get("validation"),
        None if progress is None else lambda X, y: [progress.training(X, y, settings.epochs)],
        checkpoints,
    )
    simpler = learner.without_hidden_layers
    baseline = None
    if simpler is not None and not learned.interrupted:
        baseline = simpler.learn(samples["train"], samples.get("validation"), None, checkpoints, "baseline").model
    chooses = settings.stopping is not None or settings.restarts > 1
    used_for = {"train": "training", "validation": "choosing" if chooses else "testing", "test": "testing"}
    if len(learned.held):
        assert settings.stopping is not None
        share = f"{settings.stopping.fraction:.0%}"
        division += [f"{share} of the rest held back for early stopping, by {_by(parts['train'])}"]
        kept = np.delete(np.arange(len(samples["train"])), learned.held)
        rows |= {"validation": rows["train"][learned.held], "train": rows["train"][kept]}
        parts |= {"validation": parts["train"].take(learned.held), "train": parts["train"].take(kept)}

    model = replace(
        learned.model,
        merge=recipe.merge,
        provenance={
            "data": recipe.data,
            "counts": {part: dataset.counts() for part, dataset in parts.items()},
            "division": "; ".join(division) or "as the data is divided",
            "used_for": used_for,
            "skipped": len(skipped or ()),
            "seed": seed,
            "recipe": {f.name: getattr(recipe, f.name) for f in fields(recipe) if f.name not in NOT_TOLD},
            "settings": settings.described(),
            "versions": versions(),
        },
    )
    scores = {}
    for part, dataset in parts.items():
        simple = {} if baseline is None else {NO_HIDDEN_LAYER: class_codes(baseline.probabilities(rows[part]))}
        P = model.probabilities(rows[part])
        scores[part] = score(P, dataset.labels, names, used_for[part], simple, dataset.groups)
    return Result(
        model,
        recipe.in_full(features, seed, repeats, holdout),
        learned.histories,
        scores,
        judged,
        curve,
        Splits(**parts),
        rows,
        tuple(skipped or ()),
    )


def _repeats(wanted: int | None, train: Dataset) -> int:
    """Return how often to cross-validate; not at all, unless it is asked for, where a class has too few samples."""
    if wanted is not None:
        return wanted
    if len(train) >= HEADLINE_BELOW:
        return 0
    try:
        folds(train.labels, FOLDS, stream(0, "folds"), train.groups)
    except InputError:
        return 0
    return usual_repeats(len(train))


def _cross_validated(
    learner: Learner, train: Samples, repeats: int, progress: Progress | None, checkpoints: Checkpoints | None
) -> CrossValidation:
    return cross_validate(
        learner.fit_predict(train, checkpoints),
        train.labels,
        learner.class_names,
        seed=learner.seed,
        repeats=repeats,
        groups=train.groups,
        progress=_told(progress, "cross-validation"),
    )


def _learning_curve(
    learner: Learner,
    train: Samples,
    judged: CrossValidation | None,
    progress: Progress | None,
    checkpoints: Checkpoints | None,
) -> LearningCurve:
    return learning_curve(
        learner.fit_predict(train, checkpoints, with_baseline=False),
        train.labels,
        seed=learner.seed,
        groups=train.groups,
        whole=None if judged is None else judged.probabilities,
        progress=_told(progress, "learning curve"),
    )


def _told(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, total: progress.fits(what, done, total)


def _loaded(recipe: Recipe) -> Splits:
    """Return the parts as they come, coded alike: by the classes and columns of the training part."""
    how: dict[str, Any] = {"label": recipe.label, "keys": recipe.keys, "groups": recipe.groups}
    parts = dict(load(recipe.data, **how).items())
    for part, source in (("validation", recipe.validation), ("test", recipe.test)):
        if source is not None:
            own = load(source, **how, least_classes=1)
            if same_place(source, recipe.data) and getattr(own, part) is None:
                raise InputError(f"the {part} data is the training data itself; give other data, or leave {part} out.")
            parts[part] = getattr(own, part) or own.train
    train = parts.pop("train").merged(recipe.merge)
    others = {
        part: dataset.coded_as(train.class_names, recipe.merge).with_columns(train.columns)
        for part, dataset in parts.items()
    }
    return Splits(train, **others)


def _holdout(wanted: float | None, repeats: int, parts: dict[str, Dataset]) -> float:
    """Return the share to hold back for testing."""
    if wanted is None:
        return 0 if len(parts) > 1 or repeats else HOLDOUT
    if wanted > 0 and "test" in parts:
        raise InputError("there is a test part already; leave holdout out, or set it to 0.")
    return wanted


def _hold_back(holdout: float, seed: int, rows: dict[str, np.ndarray], parts: dict[str, Dataset]) -> list[str]:
    """Move a share of the training samples to a test part; return what was done."""
    whole, R = parts["train"], rows["train"]
    kept, held = split_rows(whole.labels, holdout, stream(seed, "split"), whole.groups)
    parts |= {"train": whole.take(kept), "test": whole.take(held)}
    rows |= {"train": R[kept], "test": R[held]}
    return [f"{holdout:.0%} held back for testing, by {_by(whole)}"]


def _by(dataset: Dataset) -> str:
    return "class" if dataset.groups is None else "class and group"
