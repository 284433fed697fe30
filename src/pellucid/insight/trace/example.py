"""Example: a net so small, with numbers so short, that a person can redo its training step with a pencil.

2 inputs, 2 relu units, 1 sigmoid output, one example, learning rate 0.1.
"""

import numpy as np

from pellucid.insight.trace.recording import trace
from pellucid.insight.trace.step import Trace
from pellucid.nn import Dense, Network
from pellucid.system.random_streams import stream

RATE = 0.1
NOTE = "One unit is silent here: relu gives 0, its slope is 0, and nothing goes back through it."


def example() -> Trace:
    """Return the step that the first page shows: the logit is 0, so that the answer is one half.

    >>> step = example()
    >>> step.yhat.item(), round(step.cost.J, 4), round(step.after, 4), round(step.promised, 5)
    (0.5, 0.6931, 0.4798, -0.23125)
    """
    return _step([[0.5, 0.25], [1.0, -1.0]], [0.5, 0.5], [[1.0, -1.0]], [-1.5], [1.0, 2.0], 1.0, (NOTE,))


def drawn(seed: int) -> Trace:
    """Return such a step with fresh numbers: halves and quarters, a logit of -1 to 1, one unit awake at least.

    >>> drawn(1).layers[0].W.tolist() == drawn(1).layers[0].W.tolist() != drawn(2).layers[0].W.tolist()
    True
    """
    rng = stream(seed, "probe")
    while True:
        W1, W2 = rng.choice([-1, -0.5, -0.25, 0.25, 0.5, 1], (2, 2)), rng.choice([-1, -0.5, 0.5, 1], (1, 2))
        b1, x = rng.choice([-0.5, 0.25, 0.5], 2), rng.choice([-2, -1, 1, 2], 2)
        z1 = W1 @ x + b1
        b2 = rng.choice([-1, -0.5, 0, 0.5, 1]) - W2 @ np.maximum(z1, 0)
        if z1.max() > 0 and np.abs(z1).min() >= 0.25 and np.abs(b2).max() <= 3:
            return _step(W1, b1, W2, b2, x, float(rng.integers(2)))


def _step(W1: object, b1: object, W2: object, b2: object, x: object, y: float, notes: tuple[str, ...] = ()) -> Trace:
    arrays = [np.array(array, np.float64) for array in (W1, b1, W2, b2)]
    network = Network([Dense(2, 2, "relu"), Dense(2, 1)], "binary_cross_entropy").initialize(arrays)
    return trace(network, [x], [[y]], rate=RATE, notes=notes)
