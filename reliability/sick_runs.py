"""Sick runs and healthy ones: on each data set a healthy recipe, other healthy ones, and the first with one change.

The seed decides the split of the rows, the initial weights and the shuffling; for synthetic data, the data too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import load
from pellucid.data.images import PictureShape
from pellucid.errors import DivergedError
from pellucid.features import Pixels
from pellucid.nn.losses import Loss
from pellucid.nn.schedules import get_schedule
from pellucid.system.random_streams import as_seed
from pellucid.training import EarlyStopping, History, Settings, fit
from pellucid.training.diagnostics import Finding, diagnose

DATA = Path(__file__).parents[2] / "shared" / "data"
SIDE = 24  # of the leaves, in pixels


@dataclass(frozen=True)
class Run:
    """A run to make: training rows, held-out rows, settings. classes: their number, 0 for a regression."""

    X: np.ndarray
    y: np.ndarray
    X_held_out: np.ndarray
    y_held_out: np.ndarray
    settings: Settings
    classes: int

    @property
    def loss(self) -> Loss:
        """The loss that the settings take for these targets."""
        return self.settings.classifier_loss(self.classes)[0] if self.classes else self.settings.regressor_loss()

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Return y as the loss takes it."""
        return self.loss.targets(y) if self.classes else y[:, None]

    @property
    def n_out(self) -> int:
        """How many logits there are."""
        return self.settings.classifier_loss(self.classes)[1] if self.classes else 1


Change = Callable[[Run], Run]


def findings_of(run: Run) -> tuple[Finding, ...]:
    """Train as the run says and return what the doctor finds."""
    y, held_out = run.targets(run.y), (run.X_held_out, run.targets(run.y_held_out))
    network, history = run.settings.network(run.X.shape[1], run.n_out, run.loss), History()
    try:
        fitted = fit(run.X, y, run.settings, run.loss, run.n_out, validation=held_out)
        network, history = fitted.network, fitted.history
    except DivergedError as error:
        assert isinstance(error.history, History)
        history = error.history
    return diagnose(network, history, run.settings, run.X, y, validation=held_out)


# Healthy ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DataSet:
    """A data set, a healthy recipe, other healthy ones as changes of it, and the cases that make no sense here.

    n: training rows; n_held_out: held-out rows.
    """

    rows: Callable[[int], tuple[np.ndarray, np.ndarray]]
    n: int
    n_held_out: int
    settings: Settings
    others: tuple[dict[str, Any], ...] = ()
    without: tuple[str, ...] = ()

    def run(self, seed: int) -> Run:
        """Return the healthy run of that seed."""
        X, y = self.rows(seed)
        order = np.random.default_rng(seed).permutation(len(X))
        train, held_out = np.split(order[: self.n + self.n_held_out], [self.n])
        classes = 0 if y.dtype.kind == "f" else len(np.unique(y))
        return Run(X[train], y[train], X[held_out], y[held_out], replace(self.settings, random_state=seed), classes)


