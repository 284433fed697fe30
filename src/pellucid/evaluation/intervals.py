"""How far a measured share may lie from the truth, because it was measured on so many rows and no more."""

import math

import numpy as np


def wilson_interval(right: float, n: float, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return the interval of a share of `right` in n (Wilson 1927), 95% by default.

    centre = (p + z^2/2n) / (1 + z^2/n), half width = z / (1 + z^2/n) sqrt(p (1 - p)/n + z^2/4n^2)

    >>> [round(bound, 3) for bound in wilson_interval(40, 50)]
    [0.67, 0.888]
    """
    p, shrink = right / n, 1 + z * z / n
    centre = (p + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def difference_interval(
    only_first: float, only_second: float, n: float, z: float = 1.959963984540054
) -> tuple[float, float]:
    """Return the interval of the difference of two shares of the same n rows, 95% by default.

    only_first, only_second: the rows that only the first, and only the second, has right
    p = (only_first + 1) / (n + 2), q = (only_second + 1) / (n + 2):  p - q -+ z sqrt((p + q - (p - q)^2) / (n + 2))

    >>> [round(bound, 3) for bound in difference_interval(12, 5, 100)]
    [-0.014, 0.151]

    The adjusted interval of Bonett and Price 2012.
    """
    p, q = (only_first + 1) / (n + 2), (only_second + 1) / (n + 2)
    half = z * math.sqrt((p + q - (p - q) ** 2) / (n + 2))
    return p - q - half, p - q + half


def independent_rows(right: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Return how many independent rows tell as much about a mean as these n rows, which come in groups.

    n' = mean (r - mean r)^2 / v, v = sum_g (sum_{i in g} (r_i - mean r))^2 / n^2, at most n; without groups n' = n.
    Ten pictures of one scene that are right or wrong together count as one. Where no row differs, n' is the number of
    groups.

    right: (n,) 1 or 0, the share of repeats in which a row was right, or the difference of two such.
    groups: (n,) or None.

    >>> independent_rows(np.array([1, 1, 1, 0, 0, 0]), np.array(["a", "a", "a", "b", "b", "b"]))
    2.0

    The design effect of clusters (Kish 1965).
    """
    n, off = len(right), right - np.mean(right)
    if groups is None:
        return float(n)
    names, members = np.unique(groups, return_inverse=True)
    variance = float((np.bincount(members, off) ** 2).sum()) / n**2
    if variance == 0:
        return float(len(names))
    return min(float(n), float((off**2).mean()) / variance)
