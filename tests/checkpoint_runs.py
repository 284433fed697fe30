"""Small runs that are stopped and resumed, for the tests of checkpoints."""

import os
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from pellucid.nn import Network
from pellucid.training import Checkpoints, EarlyStopping, Every, Settings, fit, loop
from pellucid.training.checkpoints import checkpoints
from training_runs import LOSS

AT_EVERY_UPDATE = Every(seconds=1e-9)
STOPPING = EarlyStopping(patience=8, min_delta=1e-3)
WIDE = {"row_space": True, "dtype": "float64", "early_stopping": STOPPING}
CASES = {
    "adam": {"optimizer": "adam", "batch_size": 9, "dropout": 0.3, "early_stopping": STOPPING, "epochs": 20},
    "lbfgs": {"optimizer": "lbfgs", "epochs": 20, "row_space": False},
    "basis": {"optimizer": "nesterov", "clip_norm": 0.5, "batch_size": 9, "epochs": 20, **WIDE},
    "dual": {"optimizer": "gradient_descent", "batch_size": None, "learning_rate": 0.1, "epochs": 40, **WIDE},
}


class KilledError(BaseException):
    """The end of the process: nothing catches it."""


def data(n=40, d=60, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X, (X[:, :1] + rng.normal(0, 1.5, (n, 1)) > 0).astype(float)


def settings(**how):
    usual = {"hidden_layers": (5,), "activation": "tanh", "learning_rate": 0.02, "random_state": 7}
    return Settings(**usual | how)


def trained(folder=None, resume=False, every=AT_EVERY_UPDATE, rows=None, label="a", **how):
    job = None if folder is None else Checkpoints(folder, every, resume=resume)
    return fit(*(rows or data()), settings(**how), LOSS, 1, checkpoint=None if job is None else job.at(label))


def outcome(fitted):
    """What a fit returns, without the time it took."""
    return fitted.network.parameters.tobytes(), replace(fitted.history, seconds=0.0)


def raise_killed():
    raise KilledError


def killed_at(call, patch, place, name, before=True, kill=raise_killed):
    """Kill the process at the n-th call of a function, before or after it is done; return the list of its calls."""
    real, calls = getattr(place, name), []

    def dying(*args, **kwargs):
        calls.append(1)
        if len(calls) == call and before:
            kill()
        answer = real(*args, **kwargs)
        if len(calls) == call:
            kill()
        return answer

    patch.setattr(place, name, dying)
    return calls


@contextmanager
def dying_at(call, place=loop.Batches, name="at", before=True):
    """Expect the block to be killed at the n-th call of a function, by default the one that begins an update."""
    with pytest.MonkeyPatch.context() as patch:
        killed_at(call, patch, place, name, before)
        with pytest.raises(KilledError):
            yield


def killed_after(updates, folder, **how):
    with dying_at(updates + 1):
        trained(folder, **how)


PHASES = {
    "in the middle of an update": (Network, "cost_and_gradient", True),
    "while an epoch is closed": (loop, "_check_patience", True),
    "when the best so far was just found": (loop, "_check_patience", False),
    "before anything is written": (checkpoints, "write_checksummed", True),
    "in the write": (os, "fsync", True),
    "after the write, before the rename": (os, "fsync", False),
    "after the rename": (checkpoints, "write_checksummed", False),
}
