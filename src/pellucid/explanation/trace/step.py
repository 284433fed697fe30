"""Step: one training step as it happened, layer by layer, with the numbers of the call that made it.

Arrays are those of the engine's tape, of the optimizer's own slots and of the parameters before and after. They are
read-only; rows are examples, W is (n_out, n_in), and every gradient is one of J.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Network
from pellucid.nn.activations import Activation
from pellucid.nn.losses import Loss
from pellucid.nn.optimizers import Optimizer

Array = NDArray[Any]
STRONGEST = 5  # terms of a sum that are told


@dataclass(frozen=True)
class Backward:
    """What went back through one layer: dA (n, n_out), dZ = g'(Z) dA, dW, with the penalty's part, and db."""

    dA: Array
    dZ: Array
    dW: Array
    db: Array


@dataclass(frozen=True)
class Layer:
    """One layer of the step: A = g(Z), Z = A_in W^T + b.

    A_in (n, n_in) is what came in.  mask: by which A is multiplied on its way to the next layer, where dropout is on.
    back is None where there is no label, W_next and b_next are what the update left.
    """

    number: int
    activation: Activation
    A_in: Array
    W: Array
    b: Array
    Z: Array
    A: Array
    mask: Array | None = None
    back: Backward | None = None
    W_next: Array | None = None
    b_next: Array | None = None

    @property
    def slope(self) -> Array:
        """g'(Z) (n, n_out), by the activation's own function."""
        return self.activation.slope(self.A if self.activation.slope_from == "A" else self.Z)

    def strongest(self, row: int, unit: int) -> "Strongest":
        """Return the terms w a of one sum z of one example that weigh most."""
        terms = self.W[unit] * self.A_in[row]
        order = np.argsort(-np.abs(terms), kind="stable")[:STRONGEST]
        whole = float(np.abs(terms).sum(dtype=np.float64)) + abs(float(self.b[unit]))
        share = float(np.abs(terms[order]).sum(dtype=np.float64)) / whole if whole else 0.0
        return Strongest(unit, tuple(map(int, order)), terms[order], share)


@dataclass(frozen=True)
class Strongest:
    """The strongest terms of one unit's z: inputs they come from, what each adds, their share of sum |w a| + |b|."""

    unit: int
    inputs: tuple[int, ...]
    terms: Array
    share: float


@dataclass(frozen=True)
class Cost:
    """J = (1/n) sum_i w_i l_i + penalty: y, yhat (n, k), l (n,), w (n,) or None; dlogits = dJ/dlogits."""

    loss: Loss
    y: Array
    yhat: Array
    l: Array
    weight: Array | None
    dlogits: Array
    penalty: float
    J: float


@dataclass(frozen=True)
class Update:
    """How the rule moved the parameters p, all as one flat vector.

    gradient: of J.  norm: its 2-norm, where it is held below `clip_norm`.  used: the gradient after that.
    before, after: p.  slots, slots_after: what the rule remembers (velocity; mean, square, steps; ...).
    parts: by name what the rule computes in between, in its own order: see `parts.py`.
    evaluations: how often it looked at the cost; more than once in a line search.
    """

    rule: Optimizer
    rate: float
    gradient: Array
    norm: float | None
    clip_norm: float | None
    used: Array
    before: Array
    after: Array
    slots: Mapping[str, Array]
    slots_after: Mapping[str, Array]
    parts: Mapping[str, Any]
    evaluations: int

    @property
    def change(self) -> Array:
        """What was added to p."""
        return self.after - self.before


@dataclass(frozen=True)
class Step:
    """One training step. Without labels only what goes forward: cost, update, after and what follows are None.

    network: as it was before.  X (n, d), of which `row` is the example shown.  layers: one a Dense.
    after: J of the same rows after the update.  promised: g . change, the fall that the gradient promises.
    input_names, class_names: how inputs and classes are called, () where they have no names.
    input_groups, input_places: what each input belongs to, and where it is, () where they are of one kind or place.
    input_values: what the values of the one example are, in words.  picture: the example, as an address.
    notes: what a reader must know of these numbers, in sentences.
    called: what the example shown is called by whoever asked for it, "point 3"; the first note is then about it.
    """

    network: Network
    X: Array
    y: Array | None
    row: int
    layers: tuple[Layer, ...]
    yhat: Array
    cost: Cost | None = None
    update: Update | None = None
    after: float | None = None
    promised: float | None = None
    input_names: tuple[str, ...] = ()
    input_groups: tuple[str, ...] = ()
    input_places: tuple[str, ...] = ()
    input_values: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    called: str = ""
    picture: str = field(default="", repr=False)
    dropout: Any = field(default=None, repr=False)
    alone: Callable[[], "Step"] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.X)

    @cached_property
    def one(self) -> "Step":
        """The step that the example shown alone would make; of a single example, this one."""
        return self if self.alone is None else self.alone()

    @property
    def fall(self) -> float | None:
        """J after minus J before: below 0 where the step helped."""
        return None if self.cost is None or self.after is None else self.after - self.cost.J

    def input_name(self, number: int) -> str:
        """Return how an input is called: its name, or x3 for the third."""
        return self.input_names[number] if self.input_names else f"x{number + 1}"
