"""Problem: the samples of a session, which of them are held out, and the plane in which they are shown.

Toys, drawn points and tables all end in the same few arrays; only tables need features that are fitted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data import split_rows, toy
from pellucid.errors import InputError
from pellucid.experiment.prepare import loaded
from pellucid.experiment.recipe import make_recipe
from pellucid.features import Numbers, Table
from pellucid.nn import Network
from pellucid.nn.losses import Loss
from pellucid.system.random_streams import stream
from pellucid.training.examples import Examples
from pellucid.web.playground.permalink import Point
from pellucid.web.playground.settings import MOST_CLASSES, PlaygroundSettings

Array = NDArray[Any]
Columns = Numbers | Table

MOST_INPUTS = 64  # of the network
DRAWN_BOUNDS = (-5.0, 5.0, -5.0, 5.0)
MARGIN = 0.08  # around the points, of their range
MAKERS = {"flower": toy.flower, "moons": toy.moons, "circles": toy.circles, "spirals": toy.spirals}


@dataclass(frozen=True)
class OwnTable:
    """A table of the user's, read once: raw rows, codes, names.  source, options: as they were given."""

    R: Array
    labels: Array
    class_names: tuple[str, ...]
    features: Columns
    source: str
    options: Mapping[str, Any]

    @classmethod
    def read(cls, source: str, label: str | None = None, **options: Any) -> "OwnTable":
        """Return the table of a file, or raise InputError where it is none that can be played with.

        options: what a recipe may say of its columns: drop, categorical, numeric, regression, decimal.
        """
        options = {name: value for name, value in {"label": label, **options}.items() if value is not None}
        recipe = make_recipe(data=source, audit=False, **options)
        dataset = loaded(recipe).train
        if dataset.kind == "pictures":
            raise InputError(f"{source} holds pictures; give a folder or zip of them: pellucid play FOLDER.")
        if not dataset.class_names:
            raise InputError(
                f"the labels of {source} are numbers to predict; the playground is for classes. Train on them "
                "with pellucid train, or name a column of classes with --label."
            )
        if len(dataset.class_names) > MOST_CLASSES:
            raise InputError(
                f"{source} has {len(dataset.class_names)} classes; the playground shows at most {MOST_CLASSES}."
            )
        features = recipe.features_for(dataset)
        assert isinstance(features, Numbers | Table)
        if len(_numeric(features)) < 2:
            raise InputError(f"{source} has fewer than two columns of numbers, so there is nothing to plot.")
        R = features.extract(dataset.read(np.arange(len(dataset))))
        return cls(R, dataset.labels, dataset.class_names, features, source, options)


