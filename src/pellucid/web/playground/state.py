"""Stage: what a session stands on: choices, problem, the plane that is looked at, and the run, all fitting together."""

from dataclasses import dataclass, replace
from typing import Any

from pellucid.web.playground.permalink import Moment, Point, encode
from pellucid.web.playground.problem import OwnTable, Problem
from pellucid.web.playground.run import Timeline
from pellucid.web.playground.settings import Choices, alternatives, limits
from pellucid.web.playground.view import View

Message = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """The parts of a session that are made together.  points: those drawn, which are kept while others are shown."""

    choices: Choices
    points: tuple[Point, ...]
    table: OwnTable | None
    problem: Problem
    view: View
    timeline: Timeline

    @classmethod
    def of(cls, moment: Moment, table: OwnTable | None) -> "Stage":
        """Return the stage of a moment, its run not yet begun; raise InputError where it cannot be."""
        choices = moment.choices
        problem = Problem.of(choices, moment.points, table)
        view = View(problem, problem.checked_columns(choices.columns))
        return cls(choices, moment.points, table, problem, view, Timeline(problem, choices, moment.edits))

    @property
    def usual(self) -> Choices:
        """What addresses leave out."""
        return usual_with(self.table)

    @property
    def moment(self) -> Moment:
        """The present moment."""
        drawn = self.points if self.choices.data == "drawn" else ()
        return Moment(self.choices, self.timeline.iteration, drawn, tuple(self.timeline.edits))

    @property
    def address(self) -> str:
        """The present moment as text."""
        return encode(self.moment, self.usual)

    def with_choices(self, choices: Choices) -> "Stage":
        """Return the stage of other choices: other data, another run from its start, or only another plane."""
        if not choices.makes_data_of(self.choices):
            columns = choices.columns if choices.data == self.choices.data else (0, 1)
            return Stage.of(Moment(replace(choices, columns=columns), points=self.points), self.table)
        if not choices.trains_as(self.choices):
            return replace(self, choices=choices, timeline=Timeline(self.problem, choices))
        return replace(self, choices=choices, view=View(self.problem, self.problem.checked_columns(choices.columns)))

    def with_run(self, timeline: Timeline) -> "Stage":
        """Return the stage with a run on the same problem."""
        return replace(self, choices=timeline.choices, timeline=timeline)

    def told_problem(self) -> Message:
        """Return the samples as a page shows them."""
        return self.problem.told(self.choices.columns)

    def told_settings(self) -> Message:
        """Return the choices, what else could be chosen, and the address of the moment."""
        return {
            "kind": "settings",
            "values": self.choices.as_dict(),
            "choices": alternatives(self.table is not None),
            "limits": limits(),
            "address": self.address,
        }


def usual_with(table: OwnTable | None) -> Choices:
    """Return what a session begins with."""
    return Choices(data="flower" if table is None else "table")


@dataclass(frozen=True)
class Replaced:
    """A stage as it was before a change, and what the change has done in words."""

    stage: Stage
    told: str

    @classmethod
    def run_of(cls, stage: Stage) -> "Replaced | None":
        """Return a stage whose run another is to replace; None where it has not begun."""
        furthest = stage.timeline.furthest
        if not furthest:
            return None
        return cls(stage, f"The run to iteration {furthest:,} is replaced by a new one.")

    @classmethod
    def rest_of(cls, stage: Stage) -> "Replaced | None":
        """Return a copy of a stage whose run is to go on otherwise from here; None where nothing comes after."""
        timeline = stage.timeline
        if timeline.iteration == timeline.furthest:
            return None
        told = f"What came after iteration {timeline.iteration:,} is replaced by this change."
        return cls(stage.with_run(timeline.copy()), told)
