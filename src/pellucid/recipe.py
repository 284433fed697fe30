"""Recipe: one whole job as a value. Data, features and settings in; model, history and honest scores out.

The same few steps for pictures and tables: load, join classes, hold rows back, fit the features, train, score.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np

from pellucid.data import Dataset, Splits, load, split_rows
from pellucid.errors import BadPictureError, InputError, MissingFileError, unknown_name
from pellucid.evaluation import Scores, score
from pellucid.features import Features, Numbers, Pixels
from pellucid.model import Model
from pellucid.pictures import PictureShape
from pellucid.randomness import as_seed, stream
from pellucid.training import History, Settings, fit
from pellucid.version import versions

DEFAULT_SHAPE = PictureShape(64, 64, 3)  # of photographs that differ in size

# Thousands of pixels, all positive, make one step move a unit far: with Adam at its usual rate whole layers die. These
# kept every start alive on held-out training rows of bean leaves and cats, at 48 to 100 pixels and 32 to 100 units.
PICTURE_SETTINGS = {"optimizer": "nesterov", "learning_rate": 0.003, "clip_norm": 1.0}


class Progress(Protocol):
    """Who wants to show how far a job is: the command line's bars, a page."""

    def reading(self, source: str, done: int, total: int) -> None:
        """Take note that `done` of `total` samples of a source are read."""

    def training(self, X: np.ndarray, y: np.ndarray, epochs: int) -> Callable[[Any], None]:
        """Return a callback for the training loop; X and codes y are the training rows."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to learn from, and how.

    data, validation, test: where samples are, as `pellucid.data.load` takes it; parts that `data` itself has are used.
    label, keys, groups: the label column, the HDF5 keys, the column of groups.
    merge: classes to join, {"sick": ["bean_rust", "angular_leaf_spot"]}.
    size: (height, width) of pictures; None keeps that of arrays and makes files 64 x 64.  grey: drop colours.
    standardize: bring the columns of a table to mean 0 and deviation 1.
    holdout: the share held back for testing where there are neither validation nor test data; 0 holds nothing back.
    skip_bad: leave out pictures that cannot be read, instead of stopping.
    training: fields of `Settings` as given; what is left out has its default, for pictures that of PICTURE_SETTINGS.
    """

    data: str
    validation: str | None = None
    test: str | None = None
    label: str | None = None
    keys: tuple[str, str] | None = None
    groups: str | None = None
    merge: dict[str, list[str]] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    grey: bool = False
    standardize: bool = True
    holdout: float = 0.2
    skip_bad: bool = False
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.holdout < 1:
            raise InputError(f"holdout must be a share, at least 0 and below 1; got {self.holdout!r}.")
        if self.size is not None and (len(self.size) != 2 or min(self.size) < 1):
            raise InputError(f"size must be (height, width), each at least 1; got {self.size!r}.")
        Settings(**self.training)  # refuses what is impossible before anything is read

    def settings(self, kind: str) -> Settings:
        """Return how to train on samples of a kind, "pictures" or "numbers"."""
        usual = PICTURE_SETTINGS if kind == "pictures" and "optimizer" not in self.training else {}
        return Settings(**{**usual, **self.training})


_NOT_IN_FILES = ("training", "callbacks", "warm_start")
FILE_TYPES = {
    **{f.name: f.type for f in (*fields(Recipe), *fields(Settings)) if f.name not in _NOT_IN_FILES},
    "optimizer": str,
    "loss": str,
    "learning_rate": float,
    "random_state": int,  # a file names, it holds no objects
}


@dataclass(frozen=True)
class Result:
    """What a recipe gives.

    scores: by part ("train", "validation", "test").  skipped: pictures left out, as (name, reason).
    splits: the data as it was divided, to draw from.
    """

    model: Model
    history: History
    scores: dict[str, Scores]
    splits: Splits
    skipped: tuple[tuple[str, str], ...] = ()


