"""How far a fit has come: the start under way and the best of those before it, read from and written to a checkpoint.

Without a checkpoint a fit begins at the beginning, and nothing is written.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from pellucid.errors import InputError, ModelFileError
from pellucid.nn import Network
from pellucid.training.checkpoints.checkpoints import Arrays, Checkpoint
from pellucid.training.checkpoints.state_file import (
    Fingerprint,
    StateParts,
    check_position,
    fitting,
    restore,
    state_parts,
)
from pellucid.training.examples import Problem
from pellucid.training.history import History
from pellucid.training.loop import State
from pellucid.training.row_space import Eligibility
from pellucid.training.settings import Settings


@dataclass(frozen=True)
class Saved:
    """What a checkpoint holds besides its arrays.

    row_space: as decided at the beginning, when another amount of memory was free.  seconds: of training until then.
    start, state: the start under way.  best_start, best: the best of those before it.
    history: of a finished fit, whose weights are the array "network".
    """

    row_space: Eligibility
    seconds: float
    start: int = 0
    state: dict[str, Any] | None = None
    best_start: int | None = None
    best: dict[str, Any] | None = None
    history: History | None = None


class FitProgress:
    """How far one fit has come.

    fit sets `row_space` once it has decided, and `best` and `best_start` after each start.
    """

    def __init__(
        self, checkpoint: Checkpoint | None, settings: Settings, fingerprint: Callable[[], Fingerprint]
    ) -> None:
        """Read the checkpoint.  fingerprint: computes what decides the fit's outcome."""
        self._checkpoint, self._settings = checkpoint, settings
        self._arrays: Arrays = {}
        self._saved: Saved | None = None
        opened = None if checkpoint is None else checkpoint.open(fingerprint)
        if opened is not None:
            self._arrays, content = opened
            with self._clear_errors():
                self._saved = msgspec.convert(content, Saved)
                self._check_starts(self._saved)
        saved = self._saved
        self.row_space = saved.row_space if saved else None
        self.start = saved.start if saved else 0
        self.best: State | None = None
        self.best_start = saved.best_start if saved else None
        self._began = time.perf_counter() - (saved.seconds if saved else 0)

    @property
    def seconds(self) -> float:
        """Seconds of training, in this process and in those before it."""
        return time.perf_counter() - self._began

    @property
    def history(self) -> History | None:
        """The history of a finished fit."""
        return None if self._saved is None else self._saved.history

    def restore_finished(self, network: Network) -> Network:
        """Return the network with the weights of a finished fit."""
        with self._clear_errors():
            network.parameters[:] = fitting(self._arrays["network"], network.parameters, "network")
        return network

    def restore_best(self, state: State) -> None:
        """Restore the best state of the earlier starts.  state: of that start, before its first update."""
        state.slots = {}  # as `fit` leaves a start that is done
        with self._clear_errors():
            restore(state, self._parts("best"))
        self.best = state

    def enter(self, start: int, state: State, problem: Problem) -> None:
        """Begin a start, or continue it from the checkpoint.  state: of that start, before its first update."""
        self.start = start
        if self._saved is not None and self._saved.start == start:
            n = len(problem.train)
            with self._clear_errors():
                restore(state, self._parts("state"))
                check_position(state, n, -(-n // self._settings.batch_rows(n)), self._settings.epochs)
            self._saved, self._arrays = None, {}  # restored; free the memory
        elif self._checkpoint is not None:
            state_parts(state)  # an error now, not when a checkpoint is due

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
        """Write the outcome, unless the job is too short for checkpoints."""
        if self._checkpoint is not None and (self._checkpoint.job.exists or self._checkpoint.job.due(False)):
            self._checkpoint.write(lambda: ({"network": network.parameters}, self._content(history=history)))

    def _save(self, state: State) -> None:
        if self._checkpoint is not None and not state.diverged:  # from the one before, it diverges in the same way
            self._checkpoint.write(lambda: self._under_way(state))

    def _under_way(self, state: State) -> tuple[Arrays, dict[str, Any]]:
        tensors: Arrays = {}
        plain: dict[str, Any] = {"state": None, "best": None}
        for name, part in (("state", state), ("best", self.best)):
            if part is not None:
                arrays, plain[name] = state_parts(part)
                tensors |= {f"{name}.{key}": array for key, array in arrays.items()}
        return tensors, self._content(start=self.start, best_start=self.best_start, **plain)

    def _content(self, **values: Any) -> dict[str, Any]:
        assert self.row_space is not None
        return asdict(Saved(self.row_space, self.seconds, **values))

    def _parts(self, name: str) -> StateParts:
        arrays = {key.removeprefix(f"{name}."): a for key, a in self._arrays.items() if key.startswith(f"{name}.")}
        return arrays, getattr(self._saved, name)

    def _check_starts(self, saved: Saved) -> None:
        complete = (saved.history is None) == (saved.state is not None)
        complete = complete and (saved.best is None) == (saved.best_start is None)
        if not complete or not 0 <= (saved.best_start or 0) <= saved.start < self._settings.restarts:
            raise InputError(f"its position is impossible for {self._settings.restarts} starts")

    @contextlib.contextmanager
    def _clear_errors(self) -> Iterator[None]:
        """Turn whatever invalid content raises into one clear error."""
        try:
            yield
        except (KeyError, TypeError, ValueError, OverflowError, msgspec.ValidationError) as error:
            assert self._checkpoint is not None
            raise ModelFileError(
                f"the checkpoint {self._checkpoint.path} does not fit this training: {error}. Start again without it."
            ) from None
