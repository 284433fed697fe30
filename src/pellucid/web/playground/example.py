"""Example: the work for one point: what is said of it, the way there, and a step that learns from it alone.

Where training's next step learns from all points at once, that step is shown too.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError
from pellucid.explain.trace import Trace, trace
from pellucid.explain.trace.formula import digits
from pellucid.html import isolated
from pellucid.web.playground.choices import number
from pellucid.web.playground.frame import answers
from pellucid.web.playground.timeline import Timeline

Array = NDArray[Any]

ALONE = "This is a step that learns from this point and nothing else. "
HELD = ALONE + "Training never makes it, for the point is held out."
OF_A_BATCH = ALONE + "Training takes steps with {rows} points each."
OF_ALL = ALONE + "Training's next step learns from all {rows} points at once: choose the batch to see it."
NEW = ALONE + "It is none of the points that are learned from."


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
