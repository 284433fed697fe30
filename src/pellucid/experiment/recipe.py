"""Recipe: one whole training as a value: the data, the features, the training and the evaluation.

It is made from flat names and values, the same from a call, the command line or a TOML file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

import numpy as np

from pellucid.data import Dataset
from pellucid.data.images import PictureShape
from pellucid.data.readers.frame import Frame
from pellucid.errors import InputError, unknown_name
from pellucid.features import (
    NORMALIZATIONS,
    Embedding,
    Features,
    Numbers,
    Photo,
    Pixels,
    Table,
    views_of,
)
from pellucid.features.onnx_backbone import Backbone
from pellucid.nn import SCHEDULES, WarmUp
from pellucid.nn.schedules import get_schedule
from pellucid.training import Settings
from pellucid.training.settings import is_whole

DEFAULT_SIZE = (64, 64)  # of photographs that differ in size
DEFAULTS: dict[str, Any] = {"copies": [], "ensemble": 1}  # of the recipe's own values, where `USUAL` has no other

# The defaults for each kind of features, where they differ from those of `Settings`. Thousands of pixels, all positive,
# make one step move a unit far: at its default rate, Adam kills whole layers. The values for pixels kept every start
# alive on held-out training rows of bean leaves and cats (48 to 100 pixels, 32 to 100 units). Tables: docs/tables.md.
USUAL: dict[str, dict[str, Any]] = {
    "pixels": {"optimizer": "nesterov", "learning_rate": 0.003, "clip_norm": 1.0},
    "photo": {
        "hidden_layers": (64,),
        "optimizer": "nesterov",
        "learning_rate": 0.01,
        "epochs": 30,
        "l2": 0.1,
        "copies": ["mirrored"],
        "ensemble": 5,
    },
    "table": {"learning_rate": 0.003, "l2": 0.01},
}
USUAL["embedding"] = USUAL["photo"]  # about as many numbers, standardised too
USUAL["numbers"] = USUAL["table"]  # columns without a name
SMALLEST_PHOTO = 32  # pixels of height and width; arrays of smaller pictures, or of grey ones, are seen as pixels
PICTURE_FEATURES = ("photo", "pixels", "embedding")
OF_EMBEDDING = ("normalize", "embedding_output", "external")
OF_THE_RULE = ("learning_rate", "clip_norm", "batch_size")  # what another optimizer has no use for


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to learn from, and how.

    data, validation, test: the sources, as `pellucid.data.load` takes them; parts that `data` itself has are used.
    label, keys: the label column; the HDF5 keys.
    label_from: a regular expression that finds the class in each picture's name, in place of class folders.
    pictures_from: the folder or zip of the pictures that a table names beside their labels.
    categorical, numeric, drop: columns of a table to read as categories or as numbers, or to leave out.
    regression: predict numbers; None does so when the labels look like measurements.
    decimal: the decimal mark of the tables, "." or ",", where their cells leave it open.
    group_by: what stays on one side of every division: a column of a table, or "row-blocks", stretches of consecutive
    rows; for pictures "parent" (their folders), "burst", "date" or a pattern in their names. Without it bursts that are
    found stay together, and "none" parts them.
    audit: check the data first, and keep duplicates together.  drop_leaks: leave out training samples that duplicate
    validation or test samples.
    merge: classes to join, {"sick": ["bean_rust", "angular_leaf_spot"]}.
    features: "photo", "pixels" or "embedding:FILE.onnx"; None is photo for picture files and for arrays of large colour
    pictures, or pixels when a size or grey is given, which photo does not take.
    normalize: the backbone's pixel scaling, "imagenet", "signed", "unit" or "bytes"; None is the usual one.
    embedding_output: the backbone's output to use; None is the first.
    external: keep the backbone out of the model file, which then stores its sha256.
    copies: augmentation, "mirrored", "shifted"; None is the default of the features.
    size: (height, width) of pictures; None keeps that of arrays and makes files 64 x 64.  grey: drop colours.
    standardize: scale the columns of a table to mean 0 and deviation 1.
    ensemble: the number of networks, from different starts, whose outputs are averaged.
    cross_validate: repeats of 5-fold cross-validation of the training samples; 0 is none. None chooses by their number,
    and is none from 2000 samples on.
    learning_curve: also measure accuracy with a quarter, a half and three quarters of the samples.
    holdout: the share held out for testing; None is a fifth, or nothing when other data or cross-validation measure.
    schedule: "constant", "step", "exponential" or "cosine" decay of the learning rate.  warm_up: epochs in which it
    rises first.
    reject: the wanted accuracy of answers, or "auto": other samples, and those unlike training, are "unknown".
    threshold: of two classes, the second is predicted above this p; "auto" chooses it.
    corrections: a CSV file with columns file and class; its classes replace those of the data.
    skip_bad: leave out unreadable pictures, or rows of a table without a label, instead of stopping.
    cache: keep decoded pictures in the user's cache folder for the next run; results do not depend on it.
    training: fields of `Settings`; a missing one has the default in `USUAL` for the features, else in `Settings`.
    """

    data: str | Frame
    validation: str | Frame | None = None
    test: str | Frame | None = None
    label: str | None = None
    pictures_from: str | None = None
    label_from: str | None = None
    keys: tuple[str, str] | None = None
    group_by: str | None = None
    audit: bool = True
    drop_leaks: bool = False
    categorical: list[str] = field(default_factory=list)
    numeric: list[str] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)
    regression: bool | None = None
    decimal: str | None = None
    merge: dict[str, list[str]] = field(default_factory=dict)
    features: str | None = None
    normalize: str | None = None
    embedding_output: str | None = None
    external: bool = False
    copies: list[str] | None = None
    size: tuple[int, int] | None = None
    grey: bool = False
    standardize: bool = True
    ensemble: int | None = None
    cross_validate: int | None = None
    learning_curve: bool = False
    holdout: float | None = None
    reject: float | Literal["auto"] | None = None
    threshold: float | Literal["auto"] = 0.5
    corrections: str | None = None
    skip_bad: bool = False
    cache: bool = True
    schedule: str = "constant"
    warm_up: float = 0
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.cross_validate is not None and not is_whole(self.cross_validate, 0):
            raise InputError(f"cross_validate must be a number of repeats, 0 for none; got {self.cross_validate!r}.")
        if self.holdout is not None and not 0 <= self.holdout < 1:
            raise InputError(f"holdout must be a share, at least 0 and below 1; got {self.holdout!r}.")
        if self.reject is not None:
            _check_share("reject", self.reject)
        _check_share("threshold", self.threshold)
        if self.size is not None and (np.shape(self.size) != (2,) or not all(is_whole(n, 1) for n in self.size)):
            raise InputError(f"size must be (height, width), each at least 1; got {self.size!r}.")
        if self.ensemble is not None and not is_whole(self.ensemble, 1):
            raise InputError(f"ensemble must be a whole number of networks, at least 1; got {self.ensemble!r}.")
        kind, _, file = (self.features or "photo").partition(":")
        if kind not in PICTURE_FEATURES or (file and kind != "embedding"):
            raise unknown_name("kind of features", self.features, PICTURE_FEATURES)
        if kind == "embedding" and not file:
            raise InputError("features embedding needs a backbone: embedding:FILE.onnx.")
        if kind != "embedding" and (strange := [n for n in OF_EMBEDDING if getattr(self, n) not in (None, False)]):
            raise InputError(f"{strange[0]} is for features embedding:FILE.onnx alone.")
        if self.normalize is not None and self.normalize not in NORMALIZATIONS:
            raise unknown_name("normalization", self.normalize, NORMALIZATIONS)
        if self.schedule not in SCHEDULES:
            raise unknown_name("schedule", self.schedule, SCHEDULES)
        views_of(self.copies or ())
        self.settings("numbers")  # checks them before anything is read

    @property
    def chooses(self) -> bool:
        """Whether held-out rows are needed to choose a threshold or a rejection."""
        return self.reject is not None or self.threshold == "auto"

    def settings(self, features: str) -> Settings:
        """Return the training settings for a kind of features."""
        settings = self._as_given(features)
        rate = settings.learning_rate
        if self.schedule != "constant":
            rate = SCHEDULES[self.schedule](rate)
        if self.warm_up:
            rate = WarmUp(get_schedule(rate), self.warm_up)
        return replace(settings, learning_rate=rate)

    def _as_given(self, features: str) -> Settings:
        usual = {name: value for name, value in USUAL[features].items() if name not in OF_RECIPE}
        if self.training.get("optimizer", usual.get("optimizer")) != usual.get("optimizer"):
            usual = {name: value for name, value in usual.items() if name not in OF_THE_RULE}
        return Settings(**{**usual, **self.training})

    def in_full(self, features: Features, seed: int, cross_validate: int, holdout: float) -> dict[str, Any]:
        """Return all values of this recipe for data with such features, flat, as `make_recipe` takes them."""
        settings = self._as_given(features.kind)
        own: dict[str, Any] = {name: getattr(self, name) for name in OF_RECIPE if name != "training"}
        own |= {"ensemble": self.networks_for(features), "cross_validate": cross_validate, "holdout": holdout}
        own |= features.recipe()
        if features.of_images:
            own["features"] = self.features or features.kind
        return own | {f.name: getattr(settings, f.name) for f in fields(Settings)} | {"random_state": seed}

    def features_for(self, dataset: Dataset) -> Features:
        """Return the features, not fitted yet, for samples like those of a data set."""
        if dataset.kind != "pictures":
            if strange := [n for n in ("size", "grey", "copies", "features") if getattr(self, n) not in (None, False)]:
                raise InputError(f"{self.data} holds rows of a table; {strange[0]} is for pictures.")
            if dataset.kind == "table":
                return Table(dataset.columns, dataset.categorical, self.standardize)
            return Numbers(len(dataset.columns), dataset.columns, standardize=self.standardize)
        kind, _, file = (self.features or self._usual_kind(dataset.shape)).partition(":")
        views = views_of(self._or_usual("copies", kind))
        if kind == "embedding":
            backbone = Backbone.read(file, self.embedding_output)
            return Embedding.of(backbone, self.size, self.grey, views, self.normalize, self.external)
        if kind == "photo":
            if self.size is not None or self.grey:
                raise InputError("size and grey are for features = pixels; photo uses its own size.")
            return Photo(views=views)
        shape = dataset.shape or PictureShape(*DEFAULT_SIZE)
        height, width = self.size or (shape.height, shape.width)
        return Pixels(PictureShape(height, width, 1 if self.grey else shape.channels), views)

    def networks_for(self, features: Features) -> int:
        """Return the number of networks to average."""
        return int(self._or_usual("ensemble", features.kind))

    def _usual_kind(self, shape: PictureShape | None) -> str:
        of_photos = shape is None or (shape.channels == 3 and min(shape.height, shape.width) >= SMALLEST_PHOTO)
        return "photo" if of_photos and self.size is None and not self.grey else "pixels"

    def _or_usual(self, name: str, features: str) -> Any:
        given = getattr(self, name)
        return USUAL[features].get(name, DEFAULTS[name]) if given is None else given


