"""Adam's update in one pass over memory, compiled by numba where it is installed (the extra `fast`).

NumPy makes some twelve passes for the same formula, in `optimizers.Adam`, which stays the reference and the default.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def _adam(p: Array, g: Array, m: Array, s: Array, numbers: tuple[Any, ...]) -> None:
    beta1, rest1, beta2, rest2, step, epsilon = numbers
    for i in range(p.size):
        m[i] = beta1 * m[i] + rest1 * g[i]
        s[i] = beta2 * s[i] + rest2 * g[i] * g[i]
        p[i] -= step * m[i] / (math.sqrt(s[i]) + epsilon)


@cache
def adam() -> Callable[[Array, Array, Array, Array, tuple[np.floating, ...]], None] | None:
    """Return the compiled update, or None where there is no numba; compiling takes a third of a second, once a process.

    update(p, g, m, s, (beta1, 1 - beta1, beta2, 1 - beta2, step, epsilon)) changes p, m and s in place; the numbers
    have the type of p, else float32 would be computed in float64.
    """
    try:
        from numba import njit
    except ImportError:
        return None
    return njit(_adam, error_model="numpy")
