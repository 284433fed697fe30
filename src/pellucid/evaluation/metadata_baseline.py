"""Whether the class can be guessed from what has nothing to do with the picture's content: its size, camera, hour.

If it can, a network may learn the camera instead of the cat, and fail on the next camera.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from pellucid.data import ImageMetadata
from pellucid.evaluation.comparison import IN_WORDS, Comparison, compare
from pellucid.evaluation.cross_val_predict import rest_of
from pellucid.evaluation.intervals import independent_rows
from pellucid.model.predictions import class_codes

TREES, LEAST_IN_LEAF = 30, 3


@dataclass(frozen=True)
class MetadataBaseline:
    """What file metadata alone tell of the class, on held-out rows.

    facts: those that differ between files.  accuracies: of each alone, and of all together.
    named: the smallest set of them (one, or two) that is within one standard error of the best, else all; accuracy:
    what it reaches.
    majority: the best of each alone and all together, against always saying the majority of the held rows.
    net: the network against the named facts, None where no network was given.
    """

    facts: tuple[str, ...]
    accuracies: dict[str, float]
    named: tuple[str, ...]
    accuracy: float
    majority: Comparison
    net: Comparison | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, as JSON takes them."""
        return asdict(self)

    def sentence(self) -> str:
        """Return what was found in one line."""
        if not self.majority.credibly_better:
            return f"File metadata ({in_words(self.facts)}) alone: {self.majority.sentence()}"
        reach = "reaches" if len(self.named) == 1 else "reach"
        told = f"{in_words(self.named)} alone {reach} {self.accuracy:.0%}"
        if self.net is None or self.net.credibly_better:
            net = "" if self.net is None else f"; the net reaches {self.net.right / self.net.n:.0%}, credibly more"
            return f"{told}, always the majority {self.majority.others / self.majority.n:.0%}{net}."
        return f"{told}: your net may be learning the {in_words(self.named)}."


def metadata_baseline(
    facts: Sequence[Mapping[str, Any]],
    labels: np.ndarray,
    held: Sequence[np.ndarray],
    *,
    seed: int,
    net: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> MetadataBaseline | None:
    """Return how well a random forest on file metadata alone guesses the class; None where no fact differs.

    Parameters
    ----------
    facts : of each row (n of them), such as `facts_of`: numbers, texts, or None where it is not known.
    labels : (n,) codes.
    held : the held rows of each fold, such as `CrossValidation.held`, or of one division; the rest is learned from.
    seed : of the forests.
    net : (n,) the codes that the network said of the held rows.
    groups : (n,) or None; held rows of one group are compared as one.

    >>> facts = [{"width": 64 + 16 * (row % 2)} for row in range(40)]
    >>> found = metadata_baseline(facts, np.arange(40) % 2, [np.arange(20), np.arange(20, 40)], seed=0)
    >>> found.sentence()
    'width alone reaches 100%, always the majority 50%.'

    Forests: Breiman 2001; one standard error: Breiman et al. 1984.
    """
    columns = fact_columns(facts)
    if not columns:
        return None
    rows = np.concatenate(held)
    sets = [*((name,) for name in columns), tuple(columns)]
    right = {chosen: _right(columns, chosen, labels, held, seed) for chosen in sets}
    accuracies = {in_words(chosen): float(guessed.mean()) for chosen, guessed in right.items()}
    best = _best(right)
    together = None if groups is None else groups[rows]
    constant = labels[rows] == np.bincount(labels[rows]).argmax()
    majority = compare(right[best], constant, IN_WORDS["majority"], tried=len(right), groups=together)
    named = _smallest(right, best, together)
    if majority.credibly_better and len(named) > 2:
        right |= {pair: _right(columns, pair, labels, held, seed) for pair in combinations(columns, 2)}
        named = _smallest(right, best, together)
    net_right = None if net is None else net[rows] == labels[rows]
    return MetadataBaseline(
        facts=tuple(columns),
        accuracies=accuracies,
        named=named,
        accuracy=float(right[named].mean()),
        majority=majority,
        net=None if net_right is None else compare(net_right, right[named], IN_WORDS["file_facts"], groups=together),
    )


def facts_of(pictures: Iterable[ImageMetadata]) -> list[dict[str, Any]]:
    """Return what picture files tell besides their pictures."""
    return [
        {
            "width": picture.width,
            "height": picture.height,
            "file size": picture.size,
            "camera": picture.camera or None,
            "hour": None if picture.taken is None else picture.taken.hour + picture.taken.minute / 60,
            "brightness": picture.brightness,
        }
        for picture in pictures
    ]


def fact_columns(facts: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Return the facts that differ as columns (n,) of numbers: texts by their alphabetical place, NaN for unknown.

    >>> fact_columns([{"camera": "B", "width": 8}, {"camera": "A", "width": 8}, {"camera": None, "width": 8}])
    {'camera': array([ 1.,  0., nan])}
    """
    columns = {}
    for name in facts[0]:
        values = [row[name] if row[name] == row[name] else None for row in facts]  # NaN is no value either
        if len(set(values)) > 1:
            texts = sorted({value for value in values if isinstance(value, str)})
            coded = [texts.index(value) if isinstance(value, str) else value for value in values]
            columns[name] = np.array(coded, np.float64)  # None becomes NaN
    return columns


def guess(X: np.ndarray, labels: np.ndarray, training: np.ndarray, held: np.ndarray, seed: int) -> np.ndarray:
    """Return the probabilities (n_held, k) of a random forest on columns of facts (n, d), learned from other rows."""
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(TREES, min_samples_leaf=LEAST_IN_LEAF, random_state=seed)
    forest.fit(X[training], labels[training])
    P = np.zeros((len(held), labels.max() + 1))
    P[:, forest.classes_] = forest.predict_proba(X[held])
    return P


def in_words(names: Sequence[str]) -> str:
    """Return names as one says them.

    >>> in_words(["width", "file size", "hour"])
    'width, file size and hour'
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _right(
    columns: Mapping[str, np.ndarray], chosen: Sequence[str], labels: np.ndarray, held: Sequence[np.ndarray], seed: int
) -> np.ndarray:
    """Return which held rows, fold after fold, are guessed right from the chosen facts."""
    X = np.column_stack([columns[name] for name in chosen])
    guessed = [guess(X, labels, rest_of(out, len(labels)), out, seed) for out in held]
    return class_codes(np.concatenate(guessed)) == labels[np.concatenate(held)]


def _best(right: Mapping[tuple[str, ...], np.ndarray]) -> tuple[str, ...]:
    """Return the set of facts with most rows right; of equal ones the first."""
    return max(right, key=lambda chosen: int(right[chosen].sum()))


def _smallest(
    right: Mapping[tuple[str, ...], np.ndarray], best: tuple[str, ...], groups: np.ndarray | None
) -> tuple[str, ...]:
    """Return the best of the smallest sets that are within one standard error of the best of all."""
    share = float(right[best].mean())
    enough = share - math.sqrt(share * (1 - share) / independent_rows(right[best], groups))
    near = {chosen: guessed for chosen, guessed in right.items() if guessed.mean() >= enough}
    fewest = min(map(len, near))
    return _best({chosen: guessed for chosen, guessed in near.items() if len(chosen) == fewest})
