"""Leaks: columns that give the label away, and columns that count or name the rows.

A column alone predicts half of the rows from the other half. The score of a model that has learned such a column is
about the column, and not about new data.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pellucid.data.audit.columns import Column, columns_of, drop_option
from pellucid.data.audit.finding import Finding, few
from pellucid.data.dataset import Dataset

SENTENCES = {  # kind of finding -> how grave it is, and what to say of the columns
    "label-twin": (
        "problem",
        "{columns} alone tell{s} the label: {figures}. If known only with the label, leave out: {drop}.",
    ),
    "label-key": (
        "problem",
        "{columns} name{s} things whose rows share a label: {figures}. "
        "--group-by {group} keeps each thing on one side of a split.",
    ),
    "row-numbers": (
        "problem",
        "{columns} number{s} the rows and follow{s} the label: {figures}. New rows have no such order: {drop}.",
    ),
    "strong-column": (
        "problem",
        "{columns} alone predict{s} the label: {figures}. If known only after the label, leave out: {drop}.",
    ),
    "key-column": (
        "watch",
        "{columns} seem{s} to name things with several rows: --group-by {group} keeps each on one side of splits.",
    ),
    "row-numbers-unused": (
        "watch",
        "{columns} number{s} the rows, as an id or an index does, and tell{s} nothing of new ones: {drop}.",
    ),
}

LEAST_ROWS = 20  # fewer tell too little
ALMOST_ALL, OF_THE_REST = 0.01, 0.1  # a leak is wrong on so few held-out rows, and on so few of the minority's
LEAST_OTHERS = 5  # held-out rows that are not of the majority
EXPLAINED, NEARLY_EXPLAINED = 0.999, 0.99  # of the variance: two units of one quantity; a strong relation
MOSTLY = 0.95  # of the cells of a row's number are there
TRENDING = 0.2  # of the variance, explained by a row number
COLLISIONS = 7  # that whole numbers without meaning would have: without any, they number the rows
SURE_ROWS = 100  # held out, from which on a strong column is hardly the work of chance
FEW_VALUES = 5  # rows of a value on average, from which on each value has a prediction of its own
RANGE = re.compile(r"[<>\u2264\u2265]?\s*[0-9.,]+\s*(?:(?:-|\u2013|to)\s*[0-9.,]+|\+)?")  # 22-27, 65+, < 5
NAME = re.compile(r"(?i:id|idx|index|row|row_?names?|row_?(nr|no|num|number)|nr|uu?id|guid|unnamed(:\s*\d+)?"
                  r"|.*[_\s.-](id|idx|uuid))|.*[a-z](Id|ID)|level_0")  # fmt: skip


@dataclass(frozen=True)
class Guess:
    """How well one column alone predicts held-out rows.

    n: those rows.  score, baseline: accuracy and that of the majority; for numbers, R2 and 0.
    """

    column: Column
    n: int
    score: float
    baseline: float
    of_classes: bool

    @property
    def in_words(self) -> str:
        """The figure and what it is compared with."""
        if self.of_classes:
            return f"accuracy {self.score:.3f} on held-out rows, always the majority {self.baseline:.3f}"
        return f"R2 {self.score:.3f} on held-out rows"

    @property
    def is_strong(self) -> bool:
        """Whether the column predicts nearly all that there is to predict."""
        if not self.of_classes:
            return self.score >= NEARLY_EXPLAINED
        wrong, others = 1 - self.score, 1 - self.baseline
        return wrong <= min(ALMOST_ALL, OF_THE_REST * others) and others * self.n >= LEAST_OTHERS

    @property
    def is_twin(self) -> bool:
        """Whether the column is the label in other words: a value or two a class, or another unit of a number."""
        if not self.of_classes:
            return self.score >= EXPLAINED
        return self.is_strong and self.column.different <= 2 * len(np.unique(self.column.labels))

    @property
    def beats_chance(self) -> bool:
        """Whether the column tells more than chance would: by four standard errors at least."""
        if not self.of_classes:
            return self.score >= TRENDING
        return (self.score - self.baseline) * np.sqrt(self.n) >= 2


def leaks(parts: Mapping[str, Dataset]) -> Iterator[Finding]:
    """Yield columns that are the label's twin, that number the rows, or that alone predict nearly all labels."""
    dataset = parts["train"]
    if len(dataset) < LEAST_ROWS:
        return
    of_kind: dict[str, list[Guess]] = {}
    for guess in guesses(dataset):
        kind = _kind(guess, alone=len(dataset.columns) == 1)
        of_kind.setdefault(kind, []).append(guess)
    for kind, (level, sentence) in SENTENCES.items():
        if found := of_kind.get(kind):
            names = [guess.column.name for guess in found]
            best = max(found, key=lambda guess: guess.score)
            one = len(found) == 1
            said = sentence.format(
                columns=f"Column {names[0]!r}" if one else f"{len(found)} columns, {best.column.name!r} most,",
                s="s" if one else "",
                figures=best.in_words,
                drop=drop_option(dataset, names) if len(names) < len(dataset.columns) else "no other column is left",
                group=shlex.quote(best.column.name),
            )
            examples = () if one else few(f"{guess.column.name}: {guess.in_words}" for guess in found)
            sure = kind != "strong-column" or best.n >= SURE_ROWS
            yield Finding(level if sure else "watch", kind, len(found), said, examples)


