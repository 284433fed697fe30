"""View of a session: the frame that a page draws (costs, weights, surface, unit maps), and an SVG picture of it."""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.html import escaped
from pellucid.model.predictions import class_codes, with_both_classes
from pellucid.nn import Network
from pellucid.training.diagnostics import findings as at
from pellucid.training.examples import Examples
from pellucid.web.playground.problem import Problem
from pellucid.web.playground.run import Run

Array = NDArray[Any]

SURFACE, UNIT = 72, 24  # cells along each side
# Okabe and Ito's colours in the order of the page, and a shape for each
COLOURS = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442", "#999999", "#7A4B2A"]
SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",  # circle
    "M-3.5-3.5H3.5V3.5H-3.5z",  # square
    "M0-4.8L4.8 0L0 4.8L-4.8 0z",  # diamond
    "M0-4.6L4.4 3.4H-4.4z",  # up
    "M0 4.6L4.4-3.4H-4.4z",  # down
    "M-1.4-4.4H1.4V-1.4H4.4V1.4H1.4V4.4H-1.4V1.4H-4.4V-1.4H-1.4z",  # plus
    "M-4.2-2.2L-2.2-4.2L0-2L2.2-4.2L4.2-2.2L2 0L4.2 2.2L2.2 4.2L0 2L-2.2 4.2L-4.2 2.2L-2 0z",  # cross
    "M-4.6 0L3.4-4.4V4.4z",  # left
    "M4.6 0L-3.4-4.4V4.4z",  # right
    "M-4.4 0L-2.2-3.8H2.2L4.4 0L2.2 3.8H-2.2z",  # hexagon
)
GRID, CELL = 144, 4  # cells along each side, and how large one is
SIDE = GRID * CELL
STEPS = 5  # of certainty, from even to sure


class View:
    """The plane of a problem as inputs, made once for all frames."""

    def __init__(self, problem: Problem, columns: tuple[int, int]) -> None:
        self.problem, self.columns = problem, columns
        self._surface, self._unit = problem.grid(columns, SURFACE), problem.grid(columns, UNIT)

    def frame(self, run: Run) -> dict[str, Any]:
        """Return the costs, the weights and what is drawn, as they stand."""
        network = run.network
        right = self.said(network) == self.problem.codes
        held = self.problem.held_out
        curve = run.curve
        return {
            "kind": "frame",
            "iteration": run.iteration,
            "furthest": run.furthest,
            "epoch": run.iteration // run.batches,
            "cost": run.cost() if self.problem.trainable else None,
            "validation": run.validation_cost(),
            "accuracy": float(right[~held].mean()) if self.problem.trainable else None,
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
            "silent": silent_units(network, run.train),
            "wrong": np.flatnonzero(~right).tolist(),
            "stopped": run.stopped,
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


def picture(run: Run, view: View) -> str:
    """Return an SVG document of what the network says in the plane, with the points on it; wrong ones are ringed."""
    problem, columns = view.problem, view.columns
    codes, sure = answers(run.network, problem.grid(columns, GRID))
    x0, x1, y0, y1 = problem.bounds_of(columns)
    points = problem.points(columns)
    x, y = SIDE * (points[:, 0] - x0) / (x1 - x0), SIDE * (y1 - points[:, 1]) / (y1 - y0)
    wrong = view.said(run.network) != problem.codes
    across, up = (escaped(problem.plane_names[column]) for column in columns)
    names = problem.class_names
    legend = "".join(
        f'<g transform="translate({12 + 140 * (code % 4)} {SIDE + 40 + 20 * (code // 4)})">{_mark(code)}'
        f'<text x="10" y="4">{escaped(name if len(name) <= 18 else name[:17] + "…")}</text></g>'
        for code, name in enumerate(names)
    )
    height = SIDE + 52 + 20 * ((len(names) - 1) // 4)
    marks = "".join(
        f'<g transform="translate({px:.1f} {py:.1f})">{_mark(code, held)}{RING if ringed else ""}</g>'
        for px, py, code, held, ringed in zip(x, y, problem.codes.tolist(), problem.held_out, wrong, strict=True)
    )
    told = f"{across} across, {x0:.3g} to {x1:.3g}; {up} up, {y0:.3g} to {y1:.3g}; hollow: held out; ringed: wrong"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {height}" role="img" '
        'font-family="sans-serif" font-size="13"><title>What the network predicts</title>'
        f"<desc>Iteration {run.iteration}: {told}; classes {escaped(', '.join(names))}; "
        f"{int(wrong.sum())} of {len(wrong)} points are ringed.</desc>"
        f'<rect width="{SIDE}" height="{height}" fill="#fff"/>{_cells(codes, sure)}{marks}'
        f'<text x="{SIDE / 2:g}" y="{SIDE + 20}" text-anchor="middle">{told}</text>{legend}</svg>\n'
    )


RING = '<circle r="7.5" fill="none" stroke="#000" stroke-width="1.6"/>'


def _mark(code: int, hollow: bool = False) -> str:
    fill, line = ("#fff", COLOURS[code]) if hollow else (COLOURS[code], "#fff")
    return f'<path d="{SHAPES[code]}" fill="{fill}" stroke="{line}" stroke-width="{1.8 if hollow else 0.8}"/>'


def _cells(codes: NDArray, sure: NDArray) -> str:
    """Return the cells of the plane, those of a row that look alike as one rectangle."""
    even = 1 / max(2, int(codes.max()) + 1)
    with np.errstate(invalid="ignore"):
        level = np.nan_to_num(np.clip((sure - even) / (1 - even), 0, 1))
    shade = np.rint(STEPS * level).astype(int).reshape(GRID, GRID)
    code = codes.reshape(GRID, GRID)
    cells = []
    for row in range(GRID):
        start = 0
        for column in range(1, GRID + 1):
            same = column < GRID and (code[row, column], shade[row, column]) == (code[row, start], shade[row, start])
            if not same:
                opacity = 0.08 + 0.42 * shade[row, start] / STEPS
                cells.append(
                    f'<rect x="{CELL * start}" y="{CELL * row}" width="{CELL * (column - start)}" height="{CELL}" '
                    f'fill="{COLOURS[code[row, start]]}" fill-opacity="{opacity:.2f}"/>'
                )
                start = column
    return f'<g shape-rendering="crispEdges">{"".join(cells)}</g>'
