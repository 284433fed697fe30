"""Run: one training run that can go back and forth exactly, and `Autoplay`, which lets it go on by itself.

An iteration is one update. To reach an earlier one, the run restores a snapshot before it and repeats the steps.
Weights set by hand belong to their iteration: later ones are dropped, and a replay sets the weights again.
"""

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError
from pellucid.explanation.trace import Trace, trace
from pellucid.nn import Network
from pellucid.training.checkpoints.state_file import StateParts, restore, state_parts
from pellucid.training.loop import State, initial_state, steps
from pellucid.training.runtime import blas_threads
from pellucid.web.playground.permalink import MOST_EDITS, Edit
from pellucid.web.playground.problem import Problem
from pellucid.web.playground.settings import MOST_ITERATIONS, PlaygroundSettings

Array = NDArray[Any]

EVERY = 20  # iterations from snapshot to snapshot, at first
MOST_BYTES = 2**26  # of snapshots; then every other one is dropped
PLAIN_BYTES = 4096  # of a snapshot besides its arrays: the states of two generators
MOST_POINTS = 1000  # of the curve; then every other one is dropped
AT_ONCE = 4  # iterations between two looks at the clock
PACE = 500  # iterations a second, so that there is something to see; 0 is as fast as it goes


@dataclass
class Curve:
    """The cost J on the training rows and the data term on held rows at every `stride`-th iteration."""

    stride: int = 1
    iterations: list[int] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)

    def wants(self, iteration: int) -> bool:
        """Whether this iteration is the next of the curve."""
        beyond = not self.iterations or iteration > self.iterations[-1]
        return beyond and iteration % self.stride == 0

    def add(self, iteration: int, cost: float, validation: float | None) -> None:
        """Add a point."""
        self.iterations.append(iteration)
        self.cost.append(cost)
        if validation is not None:
            self.validation.append(validation)
        if len(self.iterations) > MOST_POINTS:
            self.stride *= 2
            for values in (self.iterations, self.cost, self.validation):
                del values[1::2]

    def forget_from(self, iteration: int) -> None:
        """Drop the points of this iteration and all later ones."""
        kept = sum(at < iteration for at in self.iterations)
        for values in (self.iterations, self.cost, self.validation):
            del values[kept:]


