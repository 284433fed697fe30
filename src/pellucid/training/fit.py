"""fit: arrays and Settings in, a trained network and its history out. The only door to training.

It weighs the rows, holds out rows for early stopping, draws the start, goes into row space where that pays, drives the
loop, and sees to it that Ctrl-C and divergence lose nothing that was learned.
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.split import split_rows
from pellucid.errors import DivergedError, InputError, TrainingWarning
from pellucid.nn import Network
from pellucid.nn.losses import Loss, get_loss
from pellucid.randomness import as_seed, stream, weight_stream
from pellucid.rows import Rows
from pellucid.training.callbacks import print_costs
from pellucid.training.examples import Examples, checked_examples
from pellucid.training.history import History
from pellucid.training.interrupt import ctrl_c_noted
from pellucid.training.loop import State, initial_state, steps
from pellucid.training.problem import Problem
from pellucid.training.row_space import Choice, Span, choose, reduce
from pellucid.training.row_weights import codes_of
from pellucid.training.settings import Settings
from pellucid.training.threads import blas_threads

Array = NDArray[Any]


@dataclass(frozen=True)
class Fitted:
    """What training gives: the network, its history, the seed to have both again, and whether Ctrl-C ended it."""

    network: Network
    history: History
    seed: int
    interrupted: bool = False


def fit(
    X: Rows,
    y: Array,
    settings: Settings,
    loss: str | Loss,
    n_out: int,
    *,
    sample_weight: Array | None = None,
    validation: tuple[Rows, Array] | None = None,
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
    train = checked_examples(X, y, sample_weight, settings.class_weight, loss, "the training rows")
    held_out = None
    if validation is not None:
        held_out = checked_examples(*validation, None, None, loss, "the validation rows")
        if held_out.X.shape[1] != train.X.shape[1]:
            raise InputError(f"validation rows have {held_out.X.shape[1]} inputs, training rows {train.X.shape[1]}.")
    elif settings.stopping is not None:
        codes = codes_of(train.y) if loss.codes or (loss.classes and n_out == 1) else None
        kept, held = split_rows(codes, settings.stopping.fraction, stream(seed, "split"), n=len(train))
        train, held_out = train.take(kept), train.take(held)

    began = time.perf_counter()
    choice = _choice(train, held_out, settings, n_out, dtype)
    span = None
    if choice.use:
        span = Span(train.X, None if held_out is None else held_out.X)
    else:
        train, held_out = train.of_precision(dtype), None if held_out is None else held_out.of_precision(dtype)
    runs: list[State] = []
    with ctrl_c_noted() as pressed:
        for run_seed in _seeds(seed, settings.restarts):
            computed = dtype if span is None else np.float64
            network = _at_start(settings.network(train.X.shape[1], n_out, loss, computed), settings, run_seed, start)
            problem = Problem(network, train, held_out)
            if span is not None:
                problem = reduce(network, span, train, held_out, settings)
            runs.append(_run(problem, settings, run_seed, pressed))
            if runs[-1].interrupted:
                break
        best = min(runs, key=_final_cost)
        if best.diverged and best.best is None:
            raise DivergedError(f"Training {best.history.stopped_because}", best.history)
        network = best.network()
    if best.diverged:
        warnings.warn(
            f"Training {best.history.stopped_because} The best weights, of epoch {best.history.best_epoch}, came back.",
            TrainingWarning,
            stacklevel=3,
        )
    best.history.used_row_space, best.history.row_space_reason = choice.use, choice.reason
    if runs[-1].interrupted and best is not runs[-1]:
        best.history.stopped_because += f"; interrupted in start {len(runs)} of {settings.restarts}"
    if network.parameters.dtype != dtype:
        network = network.copy(dtype)  # row space computes in float64, whatever is stored
    best.history.seconds = time.perf_counter() - began
    return Fitted(network, best.history, seed, runs[-1].interrupted)


def _choice(train: Examples, held_out: Examples | None, settings: Settings, n_out: int, dtype: np.dtype) -> Choice:
    widths = [*(width for width, _ in settings.layers), n_out]
    return choose(settings, len(train), len(held_out or ()), train.X.shape[1], widths[0], dtype)


def _at_start(network: Network, settings: Settings, seed: int, start: Network | None) -> Network:
    """Return the network with the weights it starts from: drawn, given, or those of another network."""
    if start is None:
        return network.initialize(settings.init, weight_stream(seed))
    if [layer.W.shape for layer in start.dense] != [layer.W.shape for layer in network.dense]:
        raise InputError(f"warm start needs the same layers: the last fit made {start}, these settings {network}.")
    network.parameters[:] = start.parameters
    return network


def _run(problem: Problem, settings: Settings, seed: int, pressed: Callable[[], bool]) -> State:
    """Train once from one start; return the state with the weights that count: with early stopping the best."""
    network = problem.network
    state = initial_state(network, settings, seed, problem.expand)
    callbacks = [*settings.callbacks, *([print_costs(settings.epochs)] if settings.verbose else [])]
    rows = settings.batch_rows(len(problem.train))
    with blas_threads(network, rows):
        for _ in steps(problem.train, settings, state, problem.validation):
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
