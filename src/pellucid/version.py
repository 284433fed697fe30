"""The version of this release, and the versions that a trained model is stamped with."""

import platform

__version__ = "0.1.0"


def versions() -> dict[str, str]:
    """Return the versions of all that has a say in a model's numbers.

    >>> sorted(versions())
    ['numpy', 'pellucid', 'pillow', 'python', 'scikit-learn']
    """
    from importlib.metadata import version  # takes longer than all else that `import pellucid` does

    libraries = {name: version(name) for name in ("numpy", "pillow", "scikit-learn")}
    return {"pellucid": __version__, "python": platform.python_version(), **libraries}
