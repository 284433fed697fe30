"""Novelty: how unlike the training samples a new one is, and when that, or doubt, makes the answer "unknown".

A network is often sure about things it has never seen, so the distance to training rows is measured as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.features import Features

REFERENCES = 500  # training rows that are kept, fewer where rows are long:
MOST_NUMBERS, FEWEST = 2**21, 50
NEIGHBOURS = 10
LARGEST = 1e15  # of a number, so that distances are numbers too
BLOCK = 2**22  # numbers that are held at a time


@dataclass(frozen=True)
class RejectionThresholds:
    """A sample gets an answer where its largest probability >= confidence and its novelty <= `novelty`."""

    confidence: float
    novelty: float

    def accepts(self, probabilities: np.ndarray, novelty: np.ndarray) -> np.ndarray:
        """Return whether each sample (n,) gets an answer; the others are "unknown"."""
        return (probabilities.max(axis=1) >= self.confidence) & (novelty <= self.novelty)


@dataclass(frozen=True, eq=False)
class ReferenceSet:
    """Some of the training rows: references (r, d), standardised by their own mean and scale (d,)."""

    references: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, features: Features, R: np.ndarray) -> "ReferenceSet":
        """Return the reference set of raw training features R (n, n_row): all rows, or evenly spaced ones of many."""
        most = min(len(R), REFERENCES, max(FEWEST, MOST_NUMBERS // features.n_out))
        X = _plain(features, R[np.linspace(0, len(R) - 1, most).astype(int)])
        mean, scale = X.mean(axis=0), X.std(axis=0)
        scale[scale <= np.finfo(np.float32).eps * np.abs(X).max(axis=0)] = 1  # the same in all rows, but for rounding
        mean, scale = mean.astype(np.float32), scale.astype(np.float32)
        return cls(_standardised(X, mean, scale), mean, scale)

    def novelty(self, features: Features, R: np.ndarray) -> np.ndarray:
        """Return the distance (n,) of samples, given as raw features, from the reference set.

        novelty = (1/k) sum_j ||x' - r_j||, over the k = 10 references r_j that are nearest to x' = (x - mean) / scale

        Of pictures the plain view counts.

        Distance to nearest neighbours: Angiulli and Pizzuti 2002.
        """
        known = self.references.astype(np.float64)
        k, squares = min(NEIGHBOURS, len(known)), (known**2).sum(axis=1)
        novelty = np.empty(len(R))
        step = max(1, BLOCK // (k * features.n_out))
        for start in range(0, len(R), step):
            X = _plain(features, R[start : start + step])
            x = _standardised(X, self.mean, self.scale).astype(np.float64)
            nearest = np.argpartition(squares - 2 * x @ known.T, k - 1, axis=1)[:, :k]
            distances = np.linalg.norm(x[:, None] - known[nearest], axis=2)  # (n, k), without cancellation
            novelty[start : start + step] = distances.mean(axis=1)
        return novelty

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file stores."""
        return {"known": self.references, "known_mean": self.mean, "known_scale": self.scale}

    @classmethod
    def restore(cls, arrays: Mapping[str, np.ndarray]) -> "ReferenceSet":
        """Return the reference set in the arrays of a model file."""
        return cls(arrays["known"], arrays["known_mean"], arrays["known_scale"])

    def fits(self, features: Features) -> bool:
        """Whether the arrays have the shapes, the type and the signs that rows of such features call for."""
        d = features.n_out
        arrays = (self.references, self.mean, self.scale)
        return (
            self.references.shape == (len(self.references), d)
            and len(self.references) > 0
            and self.mean.shape == self.scale.shape == (d,)
            and all(array.dtype == np.float32 for array in arrays)
            and bool((self.scale > 0).all())
        )


def _plain(features: Features, R: np.ndarray) -> np.ndarray:
    """Return the rows x (n, d), in float64, that a network takes of the plain view of samples."""
    X: Any = features.transform(R, np.float64)[:: len(features.views)]
    return np.clip(X, -LARGEST, LARGEST)


def _standardised(X: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return (X - mean) / scale, rounded to float32 for new rows as for references: a copy has no distance then."""
    return np.clip((X - mean) / scale.astype(np.float64), -LARGEST, LARGEST).astype(np.float32)
