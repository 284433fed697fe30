"""Features: what turns raw samples into the rows that a network takes, in scikit-learn's three verbs.

`extract` describes each sample alone; `fit` looks at all training rows; `transform` makes network inputs. Whoever uses
features asks for what is here and never for their class.
"""

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import DTypeLike

from pellucid.data.images import PictureShape
from pellucid.nn.scaled_integers import Rows


class Features(Protocol):
    """What every kind of features offers.  R: raw features (n, n_row), a row a sample.  X: network inputs (m, n_out).

    m = n * len(views): each view of a picture is an input row of its own.
    """

    @property
    def kind(self) -> str:
        """The name in `FEATURES`."""

    @property
    def of_images(self) -> bool:
        """Whether a sample is a picture; otherwise it is a row of a table or an array."""

    @property
    def inputs_are_pixels(self) -> bool:
        """Whether the network sees the pixels themselves."""

    @property
    def shape(self) -> PictureShape | None:
        """The shape to which pictures are resized; None for rows."""

    @property
    def views(self) -> tuple[str, ...]:
        """The views of one sample: "plain", and its augmentation."""

    @property
    def n_row(self) -> int:
        """The number of raw features of one sample."""

    @property
    def n_out(self) -> int:
        """The number of network inputs of one view."""

    @property
    def n_numbers(self) -> int:
        """How many of the inputs are numbers; those after them are 0 or 1."""

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each input, or () where they have none."""

    @property
    def groups(self) -> tuple[str, ...]:
        """The group of each input, such as a part of the picture; or ()."""

    @property
    def places(self) -> tuple[str, ...]:
        """The place of each input in the picture, or ()."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table, or ()."""

    @property
    def categorical(self) -> tuple[str, ...]:
        """The columns that hold categories."""

    def extract(self, raw: Any, dtype: DTypeLike | None = None, bad: Any = None) -> np.ndarray:
        """Return the raw features (n, n_row) of samples, each independent of the others.

        bad: a list that takes (position, error) of each picture that cannot be read; without it the first one raises.
        """

    def fit(self, R: np.ndarray) -> Self:
        """Return these features fitted on the raw features of the training samples."""

    def transform(self, R: np.ndarray, dtype: DTypeLike) -> Rows:
        """Return the network inputs X of raw features."""

    def odd_brightness(self, R: np.ndarray) -> np.ndarray:
        """Return (n,) 2 for pictures brighter than all of training, 1 than most, -1 and -2 for darker ones, 0 else."""

    def notes(self, R: np.ndarray) -> list[str]:
        """Return sentences on raw features unlike all of training: numbers out of range, new categories, new gaps."""

    def recipe(self) -> dict[str, Any]:
        """Return the recipe's values that lead to these features."""

    def metadata(self) -> dict[str, Any]:
        """Return what a model file stores, besides arrays."""

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fitted arrays."""

    @classmethod
    def restore(cls, metadata: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        """Return the features that a model file describes; raise InputError where its parts do not fit."""
