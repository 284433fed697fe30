"""Predictions: from probabilities to classes, by the threshold of a model."""

import numpy as np

from pellucid.nn import Network
from pellucid.nn.scaled_integers import Rows


def with_both_classes(outputs: np.ndarray) -> np.ndarray:
    """Return (1 - p, p) for one column p, else the outputs as they are.

    >>> with_both_classes(np.array([[0.25]])).tolist()
    [[0.75, 0.25]]
    """
    return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


def predicted_codes(network: Network, X: Rows) -> np.ndarray:
    """Return the codes (n,) of the classes that one network predicts for input rows X."""
    return class_codes(with_both_classes(network.predict(X)))


def class_codes(probabilities: np.ndarray, threshold: float | np.ndarray = 0.5) -> np.ndarray:
    """Return the code (n,) of the likeliest class; of two, the second only where its p > threshold strictly.

    threshold: one for all rows, or (n,); another one than 0.5 is for two classes alone.

    >>> class_codes(np.array([[0.7, 0.3], [0.4, 0.6]]), 0.2).tolist()
    [1, 1]
    """
    if np.ndim(threshold) == 0 and threshold == 0.5:
        return probabilities.argmax(axis=1)
    return (probabilities[:, 1].astype(np.float64) > threshold).astype(np.intp)


def weighed(probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """Return probabilities (n, k) of which the largest is that of the class that is said.

    p' = p (1 - t) / (p (1 - t) + (1 - p) t), t the threshold: p' > 0.5 where p > t

    >>> weighed(np.array([[0.75, 0.25]]), 0.25).tolist()
    [[0.5, 0.5]]
    """
    if threshold == 0.5:
        return probabilities
    odds = probabilities * [threshold, 1 - threshold]
    return odds / odds.sum(axis=1, keepdims=True)