class Run:
    """A training run of the settings on a problem, now at `iteration`; `furthest` is the latest iteration reached.

    edits: weights set by hand. Those of later iterations are set when the run gets there.
    """

    def __init__(
        self, problem: Problem, settings: PlaygroundSettings, edits: tuple[Edit, ...] = (), stride: int = 1
    ) -> None:
        self.problem, self.settings = problem, settings
        self.training_settings = settings.training_settings()
        self.train, held = problem.examples(settings), problem.examples(settings, held=True)
        self.X: Array = problem.X[~problem.held_out]
        self.validation = held if len(held) else None
        self.iteration = self.furthest = 0
        self.curve = Curve(stride)
        self.edits: list[Edit] = []
        self._every, self._snapshots = EVERY, dict[int, StateParts]()
        self._state = self._begun()
        for edit in edits:
            self.check_edit(edit)
            self.edits.append(edit)
        self._steps: Iterator[State] | None = None
        self._arrive()

    @property
    def network(self) -> Network:
        """The network as it stands; it changes with the next step."""
        return self._state.learned

    @property
    def batches(self) -> int:
        """How many iterations an epoch has."""
        return max(1, -(-len(self.train) // max(1, self.training_settings.batch_rows(len(self.train)))))

    @property
    def edits_so_far(self) -> list[Edit]:
        """What was set by hand up to this iteration."""
        return [edit for edit in self.edits if edit.iteration <= self.iteration]

    @property
    def stopped(self) -> str | None:
        """Why there is no further step, if so."""
        if self.iteration >= MOST_ITERATIONS:
            return f"{MOST_ITERATIONS:,} iterations are the most that the playground makes."
        return self._state.history.stopped_because if self._state.stopped else None

    @property
    def diverged(self) -> bool:
        """Whether the cost is no longer a finite number."""
        return self._state.diverged

    def forward(self, n: int = 1) -> int:
        """Make up to n updates; return how many were made."""
        self.problem.check_trainable()
        made = 0
        with blas_threads(self.network, self.training_settings.batch_rows(len(self.train))):
            while made < n and self.stopped is None and self._update():
                made += 1
        return made

    def go(self, iteration: int) -> None:
        """Go to an iteration, at most the furthest."""
        iteration = min(max(iteration, 0), self.furthest)
        if iteration == self.iteration:
            return
        nearest = max(at for at in self._snapshots if at <= iteration)
        if not nearest <= self.iteration < iteration:
            self._restore(nearest)
        self.forward(iteration - self.iteration)

    def set_by_hand(self, layer: int, row: int, column: int, value: float) -> None:
        """Set a weight, or a bias where column is -1, at this iteration; what came after is forgotten."""
        edit = Edit(self.iteration, layer, row, column, value)
        self.check_edit(edit)
        here = (self.iteration, layer, row, column)
        kept = [
            e for e in self.edits if e.iteration <= self.iteration and (e.iteration, e.layer, e.row, e.column) != here
        ]
        if len(kept) >= MOST_EDITS:
            raise InputError(f"At most {MOST_EDITS} weights can be set by hand; go back, or start again.")
        self.edits = [*kept, edit]
        self._snapshots = {at: saved for at, saved in self._snapshots.items() if at < self.iteration}
        self.curve.forget_from(self.iteration)
        self.furthest = self.iteration
        self._arrive()
        self._snapshots[self.iteration] = self._copy()  # so that a slider that is dragged need not replay

    def copy(self) -> "Run":
        """Return an independent copy of the run."""
        other = copy.copy(self)
        other.curve, other.edits, other._snapshots = copy.deepcopy(self.curve), [*self.edits], dict(self._snapshots)
        other._state, other._steps = self._begun(), None
        restore(other._state, self._copy())
        return other

    def check_edit(self, edit: Edit) -> None:
        """Raise InputError where there is no such weight."""
        dense = self.network.dense
        if not 1 <= edit.layer <= len(dense):
            raise InputError(f"there are layers 1 to {len(dense)}, got {edit.layer}.")
        n_out, n_in = dense[edit.layer - 1].weight_shape
        if not 0 <= edit.row < n_out or not -1 <= edit.column < n_in:
            raise InputError(
                f"W{edit.layer} has rows 0 to {n_out - 1} and columns 0 to {n_in - 1} (-1 is the bias); got row "
                f"{edit.row}, column {edit.column}."
            )

    def cost(self) -> float:
        """Return J on the training rows, without dropout."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self.network.cost_and_gradient(self.X, self.train.y)[0]

    def gradient(self) -> Array:
        """Return the gradient of J on all training rows, without dropout."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self.network.cost_and_gradient(self.X, self.train.y)[1]

    def validation_cost(self) -> float | None:
        """Return the data term on the held rows, where there are any."""
        if self.validation is None:
            return None
        with np.errstate(over="ignore", invalid="ignore"):
            return self.network.data_cost(self.validation.X, self.validation.y)

    def next_network(self) -> Network | None:
        """Return the network after the next update, which is not made; None where there is none."""
        if self.stopped is not None:
            return None
        ahead = self._begun()
        restore(ahead, self._copy())
        next(steps(self.train, self.training_settings, ahead))
        return None if ahead.diverged else ahead.learned

    def traced(self, row: int, X: Any = None, y: Any = None, notes: tuple[str, ...] = ()) -> Trace:
        """Return the trace of the next step, and of its `row`; X, y: another batch than all training rows."""
        rule, own = self.training_settings.rule, X is not None
        state = self._state
        return trace(
            self.network,
            X if own else self.X,
            y if own else self.train.y,
            rule=rule,
            rate=self.settings.rate,
            slots=None if own and rule.full_batch_only else state.slots,
            dropout=state.dropout if self.settings.dropout else None,
            row=row,
            input_names=self.problem.input_names,
            class_names=self.problem.class_names,
            average=self.problem.average,
            notes=(f"Iteration {self.iteration}.", *notes),
        )

    def _begun(self) -> State:
        """Return the state before the first update."""
        return initial_state(self.problem.network(self.settings), self.training_settings, self.settings.seed)

    def _update(self) -> bool:
        """Make one update; return whether it was one."""
        if self._steps is None:
            self._steps = steps(self.train, self.training_settings, self._state)
        state = next(self._steps)
        del state.history.cost[:-1]  # the curve remembers; a snapshot should not grow with the run
        if state.diverged:
            return False
        self.iteration += 1
        self._arrive()
        return True

    def _arrive(self) -> None:
        """Set what was set by hand here, and note what the run needs of this iteration."""
        for edit in self.edits:
            if edit.iteration == self.iteration:
                self._set(edit)
        self.furthest = max(self.furthest, self.iteration)
        if self.problem.trainable and self.curve.wants(self.iteration):
            self.curve.add(self.iteration, self.cost(), self.validation_cost())
        if self.iteration % self._every == 0 and self.iteration not in self._snapshots:
            saved = self._snapshots[self.iteration] = self._copy()
            each = PLAIN_BYTES + sum(array.nbytes for array in saved[0].values())
            if len(self._snapshots) * each > MOST_BYTES:
                self._every *= 2
                self._snapshots = {at: one for at, one in self._snapshots.items() if at % self._every == 0}

    def _set(self, edit: Edit) -> None:
        layer = self.network.dense[edit.layer - 1]
        if edit.column < 0:
            layer.b[edit.row] = edit.value
        else:
            layer.W[edit.row, edit.column] = edit.value
        if self.training_settings.rule.full_batch_only:  # it remembers the cost and the gradient, and where it ended
            state, self._steps = self._state, None
            state.slots, state.stopped = self.training_settings.rule.slots(self.network.parameters), False
            state.history.stopped_because = ""

    def _copy(self) -> StateParts:
        arrays, plain = state_parts(self._state)
        return {name: array.copy() for name, array in arrays.items()}, plain

    def _restore(self, iteration: int) -> None:
        self._state = self._begun()
        restore(self._state, self._snapshots[iteration])
        self._steps, self.iteration = None, iteration


class Autoplay:
    """Lets a run go on until it is stopped, ends, or reaches a given iteration."""

    def __init__(self) -> None:
        self.running = False
        self._until, self._pace = MOST_ITERATIONS, 0

    def start(self, run: Run, pace: int = PACE, until: int = MOST_ITERATIONS) -> None:
        """Start running."""
        self._until, self._pace = until, pace
        self.running = run.stopped is None and run.iteration < until

    def stop(self) -> None:
        """Stop running. May be called while another thread is in `go`, which then returns soon."""
        self.running = False

    def go(self, run: Run, seconds: float) -> None:
        """Make the updates that are due in so many seconds."""
        end, last = time.monotonic() + seconds, self._until
        if self._pace:
            last = min(last, run.iteration + max(1, round(seconds * self._pace)))
        while self.running and run.iteration < last and time.monotonic() < end:
            run.forward(min(AT_ONCE, last - run.iteration))
            if run.iteration >= self._until or run.stopped is not None:
                self.running = False
