"""Scaling: numbers to mean 0 and deviation 1, as inputs (`Numbers`) and as a target (`TargetScaler`).

Mean and scale come from the training rows alone and are kept with the model.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid.errors import InputError, check_finite
from pellucid.features.named_rows import named_rows
from pellucid.features.training_range import TrainingRange
from pellucid.nn import Network


@dataclass(frozen=True)
class TargetScaler:
    """The scaling of a regression's target: y = mean + scale y', y' with mean 0 and deviation 1 over the training rows.

    >>> target = TargetScaler.fit("price", np.array([10.0, 30.0]))
    >>> target.standardised(np.array([30.0])).tolist()
    [[1.0]]
    """

    name: str
    mean: float
    scale: float

    @classmethod
    def fit(cls, name: str, y: np.ndarray) -> "TargetScaler":
        """Return the target of training rows, y (n,); the scale of constant ones is 1."""
        (mean,), (scale,) = mean_and_scale(y[:, None], [name])
        return cls(name, float(mean), float(scale))

    def standardised(self, y: np.ndarray) -> np.ndarray:
        """Return y (n,) as a network learns it, y' (n, 1)."""
        return ((y - self.mean) / self.scale)[:, None]

    def in_units(self, network: Network) -> Network:
        """Return the network with answers in the units of y, of one that answers y'.

        W <- scale W, b <- mean + scale b in its last layer, which is linear.
        """
        network = network.copy()
        last = network.dense[-1]
        last.W *= self.scale
        last.b *= self.scale
        last.b += self.mean
        return network

    def metadata(self) -> dict[str, Any]:
        """Return what a model file stores."""
        return asdict(self)

    @classmethod
    def restore(cls, metadata: Mapping[str, Any]) -> "TargetScaler":
        """Return the target that `metadata` describes, or raise InputError where it cannot be one."""
        target = cls(**metadata)
        numbers = (target.mean, target.scale)
        sound = isinstance(target.name, str) and all(isinstance(n, float) and math.isfinite(n) for n in numbers)
        if not sound or target.scale <= 0:
            raise InputError("the target's mean and scale are invalid")
        return target


