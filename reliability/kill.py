"""Training that is killed by SIGKILL and resumed has the weights of training that was never stopped.

Each run is killed at random moments and once in each phase. Another process resumes it.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from pellucid.nn import LBFGS, Network
from pellucid.training import Checkpoints, EarlyStopping, Every, Settings, fit, loop
from pellucid.training.checkpoints import checkpoints

MOMENTS = 10
EVERY = Every(seconds=0.05)
SHARED: dict[str, Any] = {
    "hidden_layers": (16, 8), "l2": 0.003, "random_state": 1,
    "early_stopping": EarlyStopping(patience=80, min_delta=0, fraction=0.2),
}  # fmt: skip
SMALL: dict[str, Any] = {"batch_size": 32}
RUNS: dict[str, dict[str, Any]] = {
    "Adam, mini-batches, dropout": {**SMALL, "optimizer": "adam", "learning_rate": 2e-4, "dropout": 0.3, "epochs": 60},
    "L-BFGS": {"optimizer": LBFGS(memory=3), "row_space": False, "epochs": 20},
    "row space, basis: Nesterov, clipped, mini-batches": {
        **SMALL, "optimizer": "nesterov", "learning_rate": 5e-4, "clip_norm": 1.0, "row_space": True, "epochs": 150,
    },
    "row space, dual: descent on all rows": {
        "optimizer": "gradient_descent", "batch_size": None, "learning_rate": 2e-4, "l2": 0.0, "row_space": True,
        "epochs": 1000,
    },
}  # fmt: skip


class Phase(NamedTuple):
    """A function, the point in its call where the process is killed, and which of its calls count."""

    place: Any
    name: str
    when: str = "before"
    counts: Callable[..., bool] = lambda *_: True


def _found_best(state: loop.State, *_: Any) -> bool:
    return state.history.best_epoch == state.epoch - 1


PHASES = {
    "in an update": Phase(Network, "cost_and_gradient"),
    "in the write": Phase(os, "fsync", "half"),
    "before the rename": Phase(os, "fsync", "after"),
    "after the rename": Phase(checkpoints, "write_checksummed", "after"),
    "at the best so far": Phase(loop, "_check_patience", "after", _found_best),
}


Process: TypeAlias = "subprocess.Popen[str]"
Train: TypeAlias = Callable[..., Process]


def main(arguments: list[str]) -> None:
    """Print the table. With --train, be one of the processes to kill."""
    if arguments[:1] == ["--train"]:
        run, restarts, folder, phase, call = arguments[1:]
        _train(run, int(restarts), Path(folder), phase, int(call))
        return
    print("| training | starts | SHA-256 of the weights | 10 random moments |", " | ".join(PHASES), "|")
    print("|---|---|---|---|" + "---|" * len(PHASES))
    for name in RUNS:
        for starts in (1, 3):
            print("|", " | ".join([name, str(starts), *_row(name, starts)]), "|", flush=True)


def _row(run: str, restarts: int) -> list[str]:
    """Return the cells of one run: its digest, and for each kind of kill whether the resumed runs have it too."""
    train = partial(_process, run, restarts)
    with tempfile.TemporaryDirectory() as folder:
        whole = _ended(train(Path(folder)))
    rng = np.random.default_rng(0)
    moments = np.sort(rng.uniform(0.02, 0.98, MOMENTS)) * whole["seconds"]
    survived = sum(_killed_after(train, moment) == whole["sha256"] for moment in moments)
    cells = [f"{survived} of {MOMENTS} equal"]
    for phase, calls in whole["calls"].items():
        digest = _killed_in(train, phase, max(1, int(rng.uniform(0.1, 0.9) * calls)))
        cells.append("equal" if digest == whole["sha256"] else "OTHER WEIGHTS")
    return [f"`{whole['sha256'][:16]}`", *cells]


def _process(run: str, restarts: int, folder: Path, phase: str = "", call: int = 0) -> Process:
    what = ["kill", "--train", run, str(restarts), str(folder), phase, str(call)]
    return subprocess.Popen([sys.executable, "-m", "reliability", *what], stdout=subprocess.PIPE, text=True)


def _killed_after(train: Train, seconds: float) -> str:
    """Return the digest of a run killed after some seconds and resumed; killed sooner if it ended before that."""
    with tempfile.TemporaryDirectory() as folder:
        process = train(Path(folder))
        assert process.stdout is not None
        process.stdout.readline()  # training begins
        time.sleep(seconds)
        process.kill()
        process.communicate()
        if process.returncode == -signal.SIGKILL:
            return str(_ended(train(Path(folder)))["sha256"])
    return _killed_after(train, 0.7 * seconds)


def _killed_in(train: Train, phase: str, call: int) -> str:
    """Return the digest of a run killed in a phase and resumed; in an earlier call if there were fewer.

    Raises RuntimeError where the run never reaches that phase.
    """
    if call == 0:
        raise RuntimeError(f"no run was ever {phase}.")
    with tempfile.TemporaryDirectory() as folder:
        process = train(Path(folder), phase, call)
        process.communicate()
        if process.returncode == -signal.SIGKILL:
            return str(_ended(train(Path(folder)))["sha256"])
    return _killed_in(train, phase, call * 7 // 10)  # a faster run writes less often


def _ended(process: Process) -> Any:
    """Return what a process printed that trained to the end."""
    printed, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"training failed with {process.returncode}.")
    return json.loads(printed.splitlines()[-1])


def _train(run: str, restarts: int, folder: Path, phase: str, call: int) -> None:
    """Train, or resume, with SIGKILL at a call of a phase. Print the digest, the calls of each phase, the seconds."""
    calls = {name: _hook(PHASES[name], call if name == phase else 0) for name in PHASES}
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3000))
    X[:, :30] *= 5
    y = (X[:, :30].sum(axis=1, keepdims=True) + rng.normal(0, 10, (300, 1)) > 0).astype(float)
    job = Checkpoints(folder / "c", EVERY, resume=(folder / "c" / "job.checkpoint").exists())
    print("begun", flush=True)
    began = time.perf_counter()
    settings = Settings(**SHARED | RUNS[run], restarts=restarts)
    fitted = fit(X, y, settings, "binary_cross_entropy", 1, checkpoint=job.at("fit"))
    result = {
        "sha256": hashlib.sha256(fitted.network.parameters.tobytes()).hexdigest(),
        "calls": {name: len(made) for name, made in calls.items()},
        "seconds": time.perf_counter() - began,
    }
    print(json.dumps(result))


def _hook(phase: Phase, fatal: int) -> list[None]:
    """Return a list that counts the calls of a phase; kill this process in call number `fatal`."""
    real, calls = getattr(phase.place, phase.name), list[None]()

    def hooked(*arguments: Any, **named: Any) -> Any:
        if phase.when != "after" and len(calls) + 1 == fatal:
            if phase.when == "half":
                os.ftruncate(arguments[0], os.fstat(arguments[0]).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        answer = real(*arguments, **named)
        if phase.counts(*arguments):
            calls.append(None)
            if phase.when == "after" and len(calls) == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(phase.place, phase.name, hooked)
    return calls
