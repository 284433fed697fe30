"""What if: a whole run anew with other choices, as it would have gone; nothing of the session changes."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pellucid.web.playground.problem import Problem
from pellucid.web.playground.run import Timeline
from pellucid.web.playground.settings import Choices
from pellucid.web.playground.view import accuracy, silent_units

LEAST = 2000  # iterations
POINTS = 400  # of its curve
AT_ONCE = 10  # iterations between two looks whether it is still wanted
Message = dict[str, Any]


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


class Starts:
    """Starts that wait for their turn; `next` runs one. It may be cleared by another thread at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, Choices]] = deque()
        self._count = self._died = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def plan(self, choices: Choices, count: int) -> None:
        """Let so many starts wait, in the place of those that do: the seed of the choices, and those after it."""
        with self._lock:
            self._waiting.clear()
            self._waiting.extend((n, choices.with_start(n)) for n in range(count))
            self._count, self._died = count, 0

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._waiting.clear()

    def next(self, problem: Problem, iterations: int, wanted: Callable[[], bool]) -> list[Message]:
        """Run the next start; return how it went, and after the last one how many died."""
        with self._lock:
            first = self._waiting[0] if self._waiting else None
        if first is None:
            return []
        number, choices = first
        run = whole_run(problem, choices, iterations, lambda: wanted() and first in self._waiting)
        with self._lock:
            if run is None or not self._waiting or self._waiting[0] is not first:
                return []
            self._waiting.popleft()
            told = run.told()
            self._died += told["died"]
            messages: list[Message] = [{"kind": "start", "number": number, "seed": choices.seed, **told}]
            if not self._waiting:
                messages.append({"kind": "starts", "count": self._count, "died": self._died})
            return messages
