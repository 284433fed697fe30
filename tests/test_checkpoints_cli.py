"""`pellucid train --resume`: killed, interrupted, with other options, with nothing to resume."""

import json
import os
import signal
from pathlib import Path

import pytest

import pellucid
from checkpoint_runs import KilledError, killed_at
from pellucid.cli.main import run
from pellucid.training import loop

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

TRAIN = ["train", "toy:flower", "--layers", "6:tanh", "--epochs", "30", "--out", "m", "--ensemble", "2"]
TRAIN += ["--cross-validate", "0", "--checkpoint-every", "1 epoch"]


def weights(path):
    return b"".join(network.parameters.tobytes() for network in pellucid.load(path).networks)


@pytest.mark.parametrize("update", [41, 91])
def test_the_command_goes_on(update, tmp_path, monkeypatch, capsys):
    """Killed in the first network of the ensemble, or in the second."""
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch:
        killed_at(update, patch, loop.Batches, "at")
        with pytest.raises(KilledError):
            run(TRAIN)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.checkpoint"]
    assert run(TRAIN) == 1
    assert "m.checkpoint holds a training that was not finished. Go on with it by --resume" in capsys.readouterr().err
    assert run([*TRAIN, "--resume", "--l2", "0.1"]) == 1
    assert "m.checkpoint is of another training: l2 was not given, now it is 0.1" in capsys.readouterr().err
    assert run([*TRAIN, "--resume"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m", "m.toml"]
    seed = pellucid.load("m").provenance["seed"]  # drawn in the first process
    whole = ["whole" if word == "m" else word for word in TRAIN]
    assert run([*whole, "--seed", str(seed)]) == 0
    assert weights("m") == weights("whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m", "m.toml", "whole", "whole.toml"]
    assert run([*TRAIN, "--resume"]) == 1
    assert "there is no checkpoint in m.checkpoint to go on from" in capsys.readouterr().err


def test_the_command_after_ctrl_c(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patch:
            pressed_at(40, patch)
            assert run([*TRAIN[:-1], "60s", "--seed", "1"]) == 0
    finally:
        signal.signal(signal.SIGINT, before)
    assert "interrupted: the same command with --resume goes on from m.checkpoint" in capsys.readouterr().out
    interrupted = weights("m")
    assert run([*TRAIN, "--seed", "1", "--resume"]) == 0
    assert run([*("whole" if word == "m" else word for word in TRAIN), "--seed", "1"]) == 0
    assert weights("m") == weights("whole") != interrupted


def test_ctrl_c_in_cross_validation(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = [*("1" if word == "0" else word for word in TRAIN), "--seed", "1"]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patch:
            pressed_at(100, patch)
            assert run(command) == 1
    finally:
        signal.signal(signal.SIGINT, before)
    assert "interrupted: the same command with --resume goes on from m.checkpoint" in capsys.readouterr().err
    assert run([*command, "--resume", "--json", "resumed.json"]) == 0
    assert run([*("whole" if word == "m" else word for word in command), "--json", "whole.json"]) == 0
    assert weights("m") == weights("whole")
    resumed, whole = (json.loads(Path(f"{name}.json").read_text())["results"] for name in ("resumed", "whole"))
    assert resumed["cross_validation"] == whole["cross_validation"] is not None


def pressed_at(update, patch):
    """Have Ctrl-C pressed at one update."""
    real, calls = loop.Batches.at, []

    def pressing(*args):
        calls.append(1)
        if len(calls) == update:
            os.kill(os.getpid(), signal.SIGINT)
        return real(*args)

    patch.setattr(loop.Batches, "at", pressing)


def test_the_command_without_checkpoints(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run([*TRAIN[:-1], "off"]) == 0
    assert run([*TRAIN[:-1], "off", "--resume"]) == 2
    assert run([*TRAIN[:-1], "soon", "--force"]) == 1
    assert "30s, 5min or 10 epochs, say; got 'soon'" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m", "m.toml"]
