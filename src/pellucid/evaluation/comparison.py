"""Whether one classifier is better than another on the same rows, or only luckier.

Only the rows on which they differ tell: if neither were better, each of them would be a fair coin. Rows of one group
are one coin together.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import InputError

CREDIBLE = 0.05  # a mid-p below this is called credible
LEAST_GROUPS = 6  # of fewer, all on one side are no proof: 2 / 2^5 > CREDIBLE
IN_WORDS = {
    "majority": "always saying the majority",
    "mean": "always saying the mean",
    "no_hidden_layer": "a net without a hidden layer",
    "file_facts": "file metadata alone",
}


@dataclass(frozen=True)
class Comparison:
    """The first classifier against the second, on the same n rows.

    than: the second one, in words.  right, others: the rows that the first and the second have right.
    p: McNemar's mid-p, of sign flips where rows come in groups.  credibly_better: p < 0.05 and more right;
    credibly_worse: p < 0.05 and fewer right; neither with fewer than 6 groups.  groups: how many; None without them.
    """

    than: str
    right: int
    others: int
    n: int
    p: float
    credibly_better: bool
    credibly_worse: bool
    groups: int | None = None

    def sentence(self) -> str:
        """Return what was found in one line.

        >>> compare(np.array([1, 1, 0]), np.array([1, 0, 1]), "always saying the majority").sentence()
        'Not credibly better than always saying the majority: 2 against 2 of 3 right, p = 0.75.'
        """
        return f"{verdict(self)}: {self.right} against {self.others} of {self.n} right{evidence(self.p, self.groups)}."


def compare(
    right: np.ndarray,
    others: np.ndarray,
    than: str = "the other",
    tried: int = 1,
    groups: np.ndarray | None = None,
    others_tried: int = 1,
) -> Comparison:
    """Return the comparison of two classifiers by which rows (n,) each has right.

    than: the second one, in words.  tried: of how many candidates the first is the best; p must then be below
    0.05 / tried to be credible (Bonferroni).  others_tried: of how many the second is the best; credibly worse is then
    below 0.05 / (tried others_tried).
    groups: (n,) or None; rows of one group count as one trial (`sign_flip_mid_p`).
    """
    right, others = np.asarray(right, bool), np.asarray(others, bool)
    if right.shape != others.shape:
        raise InputError(f"both must be scored on the same rows; got {len(right)} and {len(others)} of them.")
    p, better, worse, many = paired(right.astype(int) - others, groups, tried, others_tried)
    return Comparison(
        than=than,
        right=int(right.sum()),
        others=int(others.sum()),
        n=len(right),
        p=p,
        credibly_better=better,
        credibly_worse=worse,
        groups=many,
    )


def paired(
    difference: np.ndarray, groups: np.ndarray | None, tried: int = 1, others_tried: int = 1
) -> tuple[float, bool, bool, int | None]:
    """Return p, whether the first is credibly better, or worse, and the number of groups.

    difference: (n,) 1 where only the first is good, -1 where only the second is, else 0.  The rest is as in `compare`.
    """
    total, many = int(difference.sum()), None
    if groups is None:
        p = mcnemar_mid_p(int((difference > 0).sum()), int((difference < 0).sum()))
    else:
        members = np.unique(groups, return_inverse=True)[1]
        by_group = np.bincount(members, difference).astype(int)
        p, many = sign_flip_mid_p(by_group), len(by_group)
    enough = many is None or many >= LEAST_GROUPS
    better, worse = p < CREDIBLE / tried and total > 0, p < CREDIBLE / (tried * others_tried) and total < 0
    return p, enough and better, enough and worse, many


def sign_flip_mid_p(differences: np.ndarray) -> float:
    """Return the mid-p of the sum of differences (groups,) of whole numbers, if each had either sign by a fair coin.

    T = |sum_g d_g|, T' = |sum_g +-d_g|:  mid-p = P(T' > T) + P(T' = T) / 2; 1 where all d_g = 0

    Exact for any number of groups; with one row a group it is McNemar's mid-p.

    >>> sign_flip_mid_p(np.array([3, 2, 4, 1, 5, 2])), round(sign_flip_mid_p(np.array([1, -1, 1, 1, 1, 1, 1, 1])), 4)
    (0.015625, 0.0391)

    Fisher's randomisation test of pairs (1935).
    """
    sizes = np.sort(np.abs(differences[differences != 0]))
    if len(sizes) == 0:
        return 1.0
    chance = np.ones(1)  # of each sum from -(sizes so far) to +(sizes so far)
    for size in sizes.tolist():
        flipped = np.zeros(len(chance) + 2 * size)
        flipped[: len(chance)] = chance / 2
        flipped[2 * size :] += chance / 2
        chance = flipped
    sums, seen = np.abs(np.arange(len(chance)) - int(sizes.sum())), abs(int(differences.sum()))
    return float(chance[sums > seen].sum() + chance[sums == seen].sum() / 2)


def mcnemar_mid_p(only_first: int, only_second: int) -> float:
    """Return McNemar's mid-p from the numbers of rows that only the first, and only the second, has right.

    m = only_first + only_second, s the smaller of them, f(x) = binom(m, x) / 2^m
    mid-p = 2 sum_{x <= s} f(x) - f(s), and 1 - f(s)/2 where both are equal; 1 where m = 0

    >>> round(mcnemar_mid_p(1, 7), 4)
    0.0391

    Fagerland, Lydersen and Laake 2013, "The McNemar test for binary matched-pairs data".
    """
    m, smaller = only_first + only_second, min(only_first, only_second)
    if m == 0:
        return 1.0
    ways, below = 1, 0  # whole numbers, so that no size of m overflows or rounds
    for x in range(smaller):
        below += ways
        ways = ways * (m - x) // (x + 1)
    if only_first == only_second:
        return 1 - ways / 2 ** (m + 1)
    return (2 * below + ways) / 2**m


def verdict(found: Any) -> str:
    """Return the verdict of a comparison in words."""
    if found.groups is not None and found.groups < LEAST_GROUPS:
        return f"Too few groups ({found.groups}) to call it better or worse than {found.than}"
    words = "Credibly better" if found.credibly_better else "Not credibly better"
    return f"{'Credibly worse' if found.credibly_worse else words} than {found.than}"


def evidence(p: float, groups: int | None) -> str:
    """Return the number of groups and p, as they follow in the sentence of a comparison.

    >>> evidence(0.0391, None), evidence(0.0391, 8), evidence(0.5, 5)
    (', p = 0.039', ', 8 groups, p = 0.039', '')
    """
    if groups is None:
        return f", {p_in_words(p)}"
    return f", {groups} groups, {p_in_words(p)}" if groups >= LEAST_GROUPS else ""


def p_in_words(p: float) -> str:
    """Return p as one prints it.

    >>> p_in_words(0.0391), p_in_words(0.00001)
    ('p = 0.039', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
