"""Finite difference: one weight is moved a little up and down, and the change of the cost checks its gradient.

n = [J(w + h) - J(w - h)] / 2h, in float64, with the same rows and dropout. A step across a kink (of relu, say) proves
nothing, so a shorter one is tried. If J is so flat that rounding hides its change, nothing can be proved.
"""

import copy
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.explanation.gradient_check import cost_and_pieces
from pellucid.explanation.trace.step import Step

STEPS = (1e-3, 1e-4, 1e-5, 1e-6)
FLAT = 1e3  # a gradient must be this many times larger than what rounding alone can produce
SURE = 1e-5  # relative; a step is short enough if halving it changes the result no more than this
CLOSE = 1e-5  # relative
CLOSE_SINGLE = 1e-3  # for a gradient computed in float32

Verdict = Literal["agrees", "too flat", "on a kink", "differs"]


@dataclass(frozen=True)
class FiniteDifference:
    """The check of one weight: W of `layer` (1 is the first) at [unit, input], number `place` of the flat vector.

    gradient: by backpropagation.  numeric: from the costs `up` and `down`, h away; NaN if every h crosses a kink.
    rounding: the error that the rounding of J alone can cause.
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
        """Its name, counted from 1: W1[2, 3]."""
        return f"W{self.layer}[{self.unit + 1}, {self.input + 1}]"

    def sentence(self) -> str:
        """Return the outcome in words."""
        if self.verdict == "too flat":
            return (
                f"{self.name} cannot be checked: the cost is too flat here. Its gradient, {self.gradient:.2g}, is "
                f"hidden by the rounding of J, about {self.rounding:.1g}."
            )
        if self.verdict == "on a kink":
            return f"{self.name} cannot be checked: every step, however short, crosses a kink of an activation."
        return (
            f"{self.name} by finite difference: {self.numeric:.8g}; by backpropagation: {self.gradient:.8g}. "
            f"{'They agree.' if self.verdict == 'agrees' else 'They DIFFER.'}"
        )


def finite_difference(trace: Step) -> FiniteDifference:
    """Return the check of the steepest weight in the first layer whose gradient is not almost zero."""
    assert trace.cost is not None and trace.update is not None
    layer, unit, source = _chosen(trace)
    probe = _Probe(trace, layer, unit, source)
    analytic = float(trace.network.views(trace.update.gradient)[layer][0][unit, source])
    tried = [point for h in STEPS if (point := probe.at(h)) is not None]
    verdict: Verdict = "on a kink"
    if not tried:
        point = _Point(STEPS[-1], np.nan, np.nan, np.inf, probe.noise / STEPS[-1])
    else:
        sure = (point for point in tried if point.error <= SURE * abs(point.numeric))
        point = next(sure, min(tried, key=lambda point: point.error))
        verdict = _verdict(analytic, point, trace.network.parameters.dtype)
    place = sum(dense.W.size + dense.b.size for dense in trace.network.dense[:layer])
    place += unit * trace.network.dense[layer].n_in + source
    numbers = (probe.weight, analytic, point.h, point.up, point.down, point.numeric, point.rounding)
    return FiniteDifference(layer + 1, unit, source, place, *numbers, verdict)


def _verdict(analytic: float, point: "_Point", dtype: np.dtype) -> Verdict:
    larger = max(abs(analytic), abs(point.numeric))
    if larger <= FLAT * point.rounding:
        return "too flat"
    close = CLOSE if dtype == np.float64 else CLOSE_SINGLE
    return "agrees" if abs(point.numeric - analytic) <= max(close * larger, 2 * point.error) else "differs"


class _Point(NamedTuple):
    """Costs h above and below, the possible error of the difference, and the part of it that is rounding."""

    h: float
    up: float
    down: float
    error: float
    rounding: float

    @property
    def numeric(self) -> float:
        """The difference quotient."""
        return (self.up - self.down) / (2 * self.h)


class _Probe:
    """The cost as a function of one weight, in float64."""

    def __init__(self, trace: Step, layer: int, unit: int, source: int) -> None:
        assert trace.cost is not None
        self.trace, self.network = trace, trace.network.copy(np.float64)
        self.W, self.place = self.network.dense[layer].W, (unit, source)
        self.weight = float(self.W[self.place])
        largest = max(1.0, abs(trace.cost.J), float(np.abs(trace.layers[-1].Z).max()))
        self.noise = float(np.finfo(np.float64).eps) * largest  # of J: l is a difference of numbers like Z
        _, self.sides = self._cost()

    def at(self, h: float) -> _Point | None:
        """Return the costs h away, None across a kink. Half of h shows how straight the cost is."""
        J: dict[float, float] = {}
        for moved in (h, -h, h / 2, -h / 2):
            self.W[self.place] = self.weight + moved
            J[moved], sides = self._cost()
            if not all(map(np.array_equal, sides, self.sides)):
                return None
        bent = abs((J[h] - J[-h]) / (2 * h) - (J[h / 2] - J[-h / 2]) / h) * 4 / 3
        return _Point(h, J[h], J[-h], bent + self.noise / h, self.noise / h)

    def _cost(self) -> tuple[float, list[NDArray]]:
        """Return J, and on which side of every kink each unit of each row is."""
        trace, cost = self.trace, self.trace.cost
        assert trace.y is not None and cost is not None
        y = trace.y if self.network.loss.codes else trace.y.astype(np.float64)
        weight = None if cost.weight is None else cost.weight.astype(np.float64)
        return cost_and_pieces(self.network, trace.X.astype(np.float64), y, weight, copy.deepcopy(trace.dropout))


def _chosen(trace: Step) -> tuple[int, int, int]:
    assert trace.update is not None
    gradients = [dW for dW, _ in trace.network.views(trace.update.gradient)]
    steepest = max(float(np.abs(dW).max()) for dW in gradients)
    layer = next(n for n, dW in enumerate(gradients) if np.abs(dW).max() >= 1e-3 * steepest)
    unit, source = np.unravel_index(np.abs(gradients[layer]).argmax(), gradients[layer].shape)
    return layer, int(unit), int(source)
