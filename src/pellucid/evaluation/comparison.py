"""Whether one classifier is better than another on the same rows, or only luckier.

Only the rows on which they differ tell: if neither were better, each of them would be a fair coin.
"""

from dataclasses import dataclass

import numpy as np

from pellucid.errors import InputError

CREDIBLE = 0.05  # a mid-p below this is called credible
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
    p: McNemar's mid-p.  credibly_better: p < 0.05 and more right.  credibly_worse: p < 0.05 and fewer right.
    """

    than: str
    right: int
    others: int
    n: int
    p: float
    credibly_better: bool
    credibly_worse: bool

    def sentence(self) -> str:
        """Return what was found in one line.

        >>> compare(np.array([1, 1, 0]), np.array([1, 0, 1]), "always saying the majority").sentence()
        'Not credibly better than always saying the majority: 2 against 2 of 3 right, p = 0.75.'
        """
        found = "Credibly better" if self.credibly_better else "Not credibly better"
        found = "Credibly worse" if self.credibly_worse else found
        return f"{found} than {self.than}: {self.right} against {self.others} of {self.n} right, {p_in_words(self.p)}."


def compare(right: np.ndarray, others: np.ndarray, than: str = "the other", tried: int = 1) -> Comparison:
    """Return the comparison of two classifiers by which rows (n,) each has right.

    It takes the rows as independent: where they come in groups that are right or wrong together, p is too small.

    than: the second one, in words.  tried: of how many candidates the first is the best; p must then be below
    0.05 / tried to be credible (Bonferroni).
    """
    right, others = np.asarray(right, bool), np.asarray(others, bool)
    if right.shape != others.shape:
        raise InputError(f"both must be scored on the same rows; got {len(right)} and {len(others)} of them.")
    only_first, only_second = int((right & ~others).sum()), int((others & ~right).sum())
    p = mcnemar_mid_p(only_first, only_second)
    return Comparison(
        than=than,
        right=int(right.sum()),
        others=int(others.sum()),
        n=len(right),
        p=p,
        credibly_better=p < CREDIBLE / tried and only_first > only_second,
        credibly_worse=p < CREDIBLE / tried and only_first < only_second,
    )


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


def p_in_words(p: float) -> str:
    """Return p as one prints it.

    >>> p_in_words(0.0391), p_in_words(0.00001)
    ('p = 0.039', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
