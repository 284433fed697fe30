"""The training loop: a generator that makes one update at a time and yields all that a resumption needs.

Its callers (fit, a progress bar, a page with a pause button) only consume States. `Batches` cuts an epoch into batches,
`State` holds everything between two updates, `steps` makes the updates. An epoch is closed (history, validation, early
stopping) before its last update is yielded.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Network
from pellucid.nn.buffers import Order, Work
from pellucid.nn.optimizers import clip_by_norm
from pellucid.nn.scaled_integers import IntegerRows
from pellucid.nn.schedules import get_schedule
from pellucid.system.random_streams import stream
from pellucid.training.examples import Examples
from pellucid.training.history import History
from pellucid.training.settings import Settings

Array = NDArray[Any]

WIDE = 64  # units; where the first layer has fewer, its product is faster row by row


class Batch(NamedTuple):
    """Rows X (b, n_in) as floats, their targets and weights."""

    X: Array
    y: Array
    weight: Array | None


class Batches:
    """The batches of an epoch: `rows` examples each, the last one perhaps fewer.

    >>> batches = Batches(Examples(np.zeros((5, 3)), np.zeros((5, 1))), rows=2, dtype=np.dtype(float))
    >>> len(batches)
    3
    """

    def __init__(self, train: Examples, rows: int, dtype: np.dtype) -> None:
        self._rows, self._number = rows, -(-len(train) // rows)
        self._X, self._y, self._weight = train.X, train.y, train.weight
        if self._number == 1:
            self._X = np.asarray(self._X, dtype)
        self._buffer = np.empty((rows if self._number > 1 else 0, train.X.shape[1]), dtype)

    def __len__(self) -> int:
        return self._number

    def at(self, number: int, order: Array | None) -> Batch:
        """Return the batch of that number in an epoch whose rows come in `order`; a full batch needs none."""
        if order is None:
            assert isinstance(self._X, np.ndarray)
            return Batch(self._X, self._y, self._weight)
        rows = order[number * self._rows :][: self._rows]
        X = self._buffer[: len(rows)]
        if isinstance(self._X, IntegerRows):
            self._X.gather(rows, out=X)
        else:
            np.take(self._X, rows, axis=0, out=X, mode="clip")  # "clip": without a second copy
        return Batch(X, self._y[rows], None if self._weight is None else self._weight[rows])


@dataclass
class State:
    """Everything that a run knows between two updates.

    epoch: the number of finished epochs.  batch: the updates done in the current one, 0 at its start.  order: its rows,
    shuffled. `learned` is the network being trained, in row space one of few coordinates, which `expand`
    brings back to the inputs; ask `network()` for one to look at.
    """

    learned: Network
    slots: dict[str, Array]
    shuffle: np.random.Generator
    dropout: np.random.Generator
    history: History = field(default_factory=History)
    epoch: int = 0
    batch: int = 0
    order: Array | None = None
    epoch_cost: float = 0.0
    best: Array | None = None
    best_cost: float = np.inf
    waited: int = 0
    patience_cost: float = np.inf
    stopped: bool = False
    diverged: bool = False
    interrupted: bool = False
    expand: Callable[[Network], Network] | None = None

    def network(self) -> Network:
        """Return the network with its current weights, as a network on the inputs."""
        return self.learned if self.expand is None else self.expand(self.learned)

    def stop(self, because: str) -> None:
        """End the run after this update; the first reason is kept."""
        if not self.stopped:
            self.stopped = True
            self.history.stopped_because = because

    def diverge(self, what: str, rate: float | None = None) -> None:
        """End the run because numbers are no longer finite; the reason says where, and what to try."""
        cost = self.history.cost
        last = f"the last finite cost was {cost[-1]:.4g}" if cost else "no cost was finite before it"
        known = "" if rate is None else f" (it was {rate:.4g}; try {rate / 10:.4g})"
        self.diverged = self.stopped = True
        self.history.stopped_because = (
            f"diverged: {what}; {last}. Try a smaller learning rate{known}, clip_norm=1, or "
            "inputs scaled to about 0 to 1."
        )


def initial_state(
    network: Network, settings: Settings, seed: int, expand: Callable[[Network], Network] | None = None
) -> State:
    """Return the state before the first update of `network`."""
    slots = settings.rule.slots(network.parameters)
    return State(network, slots, stream(seed, "shuffle"), stream(seed, "dropout"), expand=expand)


def steps(train: Examples, settings: Settings, state: State, validation: Examples | None = None) -> Iterator[State]:
    """Yield the state, changed in place, after every update until training ends.

    Parameters: the training rows, how to train, the state to go on from, and rows to measure on after each epoch.
    """
    network, rule = state.learned, settings.rule
    schedule = get_schedule(settings.learning_rate)
    rng = state.dropout if settings.dropout else None
    weights = [layer.W for layer in network.dense]
    gradient = np.empty_like(network.parameters)
    batches = Batches(train, settings.batch_rows(len(train)), network.parameters.dtype)
    work = Work(_layout(network, train))
    batch: Batch

    def evaluate() -> tuple[float, Array]:
        J, _ = network.cost_and_gradient(batch.X, batch.y, batch.weight, rng, work, gradient)
        if settings.clip_norm is not None:
            clip_by_norm(gradient, settings.clip_norm)
        return J, gradient

    while not state.stopped:
        if state.order is None and len(batches) > 1:
            state.order = state.shuffle.permutation(len(train))
        batch = batches.at(state.batch, state.order)
        rate = float(schedule(state.epoch + state.batch / len(batches), settings.epochs))
        with np.errstate(over="ignore", invalid="ignore"):  # divergence is reported in words below
            cost = rule.step(evaluate, network.parameters, state.slots, rate, weights)
        if not math.isfinite(cost):
            state.diverge(f"the cost became {cost} in epoch {state.epoch}", rate)
            yield state
            return

        state.epoch_cost += cost * len(batch.X) / len(train)
        state.batch += 1
        if state.batch == len(batches):
            _close_epoch(state, settings, validation, work)
            if rule.converged(state.slots):
                state.stop(f"converged after {state.epoch} epochs: no further step lowers the cost")
        yield state


def _layout(network: Network, train: Examples) -> Order:
    """Return how what the layers compute lies in memory: unit by unit where rows do, or where layers are wide."""
    by_unit = isinstance(train.X, np.ndarray) and train.X.flags.f_contiguous
    return "F" if by_unit or network.dense[0].n_out >= WIDE else "C"


def _close_epoch(state: State, settings: Settings, validation: Examples | None, work: Work) -> None:
    history = state.history
    history.cost.append(state.epoch_cost)
    state.epoch += 1
    state.batch, state.order, state.epoch_cost = 0, None, 0.0
    if validation is not None:
        with np.errstate(over="ignore", invalid="ignore"):
            cost = state.learned.data_cost(validation.X, validation.y, validation.weight, work)
        history.validation_cost.append(cost)
        if settings.stopping is not None:
            _check_patience(state, cost, settings.stopping.patience, settings.stopping.min_delta)
    if state.epoch >= settings.epochs:
        state.stop(f"all {settings.epochs} epochs done")


def _check_patience(state: State, cost: float, patience: int, min_delta: float) -> None:
    if cost < state.best_cost:
        state.best, state.best_cost = state.learned.parameters.copy(), cost
        state.history.best_epoch = state.epoch - 1
    state.waited += 1
    if cost < state.patience_cost - min_delta:
        state.patience_cost, state.waited = cost, 0
    if state.waited >= patience:
        state.stop(f"the validation cost did not fall for {patience} epochs")
