"""Record: a step is made on copies, by the engine's own calls, and everything that they compute is kept.

`rule_parts` adds what an optimizer computes on the way from the gradient to the new weights.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError, check_finite
from pellucid.explanation.trace.step import Backward, Cost, Layer, Update
from pellucid.explanation.trace.trace import Trace
from pellucid.nn import LBFGS, Adam, AdamW, Dropout, GradientDescent, Network, RMSprop
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
    dropout: Any = None,
    row: int = 0,
    input_names: Sequence[str] = (),
    input_groups: Sequence[str] = (),
    input_places: Sequence[str] = (),
    input_values: Sequence[str] = (),
    class_names: Sequence[str] = (),
    notes: Sequence[str] = (),
    picture: str = "",
    average: Any = None,
) -> Trace:
    """Return the training step that a network makes on rows X; the network and the slots themselves do not change.

    X: (n, d), the batch of the step.  y: targets as the loss takes them: codes (n,) for softmax, else floats (n, k);
    None only goes forward.
    rule, rate: how to update.  slots: what the rule remembers; None at its start.  clip_norm: of the gradient.
    sample_weight: w (n,), used as it is.  dropout: the generator that draws the masks; None drops nothing.
    row: the example to show.  input_names, input_groups, input_places, class_names: for the reader.
    input_values: the values of one example, in words.  notes: what a reader must know.  picture: the example's URI.
    average: the mean row (d,) of training, which "why" compares the example with; None is all zeros.

    Raises InputError if rows or targets do not fit the network, or the cost is not finite.

    >>> from pellucid.nn import Dense
    >>> network = Network([Dense(1, 1)], "squared_error").initialize([[[2.0]], [1.0]])
    >>> step = trace(network, [[3.0]], [[5.0]], rate=0.01)
    >>> step.layers[0].Z.item(), step.cost.J, step.layers[0].back.dW.item(), step.layers[0].W_next.item()
    (7.0, 2.0, 6.0, 1.94)
    """
    if not isinstance(network, Network):
        raise InputError(f"trace takes a Network, got {type(network).__name__}; explain takes a Model and a file.")
    before, X = network.copy(), _rows(network, X)
    if not 0 <= row < len(X):
        raise InputError(f"row must be one of the {len(X)} rows of X, 0 to {len(X) - 1}; got {row}.")
    names = {
        "input_names": tuple(input_names),
        "input_groups": tuple(input_groups),
        "input_places": tuple(input_places),
        "input_values": tuple(input_values),
        "class_names": tuple(class_names),
    }
    for what, of_what in names.items():
        n = _classes(network) if what == "class_names" else network.n_in
        if len(of_what) not in (0, n):
            raise InputError(f"{what} must be {n} names, got {len(of_what)}.")
    average = None if average is None else _rows(network, [average])[0]
    about: dict[str, Any] = {**names, "notes": tuple(notes), "picture": picture, "average": average}
    rule, k, dtype = get_optimizer(rule), network.n_out, network.parameters.dtype
    targets = None if y is None else network.loss.checked_targets(y, len(X), k, dtype)

    def alone() -> Trace:
        """Return the step of the example shown, with its share of the masks."""
        return trace(
            before,
            X[row : row + 1],
            None if targets is None else targets[row : row + 1],
            rule=rule,
            rate=rate,
            slots=None if rule.full_batch_only else slots,
            clip_norm=clip_norm,
            dropout=None if dropout is None else _OfRow(copy.deepcopy(dropout), len(X), row),
            **about,
        )

    if targets is None:
        Z, tape = before.forward(X, copy.deepcopy(dropout), keep=True)
        step = Trace(before, X, None, row, _layers(before, tape), network.loss.link(Z), dropout=dropout)
    else:
        weight = None if sample_weight is None else np.asarray(sample_weight, network.parameters.dtype)
        cost = _RecordedCost(X, targets, weight, dropout, clip_norm)
        slots = {name: slot.copy() for name, slot in (slots or rule.slots(before.parameters)).items()}
        step = _stepped(before, cost, rule, rate, slots, row)
    _freeze(step)
    return replace(step, alone=alone if len(X) > 1 else None, **about)


def _stepped(before: Network, cost: "_RecordedCost", rule: Optimizer, rate: float, slots: Slots, row: int) -> Trace:
    """Return the trace of one step of the rule, made on a copy of the network."""
    after, slots_after = before.copy(), {name: slot.copy() for name, slot in slots.items()}
    evaluations: list[_Evaluation] = []

    def evaluate() -> tuple[float, Array]:
        evaluations.append(cost.at(after))
        return evaluations[-1].J, evaluations[-1].used.copy()

    with np.errstate(over="ignore", invalid="ignore"):
        J = rule.step(evaluate, after.parameters, slots_after, rate, [layer.W for layer in after.dense])
    if not math.isfinite(J):
        raise InputError(f"the cost of these rows is {J}: the weights are too large to show a step.")
    evaluated = bool(evaluations) and np.array_equal(evaluations[0].parameters, before.parameters)
    first = evaluations[0] if evaluated else cost.at(before)  # L-BFGS remembers the cost of its last step
    change = after.parameters - before.parameters
    update = Update(
        rule=rule,
        rate=rate,
        gradient=first.gradient,
        norm=first.norm,
        clip_norm=cost.clip_norm,
        used=first.used,
        before=before.parameters,
        after=after.parameters,
        slots=slots,
        slots_after=slots_after,
        parts=rule_parts(rule, rate, first.used, slots, slots_after, change),
        evaluations=len(evaluations),
    )
    loss = before.loss
    yhat = loss.link(first.record.tape.dense[-1].S)  # of the last layer, which is linear: the logits
    penalty = 0.5 * before.l2 * sum(float(np.vdot(layer.W, layer.W)) for layer in before.dense)
    return Trace(
        before,
        cost.X,
        cost.y,
        row,
        _layers(before, first.record.tape, first.gradient, after),
        yhat,
        Cost(loss, cost.y, yhat, first.record.l, cost.weight, first.record.dlogits, penalty, first.J),
        update,
        cost.at(after).J,
        float(np.vdot(first.gradient.astype(np.float64), change.astype(np.float64))),
        dropout=cost.dropout,
    )


class _Evaluation(NamedTuple):
    """One evaluation of the cost at some parameters; used: the gradient after clipping, norm: that before."""

    parameters: Array
    J: float
    gradient: Array
    used: Array
    norm: float | None
    record: Record


@dataclass(frozen=True)
class _RecordedCost:
    """The cost of one batch, as the training loop hands it to a rule, recorded."""

    X: Array
    y: Array
    weight: Array | None
    dropout: Any
    clip_norm: float | None

    def at(self, network: Network) -> _Evaluation:
        """Return the evaluation at a network's parameters; dropout drops the same units every time."""
        records: list[Record] = []
        with np.errstate(over="ignore", invalid="ignore"):
            J, gradient = network.cost_and_gradient(
                self.X, self.y, self.weight, copy.deepcopy(self.dropout), records=records
            )
        used, norm = gradient.copy(), None
        if self.clip_norm is not None:
            norm = clip_by_norm(used, self.clip_norm)
        return _Evaluation(network.parameters.copy(), J, gradient, used, norm, records[0])


