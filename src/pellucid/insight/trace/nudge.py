"""Nudge: one weight moved a little up and down, so that the cost itself says what its gradient is.

n = [J(w + h) - J(w - h)] / 2h, in float64, with the same rows and the same dropout. A nudge across a kink (of relu, say)
proves nothing, so a shorter one is tried; where J is too flat for its own rounding, nothing can be proved.
"""

import copy
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pellucid.insight.trace.step import Trace
from pellucid.nn import Network

STEPS = (1e-3, 1e-4, 1e-5, 1e-6)
FLAT = 1e3  # a gradient must be so many times what rounding alone can feign
CLOSE = 1e-5  # relative; the formula itself errs by about h^2
CLOSE_SINGLE = 1e-3  # where the gradient was computed in float32

Verdict = Literal["agrees", "too flat", "on a kink", "differs"]


@dataclass(frozen=True)
class Nudge:
    """One weight: W of `layer` (1 is the first) at [unit, input], which is number `place` of the flat vector.

    gradient: by backpropagation.  numeric: by the two costs `up` and `down`, h away; NaN where no h avoids a kink.
    rounding: how wrong the rounding of J alone can make it.
    """

    layer: int
    unit: int
    input: int
    place: int
    weight: float
    gradient: float
    h: float
    up: float
    down: float
    numeric: float
    rounding: float
    verdict: Verdict

    @property
    def name(self) -> str:
        """As it is written: W1[2, 3], counted from 1."""
        return f"W{self.layer}[{self.unit + 1}, {self.input + 1}]"

    def sentence(self) -> str:
        """Return what the nudge proved, in words."""
        if self.verdict == "too flat":
            return (
                f"{self.name} cannot be checked by nudging: the cost is too flat here. Its gradient, {self.gradient:.2g}, "
                f"drowns in the rounding of J, about {self.rounding:.1g}."
            )
        if self.verdict == "on a kink":
            return f"{self.name} cannot be checked by nudging: however short, the nudge crosses a kink of an activation."
        return (
            f"{self.name} by nudging: {self.numeric:.8g}; by backpropagation: {self.gradient:.8g}. "
            f"{'They agree.' if self.verdict == 'agrees' else 'They DIFFER.'}"
        )


def nudged(trace: Trace) -> Nudge:
    """Return the proof of one weight: that of the steepest gradient in the first layer that has any."""
    assert trace.cost is not None and trace.update is not None
    layer, unit, source = _chosen(trace)
    network = trace.network.copy(np.float64)
    W = network.dense[layer].W
    w, analytic = float(W[unit, source]), float(trace.network.views(trace.update.gradient)[layer][0][unit, source])
    place = sum(dense.W.size + dense.b.size for dense in network.dense[:layer]) + unit * W.shape[1] + source
    _, here = _cost(network, trace)
    noise = float(np.finfo(np.float64).eps) * max(1.0, abs(trace.cost.J), float(np.abs(trace.layers[-1].Z).max()))
    for h in STEPS:
        W[unit, source] = w + h
        up, above = _cost(network, trace)
        W[unit, source] = w - h
        down, below = _cost(network, trace)
        if all(map(np.array_equal, here, above)) and all(map(np.array_equal, here, below)):
            break
    else:
        return Nudge(layer + 1, unit, source, place, w, analytic, h, up, down, np.nan, noise / h, "on a kink")
    numeric, rounding = (up - down) / (2 * h), noise / h
    close = CLOSE if trace.network.parameters.dtype == np.float64 else CLOSE_SINGLE
    verdict: Verdict
    if max(abs(analytic), abs(numeric)) <= FLAT * rounding:
        verdict = "too flat"
    else:
        verdict = "agrees" if abs(numeric - analytic) <= close * max(abs(numeric), abs(analytic)) else "differs"
    return Nudge(layer + 1, unit, source, place, w, analytic, h, up, down, numeric, rounding, verdict)


def _chosen(trace: Trace) -> tuple[int, int, int]:
    assert trace.update is not None
    gradients = [dW for dW, _ in trace.network.views(trace.update.gradient)]
    steepest = max(float(np.abs(dW).max()) for dW in gradients)
    layer = next(n for n, dW in enumerate(gradients) if np.abs(dW).max() >= 1e-3 * steepest)
    unit, source = np.unravel_index(np.abs(gradients[layer]).argmax(), gradients[layer].shape)
    return layer, int(unit), int(source)


def _cost(network: Network, trace: Trace) -> tuple[float, list[NDArray]]:
    """Return J, and on which side of every kink each unit of each row is."""
    assert trace.y is not None and trace.cost is not None
    X = trace.X.astype(np.float64)
    y = trace.y if network.loss.codes else trace.y.astype(np.float64)
    weight = None if trace.cost.weight is None else trace.cost.weight.astype(np.float64)
    Z, tape = network.forward(X, copy.deepcopy(trace.dropout), keep=True)
    l = network.loss.value(Z, y)
    J = float(np.mean(l if weight is None else weight * l))
    J += 0.5 * network.l2 * sum(float(np.sum(layer.W**2)) for layer in network.dense)
    sides = [
        np.greater(saved.Z, kink)
        for layer, saved in zip(network.dense, tape.dense, strict=True)
        if saved.Z is not None
        for kink in layer.activation.kinks
    ]
    return J, sides if network.loss.pieces is None else [*sides, network.loss.pieces(Z, y)]
