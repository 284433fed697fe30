"""The version of this release, and the versions that a trained model is stamped with."""

import platform
from contextlib import suppress

__version__ = "0.1.0"


def versions() -> dict[str, str]:
    """Return the versions of all that has a say in a model's numbers.

    >>> sorted(set(versions()) - {"numba", "onnxruntime"})  # these only where they are installed
    ['numpy', 'pellucid', 'pillow', 'python', 'scikit-image', 'scikit-learn']
    """
    from importlib.metadata import PackageNotFoundError, version  # longer than all else that `import pellucid` does

    libraries = {name: version(name) for name in ("numpy", "pillow", "scikit-image", "scikit-learn")}
    for name in ("numba", "onnxruntime"):
        with suppress(PackageNotFoundError):
            libraries[name] = version(name)
    return {"pellucid": __version__, "python": platform.python_version(), **libraries}
