"""Where a fit stands: the start under way and the best of those before it, read from a checkpoint and written to it.

Without a checkpoint a fit begins at the beginning, and nothing is written.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from pellucid.errors import InputError, ModelFileError
from pellucid.nn import Network
from pellucid.training.checkpoints.checkpoints import Arrays, Checkpoint
from pellucid.training.checkpoints.state_file import Identity, fitting, refuse_impossible, restore, snapshot
from pellucid.training.examples import Problem
from pellucid.training.history import History
from pellucid.training.loop import State
from pellucid.training.row_space import Choice
from pellucid.training.settings import Settings


@dataclass(frozen=True)
class Saved:
    """What a checkpoint says beside its arrays.

    row_space: the choice made at the beginning, when another amount of memory was free.  seconds: trained until then.
    start, state: the start under way.  best_start, best: the best of those before it.
    history: of a fit that is finished; its weights are the array "network".
    """

    row_space: Choice
    seconds: float
    start: int = 0
    state: dict[str, Any] | None = None
    best_start: int | None = None
    best: dict[str, Any] | None = None
    history: History | None = None


class Standing:
    """Where one fit stands.

    fit sets `row_space` once it has chosen, and `best` and `best_start` after each start.
    """

    def __init__(self, checkpoint: Checkpoint | None, settings: Settings, identity: Callable[[], Identity]) -> None:
        """Read where it stands.  identity: tells what decides the fit's outcome."""
        self._checkpoint, self._settings = checkpoint, settings
        self._arrays: Arrays = {}
        self._path = Path()
        self._saved: Saved | None = None
        opened = None if checkpoint is None else checkpoint.open(identity)
        if opened is not None:
            self._arrays, content, self._path = opened
            with self._trusting_nothing():
                self._saved = msgspec.convert(content, Saved)
                self._refuse_impossible(self._saved)
        saved = self._saved
        self.row_space = saved.row_space if saved else None
        self.start = saved.start if saved else 0
        self.best: State | None = None
        self.best_start = saved.best_start if saved else None
        self._began = time.perf_counter() - (saved.seconds if saved else 0)

    @property
    def seconds(self) -> float:
        """How long was trained, by this process and by those before it."""
        return time.perf_counter() - self._began

    @property
    def history(self) -> History | None:
        """The history of a fit that was finished."""
        return None if self._saved is None else self._saved.history

    def bring_end(self, network: Network) -> Network:
        """Return the network, brought to the weights of a fit that was finished."""
        with self._trusting_nothing():
            network.parameters[:] = fitting(self._arrays["network"], network.parameters, "network")
        return network

    def bring_best(self, state: State) -> None:
        """Make the best state of those before, from that start's state before its first update."""
        state.slots = {}  # as `fit` leaves a start that is done
        with self._trusting_nothing():
            restore(state, self._part("best"))
        self.best = state

    def enter(self, start: int, state: State, problem: Problem) -> None:
        """Bring the state of a start, before its first update, to where it was left, if it was."""
        self.start = start
        if self._saved is not None and self._saved.start == start:
            n = len(problem.train)
            with self._trusting_nothing():
                restore(state, self._part("state"))
                refuse_impossible(state, n, -(-n // self._settings.batch_rows(n)), self._settings.epochs)
            self._saved, self._arrays = None, {}  # all of it is where it belongs
        elif self._checkpoint is not None:
            snapshot(state)  # what cannot be saved is told now, not when a checkpoint is due

    def after_update(self, state: State) -> None:
        """Write a checkpoint where one is due."""
        if self._checkpoint is not None and self._checkpoint.job.due(state.batch == 0):
            self._save(state)

    def interrupt(self, state: State) -> None:
        """Write a checkpoint of a state that Ctrl-C is about to stop."""
        if self._checkpoint is not None:
            self._checkpoint.job.interrupted = True
            self._save(state)

    def finish(self, network: Network, history: History) -> None:
        """Write what came out, unless the job is too short for checkpoints."""
        if self._checkpoint is not None and (self._checkpoint.job.begun or self._checkpoint.job.due(False)):
            self._checkpoint.write(lambda: ({"network": network.parameters}, self._told(history=history)))

    def _save(self, state: State) -> None:
        if self._checkpoint is not None and not state.diverged:  # from the one before, it diverges in the same way
            self._checkpoint.write(lambda: self._under_way(state))

    def _under_way(self, state: State) -> tuple[Arrays, dict[str, Any]]:
        arrays, plain = snapshot(state)
        tensors = {f"state.{name}": array for name, array in arrays.items()}
        best: dict[str, Any] | None = None
        if self.best is not None:
            arrays, best = snapshot(self.best)
            tensors |= {f"best.{name}": array for name, array in arrays.items()}
        return tensors, self._told(start=self.start, state=plain, best_start=self.best_start, best=best)

    def _told(self, **what: Any) -> dict[str, Any]:
        assert self.row_space is not None
        return asdict(Saved(self.row_space, self.seconds, **what))

    def _part(self, name: str) -> tuple[Arrays, dict[str, Any]]:
        arrays = {key.removeprefix(f"{name}."): a for key, a in self._arrays.items() if key.startswith(f"{name}.")}
        return arrays, getattr(self._saved, name)

    def _refuse_impossible(self, saved: Saved) -> None:
        begun = (saved.history is None) == (saved.state is not None) and (saved.best is None) == (
            saved.best_start is None
        )
        if not begun or not 0 <= (saved.best_start or 0) <= saved.start < self._settings.restarts:
            raise InputError(f"no training with {self._settings.restarts} starts stands as it says")

    @contextlib.contextmanager
    def _trusting_nothing(self) -> Iterator[None]:
        try:
            yield
        except (KeyError, TypeError, ValueError, OverflowError, msgspec.ValidationError) as error:
            raise ModelFileError(f"{self._path} does not fit this training: {error}. Start anew without it.") from None
