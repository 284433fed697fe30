"""ScoredPart: the predictions for one part of the data, by networks that did not learn from it wherever possible."""

from dataclasses import dataclass

import numpy as np

from pellucid.data import Dataset
from pellucid.evaluation import CrossValidation
from pellucid.experiment.result import Result
from pellucid.model.predictions import Predictions


@dataclass(frozen=True, eq=False)
class ScoredPart:
    """Samples with their predictions.

    answers: probabilities (n, k), or predicted numbers (n,).  predicted: (n,) class codes; empty in a regression.
    title: which samples these are.  how: where the predictions come from, as the end of a sentence.
    prefix: what a list of corrections needs before a name.
    """

    dataset: Dataset
    answers: np.ndarray
    predicted: np.ndarray
    title: str
    how: str = ""
    prefix: str = ""

    @classmethod
    def of(
        cls, predictions: Predictions, dataset: Dataset, title: str, how: str = "", prefix: str = ""
    ) -> "ScoredPart":
        """Return the predictions of a model beside their data."""
        return cls(dataset, predictions.outputs, predictions.codes, title, how, prefix)

    @property
    def confidence(self) -> np.ndarray:
        """The probability (n,) of the predicted class."""
        return self.answers[np.arange(len(self.predicted)), self.predicted].astype(np.float64)

    @property
    def confusion(self) -> np.ndarray:
        """How many samples of class i were predicted as j, (k, k)."""
        k = len(self.dataset.class_names)
        counts = np.zeros((k, k), np.int64)
        np.add.at(counts, (self.dataset.labels, self.predicted), 1)
        return counts

    @property
    def mistakes(self) -> np.ndarray:
        """The rows that were predicted wrongly, the most confident first."""
        wrong = np.flatnonzero(self.predicted != self.dataset.labels)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")]

    @property
    def right(self) -> np.ndarray:
        """The rows that were predicted correctly, the least confident first."""
        right = np.flatnonzero(self.predicted == self.dataset.labels)
        return right[np.argsort(self.confidence[right], kind="stable")]

    def name(self, row: int) -> str:
        """Return the name by which a list of corrections finds a sample."""
        return self.prefix + self.dataset.names[row]


def scored_parts(result: Result) -> list[ScoredPart]:
    """Return the most reliable first: cross-validation, then unused parts; without these, the best part there is."""
    parts, found = dict(result.splits.items()), []
    loaded = parts if result.audit is None else result.audit.counts  # parts as loaded, before any was held out
    shared = len({name for dataset in parts.values() for name in dataset.names}) < sum(map(len, parts.values()))

    def prefix(part: str) -> str:
        return f"{part if part in loaded else 'train'}/" if shared else ""

    train, folds = parts["train"], result.cross_validation
    if folds is not None and sum(map(len, folds.held)) == len(train):  # else some moved to another part since
        title, how = (
            f"In {len(folds.held)}-fold cross-validation",
            ", each predicted by networks that did not learn from it",
        )
        if isinstance(folds, CrossValidation):
            found.append(ScoredPart(train, folds.probabilities, folds.said, title, how, prefix("train")))
        else:
            found.append(ScoredPart(train, folds.predicted, np.empty(0, np.intp), title, how, prefix("train")))
    tested = {part for part, scores in result.scores.items() if scores.used_for == "testing"}
    wanted = [part for part in parts if part in tested][::-1]  # the test part first
    if not found and not wanted:
        wanted = [next(part for part in ("validation", "train") if part in parts)]
    for part in wanted:
        how = "" if part in tested else f", which was used for {result.scores[part].used_for}"
        title = f"In the {part} part"
        found.append(ScoredPart.of(result.predictions[part], parts[part], title, how, prefix(part)))
    return found


def noun(dataset: Dataset) -> str:
    """Return the plural noun for the samples of a data set."""
    if dataset.kind != "pictures":
        return "rows"
    return "photos" if dataset.of_files else "pictures"