@dataclass(frozen=True)
class Problem:
    """Raw rows R (n, d) with codes (n,), which of them are held out (n,), and how rows become inputs.

    bounds: of the plane that is shown, where they are fixed: x0, x1, y0, y1.
    """

    name: str
    R: Array
    codes: Array
    held_out: Array
    class_names: tuple[str, ...]
    features: Columns
    bounds: tuple[float, float, float, float] | None = None
    source: OwnTable | None = None

    @classmethod
    def of(cls, settings: PlaygroundSettings, points: Sequence[Point], table: OwnTable | None) -> "Problem":
        """Return the problem of the settings; points: those drawn."""
        bounds, name = None, settings.data
        if settings.data == "table":
            assert table is not None
            rows = _chosen(len(table.labels), settings)
            R, codes, names, features = table.R[rows], table.labels[rows], table.class_names, table.features
        elif settings.data == "drawn":
            R = np.array([point[:2] for point in points], np.float64).reshape(-1, 2)
            codes = np.array([point[2] for point in points], np.intp)
            names, features, bounds = (), Numbers(2, ("x1", "x2"), standardize=False), DRAWN_BOUNDS
        else:
            R, codes = MAKERS[settings.data](settings.data_seed, settings.samples, settings.noise)
            names, features = (), Numbers(2, ("x1", "x2"), standardize=False)
        names = names or tuple(f"class {code}" for code in range(max(2, int(codes.max(initial=0)) + 1)))
        held = np.zeros(len(codes), bool)
        if settings.held_out and np.bincount(codes, minlength=1).max() > 1:
            _, out = split_rows(codes, settings.held_out, stream(settings.data_seed, "split"))
            held[out] = True
        if settings.data == "table":
            features = features.fit(R[~held])
        if features.n_out > MOST_INPUTS:
            raise InputError(f"the table makes {features.n_out} inputs; the playground shows at most {MOST_INPUTS}.")
        return cls(name, R, codes.astype(np.intp), held, names, features, bounds, table if name == "table" else None)

    @cached_property
    def X(self) -> Array:
        """The rows (n, n_in) as the network takes them."""
        return self.features.transform(self.R, np.float64)

    @property
    def average(self) -> Array | None:
        """The mean row (n_in,) of those to learn from; None where there are none."""
        return None if self.held_out.all() else self.X[~self.held_out].mean(axis=0)

    def loss(self, settings: PlaygroundSettings) -> tuple[Loss, int]:
        """Return the loss, and how many logits it takes."""
        return settings.training_settings().classifier_loss(len(self.class_names))

    def network(self, settings: PlaygroundSettings) -> Network:
        """Return the network of the settings at its start."""
        loss, n_out = self.loss(settings)
        network = settings.training_settings().network(self.features.n_out, n_out, loss)
        return network.initialize(settings.init, settings.seed)

    def examples(self, settings: PlaygroundSettings, held: bool = False) -> Examples:
        """Return the rows to learn from, or those held out, with targets as the loss takes them."""
        loss, _ = self.loss(settings)
        rows = np.flatnonzero(self.held_out == held)
        return Examples(np.ascontiguousarray(self.X[rows]), loss.targets(self.codes[rows]))

    @property
    def trainable(self) -> bool:
        """Whether there is anything to learn from: points of two classes at least."""
        return not self.missing

    @cached_property
    def missing(self) -> str:
        """What is missing to learn from, as a sentence; empty where nothing is."""
        codes = np.unique(self.codes[~self.held_out])
        if not len(codes):
            return "There is nothing to learn from yet: draw points of two classes."
        if len(codes) == 1:
            return f"All points belong to {self.class_names[codes[0]]}. Choose another class and draw some of it."
        return ""

    def check_trainable(self) -> None:
        """Raise InputError where there is nothing to learn from."""
        if self.missing:
            raise InputError(self.missing)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the network's inputs."""
        return self.features.names if isinstance(self.features, Table) else self.plane_names

    @property
    def plane_names(self) -> tuple[str, ...]:
        """The columns that can span the plane."""
        return _numeric(self.features)

    def checked_columns(self, columns: tuple[int, int]) -> tuple[int, int]:
        """Return the columns that span the plane, or raise InputError where there are none such."""
        if max(columns) >= len(self.plane_names):
            raise InputError(f"columns must be below {len(self.plane_names)}, got {list(columns)}.")
        return columns

    def points(self, columns: tuple[int, int]) -> Array:
        """Return where the samples are in the plane (n, 2); what is missing is at the median."""
        points = self._numbers[:, list(columns)]
        return np.where(np.isnan(points), np.nanmedian(points, axis=0) if len(points) else 0, points)

    def bounds_of(self, columns: tuple[int, int]) -> tuple[float, float, float, float]:
        """Return x0, x1, y0, y1 of the plane."""
        if self.bounds is not None:
            return self.bounds
        points = self.points(columns)
        low, high = points.min(axis=0), points.max(axis=0)
        margin = np.where(high > low, MARGIN * (high - low), 1.0)
        (x0, y0), (x1, y1) = low - margin, high + margin
        return float(x0), float(x1), float(y0), float(y1)

    def grid(self, columns: tuple[int, int], size: int) -> Array:
        """Return inputs (size^2, n_in) of the plane, the top row first; other columns at median or most frequent."""
        x0, x1, y0, y1 = self.bounds_of(columns)
        middle = (np.arange(size) + 0.5) / size  # of each cell
        x, y = np.meshgrid(x0 + (x1 - x0) * middle, y1 - (y1 - y0) * middle)
        return self.inputs_at(np.column_stack([x.ravel(), y.ravel()]), columns)

    def inputs_at(self, points: Array, columns: tuple[int, int]) -> Array:
        """Return inputs (m, n_in) of points (m, 2) of the plane."""
        R = np.tile(self._typical, (len(points), 1))
        for place, column in enumerate(columns):
            R[:, self._places[column]] = points[:, place]
        return self.features.transform(R, np.float64)

    def told(self, columns: tuple[int, int]) -> dict[str, Any]:
        """Return the samples and what they are called as plain values, as a page shows them."""
        return {
            "kind": "problem",
            "name": self.name if self.source is None else self.source.source,
            "points": self.points(columns).tolist(),
            "labels": self.codes.tolist(),
            "part": self.held_out.astype(int).tolist(),
            "class_names": list(self.class_names),
            "feature_names": list(self.plane_names),
            "input_names": list(self.input_names),
            "columns": list(columns),
            "bounds": list(self.bounds_of(columns)),
            "n_features": self.features.n_out,
            "drawable": self.source is None,
        }

    @cached_property
    def _places(self) -> list[int]:
        """Where the numeric columns are in a raw row."""
        if isinstance(self.features, Table):
            return [self.features.columns.index(name) for name in self.plane_names]
        return list(range(len(self.plane_names)))

    @cached_property
    def _numbers(self) -> Array:
        return self.R[:, self._places].astype(np.float64)

    @cached_property
    def _typical(self) -> Array:
        """A raw row (1, d) of medians and most frequent categories."""
        row = np.zeros((1, self.R.shape[1]), self.R.dtype)
        for place in range(self.R.shape[1]):
            column = self.R[:, place]
            if place in self._places:
                row[0, place] = np.nanmedian(column.astype(np.float64)) if len(column) else 0.0
            else:
                texts = [text for text in column if text is not None]
                row[0, place] = max(sorted(set(texts)), key=texts.count, default=None)
        return row


def _chosen(n: int, settings: PlaygroundSettings) -> Array:
    """Return which rows of a table take part: as many as the samples that are asked for."""
    if n <= settings.samples:
        return np.arange(n)
    return np.sort(stream(settings.data_seed, "curve").choice(n, settings.samples, replace=False))


def _numeric(features: Columns) -> tuple[str, ...]:
    if isinstance(features, Table):
        return features.numeric
    return features.names
