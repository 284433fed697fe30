"""L-BFGS: a quasi-Newton step from the last few differences of parameters and gradients.

The two-loop recursion gives the direction, a line search its length by the strong Wolfe conditions; one step is one
accepted point. Nocedal and Wright, Numerical Optimization (2nd edition): algorithms 7.4, 3.5 and 3.6.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError

Array = NDArray[Any]
Slots = dict[str, Array]

SUFFICIENT_DECREASE = 1e-4  # c1
CURVATURE = 0.9  # c2
MOST_EVALUATIONS = 25  # of one line search


class Point(NamedTuple):
    """A point on the search line: its step length, cost, slope along the line, and gradient."""

    step: float
    cost: float
    slope: float
    gradient: Array


@dataclass(frozen=True)
class LBFGS:
    """p += a d, with d = -H g and a from the line search; the learning rate plays no part.

    memory: how many differences are kept.  tolerance: it has converged where ||g||_2 <= tolerance.
    Every evaluation must be of the same function: full batch, no dropout.
    """

    memory: int = 10
    tolerance: float = 1e-6
    full_batch_only = True
    rotation_invariant = True

    def __post_init__(self) -> None:
        if self.memory < 1:
            raise InputError(f"memory of LBFGS must be at least 1 pair, got {self.memory!r}.")

    def slots(self, parameters: Array) -> Slots:
        """Return an empty memory: `pairs` counts its rows, `evaluated` says that cost and gradient are known."""
        history = np.zeros((self.memory, parameters.size), parameters.dtype)
        return {
            "S": history,
            "Y": history.copy(),
            "gradient": np.zeros_like(parameters),
            "cost": np.zeros(()),
            "pairs": np.zeros((), np.int64),
            "evaluated": np.zeros((), bool),
            "converged": np.zeros((), bool),
        }

    def converged(self, slots: Slots) -> bool:
        """Whether the gradient is below the tolerance, or no lower cost could be found along it."""
        return bool(slots["converged"])

    def direction(self, g: Array, slots: Slots) -> Array:
        """Return d = -H g; where nothing is remembered yet, -g."""
        return -g if int(slots["pairs"]) == 0 else -two_loop(g, *_recent(slots))

    def step(
        self,
        evaluate: Callable[[], tuple[float, Array]],
        parameters: Array,
        slots: Slots,
        rate: float,
        weights: Sequence[Array],
    ) -> float:
        """Move `parameters` in place to a lower cost; return the cost before."""
        if not slots["evaluated"]:
            _remember(slots, *evaluate())
        cost, g = float(slots["cost"]), slots["gradient"].copy()
        if not np.isfinite(cost) or np.linalg.norm(g) <= self.tolerance:
            slots["converged"][...] = bool(np.isfinite(cost))
            return cost

        start = parameters.copy()
        found = None
        while found is None:
            first = int(slots["pairs"]) == 0
            d = self.direction(g, slots)
            slope = float(g @ d)

            def at(step: float, d: Array = d) -> Point:
                np.add(start, np.asarray(step * d, start.dtype), out=parameters)
                value, gradient = evaluate()
                return Point(step, value, float(gradient @ d), gradient.copy())

            if slope < 0:
                origin = Point(0.0, cost, slope, g)
                found = strong_wolfe(at, origin, min(1.0, 1 / float(np.linalg.norm(g))) if first else 1.0)
            if found is None:
                slots["pairs"][...] = 0  # a stale memory can point uphill: try again with plain descent
                if first:
                    parameters[:] = start
                    slots["converged"][...] = True
                    return cost

        np.add(start, np.asarray(found.step * d, start.dtype), out=parameters)
        _keep_pair(slots, parameters - start, found.gradient - g)
        _remember(slots, found.cost, found.gradient)
        return cost


def two_loop(g: Array, S: Array, Y: Array) -> Array:
    """Return H g, H the inverse Hessian's approximation from the rows s of S and y of Y, oldest first."""
    q = g.copy()
    rho = 1 / (S * Y).sum(axis=1)
    alpha = np.zeros(len(S), g.dtype)
    for i in reversed(range(len(S))):
        alpha[i] = rho[i] * (S[i] @ q)
        q -= alpha[i] * Y[i]
    q *= 1 / (rho[-1] * (Y[-1] @ Y[-1]))
    for i in range(len(S)):
        q += S[i] * (alpha[i] - rho[i] * (Y[i] @ q))
    return q


def strong_wolfe(at: Callable[[float], Point], origin: Point, first: float) -> Point | None:
    """Return a point with enough decrease and a flat enough slope, the best one met, or None when none is lower."""
    low, high, trial = origin, None, first
    best: Point | None = None
    for _ in range(MOST_EVALUATIONS):
        point = at(trial)
        if np.isfinite(point.cost) and point.cost < (best or origin).cost:
            best = point
        enough = point.cost <= origin.cost + SUFFICIENT_DECREASE * point.step * origin.slope
        if not enough or (point.cost >= low.cost and low is not origin):  # a cost of nan is not enough either
            high = point
        elif abs(point.slope) <= CURVATURE * abs(origin.slope):
            return point
        else:
            uphill = point.slope * ((high or point).step - low.step if high else 1) >= 0
            if uphill:
                high = low
            low = point
        trial = 2 * low.step or 2 * trial
        if high is not None:
            trial = _between(low, high)
            if abs(high.step - low.step) * abs(low.slope) <= 1e-16 * abs(origin.cost):
                break
    return best


def _between(low: Point, high: Point) -> float:
    """Return the minimum of the cubic through both ends, or the middle where that is too near an end."""
    width = high.step - low.step
    middle = low.step + 0.5 * width
    if not np.isfinite(high.cost) or not np.isfinite(high.slope):
        return middle
    theta = low.slope + high.slope - 3 * (low.cost - high.cost) / (low.step - high.step)
    square = theta * theta - low.slope * high.slope
    if square < 0:
        return middle
    root = np.sign(width) * np.sqrt(square)
    denominator = high.slope - low.slope + 2 * root
    if denominator == 0:
        return middle
    step = high.step - width * (high.slope + root - theta) / denominator
    inside = 0.1 <= (step - low.step) / width <= 0.9
    return float(step) if inside else middle


def _recent(slots: Slots) -> tuple[Array, Array]:
    pairs = min(int(slots["pairs"]), len(slots["S"]))
    return slots["S"][-pairs:], slots["Y"][-pairs:]


def _keep_pair(slots: Slots, s: Array, y: Array) -> None:
    if s @ y > 1e-10 * (y @ y):  # keeps H positive definite
        for memory, newest in ((slots["S"], s), (slots["Y"], y)):
            memory[:-1] = memory[1:]
            memory[-1] = newest
        slots["pairs"] += 1


def _remember(slots: Slots, cost: float, gradient: Array) -> None:
    slots["cost"][...] = cost
    slots["gradient"][:] = gradient
    slots["evaluated"][...] = True
