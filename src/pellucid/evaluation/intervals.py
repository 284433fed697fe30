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

    G = n^2 / sum_g n_g^2, v = G/(G - 1) sum_g (sum_{i in g} (r_i - mean r))^2 / n^2
    n' = mean (r - mean r)^2 / v (t_n-1 / t_G-1)^2, at most n; without groups n' = n

    Ten pictures of one scene that are right or wrong together count as one, and few groups as even fewer: how much
    they differ is known from few. G counts groups of unequal size as fewer equal ones. Where no row differs, the groups
    count: n' = G (t_n-1 / t_G-1)^2.

    right: (n,) 1 or 0, the share of repeats in which a row was right, or the difference of two such.
    groups: (n,) or None.

    >>> round(independent_rows(np.repeat([1, 1, 1, 0], 5), np.repeat(["a", "b", "c", "d"], 5)), 2)
    1.37

    The design effect of clusters (Kish 1965); their degrees of freedom: Korn and Graubard 1998.
    """
    n, off = len(right), right - np.mean(right)
    if groups is None:
        return float(n)
    members = np.unique(groups, return_inverse=True)[1]
    many = effective_groups(members)
    variance = float((np.bincount(members, off) ** 2).sum()) / n**2
    few = (t_quantile(n - 1) / t_quantile(many - 1)) ** 2
    if variance <= 1e-20:  # rounding of nothing
        return many * few
    small = (many - 1) / many * n / (n - 1)  # 1 where every row is a group of its own
    return min(float(n), float((off**2).mean()) / variance * small * few)


def effective_groups(groups: np.ndarray) -> float:
    """Return the number of groups of equal size that groups (n,) count as: n^2 / sum_g n_g^2 (Kish 1965).

    >>> effective_groups(np.array([0, 0, 1, 1])), effective_groups(np.array([0, 0, 0, 1]))
    (2.0, 1.6)
    """
    sizes = np.unique(groups, return_counts=True)[1]
    return float(len(groups) ** 2 / (sizes**2).sum())


def t_quantile(freedom: float, level: float = 0.95) -> float:
    """Return the t that |t| of Student's distribution stays below with probability `level`; freedom: at least 1.

    P(|T| < sqrt(f) tan a) = c integral_0^a cos^(f - 1)

    >>> [round(t_quantile(freedom), 2) for freedom in (1, 5, 19, 1e5)]
    [12.71, 2.57, 2.09, 1.96]
    """
    freedom = max(1.0, freedom)
    widest = min(math.pi / 2, 12 / math.sqrt(freedom))
    edges = np.linspace(0, widest, 4001)
    below = np.append(0, np.cumsum(np.cos((edges[1:] + edges[:-1]) / 2) ** (freedom - 1)))
    return math.sqrt(freedom) * math.tan(float(np.interp(level * below[-1], below, edges)))
