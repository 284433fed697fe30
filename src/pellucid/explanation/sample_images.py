"""Images of the samples themselves: examples of the training data, and the mistakes.

Commands and articles draw the same two figures. `plots` draws plain arrays; here the pictures are read and resized.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pellucid.data import Dataset
from pellucid.data.images import PictureShape, as_pixels
from pellucid.explanation import plots
from pellucid.model.predictions import class_codes


class _Pictures(Sequence[np.ndarray]):
    """The pictures of a data set, each read only when it is drawn."""

    def __init__(self, dataset: Dataset, shape: PictureShape) -> None:
        self._dataset, self._shape = dataset, shape

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, row: Any) -> Any:
        return as_pixels(self._dataset.read(np.array([row]))[0], self._shape)


def examples_and_mistakes(
    train_set: Dataset, scored: Dataset, shape: PictureShape, P: np.ndarray, most: int, threshold: float = 0.5
) -> dict[str, Figure]:
    """Return {"examples.png": ..., "misclassified.png": ...}.

    train_set: `most` of its pictures, evenly spread, are shown.  scored: the pictures that were predicted, with
    probabilities P (n, k).  shape: their size when drawn.  threshold: of the model, as `class_codes` takes it.
    """
    pictures, names = _Pictures(train_set, shape), scored.class_names
    shown = np.linspace(0, len(train_set) - 1, min(most, len(train_set))).astype(int)
    mistakes = plots.misclassified(_Pictures(scored, shape), scored.labels, class_codes(P, threshold), P, names)
    titles = [names[code] for code in train_set.labels[shown]]
    return {
        "examples.png": plots.examples([pictures[row] for row in shown], titles),
        "misclassified.png": mistakes,
    }