class _OfRow:
    """A generator that draws for a whole batch and hands out the part of one row."""

    def __init__(self, rng: Any, rows: int, row: int) -> None:
        self.rng, self.rows, self.row = rng, rows, row

    def random(self, out: Array, dtype: Any) -> None:
        """Fill out (1, width)."""
        out[:] = self.rng.random((self.rows, out.shape[1]), dtype=dtype)[self.row]


def _classes(network: Network) -> int:
    return network.n_out if network.loss.codes or network.n_out > 1 else 2


def _layers(
    network: Network, tape: Tape, gradient: Array | None = None, updated: Network | None = None
) -> tuple[Layer, ...]:
    pieces = None if gradient is None else network.views(gradient)
    layers: list[Layer] = []
    for layer, saved in zip(network.layers, tape.saved, strict=True):
        if isinstance(layer, Dropout):
            if layers:
                layers[-1] = replace(layers[-1], mask=saved)
            continue
        assert isinstance(saved, DenseTape) and saved.Z is not None and saved.A is not None
        number = len(layers)
        made = Layer(number + 1, layer.activation, saved.A_in, layer.W, layer.b, saved.Z, saved.A)
        if updated is not None:
            made = replace(made, W_next=updated.dense[number].W, b_next=updated.dense[number].b)
        if pieces is not None and saved.dA is not None and saved.dZ is not None:
            made = replace(made, back=Backward(saved.dA, saved.dZ, *pieces[number]))
        layers.append(made)
    return tuple(layers)


def _rows(network: Network, X: Any) -> Array:
    X = np.array(X, network.parameters.dtype)
    if X.ndim != 2 or len(X) == 0 or X.shape[1] != network.n_in:
        raise InputError(f"X must have shape (n, {network.n_in}) with n at least 1, got {X.shape}.")
    check_finite(X, "X")
    return X


def _freeze(step: Trace) -> None:
    owners: list[Any] = [step, *step.layers, *(layer.back for layer in step.layers), step.cost, step.update]
    values = [value for owner in owners if owner is not None for value in vars(owner).values()]
    if step.update is not None:
        values += [*step.update.slots.values(), *step.update.slots_after.values()]
    for value in values:
        if isinstance(value, np.ndarray):
            value.flags.writeable = False


def rule_parts(
    rule: Optimizer, rate: float, g: Array, slots: Slots, slots_after: Slots, change: Array
) -> dict[str, Any]:
    """Return what the rule computes, in order, vectors (P,) and numbers; {} for plain descent and unknown rules.

    GradientDescent with momentum: velocity, and with nesterov ahead = g + momentum velocity.
    RMSprop: square, root = sqrt(square) + epsilon.
    Adam, AdamW: step, mean, square, mean_correction = 1 - beta1^t, square_correction = 1 - beta2^t, mean_hat,
    square_hat; AdamW also keep = 1 - rate weight_decay, which multiplies W first.
    LBFGS: direction d and length a; the change is a d.
    """
    if isinstance(rule, GradientDescent) and rule.momentum:
        v = slots_after["velocity"]
        return {"velocity": v} | ({"ahead": g + rule.momentum * v} if rule.nesterov else {})
    if isinstance(rule, RMSprop):
        return {"square": slots_after["square"], "root": np.sqrt(slots_after["square"]) + rule.epsilon}
    if isinstance(rule, Adam):
        t, m, s = int(slots_after["steps"]), slots_after["mean"], slots_after["square"]
        first, second = 1 - rule.beta1**t, 1 - rule.beta2**t
        computed = {"step": t, "mean": m, "square": s, "mean_correction": first, "square_correction": second}
        computed |= {"mean_hat": m / first, "square_hat": s / second}
        return computed | ({"keep": 1 - rate * (rule.weight_decay or 0.0)} if isinstance(rule, AdamW) else {})
    if isinstance(rule, LBFGS):
        d = rule.direction(g, slots)
        along = np.allclose(d * float(change @ d), change * float(d @ d), rtol=1e-4, atol=0)
        if float(g @ d) > 0 or not along:
            d = -g  # its memory pointed uphill, or the line search found nothing, so it used the gradient
        length = float(change @ d) / float(d @ d) if np.any(d) else 0.0
        return {"direction": d, "length": length}
    return {}
