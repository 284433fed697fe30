"""Novelty: how unlike the training samples a new one is, and when that, or doubt, makes the answer "unknown".

A network is often sure about things it has never seen, so the distance to training rows is measured as well.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.features import Features
from pellucid.system.random_streams import stream

REFERENCES = 500  # training rows that are kept, fewer where rows are long:
MOST_NUMBERS, FEWEST = 2**21, 50
NEIGHBOURS, FOLDS = 10, 5
MOST, ALL = (
    0.9,
    0.99,
)  # of new samples of the known kind, such shares are not called unlike most, unlike all of training
OF_ALL, OF_MOST = "all training pictures", "most training pictures"
LEAST_COUNT, LEAST_SHARE = 10, 0.3  # of samples that are unlike most of training; a few are nothing special
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
    """Some of the training rows: references (r, d), standardised by their own mean and scale (d,).

    limits: a sample of greater novelty is unlike most and unlike all training samples; None where none was measured.
    """

    references: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    limits: tuple[float, float] | None = None

    @classmethod
    def fit(cls, features: Features, R: np.ndarray) -> "ReferenceSet":
        """Return the reference set of raw training features R (n, n_row): all rows, or evenly spaced ones of many."""
        X = _plain(features, R[_evenly(len(R), features.n_out)])
        mean, scale = X.mean(axis=0), X.std(axis=0)
        scale[scale <= np.finfo(np.float32).eps * np.abs(X).max(axis=0)] = 1  # the same in all rows, but for rounding
        mean, scale = mean.astype(np.float32), scale.astype(np.float32)
        return cls(_standardised(X, mean, scale), mean, scale)

    @classmethod
    def fit_with_limits(cls, features: Features, R: np.ndarray, groups: np.ndarray | None, seed: int) -> "ReferenceSet":
        """Return the reference set with its limits: 0.9 and 0.99 of held-out training rows are nearer to the others.

        The novelty of each row is measured from the other folds of training rows.
        groups: (n,) or None; rows of one group are in one fold.
        """
        reference = cls.fit(features, R)
        rows = _evenly(len(R), features.n_out)
        members = rows if groups is None else np.unique(groups[rows], return_inverse=True)[1]
        fold = stream(seed, "novelty").permutation(int(members.max()) + 1)[members] % FOLDS
        held = [rows[fold == k] for k in range(FOLDS)]
        rests = [rows[fold != k] for k in range(FOLDS)]
        novelty = [
            cls.fit(features, R[rest]).novelty(features, R[out])
            for out, rest in zip(held, rests, strict=True)
            if len(out) and len(rest)
        ]
        if not novelty:
            return reference
        known = np.concatenate(novelty)
        return replace(reference, limits=(conformal(known, MOST), conformal(known, ALL)))

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
    def restore(cls, arrays: Mapping[str, np.ndarray], limits: tuple[float, float] | None) -> "ReferenceSet":
        """Return the reference set in the arrays of a model file, with its limits."""
        return cls(arrays["known"], arrays["known_mean"], arrays["known_scale"], limits)

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
            and (self.limits is None or (len(self.limits) == 2 and all(map(_is_limit, self.limits))))
        )


def _is_limit(value: Any) -> bool:
    return isinstance(value, float) and 0 <= value < math.inf


def unfamiliar_notes(words: np.ndarray) -> list[str]:
    """Return a sentence for each way in which some of n samples differ from training, the most frequent first.

    Samples that differ from most of training count only where they are many: 10, and three tenths of all.

    words: (n,) as `Model.unfamiliar` gives them.

    >>> unfamiliar_notes(np.array(["", "darker than all training pictures", ""], object))
    ['1 of 3 pictures is darker than all training pictures: its answer may be wrong, however sure it looks']
    """
    least = max(LEAST_COUNT, LEAST_SHARE * len(words))
    counted = Counter(word for word in words.tolist() if word)
    counted = Counter({word: n for word, n in counted.items() if n >= least or not word.endswith(OF_MOST)})
    return [
        f"{count:,} of {len(words):,} pictures "
        + (f"is {word}: its answer" if count == 1 else f"are {word}: their answers")
        + " may be wrong, however sure "
        + ("it looks" if count == 1 else "they look")
        for word, count in counted.most_common()
    ]


def conformal(novelty: np.ndarray, share: float) -> float:
    """Return what a new sample of the same kind stays below with probability `share` or more.

    The ceil(share (n + 1))-th smallest of n novelties; the largest where n is too small for that (split conformal).
    """
    rank = min(len(novelty), math.ceil(share * (len(novelty) + 1)))
    return float(np.sort(novelty)[rank - 1])


def _evenly(n: int, d: int) -> np.ndarray:
    """Return which of n rows of d numbers are kept as references: all, or evenly spaced ones."""
    return np.linspace(0, n - 1, min(n, REFERENCES, max(FEWEST, MOST_NUMBERS // d))).astype(int)


def _plain(features: Features, R: np.ndarray) -> np.ndarray:
    """Return the rows x (n, d), in float64, that a network takes of the plain view of samples."""
    X: Any = features.transform(R, np.float64)[:: len(features.views)]
    return np.clip(X, -LARGEST, LARGEST)


def _standardised(X: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return (X - mean) / scale, rounded to float32 for new rows as for references: a copy has no distance then."""
    return np.clip((X - mean) / scale.astype(np.float64), -LARGEST, LARGEST).astype(np.float32)
