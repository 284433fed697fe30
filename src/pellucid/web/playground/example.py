"""Example: the work for one point, as the trace of a training step: the next one, or one that learns from it alone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError
from pellucid.insight.trace import Trace, trace
from pellucid.web.playground.choices import number
from pellucid.web.playground.timeline import Timeline

Array = NDArray[Any]

ALONE = "This point alone: a step that learned from it and nothing else. "
HELD = ALONE + "Training never makes it, for the point is held out."
OF_A_BATCH = ALONE + "Training takes steps with {rows} points each."
NEW = ALONE + "It is none of the points that are learned from."


def worked(timeline: Timeline, columns: tuple[int, int], message: dict[str, Any]) -> Trace:
    """Return the trace of a sample, {"row": n}, or of a place in the plane, {"point": [x, y], "label": code}.

    Without a label it goes forward only.  Raises InputError where there is no such point.
    """
    problem = timeline.problem
    if "row" in message:
        problem.refuse_empty()
        row = number("row", message["row"], 0, len(problem.codes) - 1, whole=True)
        X, code = problem.X[[row]], int(problem.codes[row])
        if problem.held[row]:
            return _alone(timeline, X, code, HELD)
        if timeline.batches > 1:
            return _alone(timeline, X, code, OF_A_BATCH.format(rows=timeline.settings.batch_rows(len(timeline.train))))
        return timeline.traced(int(np.sum(~problem.held[:row])))
    point = message.get("point")
    if not isinstance(point, list | tuple) or len(point) != 2:
        raise InputError('say which point: "row", or "point": [x, y].')
    place = np.array([[number("a coordinate", value, -1e6, 1e6) for value in point]])
    X, label = problem.inputs_at(place, columns), message.get("label")
    if label is None:
        return trace(timeline.network, X, input_names=problem.input_names, class_names=problem.class_names)
    return _alone(timeline, X, number("label", label, 0, len(problem.class_names) - 1, whole=True), NEW)


def _alone(timeline: Timeline, X: Array, code: int, note: str) -> Trace:
    """Return a step on one point, with what the rule remembers where that is not of other points."""
    loss = timeline.network.loss
    return timeline.traced(0, X, loss.targets(np.array([code])), (note,))
