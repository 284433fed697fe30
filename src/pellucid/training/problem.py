"""Problem: what the loop trains, and the way back to the network that was asked for.

On the inputs themselves that is the network and its rows; in row space a network of few coordinates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from pellucid.nn import Dense, Network
from pellucid.training.examples import Examples

Array = NDArray[Any]


@dataclass(frozen=True)
class Problem:
    """A network at its start, the rows to train it on and to measure it on, and how it becomes the one asked for.

    expand: from the network trained to the one asked for; None where they are the same.
    """

    network: Network
    train: Examples
    validation: Examples | None = None
    expand: Callable[[Network], Network] | None = None


def with_first_layer(
    network: Network,
    first: Dense,
    rows: tuple[Array, Array],
    fill: Callable[[Array, Array], None],
    train: Examples,
    validation: Examples | None,
) -> Problem:
    """Return the problem of training `network` with another first layer, its W still 0, all else at its start.

    rows: those of training and of validation, as `first` takes them.
    fill(W1, W): bring W1 of the inputs, which stands at its start, to where the W that was trained says.
    """
    small = Network([first, *network.layers[1:]], network.loss, network.l2)
    size, small_size = network.dense[0].W.size, small.dense[0].W.size
    small.parameters[small_size:] = network.parameters[size:]

    def expand(trained: Network) -> Network:
        whole = network.copy()
        whole.parameters[size:] = trained.parameters[small_size:]
        fill(whole.dense[0].W, trained.dense[0].W)
        return whole

    held_out = None if validation is None else Examples(rows[1], validation.y, validation.weight)
    return Problem(small, Examples(rows[0], train.y, train.weight), held_out, expand)
