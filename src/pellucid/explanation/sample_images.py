"""Pictures of the samples themselves: examples of what was learned from, and what was answered wrongly.

The articles and the commands draw the same two; `plots` draws plain arrays, here they are read and sized.
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
    """The pictures of a data set, each read when it is drawn."""

    def __init__(self, dataset: Dataset, shape: PictureShape) -> None:
        self._dataset, self._shape = dataset, shape

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, row: Any) -> Any:
        return as_pixels(self._dataset.read(np.array([row]))[0], self._shape)


def examples_and_mistakes(
    train_set: Dataset, judged: Dataset, shape: PictureShape, P: np.ndarray, most: int, threshold: float = 0.5
) -> dict[str, Figure]:
    """Return {"examples.png": ..., "misclassified.png": ...}.

    train_set: of which `most` pictures, evenly spread, are shown.  judged: the pictures that were predicted, P (n, k)
    their probabilities.  shape: in which they are drawn.  threshold: of the model, as `class_codes` takes it.
    """
    pictures, names = _Pictures(train_set, shape), judged.class_names
    shown = np.linspace(0, len(train_set) - 1, min(most, len(train_set))).astype(int)
    mistakes = plots.misclassified(_Pictures(judged, shape), judged.labels, class_codes(P, threshold), P, names)
    titles = [names[code] for code in train_set.labels[shown]]
    return {
        "examples.png": plots.examples([pictures[row] for row in shown], titles),
        "misclassified.png": mistakes,
    }
