"""An axis: from values to places on a drawing, with ticks at round numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MINUS = "\N{MINUS SIGN}"
HUGE = 1e300  # beyond it, differences and margins would overflow


@dataclass(frozen=True)
class Axis:
    """Values low to high at places start to end; log = in equal steps for equal factors."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def places(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return where the values lie.

        >>> Axis(0, 10, 100, 200).places([0, 5])
        array([100., 150.])
        >>> Axis(1, 100, 0, 2, log=True).places([1, 10])
        array([0., 1.])
        """
        low, high, these = self.low, self.high, np.asarray(values, dtype=float)
        if self.log:
            low, high, these = math.log10(low), math.log10(high), np.log10(these)
        return self.start + (these - low) / (high - low) * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """Return round values within the axis, about `most` of them at most.

        >>> Axis(0, 10, 0, 1).ticks(6)
        [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
        >>> Axis(0.004, 30, 0, 1, log=True).ticks(6)
        [0.01, 0.1, 1.0, 10.0]
        """
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            if last - first >= 1:
                return [float(f"1e{power}") for power in range(first, last + 1, -(-(last - first + 1) // most))]
        step = _round_step((self.high - self.low) / max(most - 1, 1))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [float(f"{multiple * step:.12g}") for multiple in range(first, last + 1)]


def told(tick: float) -> str:
    """Return a tick as text, with a true minus sign.

    >>> told(-0.5), told(2000.0), told(1e-7)
    ('−0.5', '2,000', '1e−7')
    """
    text = f"{tick:,.0f}" if 1000 <= abs(tick) < 1e6 and tick == round(tick) else f"{tick:.6g}"
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", MINUS)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= 0.9 * rough)
