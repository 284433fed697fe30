"""fit: arrays and Settings in, a trained network and its history out. The only door to training.

`prepare_examples` checks and weighs the rows and holds some out for early stopping. `choose_problem` decides what is
trained: the network on its inputs, or the same network in row space, where that pays. `run_starts` drives the loop from
each start and keeps the best end. Ctrl-C and divergence lose nothing that was learned.
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


@dataclass(frozen=True)
class Fitted:
    """The result of training: the network, its history, the seed that reproduces both, and whether Ctrl-C ended it."""

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
    checkpoint: where to save progress, and to resume from; callbacks see only the epochs computed in this process.

    Raises InputError for data that cannot be trained on, DivergedError when the cost stopped being finite and no good
    weights were kept.
    """
    loss = get_loss(loss)
    if checkpoint is not None and not isinstance(settings.random_state, int | np.integer):
        raise InputError("training that is to be resumed needs random_state as a number: it must draw the same again.")
    seed, dtype = as_seed(settings.random_state), settings.training_dtype(X)
    train, held_out = prepare_examples(X, y, settings, loss, n_out, seed, sample_weight, validation)
    n_in = train.X.shape[1]

    progress = FitProgress(checkpoint, settings, partial(fit_fingerprint, settings, seed, loss, train, held_out, start))
    if progress.history is not None:
        _warn_of_divergence(progress.history)
        network = progress.restore_finished(settings.network(n_in, n_out, loss, dtype))
        return Fitted(network, progress.history, seed)

    eligibility = progress.row_space = progress.row_space or _eligibility(train, held_out, settings, n_out, dtype)
    problem_of = choose_problem(train, held_out, settings, eligibility.use, dtype)
    start_seeds = seeds(seed, "restart", settings.restarts)

    def begin(number: int) -> tuple[Problem, State]:
        """Return the problem of one of the starts, and the state before its first update."""
        network = settings.network(n_in, n_out, loss, np.float64 if eligibility.use else dtype)
        problem = problem_of(_at_start(network, settings, start_seeds[number], start))
        return problem, initial_state(problem.network, settings, start_seeds[number], problem.expand)

    best, network, interrupted = run_starts(begin, settings, progress)
    history = best.history
    _warn_of_divergence(history)
    history.used_row_space, history.row_space_reason = eligibility.use, eligibility.reason
    if interrupted and not best.interrupted:
        history.stopped_because += f"; interrupted in start {progress.start + 1} of {settings.restarts}"
    if network.parameters.dtype != dtype:
        network = network.copy(dtype)  # row space computes in float64, whatever is stored
    history.seconds = progress.seconds
    if not interrupted:
        progress.finish(network, history)
    return Fitted(network, history, seed, interrupted)


def prepare_examples(
    X: Rows,
    y: Array,
    settings: Settings,
    loss: Loss,
    n_out: int,
    seed: int,
    sample_weight: Array | None,
    validation: tuple[Rows, Array] | None,
) -> tuple[Examples, Examples | None]:
    """Return the checked training rows and the rows to measure on: those given, or held out for early stopping."""
    train = checked_examples(X, y, sample_weight, settings.class_weight, loss, "the training rows")
    if validation is not None:
        held_out = checked_examples(*validation, None, None, loss, "the validation rows")
        if held_out.X.shape[1] != train.X.shape[1]:
            raise InputError(f"validation rows have {held_out.X.shape[1]} inputs, training rows {train.X.shape[1]}.")
        return train, held_out
    if settings.stopping is None:
        return train, None
    codes = codes_of(train.y) if loss.codes or (loss.classes and n_out == 1) else None
    kept, held = split_rows(codes, settings.stopping.fraction, stream(seed, "split"), n=len(train))
    return train.take(kept), train.take(held)


def choose_problem(
    train: Examples, held_out: Examples | None, settings: Settings, row_space: bool, dtype: np.dtype
) -> Callable[[Network], Problem]:
    """Return the function from a network at its start to the problem: on the inputs, or in row space."""
    if row_space:
        gram = Gram(train.X, None if held_out is None else held_out.X)
        return lambda network: reduce(network, gram, train, held_out, settings)
    rows, rows_held_out = train.of_precision(dtype), None if held_out is None else held_out.of_precision(dtype)
    return lambda network: Problem(network, rows, rows_held_out)


def run_starts(
    begin: Callable[[int], tuple[Problem, State]], settings: Settings, progress: FitProgress
) -> tuple[State, Network, bool]:
    """Train from each start that is left; return the best end, its network, and whether Ctrl-C ended the last start."""
    interrupted = False
    with ctrl_c_noted() as pressed:
        if progress.best_start is not None:
            progress.restore_best(begin(progress.best_start)[1])
        for number in range(progress.start, settings.restarts):
            problem, state = begin(number)
            progress.enter(number, state, problem)
            _run(problem, settings, state, pressed, progress)
            if progress.best is None or _final_cost(state) < _final_cost(progress.best):
                progress.best, progress.best_start = state, number
            if interrupted := state.interrupted:
                break
        best = progress.best
        assert best is not None
        if best.diverged and best.best is None:
            raise DivergedError(f"Training {best.history.stopped_because}", best.history)
        return best, best.network(), interrupted


def _warn_of_divergence(history: History) -> None:
    if history.stopped_because.startswith("diverged"):
        warnings.warn(
            f"Training {history.stopped_because} The best weights, of epoch {history.best_epoch}, came back.",
            TrainingWarning,
            stacklevel=4,  # points at the code that called fit's caller
        )


def _eligibility(
    train: Examples, held_out: Examples | None, settings: Settings, n_out: int, dtype: np.dtype
) -> Eligibility:
    widths = [*(width for width, _ in settings.layers), n_out]
    return check_eligibility(settings, len(train), len(held_out or ()), train.X.shape[1], widths[0], dtype)


def _at_start(network: Network, settings: Settings, seed: int, start: Network | None) -> Network:
    """Return the network with its starting weights: drawn, given, or those of another network."""
    if start is None:
        return network.initialize(settings.init, weight_stream(seed))
    if [layer.W.shape for layer in start.dense] != [layer.W.shape for layer in network.dense]:
        raise InputError(f"warm start needs the same layers: the last fit made {start}, these settings {network}.")
    network.parameters[:] = start.parameters
    return network


def _run(
    problem: Problem, settings: Settings, state: State, pressed: Callable[[], bool], progress: FitProgress
) -> None:
    """Train from one start to its end; the state then has the final weights, with early stopping the best ones."""
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


def print_costs(epochs: int, lines: int = 10, stream: TextIO | None = None) -> Callback:
    """Return a callback that writes about `lines` lines over a run of `epochs` epochs, to stderr by default."""
    every = max(1, epochs // lines)

    def report(state: State) -> None:
        if state.epoch == 1 or state.epoch % every == 0 or state.stopped:
            history = state.history
            validation = f"  validation cost {history.validation_cost[-1]:.6f}" if history.validation_cost else ""
            print(f"epoch {state.epoch - 1}  cost {history.cost[-1]:.6f}{validation}", file=stream or sys.stderr)

    return report


def _final_cost(state: State) -> float:
    history = state.history
    if state.best is not None:
        return state.best_cost
    if state.diverged:
        return np.inf
    return (history.validation_cost or history.cost or [np.inf])[-1]
