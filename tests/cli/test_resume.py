"""`pellucid train --resume`: killed, interrupted, with other options, with nothing to resume."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import pellucid
from checkpoint_runs import dying_at, killed_at
from pellucid.cli.main import run
from pellucid.training import loop

TRAIN = ["train", "toy:flower", "--layers", "6:tanh", "--epochs", "10", "--ensemble", "2", "--cross-validate", "1"]
TRAIN += ["--no-report", "--checkpoint-every", "1 epoch", "--out", "m"]
WHOLE = [*TRAIN[:-1], "whole", "--json", "whole.json"]
IN_THE_FIRST_FOLD, IN_ANOTHER_FOLD, IN_THE_SECOND_NETWORK = 9, 150, 335  # 20 updates a fit: 5 folds of 3, then 3


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def names():
    return sorted(path.name for path in Path().iterdir())


def weights(path):
    return b"".join(network.parameters.tobytes() for network in pellucid.load(path).networks)


def scores(path):
    return {name: json.loads(Path(path).read_text())["results"][name] for name in ("scores", "cross_validation")}


@pytest.fixture(autouse=True)
def no_doctor(monkeypatch):
    """Its trials make updates too, which these tests count."""
    monkeypatch.setattr("pellucid.experiment.learner.diagnose", lambda *args, **how: ())


@pytest.fixture
def plain_baseline(monkeypatch):
    """Train the baseline like the network, in 20 updates a fit, and not to its optimum in as many as that takes."""
    monkeypatch.setattr("pellucid.experiment.learner.TO_THE_OPTIMUM", {})
    monkeypatch.setattr("pellucid.experiment.learner.ENOUGH", 1)


def test_the_baseline_resumes_and_reaches_its_optimum(monkeypatch):
    """It comes last, and it alone makes more updates."""
    with monkeypatch.context() as patch:
        updates = killed_at(0, patch, loop.Batches, "at")
        assert run([*WHOLE, "--seed", "1"]) == 0
        total = len(updates)
    with dying_at(total - 2):
        run([*TRAIN, "--seed", "1"])
    with monkeypatch.context() as patch:
        updates = killed_at(0, patch, loop.Batches, "at")
        assert run([*TRAIN, "--seed", "1", "--resume", "--json", "m.json"]) == 0
        assert len(updates) < 10
    assert weights("m") == weights("whole") and scores("m.json") == scores("whole.json")


@pytest.mark.usefixtures("plain_baseline")
@pytest.mark.parametrize("update", [IN_THE_FIRST_FOLD, IN_ANOTHER_FOLD, IN_THE_SECOND_NETWORK])
def test_the_command_resumes(update, monkeypatch, capsys):
    with dying_at(update):
        run(TRAIN)
    assert names() == ["m.checkpoint"]
    assert run(TRAIN) == 1
    assert "m.checkpoint holds an unfinished training. Resume it with --resume" in capsys.readouterr().err
    assert run([*TRAIN, "--resume", "--l2", "0.1"]) == 1
    assert (
        "m.checkpoint belongs to a different training: l2 was not given, now it is 0.1; resuming"
        in capsys.readouterr().err
    )
    with monkeypatch.context() as patch:
        updates = killed_at(0, patch, loop.Batches, "at")
        assert run([*TRAIN, "--resume", "--json", "m.json"]) == 0
    assert len(updates) == 18 * 20 - (update - 1) // 2 * 2  # those since the last end of an epoch
    assert names() == ["m", "m.json", "m.toml"]
    assert run([*WHOLE, "--seed", str(pellucid.load("m").provenance.seed)]) == 0  # drawn in the first process
    assert weights("m") == weights("whole") and scores("m.json") == scores("whole.json")
    assert run([*TRAIN, "--resume"]) == 1
    assert "m.checkpoint has no checkpoint to resume from" in capsys.readouterr().err


def test_force_deletes_an_unfinished_training():
    with dying_at(IN_THE_FIRST_FOLD):
        run(TRAIN)
    assert run([*TRAIN, "--force", "--epochs", "2", "--checkpoint-every", "60s"]) == 0
    assert names() == ["m", "m.toml"]


@pytest.mark.usefixtures("plain_baseline")
@pytest.mark.parametrize(("update", "leaves_a_model"), [(IN_ANOTHER_FOLD, False), (IN_THE_SECOND_NETWORK, True)])
def test_the_command_after_ctrl_c(update, leaves_a_model, monkeypatch, capsys):
    """A half-trained network is a model, but a half-trained fold has no score."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patch:
            real, calls = loop.Batches.at, []

            def pressing(*args):
                calls.append(1)
                if len(calls) == update:
                    os.kill(os.getpid(), signal.SIGINT)
                return real(*args)

            patch.setattr(loop.Batches, "at", pressing)
            assert run([*TRAIN, "--seed", "1", "--checkpoint-every", "60s"]) == (0 if leaves_a_model else 1)
    finally:
        signal.signal(signal.SIGINT, before)
    assert "interrupted: the same command with --resume goes on from m.checkpoint" in "".join(capsys.readouterr())
    assert names() == (["m", "m.checkpoint", "m.toml"] if leaves_a_model else ["m.checkpoint"])
    interrupted = weights("m") if leaves_a_model else b""
    assert run([*TRAIN, "--seed", "1", "--resume"]) == 0
    assert run([*WHOLE, "--seed", "1"]) == 0
    assert weights("m") == weights("whole") != interrupted


