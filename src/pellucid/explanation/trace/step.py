"""Step: one training step as it happened, layer by layer, with the numbers of the call that made it.

The arrays come from the engine's tape, the optimizer's own slots and the parameters before and after. They are
read-only. Rows are examples, W is (n_out, n_in), and every gradient is a gradient of J.
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
STRONGEST = 5  # terms of a sum that are shown


@dataclass(frozen=True)
class Backward:
    """The gradients of one layer: dA (n, n_out), dZ = g'(Z) dA, dW including the penalty, and db."""

    dA: Array
    dZ: Array
    dW: Array
    db: Array


@dataclass(frozen=True)
class Layer:
    """One layer of the step: A = g(Z), Z = A_in W^T + b.

    A_in (n, n_in): its input.  mask: what dropout multiplies A by before the next layer; None without dropout.
    back: the gradients; None without a label.  W_next, b_next: W and b after the update.
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
        """g'(Z) (n, n_out), computed by the activation's own function."""
        return self.activation.slope(self.A if self.activation.slope_from == "A" else self.Z)

    def strongest(self, row: int, unit: int) -> "Strongest":
        """Return the largest terms w a in the sum z of one unit, for one example."""
        terms = self.W[unit] * self.A_in[row]
        order = np.argsort(-np.abs(terms), kind="stable")[:STRONGEST]
        whole = float(np.abs(terms).sum(dtype=np.float64)) + abs(float(self.b[unit]))
        share = float(np.abs(terms[order]).sum(dtype=np.float64)) / whole if whole else 0.0
        return Strongest(unit, tuple(map(int, order)), terms[order], share)


@dataclass(frozen=True)
class Strongest:
    """The strongest terms of one unit's z: their inputs, what each adds, and their share of sum |w a| + |b|."""

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
    """How the rule moved the parameters p; everything is one flat vector.

    gradient: of J.  norm: its 2-norm before clipping to `clip_norm`; None without clipping.  used: after clipping.
    before, after: p.  slots, slots_after: what the rule remembers (velocity; mean, square, steps; ...).
    parts: what the rule computes on the way, by name, in its own order: see `rule_parts`.
    evaluations: how often it evaluated the cost; a line search does so several times.
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
        """What the rule added to p."""
        return self.after - self.before


@dataclass(frozen=True)
class Step:
    """One training step. Without labels it only goes forward: cost, update, after and promised are None.

    network: before the step.  X (n, d): the rows; `row` is the example shown.  layers: one for each Dense.
    after: J of the same rows after the update.  promised: g . change, the change of J that the gradient promises.
    input_names, class_names: names of inputs and classes; () without names.
    input_groups, input_places: the group and the place of each input; () if there is only one.
    input_values: the values of the example shown, in words.  picture: the example as a data URI.
    notes: what a reader must know about these numbers, in sentences.
    average: the mean row (d,) of training, which the example is compared with; None is all zeros.
    called: a name for the example shown, such as "point 3"; the first note is then about it.
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
    average: Array | None = field(default=None, repr=False)
    called: str = ""
    picture: str = field(default="", repr=False)
    dropout: Any = field(default=None, repr=False)
    alone: Callable[[], "Step"] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.X)

    @cached_property
    def one(self) -> "Step":
        """The step that the example shown would make alone; for a single example, this step."""
        return self if self.alone is None else self.alone()

    @property
    def fall(self) -> float | None:
        """J after minus J before: below 0 if the step helped."""
        return None if self.cost is None or self.after is None else self.after - self.cost.J

    def input_name(self, number: int) -> str:
        """Return the name of an input; without names, x3 for the third."""
        return self.input_names[number] if self.input_names else f"x{number + 1}"
