"""Predictions: what a model answers to samples, made once and read by scores, reports, commands and pages.

A class is chosen here and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.nn import Network
from pellucid.nn.scaled_integers import Rows

UNKNOWN = "unknown"  # the answer to a sample that a model rejects


@dataclass(frozen=True, eq=False)
class Predictions:
    """The answers to n samples.

    outputs: probabilities (n, k) of the classes, or predicted values (n,), (n, m).  class_names: () for values.
    codes: (n,) the chosen class before any rejection; empty for values.
    rejected: (n,) whether the answer is "unknown".
    novelty: (n,) how unlike the training samples each one is; zeros where the model does not measure it.
    """

    outputs: np.ndarray
    class_names: tuple[str, ...]
    codes: np.ndarray
    rejected: np.ndarray
    novelty: np.ndarray

    def __len__(self) -> int:
        return len(self.outputs)

    @property
    def classes(self) -> np.ndarray:
        """The class name (n,) of each sample, "unknown" where it was rejected."""
        names = np.array(self.class_names)[self.codes]
        return np.where(self.rejected, UNKNOWN, names) if self.rejected.any() else names

    @property
    def answers(self) -> np.ndarray:
        """What `Model.predict` returns: class names, or values."""
        return self.classes if self.class_names else self.outputs

    @property
    def confidence(self) -> np.ndarray:
        """The probability (n,) of the chosen class."""
        return self.outputs[np.arange(len(self)), self.codes]

    @classmethod
    def joined(cls, parts: Sequence["Predictions"]) -> "Predictions":
        """Return the predictions of several blocks of samples as one."""
        arrays = ([getattr(part, name) for part in parts] for name in ("outputs", "codes", "rejected", "novelty"))
        outputs, codes, rejected, novelty = map(np.concatenate, arrays)
        return cls(outputs, parts[0].class_names, codes, rejected, novelty)


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
    """Return the code (n,) of the most probable class; of two classes, the second only where its p > threshold.

    threshold: one for all rows, or (n,); a value other than 0.5 needs exactly two classes.

    >>> class_codes(np.array([[0.7, 0.3], [0.4, 0.6]]), 0.2).tolist()
    [1, 1]
    """
    if np.ndim(threshold) == 0 and threshold == 0.5:
        return probabilities.argmax(axis=1)
    return (probabilities[:, 1].astype(np.float64) > threshold).astype(np.intp)


def reweighted(probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """Return probabilities (n, k) in which the chosen class always has the largest.

    p' = p (1 - t) / (p (1 - t) + (1 - p) t), t the threshold: p' > 0.5 where p > t

    >>> reweighted(np.array([[0.75, 0.25]]), 0.25).tolist()
    [[0.5, 0.5]]
    """
    if threshold == 0.5:
        return probabilities
    odds = probabilities * [threshold, 1 - threshold]
    return odds / odds.sum(axis=1, keepdims=True)
