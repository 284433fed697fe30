"""Nothing lost: stopped anywhere and resumed, a fit gives the weights of one that was never stopped, bit for bit."""

import copy
import os
import signal
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest

from pellucid.errors import InputError, MissingFileError, ModelFileError, OutputExistsError, TrainingWarning
from pellucid.nn import Network
from pellucid.training import Checkpoints, EarlyStopping, Every, Settings, checkpoints, fit, loop, snapshot, standing
from pellucid.training.history import History
from pellucid.training.loop import State
from training_runs import LOSS

AT_EVERY_UPDATE = Every(seconds=1e-9)
STOPPING = EarlyStopping(patience=4, min_delta=1e-3)
WIDE = {"row_space": True, "dtype": "float64", "early_stopping": STOPPING, "epochs": 14}
CASES = {
    "adam": {"optimizer": "adam", "batch_size": 9, "dropout": 0.3, "early_stopping": STOPPING, "epochs": 14},
    "lbfgs": {"optimizer": "lbfgs", "epochs": 9, "row_space": False},
    "basis": {"optimizer": "nesterov", "clip_norm": 0.5, "batch_size": 9, "learning_rate": 0.05, **WIDE},
    "dual": {"optimizer": "gradient_descent", "batch_size": None, "learning_rate": 0.3, **WIDE},
}


class KilledError(BaseException):
    """Stands for the end of the process: nobody catches it."""


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
    """All that a fit gives but the time it took."""
    return fitted.network.parameters.tobytes(), replace(fitted.history, seconds=0.0)


def killed_at(call, monkeypatch, place, name, before=True):
    """Let the process end at the n-th call of a function, before or after it is done."""
    real, calls = getattr(place, name), []

    def dying(*args, **kwargs):
        calls.append(1)
        if len(calls) == call and before:
            raise KilledError
        answer = real(*args, **kwargs)
        if len(calls) == call:
            raise KilledError
        return answer

    monkeypatch.setattr(place, name, dying)


# every field of State ---------------------------------------------------------------------------------------------


def other(value):
    """A value of the same kind, but another one; a kind that is new here must be thought about."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return type(value)(3 if value in (0, np.inf) else value / 2)
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, list):
        return [*value, 0.1 + 0.2]
    if isinstance(value, np.ndarray):
        return ~value if value.dtype == bool else value + 1
    if isinstance(value, dict):
        return {name: other(array) for name, array in value.items()}
    if isinstance(value, Network):
        value = value.copy()
        value.parameters[:] += 1
        return value
    if isinstance(value, np.random.Generator):
        value = copy.deepcopy(value)
        value.integers(10, dtype=np.uint32)  # an odd half of its bits is kept for later
        return value
    if is_dataclass(value):
        return type(value)(**{f.name: other(getattr(value, f.name)) for f in fields(value)})
    assert value is None
    return np.arange(6.0)


def bits(value):
    """Return something that is equal only for the same bits."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    if isinstance(value, Network):
        return bits(value.parameters)
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if isinstance(value, dict):
        return {name: bits(part) for name, part in value.items()}
    return repr(value)


def fresh(optimizer="adam"):
    how = settings(optimizer=optimizer)
    return loop.initial_state(how.network(3, 1, LOSS).initialize("he", 1), how, 7)


KEPT = [f.name for f in fields(State) if f.name != "expand"]


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs", "nesterov", "gradient_descent", "rmsprop", "adamw"])
@pytest.mark.parametrize("name", KEPT)
def test_every_field_of_state_is_in_a_checkpoint(name, optimizer, tmp_path):
    """The list is State's own: a field added there and not saved fails here."""
    state = fresh(optimizer)
    state.history.best_epoch = 2
    changed = other(getattr(state, name))
    if name == "best":
        changed = np.full_like(state.learned.parameters, 0.1)
    setattr(state, name, changed)
    arrays, content = snapshot.snapshot(state)
    path = tmp_path / "s"
    checkpoints.write_sealed(path, "kind", 1, arrays, content)
    again = fresh(optimizer)
    assert bits(getattr(again, name)) != bits(getattr(state, name))
    snapshot.restore(again, checkpoints.read_sealed(path, "kind", 1))
    for kept in KEPT:
        assert bits(getattr(again, kept)) == bits(getattr(state, kept)), kept


# what a checkpoint would be without them: a flag of a run that is over, and Ctrl-C, which is never saved
WITHOUT_EFFECT_IN_A_RUN_UNDER_WAY = {"stopped", "diverged", "interrupted"}
OVERFITTING = {
    "optimizer": "adam", "batch_size": 9, "dropout": 0.2, "epochs": 60, "learning_rate": 0.05,
    "early_stopping": EarlyStopping(patience=6, min_delta=1e-3),
}  # fmt: skip
AFTER_THE_BEST = 24  # updates of 4 an epoch, and 2 of the next: the best is behind, patience has begun


@pytest.mark.parametrize("name", sorted(set(KEPT) - WITHOUT_EFFECT_IN_A_RUN_UNDER_WAY))
def test_a_checkpoint_without_one_field_is_noticed(name, tmp_path, monkeypatch):
    """Mutants: each field left at its start when the rest is restored; the run must then end elsewhere."""
    expected = outcome(trained(**OVERFITTING))

    def stopped_and_resumed(folder, forget):
        with monkeypatch.context() as patch:
            killed_at(AFTER_THE_BEST + 3, patch, loop.Batches, "at")
            with pytest.raises(KilledError):
                trained(folder, **OVERFITTING)
        with monkeypatch.context() as patch:
            if forget:
                patch.setattr(standing, "refuse_impossible", lambda *_: None)
                patch.setattr(standing, "restore", forgetful)
            return outcome(trained(folder, resume=True, **OVERFITTING))

    def forgetful(state, saved):
        before = copy.deepcopy(getattr(state, name))
        snapshot.restore(state, saved)
        if name == "learned":
            state.learned.parameters[:] = before.parameters
        else:
            assert bits(before) != bits(getattr(state, name)), "this run does not show the field"
            setattr(state, name, before)

    assert stopped_and_resumed(tmp_path / "1", forget=False) == expected
    try:
        assert stopped_and_resumed(tmp_path / "2", forget=True) != expected
    except (TypeError, IndexError):  # a batch in the middle of an epoch whose order is forgotten
        assert name == "order"