def test_the_command_without_checkpoints(capsys):
    off = [*TRAIN, "--checkpoint-every", "off"]
    assert run(off) == 0
    assert run([*off, "--resume"]) == 2
    assert run([*TRAIN, "--checkpoint-every", "soon", "--force"]) == 1
    assert "must be like 30s, 5min or 10 epochs; got 'soon'" in capsys.readouterr().err
    assert names() == ["m", "m.toml"]


@contextlib.contextmanager
def another_training(path):
    """Hold a place as another process does while it trains."""
    code = f"""from pellucid.system.files import claimed
with claimed({str(path)!r}):
    print('held', flush=True)
    input()"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        yield other
        other.kill()


SHORT = ["train", "toy:flower", "--epochs", "2", "--cross-validate", "0", "--no-report", "--seed", "1"]


def test_two_trainings_with_one_default_place(capsys):
    with another_training("model.pellucid"):
        assert run(SHORT) == 0
        assert "another training will write model.pellucid; this one writes model-2.pellucid" in capsys.readouterr().err
        assert names() == ["model-2.pellucid", "model-2.pellucid.toml"]
        assert run([*SHORT, "--force"]) == 1  # which would replace what the other is writing
        assert run([*SHORT, "--resume"]) == 1
    assert run(SHORT) == 0  # the other was killed, which leaves no claim
    assert names() == ["model-2.pellucid", "model-2.pellucid.toml", "model.pellucid", "model.pellucid.toml"]


def test_a_named_place_of_another_training_is_refused_before_any_work(capsys):
    with another_training("m"):
        for more in ([], ["--force"], ["--resume"]):
            assert run([*SHORT, "--out", "m", *more]) == 1
            assert "another training that still runs will write m; wait for it, or give another --out" in (
                capsys.readouterr().err
            )
    assert names() == []


def test_a_report_that_was_not_finished_is_made_by_resume(monkeypatch, capsys):
    """Also of a training too short for checkpoints, whose seed was drawn."""
    train = ["train", "toy:flower", "--epochs", "2", "--cross-validate", "1", "--out", "m"]
    with monkeypatch.context() as patch:
        patch.setattr("pellucid.explanation.report.report", lambda *args, **how: os.kill(os.getpid(), signal.SIGINT))
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            assert run(train) == 1
        finally:
            signal.signal(signal.SIGINT, before)
    assert "m is written. The same command with --resume makes the report." in capsys.readouterr().err
    assert names() == ["m", "m.checkpoint", "m.toml"]
    first = weights("m")
    assert run([*train, "--resume", "--json", "m.json"]) == 0
    assert names() == ["m", "m.html", "m.json", "m.toml"]
    assert weights("m") == first
    seed = ["--seed", str(pellucid.load("m").provenance.seed)]
    assert run([*train[:-1], "whole", *seed, "--no-report", "--json", "whole.json"]) == 0
    assert scores("m.json") == scores("whole.json")
