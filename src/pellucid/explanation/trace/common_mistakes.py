"""Common mistakes: the mistakes that everyone makes once, made on purpose in this step, and the cost each leads to.

Each is a wrong gradient from the engine's own code with one thing changed. The rule of the step follows it, and the
correct network then measures the cost. Only mistakes that can happen in this network are listed.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.explanation.trace.step import Step
from pellucid.nn import Dense, Network
from pellucid.nn.activations import linear_slope
from pellucid.nn.buffers import Buffers
from pellucid.nn.layers import DenseTape
from pellucid.nn.losses import LOSSES
from pellucid.nn.optimizers import GradientDescent, clip_by_norm

Array = NDArray[Any]


@dataclass(frozen=True)
class Mistake:
    """A mistake: its name, what was done instead of what, the wrong gradient, and J after the step along it."""

    name: str
    sentence: str
    gradient: Array
    after: float


def common_mistakes(trace: Step) -> tuple[Mistake, ...]:
    """Return the mistakes that make a difference in this step, each with the cost it leads to."""
    assert trace.update is not None
    right = trace.update.gradient
    return tuple(
        Mistake(name, sentence, gradient, _followed(trace, gradient))
        for name, sentence, gradient in _wrong(trace)
        if not np.array_equal(gradient, right)
    )


def _wrong(trace: Step) -> Iterator[tuple[str, str, Array]]:
    """Yield name, sentence and wrong gradient of each mistake that can happen here."""
    network, update = trace.network, trace.update
    assert update is not None and trace.y is not None
    n, last = len(trace), len(network.dense)
    g = update.gradient

    yield "sign", "W + rate dW instead of W - rate dW, or y - yhat instead of yhat - y: uphill", -g
    if any(layer.activation.name != "linear" for layer in network.dense):
        kind = " and ".join(sorted({layer.activation.name for layer in network.dense[:-1]} - {"linear"}))
        yield "no slope", f"dz = da, the slope of {kind} forgotten", _gradient(trace, _flattened(network))
    if network.loss is LOSSES["binary_cross_entropy"]:
        yield (
            "slope twice",
            f"dz{last} = (yhat - y) yhat (1 - yhat): the sigmoid's slope once more, though the loss has cancelled it",
            _gradient(trace, _with_loss_gradient(network, lambda dZ, p: dZ * p * (1 - p))),
        )
    if any(np.any(layer.b) for layer in network.dense):
        yield "no bias", "z = W x, the biases forgotten in the forward pass", _gradient(trace, _unbiased(network))
    for number, layer in enumerate(network.dense, 1):
        if layer.n_in == layer.n_out > 1 and not np.array_equal(layer.W, layer.W.T):
            W, dz = f"W{number}", f"dz{number}"
            what = f"z{number} = {W}^T a instead of {W} a: {W} is square, so the shapes do not reveal it"
            yield f"{W} transposed", what, _gradient(trace, _transposed(network, number - 1))
            if number > 1:
                what = f"da{number - 1} = {W} {dz} instead of {W}^T {dz}"
                back = _swapped(network, number - 1, _Untransposed)
                yield f"{W} not transposed back", what, _gradient(trace, back)
    if n > 1:
        yield "sum for mean", f"the gradients of {n} examples added, not averaged: {n} times as far", n * g
    rule = update.rule
    if last > 1 and isinstance(rule, GradientDescent) and not rule.momentum:
        early = _swapped(network, None, lambda layer: _Updated(layer, update.rate, network.l2))
        what = f"W{last} updated before da{last - 1} = W{last}^T dz{last} is computed with it"
        yield "updated too early", what, _gradient(trace, early)


def _followed(trace: Step, gradient: Array) -> float:
    """Return J after the rule of the step followed this gradient; infinity if it is not finite."""
    update, cost = trace.update, trace.cost
    assert update is not None and cost is not None and trace.y is not None
    network, wrong = trace.network.copy(), gradient.copy()
    with np.errstate(over="ignore", invalid="ignore"):
        if update.clip_norm is not None:
            clip_by_norm(wrong, update.clip_norm)
        if update.rule.full_batch_only:  # its line search would notice the mistake, so go equally far along it
            length = update.parts.get("length", 0.0)
            network.parameters[:] -= np.asarray(length * wrong, network.parameters.dtype)
        else:
            slots = {name: slot.copy() for name, slot in update.slots.items()}
            weights = [layer.W for layer in network.dense]
            update.rule.step(lambda: (cost.J, wrong), network.parameters, slots, update.rate, weights)
        J, _ = network.cost_and_gradient(trace.X, trace.y, cost.weight, copy.deepcopy(trace.dropout))
    return J if np.isfinite(J) else np.inf


def _gradient(trace: Step, network: Network) -> Array:
    """Return the gradient of the step's rows as computed by a network with a mistake in it."""
    assert trace.y is not None and trace.cost is not None
    with np.errstate(over="ignore", invalid="ignore"):
        _, g = network.cost_and_gradient(trace.X, trace.y, trace.cost.weight, copy.deepcopy(trace.dropout))
    return g


