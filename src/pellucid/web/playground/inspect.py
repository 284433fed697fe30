"""Inspect one point or one weight.

A point: its prediction, the computation, and a step that learns from it alone or from the whole batch.
A weight: its value, its gradient, and its value after the next step.
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
from pellucid.web.playground.run import Run
from pellucid.web.playground.settings import number
from pellucid.web.playground.view import answers

Array = NDArray[Any]

ALONE = "This step learns from this point alone. "
HELD = ALONE + "Training never takes it, because the point is held out."
OF_A_BATCH = ALONE + "Training takes steps with {rows} points each."
OF_ALL = ALONE + "Training's next step learns from all {rows} points at once: choose the batch to see it."
NEW = ALONE + "It is not one of the training points."
FORMULAS = {  # of one number w with gradient g; the source is the rule's docstring
    "gradient_descent": "w ← w - rate · g",
    "momentum": "v ← 0.9 v + g,  w ← w - rate · v",
    "nesterov": "v ← 0.9 v + g,  w ← w - rate · (g + 0.9 v)",
    "rmsprop": "s ← 0.9 s + 0.1 g²,  w ← w - rate · g / (√s + ε)",
    "adam": "m ← 0.9 m + 0.1 g,  s ← 0.999 s + 0.001 g²,  w ← w - rate · m̂ / (√ŝ + ε)",
    "adamw": "w ← (1 - rate · L2) w, then as Adam",
    "lbfgs": "w ← w + step · d, d from the gradients of the last steps",
}


def worked_example(run: Run, columns: tuple[int, int], message: dict[str, Any]) -> Trace:
    """Return the trace of a sample, {"row": n}, or of a place in the plane, {"point": [x, y], "label": code}.

    Its first note is what the network says there.  Without a label it goes forward only.
    Raises InputError where there is no such point.
    """
    problem = run.problem
    if "row" in message:
        problem.check_trainable()
        row = number("row", message["row"], 0, len(problem.codes) - 1, whole=True)
        return _told(run, f"point {row}", _step(run, row), int(problem.codes[row]))
    point = message.get("point")
    if not isinstance(point, list | tuple) or len(point) != 2:
        raise InputError('name a point: "row", or "point": [x, y].')
    place = np.array([[number("a coordinate", value, -1e6, 1e6) for value in point]])
    X, label = problem.inputs_at(place, columns), message.get("label")
    if label is None:
        return trace(
            run.network,
            X,
            input_names=problem.input_names,
            class_names=problem.class_names,
            average=problem.average,
        )
    code = number("label", label, 0, len(problem.class_names) - 1, whole=True)
    return _told(run, "this place", _alone(run, X, code, NEW), code)


def _step(run: Run, row: int) -> Trace:
    """Return training's next step where it learns from all points, this one among them; else a step on it alone."""
    problem = run.problem
    X, code, rows = problem.X[[row]], int(problem.codes[row]), len(run.train)
    if problem.held_out[row]:
        return _alone(run, X, code, HELD)
    if run.batches > 1:
        return _alone(run, X, code, OF_A_BATCH.format(rows=run.training_settings.batch_rows(rows)))
    note = OF_ALL.format(rows=rows)
    return run.traced(int(np.sum(~problem.held_out[:row])), notes=(note,) if rows > 1 else ())


def _alone(run: Run, X: Array, code: int, note: str) -> Trace:
    """Return a step on one point, with what the rule remembers where that is not of other points."""
    loss = run.network.loss
    return run.traced(0, X, loss.targets(np.array([code])), (note,))


def _told(run: Run, called: str, step: Trace, code: int) -> Trace:
    """Return the step with what the network says of its example in front."""
    said, p = answers(run.network, step.X[[step.row]])
    names = run.problem.class_names
    verdict = "right" if said[0] == code else "wrong"
    said_of = f"The network predicts {isolated(names[said[0]])} with p = {digits(float(p[0]))}"
    sentence = f"{said_of}; the true class is {isolated(names[code])}: {verdict}."
    return replace(step, called=called, notes=(sentence, *step.notes))


def weight_message(run: Run, place: Edit) -> dict[str, Any]:
    """Return a weight, or a bias where the column is -1, as a page shows it."""
    layer, row, column = place.layer, place.row, place.column
    run.check_edit(place)
    name = f"b{layer}[{row + 1}]" if column < 0 else f"W{layer}[{row + 1},{column + 1}]"
    value = _at(run.network, place)
    g = _at(run.network, place, run.gradient()) if run.problem.trainable else None
    ahead = run.next_network() if run.problem.trainable else None
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
        "formula": _formula(run, name, value, g, following),
    }


def _at(network: Network, place: Edit, vector: Any = None) -> float:
    W, b = network.views(network.parameters if vector is None else vector)[place.layer - 1]
    return float(b[place.row] if place.column < 0 else W[place.row, place.column])


def _formula(run: Run, name: str, value: float, g: float | None, following: float | None) -> str:
    """Return the formula, and with its numbers where it is short enough to be done by hand."""
    settings = run.settings
    lines = [FORMULAS[settings.optimizer]]
    if g is not None and following is not None:
        if settings.optimizer == "gradient_descent" and not settings.batch and not settings.dropout:
            lines.append(f"{name} ← {value:.6g} - {settings.rate:g} · ({g:.6g}) = {following:.6g}")
        else:
            lines.append(f"{name}: {value:.6g} → {following:.6g}")
        if settings.batch or settings.dropout:
            lines.append("g is over all training rows; the update itself uses the next batch, and dropout.")
    return "\n".join(lines)
