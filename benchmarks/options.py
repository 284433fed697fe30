"""Options: what the command was asked for, handed to every job."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """How to measure.

    quick: a few iterations and rows, to see that all works; no result.  whole: slow peers run everything too.
    rows, epochs, only: of the job `fashion`; only is a part of a group's name.  tell: is told every measurement.
    """

    data: Path
    rounds: int = 5
    quick: bool = False
    whole: bool = False
    rows: int = 60_000
    epochs: int = 2
    only: str = ""
    tell: Callable[[str], None] = lambda line: None


def has_torch() -> bool:
    """Return whether PyTorch is there to be compared with."""
    return importlib.util.find_spec("torch") is not None


NO_TORCH = 'PyTorch is not installed, its rows are missing: pip install -e ".[bench]".'
