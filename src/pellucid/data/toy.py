"""Data that needs no file: 400 points in the plane, the same in every run, and handwritten digits.

The flower is drawn exactly as in the article on planar data; the others are scikit-learn's.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.data.arrays import Pair, splits_of
from pellucid.data.dataset import Splits
from pellucid.errors import unknown_name

POINTS = 400


def flower(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return the points (400, 2) and labels of the flower: four petals, two classes that share them.

    seed: 1 is the article's flower, another one draws fresh points of the same kind.
    """
    rng = np.random.RandomState(seed)
    half = POINTS // 2
    petals = []
    for label in (0, 1):
        angle = np.linspace(3.12 * label, 3.12 * (label + 1), half) + 0.2 * rng.standard_normal(half)
        radius = 4 * np.sin(4 * angle) + 0.2 * rng.standard_normal(half)
        petals.append(np.column_stack([radius * np.sin(angle), radius * np.cos(angle)]))
    return np.concatenate(petals), np.repeat([0, 1], half)


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
    "moons": _from_sklearn("make_moons", noise=0.2),
    "circles": _from_sklearn("make_circles", noise=0.1, factor=0.5),
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
