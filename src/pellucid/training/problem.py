"""Problem: what the loop trains, and the way back to the network that was asked for.

On the inputs themselves that is the network and its rows; in row space a network of few coordinates.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.nn import Network
from pellucid.training.examples import Examples


@dataclass(frozen=True)
class Problem:
    """A network at its start, the rows to train it on and to measure it on, and how it becomes the one asked for.

    expand: from the network trained to the one asked for; None where they are the same.
    """

    network: Network
    train: Examples
    validation: Examples | None = None
    expand: Callable[[Network], Network] | None = None
