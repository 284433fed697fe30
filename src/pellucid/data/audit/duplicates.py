"""Copies: the same sample twice, exactly or, for pictures, nearly; in one part of the data or in two.

A copy in the test part is not new to the model. Copies with different labels teach a contradiction.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pellucid.data.audit import row_copies
from pellucid.data.audit.altered_copies import MOST, altered_copies
from pellucid.data.audit.finding import Finding, few, number
from pellucid.data.audit.image_metadata import MetadataTable, metadata_of
from pellucid.data.audit.similarity import SIDE
from pellucid.data.audit.similarity import duplicates as near_duplicates
from pellucid.data.dataset import SPLIT_WORDS, Dataset
from pellucid.data.groups import joined
from pellucid.errors import InputError

MANY = 0.1  # share of equal rows, from which on a score may be about them


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Which samples are copies of which, over all parts of the data, one part after the other.

    parts: the data sets by part.  same: labels (n,), equal for samples equal to the last bit: the first row with that
    content.  alike: labels (n,), equal for near copies too, and for copies of copies.  together: those that a split
    keeps together: as alike, with altered copies of pictures (mirrored, turned, cropped, in other colours), and without
    rows of a table that chance may have made equal.
    """

    parts: Mapping[str, Dataset]
    same: np.ndarray
    alike: np.ndarray
    together: np.ndarray

    def rows(self, part: str) -> slice:
        """Return where the rows of a part stand."""
        start = 0
        for name, dataset in self.parts.items():
            if name == part:
                return slice(start, start + len(dataset))
            start += len(dataset)
        raise KeyError(part)

    def groups(self, part: str = "train") -> np.ndarray:
        """Return groups of integers (rows of the part,): copies have the same one, for a split to keep together."""
        return np.unique(self.together[self.rows(part)], return_inverse=True)[1]

    def leaks(self) -> np.ndarray:
        """Return the training rows that are copies of validation or test rows, ascending."""
        training = np.zeros(len(self.alike), bool)
        training[self.rows("train")] = True
        return np.flatnonzero(np.isin(self._found[training], self._found[~training]))

    def findings(self) -> Iterator[Finding]:
        """Yield what there is to say of copies."""
        for first, second in (("train", "test"), ("train", "validation"), ("validation", "test")):
            if first in self.parts and second in self.parts:
                yield from self._across(first, second)
        yield from self._conflicts()
        for part in self.parts:
            yield from self._within(part)
            yield from self._altered_within(part)

    def _across(self, first: str, second: str) -> Iterator[Finding]:
        mine, theirs = self._found[self.rows(first)], self._found[self.rows(second)]
        rows = np.flatnonzero(np.isin(theirs, mine)) + self.rows(second).start
        if len(rows) == 0:
            return
        pairs = [(self._copy_in(first, row), row) for row in rows.tolist()]
        near = sum(self.same[a] != self.same[b] and self.alike[a] == self.alike[b] for a, b in pairs)
        altered = sum(self.alike[a] != self.alike[b] for a, b in pairs)
        examples = few(f"{self._told(a)} and {self._told(b)}{self._how(a, b)}" for a, b in pairs)
        if len(rows) == 1:
            same = "What looks like one scene, altered," if altered else f"The same {self._noun}"
            said = f"{same} is in {first} and {second}: {examples[0]}."
        else:
            how = _nearly(near, len(rows)) + _altered(altered, len(rows))
            said = f"{number(len(rows), self._noun)} of {second} are in {first} too{how}."
        by_chance = not np.isin(self.together[self.rows(second)], self.together[self.rows(first)]).any()
        if first != "train":
            said += f" What was chosen on {first} has seen them."
        elif by_chance:
            said += f" With few or coarse columns that happens by chance; else the {second} score is too good."
        else:
            one = len(rows) == 1
            said += (
                f" The {second} score counts {'it' if one else 'them'} as new; --drop-leaks leaves the training "
                f"{'copy' if one else 'copies'} out."
            )
        sure = first == "train" and not by_chance and altered < len(rows)  # plain drawings may only look altered
        level = "problem" if sure else "watch"
        yield Finding(level, "leaks" if first == "train" else "copies-across-parts", len(rows), said, examples)

    def _conflicts(self) -> Iterator[Finding]:
        if any(not dataset.class_names for dataset in self.parts.values()):
            return  # that equal rows have different numbers is no contradiction
        labels = np.concatenate([dataset.labels for dataset in self.parts.values()])
        copies = self.alike if self._kind == "pictures" else self.same
        clusters = [rows for rows in clusters_of(copies) if len(np.unique(labels[rows])) > 1]
        if not clusters:
            return
        examples = few(" and ".join(f"{self._told(row)} ({self._class(row)})" for row in _one_a_label(rows, labels))
                       for rows in clusters)  # fmt: skip
        if self._kind == "pictures":
            are = "is" if len(clusters) == 1 else "are"
            said = f"{number(len(clusters), 'picture')} {are} in two classes, as copies; one label of each is wrong."
            yield Finding("problem", "conflicting-labels", len(clusters), said, examples)
            return
        count = sum(map(len, clusters))
        wrong = count - sum(np.bincount(labels[rows]).max() for rows in clusters)
        said = (
            f"{number(count, 'row')} are equal to others but labelled differently: by these columns nothing can be "
            f"right on more than {1 - wrong / len(labels):.1%} of the rows."
        )
        yield Finding("watch", "conflicting-labels", count, said, examples)

    def _within(self, part: str) -> Iterator[Finding]:
        here = self.rows(part)
        clusters = [rows + here.start for rows in clusters_of(self.alike[here])]
        count = sum(len(rows) - 1 for rows in clusters)
        if count == 0:
            return
        near = sum(len(np.unique(self.same[rows])) - 1 for rows in clusters)
        copies = number(count, "copy", "copies") if self._kind == "pictures" else f"{number(count, 'row')} twice"
        total = here.stop - here.start
        said = f"{part} has {copies} among its {number(total, self._noun)}{_nearly(near, count)}."
        parted = count - (total - len(np.unique(self.together[here])))
        if part == "train" and parted < count:
            said += " A split or cross-validation keeps copies together."
        if part == "train" and parted:
            which = "the" if parted == count else f"{parted:,}"
            said += f" Chance may explain {which} equal rows, so a split can part them; the score then counts them."
        examples = few(" and ".join(map(self._told, rows[:4])) + self._how(*rows[:2]) for rows in clusters)
        yield Finding("watch" if parted >= MANY * total else "note", "copies", count, said, examples)

    def _altered_within(self, part: str) -> Iterator[Finding]:
        here = self.rows(part)
        if self._kind == "pictures" and part == "train" and len(self.alike) > MOST:
            said = f"Mirrored, turned or cropped copies are not looked for among more than {MOST:,} pictures."
            yield Finding("note", "altered-copies-unknown", len(self.alike), said)
        alike, related = self.alike[here], self.together[here]
        clusters = [rows for rows in clusters_of(related) if len(np.unique(alike[rows])) > 1]
        count = sum(len(np.unique(alike[rows])) - 1 for rows in clusters)
        if count == 0:
            return
        said = (
            f"{part} has {number(count, 'altered copy', 'altered copies')} among its {number(len(alike), self._noun)}"
        )
        said += ": mirrored, turned, cropped or in other colours."
        if part == "train":
            said += " A split or cross-validation keeps them together."
        firsts = (rows[np.sort(np.unique(alike[rows], return_index=True)[1])] + here.start for rows in clusters)
        examples = few(" and ".join(map(self._told, rows[:4])) for rows in firsts)
        yield Finding("watch", "altered-copies", count, said, examples)

    @property
    def _found(self) -> np.ndarray:
        """Labels (n,) of all that is found: altered copies of pictures too, and equal rows though by chance."""
        return self.together if self._kind == "pictures" else self.alike

    @property
    def _kind(self) -> str:
        return next(iter(self.parts.values())).kind

    @property
    def _noun(self) -> str:
        return "picture" if self._kind == "pictures" else "row"

    def _copy_in(self, part: str, row: int) -> int:
        """Return the row of a part that another row is a copy of: an exact one, if there is one, or else a near one."""
        here = self.rows(part)
        for labels in (self.same, self.alike, self.together):
            rows = np.flatnonzero(labels[here] == labels[row])
            if len(rows):
                return int(rows[0]) + here.start
        raise KeyError(row)

    def _how(self, a: int, b: int) -> str:
        if self._kind != "pictures":
            return ""
        if self.same[a] == self.same[b]:
            return " (exact)"
        return " (nearly the same)" if self.alike[a] == self.alike[b] else " (altered)"

    def _at(self, row: int) -> tuple[str, int]:
        part = next(part for part in self.parts if row < self.rows(part).stop)
        return part, row - self.rows(part).start

    def _class(self, row: int) -> str:
        part, at = self._at(row)
        return self.parts[part].class_names[self.parts[part].labels[at]]

    def _told(self, row: int) -> str:
        part, at = self._at(row)
        name = self.parts[part].names[at]
        said_already = SPLIT_WORDS.get(name.partition("/")[0].lower()) == part or len(self.parts) == 1
        return name if said_already else f"{part} {name}"


