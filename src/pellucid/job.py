"""A job: a recipe carried out. Samples are read, rows held back, features and networks fitted, and all is judged.

The same few steps for pictures and tables, and for every way to ask for them.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.assembly import Progress, described, same_place
from pellucid.data import Dataset, Splits, load, split_rows
from pellucid.errors import InputError
from pellucid.evaluation import Scores, score
from pellucid.learner import Learner, Samples
from pellucid.model import Model
from pellucid.randomness import as_seed, stream
from pellucid.recipe import Recipe, make_recipe
from pellucid.training import History
from pellucid.version import versions

NOT_TOLD = ("data", "training", "cache")  # in a model's recipe: told elsewhere, or without influence


@dataclass(frozen=True)
class Result:
    """What a job gives.

    scores: by part ("train", "validation", "test").  histories: of each network.
    skipped: pictures left out, as (name, reason).
    splits: the data as it was divided, and rows: its raw rows, to draw from.
    """

    model: Model
    histories: tuple[History, ...]
    scores: dict[str, Scores]
    splits: Splits
    rows: dict[str, np.ndarray]
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def history(self) -> History:
        """The record of the network, or of the first of an ensemble."""
        return self.histories[0]


def train(source: str | Path, *, progress: Progress | None = None, **settings: Any) -> Result:
    """Train a classifier on a data source and return the model, its history and its scores.

    source: a folder of class folders, a .zip of one, .h5, .csv, .npz, an IDX folder, "hf:NAME" or "toy:flower".
    settings: any field of `Recipe` (validation, size, merge, ...) or of `Settings` (hidden_layers, epochs, ...).
    progress: what shows how far reading and training are.

    >>> result = train("toy:flower", hidden_layers=(8,), activation="tanh", optimizer="lbfgs", random_state=0)
    >>> result.scores["test"].accuracy > 0.8
    True
    """
    if not isinstance(source, str | Path):
        raise InputError(f"train takes the name of data, got {type(source).__name__}; arrays go to the estimators.")
    return run(make_recipe(data=str(source), **settings), progress)


def run(recipe: Recipe, progress: Progress | None = None) -> Result:
    """Carry out a recipe."""
    splits = _loaded(recipe)
    features = recipe.features_for(splits.train)
    settings = recipe.settings(features.kind)
    seed = as_seed(settings.random_state)
    settings = replace(settings, random_state=seed)
    skipped: list[tuple[str, str]] | None = [] if recipe.skip_bad else None
    rows: dict[str, np.ndarray] = {}
    parts: dict[str, Dataset] = {}
    for part, dataset in splits.items():
        rows[part], parts[part] = described(dataset, features, np.float64, skipped, progress, recipe.cache)
    division = _hold_back(recipe.holdout, seed, rows, parts)

    samples = {part: Samples(rows[part], dataset.labels, dataset.groups) for part, dataset in parts.items()}
    learner = Learner(features, settings, seed, parts["train"].class_names, recipe.networks_for(features))
    labels = parts["train"].labels
    learned = learner.learn(
        samples["train"],
        samples.get("validation"),
        None if progress is None else lambda X, y: [progress.training(X, y, settings.epochs)],
    )
    chooses = settings.stopping is not None or settings.restarts > 1
    used_for = {"train": "training", "validation": "choosing" if chooses else "testing", "test": "testing"}
    if len(learned.held):
        assert settings.stopping is not None
        share = f"{settings.stopping.fraction:.0%}"
        division += [f"{share} of the rest held back for early stopping, by {_by(parts['train'])}"]
        kept = np.delete(np.arange(len(labels)), learned.held)
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
    scores = {
        part: score(model.probabilities(rows[part]), dataset.labels, model.class_names, used_for[part])
        for part, dataset in parts.items()
    }
    return Result(model, learned.histories, scores, Splits(**parts), rows, tuple(skipped or ()))


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


def _hold_back(holdout: float, seed: int, rows: dict[str, np.ndarray], parts: dict[str, Dataset]) -> list[str]:
    """Move a share of the training samples to a test part, where there is none to judge on; return what was done."""
    if len(parts) > 1 or holdout == 0:
        return []
    whole, R = parts["train"], rows["train"]
    kept, held = split_rows(whole.labels, holdout, stream(seed, "split"), whole.groups)
    parts |= {"train": whole.take(kept), "test": whole.take(held)}
    rows |= {"train": R[kept], "test": R[held]}
    return [f"{holdout:.0%} held back for testing, by {_by(whole)}"]


def _by(dataset: Dataset) -> str:
    return "class" if dataset.groups is None else "class and group"