def guesses(dataset: Dataset) -> Iterator[Guess]:
    """Yield how well each column alone predicts the labels of held-out rows; columns of one value are passed over.

    >>> from pellucid.data import load
    >>> [round(guess.score, 2) for guess in guesses(load("toy:moons").train)]
    [0.71, 0.73]
    """
    for column in columns_of(dataset):
        if column.different > 1:
            yield guess_of(column, bool(dataset.class_names))


def guess_of(column: Column, of_classes: bool) -> Guess:
    """Return how well a column predicts the labels of one half of its rows, from the other half."""
    fit = np.random.default_rng(0).permutation(len(column.labels)) % 2 == 0
    return (_of_classes if of_classes else _of_numbers)(column, fit)


def _kind(guess: Guess, alone: bool) -> str:
    """Return the kind of finding that a column is, "" for none; `alone` is a column that has no other beside it."""
    column, named = guess.column, bool(NAME.fullmatch(guess.column.name))
    if _numbers_rows(column, named) and not (alone and not guess.of_classes):  # alone, a curve is drawn over it
        return "row-numbers" if guess.beats_chance else "row-numbers-unused"
    if alone:
        return ""
    if guess.is_strong:
        return "label-key" if _is_key(column) else "label-twin" if guess.is_twin else "strong-column"
    whole = not column.of_numbers or _whole(column)
    return "key-column" if named and whole and LEAST_ROWS <= column.different <= len(column.rows) / 2 else ""


def _whole(column: Column) -> bool:
    """Whether nearly all values are there, and are whole numbers."""
    known = column.values[column.known]
    return len(known) >= MOSTLY * len(column.rows) and bool((known == np.rint(known)).all())


def _numbers_rows(column: Column, named: bool) -> bool:
    """Whether whole numbers are all different, and are named an id or lie closer than such of a measure ever would."""
    if not (column.of_numbers and _whole(column)):
        return False
    known = column.values[column.known]
    n, different = len(known), len(np.unique(known))
    span = np.ptp(known) + 1
    return different > n / 2 if named else different == n and n * (n - 1) >= 2 * COLLISIONS * span


def _is_key(column: Column) -> bool:
    """Whether a column names things that come in several rows: no order of its values follows the label."""
    n, classes = len(column.labels), len(np.unique(column.labels))
    if column.different > n / 2 or column.different <= 2 * classes or (column.of_numbers and not _whole(column)):
        return False
    if not column.of_numbers and all(text is None or RANGE.fullmatch(text) for text in column.values):
        return False  # of a measure, in classes
    in_order = column.labels[np.argsort(column.codes, kind="stable")]
    return bool(not column.of_numbers or np.count_nonzero(np.diff(in_order)) >= 2 * classes)


def _of_classes(column: Column, fit: np.ndarray) -> Guess:
    labels = np.unique(column.labels, return_inverse=True)[1]
    shown, held = labels[fit], labels[~fit]
    majority = np.bincount(shown).argmax()
    if column.different * FEW_VALUES <= len(labels):
        k = labels.max() + 1
        counts = np.bincount(column.codes[fit] * k + shown, minlength=column.different * k).reshape(-1, k)
        known = counts.any(axis=1)
        said = np.where(known, counts.argmax(axis=1), majority)[column.codes[~fit]]
    else:
        said = _majority_of_three(column.codes[fit], shown, column.codes[~fit])
    return Guess(column, len(held), float(np.mean(said == held)), float(np.mean(majority == held)), True)


def _majority_of_three(places: np.ndarray, labels: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the label that two of the three nearest neighbours share, else that of the middle one."""
    order = np.argsort(places, kind="stable")
    at = np.searchsorted(places[order], wanted)
    before, here, after = (labels[order[np.clip(at + step, 0, len(order) - 1)]] for step in (-1, 0, 1))
    return np.where(before == after, before, here)


def _of_numbers(column: Column, fit: np.ndarray) -> Guess:
    """Return the R2 on held-out rows of a table of means, or for numbers of a line from neighbour to neighbour."""
    shown, held, codes = column.labels[fit], column.labels[~fit], column.codes
    sums = np.bincount(codes[fit], shown, column.different)
    counts = np.bincount(codes[fit], minlength=column.different)
    means = np.divide(sums, counts, out=np.full(len(sums), shown.mean()), where=counts > 0)
    inside = np.ones(len(held), bool)
    said = means[codes[~fit]]
    if column.of_numbers and (seen := np.flatnonzero(counts[: len(np.unique(column.values[column.known]))])).size:
        values, x = np.unique(column.values[column.known]), column.values[~fit]
        inside = (x >= values[seen[0]]) & (x <= values[seen[-1]])  # a line cannot be drawn further
        said = np.interp(x[inside], values[seen], means[seen])
    held = held[inside]
    if len(held) < LEAST_ROWS / 4 or held.std() == 0:
        return Guess(column, len(held), 0.0, 0.0, False)
    return Guess(column, len(held), float(1 - np.mean((said - held) ** 2) / held.var()), 0.0, False)
