"""The doctor's advice: what `training.diagnostics` finds in the current run, and the change it suggests.

A diagnosis may take longer than a step, so it runs beside the training, on a copy of one moment.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.nn import Network
from pellucid.training import History
from pellucid.training.diagnostics import Finding, diagnose
from pellucid.web.playground.run import Run
from pellucid.web.playground.settings import BOUNDS, HIGHEST_RATES, MOST_LAYERS, MOST_UNITS, PlaygroundSettings
from pellucid.web.playground.view import accuracy

EARLY = 50  # iterations; before, only what is wrong from the start is told
LATE = 300  # iterations; before, that little is learned is no sign of trouble
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
LITTLE = 0.5  # of what always predicting the majority leaves wrong: less than that has been learned
REST = 8  # times as long as a look took, until the next one while the run goes on
SHORTEST_REST = 0.5  # seconds


@dataclass(frozen=True)
class Advice:
    """What to do about a finding: in words, and as settings to change, or by running on."""

    words: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    go_on: bool = False

    @property
    def kind(self) -> str:
        """What it changes: two advices of one kind differ in numbers alone."""
        return "; ".join(sorted(f"{name}={self.changes[name]}" if name == "layers" else name for name in self.changes))

    @property
    def applicable(self) -> bool:
        """Whether a click can do it."""
        return self.go_on or bool(self.changes)


@dataclass(frozen=True)
class Look:
    """A moment of a run, held fast: what the doctor looks at. run: whose costs and rows they are."""

    run: Run
    network: Network
    iteration: int
    history: History

    @classmethod
    def at(cls, run: Run) -> "Look":
        """Return the present moment of a run."""
        batches, curve = run.batches, run.curve
        epochs = run.iteration // batches
        ends = batches * np.arange(1, epochs + 1)  # of epochs
        before = np.interp(ends - batches, curve.iterations, curve.cost)  # cost[e] is of before epoch e's update
        history = History(cost=before.tolist(), stopped_because=run.stopped or "")
        if curve.validation:
            history.validation_cost = np.interp(ends, curve.iterations, curve.validation).tolist()
        return cls(run, run.network.copy(), run.iteration, history)

    def finding_and_advice(self) -> tuple[Finding | None, Advice | None]:
        """Return what is worst, and what to do about it; None where there is nothing."""
        run = self.run
        held = run.validation
        found = diagnose(
            self.network,
            self.history,
            run.training_settings,
            run.train.X,
            run.train.y,
            validation=None if held is None else (held.X, held.y),
        )
        early = self.iteration < EARLY and not run.diverged
        for finding in found:
            if finding.level != "note" and not (early and finding.name not in FROM_THE_START):
                return finding, advice_for(finding, run.settings)
        return None, None

    def without_finding(self) -> tuple[str, Advice | None]:
        """Return what there is to say where no cause of trouble was found, and what to try where little was learned."""
        if self.iteration < EARLY:
            begun = "so far." if self.iteration else "at the start. Press Run."
            return f"No sign of trouble {begun}", None
        problem = self.run.problem
        part, what = (problem.held_out, "held-out") if problem.held_out.any() else (~problem.held_out, "training")
        share = accuracy(self.network, problem.X[part], problem.codes[part]) or 0.0
        right, n = round(share * part.sum()), int(part.sum())
        counts = f"{right} of {n} {what} points are right, {n - right} wrong."
        majority = np.bincount(problem.codes[part]).max() / n
        if self.iteration >= LATE and share - majority < LITTLE * (1 - majority):
            return f"{counts} No single cause was found.", _more_units(self.run.settings)
        return f"No sign of trouble. {counts}", None


class Doctor:
    """The doctor of one session: what was last found, and when to look again."""

    def __init__(self, tried: frozenset[tuple[str, str]] = frozenset()) -> None:
        """tried: what was advised and applied before, as pairs (finding, what was changed)."""
        self.advice: Advice | None = None
        self._tried = tried
        self._told: dict[str, Any] | None = None
        self._seen: tuple[int, int, int] | None = None
        self._rested = 0.0

    def wants(self, run: Run, running: bool) -> bool:
        """Whether it is time to look at a run."""
        if not run.problem.trainable or self._seen == moment_of(run):
            return False
        return not running or time.monotonic() >= self._rested

    def look(self, look: Look, seen: tuple[int, int, int]) -> None:
        """Look, and keep what is found."""
        begun = time.monotonic()
        finding, self.advice = look.finding_and_advice()
        ended = time.monotonic()
        self._seen, self._rested = seen, ended + max(SHORTEST_REST, REST * (ended - begun))
        if finding is None:
            sentence, self.advice = look.without_finding()
            name, level = ("well", "note") if self.advice is None else ("little learned", "watch")
        else:
            name, level, sentence = finding.name, finding.level, finding.sentence
        if self.advice is not None:
            self.advice = self._untried(name, self.advice, look.run.settings)
            sentence = f"{sentence} {self.advice.words}"
        self._told = {"name": name, "level": level, "sentence": sentence}
        self._told["apply"] = self.advice is not None and self.advice.applicable
        self._told["iteration"] = look.iteration

    def applied(self) -> frozenset[tuple[str, str]]:
        """Return what was tried, once the present advice is applied."""
        assert self._told is not None and self.advice is not None
        return self._tried | {(self._told["name"], self.advice.kind)}

    def _untried(self, name: str, advice: Advice, settings: PlaygroundSettings) -> Advice:
        """Return advice that was not followed in vain: the usual one, or another for the same finding."""
        for other in (advice, *(make(settings) for make in (_he, _leaky, _more_units, _fewer_layers, _start))):
            if other.go_on or (other.changes and (name, other.kind) not in self._tried):
                return other
        return advice if not advice.changes else Advice("What usually helps was tried: change something else by hand.")

    def said(self, run: Run) -> dict[str, Any] | None:
        """Return the finding as a page shows it; None where it has not looked yet."""
        missing = run.problem.missing
        if not missing:
            return self._told
        return {"name": "too little", "level": "note", "sentence": missing, "apply": False, "iteration": 0}


def _rate(settings: PlaygroundSettings, rate: float) -> Advice:
    least, most = BOUNDS["rate"]
    rate = float(f"{min(max(rate, least), most):.3g}")
    return Advice(f"Try the rate {rate:g}.", {"rate": rate})


def _higher_rate(settings: PlaygroundSettings, rate: float) -> Advice:
    highest = HIGHEST_RATES[settings.optimizer]
    return _rate(settings, min(rate, highest)) if settings.rate < highest else Advice("Keep training.", go_on=True)


def _he(settings: PlaygroundSettings) -> Advice:
    return Advice('Start with "he" weights.', {"init": "he"}) if settings.init != "he" else _start(settings)


def _start(settings: PlaygroundSettings) -> Advice:
    if settings.init == "zeros":  # of which every start is the same
        return _he(settings)
    return Advice("Try another start.", {"seed": settings.with_start(1).seed})


def _fewer_layers(settings: PlaygroundSettings) -> Advice:
    if len(settings.layers) < 2:
        return _start(settings)
    return Advice("Use fewer layers.", {"layers": [list(layer) for layer in settings.layers[:-1]]})


def _vanishing(settings: PlaygroundSettings) -> Advice:
    layers = [(width, "relu") for width, _ in settings.layers]
    if settings.init == "he" and list(settings.layers) == layers:
        return _fewer_layers(settings)
    return Advice('Start with "he" weights and use relu.', {"init": "he", "layers": layers})


def _one_answer(settings: PlaygroundSettings) -> Advice:
    if settings.l2:
        return Advice(f"Lower the penalty: L2 {settings.l2 / 10:.2g}.", {"l2": float(f"{settings.l2 / 10:.2g}")})
    return _start(settings)


def _more_units(settings: PlaygroundSettings) -> Advice:
    layers = [[min(max(2 * width, width + 2), MOST_UNITS), activation] for width, activation in settings.layers]
    if layers == [list(layer) for layer in settings.layers]:
        return (
            Advice("Add a layer.", {"layers": [*layers, [4, "tanh"]]})
            if len(layers) < MOST_LAYERS
            else _start(settings)
        )
    return Advice("Use more units.", {"layers": layers})


def _samples(settings: PlaygroundSettings) -> Advice:
    if settings.data in ("drawn", "table"):
        return Advice("Draw more points." if settings.data == "drawn" else "Collect more samples.")
    more = min(2 * settings.samples, int(BOUNDS["samples"][1]))
    return Advice("Use more points.", {"samples": more}) if more > settings.samples else Advice("Use fewer units.")


def _penalty(settings: PlaygroundSettings) -> Advice:
    l2 = min(3 * settings.l2, BOUNDS["l2"][1]) or 0.01
    return Advice(f"Try L2 {l2:g}, fewer units, or more samples.", {"l2": float(f"{l2:.3g}")})


def _leaky(settings: PlaygroundSettings) -> Advice:
    layers = [(width, "leaky_relu" if activation == "relu" else activation) for width, activation in settings.layers]
    if layers == list(settings.layers):
        return _start(settings)
    return Advice("They cost time, not accuracy; try leaky_relu.", {"layers": layers})


ADVICE: dict[str, Callable[[PlaygroundSettings, Finding], Advice]] = {
    "unscaled inputs": lambda settings, found: Advice("Scale the inputs to about -1 to 1."),
    "too few examples": lambda settings, found: _samples(settings),
    "diverged": lambda settings, found: _rate(settings, settings.rate / 10),
    "rate too high": lambda settings, found: _rate(settings, found.numbers["better_rate"]),
    "rate too low": lambda settings, found: _higher_rate(settings, found.numbers["better_rate"]),
    "dead layer": lambda settings, found: _he(settings),
    "units that stay identical": lambda settings, found: _he(settings),
    "exploding gradients by layer": lambda settings, found: _he(settings),
    "vanishing gradients by layer": lambda settings, found: _vanishing(settings),
    "saturated output": lambda settings, found: _he(settings),
    "silent units": lambda settings, found: _leaky(settings),
    "always the majority": lambda settings, found: _one_answer(settings),
    "stopped too early": lambda settings, found: Advice("Keep training.", go_on=True),
    "overfits": lambda settings, found: _penalty(settings),
    "penalty too strong": lambda settings, found: Advice("Take the L2 penalty away, and train on.", {"l2": 0.0}),
    "poor start": lambda settings, found: _start(settings),
    "too few units": lambda settings, found: _more_units(settings),
    "copies that hurt": lambda settings, found: Advice("Train without copies of the pictures."),
    "no better than the majority": lambda settings, found: Advice("Try another network, or more samples."),
}


def advice_for(finding: Finding, settings: PlaygroundSettings) -> Advice:
    """Return what to do about a finding here, where other things can be set than on the command line."""
    return ADVICE[finding.name](settings, finding)


def moment_of(run: Run) -> tuple[int, int, int]:
    """Return what tells one moment of a session from another."""
    return id(run), run.iteration, hash(tuple(run.edits))
