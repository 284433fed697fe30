"""Frame: what a session looks like at one moment, as plain values: costs, weights, the surface, a map of each unit."""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.predictions import class_codes, with_both_classes
from pellucid.nn import Network
from pellucid.training.diagnostics import findings as at
from pellucid.training.examples import Examples
from pellucid.web.playground.problem import Problem
from pellucid.web.playground.timeline import Timeline

Array = NDArray[Any]

SURFACE, UNIT = 72, 24  # cells along each side


class View:
    """The plane of a problem as inputs, made once for all frames."""

    def __init__(self, problem: Problem, columns: tuple[int, int]) -> None:
        self.problem, self.columns = problem, columns
        self._surface, self._unit = problem.grid(columns, SURFACE), problem.grid(columns, UNIT)

    def frame(self, timeline: Timeline) -> dict[str, Any]:
        """Return the costs, the weights and what is drawn, as they stand."""
        network = timeline.network
        right = self.said(network) == self.problem.codes
        held = self.problem.held
        curve = timeline.curve
        return {
            "kind": "frame",
            "iteration": timeline.iteration,
            "furthest": timeline.furthest,
            "epoch": timeline.iteration // timeline.batches,
            "cost": timeline.cost() if self.problem.teaches else None,
            "validation": timeline.validation_cost(),
            "accuracy": float(right[~held].mean()) if self.problem.teaches else None,
            "validation_accuracy": float(right[held].mean()) if held.any() else None,
            "curve": {
                "iterations": list(curve.iterations),
                "cost": list(curve.cost),
                "validation": list(curve.validation),
            },
            "weights": [layer.W.tolist() for layer in network.dense],
            "biases": [layer.b.tolist() for layer in network.dense],
            "surface": self.surface(network),
            "units": self._units(network),
            "unit_size": UNIT,
            "silent": silent_units(network, timeline.train),
            "wrong": np.flatnonzero(~right).tolist(),
            "stopped": timeline.stopped,
        }

    def surface(self, network: Network) -> dict[str, Any]:
        """Return which class is said in each cell of the plane, and how sure."""
        codes, sure = answers(network, self._surface)
        return {"size": SURFACE, "codes": _bytes(codes), "sure": _bytes(255 * sure)}

    def said(self, network: Network) -> Array:
        """Return the codes (n,) of what is said of the samples."""
        return _codes(network, self.problem.X) if len(self.problem.X) else np.empty(0, np.intp)

    def _units(self, network: Network) -> list[list[str]]:
        """Return a map of each hidden unit, its smallest answer in the plane 0, its largest 255."""
        maps = []
        for A in _hidden(network, self._unit):
            low, high = A.min(axis=0), A.max(axis=0)
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                scaled = np.where(high > low, 255 * (A - low) / (high - low), 0)
            maps.append([_bytes(unit) for unit in scaled.T])
        return maps


def answers(network: Network, X: Array) -> tuple[Array, Array]:
    """Return codes (n,) of what is said of inputs X, and their probabilities (n,)."""
    P = _probabilities(network, X)
    codes = class_codes(P)
    return codes, P[np.arange(len(P)), codes]


def accuracy(network: Network, X: Array, codes: Array) -> float | None:
    """Return the share of rows whose class is said; None of no rows."""
    return float(np.mean(_codes(network, X) == codes)) if len(X) else None


def silent_units(network: Network, train: Examples) -> list[tuple[int, int]]:
    """Return (layer, unit) of those that say the same of every training row; layers count from 1."""
    if not len(train):
        return []
    silent = []
    for layer, A in enumerate(_hidden(network, np.asarray(train.X)), start=1):
        with np.errstate(over="ignore", invalid="ignore"):
            alike = np.ptp(A, axis=0) <= at.SAME * np.maximum(1, np.abs(A).max(axis=0))
        silent += [(layer, unit) for unit in np.flatnonzero(alike).tolist()]
    return silent


def _probabilities(network: Network, X: Array) -> Array:
    """Return probabilities (n, k); weights that exploded give what is not a number."""
    with np.errstate(over="ignore", invalid="ignore"):
        return with_both_classes(network.loss.link(network.forward(X)[0]))


def _codes(network: Network, X: Array) -> Array:
    return class_codes(_probabilities(network, X))


def _hidden(network: Network, X: Array) -> list[Array]:
    """Return the answers A (n, width) of each hidden layer."""
    with np.errstate(over="ignore", invalid="ignore"):
        _, tape = network.forward(X, keep=True)
    return [saved.A for saved in tape.dense[:-1] if saved.A is not None]


def _bytes(values: Array) -> str:
    """Return numbers from 0 to 255 as base64, a byte each; what is not a number is 0."""
    return base64.b64encode(np.nan_to_num(values, nan=0.0).astype(np.uint8).tobytes()).decode("ascii")
