"""State of a session: settings, problem, view and run, which fit together."""

from dataclasses import dataclass, replace
from typing import Any

from pellucid.web.playground.permalink import Moment, Point, encode
from pellucid.web.playground.problem import OwnTable, Problem
from pellucid.web.playground.run import Run
from pellucid.web.playground.settings import PlaygroundSettings, alternatives, limits
from pellucid.web.playground.view import View

Message = dict[str, Any]


@dataclass(frozen=True)
class State:
    """The parts of a session that are made together.  points: those drawn, which are kept while others are shown."""

    settings: PlaygroundSettings
    points: tuple[Point, ...]
    table: OwnTable | None
    problem: Problem
    view: View
    run: Run

    @classmethod
    def of(cls, moment: Moment, table: OwnTable | None) -> "State":
        """Return the state of a moment, its run not yet begun; raise InputError where it cannot be."""
        settings = moment.settings
        problem = Problem.of(settings, moment.points, table)
        view = View(problem, problem.checked_columns(settings.columns))
        return cls(settings, moment.points, table, problem, view, Run(problem, settings, moment.edits))

    @property
    def usual(self) -> PlaygroundSettings:
        """What addresses leave out."""
        return usual_with(self.table)

    @property
    def moment(self) -> Moment:
        """The present moment."""
        drawn = self.points if self.settings.data == "drawn" else ()
        return Moment(self.settings, self.run.iteration, drawn, tuple(self.run.edits))

    @property
    def address(self) -> str:
        """The present moment as text."""
        return encode(self.moment, self.usual)

    def with_settings(self, settings: PlaygroundSettings) -> "State":
        """Return the state of other settings: other data, another run from its start, or only another plane."""
        if not settings.makes_data_of(self.settings):
            columns = settings.columns if settings.data == self.settings.data else (0, 1)
            return State.of(Moment(replace(settings, columns=columns), points=self.points), self.table)
        if not settings.trains_as(self.settings):
            return replace(self, settings=settings, run=Run(self.problem, settings))
        return replace(self, settings=settings, view=View(self.problem, self.problem.checked_columns(settings.columns)))

    def with_run(self, run: Run) -> "State":
        """Return the state with a run on the same problem."""
        return replace(self, settings=run.settings, run=run)

    def problem_message(self) -> Message:
        """Return the samples as a page shows them."""
        return self.problem.told(self.settings.columns)

    def settings_message(self) -> Message:
        """Return the settings, what else could be chosen, and the address of the moment."""
        return {
            "kind": "settings",
            "values": self.settings.as_dict(),
            "choices": alternatives(self.table is not None),
            "limits": limits(),
            "address": self.address,
        }


def usual_with(table: OwnTable | None) -> PlaygroundSettings:
    """Return what a session begins with."""
    return PlaygroundSettings(data="flower" if table is None else "table")
