"""Replay: a run just before one of its updates, reached by training again with the same recipe and the same seeds.

A run in row space is replayed there. Its weights, and what its rule remembers, are then expanded to the inputs, and the
step shown is made on these.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError
from pellucid.experiment.learner import Learner
from pellucid.experiment.recipe import Recipe
from pellucid.experiment.run import planned
from pellucid.explanation.trace.record import trace
from pellucid.explanation.trace.sample import Sample, notes_of
from pellucid.explanation.trace.trace import Trace
from pellucid.model.model import Model
from pellucid.nn.scaled_integers import Rows
from pellucid.nn.schedules import get_schedule
from pellucid.system.progress import SILENT, Progress
from pellucid.system.random_streams import weight_stream
from pellucid.training import Settings, weights_by_code
from pellucid.training.examples import Examples, checked_examples
from pellucid.training.loop import Batches, State, initial_state, steps

Array = NDArray[Any]
COST_AGREES = 1e-4  # relative difference allowed between the replayed and the recorded costs


@dataclass(frozen=True)
class Replay:
    """A run before its update number `number`, counted from 0.

    state: on the inputs, even if it was trained in row space.  train: its training rows, as the network takes them.
    settings: of the training.  in_row_space: whether it was trained there.  starts: how many the run made; this is
    the first of them.
    """

    number: int
    state: State
    train: Examples
    settings: Settings
    in_row_space: bool = False
    starts: int = 1

    @property
    def rate(self) -> float:
        """The learning rate of this update."""
        at = self.state.epoch + self.state.batch / len(self._batches)
        return float(get_schedule(self.settings.learning_rate)(at, self.settings.epochs))

    @property
    def _batches(self) -> Batches:
        return Batches(self.train, self.settings.batch_rows(len(self.train)), self.state.learned.parameters.dtype)

    def next_step(self, row: int = 0, **names: Any) -> Trace:
        """Return the trace of the update that the run makes now, on its own batch."""
        state, batches = self.state, self._batches
        order = state.order
        if order is None and len(batches) > 1:
            order = copy.deepcopy(state.shuffle).permutation(len(self.train))
        X, y, weight = batches.at(state.batch, order)
        return trace(
            state.learned,
            X,
            y,
            rule=self.settings.rule,
            rate=self.rate,
            slots=state.slots,
            sample_weight=weight,
            clip_norm=self.settings.clip_norm,
            dropout=state.dropout if self.settings.dropout else None,
            row=row,
            **names,
        )

    def explained(self, model: Model, sample: Sample | None, label: str | None = None, row: int = 0) -> Trace:
        """Return the trace of a sample with its label at this point of the run that made a model.

        Without a sample, return the trace of the run's own update, showing row `row` of its batch.
        """
        notes = self._notes(model)
        if sample is None:
            names: dict[str, Any] = {"input_names": model.features.names, "class_names": model.class_names}
            return self.next_step(row, notes=(*notes_of(model), *notes), **names)
        assert label is not None
        y = sample.targets(label, standardised=True)
        if self.settings.dropout:
            notes.append("The run uses dropout; this sample is not in its batch and is shown without dropout.")
        return self.step_on(sample.X, y, notes=(*sample.notes, *notes), **sample.names)

    def _notes(self, model: Model) -> list[str]:
        notes = [f"This is the run before its update {self.number}, in epoch {self.state.epoch} (both counted from 0)."]
        if self.in_row_space:
            notes.append(
                "It was trained in row space, with as many coordinates as there are rows. This step is made on the "
                "inputs: weights, and what the rule remembers, were expanded to them."
            )
        if self.starts > 1:
            notes.append(f"The run made {self.starts} starts and kept the best; this is the first of them.")
        if model.target is not None:
            notes.append(f"Training standardises {model.target.name}: 0 is its mean, 1 is one standard deviation.")
        cost, recorded = self.state.history.cost, model.history.get("cost", [])[: self.state.epoch]
        if len(cost) != len(recorded) or not np.allclose(cost, recorded, rtol=COST_AGREES, atol=0):
            why = "the model kept another start, or " if self.starts > 1 else ""
            notes.append(
                f"This is NOT the run that made the model. Its costs differ, because {why}data or recipe have changed."
            )
        return notes

    def step_on(self, X: Array, y: Array, **names: Any) -> Trace:
        """Return the trace of the update that rows X alone would make now, without dropout."""
        slots = None if self.settings.rule.full_batch_only else self.state.slots  # they belong to the run's own rows
        rule, rate, clip_norm = self.settings.rule, self.rate, self.settings.clip_norm
        return trace(self.state.learned, X, y, rule=rule, rate=rate, slots=slots, clip_norm=clip_norm, **names)


def replay(recipe: Recipe, number: int, progress: Progress | None = None) -> Replay:
    """Return a run before its update `number`; 0 is the start. An ensemble or restarts give their first network.

    Raises InputError if the run makes fewer updates.
    """
    plan = planned(recipe, progress or SILENT)
    train, validation = plan.samples
    starts = plan.learner.settings.restarts
    learner = replace(plan.learner, ensemble=1, settings=replace(plan.learner.settings, restarts=1))
    target = _Target(learner, number)
    try:
        learned = learner.learn(train, validation, callbacks=lambda X, y: [target.watch(X, y)])
    except _Reached as reached:
        return replace(reached.replay, starts=starts)
    raise InputError(f"there is no update {number}: the run ended earlier ({learned.histories[0].stopped_because}).")


class _Reached(Exception):  # noqa: N818 - not an error: it ends a training that needs to go no further
    def __init__(self, replay: Replay) -> None:
        super().__init__(replay.number)
        self.replay = replay


@dataclass(frozen=True)
class _Target:
    """The update to which a run is replayed."""

    learner: Learner
    number: int

    def watch(self, X: Rows, y: Array) -> Callable[[State], None]:
        """Return a callback for the training loop that ends training with _Reached; X, y are the run's rows.

        The loop calls back after whole epochs; the remaining updates are made on the inputs.
        """
        settings, task, seed = self.learner.settings, self.learner.task, self.learner.seed
        loss, n_out = task.loss(settings)
        weights = weights_by_code(settings.class_weight, task.class_names)
        train = checked_examples(X, y, None, weights, loss, "the training rows")
        updates = -(-len(train) // settings.batch_rows(len(train)))
        epochs, rest = divmod(self.number, updates)
        if epochs >= settings.epochs:
            raise InputError(
                f"there is no update {self.number}: {settings.epochs} epochs of {updates} updates make "
                f"{settings.epochs * updates}, and the last is number {settings.epochs * updates - 1}."
            )

        def continued(state: State, in_row_space: bool = False) -> Replay:
            rows = train.of_precision(state.learned.parameters.dtype)
            for _ in islice(steps(rows, settings, state), rest):
                pass
            return Replay(self.number, state, rows, settings, in_row_space)

        if epochs == 0:
            network = settings.network(X.shape[1], n_out, loss, settings.training_dtype(X))
            network.initialize(settings.init, weight_stream(seed))
            raise _Reached(continued(initial_state(network, settings, seed)))

        def reached(state: State) -> None:
            if state.epoch == epochs:
                raise _Reached(continued(on_inputs(state), state.expand is not None))

        return reached


def on_inputs(state: State) -> State:
    """Return an independent copy of a state with its network and slots on the inputs, even if it is in row space.

    The expansion from row space is affine. Minus its value at zero it is linear, and fits velocities and gradients too.
    """
    small = state.learned.parameters.size
    expand = state.expand

    def back(vector: Array) -> Array:
        if expand is None or vector.shape[-1:] != (small,):
            return vector.copy()
        bare = state.learned.copy()
        bare.parameters[:] = 0
        at_zero, rows = expand(bare).parameters, []
        for part in vector.reshape(-1, small):
            bare.parameters[:] = part
            rows.append(expand(bare).parameters - at_zero)
        return np.reshape(rows, (*vector.shape[:-1], -1))

    return replace(
        state,
        learned=state.network().copy(),
        slots={name: back(slot) for name, slot in state.slots.items()},
        shuffle=copy.deepcopy(state.shuffle),
        dropout=copy.deepcopy(state.dropout),
        history=copy.deepcopy(state.history),
        expand=None,
    )