def find_duplicates(parts: Mapping[str, Dataset], metadata: Mapping[str, MetadataTable]) -> Duplicates:
    """Return the copies in and among the parts of a data set; `metadata` by part, for pictures."""
    if len({dataset.kind == "pictures" for dataset in parts.values()}) > 1:
        raise InputError("one part holds pictures and another rows of numbers; they must be of one kind.")
    digests = np.concatenate(
        [metadata[p].digests if p in metadata else _row_digests(data) for p, data in parts.items()]
    )
    content = np.ascontiguousarray(digests).view(f"V{digests.shape[1]}").ravel()
    _, first, places = np.unique(content, return_index=True, return_inverse=True)
    same = first[places]
    if not metadata:
        together = row_copies.copies(parts)
        return Duplicates(parts, same, joined(same, together), together)
    readable = np.concatenate([metadata[part].readable for part in parts])
    same = np.where(readable, same, np.arange(len(same)))
    firsts = np.flatnonzero((same == np.arange(len(same))) & readable)
    seen = np.concatenate([metadata[part].thumbnails for part in parts])[firsts]
    alike = np.arange(len(same))
    alike[firsts] = firsts[near_duplicates(seen)]
    sides = np.concatenate([np.minimum(metadata[part].widths, metadata[part].heights) for part in parts])[firsts]
    different = (alike[firsts] == firsts) & (sides >= SIDE)  # tiny pictures have too little detail to prove a copy
    related = np.arange(len(same))
    related[firsts[different]] = firsts[different][altered_copies(seen[different])]
    alike = alike[same]
    return Duplicates(parts, same, alike, related[alike])


