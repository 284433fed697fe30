"""Callbacks: functions of the loop's State, called after every epoch. A true answer stops training.

Anything callable will do. `print_costs` is what `verbose=True` adds.
"""

import sys
from collections.abc import Callable
from typing import TextIO

from pellucid.training.loop import State

Callback = Callable[[State], object]


def print_costs(epochs: int, lines: int = 10, stream: TextIO | None = None) -> Callback:
    """Return a callback that writes about `lines` lines over a run of `epochs` epochs, to stderr by default."""
    every = max(1, epochs // lines)

    def report(state: State) -> None:
        if state.epoch == 1 or state.epoch % every == 0 or state.stopped:
            history = state.history
            validation = f"  validation cost {history.validation_cost[-1]:.6f}" if history.validation_cost else ""
            print(f"epoch {state.epoch - 1}  cost {history.cost[-1]:.6f}{validation}", file=stream or sys.stderr)

    return report