def train(source: str | Path, *, progress: Progress | None = None, **settings: Any) -> Result:
    """Train a classifier on a data source and return the model, its history and its scores.

    source: a folder of class folders, a .zip of one, .h5, .csv, .npz, an IDX folder, "hf:NAME" or "toy:flower".
    settings: any field of `Recipe` (validation, size, merge, ...) or of `Settings` (hidden_layers, epochs, ...).
    progress: what shows how far reading and training are.

    >>> result = train("toy:flower", hidden_layers=(8,), activation="tanh", optimizer="lbfgs", random_state=0)
    >>> result.scores["test"].accuracy > 0.8
    True
    """
    return run(make_recipe(data=str(source), **settings), progress)


def make_recipe(**values: Any) -> Recipe:
    """Return a recipe from flat values: fields of `Recipe` and of `Settings` side by side."""
    of_recipe = {f.name for f in fields(Recipe)} - {"training"}
    of_settings = {f.name for f in fields(Settings)}
    for name in values:
        if name not in of_recipe | of_settings:
            raise unknown_name("setting", name, of_recipe | of_settings)
    training = {name: value for name, value in values.items() if name in of_settings}
    return Recipe(**{name: value for name, value in values.items() if name in of_recipe}, training=training)


def read_recipe(path: str | Path) -> dict[str, Any]:
    """Return the flat values of a TOML file, for `make_recipe`: `epochs = 50`, `merge = {sick = ["rust"]}`, ..."""
    try:
        values = tomllib.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise MissingFileError(f"there is no recipe {path}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path} is not a TOML file: {error}.") from None
    for name, value in values.items():
        if name not in FILE_TYPES:
            raise unknown_name(f"setting in {path}", name, FILE_TYPES)
        try:
            values[name] = msgspec.convert(value, FILE_TYPES[name])
        except msgspec.ValidationError as error:
            raise InputError(f"{path}: {name}: {error}.") from None
    return values


def run(recipe: Recipe, progress: Progress | None = None) -> Result:
    """Carry out a recipe."""
    splits = _loaded(recipe)
    settings = recipe.settings(splits.train.kind)
    seed = as_seed(settings.random_state)
    settings = replace(settings, random_state=seed)
    splits, testing = _divided(splits, recipe.holdout, seed)
    names = splits.train.class_names
    features = _fitted_features(splits.train, recipe)
    dtype = settings.training_dtype(np.empty(0, np.float32 if features.kind == "pixels" else np.float64))
    skipped: list[tuple[str, str]] = []
    rows = {
        part: assemble(dataset, features, dtype, skipped if recipe.skip_bad else None, progress)
        for part, dataset in splits.items()
    }
    loss, n_out = settings.classifier_loss(len(names))
    targets = {part: labels if loss.codes else labels.astype(dtype)[:, None] for part, (_, labels) in rows.items()}
    validation = (rows["validation"][0], targets["validation"]) if "validation" in rows else None
    by_code = replace(settings, class_weight=_weight_by_code(settings.class_weight, names))
    if progress is not None:
        shown = progress.training(*rows["train"], settings.epochs)
        by_code = replace(by_code, callbacks=(*settings.callbacks, shown))
    fitted = fit(rows["train"][0], targets["train"], by_code, loss, n_out, validation=validation)

    provenance = {
        "data": recipe.data,
        "counts": {part: dataset.counts() for part, dataset in splits.items()},
        "parts": testing,
        "skipped": len(skipped),
        "seed": seed,
        "settings": settings.described(),
        "versions": versions(),
    }
    model = Model(features, (fitted.network,), names, recipe.merge, asdict(fitted.history), provenance)
    used_for = {"train": "training", "validation": "choosing" if settings.stopping else "testing", "test": "testing"}
    scores = {part: score(model.probabilities(X), labels, names, used_for[part]) for part, (X, labels) in rows.items()}
    return Result(model, fitted.history, scores, splits, tuple(skipped))


