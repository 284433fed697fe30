"""What if: retrain from the start with other settings, or from several starts, without touching the session."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pellucid.web.playground.problem import Problem
from pellucid.web.playground.run import Run
from pellucid.web.playground.settings import PlaygroundSettings
from pellucid.web.playground.view import accuracy, silent_units

LEAST = 2000  # iterations
POINTS = 400  # of its curve
AT_ONCE = 10  # iterations between two checks that the result is still wanted
Message = dict[str, Any]


@dataclass(frozen=True)
class WholeRun:
    """A finished run and the seconds it took."""

    run: Run
    seconds: float

    @property
    def why_dead(self) -> str | None:
        """Why the run failed: cost not finite, or a layer with the same output for every row; None if it did not."""
        run = self.run
        if run.diverged:
            return run.stopped
        silent = [layer for layer, _ in silent_units(run.network, run.train)]
        for layer, (width, _) in enumerate(run.settings.layers, start=1):
            if silent.count(layer) == width:
                return f"every unit of layer {layer} gives the same output for all rows"
        return None

    def as_dict(self) -> dict[str, Any]:
        """Return the curve and the final scores as plain values."""
        run = self.run
        curve, held = run.curve, run.problem.held_out
        X, codes = run.problem.X, run.problem.codes
        why = self.why_dead
        return {
            "settings": run.settings.as_dict(),
            "iterations": list(curve.iterations),
            "cost": list(curve.cost),
            "validation": list(curve.validation),
            "accuracy": accuracy(run.network, X[~held], codes[~held]),
            "validation_accuracy": accuracy(run.network, X[held], codes[held]),
            "died": why is not None,
            "why": why,
            "stopped": run.stopped,
            "seconds": self.seconds,
        }


def whole_run(
    problem: Problem, settings: PlaygroundSettings, iterations: int, wanted: Callable[[], bool]
) -> WholeRun | None:
    """Train from the start for `iterations` updates. Return None once `wanted()` is false."""
    begun = time.perf_counter()
    run = Run(problem, settings, stride=max(1, iterations // POINTS))
    while run.iteration < iterations:
        if not wanted():
            return None
        if run.forward(min(AT_ONCE, iterations - run.iteration)) == 0:
            break
    return WholeRun(run, time.perf_counter() - begun)


class MultiStart:
    """Several starts of one run in a queue. `next` runs one; another thread may clear the queue at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, PlaygroundSettings]] = deque()
        self._count = self._died = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def plan(self, settings: PlaygroundSettings, count: int) -> None:
        """Replace the queue by `count` starts: the seed of the settings and the seeds after it."""
        with self._lock:
            self._waiting.clear()
            self._waiting.extend((n, settings.with_start(n)) for n in range(count))
            self._count, self._died = count, 0

    def clear(self) -> None:
        """Empty the queue."""
        with self._lock:
            self._waiting.clear()

    def next(self, problem: Problem, iterations: int, wanted: Callable[[], bool]) -> list[Message]:
        """Run the next start. Return its result, and after the last one how many starts died."""
        with self._lock:
            first = self._waiting[0] if self._waiting else None
        if first is None:
            return []
        number, settings = first
        whole = whole_run(problem, settings, iterations, lambda: wanted() and first in self._waiting)
        with self._lock:
            if whole is None or not self._waiting or self._waiting[0] is not first:
                return []
            self._waiting.popleft()
            result = whole.as_dict()
            self._died += result["died"]
            messages: list[Message] = [{"kind": "start", "number": number, "seed": settings.seed, **result}]
            if not self._waiting:
                messages.append({"kind": "starts", "count": self._count, "died": self._died})
            return messages
