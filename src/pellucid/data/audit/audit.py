"""The audit of a data set: one look at every sample, then all that the other files of this room have to say of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.data.audit import checks
from pellucid.data.audit.borders import borders
from pellucid.data.audit.brightness import brightness
from pellucid.data.audit.duplicates import Duplicates, find_duplicates
from pellucid.data.audit.finding import LEVELS, Finding
from pellucid.data.audit.formula import formula
from pellucid.data.audit.image_metadata import MetadataTable, metadata_of
from pellucid.data.audit.interpolation import interpolated
from pellucid.data.audit.leaks import leaks
from pellucid.data.audit.row_order import row_order
from pellucid.data.audit.values import values
from pellucid.data.dataset import Splits
from pellucid.system.progress import SILENT, Progress

IN_DOUBT = ("leaks", "groups-across-parts", "label-twin", "label-key", "row-numbers", "strong-column", "interpolated",
            "row-order", "formula", "frames")  # fmt: skip


@dataclass(frozen=True, eq=False)
class Audit:
    """What was found in a data set.

    counts: samples by part and class.  findings: the gravest first.  metadata: of pictures, by part, for whoever needs
    them next.  duplicates: which samples are copies of which.
    """

    counts: dict[str, dict[str, int]]
    findings: tuple[Finding, ...]
    metadata: dict[str, MetadataTable] = field(repr=False)
    duplicates: Duplicates = field(repr=False)

    def names(self, part: str) -> Sequence[str]:
        """Return the names of the samples of a part, in the order of its metadata."""
        return self.duplicates.parts[part].names

    def leaks(self) -> np.ndarray:
        """Return the training rows that are duplicates, exact or near, of validation or test rows."""
        return self.duplicates.leaks()

    def duplicate_groups(self, part: str = "train") -> np.ndarray:
        """Return groups of integers (n,) for a split of the part to keep together: duplicates have the same one."""
        return self.duplicates.groups(part)

    def cautions(self) -> Iterator[str]:
        """Yield what puts a score in doubt, for a line beside it."""
        return (f"caution: {f.sentence}" for f in self.findings if f.level == "problem" and f.kind in IN_DOUBT)

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


def metadata_by_part(splits: Splits, progress: Progress = SILENT) -> dict[str, MetadataTable]:
    """Return the metadata of the parts that are pictures; each picture is opened once, and 1.3 kB of it are kept."""
    return {part: metadata_of(dataset, progress) for part, dataset in splits.items() if dataset.kind == "pictures"}


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # huge numbers are the scaler's to report
def audit(splits: Splits, progress: Progress = SILENT, metadata: dict[str, MetadataTable] | None = None) -> Audit:
    """Return what is to be said of data before anything is learned from it.

    splits: as `pellucid.data.load` returns them.  progress: what shows how far reading is.
    metadata: by part, where they have been read already.

    >>> from pellucid.data import load
    >>> audit(load("toy:moons")).numbers()
    {'problem': 0, 'watch': 0, 'note': 0}
    """
    parts = dict(splits.items())
    metadata = metadata_by_part(splits, progress) if metadata is None else metadata
    duplicates = find_duplicates(parts, metadata)
    findings = [
        *duplicates.findings(),
        *checks.unreadable(parts, metadata),
        *checks.groups(parts, metadata),
        *checks.classes(parts),
        *checks.spellings(parts),
        *checks.several_labels(parts),
        *checks.constant(parts),
        *leaks(parts),
        *formula(parts),
        *interpolated(parts),
        *row_order(parts, duplicates.groups()),
        *values(parts),
        *(checks.looks(parts, metadata) if metadata else ()),
        *brightness(parts, metadata),
        *borders(parts, metadata),
        *checks.file_names(parts),
    ]
    findings.sort(key=lambda finding: LEVELS.index(finding.level))
    return Audit({part: dataset.counts() for part, dataset in parts.items()}, tuple(findings), metadata, duplicates)
