"""Replaced: a run that a change has put away, kept until another is, so that the change can be undone."""

from dataclasses import dataclass

from pellucid.web.playground.stage import Stage


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
