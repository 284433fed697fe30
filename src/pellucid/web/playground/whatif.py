"""What if: a whole run anew with other choices, as it would have gone; nothing of the session changes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pellucid.web.playground.choices import Choices
from pellucid.web.playground.frame import accuracy, silent_units
from pellucid.web.playground.problem import Problem
from pellucid.web.playground.timeline import Timeline

LEAST = 2000  # iterations
POINTS = 400  # of its curve
AT_ONCE = 10  # iterations between two looks whether it is still wanted


@dataclass(frozen=True)
class Run:
    """A run to its end, and the seconds it took."""

    timeline: Timeline
    seconds: float

    @property
    def why_dead(self) -> str | None:
        """Why it came to nothing, if it did: numbers that are not finite, or a layer that says the same of all rows."""
        timeline = self.timeline
        if timeline.diverged:
            return timeline.stopped
        silent = [layer for layer, _ in silent_units(timeline.network, timeline.train)]
        for layer, (width, _) in enumerate(timeline.choices.layers, start=1):
            if silent.count(layer) == width:
                return f"every unit of layer {layer} says the same of all rows"
        return None

    def told(self) -> dict[str, Any]:
        """Return its curve and how it ended, as plain values."""
        timeline = self.timeline
        curve, held = timeline.curve, timeline.problem.held
        X, codes = timeline.problem.X, timeline.problem.codes
        why = self.why_dead
        return {
            "settings": timeline.choices.as_dict(),
            "iterations": list(curve.iterations),
            "cost": list(curve.cost),
            "validation": list(curve.validation),
            "accuracy": accuracy(timeline.network, X[~held], codes[~held]),
            "validation_accuracy": accuracy(timeline.network, X[held], codes[held]),
            "died": why is not None,
            "why": why,
            "stopped": timeline.stopped,
            "seconds": self.seconds,
        }


def whole_run(problem: Problem, choices: Choices, iterations: int, wanted: Callable[[], bool]) -> Run | None:
    """Return a run of so many iterations from its start, or None where it is no longer wanted."""
    begun = time.perf_counter()
    timeline = Timeline(problem, choices, stride=max(1, iterations // POINTS))
    while timeline.iteration < iterations:
        if not wanted():
            return None
        if timeline.forward(min(AT_ONCE, iterations - timeline.iteration)) == 0:
            break
    return Run(timeline, time.perf_counter() - begun)
