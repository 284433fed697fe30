"""Everything that can be set in the playground, as one frozen value, and its limits.

Values from a page or an address are checked here, field by field, before anything is computed.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from pellucid.errors import InputError, unknown_name
from pellucid.nn import ACTIVATIONS, OPTIMIZERS
from pellucid.nn.initializers import INITIALIZERS
from pellucid.training import Settings

TOYS = ("flower", "moons", "circles", "spirals")
OF_DATA = ("data", "noise", "samples", "held_out", "data_seed")  # what makes the data anew
OF_SIGHT = ("columns",)  # what changes nothing that is computed
MOST_LAYERS, MOST_UNITS, MOST_POINTS, MOST_CLASSES = 6, 32, 200, 10
MOST_ITERATIONS = 100_000
BOUNDS: dict[str, tuple[float, float]] = {
    "noise": (0, 1),
    "samples": (20, 2000),
    "held_out": (0, 0.8),
    "data_seed": (0, 2**32 - 1),
    "seed": (0, 2**32 - 1),
    "rate": (1e-6, 1000),
    "batch": (0, 2000),
    "l2": (0, 10),
    "dropout": (0, 0.9),
}
WHOLE = ("samples", "data_seed", "seed", "batch")
RATES = {  # that a rule begins with where none is named; one of plain descent would throw the others far off
    "gradient_descent": 1.2,
    "momentum": 0.12,
    "nesterov": 0.12,
    "rmsprop": 0.01,
    "adam": 0.03,
    "adamw": 0.03,
    "lbfgs": 1.0,
}
HIGHEST_RATES = {  # that are worth advising: short trials like rates with which a long run would be thrown about
    "gradient_descent": 10.0,
    "momentum": 1.0,
    "nesterov": 1.0,
    "rmsprop": 0.1,
    "adam": 0.1,
    "adamw": 0.1,
    "lbfgs": 1.0,
}


@dataclass(frozen=True, kw_only=True)
class PlaygroundSettings:
    """What is learned from, by which network, and how; the defaults are the article's net on its flower.

    data: a toy, "drawn" or "table".  held_out: the share of the samples that is only measured on.  batch: 0 is all.
    layers: hidden ones, (width, activation) each.  columns: of a table, those that span the plane that is shown.
    """

    data: str = "flower"
    noise: float = 0.2
    samples: int = 400
    held_out: float = 0.2
    data_seed: int = 1
    layers: tuple[tuple[int, str], ...] = ((4, "tanh"),)
    init: str = "normal_0.01"
    seed: int = 2
    optimizer: str = "gradient_descent"
    rate: float = 1.2
    batch: int = 0
    l2: float = 0.0
    dropout: float = 0.0
    columns: tuple[int, int] = (0, 1)

    def changed(self, values: Mapping[str, Any], with_table: bool = False) -> "PlaygroundSettings":
        """Return the settings with some of them changed, checked; raise InputError where one cannot be.

        A new optimizer brings a rate of its own, unless one is named too.

        >>> PlaygroundSettings().changed({"optimizer": "adam"}).rate
        0.03
        """
        names = [f.name for f in fields(self)]
        if not isinstance(values, Mapping):
            raise InputError(f"settings are names with values, got {type(values).__name__}.")
        for name in values:
            if name not in names:
                raise unknown_name("setting", short(name), names)
        checked = {name: _checked(name, value, with_table) for name, value in values.items()}
        rule = checked.get("optimizer", self.optimizer)
        if rule != self.optimizer:
            checked = {"rate": RATES[rule], **checked}
            if rule == "lbfgs":
                checked = {"batch": 0, "dropout": 0.0, **checked}
        new = replace(self, **checked)
        new.training_settings()  # what does not go together is refused there
        return new

    def training_settings(self, epochs: int = MOST_ITERATIONS) -> Settings:
        """Return them as settings of training: float64, on the inputs themselves."""
        return Settings(
            hidden_layers=self.layers,
            init=self.init,
            optimizer=self.optimizer,
            learning_rate=self.rate,
            epochs=epochs,
            batch_size=self.batch or None,
            l2=self.l2,
            dropout=self.dropout,
            row_space=False,
            dtype="float64",
            random_state=self.seed,
        )

    def with_start(self, later: int) -> "PlaygroundSettings":
        """Return the same with a later start."""
        return replace(self, seed=(self.seed + later) % 2**32)

    def makes_data_of(self, other: "PlaygroundSettings") -> bool:
        """Whether the data of both are the same."""
        return all(getattr(self, name) == getattr(other, name) for name in OF_DATA)

    def trains_as(self, other: "PlaygroundSettings") -> bool:
        """Whether a run of both is the same, whatever is looked at."""
        return replace(self, columns=other.columns) == other

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON has them."""
        return asdict(self) | {"layers": [list(layer) for layer in self.layers], "columns": list(self.columns)}


def alternatives(with_table: bool) -> dict[str, list[str]]:
    """Return what may be chosen by name."""
    return {
        "data": [*TOYS, "drawn", *(["table"] if with_table else [])],
        "activation": list(ACTIVATIONS),
        "init": list(INITIALIZERS),
        "optimizer": list(OPTIMIZERS),
    }


def limits() -> dict[str, Any]:
    """Return the bounds of numbers, and how many layers, units and drawn points there may be."""
    return {
        **{name: list(bounds) for name, bounds in BOUNDS.items()},
        "layers": MOST_LAYERS,
        "width": MOST_UNITS,
        "points": MOST_POINTS,
        "classes": MOST_CLASSES,
        "iterations": MOST_ITERATIONS,
    }


def _checked(name: str, value: Any, with_table: bool) -> Any:
    if name in BOUNDS:
        return number(name, value, *BOUNDS[name], whole=name in WHOLE)
    if name == "layers":
        return _layers(value)
    if name == "columns":
        if not isinstance(value, list | tuple) or len(value) != 2 or value[0] == value[1]:
            raise InputError(f"columns must be two different places, such as [0, 1]; got {short(value)}.")
        return tuple(number("a column", place, 0, 1000, whole=True) for place in value)
    known = alternatives(with_table)[name]
    if not isinstance(value, str) or value not in known:
        raise unknown_name(name, short(value), known)
    return value


def _layers(value: Any) -> tuple[tuple[int, str], ...]:
    if not isinstance(value, list | tuple) or len(value) > MOST_LAYERS:
        raise InputError(f"layers must be a list of at most {MOST_LAYERS}, got {short(value)}.")
    layers = []
    for layer in value:
        if not isinstance(layer, list | tuple) or len(layer) != 2:
            raise InputError(f'a layer must be [width, activation], such as [4, "tanh"]; got {short(layer)}.')
        width, activation = layer
        if not isinstance(activation, str) or activation not in ACTIVATIONS:
            raise unknown_name("activation", short(activation), ACTIVATIONS)
        layers.append((int(number("the width of a layer", width, 1, MOST_UNITS, whole=True)), activation))
    return tuple(layers)


def number(name: str, value: Any, least: float, most: float, whole: bool = False) -> Any:
    """Return a number within its bounds, a whole one as int, or raise InputError."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most  # NaN is not
    if not good or not math.isfinite(value) or (whole and value != int(value)):
        kind = "a whole number" if whole else "a number"
        raise InputError(f"{name} must be {kind} from {least:g} to {most:g}; got {short(value)}.")
    return int(value) if whole else float(value)


def short(value: Any) -> str:
    """Return a value as a message may show it."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
