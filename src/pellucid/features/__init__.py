"""Features: from a raw sample to an input vector, fitted on training rows only, kept with the model.

A feature has n_out, transform, metadata, arrays and restore: one class and one row of `FEATURES`.
"""

from typing import TypeAlias

from pellucid.features.numbers import Numbers
from pellucid.features.pixels import Pixels

Features: TypeAlias = Pixels | Numbers

FEATURES: dict[str, type[Pixels] | type[Numbers]] = {"pixels": Pixels, "numbers": Numbers}

__all__ = ["FEATURES", "Features", "Numbers", "Pixels"]
