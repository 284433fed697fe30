"""Whether two parts of the data hold the classes in different shares, more so than chance divides them.

Then an accuracy on one says little about the other: a network that learned "mostly cats" is punished for it.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.evaluation.comparison import p_in_words

DRAWS = 9999  # random divisions that the real one is held against
TOLD_BELOW = 0.01  # its share among them, p; and the shares of some class must differ by at least
LEAST_DIFFERENCE = 0.05


@dataclass(frozen=True)
class ClassShift:
    """The shares of the classes in two parts.

    first, second: shares by class.  p: how seldom a random division of the same rows is as uneven.
    shifted: p < 0.01, and some class's shares differ by 0.05 or more.
    """

    first: dict[str, float]
    second: dict[str, float]
    parts: tuple[str, str]
    p: float
    shifted: bool

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, as JSON takes them."""
        return asdict(self)

    def sentence(self) -> str | None:
        """Return what was found in one line, None where the classes are mixed alike."""
        if not self.shifted:
            return None
        rising = {name: self.second[name] - share for name, share in self.first.items()}
        name = max(rising, key=lambda name: (round(abs(rising[name]), 9), rising[name]))
        return (
            f"{self.first[name]:.0%} {name} in {self.parts[0]}, {self.second[name]:.0%} in {self.parts[1]} "
            f"({p_in_words(self.p)}): the class shares differ, so look at the balanced accuracy."
        )


def class_shift(
    first: np.ndarray,
    second: np.ndarray,
    class_names: tuple[str, ...],
    rng: np.random.Generator,
    parts: tuple[str, str] = ("training", "test"),
) -> ClassShift:
    """Return how the shares of the classes differ between two parts, given the codes (n,) of each.

    T = sum_k (o_k - e_k)^2 / e_k, o_k: rows of class k in the second part, e_k: its share of the class as a whole
    p = (1 + number of random divisions with T as large) / (1 + number of them)

    It is exact whatever the numbers, but for the draws (p is never below 0.0001).

    rng: draws the random divisions.

    >>> shift = class_shift(np.repeat([0, 1], [137, 72]), np.repeat([0, 1], [17, 33]), ("other", "cat"),
    ...                     np.random.default_rng(0))
    >>> shift.sentence()
    '34% cat in training, 66% in test (p < 0.001): the class shares differ, so look at the balanced accuracy.'

    Pearson's statistic by permutation (Good 2000; for the 1 in p: Phipson and Smyth 2010).
    """
    if len(first) == 0 or len(second) == 0:
        raise InputError("one of the parts to be compared has no rows.")
    k = len(class_names)
    counts = np.bincount(first, minlength=k), np.bincount(second, minlength=k)
    together = counts[0] + counts[1]
    expected = (together * (len(second) / together.sum()))[together > 0]
    drawn = rng.multivariate_hypergeometric(together[together > 0], len(second), DRAWS, method="marginals")
    uneven = ((drawn - expected) ** 2 / expected).sum(axis=1)  # (DRAWS,)
    seen = float(((counts[1][together > 0] - expected) ** 2 / expected).sum())
    p = float((1 + (uneven >= seen * (1 - 1e-9)).sum()) / (1 + DRAWS))
    shares = [c / c.sum() for c in counts]
    return ClassShift(
        first=dict(zip(class_names, shares[0].tolist(), strict=True)),
        second=dict(zip(class_names, shares[1].tolist(), strict=True)),
        parts=parts,
        p=p,
        shifted=p < TOLD_BELOW and float(np.abs(shares[0] - shares[1]).max()) >= LEAST_DIFFERENCE,
    )
