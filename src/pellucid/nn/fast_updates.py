"""What makes the updates of large networks fast: skip this on first reading.

`optimizers.py` has the formula of each rule. This file applies it block by block, so that the numbers stay in the
processor's cache, and keeps a rule's memory free of numbers too small to compute with quickly. For Adam it also has the
same formula in one pass over memory, compiled by numba where it is installed (the extra `fast`).
"""

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Slots = dict[str, Array]

BLOCK = 2**15  # numbers updated together
FLUSH_EVERY = 64  # steps
VANISHED = {"float32": 1e-30, "float64": 1e-300}  # a memory this small moves no parameter


def in_blocks(
    update: Callable[[Array, Array, Slots, float], None],
    p: Array,
    g: Array,
    slots: Slots,
    rate: float,
    vectors: Sequence[str],
) -> None:
    """Call update(p, g, slots, rate) for one block of numbers after another.

    vectors: the names of the slots that have a number for each of p.
    """
    for start in range(0, p.size, BLOCK):
        block = slice(start, start + BLOCK)
        update(p[block], g[block], slots | {name: slots[name][block] for name in vectors}, rate)


def flush_vanished(slots: Slots, vectors: Sequence[str]) -> None:
    """Set what has decayed to almost nothing to 0, in place, once in `FLUSH_EVERY` steps.

    Where a unit no longer gets a gradient, its memory decays below the smallest normal number. Processors compute up to
    a hundred times slower with such numbers.
    """
    if not vectors or slots["steps"] % FLUSH_EVERY:
        return
    for memory in (slots[name] for name in vectors):
        for start in range(0, memory.size, BLOCK):
            block = memory[start : start + BLOCK]
            block[np.abs(block) < VANISHED[memory.dtype.name]] = 0


def adam_in_one_pass(p: Array, g: Array, m: Array, s: Array, constants: Sequence[float]) -> bool:
    """Update p, m and s in place as `Adam.update` does; return False, without a change, where there is no numba.

    constants: beta1, beta2, step and epsilon of `Adam.update`.
    """
    update = compiled_adam()
    if update is None:
        return False
    beta1, beta2, step, epsilon = constants
    numbers = (beta1, 1 - beta1, beta2, 1 - beta2, step, epsilon)
    update(p, g, m, s, tuple(p.dtype.type(number) for number in numbers))  # or float32 is computed in float64
    return True


@cache
def compiled_adam() -> Callable[[Array, Array, Array, Array, tuple[np.floating, ...]], None] | None:
    """Return the compiled loop, or None where there is no numba; compiling takes a third of a second, once a process.

    NumPy makes some twelve passes for the same formula.
    """
    try:
        from numba import njit
    except ImportError:
        return None
    return njit(_adam, error_model="numpy")


def _adam(p: Array, g: Array, m: Array, s: Array, numbers: tuple[Any, ...]) -> None:
    beta1, rest1, beta2, rest2, step, epsilon = numbers
    for i in range(p.size):
        m[i] = beta1 * m[i] + rest1 * g[i]
        s[i] = beta2 * s[i] + rest2 * g[i] * g[i]
        p[i] -= step * m[i] / (math.sqrt(s[i]) + epsilon)
