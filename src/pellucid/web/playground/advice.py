"""The doctor's sentence: what `training.doctor` finds in the run as it stands, and the change that would follow it.

A look may take longer than a step, so it is taken beside the training, at the state of one moment.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.nn import Network
from pellucid.training import History
from pellucid.training.diagnostics import Finding, diagnose
from pellucid.web.playground.run import Timeline
from pellucid.web.playground.settings import BOUNDS, HIGHEST_RATES, Choices
from pellucid.web.playground.view import accuracy

EARLY = 50  # iterations; before, only what is wrong from the start is told
FROM_THE_START = (
    "unscaled inputs",
    "too few examples",
    "diverged",
    "units that stay identical",
    "saturated output",
    "dead layer",
    "exploding gradients by layer",
    "vanishing gradients by layer",
)
REST = 8  # times as long as a look took, until the next one while the run goes on
SHORTEST_REST = 0.5  # seconds


@dataclass(frozen=True)
class Advice:
    """What to do about a finding: in words, and as settings to change, or by running on."""

    words: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    go_on: bool = False

    @property
    def applicable(self) -> bool:
        """Whether a click can do it."""
        return self.go_on or bool(self.changes)


@dataclass(frozen=True)
class Look:
    """A moment of a run, held fast: what the doctor looks at. timeline: whose costs and rows they are."""

    timeline: Timeline
    network: Network
    iteration: int
    history: History

    @classmethod
    def at(cls, timeline: Timeline) -> "Look":
        """Return the present moment of a timeline."""
        batches, curve = timeline.batches, timeline.curve
        epochs = timeline.iteration // batches
        ends = batches * np.arange(1, epochs + 1)  # of epochs
        before = np.interp(ends - batches, curve.iterations, curve.cost)  # cost[e] is of before epoch e's update
        history = History(cost=before.tolist(), stopped_because=timeline.stopped or "")
        if curve.validation:
            history.validation_cost = np.interp(ends, curve.iterations, curve.validation).tolist()
        return cls(timeline, timeline.network.copy(), timeline.iteration, history)

    def told(self) -> tuple[Finding | None, Advice | None]:
        """Return what is worst, and what to do about it; None where there is nothing."""
        timeline = self.timeline
        held = timeline.validation
        found = diagnose(
            self.network,
            self.history,
            timeline.settings,
            timeline.train.X,
            timeline.train.y,
            validation=None if held is None else (held.X, held.y),
        )
        early = self.iteration < EARLY and not timeline.diverged
        for finding in found:
            if finding.level != "note" and not (early and finding.name not in FROM_THE_START):
                return finding, advice_for(finding, timeline.choices)
        return None, None

    def well(self) -> str:
        """Return what there is to say where nothing is wrong."""
        if self.iteration < EARLY:
            begun = "so far." if self.iteration else "in this start. Press run."
            return f"No sign of trouble {begun}"
        problem = self.timeline.problem
        part, what = (problem.held, "held-out") if problem.held.any() else (~problem.held, "training")
        share = accuracy(self.network, problem.X[part], problem.codes[part])
        right, n = round((share or 0) * part.sum()), int(part.sum())
        return f"No sign of trouble. {right} of {n} {what} points are right, {n - right} wrong."


class Doctor:
    """The doctor of one session: what was last found, and when to look again."""

    def __init__(self) -> None:
        self.advice: Advice | None = None
        self._told: dict[str, Any] | None = None
        self._seen: tuple[int, int, int] | None = None
        self._rested = 0.0

    def wants(self, timeline: Timeline, running: bool) -> bool:
        """Whether it is time to look at a run."""
        if not timeline.problem.teaches or self._seen == moment_of(timeline):
            return False
        return not running or time.monotonic() >= self._rested

    def look(self, look: Look, seen: tuple[int, int, int]) -> None:
        """Look, and keep what is found."""
        begun = time.monotonic()
        finding, self.advice = look.told()
        ended = time.monotonic()
        self._seen, self._rested = seen, ended + max(SHORTEST_REST, REST * (ended - begun))
        if finding is None or self.advice is None:
            self._told = {"name": "well", "level": "note", "sentence": look.well(), "apply": False}
        else:
            self._told = {
                "name": finding.name,
                "level": finding.level,
                "sentence": f"{finding.sentence} {self.advice.words}",
                "apply": self.advice.applicable,
            }
        self._told["iteration"] = look.iteration

    def said(self, timeline: Timeline) -> dict[str, Any] | None:
        """Return the finding as a page shows it; None where it has not looked yet."""
        lacking = timeline.problem.lacking
        if not lacking:
            return self._told
        return {"name": "too little", "level": "note", "sentence": lacking, "apply": False, "iteration": 0}


def _rate(choices: Choices, rate: float) -> Advice:
    least, most = BOUNDS["rate"]
    rate = float(f"{min(max(rate, least), most):.3g}")
    return Advice(f"Try the rate {rate:g}.", {"rate": rate})


def _higher_rate(choices: Choices, rate: float) -> Advice:
    highest = HIGHEST_RATES[choices.optimizer]
    return _rate(choices, min(rate, highest)) if choices.rate < highest else Advice("Run on.", go_on=True)


def _he(choices: Choices) -> Advice:
    return Advice('Start with "he" weights.', {"init": "he"}) if choices.init != "he" else _start(choices)


def _start(choices: Choices) -> Advice:
    if choices.init == "zeros":  # of which every start is the same
        return _he(choices)
    return Advice("Try another start.", {"seed": choices.with_start(1).seed})


def _vanishing(choices: Choices) -> Advice:
    layers = [(width, "relu") for width, _ in choices.layers]
    if choices.init == "he" and list(choices.layers) == layers:
        return Advice("Take fewer layers.", {"layers": [list(layer) for layer in choices.layers[:-1]]})
    return Advice('Start with "he" weights, and take relu.', {"init": "he", "layers": layers})


def _one_answer(choices: Choices) -> Advice:
    if choices.l2:
        return Advice(f"Weaken the penalty: L2 {choices.l2 / 10:.2g}.", {"l2": float(f"{choices.l2 / 10:.2g}")})
    return _start(choices)


def _samples(choices: Choices) -> Advice:
    if choices.data in ("drawn", "table"):
        return Advice("Draw more points." if choices.data == "drawn" else "Collect more samples.")
    more = min(2 * choices.samples, int(BOUNDS["samples"][1]))
    return Advice("Take more points.", {"samples": more}) if more > choices.samples else Advice("Take fewer units.")


def _penalty(choices: Choices) -> Advice:
    l2 = min(3 * choices.l2, BOUNDS["l2"][1]) or 0.01
    return Advice(f"Try L2 {l2:g}, fewer units, or more samples.", {"l2": float(f"{l2:.3g}")})


def _leaky(choices: Choices) -> Advice:
    layers = [(width, "leaky_relu" if activation == "relu" else activation) for width, activation in choices.layers]
    if layers == list(choices.layers):
        return _start(choices)
    return Advice("They cost time, not accuracy; try leaky_relu.", {"layers": layers})


ADVICE: dict[str, Callable[[Choices, Finding], Advice]] = {
    "unscaled inputs": lambda choices, found: Advice("Bring the inputs to about -1 to 1."),
    "too few examples": lambda choices, found: _samples(choices),
    "diverged": lambda choices, found: _rate(choices, choices.rate / 10),
    "rate too high": lambda choices, found: _rate(choices, found.numbers["better_rate"]),
    "rate too low": lambda choices, found: _higher_rate(choices, found.numbers["better_rate"]),
    "dead layer": lambda choices, found: _start(choices),
    "units that stay identical": lambda choices, found: _he(choices),
    "exploding gradients by layer": lambda choices, found: _he(choices),
    "vanishing gradients by layer": lambda choices, found: _vanishing(choices),
    "saturated output": lambda choices, found: _he(choices),
    "silent units": lambda choices, found: _leaky(choices),
    "always the majority": lambda choices, found: _one_answer(choices),
    "stopped too early": lambda choices, found: Advice("Run on.", go_on=True),
    "overfits": lambda choices, found: _penalty(choices),
    "no better than the majority": lambda choices, found: Advice("Another network, or more samples, may tell more."),
}


def advice_for(finding: Finding, choices: Choices) -> Advice:
    """Return what to do about a finding here, where other things can be set than on the command line."""
    return ADVICE[finding.name](choices, finding)


def moment_of(timeline: Timeline) -> tuple[int, int, int]:
    """Return what tells one moment of a session from another."""
    return id(timeline), timeline.iteration, hash(tuple(timeline.edits))
