"""Pictures of the samples themselves: examples of what was learned from, and what was answered wrongly.

The articles and the commands draw the same two; `plots` draws plain arrays, here they are read and sized.
"""

import numpy as np
from matplotlib.figure import Figure

from pellucid.data import Dataset
from pellucid.features import Pixels
from pellucid.insight import plots
from pellucid.model import class_codes
from pellucid.pictures import as_pixels
from pellucid.rows import IntegerRows, Rows


def examples_and_mistakes(
    train_set: Dataset, judged: Dataset, features: Pixels, X: Rows, P: np.ndarray, most: int
) -> dict[str, Figure]:
    """Return {"examples.png": ..., "misclassified.png": ...}.

    train_set: of which `most` pictures, evenly spread, are shown.  judged: the pictures that were predicted, X (n, d)
    their rows, P (n, k) their probabilities.
    """
    shown = np.linspace(0, len(train_set) - 1, min(most, len(train_set))).astype(int)
    examples = [as_pixels(raw, features.shape) for block in train_set.blocks(shown) for raw in block]
    names = judged.class_names
    pixels = X.integers if isinstance(X, IntegerRows) else X
    pictures = pixels.reshape(-1, *features.shape.as_tuple)
    mistakes = plots.misclassified(pictures, judged.labels, class_codes(P), P, names)
    return {
        "examples.png": plots.examples(examples, [names[code] for code in train_set.labels[shown]]),
        "misclassified.png": mistakes,
    }
