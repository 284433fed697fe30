"""Recording: a step is made on copies, by the engine's own calls, and what they compute is kept."""

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError, refuse_non_finite
from pellucid.insight.trace.parts import parts
from pellucid.insight.trace.step import Backward, Cost, Layer, Trace, Update
from pellucid.nn import AdamW, Dropout, Network
from pellucid.nn.layers import DenseTape
from pellucid.nn.network import Record, Tape
from pellucid.nn.optimizers import Optimizer, Slots, clip_by_norm, get_optimizer

Array = NDArray[Any]


def trace(
    network: Network,
    X: Any,
    y: Any = None,
    *,
    rule: str | Optimizer = "gradient_descent",
    rate: float = 0.1,
    slots: Slots | None = None,
    sample_weight: Any = None,
    clip_norm: float | None = None,
    dropout: np.random.Generator | None = None,
    row: int = 0,
    input_names: Sequence[str] = (),
    class_names: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Trace:
    """Return the training step that a network makes on rows X; the network and the slots themselves stay as they are.

    X: (n, d), the batch of the step.  y: targets as the loss takes them, codes (n,) for softmax, else floats (n, k);
    None goes forward only.
    rule, rate: how it is updated.  slots: what the rule remembers; None is its beginning.  clip_norm: of the gradient.
    sample_weight: w (n,), taken as given.  dropout: the generator that masks are drawn from; None drops nothing.
    row: the example to show.  input_names, class_names: for whoever reads it.  notes: what a reader must know.

    Raises InputError where rows or targets do not fit the network, or the cost is not finite.

    >>> from pellucid.nn import Dense
    >>> network = Network([Dense(1, 1)], "squared_error").initialize([[[2.0]], [1.0]])
    >>> step = trace(network, [[3.0]], [[5.0]], rate=0.01)
    >>> step.layers[0].Z.item(), step.cost.J, step.layers[0].back.dW.item(), step.layers[0].W_next.item()
    (7.0, 2.0, 6.0, 1.94)
    """
    before, X = network.copy(), _rows(network, X)
    if not 0 <= row < len(X):
        raise InputError(f"row must be one of the {len(X)} rows of X, 0 to {len(X) - 1}; got {row}.")
    if input_names and len(input_names) != network.n_in:
        raise InputError(f"input_names must be {network.n_in} names, got {len(input_names)}.")
    names = {"input_names": tuple(input_names), "class_names": tuple(class_names), "notes": tuple(notes)}
    if y is None:
        Z, tape = before.forward(X, copy.deepcopy(dropout), keep=True)
        return Trace(before, X, None, row, _layers(before, tape), network.loss.link(Z), dropout=dropout, **names)

    y, rule = _targets(network, y, len(X)), _rule(rule)
    weight = None if sample_weight is None else np.asarray(sample_weight, network.parameters.dtype)
    walker = before.copy()
    slots = rule.slots(walker.parameters) if slots is None else {name: slot.copy() for name, slot in slots.items()}
    looked = _Looked(walker, X, y, weight, dropout, clip_norm)
    slots_before = {name: slot.copy() for name, slot in slots.items()}
    with np.errstate(over="ignore", invalid="ignore"):
        cost_before = rule.step(looked, walker.parameters, slots, rate, [layer.W for layer in walker.dense])
        if not looked.calls or not np.array_equal(looked.calls[0][0], before.parameters):
            looked.calls.insert(0, _Looked(before, X, y, weight, dropout, clip_norm).called())  # a rule may know its cost
        after, _ = walker.cost_and_gradient(X, y, weight, copy.deepcopy(dropout))
    if not math.isfinite(cost_before):
        raise InputError(f"the cost of these rows is {cost_before}: the weights are too large to look at a step.")
    _, J, gradient, used, norm, record = looked.calls[0]
    update = Update(
        rule=rule,
        rate=rate,
        gradient=gradient,
        norm=norm,
        clip_norm=clip_norm,
        used=used,
        before=before.parameters,
        after=walker.parameters,
        slots=slots_before,
        slots_after=slots,
        parts=parts(rule, rate, used, slots_before, slots, walker.parameters - before.parameters),
        evaluations=len(looked.calls),
    )
    yhat = network.loss.link(record.tape.dense[-1].A)
    penalty = 0.5 * network.l2 * sum(float(np.vdot(layer.W, layer.W)) for layer in before.dense)
    step = Trace(
        before,
        X,
        y,
        row,
        _layers(before, record.tape, gradient, walker),
        yhat,
        Cost(network.loss, y, yhat, record.l, weight, record.dlogits, penalty, J),
        update,
        after,
        float(np.vdot(gradient.astype(np.float64), update.change.astype(np.float64))),
        dropout=dropout,
        **names,
    )
    _freeze(step)
    if len(X) == 1:
        return step

    def alone() -> Trace:
        """Return the step of the example shown, with its share of the masks."""
        return trace(
            network=before,
            X=X[row : row + 1],
            y=y[row : row + 1],
            rule=rule,
            rate=rate,
            slots=None if rule.full_batch_only else slots_before,
            clip_norm=clip_norm,
            dropout=None if dropout is None else _OfRow(copy.deepcopy(dropout), len(X), row),
            **names,
        )

    object.__setattr__(step, "alone", alone)
    return step


class _Looked:
    """The cost and its gradient as a rule asks for them, and every answer it was given."""

    def __init__(
        self,
        network: Network,
        X: Array,
        y: Array,
        weight: Array | None,
        dropout: Any,
        clip_norm: float | None,
    ) -> None:
        self.network, self.rows, self.dropout, self.clip_norm = network, (X, y, weight), dropout, clip_norm
        self.calls: list[tuple[Array, float, Array, Array, float | None, Record]] = []

    def __call__(self) -> tuple[float, Array]:
        self.calls.append(self.called())
        return self.calls[-1][1], self.calls[-1][3].copy()

    def called(self) -> tuple[Array, float, Array, Array, float | None, Record]:
        """Return the parameters, J, its gradient, the gradient after clipping, its norm before that, and the record."""
        records: list[Record] = []
        J, gradient = self.network.cost_and_gradient(*self.rows, copy.deepcopy(self.dropout), records=records)
        used, norm = gradient.copy(), None
        if self.clip_norm is not None:
            norm = clip_by_norm(used, self.clip_norm)
        return self.network.parameters.copy(), J, gradient, used, norm, records[0]


class _OfRow:
    """A generator that draws for a whole batch and hands out what falls to one of its rows."""

    def __init__(self, rng: np.random.Generator, rows: int, row: int) -> None:
        self.rng, self.rows, self.row = rng, rows, row

    def random(self, out: Array, dtype: Any) -> None:
        """Fill out (1, width)."""
        out[:] = self.rng.random((self.rows, out.shape[1]), dtype=dtype)[self.row]


def _layers(
    network: Network, tape: Tape, gradient: Array | None = None, updated: Network | None = None
) -> tuple[Layer, ...]:
    pieces = [None] * len(network.dense) if gradient is None else network.views(gradient)
    layers: list[Layer] = []
    mask, number = None, 0
    for layer, saved in zip(network.layers, tape.saved, strict=True):
        if isinstance(layer, Dropout):
            mask = saved
            continue
        assert isinstance(saved, DenseTape) and saved.Z is not None and saved.A is not None
        piece, after = pieces[number], None if updated is None else updated.dense[number]
        back = None
        if piece is not None and saved.dA is not None and saved.dZ is not None:
            back = Backward(saved.dA, saved.dZ, *piece)
        number += 1
        layers.append(
            Layer(
                number,
                layer.activation,
                saved.A_in,
                layer.W,
                layer.b,
                saved.Z,
                saved.A,
                mask,
                back,
                None if after is None else after.W,
                None if after is None else after.b,
            )
        )
        mask = None
    return tuple(layers)


def _rows(network: Network, X: Any) -> Array:
    X = np.array(X, network.parameters.dtype)
    if X.ndim != 2 or len(X) == 0 or X.shape[1] != network.n_in:
        raise InputError(f"X must have shape (n, {network.n_in}) with n at least 1, got {X.shape}.")
    refuse_non_finite(X, "X")
    return X


def _targets(network: Network, y: Any, n: int) -> Array:
    loss, k = network.loss, network.n_out
    expected = (n,) if loss.codes else (n, k)
    y = np.array(y)
    if y.shape != expected:
        raise InputError(f"y for {loss.name} must have shape {expected}, got {y.shape}.")
    refuse_non_finite(y, "y")
    if loss.classes:
        highest = k - 1 if loss.codes else 1
        if y.min() < 0 or y.max() > highest or (loss.codes and not np.all(y == y.astype(np.intp))):
            raise InputError(f"y for {loss.name} must lie in 0 to {highest}, got {y.min()} to {y.max()}.")
    return y.astype(np.intp if loss.codes else network.parameters.dtype)


def _rule(rule: str | Optimizer) -> Optimizer:
    rule = get_optimizer(rule)
    return AdamW(rule.beta1, rule.beta2, rule.epsilon, 0.0) if rule == AdamW() else rule


def _freeze(step: Trace) -> None:
    assert step.cost is not None and step.update is not None
    owners: list[Any] = [step, step.cost, step.update, *step.layers, *(layer.back for layer in step.layers)]
    values = [value for owner in owners for value in vars(owner).values()]
    values += [*step.update.slots.values(), *step.update.slots_after.values()]
    for value in values:
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
