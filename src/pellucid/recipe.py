"""Recipe: one whole job as a value. Data, features and settings in; model, history and honest scores out.

The same few steps for pictures and tables: load, join classes, hold rows back, fit the features, train, score.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from pellucid.assembly import Progress, assemble, same_place
from pellucid.data import Dataset, Splits, load, split_rows
from pellucid.errors import InputError, MissingFileError, unknown_name
from pellucid.evaluation import Scores, score
from pellucid.features import Features, Numbers, Pixels
from pellucid.model import Model
from pellucid.nn import SCHEDULES, WarmUp
from pellucid.nn.schedules import get_schedule
from pellucid.pictures import PictureShape
from pellucid.randomness import as_seed, stream
from pellucid.training import Checkpoints, EarlyStopping, History, Settings, fit, weights_by_code
from pellucid.training.settings import is_whole
from pellucid.version import versions

DEFAULT_SHAPE = PictureShape(64, 64, 3)  # of photographs that differ in size

# Thousands of pixels, all positive, make one step move a unit far: with Adam at its usual rate whole layers die. These
# kept every start alive on held-out training rows of bean leaves and cats, at 48 to 100 pixels and 32 to 100 units.
PICTURE_SETTINGS = {"optimizer": "nesterov", "learning_rate": 0.003, "clip_norm": 1.0}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to learn from, and how.

    data, validation, test: where samples are, as `pellucid.data.load` takes it; parts that `data` itself has are used.
    label, keys, groups: the label column, the HDF5 keys, the column of groups.
    merge: classes to join, {"sick": ["bean_rust", "angular_leaf_spot"]}.
    size: (height, width) of pictures; None keeps that of arrays and makes files 64 x 64.  grey: drop colours.
    standardize: bring the columns of a table to mean 0 and deviation 1.
    holdout: the share held back for testing where there are neither validation nor test data; 0 holds nothing back.
    schedule: "constant", "step", "exponential" or "cosine": how the learning rate falls.  warm_up: epochs in which it
    rises first.
    skip_bad: leave out pictures that cannot be read, instead of stopping.
    cache: keep decoded pictures in the user's cache folder, for the next time; it has no influence on what comes out.
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
    cache: bool = True
    schedule: str = "constant"
    warm_up: float = 0
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.holdout < 1:
            raise InputError(f"holdout must be a share, at least 0 and below 1; got {self.holdout!r}.")
        if self.size is not None and (np.shape(self.size) != (2,) or not all(is_whole(n, 1) for n in self.size)):
            raise InputError(f"size must be (height, width), each at least 1; got {self.size!r}.")
        if self.schedule not in SCHEDULES:
            raise unknown_name("schedule", self.schedule, SCHEDULES)
        self.settings("numbers")  # refuses what is impossible before anything is read

    def settings(self, kind: str) -> Settings:
        """Return how to train on samples of a kind, "pictures" or "numbers"."""
        named = self.training.get("optimizer", PICTURE_SETTINGS["optimizer"])
        usual = PICTURE_SETTINGS if kind == "pictures" and named == PICTURE_SETTINGS["optimizer"] else {}
        settings = Settings(**{**usual, **self.training})
        rate = settings.learning_rate
        if self.schedule != "constant":
            rate = SCHEDULES[self.schedule](rate)
        if self.warm_up:
            rate = WarmUp(get_schedule(rate), self.warm_up)
        return replace(settings, learning_rate=rate)


_NOT_TOLD = ("data", "training", "cache")  # in a model's recipe: told elsewhere, or without influence
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
    if not isinstance(source, str | Path):
        raise InputError(f"train takes the name of data, got {type(source).__name__}; arrays go to the estimators.")
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
            if name == "early_stopping" and isinstance(value, dict):
                stopping = {f.name for f in fields(EarlyStopping)}
                for part in set(value) - stopping:
                    raise unknown_name(f"setting of early_stopping in {path}", part, stopping)
            values[name] = msgspec.convert(value, FILE_TYPES[name])
        except msgspec.ValidationError as error:
            raise InputError(f"{path}: {name}: {error}.") from None
    return values


def run(recipe: Recipe, progress: Progress | None = None, checkpoints: Checkpoints | None = None) -> Result:
    """Carry out a recipe.  checkpoints: where to write how far it is, and to go on from."""
    splits = _loaded(recipe)
    settings = recipe.settings(splits.train.kind)
    seed = as_seed(settings.random_state)
    checkpoint = None
    if checkpoints is not None:
        seed, checkpoint = checkpoints.keep("seed", seed), checkpoints.at("member-0")
    settings = replace(settings, random_state=seed)
    splits, used_for, division = _divided(splits, recipe.holdout, settings, seed)
    features = _fitted_features(splits.train, recipe)
    dtype = settings.training_dtype(np.empty(0, np.float32 if features.kind == "pixels" else np.float64))
    skipped: list[tuple[str, str]] | None = [] if recipe.skip_bad else None
    read = {
        part: assemble(dataset, features, dtype, skipped, progress, recipe.cache) for part, dataset in splits.items()
    }
    rows = {part: X for part, (X, _) in read.items()}
    splits = Splits(**{part: dataset for part, (_, dataset) in read.items()})

    names = splits.train.class_names
    loss, n_out = settings.classifier_loss(len(names))
    targets = {part: loss.targets(dataset.labels, dtype) for part, dataset in splits.items()}
    how = replace(settings, class_weight=weights_by_code(settings.class_weight, names))
    if progress is not None:
        how = replace(
            how, callbacks=(*how.callbacks, progress.training(rows["train"], splits.train.labels, how.epochs))
        )
    validation = (rows["validation"], targets["validation"]) if "validation" in rows else None
    fitted = fit(rows["train"], targets["train"], how, loss, n_out, validation=validation, checkpoint=checkpoint)

    provenance = {
        "data": recipe.data,
        "counts": {part: dataset.counts() for part, dataset in splits.items()},
        "division": division,
        "used_for": used_for,
        "skipped": len(skipped or ()),
        "seed": seed,
        "recipe": {f.name: getattr(recipe, f.name) for f in fields(recipe) if f.name not in _NOT_TOLD},
        "settings": settings.described(),
        "versions": versions(),
    }
    model = Model(features, (fitted.network,), names, recipe.merge, asdict(fitted.history), provenance)
    scores = {
        part: score(model.probabilities(rows[part]), dataset.labels, names, used_for[part])
        for part, dataset in splits.items()
    }
    return Result(model, fitted.history, scores, splits, tuple(skipped or ()))


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


def _divided(splits: Splits, holdout: float, settings: Settings, seed: int) -> tuple[Splits, dict[str, str], str]:
    """Return splits with rows held back as the job needs, what each part is used for, and the division in words."""
    said = []
    by = "class" if splits.train.groups is None else "class and group"
    if splits.validation is None and splits.test is None and holdout > 0:
        splits = _held_back(splits, "test", holdout, stream(seed, "split"))
        said.append(f"{holdout:.0%} held back for testing, by {by}")
    if splits.validation is None and settings.stopping is not None:
        splits = _held_back(splits, "validation", settings.stopping.fraction, stream(seed, "stopping"))
        said.append(f"{settings.stopping.fraction:.0%} of the rest held back for early stopping, by {by}")
    chooses = settings.stopping is not None or settings.restarts > 1
    used_for = {"train": "training", "validation": "choosing" if chooses else "testing", "test": "testing"}
    return splits, used_for, "; ".join(said) or "as the data is divided"


def _held_back(splits: Splits, part: str, fraction: float, rng: np.random.Generator) -> Splits:
    whole = splits.train
    kept, held = split_rows(whole.labels, fraction, rng, whole.groups)
    return replace(splits, **{"train": whole.take(kept), part: whole.take(held)})


def _fitted_features(dataset: Dataset, recipe: Recipe) -> Features:
    if dataset.kind == "numbers":
        if recipe.size is not None or recipe.grey:
            raise InputError(f"{recipe.data} holds rows of numbers; size and grey are for pictures.")
        X = np.concatenate([np.asarray(block, np.float64) for block in dataset.blocks()])
        return Numbers.fit(X, dataset.columns, recipe.standardize)
    shape = dataset.shape or DEFAULT_SHAPE
    height, width = recipe.size or (shape.height, shape.width)
    return Pixels(PictureShape(height, width, 1 if recipe.grey else shape.channels))
