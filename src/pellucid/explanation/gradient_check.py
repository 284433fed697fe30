"""Gradient check: backpropagation against finite differences of the cost, tensor by tensor, on your own network.

In float64, with a five-point formula: n = [J(-2h) - 8 J(-h) + 8 J(h) - J(2h)] / 12h along a coordinate or a direction.
A probe that steps across a kink (of relu, say) proves nothing; it is repeated with a shorter step, and counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.nn import Dropout, Network
from pellucid.system.random_streams import stream

MOST_COORDINATES = 200
DIRECTIONS = 5
STEPS = (1e-3, 1e-4, 1e-5, 1e-6)
LARGEST_ERROR = 1e-7
ZERO = 1e-10

Array = np.ndarray


@dataclass(frozen=True)
class TensorCheck:
    """The check of one tensor: error = ||g - n|| / (||g|| + ||n||) over its probes.

    zero: both norms are under 1e-10, so nothing was compared.  kinks: probes that were repeated.
    difference: ||g - n||.  rounding: how much of it the rounding of J alone can cause, 1.5 eps |Z| / h for a probe.
    In a converged network the gradients are so small that only this rounding remains.
    """

    name: str
    error: float
    zero: bool
    probes: int
    kinks: int
    norm: float
    difference: float
    rounding: float

    @property
    def passed(self) -> bool:
        """Whether the two gradients agree; without a successful probe it has not passed."""
        return self.probes > 0 and (self.zero or self.error < LARGEST_ERROR or self.difference <= self.rounding)

    @property
    def result(self) -> str:
        """The outcome in one to three words."""
        if not self.passed:
            return "DIFFERS" if self.probes else "not reached"
        return "zero" if self.zero else "agrees" if self.error < LARGEST_ERROR else "agrees to rounding"


@dataclass(frozen=True)
class GradientReport:
    """The checks of all tensors, in order."""

    tensors: tuple[TensorCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether every tensor passed."""
        return all(tensor.passed for tensor in self.tensors)

    @property
    def failed(self) -> list[str]:
        """The names of the tensors that did not pass."""
        return [tensor.name for tensor in self.tensors if not tensor.passed]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON takes them."""
        return {
            "passed": self.passed,
            "largest_error": LARGEST_ERROR,
            "tensors": [vars(tensor) | {"passed": tensor.passed} for tensor in self.tensors],
        }

    def __str__(self) -> str:
        lines = [f"{'tensor':<8}{'relative error':>15}{'probes':>8}{'kinks':>7}  result"]
        for t in self.tensors:
            error = "-" if t.zero else f"{t.error:.1e}"
            lines.append(f"{t.name:<8}{error:>15}{t.probes:>8}{t.kinks:>7}  {t.result}")
        return "\n".join(lines)


def check_gradients(
    network_or_estimator: Any, X: Any, y: Any, sample_weight: Array | None = None, seed: int = 0
) -> GradientReport:
    """Return, for each tensor, how far its gradient by backpropagation is from finite differences of the cost.

    network_or_estimator: a `Network`, or a fitted estimator (then y is labels).
    X: rows (n, d).  y: targets as the loss takes them: codes (n,) for softmax, else floats (n, k).
    sample_weight: w (n,), used as it is.  seed: for the probes, and for dropout, which drops the same units each time.

    Probes at most 200 coordinates and 5 random directions of each tensor.

    >>> from pellucid.nn import Dense
    >>> network = Network([Dense(2, 3, "tanh"), Dense(3, 1)], "squared_error").initialize("he", 1)
    >>> report = check_gradients(network, np.array([[1.0, 2.0]]), np.array([[0.5]]))
    >>> report.passed, [tensor.name for tensor in report.tensors]
    (True, ['W1', 'b1', 'W2', 'b2'])
    """
    if isinstance(network_or_estimator, Network):
        network = network_or_estimator.copy(np.float64)
    else:
        X, y = network_or_estimator.as_network_data(X, y)
        network = network_or_estimator.network_.copy(np.float64)
    X = np.asarray(X, np.float64)
    y = network.loss.checked_targets(y, len(X), network.n_out)
    probe = _Probe(network, X, y, sample_weight, seed)
    _, gradient = network.cost_and_gradient(X, y, sample_weight, probe.dropout())
    rng = stream(seed, "probe")
    return GradientReport(
        tuple(_check(name, g, probe, network.named(), rng) for name, g in network.named(gradient).items())
    )


def _check(name: str, g: Array, probe: "_Probe", parameters: dict[str, Array], rng: np.random.Generator) -> TensorCheck:
    tensor, analytic, numeric, rounding, kinks = parameters[name], [], [], [], 0
    for direction in _directions(g.size, rng):
        slope, crossed = probe.slope(tensor, direction.reshape(g.shape))
        kinks += crossed
        if slope is not None:
            analytic.append(float(np.vdot(direction, g)))
            numeric.append(slope)
            rounding.append(1.5 * probe.rounding / STEPS[crossed])
    a, n = np.array(analytic), np.array(numeric)
    total, difference = np.linalg.norm(a) + np.linalg.norm(n), float(np.linalg.norm(a - n))
    zero = bool(len(a) and np.linalg.norm(a) < ZERO and np.linalg.norm(n) < ZERO)
    error = 0.0 if zero or not len(a) else difference / float(total)
    norm, explained = float(np.linalg.norm(g)), float(np.linalg.norm(rounding))
    return TensorCheck(name, error, zero, len(a), kinks, norm, difference, explained)


def _directions(size: int, rng: np.random.Generator) -> Iterator[Array]:
    """Yield unit vectors: single coordinates first, then random directions."""
    for coordinate in rng.choice(size, min(size, MOST_COORDINATES), replace=False):
        unit = np.zeros(size)
        unit[coordinate] = 1
        yield unit
    for _ in range(DIRECTIONS):
        direction = rng.standard_normal(size)
        yield direction / np.linalg.norm(direction)


@dataclass
class _Probe:
    """The cost along lines through the parameters."""

    network: Network
    X: Array
    y: Array
    weight: Array | None
    seed: int

    def __post_init__(self) -> None:
        _, self.pieces_here = self._cost_and_pieces()
        Z, _ = self.network.forward(self.X, self.dropout())
        self.rounding = np.finfo(np.float64).eps * float(
            np.abs(Z).max()
        )  # of J, because l is a difference of numbers like Z

    def dropout(self) -> np.random.Generator | None:
        """Return the dropout stream from its start, so that every evaluation drops the same units."""
        drops = any(isinstance(layer, Dropout) for layer in self.network.layers)
        return stream(self.seed, "dropout") if drops else None

    def slope(self, tensor: Array, direction: Array) -> tuple[float | None, int]:
        """Return dJ along the direction (None if every step crossed a kink), and how many steps crossed one."""
        start = tensor.copy()
        for crossed, h in enumerate(STEPS):
            costs = []
            for multiple in (-2, -1, 1, 2):
                tensor[...] = start + multiple * h * direction
                cost, pieces = self._cost_and_pieces()
                if any(not np.array_equal(a, b) for a, b in zip(pieces, self.pieces_here, strict=True)):
                    break
                costs.append(cost)
            tensor[...] = start
            if len(costs) == 4:
                return float((costs[0] - 8 * costs[1] + 8 * costs[2] - costs[3]) / (12 * h)), crossed
        return None, len(STEPS)

    def _cost_and_pieces(self) -> tuple[float, list[Array]]:
        return cost_and_pieces(self.network, self.X, self.y, self.weight, self.dropout())


def cost_and_pieces(
    network: Network, X: Array, y: Array, weight: Array | None, rng: np.random.Generator | None
) -> tuple[float, list[Array]]:
    """Return J, and on which side of every kink each unit of each row is.

    J is computed here anew, and not by the network's own function: it must not share a fault with what it checks.
    """
    Z, tape = network.forward(X, rng, keep=True)
    l = network.loss.value(Z, y)
    J = float(np.mean(l if weight is None else weight * l))
    J += 0.5 * network.l2 * sum(float(np.sum(layer.W**2)) for layer in network.dense)
    pieces = [
        np.greater(saved.Z, kink)
        for layer, saved in zip(network.dense, tape.dense, strict=True)
        if saved.Z is not None
        for kink in layer.activation.kinks
    ]
    return J, pieces if network.loss.pieces is None else [*pieces, network.loss.pieces(Z, y)]
