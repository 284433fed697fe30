"""The version of this release, and the versions that a trained model is stamped with."""

import platform

import numpy as np

__version__ = "0.1.0"


def versions() -> dict[str, str]:
    """Return the versions of all that has a say in a model's numbers.

    >>> sorted(versions())
    ['numpy', 'pellucid', 'python']
    """
    return {"pellucid": __version__, "python": platform.python_version(), "numpy": np.__version__}
