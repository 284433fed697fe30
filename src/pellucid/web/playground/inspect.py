"""Example: the work for one point: what is said of it, the way there, and a step that learns from it alone.

Where training's next step learns from all points at once, that step is shown too.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError
from pellucid.explanation.trace import Trace, trace
from pellucid.explanation.trace.formula import digits
from pellucid.html import isolated
from pellucid.nn import Network
from pellucid.web.playground.permalink import Edit
from pellucid.web.playground.run import Timeline
from pellucid.web.playground.settings import number
from pellucid.web.playground.view import answers

Array = NDArray[Any]

ALONE = "This is a step that learns from this point and nothing else. "
HELD = ALONE + "Training never makes it, for the point is held out."
OF_A_BATCH = ALONE + "Training takes steps with {rows} points each."
OF_ALL = ALONE + "Training's next step learns from all {rows} points at once: choose the batch to see it."
NEW = ALONE + "It is none of the points that are learned from."
FORMULAS = {  # of one number w with gradient g; the source is the rule's docstring
    "gradient_descent": "w ← w - rate · g",
    "momentum": "v ← 0.9 v + g,  w ← w - rate · v",
    "nesterov": "v ← 0.9 v + g,  w ← w - rate · (g + 0.9 v)",
    "rmsprop": "s ← 0.9 s + 0.1 g²,  w ← w - rate · g / (√s + ε)",
    "adam": "m ← 0.9 m + 0.1 g,  s ← 0.999 s + 0.001 g²,  w ← w - rate · m̂ / (√ŝ + ε)",
    "adamw": "w ← (1 - rate · L2) w, then as Adam",
    "lbfgs": "w ← w + step · d, d from the gradients of the last steps",
}


def worked(timeline: Timeline, columns: tuple[int, int], message: dict[str, Any]) -> Trace:
    """Return the trace of a sample, {"row": n}, or of a place in the plane, {"point": [x, y], "label": code}.

    Its first note is what the network says there.  Without a label it goes forward only.
    Raises InputError where there is no such point.
    """
    problem = timeline.problem
    if "row" in message:
        problem.refuse_empty()
        row = number("row", message["row"], 0, len(problem.codes) - 1, whole=True)
        return _told(timeline, f"point {row}", _step(timeline, row), int(problem.codes[row]))
    point = message.get("point")
    if not isinstance(point, list | tuple) or len(point) != 2:
        raise InputError('say which point: "row", or "point": [x, y].')
    place = np.array([[number("a coordinate", value, -1e6, 1e6) for value in point]])
    X, label = problem.inputs_at(place, columns), message.get("label")
    if label is None:
        return trace(timeline.network, X, input_names=problem.input_names, class_names=problem.class_names)
    code = number("label", label, 0, len(problem.class_names) - 1, whole=True)
    return _told(timeline, "this place", _alone(timeline, X, code, NEW), code)


def _step(timeline: Timeline, row: int) -> Trace:
    """Return training's next step where it learns from all points, this one among them; else a step on it alone."""
    problem = timeline.problem
    X, code, rows = problem.X[[row]], int(problem.codes[row]), len(timeline.train)
    if problem.held[row]:
        return _alone(timeline, X, code, HELD)
    if timeline.batches > 1:
        return _alone(timeline, X, code, OF_A_BATCH.format(rows=timeline.settings.batch_rows(rows)))
    note = OF_ALL.format(rows=rows)
    return timeline.traced(int(np.sum(~problem.held[:row])), notes=(note,) if rows > 1 else ())


def _alone(timeline: Timeline, X: Array, code: int, note: str) -> Trace:
    """Return a step on one point, with what the rule remembers where that is not of other points."""
    loss = timeline.network.loss
    return timeline.traced(0, X, loss.targets(np.array([code])), (note,))


def _told(timeline: Timeline, called: str, step: Trace, code: int) -> Trace:
    """Return the step with what the network says of its example in front."""
    said, p = answers(timeline.network, step.X[[step.row]])
    names = timeline.problem.class_names
    verdict = "right" if said[0] == code else "wrong"
    said_of = f"The net says {isolated(names[said[0]])} with p = {digits(float(p[0]))}"
    sentence = f"{said_of}; the point is of {isolated(names[code])}: {verdict}."
    return replace(step, called=called, notes=(sentence, *step.notes))


def told_weight(timeline: Timeline, place: Edit) -> dict[str, Any]:
    """Return a weight, or a bias where the column is -1, as a page shows it."""
    layer, row, column = place.layer, place.row, place.column
    timeline.refuse_misplaced(place)
    name = f"b{layer}[{row + 1}]" if column < 0 else f"W{layer}[{row + 1},{column + 1}]"
    value = _at(timeline.network, place)
    g = _at(timeline.network, place, timeline.gradient()) if timeline.problem.teaches else None
    ahead = timeline.next_network() if timeline.problem.teaches else None
    following = None if ahead is None else _at(ahead, place)
    return {
        "kind": "weight",
        "layer": layer,
        "row": row,
        "column": column,
        "name": name,
        "value": value,
        "gradient": g,
        "next": following,
        "formula": _formula(timeline, name, value, g, following),
    }


def _at(network: Network, place: Edit, vector: Any = None) -> float:
    W, b = network.views(network.parameters if vector is None else vector)[place.layer - 1]
    return float(b[place.row] if place.column < 0 else W[place.row, place.column])


def _formula(timeline: Timeline, name: str, value: float, g: float | None, following: float | None) -> str:
    """Return the formula, and with its numbers where it is short enough to be done by hand."""
    choices = timeline.choices
    lines = [FORMULAS[choices.optimizer]]
    if g is not None and following is not None:
        if choices.optimizer == "gradient_descent" and not choices.batch and not choices.dropout:
            lines.append(f"{name} ← {value:.6g} - {choices.rate:g} · ({g:.6g}) = {following:.6g}")
        else:
            lines.append(f"{name}: {value:.6g} → {following:.6g}")
        if choices.batch or choices.dropout:
            lines.append("g here is over all training rows; the update sees the next batch, and dropout.")
    return "\n".join(lines)
