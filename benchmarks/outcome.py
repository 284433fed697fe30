"""Outcome: what a job found, as plain values: rows of times, facts with their limits, notes.

It becomes JSON as it is, and `table.py` prints it from there; nothing is typed by hand.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.measure import Timing, best


@dataclass(frozen=True)
class Limit:
    """What is required, and what would be better still; `at_most` where less is better."""

    required: float
    goal: float | None = None
    at_most: bool = False

    def verdict(self, measured: float) -> str:
        """Return how a measured value stands to it.

        >>> [Limit(2, 4).verdict(value) for value in (1.9, 2, 4)]
        ['missed', 'met', 'met, goal too']
        """
        if not self._reached(measured, self.required):
            return "missed"
        return "met, goal too" if self.goal is not None and self._reached(measured, self.goal) else "met"

    def _reached(self, measured: float, limit: float) -> bool:
        return not math.isnan(measured) and (measured <= limit if self.at_most else measured >= limit)


@dataclass
class Row:
    """One line of a table of times: whole work in seconds, the measured rounds, and how many times slower than ours."""

    group: str
    who: str
    how: str
    seconds: float
    rounds: list[float] = field(default_factory=list)
    scale: float = 1.0
    ratio: float | None = None
    required: float | None = None
    goal: float | None = None
    verdict: str = ""


@dataclass
class Fact:
    """One number that is no time: a difference, a memory, an exponent.  check: it must hold for the times to count."""

    what: str
    measured: float
    required: float | None = None
    goal: float | None = None
    verdict: str = ""
    unit: str = ""
    check: bool = False


@dataclass
class Outcome:
    """What a job found.

    ratio_to: what the ratios in the rows are to.  rows: of everybody, in the best setting.  tried: in the others.
    """

    title: str
    ratio_to: str = "ours"
    rows: list[Row] = field(default_factory=list)
    tried: list[Row] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add_times(
        self,
        timings: Sequence[Timing],
        ours: str,
        limits: Mapping[str, Limit] | None = None,
        group: str = "",
        per: float = 1.0,
    ) -> dict[str, Timing]:
        """Add a row for everybody's best setting, its ratio to ours, and how that stands to its limit; return those.

        ours: who the others are compared with.  per: how many units are in the work that was timed, such as epochs.
        """
        found = best(timings)
        for timing in timings:
            who, ratio = timing.entrant.who, timing.median / found[ours].median
            scale = timing.entrant.scale / per
            row = Row(group, who, timing.entrant.setting, timing.median / per, timing.rounds, scale, ratio)
            if timing is not found[who]:
                self.tried.append(row)
                continue
            limit = (limits or {}).get(who)
            if limit:
                row.required, row.goal, row.verdict = limit.required, limit.goal, limit.verdict(ratio)
            self.rows.append(row)
        return found

    def add_fact(
        self, what: str, measured: float, limit: Limit | None = None, unit: str = "", check: bool = False
    ) -> None:
        """Add a number, and how it stands to its limit."""
        fact = Fact(what, measured, unit=unit, check=check)
        if limit:
            fact.required, fact.goal, fact.verdict = limit.required, limit.goal, limit.verdict(measured)
        self.facts.append(fact)

    @property
    def sound(self) -> bool:
        """Whether everybody did the same work, as far as was checked."""
        return all(fact.verdict != "missed" for fact in self.facts if fact.check)

    def plain(self) -> dict[str, Any]:
        """Return all of it for JSON, which knows no nan."""
        values = asdict(self)
        for fact in values["facts"]:
            if not math.isfinite(fact["measured"]):
                fact["measured"] = None
        return values
