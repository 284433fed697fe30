"""What picture features of floats share: each of their numbers is standardised by the training rows.

Mean and scale are over all views of all training pictures, and are kept with the model.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import DTypeLike

from pellucid.errors import refuse_non_finite
from pellucid.features.pictures import PictureFeatures

BLOCK = 2**18  # numbers that are held as float64 at a time


@dataclass(frozen=True)
class StandardizedPictures(PictureFeatures):
    """Pictures of which each view is described by n_out floats x; a network takes x' = (x - mean) / scale.

    mean, scale: (n_out,), None before fitting, and x' = x then.
    """

    mean: np.ndarray | None = field(default=None, repr=False, compare=False)
    scale: np.ndarray | None = field(default=None, repr=False, compare=False)
    row_dtype = np.float32

    def fitted(self, R: np.ndarray) -> Self:
        """Return the features fitted on raw rows R (n, n_row), summed in float64.

        A number that is the same for all of them, but for rounding, keeps the scale 1.
        """
        n = len(R) * len(self.views)
        mean = sum((x.sum(axis=0) for _, x in self._blocks(R)), np.zeros(self.n_out)) / n
        variance = sum((np.square(x - mean).sum(axis=0) for _, x in self._blocks(R)), np.zeros(self.n_out)) / n
        largest = np.zeros(self.n_out)
        for _, x in self._blocks(R):
            np.maximum(largest, np.abs(x).max(axis=0), out=largest)
        scale = np.sqrt(variance)
        rounding = np.finfo(np.float32).eps * largest
        scale[scale <= np.maximum(rounding, np.finfo(np.float32).tiny)] = 1
        return replace(self, mean=mean, scale=scale)

    def finished(self, R: np.ndarray, dtype: DTypeLike) -> np.ndarray:
        """Return the rows X (n * views, n_out) that a network takes, from raw rows (n, n_row).

        Raises InputError where a number is too far from all of training to be held by `dtype`.
        """
        X = np.empty((len(R) * len(self.views), self.n_out), dtype)
        mean, scale = (0, 1) if self.mean is None or self.scale is None else (self.mean, self.scale)
        with np.errstate(over="ignore", invalid="ignore"):
            for rows, x in self._blocks(R):
                x -= mean
                x /= scale
                X[rows] = x
        refuse_non_finite(X, "what describes the pictures, standardised,")
        return X

    def _blocks(self, R: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield which rows of X, and what describes these views (k, n_out), in float64."""
        views = len(self.views)
        step = max(1, BLOCK // self.n_row)
        for start in range(0, len(R), step):
            x = R[start : start + step].reshape(-1, self.n_out).astype(np.float64)
            yield slice(start * views, start * views + len(x)), x

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fitted arrays."""
        return {} if self.mean is None or self.scale is None else {"mean": self.mean, "scale": self.scale}

    @staticmethod
    def fit_of(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return mean and scale of a model file's arrays, as the class takes them; none where it was not fitted."""
        kept = ("mean", "scale")
        return {name: arrays[name] for name in kept} if any(name in arrays for name in kept) else {}