def _flattened(network: Network) -> Network:
    wrong = network.copy()
    for layer in wrong.dense:
        layer.activation = replace(layer.activation, slope=linear_slope, slope_from="A")
    return wrong


def _with_loss_gradient(network: Network, bent: Callable[[Array, Array], Array]) -> Network:
    wrong, right = network.copy(), network.loss
    wrong.loss = replace(right, gradient=lambda Z, y: bent(right.gradient(Z, y), right.link(Z)))
    return wrong


def _unbiased(network: Network) -> Network:
    wrong = network.copy()
    for layer in wrong.dense:
        layer.b[:] = 0
    return wrong


def _transposed(network: Network, number: int) -> Network:
    wrong = network.copy()
    W = wrong.dense[number].W
    W[:] = W.T.copy()
    return wrong


def _swapped(network: Network, number: int | None, kind: Callable[[Dense], Dense]) -> Network:
    """Return the network with one Dense, or all of them, of another kind."""
    changed = network.dense if number is None else [network.dense[number]]
    layers = [
        kind(layer) if isinstance(layer, Dense) and any(layer is one for one in changed) else layer
        for layer in network.layers
    ]
    wrong = Network(layers, network.loss, network.l2, network.parameters.dtype)
    wrong.parameters[:] = network.parameters
    return wrong


class _Untransposed(Dense):
    """A layer that forgets to transpose W in the backward pass."""

    def __init__(self, layer: Dense) -> None:
        super().__init__(layer.n_in, layer.n_out, layer.activation)

    def backward(
        self, dA: Array, tape: DenseTape, buffer: Buffers, dW: Array, db: Array, input_gradient: bool
    ) -> Array | None:
        """Like the correct layer, but dA_in = dZ W^T."""
        super().backward(dA, tape, buffer, dW, db, False)
        return buffer("dZ", self.n_out) @ self.W.T if self.activation.name != "linear" else dA @ self.W.T


class _Updated(Dense):
    """A layer that goes backward with the weights it has just updated."""

    def __init__(self, layer: Dense, rate: float, l2: float) -> None:
        super().__init__(layer.n_in, layer.n_out, layer.activation)
        self.rate, self.l2 = rate, l2

    def backward(
        self, dA: Array, tape: DenseTape, buffer: Buffers, dW: Array, db: Array, input_gradient: bool
    ) -> Array | None:
        """Like the correct layer, but dA_in = dZ (W - rate dW)."""
        dA_in = super().backward(dA, tape, buffer, dW, db, input_gradient)
        if dA_in is None:
            return None
        dZ = dA if self.activation.name == "linear" else buffer("dZ", self.n_out)
        return dA_in - self.rate * (dZ @ (dW + self.l2 * self.W))
