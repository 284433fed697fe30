"""Optimizers: each one is a frozen setting whose `update` is a formula on the flat vector p with gradient g.

Whatever a rule remembers between steps is in `slots`, arrays that belong to the training loop, so that a run can be
stopped, saved and resumed. A new rule is one class and one row of `OPTIMIZERS`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError, unknown_name
from pellucid.nn import fast_updates
from pellucid.nn.lbfgs import LBFGS

Array = NDArray[Any]
Slots = dict[str, Array]

Evaluate = Callable[[], tuple[float, Array]]  # cost and gradient at the parameters as they are now


class Optimizer(Protocol):
    """What the training loop needs of a rule."""

    @property
    def full_batch_only(self) -> bool:
        """Whether every evaluation must be of the same function: all rows, no dropout."""

    def slots(self, parameters: Array) -> Slots:
        """Return what the rule remembers before the first step."""

    def step(self, evaluate: Evaluate, parameters: Array, slots: Slots, rate: float, weights: Sequence[Array]) -> float:
        """Move `parameters` in place by one step; return the cost before it. `weights` are the W among them."""

    def converged(self, slots: Slots) -> bool:
        """Whether no further step would lower the cost."""


class FirstOrder(ABC):
    """What the descent rules share: one evaluation, then one update, unless the cost is not finite."""

    full_batch_only = False
    rotation_invariant = False
    slot_names: tuple[str, ...] = ()

    def slots(self, parameters: Array) -> Slots:
        """Return zeros: one vector for each name, and the number of steps taken."""
        vectors = {name: np.zeros_like(parameters) for name in self.slot_names}
        return vectors | {"steps": np.zeros((), np.int64)}

    def step(self, evaluate: Evaluate, parameters: Array, slots: Slots, rate: float, weights: Sequence[Array]) -> float:
        """Evaluate, then update in place; return the cost before the update."""
        cost, gradient = evaluate()
        if not math.isfinite(cost):
            return cost
        slots["steps"] += 1
        self.shrink(weights, rate)
        if parameters.size > fast_updates.BLOCK and type(self) in COORDINATE_WISE:
            self.update_large(parameters, gradient, slots, rate)
        else:
            self.update(parameters, gradient, slots, rate)
        fast_updates.flush_vanished(slots, self.slot_names)
        return cost

    def shrink(self, weights: Sequence[Array], rate: float) -> None:  # noqa: B027 - most rules leave it empty
        """Shrink the weights in place before the update."""

    @abstractmethod
    def update(self, p: Array, g: Array, slots: Slots, rate: float) -> None:
        """Change p and the slots in place: the formula of the rule."""

    def update_large(self, p: Array, g: Array, slots: Slots, rate: float) -> None:
        """Do the same as `update` to a long p, faster."""
        fast_updates.in_blocks(self.update, p, g, slots, rate, self.slot_names)

    def converged(self, slots: Slots) -> bool:
        """Never: the number of epochs or early stopping ends a descent."""
        return False


def _check_fractions(owner: object, **values: float) -> None:
    for name, value in values.items():
        if not 0 <= value < 1:
            raise InputError(f"{name} of {type(owner).__name__} must be at least 0 and below 1, got {value!r}.")


@dataclass(frozen=True)
class GradientDescent(FirstOrder):
    """p -= rate g; with momentum v = momentum v + g, p -= rate v; Nesterov: p -= rate (g + momentum v).

    Momentum as in Sutskever et al. 2013 and `torch.optim.SGD`: momentum 0 is plain descent.
    """

    momentum: float = 0.0
    nesterov: bool = False
    rotation_invariant = True

    def __post_init__(self) -> None:
        _check_fractions(self, momentum=self.momentum)
        if self.nesterov and not self.momentum:
            raise InputError("nesterov=True looks ahead along the momentum: give momentum above 0, 0.9 is usual.")

    @property
    def slot_names(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("velocity",) if self.momentum else ()

    def update(self, p: Array, g: Array, slots: Slots, rate: float) -> None:
        """Change p in place."""
        if self.momentum:
            v = slots["velocity"]
            v *= self.momentum
            v += g
            g = g + self.momentum * v if self.nesterov else v
        p -= rate * g


@dataclass(frozen=True)
class RMSprop(FirstOrder):
    """s = decay s + (1 - decay) g^2, p -= rate g / (sqrt(s) + epsilon) (Tieleman and Hinton 2012)."""

    decay: float = 0.9
    epsilon: float = 1e-8
    slot_names = ("square",)

    def __post_init__(self) -> None:
        _check_fractions(self, decay=self.decay)

    def update(self, p: Array, g: Array, slots: Slots, rate: float) -> None:
        """Change p in place."""
        s = slots["square"]
        s *= self.decay
        s += (1 - self.decay) * g * g
        root = np.sqrt(s)
        root += self.epsilon
        p -= rate * g / root


@dataclass(frozen=True)
class Adam(FirstOrder):
    """m = beta1 m + (1 - beta1) g, s = beta2 s + (1 - beta2) g^2, both from 0 and corrected for it at step t:

    p -= rate (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + epsilon) (Kingma and Ba 2015).
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    slot_names = ("mean", "square")

    def __post_init__(self) -> None:
        _check_fractions(self, beta1=self.beta1, beta2=self.beta2)

    def update(self, p: Array, g: Array, slots: Slots, rate: float) -> None:
        """Change p in place."""
        m, s = slots["mean"], slots["square"]
        step, epsilon = self._corrected(slots, rate)
        m *= self.beta1
        m += (1 - self.beta1) * g
        s *= self.beta2
        s += (1 - self.beta2) * (g * g)
        root = np.sqrt(s)
        root += epsilon
        change = np.divide(m, root, out=root)  # p -= step m / (sqrt(s) + epsilon), in one array: a tenth of the time
        change *= step
        p -= change

    def _corrected(self, slots: Slots, rate: float) -> tuple[float, float]:
        """Return rate and epsilon with both corrections: two numbers are scaled in place of two vectors."""
        t = int(slots["steps"])
        root = math.sqrt(1 - self.beta2**t)
        return rate * root / (1 - self.beta1**t), self.epsilon * root

    def update_large(self, p: Array, g: Array, slots: Slots, rate: float) -> None:
        """Do the same as `update` to a long p, faster."""
        constants = (self.beta1, self.beta2, *self._corrected(slots, rate))
        if not fast_updates.adam_in_one_pass(p, g, slots["mean"], slots["square"], constants):
            super().update_large(p, g, slots, rate)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled decay: W -= rate weight_decay W first, biases free, then Adam's step.

    weight_decay: None takes the `l2` of the training settings (Loshchilov and Hutter 2019).
    """

    weight_decay: float | None = None

    def shrink(self, weights: Sequence[Array], rate: float) -> None:
        """W -= rate weight_decay W."""
        for W in weights:
            W *= 1 - rate * (self.weight_decay or 0.0)


# their formulas treat each number without the others, so blocks give the same result; a derived rule may do anything
COORDINATE_WISE = (GradientDescent, RMSprop, Adam, AdamW)

OPTIMIZERS: dict[str, Optimizer] = {
    "gradient_descent": GradientDescent(),
    "momentum": GradientDescent(momentum=0.9),
    "nesterov": GradientDescent(momentum=0.9, nesterov=True),
    "rmsprop": RMSprop(),
    "adam": Adam(),
    "adamw": AdamW(),
    "lbfgs": LBFGS(),
}


def get_optimizer(optimizer: str | Optimizer) -> Optimizer:
    """Return an optimizer by name, or the object itself."""
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS:
            raise unknown_name("optimizer", optimizer, OPTIMIZERS)
        return OPTIMIZERS[optimizer]
    if not callable(getattr(optimizer, "step", None)):
        raise InputError(
            f"optimizer must be a name or an object like GradientDescent(momentum=0.9), got {optimizer!r}."
        )
    return optimizer


def is_rotation_invariant(rule: Optimizer) -> bool:
    """Whether rotating the axes rotates every step alike. A coordinate-wise rule, like Adam, is not rotation-invariant.

    A rule of your own declares it by `rotation_invariant = True`; without that it counts as coordinate-wise.
    """
    return bool(getattr(rule, "rotation_invariant", False))


def clip_by_norm(gradient: Array, largest: float) -> float:
    """Scale the gradient in place so that its 2-norm is at most `largest`; return the norm it had."""
    norm = float(np.linalg.norm(gradient.astype(np.float64, copy=False)))  # the squares may overflow float32
    if norm > largest:
        gradient *= largest / norm
    return norm
