"""pellucid as an entrant: `training.fit`, the whole call, with the threads it comes with."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.measure import Answer
from pellucid.nn import fast_updates
from pellucid.training import Fitted, History, Settings, fit


def start_of(settings: Settings, n_in: int, n_out: int, seed: int) -> list[np.ndarray]:
    """Return the weights W1, W2, ... (n_out, n_in) that the settings start from with a seed, in float64."""
    network = settings.network(n_in, n_out, "binary_cross_entropy").initialize(settings.init, seed)
    return [layer.W.copy() for layer in network.dense]


def rate_of(settings: Settings) -> float:
    """Return the learning rate, which is a number in the articles."""
    assert isinstance(settings.learning_rate, float)
    return settings.learning_rate


def binary(X: np.ndarray, y: np.ndarray, settings: Settings) -> Callable[[], Fitted]:
    """Return the function that trains on two classes, y (n,) of 0 and 1; all of it, from checking the rows on."""
    targets = y[:, None].astype(X.dtype)
    return lambda: fit(X, targets, settings, "binary_cross_entropy", 1)


def answer(fitted: Fitted) -> Answer:
    """Return costs and weights, and whether row space was used and why."""
    history = fitted.history
    weights = list(fitted.network.named().values())
    return Answer(history.cost, weights, said=told(history), row_space=history.used_row_space)


def told(history: History) -> str:
    """Return what the history tells about row space."""
    return f"used_row_space {history.used_row_space}, {history.row_space_reason}"


@contextmanager
def plain_numpy() -> Iterator[None]:
    """Compute without numba inside the block, as an installation without the extra `fast` does."""
    compiled = fast_updates.compiled_adam
    setattr(fast_updates, "compiled_adam", lambda: None)  # noqa: B010 - the type is another
    try:
        yield
    finally:
        setattr(fast_updates, "compiled_adam", compiled)  # noqa: B010


def has_numba() -> bool:
    """Return whether the extra `fast` is there."""
    return fast_updates.compiled_adam() is not None


class Epochs:
    """A callback that notes when each epoch ends, to tell training from what is done once before it."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def __call__(self, state: Any) -> None:
        self.ends.append(time.perf_counter())

    @property
    def seconds(self) -> float:
        """The median time of an epoch, without the first."""
        return float(np.median(np.diff(self.ends)))

    def once(self, began: float, ended: float) -> float:
        """Return what a call that lasted from `began` to `ended` took besides its epochs."""
        return max(0.0, ended - began - self.seconds * len(self.ends))
