"""Undo: the state before a change, so that a run that the change replaced comes back."""

from dataclasses import dataclass

from pellucid.web.playground.state import State


@dataclass(frozen=True)
class Undo:
    """The state before a change, and a sentence about what the change did."""

    state: State
    told: str

    @classmethod
    def run_of(cls, state: State) -> "Undo | None":
        """Return a state whose run another is to replace; None where it has not begun."""
        furthest = state.run.furthest
        if not furthest:
            return None
        return cls(state, f"A new run replaced the run to iteration {furthest:,}.")

    @classmethod
    def rest_of(cls, state: State) -> "Undo | None":
        """Return a copy of a state whose run is to go on otherwise from here; None where nothing comes after."""
        run = state.run
        if run.iteration == run.furthest:
            return None
        told = f"This change replaced everything after iteration {run.iteration:,}."
        return cls(state.with_run(run.copy()), told)