def assemble(
    dataset: Dataset,
    features: Features,
    dtype: Any = np.float64,
    skipped: list[tuple[str, str]] | None = None,
    progress: Progress | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows X (n, d) and labels (n,) of a data set, read block by block.

    skipped: where given, pictures that cannot be read are left out and added to it as (name, reason); else the first
    raises BadPictureError.
    """
    X = np.empty((len(dataset), features.n_out), dtype)
    good = np.ones(len(dataset), bool)
    filled = done = 0
    for raw in dataset.blocks():
        bad: list[tuple[int, BadPictureError]] = []
        block = features.transform(raw, dtype, None if skipped is None else bad)
        for position, error in bad:
            good[done + position] = False
            assert skipped is not None
            skipped.append((dataset.names[done + position], str(error)))
        X[filled : filled + len(block)] = block
        filled += len(block)
        done += len(raw)
        if progress is not None:
            progress.reading(dataset.source, done, len(dataset))
    labels = dataset.labels[good]
    if len(np.unique(labels)) < 2 <= len(np.unique(dataset.labels)):
        raise InputError(f"{dataset.source}: after leaving out what cannot be read, fewer than two classes remain.")
    return X[:filled], labels


def with_classes_of(model: Model, dataset: Dataset) -> Dataset:
    """Return a data set whose labels are the model's codes; its classes are joined first as they were in training.

    Raises InputError for a label that the model does not know.
    """
    known = {name for names in model.merge.values() for name in names}
    if known & set(dataset.class_names):
        present = {new: [old for old in olds if old in dataset.class_names] for new, olds in model.merge.items()}
        joined = [next((new for new, olds in present.items() if name in olds), name) for name in dataset.class_names]
    else:
        joined = list(dataset.class_names)
    unknown = [name for name in joined if name not in model.class_names]
    if unknown:
        raise InputError(
            f"{dataset.source} has {'the class' if len(unknown) == 1 else 'classes'} {', '.join(unknown)}, which the "
            f"model does not know; it knows {', '.join(model.class_names)}."
        )
    codes = np.array([model.class_names.index(name) for name in joined])
    return replace(dataset, labels=codes[dataset.labels], class_names=model.class_names)


def _loaded(recipe: Recipe) -> Splits:
    splits = load(recipe.data, label=recipe.label, keys=recipe.keys, groups=recipe.groups)
    for part in ("validation", "test"):
        source = getattr(recipe, part)
        if source is not None:
            own = load(source, label=recipe.label, keys=recipe.keys, groups=recipe.groups)
            splits = replace(splits, **{part: getattr(own, part) or own.train})
    parts = {part: dataset.merged(recipe.merge) for part, dataset in splits.items()}
    names = parts["train"].class_names
    return Splits(**{part: _same_classes(dataset, names) for part, dataset in parts.items()})


def _same_classes(dataset: Dataset, names: Sequence[str]) -> Dataset:
    unknown = [name for name in dataset.class_names if name not in names]
    if unknown:
        raise InputError(
            f"{dataset.source} has the class {unknown[0]!r}, which the training data lacks: {list(names)}."
        )
    codes = np.array([names.index(name) for name in dataset.class_names])
    return replace(dataset, labels=codes[dataset.labels], class_names=tuple(names))


def _divided(splits: Splits, holdout: float, seed: int) -> tuple[Splits, str]:
    """Return the splits, rows held back for testing where there is nothing to test on, and what was done in words."""
    if splits.validation is not None or splits.test is not None:
        return splits, "as the data is divided"
    if holdout == 0:
        return splits, "all rows in training"
    whole = splits.train
    kept, held = split_rows(whole.labels, holdout, stream(seed, "split"), whole.groups)
    return Splits(whole.take(kept), test=whole.take(held)), f"{holdout:.0%} held back for testing, by class"


def _fitted_features(dataset: Dataset, recipe: Recipe) -> Features:
    if dataset.kind == "numbers":
        if recipe.size is not None or recipe.grey:
            raise InputError(f"{recipe.data} holds rows of numbers; size and grey are for pictures.")
        X = np.concatenate([np.asarray(block, np.float64) for block in dataset.blocks()])
        return Numbers.fit(X, dataset.columns, recipe.standardize)
    shape = dataset.shape or DEFAULT_SHAPE
    height, width = recipe.size or (shape.height, shape.width)
    return Pixels(PictureShape(height, width, 1 if recipe.grey else shape.channels))


def _weight_by_code(class_weight: Any, names: Sequence[str]) -> Any:
    if not isinstance(class_weight, Mapping):
        return class_weight
    for name in class_weight:
        if name not in names:
            raise unknown_name("class in class_weight", name, names)
    return {names.index(name): weight for name, weight in class_weight.items()}
