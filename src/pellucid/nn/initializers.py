"""Where weights start: each rule draws one W of shape (n_out, n_in) in float64.

Drawing layer by layer from `RandomState(seed)`, biases drawing nothing, reproduces the published course runs digit
for digit. A new rule is one function and one row of `INITIALIZERS`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import unknown_name

Array = NDArray[Any]
Initializer = Callable[[np.random.RandomState, int, int], Array]


def he(rng: np.random.RandomState, n_out: int, n_in: int) -> Array:
    """W ~ N(0, 1) sqrt(2 / n_in): keeps the variance of relu layers (He et al. 2015)."""
    return rng.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)


def lecun(rng: np.random.RandomState, n_out: int, n_in: int) -> Array:
    """W ~ N(0, 1) / sqrt(n_in) (LeCun et al. 1998); article A uses it and calls it He's."""
    return rng.standard_normal((n_out, n_in)) / np.sqrt(n_in)


def xavier(rng: np.random.RandomState, n_out: int, n_in: int) -> Array:
    """W ~ N(0, 1) sqrt(2 / (n_in + n_out)) (Glorot and Bengio 2010)."""
    return rng.standard_normal((n_out, n_in)) * np.sqrt(2 / (n_in + n_out))


def normal_001(rng: np.random.RandomState, n_out: int, n_in: int) -> Array:
    """W ~ N(0, 1) x 0.01, as in the shallow networks of articles A and D."""
    return rng.standard_normal((n_out, n_in)) * 0.01


def uniform_001(rng: np.random.RandomState, n_out: int, n_in: int) -> Array:
    """W ~ U(0, 1) x 0.01, as in article C: all positive, so that deep layers start nearly alike."""
    return rng.random_sample((n_out, n_in)) * 0.01


def zeros(rng: np.random.RandomState, n_out: int, n_in: int) -> Array:
    """W = 0: right for a single neuron; with hidden layers all units of a layer stay identical."""
    return np.zeros((n_out, n_in))


INITIALIZERS: dict[str, Initializer] = {
    "he": he,
    "lecun": lecun,
    "xavier": xavier,
    "normal_0.01": normal_001,
    "uniform_0.01": uniform_001,
    "zeros": zeros,
}


def get_initializer(init: str | Initializer) -> Initializer:
    """Return an initializer by name, or the function itself."""
    if callable(init):
        return init
    if init not in INITIALIZERS:
        raise unknown_name("initializer", init, INITIALIZERS)
    return INITIALIZERS[init]
