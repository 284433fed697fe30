"""Judged: the answers to samples of one part, by networks that did not learn from them wherever there are such."""

from dataclasses import dataclass

import numpy as np

from pellucid.data import Dataset
from pellucid.evaluation import CrossValidation
from pellucid.experiment.result import Result
from pellucid.model.model import Model


@dataclass(frozen=True, eq=False)
class Judged:
    """Samples with what was said of them.

    answers: probabilities (n, k), or predicted numbers (n,).  said: (n,) codes; empty where numbers are predicted.
    title: which samples these are.  how: how the answers came about, as the end of a sentence.
    prefix: what a list of corrections needs before a name.
    """

    dataset: Dataset
    answers: np.ndarray
    said: np.ndarray
    title: str
    how: str = ""
    prefix: str = ""

    @classmethod
    def by_model(
        cls, model: Model, R: np.ndarray, dataset: Dataset, title: str, how: str = "", prefix: str = ""
    ) -> "Judged":
        """Return the answers of a model to raw rows R."""
        found = model.predictions(R)
        return cls(dataset, found.outputs, found.codes, title, how, prefix)

    @property
    def sure(self) -> np.ndarray:
        """The probability (n,) of what was said."""
        return self.answers[np.arange(len(self.said)), self.said].astype(np.float64)

    @property
    def confusion(self) -> np.ndarray:
        """How many samples of class i were called j, (k, k)."""
        k = len(self.dataset.class_names)
        counts = np.zeros((k, k), np.int64)
        np.add.at(counts, (self.dataset.labels, self.said), 1)
        return counts

    @property
    def mistakes(self) -> np.ndarray:
        """The rows that were answered wrongly, the surest first."""
        wrong = np.flatnonzero(self.said != self.dataset.labels)
        return wrong[np.argsort(-self.sure[wrong], kind="stable")]

    @property
    def right(self) -> np.ndarray:
        """The rows that were answered rightly, the least sure first."""
        right = np.flatnonzero(self.said == self.dataset.labels)
        return right[np.argsort(self.sure[right], kind="stable")]

    def name(self, row: int) -> str:
        """Return the name by which a list of corrections finds a sample."""
        return self.prefix + self.dataset.names[row]


def judged_parts(result: Result) -> list[Judged]:
    """Return what tells most first: cross-validation, then parts without a say in anything; else what there is."""
    parts, found = dict(result.splits.items()), []
    loaded = parts if result.audit is None else result.audit.counts  # parts as they came, before any was held back
    shared = len({name for dataset in parts.values() for name in dataset.names}) < sum(map(len, parts.values()))

    def prefix(part: str) -> str:
        return f"{part if part in loaded else 'train'}/" if shared else ""

    train, folds = parts["train"], result.cross_validation
    if folds is not None and sum(map(len, folds.held)) == len(train):  # else some were moved to another part since
        title, how = f"In {len(folds.held)}-fold cross-validation", ", each by networks that did not learn from it"
        if isinstance(folds, CrossValidation):
            found.append(Judged(train, folds.probabilities, folds.said, title, how, prefix("train")))
        else:
            found.append(Judged(train, folds.predicted, np.empty(0, np.intp), title, how, prefix("train")))
    tested = {part for part, scores in result.scores.items() if scores.used_for == "testing"}
    wanted = [part for part in parts if part in tested][::-1]  # the test part first
    if not found and not wanted:
        wanted = [next(part for part in ("validation", "train") if part in parts)]
    for part in wanted:
        how = "" if part in tested else f", which was used for {result.scores[part].used_for}"
        title = f"In the {part} part"
        found.append(Judged.by_model(result.model, result.rows[part], parts[part], title, how, prefix(part)))
    return found


def noun(dataset: Dataset) -> str:
    """Return what the samples of a data set are called."""
    if dataset.kind != "pictures":
        return "rows"
    return "photos" if dataset.of_files else "pictures"
