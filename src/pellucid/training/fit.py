"""fit: arrays and Settings in, a trained network and its history out. The only door to training.

It weighs the rows, holds out rows for early stopping, draws the start, drives the loop, and sees to it that Ctrl-C and
divergence lose nothing that was learned.
"""

import contextlib
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.split import split_rows
from pellucid.errors import DivergedError, InputError, TrainingWarning, refuse_non_finite
from pellucid.nn import Network
from pellucid.nn.losses import Loss, get_loss
from pellucid.randomness import as_seed, stream, weight_stream
from pellucid.training.callbacks import print_costs
from pellucid.training.history import History
from pellucid.training.loop import Examples, State, initial_state, steps
from pellucid.training.settings import Settings

Array = NDArray[Any]


@dataclass(frozen=True)
class Fitted:
    """What training gives: the network, its history, and the seed that would give both again."""

    network: Network
    history: History
    seed: int


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
    train = _examples(X, y, sample_weight, settings.class_weight, loss, dtype, "the training rows")
    held_out = None
    if validation is not None:
        held_out = _examples(*validation, None, None, loss, dtype, "the validation rows")
    elif settings.stopping is not None:
        codes = _codes(train.y) if loss.codes or (loss.name == "binary_cross_entropy" and n_out == 1) else None
        kept, held = split_rows(codes, settings.stopping.fraction, stream(seed, "split"), n=len(train))
        train, held_out = _take(train, kept), _take(train, held)

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
    return Fitted(best.network(), best.history, seed)


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
    elif start.parameters.shape != network.parameters.shape:
        raise InputError(f"warm start needs the same layers: the last fit made {start}, these settings {network}.")
    else:
        network.parameters[:] = start.parameters
    state = initial_state(network, settings, seed)
    callbacks = [*settings.callbacks, *([print_costs(settings.epochs)] if settings.verbose else [])]
    began = time.perf_counter()
    with _ctrl_c_noted() as pressed:
        for _ in steps(train, settings, state, held_out):
            if pressed():
                state.stop(f"interrupted in epoch {state.epoch}; what was learned until then is kept")
            if state.batch == 0 and not state.diverged:
                for callback in callbacks:
                    if callback(state):
                        state.stop(f"a callback stopped it after {state.epoch} epochs")
        state.interrupted = pressed()
    if not np.isfinite(network.parameters).all() and not state.diverged:
        state.diverged = True
        state.history.stopped_because = (
            "diverged: the last update gave weights that are not finite. Try a smaller rate."
        )
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


@contextlib.contextmanager
def _ctrl_c_noted() -> Iterator[Any]:
    """Note the first Ctrl-C, to be acted on between two updates; a second one interrupts at once as usual."""
    noted: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before in (signal.SIG_IGN, None):
        yield lambda: False
        return

    def note(signum: int, frame: object) -> None:
        noted.append(signum)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(noted)
    finally:
        signal.signal(signal.SIGINT, before)


def _examples(
    X: Array, y: Array, sample_weight: Array | None, class_weight: Any, loss: Loss, dtype: np.dtype, what: str
) -> Examples:
    """Return checked arrays of the training precision, rows of weight zero left out, weights scaled to mean 1."""
    if X.ndim != 2 or 0 in X.shape:
        raise InputError(f"{what}: X must have shape (n, d) with n and d at least 1; got {X.shape}.")
    if len(X) != len(y):
        raise InputError(f"{what}: X has {len(X)} rows but y has {len(y)}.")
    refuse_non_finite(X, f"X of {what}")
    refuse_non_finite(y, f"y of {what}")
    w = _weights(y, sample_weight, class_weight, what)
    if w is not None:
        used = w > 0
        X, y, w = X[used], y[used], w[used] * (used.sum() / w.sum())
        w = None if np.all(w == w[0]) else w.astype(dtype)
    y = np.asarray(y, np.intp if loss.codes else dtype)
    return Examples(np.ascontiguousarray(X, dtype), y, w)


def _weights(y: Array, sample_weight: Array | None, class_weight: Any, what: str) -> Array | None:
    """Return sample weight x class weight (n,), or None where neither is given."""
    if sample_weight is None and class_weight is None:
        return None
    w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    if w.shape != (len(y),):
        raise InputError(f"{what}: sample_weight must have shape ({len(y)},), got {w.shape}.")
    refuse_non_finite(w, "sample_weight")
    if (w < 0).any() or not (w > 0).any():
        raise InputError("sample_weight must be 0 or more, and above 0 somewhere.")
    if class_weight is None:
        return w
    codes = _codes(y)
    if class_weight == "balanced":
        present, inverse = np.unique(codes[w > 0], return_inverse=True)
        totals = np.bincount(inverse, weights=w[w > 0])
        class_weight = dict(zip(present, totals.sum() / (len(present) * totals), strict=True))
    w = w * np.array([class_weight.get(code, 1.0) for code in codes.tolist()])
    if not (w > 0).any():
        raise InputError("sample_weight x class_weight is 0 in every row: nothing is left to learn from.")
    return w


def _codes(y: Array) -> Array:
    """Return class codes (n,) of targets as the loss takes them: (n,) codes, or (n, 1) zeros and ones."""
    return y.reshape(len(y)).astype(np.intp)


def _take(examples: Examples, rows: Array) -> Examples:
    weight = None if examples.weight is None else examples.weight[rows] / examples.weight[rows].mean()
    return Examples(examples.X[rows], examples.y[rows], weight)
