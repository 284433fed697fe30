"""Sample: a model and one of its inputs, ready for a trace: the row that the network sees, names, values and notes.

`explain`, which is `pellucid.explain`, traces one picture file or one row of a table.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.images import embedded
from pellucid.errors import InputError, MissingFileError, unknown_name
from pellucid.explanation.trace.formula import digits
from pellucid.explanation.trace.record import trace
from pellucid.explanation.trace.trace import Trace
from pellucid.features import Features
from pellucid.html import isolated
from pellucid.model.model import Model
from pellucid.model.predictions import UNKNOWN, with_both_classes
from pellucid.nn.optimizers import OPTIMIZERS

Array = NDArray[Any]
SHOWN = 256  # pixels of a picture that is explained
PLAIN_RATE = 0.01  # for a model file without a learning rate of its own


def values_in_words(features: Features, x: Array) -> tuple[str, ...]:
    """Return each number of an input row x (d,) in words.

    >>> from pellucid.features import Numbers
    >>> ages = Numbers(1, ("age",)).fit(np.array([[30.0], [50.0]]))
    >>> values_in_words(ages, np.array([1.5]))
    ('55, 1.5 standard deviations above the mean',)
    """
    if features.inputs_are_pixels:
        return tuple(f"{value:.0%} of full brightness" for value in x.tolist())
    mean, scale = getattr(features, "mean", None), getattr(features, "scale", None)
    numbers = features.n_numbers
    chosen = ("yes" if value else "no" for value in x[numbers:].tolist())
    if mean is None or scale is None:
        return (*map(digits, x[:numbers].tolist()), *chosen)
    away = x[:numbers].astype(np.float64)
    if features.of_images:  # the raw numbers mean nothing to a reader
        return tuple(map(_deviations, away.tolist()))
    raw = away * scale + mean
    words = (f"{digits(value)}, {_deviations(d)}" for value, d in zip(raw.tolist(), away.tolist(), strict=True))
    return (*words, *chosen)


def _deviations(d: float) -> str:
    if abs(d) < 0.05:
        return "at the mean"
    return f"{abs(d):.1f} standard deviations {'above' if d > 0 else 'below'} the mean"


def explain(model: Model, source: str | Path, label: str | None = None, row: int = 0) -> Trace:
    """Return how a model predicts a picture file or one row of a table; with a label, the training step on it.

    label: a class, or a number as text.  row: of a table, counted from 0.

    Raises MissingFileError, or InputError if the model cannot take this sample.
    """
    if not isinstance(model, Model):
        raise InputError(f"explain takes a Model, got {type(model).__name__}; trace takes a network and its rows.")
    return Sample.of_file(model, str(source), row).step(label)


@dataclass(frozen=True)
class Sample:
    """One sample of a model.

    X: (1, d), the input without augmentation.  notes: what a reader must know about the sample and the model.
    picture: the sample as a data URI, if it is a picture.
    """

    model: Model
    X: Array
    notes: tuple[str, ...] = ()
    picture: str = ""

    @classmethod
    def of_file(cls, model: Model, source: str, row: int = 0, decimal: str | None = None) -> "Sample":
        """Return the picture of a file, or a row of a table, counted from 0.

        decimal: the decimal mark of a table, where its cells leave it open.

        Raises MissingFileError, or InputError if it is not one sample that the model can take.
        """
        if not source or not Path(source).exists():
            raise MissingFileError(f"there is no file {source}.")
        if Path(source).is_dir():
            raise InputError(f"{source} is a folder; explain takes one picture, or one row of a table.")
        if model.features.of_images:
            if row:
                raise InputError("--row is for tables; leave it out for a picture.")
            R = model.extract([Path(source)])
            return replace(cls.of_row(model, R), picture=embedded(Path(source), SHOWN))
        R = model.extract(source, decimal=decimal)
        if not 0 <= row < len(R):
            raise InputError(f"{source} has {len(R)} rows, 0 to {len(R) - 1}; got --row {row}.")
        R = R[row : row + 1]
        return cls.of_row(model, R)

    @classmethod
    def of_row(cls, model: Model, R: Array) -> "Sample":
        """Return the sample of one raw row (1, n_row)."""
        X = np.asarray(model.features.transform(R, model.network.parameters.dtype)[0:1])
        return cls(model, X, (_prediction(model, R, X), *notes_of(model), *model.features.notes(R)))

    def targets(self, label: str, standardised: bool = False) -> Array:
        """Return a label as the loss takes it; standardised: a number as the network learns it, without units."""
        model = self.model
        if model.class_names:
            if label not in model.class_names:
                raise unknown_name("class", label, model.class_names)
            return model.network.loss.targets(np.array([model.class_names.index(label)]))
        try:
            number = float(label)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise InputError(f"--label must be a number for this model, which predicts numbers; got {label!r}.")
        values = np.full(1, number)
        return model.target.standardised(values) if standardised and model.target else values[:, None]

    def step(self, label: str | None = None) -> Trace:
        """Return the prediction of the trained network; with a label, the step that this sample alone would make."""
        network, names = self.model.network, self.names
        if label is None:
            return trace(network, self.X, notes=self.notes, **names)
        rule, rate = self._rule()
        first = f"The step is a first step of {rule.replace('_', ' ')}, because a model file does not store"
        notes = [*self.notes, f"{first} what the rule remembers."]
        if (target := self.model.target) is not None:
            notes.append(
                f"{target.name} is in its own units here. Training standardised it, so costs and gradients differ from "
                "those of training."
            )
        return trace(network, self.X, self.targets(label), rule=rule, rate=rate, notes=notes, **names)

    @property
    def names(self) -> dict[str, Any]:
        """The names of inputs and classes, and the sample in words and as a picture."""
        features = self.model.features
        return {
            "input_names": features.names,
            "input_groups": features.groups,
            "input_places": features.places,
            "input_values": values_in_words(features, self.X[0]),
            "class_names": self.model.class_names,
            "picture": self.picture,
            "average": self.model.average,
        }

    def _rule(self) -> tuple[str, float]:
        """Return the optimizer and the learning rate that the model was trained with, if its file has them."""
        how = self.model.provenance.settings
        rule, rate = how.get("optimizer"), how.get("learning_rate")
        if rule not in OPTIMIZERS or not isinstance(rate, float):
            rule, rate = "gradient_descent", PLAIN_RATE
        return rule, rate


def notes_of(model: Model) -> list[str]:
    """Return what a reader of its numbers must know about a model, in sentences."""
    notes = []
    if (networks := len(model.networks)) > 1:
        notes.append(f"The model averages the predictions of {networks} networks; this is the first of them.")
    if (views := len(model.features.views)) > 1:
        notes.append(
            f"It averages {views} views of each picture ({', '.join(model.features.views)}); this is the plain one."
        )
    if model.features.of_images and not model.features.inputs_are_pixels:
        notes.append(f"Inputs are {model.features}.")
    if getattr(model.features, "mean", None) is not None:
        notes.append("Inputs are standardised: 0 is the mean of the training rows, 1 is one standard deviation.")
    return notes


def _prediction(model: Model, R: Array, X: Array) -> str:
    """Return in words what the whole model predicts for raw features R (1, n_row), with its threshold and limits.

    X (1, d): the plain view; for an ensemble, the prediction of the first network on it is added.
    """
    found = model.predictions(R)
    if not model.class_names:
        return f"The model predicts {', '.join(f'{value:.6g}' for value in np.ravel(found.outputs))}."
    code = int(found.codes[0])
    networks, views = len(model.networks), len(model.features.views)
    counts = [f"{n} {what}" for n, what in ((networks, "networks"), (views, "views")) if n > 1]
    likeliest = f"{isolated(model.class_names[code])}, p = {found.outputs[0, code]:.3f}"
    likeliest += f" ({', '.join(counts)})" if counts else ""
    p = float(with_both_classes(model.network.predict(X))[0, code])
    alone = f" The network shown here, alone{' on the plain view' if views > 1 else ''}: {p:.3f}." if counts else ""
    if found.rejected[0]:
        return f"The model predicts {UNKNOWN}. Without its rejection thresholds it would be {likeliest}.{alone}"
    threshold = "" if model.threshold == 0.5 else f"; {model.class_names[1]} needs p above {model.threshold:.3g}"
    return f"The model predicts {likeliest}{threshold}.{alone}"
