"""Data that needs no file: points in the plane, the same for the same seed, and handwritten digits.

The flower is drawn exactly as in the article on planar data, the spirals are ours; the others are scikit-learn's.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.data.dataset import Splits
from pellucid.data.readers.arrays import Pair, splits_of
from pellucid.errors import unknown_name

POINTS = 400


def flower(seed: int = 1, points: int = POINTS, noise: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Return the points (n, 2) and labels of the flower: four petals, two classes that share them.

    seed: 1 is the article's flower, another one draws fresh points of the same kind.
    """
    rng = np.random.RandomState(seed)
    petals, labels = [], []
    for label, n in enumerate((points - points // 2, points // 2)):
        angle = np.linspace(3.12 * label, 3.12 * (label + 1), n) + noise * rng.standard_normal(n)
        radius = 4 * np.sin(4 * angle) + noise * rng.standard_normal(n)
        petals.append(np.column_stack([radius * np.sin(angle), radius * np.cos(angle)]))
        labels.append(np.full(n, label))
    return np.concatenate(petals), np.concatenate(labels)


def moons(seed: int = 1, points: int = POINTS, noise: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Return the points (n, 2) and labels of two half moons that reach into each other."""
    from sklearn.datasets import make_moons

    X, y = make_moons(points, noise=noise, random_state=seed)
    return X, y


def circles(seed: int = 1, points: int = POINTS, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Return the points (n, 2) and labels of two circles, class 1 the inner one."""
    from sklearn.datasets import make_circles

    X, y = make_circles(points, noise=noise, factor=0.5, random_state=seed)
    return X, y


def spirals(seed: int = 1, points: int = POINTS, noise: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Return the points (n, 2) and labels of three arms of a spiral: radius 2 t, angle 4 t + 2 pi / 3 x class + noise.

    >>> [len(array) for array in spirals(points=100)]
    [100, 100]
    """
    rng, arms = np.random.RandomState(seed), 3
    y = np.sort(np.arange(points) % arms)
    t = np.concatenate([np.linspace(0.05, 1, n) for n in np.bincount(y, minlength=arms)])
    angle = 4 * t + 2 * np.pi / arms * y + noise * rng.standard_normal(points)
    return np.column_stack([2 * t * np.sin(angle), 2 * t * np.cos(angle)]), y


def _from_sklearn(maker: str, **settings: Any) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    def make() -> tuple[np.ndarray, np.ndarray]:
        from sklearn import datasets

        X, y = getattr(datasets, maker)(n_samples=POINTS, random_state=1, **settings)
        return X, y

    return make


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return 1,797 handwritten digits (n, 8, 8), grey levels 0 to 255, and which digit each is (UCI, real data)."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return np.rint(X * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8), y


TOYS: dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]] = {
    "flower": flower,
    "moons": moons,
    "circles": circles,
    "spirals": spirals,
    "blobs": _from_sklearn("make_blobs", centers=3),
    "quantiles": _from_sklearn("make_gaussian_quantiles", n_features=2, n_classes=2),
    "digits": digits,
}


def read(name: str) -> Splits:
    """Return the data set of one toy.

    >>> read("flower").train.counts()
    {'0': 200, '1': 200}
    """
    if name not in TOYS:
        raise unknown_name("toy data set", name, TOYS)
    X, y = TOYS[name]()
    source = f"toy:{name}"
    return splits_of({"train": Pair(X, y, source)}, source)
