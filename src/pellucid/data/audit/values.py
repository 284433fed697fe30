"""Odd values in the columns of a table: numbers that stand for missing, typing errors, long tails, dressed numbers."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from pellucid.data.audit.columns import Column, columns_of, drop_option
from pellucid.data.audit.finding import Finding, few, number
from pellucid.data.dataset import Dataset

MOST_ROWS = 200_000  # that are looked at
LEAST_ROWS = 20
LEAST_VALUES = 3  # that are different, beside one that stands for missing
REPEATED = 3  # rows with a value that stands for missing
MARKERS = re.compile(r"0|-1|-?9+|-32768|32767|65535|-2147483648|2147483647")
MANY_VALUES = 10  # that are different; a column of fewer is one of grades or counts
FAR, FAR_MARKER = 1.0, 0.3  # of the spread of the rest, from a value that stands for missing to them
PEAK = 5  # times as often as the next value, of the -1 of a column of positive numbers
SPREADS = 10  # from the median, that a typing error is away at least
JUMP = 5  # times as far away as the rest
FEW = 0.01  # share of the cells that are typing errors at most
LONG_TAIL = 50  # spreads from the median to the furthest value
NUMBER = r"[+-]?\d+(?:[.,'\u2019 \u00a0]\d{3})*(?:[.,]\d+)?"
PLAIN = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
BLANK, CURRENCY, UNIT = "[ \u00a0]?", r"(?:[$€£¥]|USD|EUR|GBP|CHF)?", r"(?:[^\W\d_]{1,3}|[^\w\s,.-]{0,3})?"
DRESSED = re.compile(f"(?P<before>{CURRENCY}){BLANK}{NUMBER}{BLANK}(?P<after>{UNIT})")
MOSTLY, MOSTLY_PLAIN = 0.9, 0.7  # of the cells of a column are dressed numbers, or plain ones
MOST_DRESSES = 2  # "%" and none, say: codes such as 12A and 7C have more


class Odd(NamedTuple):
    """A column with odd values: how many cells, and what to say of them."""

    column: str
    cells: int
    told: str


def values(parts: Mapping[str, Dataset]) -> Iterator[Finding]:
    """Yield the columns of the training part with odd values."""
    dataset = parts["train"]
    if len(dataset) < LEAST_ROWS:
        return
    missing, zeros, errors, tails, dressed = (list[Odd]() for _ in range(5))
    for column in columns_of(dataset, MOST_ROWS):
        if not column.of_numbers:
            dressed += _dressed(column)
            continue
        known = column.known
        for value in _stands_for_missing(column.values[known]):
            known &= column.values != value
            rest = column.values[known]
            count = int((column.values == value).sum())
            told = f"{value:g} {number(count, 'time')}, the others in {rest.min():g} to {rest.max():g}"
            (missing if value else zeros).append(Odd(column.name, count, told))
        far = _far_out(column.values, known)
        if len(far):
            rest, first = np.delete(column.values, far)[np.delete(known, far)], far[0]
            place = dataset.names[column.rows[first]]
            told = f"{len(far)}, as {column.values[first]:g} in {place}, the others in {rest.min():g} to {rest.max():g}"
            errors.append(Odd(column.name, len(far), told))
        elif known.sum() >= LEAST_ROWS and (tail := _tail(column.values[known])):
            tails.append(Odd(column.name, 1, tail))
    for level, kind, found, said in (
        ("watch", "missing-as-number", missing, "a value that seems to stand for missing; if so, empty these cells"),
        ("note", "missing-as-zero", zeros, "a 0 that may stand for missing; if so, empty these cells"),
        ("watch", "extremes", errors, "values far from all others; correct these cells or empty them"),
        ("watch", "long-tail", tails, "a long tail, which a network learns badly; learn from logarithms or ranks"),
    ):
        if found:
            yield _finding(level, kind, found, f"{said}, or {drop_option(dataset, [odd.column for odd in found])}.")
    if dressed:
        option = drop_option(dataset, [odd.column for odd in dressed]).replace("--drop", "--numeric", 1)
        yield _finding("watch", "dressed-numbers", dressed, f"numbers that are read as categories: {option}.")


def _finding(level: str, kind: str, found: list[Odd], said: str) -> Finding:
    """Return one finding on all columns of a kind; of one column, its sentence says all."""
    first = found[0]
    columns = f"Column {first.column!r} has" if len(found) == 1 else f"{len(found)} columns have"
    example = f" ({first.told})" if len(found) == 1 else f" ({first.column!r}: {first.told})"
    head, mark, rest = said.partition("; ") if "; " in said else said.partition(":")
    examples = () if len(found) == 1 else few(f"{odd.column}: {odd.told}" for odd in found)
    return Finding(level, kind, sum(odd.cells for odd in found), f"{columns} {head}{example}{mark}{rest}", examples)


def _stands_for_missing(known: np.ndarray) -> Iterator[float]:
    """Yield the smallest and the largest value, each if it comes often and lies far from the rest."""
    different, counts = np.unique(known, return_counts=True)
    for end, beside in ((0, 1), (-1, -2)):
        if len(different) <= LEAST_VALUES or counts[end] < REPEATED:
            continue
        rest = known[known != different[end]]
        low, high = np.quantile(rest, [0.05, 0.95])
        spread, gap = high - low or np.ptp(rest), abs(different[end] - different[beside])
        is_marker = bool(MARKERS.fullmatch(f"{different[end]:.15g}"))
        if len(different) <= MANY_VALUES:
            far = is_marker and different[end] != 0 and gap >= np.ptp(rest)
        elif is_marker:
            far = gap >= FAR_MARKER * spread
        else:
            far = gap >= FAR * spread and counts[end] > FEW * len(known)
        peak = different[end] == -1 and len(different) > MANY_VALUES and counts[0] >= PEAK * counts[1]
        peak = peak and different[1] >= 0
        if far or peak:
            yield float(different[end])
            known = rest
            different, counts = np.unique(known, return_counts=True)


def _spread(known: np.ndarray) -> tuple[float, float]:
    """Return the median, and the standard deviation as the inner 80% of the values have it; 0 for a few counts."""
    low, middle, high = np.quantile(known, [0.1, 0.5, 0.9])
    few = high == low and len(np.unique(known)) <= MANY_VALUES
    return middle, 0.0 if few else (high - low) / 2.56 or float(known.std())


def _far_out(column: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the rows of a few values that are many times further from the median than all others."""
    rows = np.flatnonzero(known)
    if len(rows) < LEAST_ROWS:
        return rows[:0]
    middle, spread = _spread(column[rows])
    away = np.abs(column[rows] - middle)
    order = np.argsort(-away, kind="stable")[: max(3, int(FEW * len(rows))) + 1]
    away = away[order]
    jumps = np.flatnonzero((away[:-1] >= SPREADS * spread) & (away[:-1] >= JUMP * np.maximum(away[1:], spread)))
    return rows[order[: jumps[-1] + 1]] if len(jumps) and spread > 0 else rows[:0]


def _tail(known: np.ndarray) -> str:
    middle, spread = _spread(known)
    if len(np.unique(known)) <= MANY_VALUES:
        return ""
    furthest = known[np.abs(known - middle).argmax()]
    if spread == 0 or abs(furthest - middle) < LONG_TAIL * spread:
        return ""
    return f"{furthest:g} is {abs(furthest - middle) / spread:.0f} spreads from the median {middle:g}"


def _dressed(column: Column) -> list[Odd]:
    """Return a column of texts most of which are numbers with a unit, a currency, thousands or a few odd cells."""
    texts = [text for text in column.values if text is not None]
    plain = sum(bool(PLAIN.fullmatch(text)) for text in texts)
    found = [match for text in texts if (match := DRESSED.fullmatch(text))]
    dresses = {(match["before"], match["after"]) for match in found}
    many = len(found) >= MOSTLY * len(texts) and len(dresses) <= MOST_DRESSES
    if plain == len(texts) or not (many or plain >= MOSTLY_PLAIN * len(texts)):
        return []
    odd = next(text for text in texts if not PLAIN.fullmatch(text))
    return [Odd(column.name, len(texts), f"such as {odd!r}, {number(column.different, 'category', 'categories')}")]
