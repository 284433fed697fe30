"""What all picture features share: a picture of any kind becomes pixels of one shape, and those a row of numbers.

Describing a picture knows nothing of other pictures, so rows can be kept and shared; only then are features fitted.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import DTypeLike

from pellucid.data.images import PictureShape, as_pixels, decoder_version, is_file, prepare_decoders
from pellucid.errors import BadPictureError, InputError, check_finite
from pellucid.features.augmentation import VIEWS, copies_of
from pellucid.nn.scaled_integers import Rows
from pellucid.system.threads import in_order

Bad = list[tuple[int, BadPictureError]]
BRIGHTNESS_MARGIN = 0.1  # of the range in training
BLOCK = 2**18  # numbers that are held as float64 at a time


@dataclass(frozen=True)
class PictureFeatures(ABC):
    """Pictures resized to one shape, in one or several views, each described by n_out numbers.

    A raw row (n_row numbers) holds the descriptions of all views of one picture; a row of X is that of one view, so
    that X has as many rows a picture as there are views.
    """

    shape: PictureShape
    views: tuple[str, ...] = ("plain",)
    brightness_range: np.ndarray | None = field(default=None, repr=False, compare=False)
    kind: ClassVar[str]
    row_dtype: ClassVar[DTypeLike]
    of_images: ClassVar[bool] = True
    inputs_are_pixels: ClassVar[bool] = False
    columns: ClassVar[tuple[str, ...]] = ()
    categorical: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if not self.views or len(set(self.views)) < len(self.views) or not set(self.views) <= set(VIEWS):
            raise InputError(f"views must be different ones of {', '.join(VIEWS)}; got {', '.join(self.views)}.")
        if self.brightness_range is not None and self.brightness_range.shape != (4,):
            raise InputError("the range of brightness does not fit the features")

    @property
    @abstractmethod
    def n_out(self) -> int:
        """How many numbers describe a view of a picture."""

    @property
    def names(self) -> tuple[str, ...]:
        """What each of these numbers is called, where that can be said."""
        return ()

    @property
    def groups(self) -> tuple[str, ...]:
        """What each of these numbers belongs to, where they are of several kinds or places."""
        return ()

    @property
    def places(self) -> tuple[str, ...]:
        """The part of the picture that each of these numbers is of, where `groups` tell something else."""
        return ()

    @property
    def n_numbers(self) -> int:
        """All inputs are numbers."""
        return self.n_out

    @property
    def n_row(self) -> int:
        """How many numbers describe a picture."""
        return len(self.views) * self.n_out

    @abstractmethod
    def describe(self, pixels: np.ndarray) -> np.ndarray:
        """Return the numbers (n_out,) that describe pixels of `shape`."""

    def describe_views(self, pixels: np.ndarray) -> np.ndarray:
        """Return the numbers (n_row,) of all views of pixels."""
        return np.concatenate([self.describe(VIEWS[view](pixels)) for view in self.views])

    def fit(self, R: np.ndarray) -> Self:
        """Return the features fitted on the raw rows R (n, n_row) of the training samples.

        brightness_range: the smallest of them, their 5% and 95% quantiles and the largest (4,), where raw rows show it.
        """
        light = self.brightness(R)
        return self if light is None else replace(self, brightness_range=np.quantile(light, (0, 0.05, 0.95, 1)))

    def brightness(self, R: np.ndarray) -> np.ndarray | None:
        """Return the mean brightness (n,) of pictures, from 0 to 1; None where raw rows do not show it."""
        return None

    def odd_brightness(self, R: np.ndarray) -> np.ndarray:
        """Return (n,) 2 for pictures brighter than all of training by a tenth of its range, 1 for brighter than 95%.

        -2 and -1 stand for darker ones, 0 for all others.
        """
        light = None if self.brightness_range is None else self.brightness(R)
        if light is None or self.brightness_range is None:
            return np.zeros(len(R), int)
        low, dark, bright, high = self.brightness_range
        margin = BRIGHTNESS_MARGIN * (high - low)
        above = (light > bright).astype(int) + (light > high + margin)
        return above - (light < dark) - (light < low - margin)

    @abstractmethod
    def transform(self, R: np.ndarray, dtype: DTypeLike) -> Rows:
        """Return the rows X (n * views, n_out) that a network takes, from raw rows (n, n_row)."""

    def notes(self, R: np.ndarray) -> list[str]:
        """Return nothing: whether a picture is unlike training is measured by the model's novelty."""
        return []

    def recipe(self) -> dict[str, Any]:
        """Return the recipe's values that lead to these features."""
        return {"features": self.kind, "copies": copies_of(self.views)}

    def made_with(self) -> str:
        """Return what makes the raw rows, with its version: another one may give other numbers."""
        return decoder_version()

    def metadata(self) -> dict[str, Any]:
        """Return what a model file stores, besides arrays."""
        return {
            "kind": self.kind,
            "shape": asdict(self.shape),
            "views": list(self.views),
            "resize": "stretch, bicubic",
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fitted arrays."""
        return {} if self.brightness_range is None else {"brightness_range": self.brightness_range}

    def attempt(self, picture: Any) -> np.ndarray | BadPictureError:
        """Return the raw row (n_row,) of one picture, or why it cannot be read."""
        try:
            pixels = as_pixels(self._unflattened(picture), self.shape)
            return self.describe_views(pixels)
        except BadPictureError as error:
            return error.to_keep()

    def extract(self, raw: Any, dtype: DTypeLike | None = None, bad: Bad | None = None) -> np.ndarray:
        """Return the raw rows (n, n_row) of pictures, of the features' own type unless another is given.

        bad: where given, pictures that cannot be read are left out and listed there as (position, error); else the
        first raises BadPictureError. Files are decoded by all cores.
        """
        pictures = self._several(raw)
        rows = np.empty((len(pictures), self.n_row), self.row_dtype if dtype is None else dtype)
        n = 0
        for position, row in enumerate(self._each(pictures)):
            if not isinstance(row, BadPictureError):
                rows[n] = self._of_type(row, rows.dtype)
                n += 1
            elif bad is None:
                raise row
            else:
                bad.append((position, row))
        return rows[:n]

    def _of_type(self, row: np.ndarray, dtype: np.dtype) -> np.ndarray:
        return row

    def _each(self, pictures: Any) -> Iterator[np.ndarray | BadPictureError]:
        if len(pictures) > 1 and all(map(is_file, pictures)):
            prepare_decoders()
            return in_order(self.attempt, pictures)
        return map(self.attempt, pictures)

    def _several(self, raw: Any) -> Any:
        """Return a sequence of single pictures, whatever was given."""
        if isinstance(raw, np.ndarray):
            several = (
                raw.ndim == 4
                or (raw.ndim == 3 and raw.shape[-1] not in (1, 3, 4))
                or (raw.ndim == 2 and raw.shape[1] == self._flat_size)
            )
            return raw if several else raw[None]
        if isinstance(raw, Iterable) and not isinstance(raw, str | bytes | Path) and not hasattr(raw, "getpixel"):
            return list(raw)
        return [raw]

    @property
    def _flat_size(self) -> int:
        return self.shape.height * self.shape.width * self.shape.channels

    def _unflattened(self, picture: Any) -> Any:
        if isinstance(picture, np.ndarray) and picture.ndim == 1:
            if picture.size != self._flat_size:
                raise InputError(
                    f"a flat picture must have {self._flat_size} values ({self.shape.height} x {self.shape.width} x "
                    f"{self.shape.channels}), got {picture.size}; one of shape (height, width, channels) is resized."
                )
            return picture.reshape(self.shape.as_tuple)
        return picture

    def _told_views(self) -> str:
        others = len(self.views) - 1
        return "" if not others else f", and {others} cop{'y' if others == 1 else 'ies'} of each"


@dataclass(frozen=True)
class StandardizedPictures(PictureFeatures):
    """Pictures of which each view is described by n_out floats x; a network takes x' = (x - mean) / scale.

    mean, scale: (n_out,), None before fitting, and x' = x then.
    """

    mean: np.ndarray | None = field(default=None, repr=False, compare=False)
    scale: np.ndarray | None = field(default=None, repr=False, compare=False)
    row_dtype = np.float32

    def fit(self, R: np.ndarray) -> Self:
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
        return replace(super().fit(R), mean=mean, scale=scale)

    def transform(self, R: np.ndarray, dtype: DTypeLike) -> np.ndarray:
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
        check_finite(X, "what describes the pictures, standardised,")
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
        fitted = {} if self.mean is None or self.scale is None else {"mean": self.mean, "scale": self.scale}
        return super().arrays() | fitted

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(array is not None and array.shape != (self.n_out,) for array in (self.mean, self.scale)):
            raise InputError("mean and scale do not fit the features")

    @staticmethod
    def fit_of(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return what a model file's arrays hold of a fit, as the class takes it; nothing where it was not fitted."""
        scaling = ("mean", "scale")
        needed = {name: arrays[name] for name in scaling} if any(name in arrays for name in scaling) else {}
        return needed | {name: arrays[name] for name in ("brightness_range",) if name in arrays}
