"""Learning rates over time: each schedule is a frozen setting, called with the time in epochs.

schedule(t, epochs) is the rate at time t (2.5 is halfway through the third epoch) of a run of `epochs` epochs.
A new schedule is one class and one row of `SCHEDULES`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pellucid.errors import InputError

Schedule = Callable[[float, int], float]


def _raise_if(wrong: bool, name: str, expected: str, got: object) -> None:
    if wrong:
        raise InputError(f"{name} of a schedule must be {expected}, got {got!r}.")


class _Rated:
    """What the schedules that start from a rate share: the rate is checked."""

    rate: float

    def __post_init__(self) -> None:
        good = isinstance(self.rate, int | float | np.floating) and not isinstance(self.rate, bool)
        _raise_if(not good or not 0 < self.rate < math.inf, "rate", "a positive number", self.rate)


@dataclass(frozen=True)
class Constant(_Rated):
    """rate.

    >>> Constant(0.01)(3, 10)
    0.01
    """

    rate: float

    def __call__(self, t: float, epochs: int) -> float:
        return self.rate


@dataclass(frozen=True)
class Step(_Rated):
    """rate x factor^floor(t / every): a drop after each `every` epochs.

    >>> [Step(1.0, factor=0.5, every=10)(t, 30) for t in (0, 9.9, 10, 20)]
    [1.0, 1.0, 0.5, 0.25]
    """

    rate: float
    factor: float = 0.5
    every: float = 50

    def __post_init__(self) -> None:
        super().__post_init__()
        _raise_if(not self.factor > 0, "factor", "above 0", self.factor)
        _raise_if(not self.every > 0, "every", "a number of epochs above 0", self.every)

    def __call__(self, t: float, epochs: int) -> float:
        return self.rate * float(self.factor ** (t // self.every))


@dataclass(frozen=True)
class Exponential(_Rated):
    """rate x factor^t: falls by the same share in each epoch.

    >>> Exponential(1.0, factor=0.5)(2, 10)
    0.25
    """

    rate: float
    factor: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        _raise_if(not self.factor > 0, "factor", "above 0", self.factor)

    def __call__(self, t: float, epochs: int) -> float:
        return self.rate * float(self.factor**t)


@dataclass(frozen=True)
class Cosine(_Rated):
    """last + (rate - last) (1 + cos(pi t / epochs)) / 2: slow, fast, slow (Loshchilov and Hutter 2017).

    >>> [round(Cosine(1.0)(t, 10), 2) for t in (0, 5, 10)]
    [1.0, 0.5, 0.0]
    """

    rate: float
    last: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _raise_if(not self.last >= 0, "last", "0 or more", self.last)

    def __call__(self, t: float, epochs: int) -> float:
        return self.last + (self.rate - self.last) * (1 + math.cos(math.pi * min(t / epochs, 1.0))) / 2


@dataclass(frozen=True)
class WarmUp:
    """then(0) x (t + 1/8) / (over + 1/8), rising for `over` epochs, and then the schedule `then` for the others.

    >>> schedule = WarmUp(Constant(1.0), over=2)
    >>> [round(schedule(t, 10), 2) for t in (0, 1, 2, 9)]
    [0.06, 0.53, 1.0, 1.0]
    """

    then: Schedule
    over: float = 5

    def __post_init__(self) -> None:
        _raise_if(not self.over > 0, "over", "a number of epochs above 0", self.over)

    def __call__(self, t: float, epochs: int) -> float:
        if t < self.over:
            return self.then(0, epochs) * (t + 0.125) / (self.over + 0.125)
        return self.then(t - self.over, max(epochs - int(self.over), 1))


SCHEDULES = {"constant": Constant, "step": Step, "exponential": Exponential, "cosine": Cosine}


def get_schedule(rate: float | Schedule) -> Schedule:
    """Return a schedule as it is, or a number as `Constant`."""
    if callable(rate):
        return rate
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.floating) or not 0 < rate < math.inf:
        raise InputError(f"learning_rate must be a positive number or a schedule such as Cosine(0.01), got {rate!r}.")
    return Constant(float(rate))
