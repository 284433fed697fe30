"""fit: arrays and Settings in, a trained network and its history out. The only door to training.

It weighs the rows, holds out rows for early stopping, draws the start, drives the loop, and sees to it that Ctrl-C and
divergence lose nothing that was learned.
"""

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.split import split_rows
from pellucid.errors import DivergedError, InputError, TrainingWarning
from pellucid.nn import Network
from pellucid.nn.losses import Loss, get_loss
from pellucid.randomness import as_seed, stream, weight_stream
from pellucid.training.callbacks import print_costs
from pellucid.training.examples import Examples, checked_examples
from pellucid.training.history import History
from pellucid.training.interrupt import ctrl_c_noted
from pellucid.training.loop import State, initial_state, steps
from pellucid.training.row_weights import codes_of
from pellucid.training.settings import Settings

Array = NDArray[Any]


@dataclass(frozen=True)
class Fitted:
    """What training gives: the network, its history, the seed to have both again, and whether Ctrl-C ended it."""

    network: Network
    history: History
    seed: int
    interrupted: bool = False


def fit(
    X: Array,
    y: Array,
    settings: Settings,
    loss: str | Loss,
    n_out: int,
    *,
    sample_weight: Array | None = None,
    validation: tuple[Array, Array] | None = None,
    start: Network | None = None,
) -> Fitted:
    """Return a network trained on rows X (n, d) with targets y.

    y: integer codes (n,) for softmax, else floats (n, n_out).  sample_weight: (n,), 0 or more.
    validation: (X, y) to measure on after each epoch.  start: a network to begin from (warm start).
    class_weight in the settings is by code here: {0: 1.0, 1: 3.0} or "balanced".

    Raises InputError for data that cannot be trained on, DivergedError when the cost stopped being finite and no good
    weights were kept.
    """
    loss = get_loss(loss)
    seed = as_seed(settings.random_state)
    dtype = settings.training_dtype(X)
    train = checked_examples(X, y, sample_weight, settings.class_weight, loss, dtype, "the training rows")
    held_out = None
    if validation is not None:
        held_out = checked_examples(*validation, None, None, loss, dtype, "the validation rows")
    elif settings.stopping is not None:
        codes = codes_of(train.y) if loss.codes or (loss.classes and n_out == 1) else None
        kept, held = split_rows(codes, settings.stopping.fraction, stream(seed, "split"), n=len(train))
        train, held_out = train.take(kept), train.take(held)

    runs: list[State] = []
    for run_seed in _seeds(seed, settings.restarts):
        runs.append(_run(train, held_out, settings, loss, n_out, run_seed, start))
        if runs[-1].interrupted:
            break
    best = min(runs, key=_final_cost)
    if best.diverged and best.best is None:
        raise DivergedError(f"Training {best.history.stopped_because}", best.history)
    if best.diverged:
        warnings.warn(
            f"Training {best.history.stopped_because} The best weights, of epoch {best.history.best_epoch}, came back.",
            TrainingWarning,
            stacklevel=3,
        )
    best.history.seconds = sum(run.history.seconds for run in runs)
    if runs[-1].interrupted and best is not runs[-1]:
        best.history.stopped_because += f"; interrupted in start {len(runs)} of {settings.restarts}"
    return Fitted(best.network(), best.history, seed, runs[-1].interrupted)


def _run(
    train: Examples,
    held_out: Examples | None,
    settings: Settings,
    loss: Loss,
    n_out: int,
    seed: int,
    start: Network | None,
) -> State:
    """Train once from one start; return the state with the weights that count: with early stopping the best."""
    network = settings.network(train.X.shape[1], n_out, loss, train.X.dtype)
    if start is None:
        network.initialize(settings.init, weight_stream(seed))
    elif [layer.W.shape for layer in start.dense] != [layer.W.shape for layer in network.dense]:
        raise InputError(f"warm start needs the same layers: the last fit made {start}, these settings {network}.")
    else:
        network.parameters[:] = start.parameters
    state = initial_state(network, settings, seed)
    callbacks = [*settings.callbacks, *([print_costs(settings.epochs)] if settings.verbose else [])]
    began = time.perf_counter()
    with ctrl_c_noted() as pressed:
        for _ in steps(train, settings, state, held_out):
            if pressed():
                state.stop(f"interrupted in epoch {state.epoch}; what was learned until then is kept")
            if state.batch == 0 and not state.diverged:
                for callback in callbacks:
                    if callback(state):
                        state.stop(f"a callback stopped it after {state.epoch} epochs")
        state.interrupted = pressed()
    if not state.diverged and not np.isfinite(network.parameters).all():
        state.diverge("the last update gave weights that are not finite")
    if state.best is not None:
        network.parameters[:] = state.best
    state.history.seconds = time.perf_counter() - began
    return state


def _seeds(seed: int, restarts: int) -> list[int]:
    """Return one seed a start; the first is the seed itself."""
    return [seed, *(int(s) for s in stream(seed, "restart").integers(2**31, size=restarts - 1))]


def _final_cost(state: State) -> float:
    history = state.history
    if state.best is not None:
        return state.best_cost
    if state.diverged:
        return np.inf
    return (history.validation_cost or history.cost or [np.inf])[-1]