def _check_share(name: str, value: Any) -> None:
    if value != "auto" and not (isinstance(value, int | float) and 0 < value < 1):
        raise InputError(f'{name} must be a number between 0 and 1, or "auto"; got {value!r}.')


OF_RECIPE = tuple(f.name for f in fields(Recipe))


def default_in_words(name: str) -> str:
    """Return the default of a setting, and those of the kinds of features that have their own, as help shows them.

    >>> default_in_words("epochs"), default_in_words("learning_rate")
    ('200; photo: 30', '0.001; pixels, table: 0.003; photo: 0.01')
    """
    every = {f.name: f.default for f in fields(Settings)} | DEFAULTS
    kinds: dict[str, list[str]] = {}
    for kind, usual in USUAL.items():
        if name in usual and kind not in ("embedding", "numbers"):  # which are as photo and table
            kinds.setdefault(_in_words(usual[name]), []).append(kind)
    of_kinds = sorted((", ".join(sorted(named)), value) for value, named in kinds.items())
    return "; ".join([_in_words(every[name]), *(f"{named}: {value}" for named, value in reversed(of_kinds))])


def _in_words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or "none"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def make_recipe(**values: Any) -> Recipe:
    """Return a recipe from flat values: fields of `Recipe` and of `Settings` side by side."""
    of_recipe = {*OF_RECIPE} - {"training"}
    of_settings = {f.name for f in fields(Settings)}
    for name in values:
        if name not in of_recipe | of_settings:
            raise unknown_name("setting", name, of_recipe | of_settings)
    training = {name: value for name, value in values.items() if name in of_settings}
    return Recipe(**{name: value for name, value in values.items() if name in of_recipe}, training=training)
