"""Division: the samples of a job by part, raw rows and what is known of them side by side, and how they came apart."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from pellucid.data import Dataset, Splits, split_rows
from pellucid.errors import InputError
from pellucid.experiment.learner import Samples
from pellucid.features import Features
from pellucid.features.extraction import ImageScan, described
from pellucid.system.progress import Progress
from pellucid.system.random_streams import stream
from pellucid.training import EarlyStopping

HOLDOUT = 0.2  # of the samples, where nothing else judges, or where nothing else is there to choose on


@dataclass
class Division:
    """The parts of a job's samples.

    rows: raw rows by part.  parts: the data sets of just these samples.  said: each division, in words.
    """

    rows: dict[str, np.ndarray]
    parts: dict[str, Dataset]
    said: list[str] = field(default_factory=list)

    @classmethod
    def read(
        cls,
        splits: Splits,
        features: Features,
        skipped: list[tuple[str, str]] | None,
        progress: Progress,
        scans: Mapping[str, ImageScan],
    ) -> "Division":
        """Return the parts as they come, every sample described once; `scans` of those that are picture files."""
        division = cls({}, {})
        for part, dataset in splits.items():
            R, left = described(dataset, features, np.float64, skipped, progress, scanned=scans.get(part))
            division.rows[part], division.parts[part] = R, left
        return division

    @property
    def train(self) -> Dataset:
        """The training part."""
        return self.parts["train"]

    def __contains__(self, part: str) -> bool:
        return part in self.parts

    def __iter__(self) -> Iterator[tuple[str, np.ndarray, Dataset]]:
        """Yield the name, the raw rows and the data set of each part."""
        return ((part, self.rows[part], dataset) for part, dataset in self.parts.items())

    def samples(self, part: str) -> Samples:
        """Return the samples of a part as they are learned from."""
        dataset = self.parts[part]
        return Samples(self.rows[part], dataset.labels, dataset.groups)

    def set_aside(self) -> Samples | None:
        """Take the samples out of the training part whose label is a model's own answer; return them.

        They may teach. A score on them would only say how well the old model is imitated.
        """
        whole = self.train
        if whole.self_labelled is None or not whole.self_labelled.any():
            return None
        own = np.flatnonzero(whole.self_labelled)
        kept = np.delete(np.arange(len(whole)), own)
        aside = self.samples("train").take(own)
        self.parts["train"], self.rows["train"] = whole.take(kept), self.rows["train"][kept]
        return aside

    def usual_holdout(self, repeats: int) -> float:
        """Return the share to hold back for testing: a fifth where no other part and no cross-validation judges."""
        return 0 if len(self.parts) > 1 or repeats else HOLDOUT

    def hold_back_for_testing(self, share: float, seed: int) -> None:
        """Hold back a share of the training samples; 0 is none."""
        if share == 0:
            return
        if "test" in self.parts:
            raise InputError("there is a test part already; leave holdout out, or set it to 0.")
        self._hold_back("test", share, stream(seed, "split"), "held out for testing")

    def hold_back_for_choosing(self, seed: int) -> None:
        """Hold back a fifth to choose on, where there is no validation part."""
        if "validation" not in self.parts:
            self._hold_back("validation", HOLDOUT, stream(seed, "stopping"), "of the rest held out for choosing")

    def hold_out(self, held: np.ndarray, stopping: EarlyStopping) -> None:
        """Move the training rows that were held out for early stopping to the validation part."""
        self._move(held, "validation")
        self._say(stopping.fraction, "of the rest held out for early stopping")

    def _hold_back(self, part: str, share: float, rng: np.random.Generator, what: str) -> None:
        whole = self.train
        self._move(split_rows(whole.strata, share, rng, whole.groups, n=len(whole))[1], part)
        self._say(share, what)

    def _move(self, held: np.ndarray, part: str) -> None:
        whole, R = self.train, self.rows["train"]
        kept = np.delete(np.arange(len(whole)), held)
        self.parts |= {"train": whole.take(kept), part: whole.take(held)}
        self.rows |= {"train": R[kept], part: R[held]}

    def _say(self, share: float, what: str) -> None:
        by = [*(["class"] if self.train.strata is not None else []), *([] if self.train.groups is None else ["group"])]
        self.said.append(f"{share:.0%} {what}, by {' and '.join(by) or 'chance'}")
