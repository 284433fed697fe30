"""The audit of a data set: one look at every sample, then all that the other files of this room have to say of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from pellucid.data.audit import checks
from pellucid.data.audit.duplicates import Copies, copies_of
from pellucid.data.audit.finding import LEVELS, Finding
from pellucid.data.audit.image_metadata import Facts, facts_of
from pellucid.data.dataset import Dataset, Splits


class Progress(Protocol):
    """Who wants to show how far the reading is."""

    def reading(self, source: str, done: int, total: int) -> None:
        """Take note that `done` of `total` samples of a source are read."""


@dataclass(frozen=True, eq=False)
class Audit:
    """What was found in a data set.

    counts: samples by part and class.  findings: the gravest first.  facts: of pictures, by part, for whoever needs
    them next.  copies: which samples are copies of which.
    """

    counts: dict[str, dict[str, int]]
    findings: tuple[Finding, ...]
    facts: dict[str, Facts] = field(repr=False)
    copies: Copies = field(repr=False)

    def names(self, part: str) -> Sequence[str]:
        """Return the names of the samples of a part, in the order of its facts."""
        return self.copies.parts[part].names

    def leaks(self) -> np.ndarray:
        """Return the training rows that are copies, exact or near, of validation or test rows."""
        return self.copies.leaks()

    def copy_groups(self, part: str = "train") -> np.ndarray:
        """Return groups of integers (n,) for a split of the part to keep together: copies have the same one."""
        return self.copies.groups(part)

    def numbers(self) -> dict[str, int]:
        """Return how many findings there are of each level."""
        return {level: sum(finding.level == level for finding in self.findings) for level in LEVELS}

    def lines(self, examples: int = 10) -> Iterator[str]:
        """Yield the findings as text, each with its first few examples."""
        for finding in self.findings:
            yield f"{finding.level + ':':<9}{finding.sentence}"
            told = len(finding.examples) == 1 and finding.examples[0] in finding.sentence
            untold = () if told else finding.examples
            yield from (f"         - {example}" for example in untold[:examples])
            if len(untold) > examples:
                yield "         - ..."

    def as_dict(self) -> dict[str, Any]:
        """Return counts and findings as plain values, for JSON and for a model's provenance."""
        return {"counts": self.counts, "findings": [finding.as_dict() for finding in self.findings]}


def facts_by_part(splits: Splits, progress: Progress | None = None) -> dict[str, Facts]:
    """Return the facts of the pictures of each part, each opened once; nothing is held of one but 1.3 kB."""

    def facts_in(dataset: Dataset) -> Facts:
        def told(done: int, total: int) -> None:
            if progress is not None:
                progress.reading(dataset.source, done, total)

        return facts_of(dataset, told)

    return {part: facts_in(dataset) for part, dataset in splits.items() if dataset.kind == "pictures"}


def audit(splits: Splits, progress: Progress | None = None, facts: dict[str, Facts] | None = None) -> Audit:
    """Return what is to be said of data before anything is learned from it.

    splits: as `pellucid.data.load` returns them.  progress: what shows how far reading is.
    facts: by part, where they have been read already.

    >>> from pellucid.data import load
    >>> audit(load("toy:moons")).numbers()
    {'problem': 0, 'watch': 0, 'note': 0}
    """
    parts = dict(splits.items())
    facts = facts_by_part(splits, progress) if facts is None else facts
    copies = copies_of(parts, facts)
    findings = [
        *copies.findings(),
        *checks.unreadable(parts, facts),
        *checks.groups(parts, facts),
        *checks.classes(parts),
        *checks.constant(parts),
        *(checks.looks(parts, facts) if facts else ()),
    ]
    findings.sort(key=lambda finding: LEVELS.index(finding.level))
    return Audit({part: dataset.counts() for part, dataset in parts.items()}, tuple(findings), facts, copies)
