"""Progress of a job: its stages with done and total, and an estimate of the time left.

The estimate uses only times measured in this job; before there are any, it is None.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.nn.scaled_integers import Rows
from pellucid.system.progress import Progress

STAGES = {  # in order, as the page shows them
    "reading": "Reading every photograph: duplicates, broken files, features",
    "judging": "Training on most photographs, testing on the rest",
    "training": "Training on all photographs",
    "report": "Writing the report: the mistakes, and what decided them",
}
Clock = Callable[[], float]


@dataclass
class Stage:
    """One part of the work: how much is done of how much, since when, and when it last went on."""

    name: str
    done: float = 0
    total: float = 0
    begun: float | None = None
    went_on: float = 0
    ended: float | None = None


@dataclass
class PageProgress(Progress):
    """What a job tells, as the page shows it.

    pictures: how many there are, of all parts.  networks: that answer together.  asked: whether to stop; reading then
    ends by KeyboardInterrupt, as by Ctrl-C.  clock: seconds.
    """

    pictures: int
    networks: int = 1
    asked: Callable[[], bool] = lambda: False
    clock: Clock = time.monotonic
    stages: dict[str, Stage] = field(default_factory=lambda: {name: Stage(name) for name in STAGES})
    _read: int = 0
    _members: int = 0
    _mark: float = 0.0  # when the last stage ended

    def __post_init__(self) -> None:
        self._mark = self.clock()

    def reading(self, source: str, done: int, total: int) -> None:
        """Take note of samples read, part after part."""
        if self.asked():
            raise KeyboardInterrupt
        if done == total:
            self._read, done = self._read + total, 0
        self._at("reading", min(self._read + done, self.pictures), self.pictures)

    def fits(self, what: str, done: int, total: int) -> None:
        """Take note of fits of the cross-validation, or of pictures that the report looked into."""
        if what != "cross-validation":
            if self.asked():
                raise KeyboardInterrupt
            self._at("report", done, total)
            return
        self._at("judging", done, total)

    def training(self, X: Rows, y: np.ndarray, epochs: int) -> Callable[[Any], None]:
        """Return a callback of the training loop that counts epochs, network after network."""
        self._members = 0
        self._at("training", 0, self.networks)

        def show(state: Any) -> None:
            self._at("training", self._members + state.epoch / epochs, self.networks)
            self._members += bool(state.stopped)

        return show

    def remaining(self) -> float | None:
        """Return the seconds that are left, of training, then of the report; None while too little was measured."""
        now, judging = self.clock(), self.stages["judging"]
        left = [self._left(stage, now) for stage in self.stages.values() if stage.begun is not None]
        if not left or None in left or (judging.begun is None and self.stages["training"].begun is None):
            return None
        known = sum(seconds for seconds in left if seconds is not None)
        if self.stages["training"].begun is None and judging.done:  # as a fold, of a quarter more photographs
            known += 1.25 * (judging.went_on - (judging.begun or 0)) / judging.done
        return known

    def as_dict(self) -> dict[str, Any]:
        """Return the stages and what is left as plain values."""
        ended = [stage.ended is not None for stage in self.stages.values()]
        last = max((place for place, over in enumerate(ended) if over), default=-1)
        stages = [
            {"name": name, "text": STAGES[name], "share": _share(stage), "ended": stage.ended is not None,
             "begun": stage.begun is not None or place == last + 1, "done": stage.done, "total": stage.total}
            for place, (name, stage) in enumerate(self.stages.items())
        ]  # fmt: skip
        return {"stages": stages, "remaining": self.remaining()}

    def _at(self, name: str, done: float, total: float) -> None:
        """Take note of a stage; those before it have ended by then, and the last one begins where training ends."""
        now, names = self.clock(), list(self.stages)
        stage = self.stages[name]
        stage.begun = self._mark if stage.begun is None else stage.begun
        stage.done, stage.total, stage.went_on = done, total, now
        for before in names[: names.index(name) + (done >= total)]:
            if self.stages[before].begun is not None and self.stages[before].ended is None:
                self.stages[before].ended = self._mark = now
        if name == "training" and done >= total:
            self._at("report", 0, 1)

    def _left(self, stage: Stage, now: float) -> float | None:
        if stage.ended is not None:
            return 0.0
        if not stage.done or stage.begun is None:
            return None
        left = (stage.went_on - stage.begun) * (stage.total - stage.done) / stage.done
        return max(0.0, left - (now - stage.went_on))


def _share(stage: Stage) -> float:
    return 1.0 if stage.ended is not None else stage.done / stage.total if stage.total else 0.0
