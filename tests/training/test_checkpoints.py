"""Stopped anywhere and resumed, a fit gives the weights of one that was never stopped, bit for bit."""

import copy
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from checkpoint_runs import (
    AT_EVERY_UPDATE,
    CASES,
    PHASES,
    KilledError,
    data,
    dying_at,
    killed_after,
    killed_at,
    outcome,
    settings,
    trained,
)
from pellucid.errors import DivergedError, TrainingWarning
from pellucid.nn import Cosine, Network
from pellucid.training import Checkpoints, EarlyStopping, fit, loop
from pellucid.training.checkpoints import checkpoints, fit_progress, state_file
from pellucid.training.loop import State
from training_runs import LOSS

# every field of State ---------------------------------------------------------------------------------------------


def other(value):
    """Return another value of the same kind. A new kind needs a new line here."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return type(value)(3 if value in (0, np.inf) else value / 2)
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, list):
        return [*value, 0.1 + 0.2]
    if isinstance(value, np.ndarray):
        return np.asarray(~value if value.dtype == bool else value + 1)
    if isinstance(value, dict):
        return {name: other(array) for name, array in value.items()}
    if isinstance(value, Network):
        value = value.copy()
        value.parameters[:] += 1
        return value
    if isinstance(value, np.random.Generator):
        value = copy.deepcopy(value)
        value.integers(10, dtype=np.uint32)  # it stores the unused half of its bits
        return value
    if is_dataclass(value):
        return type(value)(**{f.name: other(getattr(value, f.name)) for f in fields(value)})
    assert value is None
    return np.arange(6.0)


def bits(value):
    """Return a value that is equal only for the same bits."""
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
    arrays, content = state_file.state_parts(state)
    path = tmp_path / "s"
    checkpoints.write_checksummed(path, "kind", 1, arrays, content)
    again = fresh(optimizer)
    assert bits(getattr(again, name)) != bits(getattr(state, name))
    state_file.restore(again, checkpoints.read_checksummed(path, "kind", 1))
    for kept in KEPT:
        assert bits(getattr(again, kept)) == bits(getattr(state, kept)), kept


# flags of a run that is over, and of Ctrl-C, which is never saved
WITHOUT_EFFECT_IN_A_RUN_UNDER_WAY = {"stopped", "diverged", "interrupted"}
OVERFITTING = {
    "optimizer": "adam", "batch_size": 9, "dropout": 0.2, "epochs": 60, "learning_rate": Cosine(0.01),
    "random_state": 8,
    "early_stopping": EarlyStopping(patience=8, min_delta=1e-2),
}  # fmt: skip
AFTER_THE_BEST = 4 * 12 + 2  # updates: the best, of epoch 9, is behind, 17 is where patience ends


@pytest.fixture(scope="module")
def half_done(tmp_path_factory):
    """A folder where OVERFITTING was killed, and what it would have given."""
    folder = tmp_path_factory.mktemp("half") / "c"
    killed_after(AFTER_THE_BEST, folder, **OVERFITTING)
    expected = outcome(trained(**OVERFITTING))
    assert (expected[1].best_epoch, len(expected[1].cost)) == (9, 17)
    return folder, expected


def resumed_from(half_done, tmp_path):
    shutil.copytree(half_done[0], tmp_path / "c")
    return outcome(trained(tmp_path / "c", resume=True, every="60s", **OVERFITTING))


def test_with_all_fields_resuming_gives_the_same(half_done, tmp_path):
    assert resumed_from(half_done, tmp_path) == half_done[1]


@pytest.mark.parametrize("name", sorted(set(KEPT) - WITHOUT_EFFECT_IN_A_RUN_UNDER_WAY))
def test_without_one_field_resuming_gives_other_weights(name, half_done, tmp_path, monkeypatch):
    """Mutants: one field stays as it was at the start, the others are restored."""

    def forgetful(state, parts):
        before = copy.deepcopy(getattr(state, name))
        state_file.restore(state, parts)
        assert bits(before) != bits(getattr(state, name)), "this run does not use the field"
        if name == "learned":
            state.learned.parameters[:] = before.parameters
        else:
            setattr(state, name, before)

    monkeypatch.setattr(fit_progress, "check_position", lambda *_: None)  # which detects some of it too
    monkeypatch.setattr(fit_progress, "restore", forgetful)
    assert resumed_from(half_done, tmp_path) != half_done[1]


# stopped anywhere, and resumed ------------------------------------------------------------------------------------


FIRST_WINS = {"adam": 10, "lbfgs": 5, "basis": 10, "dual": 10}  # seeds with which the first of three starts is the best


@pytest.mark.parametrize("restarts", [1, 3])
@pytest.mark.parametrize("case", CASES)
def test_killed_again_and_again_and_resumed_gives_the_same(case, restarts, tmp_path, monkeypatch):
    """Each process makes only a few updates. All of them must pass on the best finished start."""
    how = CASES[case] | {"random_state": FIRST_WINS[case]}
    first = trained(**how).network.parameters.tobytes()
    how["restarts"] = restarts
    expected = outcome(trained(**how))
    assert expected[0] == first and expected[1].used_row_space == (case in ("basis", "dual"))
    killed = 0
    resumed = None
    while resumed is None:
        with monkeypatch.context() as patch, suppress(KilledError):
            killed_at(9, patch, loop.Batches, "at")
            killed += 1
            resumed = trained(tmp_path / "c", resume=killed > 1, **how)
    assert killed > restarts and outcome(resumed) == expected


@cache
def whole(case):
    """Return the outcome with three starts, with and without checkpoints the same, and the calls of each phase."""
    how = CASES[case] | {"restarts": 3}
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        calls = {
            place_and_name: killed_at(0, patch, *place_and_name) for place_and_name in {p[:2] for p in PHASES.values()}
        }
        expected = outcome(trained(Path(folder) / "c", **how))
    assert expected == outcome(trained(**how))
    return expected, {place_and_name: len(made) for place_and_name, made in calls.items()}


SHARES = [0.1, 0.45, 0.9]
MOMENTS = [("adam", phase, share) for phase in PHASES for share in SHARES]
MOMENTS += [("dual", phase, SHARES[number % 3]) for number, phase in enumerate(PHASES)]


@pytest.mark.parametrize(("case", "phase", "share"), MOMENTS)
def test_killed_in_each_phase(case, phase, share, tmp_path, monkeypatch):
    """In the first, the second and the third start."""
    how = CASES[case] | {"restarts": 3}
    expected, calls = whole(case)
    place, name, before = PHASES[phase]
    with dying_at(int(share * calls[place, name]), place, name, before):
        trained(tmp_path / "c", **how)
    assert outcome(trained(tmp_path / "c", resume=True, **how)) == expected


SCRIPT = """
import os, signal, sys, types
sys.path.insert(0, {tests!r})
from checkpoint_runs import CASES, PHASES, killed_at, trained
kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
killed_at({call}, types.SimpleNamespace(setattr=setattr), *PHASES[{phase!r}], kill=kill)
print(trained("c", resume={resume}, restarts=3, **CASES["basis"]).network.parameters.tobytes().hex())
"""


@pytest.mark.slow
def test_sigkill_and_another_process(tmp_path):
    """Really killed: in an update, in the write and after it, one process after the other."""
    tests = str(Path(__file__).parents[1])
    plan = [("in the write", 21), ("after the rename", 30), ("in the middle of an update", 9), ("in the write", 0)]
    for number, (phase, call) in enumerate(plan):
        script = SCRIPT.format(tests=tests, phase=phase, call=call, resume=number > 0)
        done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == (0 if call == 0 else -signal.SIGKILL), done.stderr
    alone = trained(**CASES["basis"], restarts=3)
    assert done.stdout.strip() == alone.network.parameters.tobytes().hex()


def test_a_run_that_diverged_diverges_again(tmp_path):
    """Its last state, with an order of rows and no batch done, cannot be resumed."""

    def far_at_the_end_of_epoch_0(t, epochs):
        return 1e200 if 0.7 < t < 1 else 0.01

    how = {"optimizer": "gradient_descent", "learning_rate": far_at_the_end_of_epoch_0, "batch_size": 9}
    for resume in (False, True):
        with pytest.raises(DivergedError, match=r"the cost became inf in epoch 1"):
            job = Checkpoints(tmp_path / "c", AT_EVERY_UPDATE, resume=resume)
            fit(*data(), settings(**how), "squared_error", 1, checkpoint=job.at("a"))


def test_a_finished_fit_comes_from_its_file(tmp_path, monkeypatch):
    """A job of several fits: the first is done, the second half done, the third not begun."""

    def job(folder, resume=False):
        checkpoints = Checkpoints(folder, AT_EVERY_UPDATE, resume=resume)
        how = settings(**CASES["adam"])
        return [outcome(fit(*data(seed=n), how, LOSS, 1, checkpoint=checkpoints.at(f"fold-{n}"))) for n in range(3)]

    expected = job(tmp_path / "whole")
    updates = 4 * len(expected[0][1].cost)
    with dying_at(updates + 6):
        job(tmp_path / "c")
    seen = []
    real = loop.Batches.at
    monkeypatch.setattr(loop.Batches, "at", lambda *args: seen.append(1) or real(*args))
    assert job(tmp_path / "c", resume=True) == expected
    assert len(seen) == 4 * (len(expected[1][1].cost) + len(expected[2][1].cost)) - 5


def test_callbacks_hear_of_each_epoch_once(tmp_path, monkeypatch):
    heard = []
    how = CASES["adam"] | {"callbacks": (lambda state: heard.append(state.epoch),)}
    with dying_at(4 * 5 + 3):
        trained(tmp_path / "c", **how)
    trained(tmp_path / "c", resume=True, **how)
    assert heard == list(range(1, len(heard) + 1)) and len(heard) > 6


def test_a_callback_that_stopped_it_is_not_forgotten(tmp_path, monkeypatch):
    how = CASES["adam"] | {"callbacks": (lambda state: state.epoch == 3,), "restarts": 2}
    expected = outcome(trained(**how))
    with monkeypatch.context() as patch:
        killed_at(4 * 3 + 1, patch, loop.Batches, "at")  # in the second start
        with pytest.raises(KilledError):
            trained(tmp_path / "c", **how)
    how["callbacks"] = (lambda state: state.epoch == 3,)
    assert outcome(trained(tmp_path / "c", resume=True, **how)) == expected


def test_ctrl_c_leaves_a_checkpoint_to_resume(tmp_path):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        pressed = lambda state: state.epoch == 3 and os.kill(os.getpid(), signal.SIGINT)  # noqa: E731
        job = Checkpoints(tmp_path / "c", "60s")
        how = settings(**CASES["adam"], restarts=2, callbacks=(pressed,))
        first = fit(*data(), how, LOSS, 1, checkpoint=job.at("a"))
    finally:
        signal.signal(signal.SIGINT, before)
    assert first.interrupted and job.interrupted and first.history.stopped_because.startswith("interrupted in epoch 3")
    assert outcome(trained(tmp_path / "c", resume=True, **CASES["adam"], restarts=2)) == outcome(
        trained(**CASES["adam"], restarts=2)
    )


def test_the_warning_of_a_restored_divergence_is_repeated(tmp_path):
    one = np.ones((1, 1))
    how = {
        "hidden_layers": (), "init": [one], "optimizer": "gradient_descent", "learning_rate": 3.0, "epochs": 2000,
        "early_stopping": EarlyStopping(patience=10**6), "loss": "squared_error",
    }  # fmt: skip

    def run(resume):
        checkpoint = Checkpoints(tmp_path / "c", "1", resume=resume).at("a")
        with pytest.warns(TrainingWarning, match="diverged: the cost became inf"):
            return fit(
                one, 0 * one, settings(**how), "squared_error", 1, validation=(one, 30 * one), checkpoint=checkpoint
            )

    assert outcome(run(False)) == outcome(run(True))
