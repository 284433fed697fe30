"""Starts: the same training from several starts, one after the other, to see how much hangs on luck."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from pellucid.web.playground.choices import Choices
from pellucid.web.playground.problem import Problem
from pellucid.web.playground.whatif import whole_run

Message = dict[str, Any]


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
