"""fit: arrays and Settings in, a trained network and its history out. The only door to training.

It weighs the rows, holds out rows for early stopping, draws the start, goes into row space where that pays, drives the
loop, and sees to it that Ctrl-C and divergence lose nothing that was learned.
"""

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from pellucid.data.splitting import split_rows
from pellucid.errors import DivergedError, InputError, TrainingWarning
from pellucid.nn import Network
from pellucid.nn.losses import Loss, get_loss
from pellucid.nn.scaled_integers import Rows
from pellucid.system.random_streams import as_seed, seeds, stream, weight_stream
from pellucid.training.checkpoints.checkpoints import Checkpoint
from pellucid.training.checkpoints.fit_progress import FitProgress
from pellucid.training.checkpoints.state_file import fit_fingerprint
from pellucid.training.examples import Examples, Problem, checked_examples, codes_of
from pellucid.training.history import History
from pellucid.training.loop import State, initial_state, steps
from pellucid.training.row_space import Eligibility, Gram, check_eligibility, reduce
from pellucid.training.runtime import blas_threads, ctrl_c_noted
from pellucid.training.settings import Settings

Array = NDArray[Any]
Callback = Callable[[State], object]


def print_costs(epochs: int, lines: int = 10, stream: TextIO | None = None) -> Callback:
    """Return a callback that writes about `lines` lines over a run of `epochs` epochs, to stderr by default."""
    every = max(1, epochs // lines)

    def report(state: State) -> None:
        if state.epoch == 1 or state.epoch % every == 0 or state.stopped:
            history = state.history
            validation = f"  validation cost {history.validation_cost[-1]:.6f}" if history.validation_cost else ""
            print(f"epoch {state.epoch - 1}  cost {history.cost[-1]:.6f}{validation}", file=stream or sys.stderr)

    return report


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
    checkpoint: Checkpoint | None = None,
) -> Fitted:
    """Return a network trained on rows X (n, d) with targets y.

    y: integer codes (n,) for softmax, else floats (n, n_out).  sample_weight: (n,), 0 or more.
    validation: (X, y) to measure on after each epoch.  start: a network to begin from (warm start).
    class_weight in the settings is by code here: {0: 1.0, 1: 3.0} or "balanced".
    checkpoint: where to write how far training is, and to go on from; callbacks hear only of epochs computed now.

    Raises InputError for data that cannot be trained on, DivergedError when the cost stopped being finite and no good
    weights were kept.
    """
    loss = get_loss(loss)
    if checkpoint is not None and not isinstance(settings.random_state, int | np.integer):
        raise InputError("training that is to be resumed needs random_state as a number: it must draw the same again.")
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

    progress = FitProgress(checkpoint, settings, partial(fit_fingerprint, settings, seed, loss, train, held_out, start))
    if progress.history is not None:
        _warn_of_divergence(progress.history)
        network = progress.restore_finished(settings.network(train.X.shape[1], n_out, loss, dtype))
        return Fitted(network, progress.history, seed)

    eligibility = progress.row_space = progress.row_space or _eligibility(train, held_out, settings, n_out, dtype)
    gram = None
    if eligibility.use:
        gram = Gram(train.X, None if held_out is None else held_out.X)
    else:
        train, held_out = train.of_precision(dtype), None if held_out is None else held_out.of_precision(dtype)
    starts = seeds(seed, "restart", settings.restarts)

    def prepared(number: int) -> tuple[Problem, State]:
        """Return the problem of one of the starts, and the state before its first update."""
        computed = dtype if gram is None else np.float64
        network = _at_start(settings.network(train.X.shape[1], n_out, loss, computed), settings, starts[number], start)
        problem = Problem(network, train, held_out)
        if gram is not None:
            problem = reduce(network, gram, train, held_out, settings)
        return problem, initial_state(problem.network, settings, starts[number], problem.expand)

    with ctrl_c_noted() as pressed:
        if progress.best_start is not None:
            progress.restore_best(prepared(progress.best_start)[1])
        for number in range(progress.start, settings.restarts):
            problem, state = prepared(number)
            progress.enter(number, state, problem)
            _run(problem, settings, state, pressed, progress)
            if progress.best is None or _final_cost(state) < _final_cost(progress.best):
                progress.best, progress.best_start = state, number
            if state.interrupted:
                break
        best = progress.best
        assert best is not None
        if best.diverged and best.best is None:
            raise DivergedError(f"Training {best.history.stopped_because}", best.history)
        network = best.network()
    history = best.history
    _warn_of_divergence(history)
    history.used_row_space, history.row_space_reason = eligibility.use, eligibility.reason
    if state.interrupted and best is not state:
        history.stopped_because += f"; interrupted in start {number + 1} of {settings.restarts}"
    if network.parameters.dtype != dtype:
        network = network.copy(dtype)  # row space computes in float64, whatever is stored
    history.seconds = progress.seconds
    if not state.interrupted:
        progress.finish(network, history)
    return Fitted(network, history, seed, state.interrupted)


def _warn_of_divergence(history: History) -> None:
    if history.stopped_because.startswith("diverged"):
        warnings.warn(
            f"Training {history.stopped_because} The best weights, of epoch {history.best_epoch}, came back.",
            TrainingWarning,
            stacklevel=4,  # whoever called fit's caller
        )


def _eligibility(
    train: Examples, held_out: Examples | None, settings: Settings, n_out: int, dtype: np.dtype
) -> Eligibility:
    widths = [*(width for width, _ in settings.layers), n_out]
    return check_eligibility(settings, len(train), len(held_out or ()), train.X.shape[1], widths[0], dtype)


def _at_start(network: Network, settings: Settings, seed: int, start: Network | None) -> Network:
    """Return the network with the weights it starts from: drawn, given, or those of another network."""
    if start is None:
        return network.initialize(settings.init, weight_stream(seed))
    if [layer.W.shape for layer in start.dense] != [layer.W.shape for layer in network.dense]:
        raise InputError(f"warm start needs the same layers: the last fit made {start}, these settings {network}.")
    network.parameters[:] = start.parameters
    return network


def _run(
    problem: Problem, settings: Settings, state: State, pressed: Callable[[], bool], progress: FitProgress
) -> None:
    """Train from one start, to the end; the state then has the weights that count: with early stopping the best."""
    network = problem.network
    callbacks = [*settings.callbacks, *([print_costs(settings.epochs)] if settings.verbose else [])]
    rows = settings.batch_rows(len(problem.train))
    with blas_threads(network, rows):
        for _ in steps(problem.train, settings, state, problem.validation):
            interrupted = pressed()
            if state.batch == 0 and not state.diverged:
                for callback in callbacks:
                    if callback(state):
                        state.stop(f"a callback stopped it after {state.epoch} epochs")
            if interrupted:
                break
            progress.after_update(state)
    if pressed():
        progress.interrupt(state)
        state.interrupted = True
        state.stop(f"interrupted in epoch {state.epoch}; what was learned until then is kept")
    if not state.diverged and not np.isfinite(network.parameters).all():
        state.diverge("the last update gave weights that are not finite")
    if state.best is not None:
        network.parameters[:] = state.best
    state.slots = {}  # no update follows


def _final_cost(state: State) -> float:
    history = state.history
    if state.best is not None:
        return state.best_cost
    if state.diverged:
        return np.inf
    return (history.validation_cost or history.cost or [np.inf])[-1]