def duplicate_groups(dataset: Dataset, metadata: MetadataTable | None = None) -> np.ndarray:
    """Return groups of integers (n,) for a split to keep together: copies, near copies, and the data set's own groups.

    >>> from pellucid.data import load
    >>> len(set(duplicate_groups(load("toy:moons").train).tolist()))
    400
    """
    of_pictures = {"train": metadata or metadata_of(dataset)} if dataset.kind == "pictures" else {}
    return joined(find_duplicates({"train": dataset}, of_pictures).groups(), dataset.groups)


def clusters_of(labels: np.ndarray) -> list[np.ndarray]:
    """Return the rows that share a label, for each label of two rows or more, in the order of their first rows.

    >>> [rows.tolist() for rows in clusters_of(np.array([7, 3, 7, 5, 3]))]
    [[0, 2], [1, 4]]
    """
    order = np.argsort(labels, kind="stable")
    runs = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return sorted((rows for rows in runs if len(rows) > 1), key=lambda rows: int(rows[0]))


def _row_digests(dataset: Dataset) -> np.ndarray:
    rows = (
        hashlib.sha256(repr(row.tolist()).encode() if row.dtype == object else (row + 0.0).tobytes()).digest()
        for block in map(np.asarray, dataset.blocks(block_rows=4096))
        for row in (block if block.dtype == object else block.astype(np.float64))  # + 0, so that -0 is 0
    )
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(dataset), hashlib.sha256().digest_size)


def _one_a_label(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return rows[np.sort(np.unique(labels[rows], return_index=True)[1])]


def _nearly(near: int, count: int) -> str:
    return "" if near == 0 else ", nearly the same" if near == count else f", {near:,} of them nearly the same"


def _altered(altered: int, count: int) -> str:
    how = "mirrored, turned, cropped or in other colours"
    return "" if altered == 0 else f", {how}" if altered == count else f", {altered:,} of them {how}"
