"""Integrated gradients: how much each input contributes to the difference between two answers of a network.

    s_j = (x_j - x0_j) integral_0^1 ds/dx_j(x0 + t (x - x0)) dt,  sum_j s_j = s(x) - s(x0)

s is a sum of logits, x0 a row to compare with. The gradient at x alone is 0 where units are saturated; its mean on the
way from x0 to x is not.

Source: Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, 2017.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Network
from pellucid.nn.activations import Activation

Array = NDArray[np.float64]

STRAIGHT = ("relu", "leaky_relu", "linear")  # activations of straight lines: ds/dx is constant between kinks
MOST_KINKS = 20_000
NODES = 8  # of Gauss and Legendre in an interval
TOLERANCE = 1e-8  # of the sum, relative to s where that is above 1
FINE = 2.0**-10  # interval; shorter ones, of which there are few, may each be as far off
SHORTEST = 2.0**-40  # interval that is halved no more
VALUES = 2**22  # numbers of rows that are computed at once


def integrated_gradients(network: Network, x: Array, x0: Array, ds: Array) -> tuple[Array, float]:
    """Return the contribution (d,) of each input, and s(x0); together they are s(x).

    x, x0: rows (d,).  ds: ds/dz (k,), what each logit counts in s.  The sum holds to 1e-6 of s, for any activations.

    >>> from pellucid.nn import Dense
    >>> network = Network([Dense(2, 1)], "squared_error").initialize([[[1.0, -3.0]], [0.5]])
    >>> shares, s0 = integrated_gradients(network, np.array([2.0, 1.0]), np.zeros(2), np.ones(1))
    >>> shares.tolist(), s0
    ([2.0, -3.0], 0.5)
    """
    network = network.copy(np.float64)
    x, x0, ds = (np.asarray(row, np.float64).ravel() for row in (x, x0, ds))
    way = _Way(network, x0, x - x0, ds)
    straight = all(layer.activation.name in STRAIGHT for layer in network.dense)
    cuts = _kinks(network, x0, x) if straight else None
    mean = way.mean_over(cuts) if cuts is not None else way.mean_adaptively()
    return (x - x0) * mean, float(way.scores(np.zeros(1))[0])


class _Way:
    """The straight way from x0 to x, and the score and its gradient on it."""

    def __init__(self, network: Network, x0: Array, change: Array, ds: Array) -> None:
        self._network, self._x0, self._change, self._ds = network, x0, change, ds

    def scores(self, t: Array) -> Array:
        """Return s (m,) at places t (m,) of the way."""
        return np.concatenate([self._network.forward(self._rows(part))[0] @ self._ds for part in self._parts(t)])

    def sums(self, t: Array, weights: Array) -> Array:
        """Return the sum (d,) of the gradients at places t (m,), each with its weight."""
        total = np.zeros_like(self._x0)
        for part, weight in zip(self._parts(t), self._parts(weights), strict=True):
            Z, tape = self._network.forward(self._rows(part))
            _, dX = self._network.backward(np.broadcast_to(self._ds, Z.shape).copy(), tape, input_gradient=True)
            total += weight @ dX
        return total

    def mean_over(self, cuts: Array) -> Array:
        """Return the mean gradient (d,), of one that is constant between cuts from 0 to 1."""
        return self.sums((cuts[1:] + cuts[:-1]) / 2, np.diff(cuts))

    def mean_adaptively(self) -> Array:
        """Return the mean gradient (d,): an interval is halved until its part of the sum is that of the scores."""
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        ends = self.scores(np.array([0.0, 1.0]))
        tolerance = TOLERANCE * max(1.0, *np.abs(ends))
        total = np.zeros_like(self._x0)
        waiting = [(0.0, 1.0, ends[0], ends[1])]
        while waiting:
            start, end, first, last = waiting.pop()
            half = (end - start) / 2
            part = self.sums(start + half * (1 + nodes), half * weights)
            error = abs(part @ self._change - (last - first))
            if error <= tolerance * max(end - start, FINE) or end - start <= SHORTEST:
                total += part
                continue
            middle = start + half
            score = float(self.scores(np.array([middle]))[0])
            waiting += [(start, middle, first, score), (middle, end, score, last)]
        return total

    def _rows(self, t: Array) -> Array:
        return self._x0 + t[:, None] * self._change

    def _parts(self, values: Array) -> Iterator[Array]:
        step = max(1, VALUES // len(self._x0))
        return (values[start : start + step] for start in range(0, len(values), step))


def _kinks(network: Network, x0: Array, x: Array) -> Array | None:
    """Return where the units of a network of straight lines change sign on the way, from 0 to 1; None for too many.

    Between two cuts every z is a straight line, so its zero lies where the line through both ends has it.
    """
    cuts = np.array([0.0, 1.0])
    A: Array = np.stack([x0, x])
    for layer in network.dense[:-1]:
        Z = A @ layer.W.T + layer.b
        before, after = Z[:-1], Z[1:]
        interval, unit = np.nonzero(np.signbit(before) != np.signbit(after))
        if len(interval) > MOST_KINKS:
            return None
        fall = before[interval, unit] / (before[interval, unit] - after[interval, unit])
        new = cuts[interval] + fall * np.diff(cuts)[interval]
        every = np.unique(np.concatenate([cuts, new]))
        place = np.clip(np.searchsorted(cuts, every, side="right") - 1, 0, len(cuts) - 2)
        share = ((every - cuts[place]) / np.diff(cuts)[place])[:, None]
        Z = Z[place] * (1 - share) + Z[place + 1] * share
        A, cuts = _value(layer.activation, Z), every
    return cuts


def _value(activation: Activation, Z: Array) -> Array:
    return np.asarray(activation.value(Z))
