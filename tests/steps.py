"""Small networks with rows, whose steps are traced."""

import numpy as np

from pellucid.nn import Dense, Dropout, Network

ROWS = 5


def problem(activation="tanh", loss="squared_error", l2=0.0, dropout=0.0, k=2, dtype=np.float64, seed=0):
    """A net of two hidden layers with random weights and biases, and random rows and targets."""
    rng = np.random.default_rng(seed)
    between = [Dropout(dropout)] if dropout else []
    layers = [Dense(3, 4, activation), *between, Dense(4, 4, activation), *between, Dense(4, k)]
    net = Network(layers, loss, l2, dtype)
    net.parameters[:] = rng.normal(0, 0.7, net.parameters.size)
    X = rng.normal(size=(ROWS, 3)).astype(dtype)
    y = rng.integers(k, size=ROWS) if net.loss.codes else rng.normal(size=(ROWS, k)).astype(dtype)
    if loss == "binary_cross_entropy":
        y = (y > 0).astype(dtype)
    return net, X, y