def _moons(seed: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import make_moons

    X, y = make_moons(600, noise=0.2, random_state=seed)
    return X, y


def _friedman(seed: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import make_friedman1

    X, y = make_friedman1(600, noise=0.5, random_state=seed)
    return X, _standardized(y)


def _digits(seed: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X / 16, y


def _diabetes(seed: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    return _standardized(X), _standardized(y)


@cache
def _leaves_once() -> tuple[np.ndarray, np.ndarray]:
    train = load(DATA / "beans").train
    pixels = Pixels(PictureShape(SIDE, SIDE, 3))
    return np.concatenate([pixels.extract(block, np.float32) for block in train.blocks()]), train.labels


def _leaves(seed: int) -> tuple[np.ndarray, np.ndarray]:
    return _leaves_once()


def _standardized(values: np.ndarray) -> np.ndarray:
    return (values - values.mean(axis=0)) / values.std(axis=0)


SETTING = {  # the thresholds were set on these
    "moons": DataSet(
        _moons, 300, 300,
        Settings(hidden_layers=(16, 16, 8), optimizer="adam", learning_rate=0.01, epochs=60, batch_size=50),
        others=(
            {"hidden_layers": (16,), "activation": "tanh", "optimizer": "lbfgs", "batch_size": None, "epochs": 50,
             "l2": 1e-3},
            {"early_stopping": EarlyStopping()},
        ),
        without=("diverged",),
    ),
    "digits": DataSet(
        _digits, 800, 500,
        Settings(hidden_layers=(32, 16, 16), optimizer="nesterov", learning_rate=0.02, epochs=40, batch_size=32),
        others=(
            {"hidden_layers": (), "optimizer": "momentum", "learning_rate": 0.05},
            {"hidden_layers": (64,), "dropout": 0.2, "optimizer": "adam", "learning_rate": 0.003},
        ),
        without=("diverged",),
    ),
    "friedman": DataSet(
        _friedman, 300, 300,
        Settings(hidden_layers=(32, 16, 16), optimizer="gradient_descent", learning_rate=0.05, epochs=800,
                 batch_size=None),
        others=({"hidden_layers": (32,), "activation": "tanh", "optimizer": "adam", "learning_rate": 0.01},),
        without=("saturated output",),
    ),
}  # fmt: skip
HELD_OUT = {  # examined once, when the thresholds were final
    "leaves": DataSet(
        _leaves, 700, 300,
        Settings(hidden_layers=(48, 24, 16), optimizer="nesterov", learning_rate=0.01, clip_norm=1.0, epochs=20,
                 batch_size=50, row_space=False),
        without=("diverged",),
    ),
    "diabetes": DataSet(
        _diabetes, 300, 142,
        Settings(hidden_layers=(24, 16, 8), optimizer="momentum", learning_rate=0.01, epochs=20, batch_size=50),
        without=("saturated output",),
    ),
}  # fmt: skip

# Sick ---------------------------------------------------------------------------------------------------------------


def _settings(**changed: Any) -> Change:
    return lambda run: replace(run, settings=replace(run.settings, **changed))


def _rate(times: float) -> Change:
    def change(run: Run) -> Run:
        rate = get_schedule(run.settings.learning_rate)(0, run.settings.epochs)
        return replace(run, settings=replace(run.settings, learning_rate=rate * times))

    return change


def _start(spoil: Callable[[dict[str, np.ndarray]], None]) -> Change:
    """Return the change of the weights that training starts from."""

    def change(run: Run) -> Run:
        network = run.settings.network(run.X.shape[1], run.n_out, run.loss)
        named = network.initialize(run.settings.init, as_seed(run.settings.random_state)).named()
        spoil(named)
        return replace(run, settings=replace(run.settings, init=list(named.values())))

    return change


def _dead_second_layer(named: dict[str, np.ndarray]) -> None:
    named["b2"][:] = -100


def _half_silent_first_layer(named: dict[str, np.ndarray]) -> None:
    named["b1"][::2] = -100


def _large_output_weights(named: dict[str, np.ndarray]) -> None:
    list(named.values())[-2][:] *= 1000


def _ten_times_larger(named: dict[str, np.ndarray]) -> None:
    for name, array in named.items():
        array *= 10 if name[0] == "W" else 1


def _of_255(run: Run) -> Run:
    return replace(run, X=run.X * 255, X_held_out=run.X_held_out * 255)


def _tenth_of_rows(run: Run) -> Run:
    n, settings = len(run.X) // 10, replace(run.settings, epochs=10 * run.settings.epochs)  # as many updates
    return replace(run, X=run.X[:n], y=run.y[:n], settings=settings)


def _four_per_class(run: Run) -> Run:
    of_each = [np.flatnonzero(run.y == code)[:4] for code in range(run.classes)]
    rows = np.concatenate(of_each) if run.classes else np.arange(8)
    return replace(run, X=run.X[rows], y=run.y[rows])


def _shuffled_labels(run: Run) -> Run:
    rng = np.random.default_rng(run.settings.random_state)
    return replace(run, y=rng.permutation(run.y), y_held_out=rng.permutation(run.y_held_out))


def _fewer_epochs(run: Run) -> Run:
    return replace(run, settings=replace(run.settings, epochs=max(1, run.settings.epochs // 20)))


@dataclass(frozen=True)
class Case:
    """A sickness: its name, the change, in words and as a function, and which other names count as having found it."""

    name: str
    change: str
    make: Change
    also: tuple[str, ...] = field(default=())


CASES = (
    Case("diverged", "learning rate x 1,000", _rate(1000), also=("rate too high",)),
    Case("rate too high", "learning rate x 100", _rate(100), also=("diverged",)),
    Case("rate too low", "learning rate / 100", _rate(0.01)),
    Case("rate too low", "learning rate / 1,000", _rate(0.001)),
    Case("dead layer", "biases of layer 2 start at -100", _start(_dead_second_layer)),
    Case("silent units", "every second bias of layer 1 starts at -100", _start(_half_silent_first_layer)),
    Case("units that stay identical", "all weights start at 0", _settings(init="zeros")),
    Case("vanishing gradients by layer", "weights start as N(0, 0.01^2)", _settings(init="normal_0.01")),
    Case("vanishing gradients by layer", "8 sigmoid layers of 16",
         _settings(hidden_layers=(16,) * 8, activation="sigmoid")),
    Case("exploding gradients by layer", "weights start 10 times larger", _start(_ten_times_larger),
         also=("diverged",)),
    Case("saturated output", "output weights start 1,000 times larger", _start(_large_output_weights)),
    Case("unscaled inputs", "inputs x 255", _of_255),
    Case("always the majority", "l2 = 10", _settings(l2=10.0)),
    Case("overfits", "a tenth of the training rows, as many updates", _tenth_of_rows),
    Case("too few examples", "4 rows a class (8 in a regression)", _four_per_class),
    Case("stopped too early", "a twentieth of the epochs", _fewer_epochs),
    Case("no better than the majority", "labels mixed, so that inputs tell nothing", _shuffled_labels),
)  # fmt: skip
