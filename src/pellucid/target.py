"""Target: the number that a regression predicts, its name, and its mean and scale over the training rows.

A network learns standardised targets; then its last layer takes over the way back, so that it answers in their units,
wherever it is used.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.features.numbers import mean_and_scale
from pellucid.nn import Network


@dataclass(frozen=True)
class Target:
    """What is predicted: y = mean + scale y', y' of mean 0 and deviation 1 over the training rows.

    >>> target = Target.fitted("price", np.array([10.0, 30.0]))
    >>> target.standardised(np.array([30.0])).tolist()
    [[1.0]]
    """

    name: str
    mean: float
    scale: float

    @classmethod
    def fitted(cls, name: str, y: np.ndarray) -> "Target":
        """Return the target of training rows, y (n,); the scale of constant ones is 1."""
        (mean,), (scale,) = mean_and_scale(y[:, None], [name])
        return cls(name, float(mean), float(scale))

    def standardised(self, y: np.ndarray) -> np.ndarray:
        """Return y (n,) as a network learns it, y' (n, 1)."""
        return ((y - self.mean) / self.scale)[:, None]

    def in_units(self, network: Network) -> Network:
        """Return the network with answers in the units of y, of one that answers y'.

        W <- scale W, b <- mean + scale b in its last layer, which is linear.
        """
        network = network.copy()
        last = network.dense[-1]
        last.W *= self.scale
        last.b *= self.scale
        last.b += self.mean
        return network

    def metadata(self) -> dict[str, Any]:
        """Return what a model file stores."""
        return asdict(self)

    @classmethod
    def restore(cls, metadata: Mapping[str, Any]) -> "Target":
        """Return the target that `metadata` describes, or raise InputError where it cannot be one."""
        target = cls(**metadata)
        numbers = (target.mean, target.scale)
        sound = isinstance(target.name, str) and all(isinstance(n, float) and math.isfinite(n) for n in numbers)
        if not sound or target.scale <= 0:
            raise InputError("its target is none")
        return target
