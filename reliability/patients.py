"""Runs to examine: on each data set one healthy recipe, other healthy ones, and the same recipe with one change, sick.

The seed draws the division of the rows, the start of the weights and the shuffling; synthetic data too.
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
class Job:
    """A run to make: training rows, rows held out, settings. classes: how many, 0 for a regression."""

    X: np.ndarray
    y: np.ndarray
    X_held: np.ndarray
    y_held: np.ndarray
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


Change = Callable[[Job], Job]


def examined(job: Job) -> tuple[Finding, ...]:
    """Train as the job says and return what the doctor finds."""
    y, held = job.targets(job.y), (job.X_held, job.targets(job.y_held))
    network, history = job.settings.network(job.X.shape[1], job.n_out, job.loss), History()
    try:
        fitted = fit(job.X, y, job.settings, job.loss, job.n_out, validation=held)
        network, history = fitted.network, fitted.history
    except DivergedError as error:
        assert isinstance(error.history, History)
        history = error.history
    return diagnose(network, history, job.settings, job.X, y, validation=held)


# Healthy ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ward:
    """A data set, its healthy recipe, other healthy recipes as changes of it, and which sick cases make no sense.

    n: training rows; n_held: rows held out.
    """

    data: Callable[[int], tuple[np.ndarray, np.ndarray]]
    n: int
    n_held: int
    settings: Settings
    others: tuple[dict[str, Any], ...] = ()
    without: tuple[str, ...] = ()

    def job(self, seed: int) -> Job:
        """Return the healthy run of that seed."""
        X, y = self.data(seed)
        order = np.random.default_rng(seed).permutation(len(X))
        train, held = order[: self.n], order[self.n : self.n + self.n_held]
        classes = 0 if y.dtype.kind == "f" else len(np.unique(y))
        return Job(X[train], y[train], X[held], y[held], replace(self.settings, random_state=seed), classes)


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
    "moons": Ward(
        _moons,
        300,
        300,
        Settings(hidden_layers=(16, 16, 8), optimizer="adam", learning_rate=0.01, epochs=60, batch_size=50),
        others=(
            {
                "hidden_layers": (16,),
                "activation": "tanh",
                "optimizer": "lbfgs",
                "batch_size": None,
                "epochs": 50,
                "l2": 1e-3,
            },
            {"early_stopping": EarlyStopping()},
        ),
        without=("diverged",),
    ),
    "digits": Ward(
        _digits,
        800,
        500,
        Settings(hidden_layers=(32, 16, 16), optimizer="nesterov", learning_rate=0.02, epochs=40, batch_size=32),
        others=(
            {"hidden_layers": (), "optimizer": "momentum", "learning_rate": 0.05},
            {"hidden_layers": (64,), "dropout": 0.2, "optimizer": "adam", "learning_rate": 0.003},
        ),
        without=("diverged",),
    ),
    "friedman": Ward(
        _friedman,
        300,
        300,
        Settings(
            hidden_layers=(32, 16, 16), optimizer="gradient_descent", learning_rate=0.05, epochs=800, batch_size=None
        ),
        others=({"hidden_layers": (32,), "activation": "tanh", "optimizer": "adam", "learning_rate": 0.01},),
        without=("saturated output",),
    ),
}
HELD_OUT = {  # looked at once, when the thresholds stood
    "leaves": Ward(
        _leaves,
        700,
        300,
        Settings(
            hidden_layers=(48, 24, 16),
            optimizer="nesterov",
            learning_rate=0.01,
            clip_norm=1.0,
            epochs=20,
            batch_size=50,
            row_space=False,
        ),
        without=("diverged",),
    ),
    "diabetes": Ward(
        _diabetes,
        300,
        142,
        Settings(hidden_layers=(24, 16, 8), optimizer="momentum", learning_rate=0.01, epochs=20, batch_size=50),
        without=("saturated output",),
    ),
}

# Sick ---------------------------------------------------------------------------------------------------------------


def _settings(**changed: Any) -> Change:
    return lambda job: replace(job, settings=replace(job.settings, **changed))


def _rate(times: float) -> Change:
    def change(job: Job) -> Job:
        rate = get_schedule(job.settings.learning_rate)(0, job.settings.epochs)
        return replace(job, settings=replace(job.settings, learning_rate=rate * times))

    return change


def _start(spoil: Callable[[dict[str, np.ndarray]], None]) -> Change:
    """Return the change of the weights that training starts from."""

    def change(job: Job) -> Job:
        network = job.settings.network(job.X.shape[1], job.n_out, job.loss)
        named = network.initialize(job.settings.init, as_seed(job.settings.random_state)).named()
        spoil(named)
        return replace(job, settings=replace(job.settings, init=list(named.values())))

    return change


def _dead_second_layer(named: dict[str, np.ndarray]) -> None:
    named["b2"][:] = -100


def _half_silent_first_layer(named: dict[str, np.ndarray]) -> None:
    named["b1"][::2] = -100


def _loud_output(named: dict[str, np.ndarray]) -> None:
    list(named.values())[-2][:] *= 1000


def _ten_times_larger(named: dict[str, np.ndarray]) -> None:
    for name, array in named.items():
        array *= 10 if name[0] == "W" else 1


def _of_255(job: Job) -> Job:
    return replace(job, X=job.X * 255, X_held=job.X_held * 255)


def _tenth_of_the_rows(job: Job) -> Job:
    n, settings = len(job.X) // 10, replace(job.settings, epochs=10 * job.settings.epochs)  # as many updates
    return replace(job, X=job.X[:n], y=job.y[:n], settings=settings)


def _four_a_class(job: Job) -> Job:
    of_each = [np.flatnonzero(job.y == code)[:4] for code in range(job.classes)]
    rows = np.concatenate(of_each) if job.classes else np.arange(8)
    return replace(job, X=job.X[rows], y=job.y[rows])


def _labels_mixed(job: Job) -> Job:
    rng = np.random.default_rng(job.settings.random_state)
    return replace(job, y=rng.permutation(job.y), y_held=rng.permutation(job.y_held))


def _fewer_epochs(job: Job) -> Job:
    return replace(job, settings=replace(job.settings, epochs=max(1, job.settings.epochs // 20)))


@dataclass(frozen=True)
class Case:
    """A sickness: what is changed, in words and as a function, and which names count as having found it."""

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
    Case(
        "vanishing gradients by layer",
        "8 sigmoid layers of 16",
        _settings(hidden_layers=(16,) * 8, activation="sigmoid"),
    ),
    Case(
        "exploding gradients by layer", "weights start 10 times larger", _start(_ten_times_larger), also=("diverged",)
    ),
    Case("saturated output", "output weights start 1,000 times larger", _start(_loud_output)),
    Case("unscaled inputs", "inputs x 255", _of_255),
    Case("always the majority", "l2 = 10", _settings(l2=10.0)),
    Case("overfits", "a tenth of the training rows, as many updates", _tenth_of_the_rows),
    Case("too few examples", "4 rows a class (8 in a regression)", _four_a_class),
    Case("stopped too early", "a twentieth of the epochs", _fewer_epochs),
    Case("no better than the majority", "labels mixed, so that inputs tell nothing", _labels_mixed),
)
