"""TrainingRange: the smallest and largest number of each column in the training rows, and what lies outside later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

MARGIN = 0.1  # of the range; a number that is only this far outside is no news
NAMED = 8  # columns that get a sentence of their own


@dataclass(frozen=True, eq=False)
class TrainingRange:
    """The range of each of d columns of numbers: low, high (d,), missing values apart.

    >>> known = TrainingRange.fit(np.array([[1.0, 7.0], [3.0, 7.0]]))
    >>> known.without_constants(np.array([[2.0, 9.0]])).tolist()
    [[2.0, 7.0]]
    >>> known.notes(("age", "year"), np.array([[30.0, 7.0]]))
    ["'age' is 30 in 1 row, outside the training range of 1 to 3"]
    """

    low: np.ndarray
    high: np.ndarray

    @classmethod
    def fit(cls, N: np.ndarray) -> Self:
        """Return the range of training numbers N (n, d), each column of which has a value."""
        return cls(np.nanmin(N, axis=0), np.nanmax(N, axis=0))

    def without_constants(self, N: np.ndarray) -> np.ndarray:
        """Return numbers (n, d) in which a column that never varied in training has the value that it had there.

        Nothing was learned of such a column: its weights are those of the random start, and must have no say.
        """
        constant = self.low == self.high
        return np.where(constant, self.low, N) if constant.any() else N

    def notes(self, names: Sequence[str], N: np.ndarray) -> list[str]:
        """Return a sentence for each column with numbers outside its training range by more than a tenth of it."""
        with np.errstate(over="ignore"):
            beyond = np.maximum(N - self.high, self.low - N)  # (n, d); NaN where the value is missing
            outside = beyond > MARGIN * (self.high - self.low)
        found = []
        for column in np.flatnonzero(outside.any(axis=0)):
            name, low, high = names[int(column)], self.low[column], self.high[column]
            rows = np.flatnonzero(outside[:, column])
            furthest = f"{N[rows[beyond[rows, column].argmax()], column]:.6g}"
            seen = f"{furthest} in 1 row" if len(rows) == 1 else f"as far as {furthest} in {len(rows):,} rows"
            if low == high:
                found.append(f"{name!r} was always {low:.6g} in training, so it has no influence; it is {seen}")
            else:
                found.append(f"{name!r} is {seen}, outside the training range of {low:.6g} to {high:.6g}")
        more = len(found) - NAMED
        return [*found[:NAMED], *([f"{more} more columns hold numbers outside their training ranges"] * (more > 0))]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file stores."""
        return {"low": self.low, "high": self.high}

    @classmethod
    def restore(cls, arrays: Mapping[str, np.ndarray]) -> Self | None:
        """Return the range in the arrays of a model file; None in files of earlier releases."""
        return cls(arrays["low"], arrays["high"]) if "low" in arrays else None
