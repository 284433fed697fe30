"""What a model says of a sample: in words for the screen, as cells of a table, and as JSON."""

import csv
import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pellucid.model import Model, class_codes
from pellucid.novelty import UNKNOWN


class Answer(NamedTuple):
    """The class that is said, the one that is likeliest, the probabilities (k,) and the novelty."""

    name: str
    said: str
    likeliest: str
    probabilities: np.ndarray
    novelty: float

    def probability(self, model: Model) -> float:
        """Return that of the likeliest class."""
        return float(self.probabilities[model.class_names.index(self.likeliest)])

    def in_words(self, model: Model) -> str:
        """Return the answer, and why it is "unknown" where it is."""
        likeliest = f"{self.likeliest} ({self.probability(model):.3f})"
        if self.said != UNKNOWN or model.rejection is None:
            return likeliest
        most = model.rejection.novelty
        if self.novelty > most:
            return f"{UNKNOWN} (unlike all it learned from: {self.novelty:.4g}, more than {most:.4g})"
        return f"{UNKNOWN} (unsure: {likeliest})"

    def cells(self, model: Model) -> list[str]:
        """Return class, probability of the likeliest one, novelty where the model rejects, and all probabilities."""
        novelty = [] if model.rejection is None else [self.novelty]
        return [self.said, *(f"{n:.6f}" for n in (self.probability(model), *novelty, *self.probabilities))]

    def as_dict(self, model: Model) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        probabilities = dict(zip(model.class_names, self.probabilities.tolist(), strict=True))
        novelty = {} if model.rejection is None else {"novelty": self.novelty}
        return {"name": self.name, "class": self.said, "probabilities": probabilities, **novelty}


class Numbers(NamedTuple):
    """The numbers that are predicted of a sample, mostly one, by what they are called."""

    name: str
    values: dict[str, float]

    @property
    def said(self) -> str:
        """No class."""
        return ""

    def in_words(self, model: Model) -> str:
        """Return the numbers to six digits."""
        return ", ".join(f"{name} {value:.6g}" for name, value in self.values.items())

    def cells(self, model: Model) -> list[str]:
        """Return the numbers with all digits they have."""
        return [str(value) for value in self.values.values()]

    def as_dict(self, model: Model) -> dict[str, Any]:
        """Return the numbers as JSON has them."""
        return {"name": self.name, "values": self.values}


def answers_to(
    model: Model, names: Sequence[str], Y: np.ndarray, novelty: np.ndarray
) -> Sequence[Answer] | Sequence[Numbers]:
    """Return what a model says of named samples, for its answers Y, (n, k) or (n,), and their novelty (n,)."""
    if not model.class_names:
        called = _called(model, Y)
        rows = Y.reshape(len(Y), len(called)).tolist()
        return [Numbers(name, dict(zip(called, y, strict=True))) for name, y in zip(names, rows, strict=True)]
    said, likeliest = model.said(Y, novelty), class_codes(Y, model.threshold)
    return [
        Answer(name, str(word), model.class_names[code], p, float(far))
        for name, word, code, p, far in zip(names, said, likeliest, Y, novelty, strict=True)
    ]


def csv_text(answers: Sequence[Answer] | Sequence[Numbers], model: Model) -> str:
    """Return the answers as a table."""
    columns = ["class", "probability", *([] if model.rejection is None else ["novelty"])]
    columns += [f"p({name})" for name in model.class_names]
    if not model.class_names:
        columns = list(answers[0].values) if answers and isinstance(answers[0], Numbers) else []
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", *columns])
    writer.writerows([answer.name, *answer.cells(model)] for answer in answers)
    return text.getvalue()


def _called(model: Model, Y: np.ndarray) -> list[str]:
    if model.target is not None:
        return [model.target.name]
    return ["value"] if Y.ndim == 1 else [f"value {number + 1}" for number in range(Y.shape[1])]
