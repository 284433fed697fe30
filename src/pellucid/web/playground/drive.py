"""Drive: what makes a timeline go on by itself: whether it does, how fast, and how far."""

import time

from pellucid.web.playground.choices import MOST_ITERATIONS
from pellucid.web.playground.timeline import Timeline

AT_ONCE = 4  # iterations between two looks at the clock
PACE = 500  # iterations a second, so that there is something to see; 0 is as fast as it goes


class Drive:
    """A run that stands, or goes on until it is stopped, ends, or is where it should be."""

    def __init__(self) -> None:
        self.running = False
        self._until, self._pace = MOST_ITERATIONS, 0

    def start(self, timeline: Timeline, pace: int = PACE, until: int = MOST_ITERATIONS) -> None:
        """Let it run from now on."""
        self._until, self._pace = until, pace
        self.running = timeline.stopped is None and timeline.iteration < until

    def stop(self) -> None:
        """Let it stand; may be called while another thread is in `go`, which then returns soon."""
        self.running = False

    def go(self, timeline: Timeline, seconds: float) -> None:
        """Make the updates that are due in so many seconds."""
        end, last = time.monotonic() + seconds, self._until
        if self._pace:
            last = min(last, timeline.iteration + max(1, round(seconds * self._pace)))
        while self.running and timeline.iteration < last and time.monotonic() < end:
            timeline.forward(min(AT_ONCE, last - timeline.iteration))
            if timeline.iteration >= self._until or timeline.stopped is not None:
                self.running = False