@dataclass(frozen=True)
class Numbers:
    """Columns of an array: x' = (x - mean) / scale, or x itself where there is no mean.

    A column that had one value in training keeps it: nothing was learned of it.

    n_out: how many columns.  columns: their names, where they have any.  standardize: whether fitting gives a mean.
    range: of the training rows; None before fitting and in model files of earlier releases.
    """

    n_out: int
    columns: tuple[str, ...] = ()
    mean: np.ndarray | None = field(default=None, repr=False)
    scale: np.ndarray | None = field(default=None, repr=False)
    standardize: bool = True
    range: TrainingRange | None = field(default=None, repr=False)
    kind = "numbers"
    of_images = inputs_are_pixels = False
    shape = None
    views = ("plain",)
    groups = places = categorical = ()

    @property
    def n_row(self) -> int:
        """How many numbers a raw row has."""
        return self.n_out

    @property
    def n_numbers(self) -> int:
        """All inputs are numbers."""
        return self.n_out

    @property
    def names(self) -> tuple[str, ...]:
        """What each column is called: x1, x2, ... where nobody named them."""
        return self.columns or tuple(f"x{number + 1}" for number in range(self.n_out))

    def fit(self, R: np.ndarray) -> "Numbers":
        """Return the features fitted on training rows R (n, d); a constant column keeps the scale 1.

        >>> Numbers(2).fit(np.array([[1.0, 5.0], [3.0, 5.0]])).transform(np.array([[3.0, 5.0]]), float).tolist()
        [[1.0, 0.0]]
        """
        R = np.asarray(R, np.float64)
        mean, scale = mean_and_scale(R, self.columns) if self.standardize else (None, None)
        return replace(self, mean=mean, scale=scale, range=TrainingRange.fit(R))

    def extract(self, raw: Any, dtype: DTypeLike | None = None, bad: list[Any] | None = None) -> np.ndarray:
        """Return raw rows (n, n_out); one row may be given flat. `bad` stays empty: a bad number raises InputError.

        Where the columns have names, a data frame or dicts are matched by them, in any order.
        """
        named = named_rows(raw, self.columns) if self.columns else None
        try:
            R = np.asarray(raw if named is None else named, np.float64)
            R = R.reshape(-1, self.n_out) if named == [] else R
        except (ValueError, TypeError):
            raise InputError(f"this model takes rows of {self._described()}, got {type(raw).__name__}.") from None
        R = R[None] if R.ndim == 1 else R
        if R.ndim != 2 or R.shape[1] != self.n_out:
            raise InputError(f"this model takes rows of {self._described()}, got an array of shape {np.shape(raw)}.")
        check_finite(R, "the input", self.columns)
        return R

    def transform(self, R: np.ndarray, dtype: DTypeLike) -> np.ndarray:
        """Return the rows X (n, n_out) that a network takes, from raw rows."""
        R = R if self.range is None else self.range.without_constants(R)
        X = R if self.mean is None or self.scale is None else (R - self.mean) / self.scale
        return X.astype(dtype)

    def odd_brightness(self, R: np.ndarray) -> np.ndarray:
        """Return zeros: rows have no brightness."""
        return np.zeros(len(R), int)

    def notes(self, R: np.ndarray) -> list[str]:
        """Return a sentence for each column with numbers outside the training range."""
        return [] if self.range is None else self.range.notes(self.names, R)

    def recipe(self) -> dict[str, Any]:
        """Return nothing: these features follow from the data and `standardize`."""
        return {}

    def _described(self) -> str:
        named = f" ({', '.join(self.columns[:8])}{', ...' if len(self.columns) > 8 else ''})" if self.columns else ""
        return f"{self.n_out} numbers{named}"

    def metadata(self) -> dict[str, Any]:
        """Return what a model file stores, besides arrays."""
        return {"kind": self.kind, "n_out": self.n_out, "columns": list(self.columns)}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fitted arrays."""
        scaling = {} if self.mean is None or self.scale is None else {"mean": self.mean, "scale": self.scale}
        return scaling if self.range is None else scaling | self.range.arrays()

    @classmethod
    def restore(cls, metadata: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Numbers":
        """Return the features that `metadata` and `arrays` describe."""
        mean, scale = arrays.get("mean"), arrays.get("scale")
        known = TrainingRange.restore(arrays)
        of_columns = (mean, scale, *(() if known is None else (known.low, known.high)))
        if any(array is not None and array.shape != (metadata["n_out"],) for array in of_columns):
            raise InputError("the mean, scale and range of its columns do not fit")
        if not all(isinstance(name, str) for name in metadata["columns"]):
            raise InputError("the names of its columns are no texts")
        return cls(metadata["n_out"], tuple(metadata["columns"]), mean, scale, mean is not None, known)

    def __str__(self) -> str:
        return f"{self._described()}, {'as they are' if self.mean is None else 'standardised'}"


def mean_and_scale(X: np.ndarray, columns: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation (d,) of the columns of X (n, d); the scale of a constant column is 1.

    Raises InputError naming a column whose numbers are too large or too small for it.
    """
    constant = X.min(axis=0) == X.max(axis=0)  # its deviation may come out as a rounding error
    with np.errstate(over="ignore", invalid="ignore"):
        mean, scale = X.mean(axis=0), np.where(constant, 1.0, X.std(axis=0))
        usable = np.isfinite(mean) & np.isfinite(scale) & (scale > np.finfo(np.float64).tiny)
    if not usable.all():
        column = int(np.flatnonzero(~usable)[0])
        name = columns[column] if columns else column
        raise InputError(
            f"column {name!r} cannot be standardised: its numbers are too large or too small, "
            f"{X[:, column].min():.3g} to {X[:, column].max():.3g}. Rescale it."
        )
    return mean, scale
