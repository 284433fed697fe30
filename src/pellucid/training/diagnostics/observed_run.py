"""An observed run: one trained network on a sample of its training rows, with passes at its start and at its end."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Network
from pellucid.nn.layers import DenseTape
from pellucid.nn.losses import Loss
from pellucid.nn.schedules import get_schedule
from pellucid.system.random_streams import weight_stream
from pellucid.training.examples import Examples
from pellucid.training.history import History
from pellucid.training.settings import Settings

Array = NDArray[Any]


@dataclass(frozen=True)
class Pass:
    """One forward and one backward pass: J, its data term, the logits Z (n, k), and the tape of each Dense layer."""

    J: float
    cost: float
    Z: Array
    layers: list[DenseTape]

    @property
    def signals(self) -> list[float]:
        """||dJ/dZ_l|| of each layer l over all rows, the first layer first: the error signal."""
        return [float(np.linalg.norm(saved.dZ)) for saved in self.layers if saved.dZ is not None]


def passed(network: Network, rows: Examples) -> Pass:
    """Return a pass of the network over float rows, without dropout."""
    with np.errstate(over="ignore", invalid="ignore"):  # what exploded becomes a finding
        Z, tape = network.forward(np.asarray(rows.X), keep=True)
        l, dZ = network.loss.value_and_gradient(Z, rows.y)
        w = np.ones(len(rows)) if rows.weight is None else rows.weight
        network.backward((dZ * (w[:, None] / len(rows))).astype(Z.dtype), tape)
        cost = float(np.mean(w * l, dtype=np.float64))
        penalty = sum(float(np.vdot(layer.W, layer.W)) for layer in network.dense)
    return Pass(cost + 0.5 * network.l2 * penalty, cost, Z, tape.dense)


@dataclass(frozen=True)
class ObservedRun:
    """A trained network, and the rows to examine it on.

    network, history, settings: as trained.  seed: of the start, which is drawn from it again.
    rows: the sample of training rows, as floats; n: how many there were in all.
    held_out: rows that training did not see.
    cross_validation: accuracy, that of always predicting the majority, and balanced accuracy.
    views: rows of one training sample, which are right or wrong together.
    class_counts: the training rows of each class present; None where rows have no class.
    balanced: whether balanced accuracy counts: where classes are weighted, or one has most of the rows.
    """

    network: Network
    history: History
    settings: Settings
    seed: int
    rows: Examples
    n: int
    held_out: Examples | None = None
    cross_validation: tuple[float, float, float] | None = None
    views: int = 1
    class_counts: Array | None = None
    balanced: bool = False

    @property
    def loss(self) -> Loss:
        """The loss of the network."""
        return self.network.loss

    @property
    def single_label(self) -> bool:
        """Whether each row has one class: no regression, and not several labels."""
        return self.loss.codes or (self.loss.classes and self.network.n_out == 1)

    @property
    def finite(self) -> bool:
        """Whether there is a trained network to examine: a run that diverged may leave none."""
        return not self.diverged and bool(np.isfinite(self.network.parameters).all())

    @property
    def diverged(self) -> bool:
        """Whether the run diverged and no good weights were kept."""
        return self.history.stopped_because.startswith("diverged") and self.history.best_epoch is None

    @cached_property
    def start(self) -> Network:
        """The network before its first update; with restarts, the first start."""
        network = self.network.copy()
        return network.initialize(self.settings.init, weight_stream(self.seed))

    @cached_property
    def at_start(self) -> Pass:
        """The pass at the start."""
        return passed(self.start, self.rows)

    @cached_property
    def at_end(self) -> Pass:
        """The pass at the end."""
        return passed(self.network, self.rows)

    @cached_property
    def ignorant_logits(self) -> Array:
        """The constant logits (k,) of one who knows only the class frequencies, or the mean."""
        y, w = self.rows.y, self.rows.weight
        if self.loss.codes:
            return np.log(np.maximum(np.bincount(y, w, minlength=self.network.n_out), 0.5) / len(y))
        mean = np.average(y, axis=0, weights=w)
        if self.loss.classes:
            p = np.clip(mean, 0.5 / len(y), 1 - 0.5 / len(y))
            return np.log(p / (1 - p))
        return mean

    def ignorant_losses(self, rows: Examples) -> Array:
        """Return the losses l (n,) of these logits."""
        return self.loss.value(np.tile(self.ignorant_logits, (len(rows), 1)), rows.y)

    def learned(self, cost: float) -> float:
        """Return 1 - cost / ignorant cost, both without penalties: the share of what can be learned."""
        ignorant = float(np.average(self.ignorant_losses(self.rows), weights=self.rows.weight))
        return 1 - cost / ignorant if ignorant > 0 else 1.0

    @cached_property
    def learned_share(self) -> float:
        """What was learned: 0 = only the frequencies, 1 = every row exactly, below 0 = less than the frequencies."""
        return self.learned(self.at_end.cost) if self.finite and np.isfinite(self.at_end.cost) else -np.inf

    @property
    def rate(self) -> float:
        """The highest learning rate of the run."""
        schedule, epochs = get_schedule(self.settings.learning_rate), self.settings.epochs
        return max(float(schedule(t, epochs)) for t in np.linspace(0, epochs, 100, endpoint=False))

    @property
    def updates(self) -> int:
        """How many updates the run made, at least one."""
        return max(1, len(self.history.cost)) * -(-self.n // self.settings.batch_rows(self.n))
