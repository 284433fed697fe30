"""Copies among the rows of a table, equal or nearly, where chance does not explain them.

Equal rows of few or coarse columns come by chance: then others differ from them in one column only. Nearly equal rows
are much closer than the rows around them would have a neighbour by chance.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pellucid.data.audit.columns import bounded
from pellucid.data.audit.similarity import join
from pellucid.data.dataset import Dataset

FINE = 20  # different values, from which on a column of numbers is compared by distance; in others rows are equal
COPIED = 10  # times as many equal rows as chance would give
FREQUENT, FREQUENT_ROWS = 0.2, 5  # share and number of rows that no one copies: they are what rows usually are
PAIRS_OF_COLUMNS = 60  # looked at, of all that there are
ROUNDED = 0.05  # share of the steps between different values, from which on a step is the unit of rounding
USUAL = 0.05  # share of the rows with one value, from which on it is compared as a category
LEAST_FREE = 0.5  # of the cells of a row, that are compared by distance
LEAST_ROWS = 40  # fewer have no neighbours to compare with
AROUND, SHARE, MOST_AROUND = 5, 4, 100  # the 5th nearest among a quarter of the rows, at most 100 of them
NEAREST = 0.2  # of that distance; copies are not further apart
OUTLYING = 2.0  # times the median of that distance, which it is taken for at most
FALSE, FALSE_OF_MANY = 0.001, 0.03  # share that chance may explain of a few rows taken for copies, and of all rows
CHAIN = 6.0  # times the distance of two copies, that all copies of a row lie within
WORK, COMPARING = 10**11, 20  # multiplications at most, and what a comparison costs; beyond, only equal rows are found
MOST_CELLS = 50_000_000  # of a table; beyond, its copies would take gigabytes to find
TILE = (1024, 8192)  # rows that are compared at once


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of all parts of a table.

    X (n, f): its fine columns, in units of their spread; the median where a value is missing or as frequent as one that
    stands for missing.  free (n,): the share of cells that are neither.  patterns (n,): equal where the coarse columns
    and those cells are.  resolution: the distance of two rows that rounding can hide.  hashes (n, d): a random number
    for each value of each column, so that the sums of equal rows are equal.
    """

    X: np.ndarray
    free: np.ndarray
    patterns: np.ndarray
    resolution: float
    hashes: np.ndarray

    @classmethod
    def of(cls, parts: Mapping[str, Dataset]) -> "Rows":
        """Read the parts."""
        table = np.concatenate([np.asarray(data.read(np.arange(len(data)))) for data in parts.values()])
        first = next(iter(parts.values()))
        categorical = set(first.categorical)
        n, rng = len(table), np.random.default_rng(0)
        hashes, patterns = np.empty(table.shape, np.uint64), np.zeros(n, np.uint64)
        fine, steps, fixed_cells = list[np.ndarray](), list[float](), np.zeros(n)
        for place in range(table.shape[1]):
            of_texts = bool(categorical) and first.columns[place] in categorical
            column = table[:, place] if of_texts else bounded(table[:, place].astype(np.float64)) + 0.0  # -0 is 0
            values, codes = _coded(column) if of_texts else np.unique(column, return_inverse=True)
            counts = np.bincount(codes, minlength=len(values))
            hashes[:, place] = rng.integers(2**64, size=len(values), dtype=np.uint64)[codes]
            known = np.empty(0) if of_texts else values[np.isfinite(values)]
            if len(known) < FINE:
                patterns += hashes[:, place]
                continue
            fixed = (counts[codes] > USUAL * n) | np.isnan(column)
            patterns[fixed] += hashes[fixed, place]
            fixed_cells += fixed
            low, middle, high = np.quantile(column[~fixed], [0.1, 0.5, 0.9]) if not fixed.all() else (0.0, 0.0, 0.0)
            spread = (high - low) / 2 or np.nanstd(column)
            fine.append((np.where(fixed, middle, column) - middle) / spread)
            steps.append(float(np.quantile(np.diff(known), ROUNDED) / spread))
        X = np.stack(fine, axis=1) if fine else np.empty((n, 0))
        free = 1 - fixed_cells / max(len(fine), 1)
        return cls(X, free, patterns, float(np.sqrt(np.square(steps).sum() / 6)), hashes)


def _coded(texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    place_of: dict[str | None, int] = {}
    codes = np.array([place_of.setdefault(text, len(place_of)) for text in texts])
    return np.array(list(place_of), object), codes


@np.errstate(
    over="ignore", invalid="ignore", divide="ignore"
)  # a column of huge and of tiny numbers is compared with nothing
def copies(parts: Mapping[str, Dataset]) -> np.ndarray:
    """Return labels (n,) of the rows of all parts: copies that chance does not explain have that of the first of them.

    >>> from pellucid.data import load
    >>> bool((copies({"train": load("toy:moons").train}) == np.arange(400)).all())
    True
    """
    if sum(len(data) * len(data.columns) for data in parts.values()) > MOST_CELLS:
        return np.arange(sum(map(len, parts.values())))
    rows = Rows.of(parts)
    labels = equal(rows.hashes)
    firsts = np.unique(rows.hashes.sum(axis=1), return_index=True)[1]
    for i, j in near(rows.X[firsts], rows.free[firsts], rows.patterns[firsts], rows.resolution):
        join(labels, firsts[i], firsts[j])
    return labels


def equal(hashes: np.ndarray) -> np.ndarray:
    """Return labels (n,) of rows with hashes (n, d), the same for rows that are equal and that no others nearly are.

    Of rows that differ in one column (N1 pairs) or in two (N2), chance makes about N1^2 / (2 N2) pairs equal.
    """
    whole, alone = hashes.sum(axis=1), np.arange(len(hashes))
    _, first, places = np.unique(whole, return_index=True, return_inverse=True)
    if len(first) == len(hashes):
        return alone
    hashes, whole, d = hashes[first], whole[first], hashes.shape[1]
    crowded, ones, twos = np.zeros(len(first), bool), np.zeros(d), 0.0
    for column in range(d):
        _, at, counts = np.unique(whole - hashes[:, column], return_inverse=True, return_counts=True)
        crowded |= counts[at] > 1
        ones[column] = _pairs(counts)
    pairs = np.array([(a, b) for a in range(min(d, 100)) for b in range(a)]).reshape(-1, 2)
    chosen = np.random.default_rng(0).permutation(pairs)[:PAIRS_OF_COLUMNS]
    for a, b in chosen:
        counts = np.unique(whole - hashes[:, a] - hashes[:, b], return_counts=True)[1]
        twos += max(0.0, _pairs(counts) - ones[a] - ones[b]) * d * (d - 1) / 2 / len(chosen)
    often = np.bincount(places) > max(FREQUENT_ROWS, FREQUENT * len(places))
    labels = np.where((crowded | often)[places], alone, first[places])
    by_chance = (ones.sum() + 0.3) ** 2 / (2 * (twos + 1))
    return labels if np.count_nonzero(labels != alone) >= COPIED * by_chance else alone


def near(
    X: np.ndarray, free: np.ndarray, patterns: np.ndarray, resolution: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs of rows that are nearly equal in X (n, f), with equal patterns (n,), and not by chance.

    X, free, patterns, resolution: as `Rows` has them.

    The number of rows within a distance grows as its power D, the dimension: Facco, d'Errico, Rodriguez, Laio 2017.
    """
    n, f = X.shape
    if n < LEAST_ROWS or f == 0 or n * n * (f + COMPARING) > WORK:
        return
    among = np.random.default_rng(0).choice(n, min(n // SHARE, MOST_AROUND), replace=False)
    around, D = neighbourhood(X, X[among])
    around = np.minimum(around, OUTLYING * np.median(around))  # two outliers are not near because all others are far
    i, j, distance = _closer_than(X, NEAREST * around)
    alike = (patterns[i] == patterns[j]) & (free[i] >= LEAST_FREE)
    i, j, distance = i[alike], j[alike], np.maximum(distance[alike], resolution)
    of_pair = distance / np.minimum(around[i], around[j])
    ratio = np.full(n, np.inf)
    np.minimum.at(ratio, i, of_pair)
    np.minimum.at(ratio, j, of_pair)
    linked = np.zeros(len(i), bool)
    for share in np.unique(free[i]):  # rows with fewer cells to compare are near by chance more often
        these = free == share
        ratios = np.sort(ratio[these & (ratio <= NEAREST)])
        expected = these.sum() * (n / len(among)) * AROUND * ratios ** (share * D)
        found = np.arange(1, len(ratios) + 1)
        if len(enough := np.flatnonzero(expected <= found * (FALSE + FALSE_OF_MANY * found / these.sum()))):
            linked |= these[i] & (of_pair <= ratios[enough[-1]])
    if linked.any():
        i, j, labels = i[linked], j[linked], np.arange(n)
        join(labels, i, j)
        compact = _compact(X, labels, distance[linked].max())
        yield i[compact[labels[i]]], j[compact[labels[i]]]


def neighbourhood(X: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the distance (n,) of each row to the 5th nearest among others, and the dimension that rows spread in."""
    squares = np.square(among).sum(axis=1)
    near, far = np.empty(len(X)), np.empty(len(X))
    for start in range(0, len(X), TILE[0]):
        block = X[start : start + TILE[0]]
        apart = np.square(block).sum(axis=1)[:, None] + squares - 2 * block @ among.T
        chosen = np.partition(apart, [AROUND, 2 * AROUND - 1], axis=1)[:, [AROUND, 2 * AROUND - 1]]
        near[start : start + TILE[0]], far[start : start + TILE[0]] = np.sqrt(chosen.clip(0)).T
    apart = far > near
    grows = np.log(far[apart] / np.maximum(near[apart], 1e-9)).mean() if apart.any() else np.inf
    return near, min(float(np.log(2) / grows), X.shape[1])  # edges make it seem larger


def _closer_than(X: np.ndarray, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all pairs of rows that are closer than either reaches, with their distances.

    Rows are sorted along the axis of most spread, so that only rows near to each other on it are compared.
    """
    axis = np.ones(X.shape[1])
    for _ in range(8):  # power iteration
        axis = X.T @ (X @ axis)
        axis /= np.linalg.norm(axis) or 1.0
    along = X @ axis
    order = np.argsort(along, kind="stable")
    X, along, reach = X[order], along[order], reach[order]
    small = X.astype(np.float32)
    squares = np.square(small).sum(axis=1)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for top in range(0, len(X), TILE[0]):
        rows = slice(top, min(top + TILE[0], len(X)))
        end = np.searchsorted(along, along[rows.stop - 1] + reach[rows].max(), "right")
        for left in range(top, end, TILE[1]):
            columns = slice(left, min(left + TILE[1], end))
            apart = squares[rows, None] + squares[columns] - 2 * small[rows] @ small[columns].T
            slack = 1e-5 * (squares[rows] + reach[rows] ** 2)  # of float32
            i, j = np.nonzero(apart <= (reach[rows] ** 2 + slack)[:, None].astype(np.float32))
            later = i + top < j + left
            found.append((i[later] + top, j[later] + left))
    i, j = (np.concatenate(side) for side in zip(*found, strict=True))
    distance = np.concatenate([np.linalg.norm(X[a] - X[b], axis=1) for a, b in _in_slices(i, j)] or [np.empty(0)])
    close = distance <= np.minimum(reach[i], reach[j])
    return order[i[close]], order[j[close]], distance[close]


def _in_slices(i: np.ndarray, j: np.ndarray, step: int = 4096) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    return ((i[start : start + step], j[start : start + step]) for start in range(0, len(i), step))


def _compact(X: np.ndarray, labels: np.ndarray, distance: float) -> np.ndarray:
    """Return for each label (n,) whether its rows lie in one place; chains, as of a walk through time, do not."""
    low, high = np.full(X.shape, np.inf), np.full(X.shape, -np.inf)
    np.minimum.at(low, labels, X)
    np.maximum.at(high, labels, X)
    used = np.unique(labels)
    compact = np.zeros(len(X), bool)
    compact[used] = np.linalg.norm(high[used] - low[used], axis=1) <= CHAIN * distance
    return compact


def _pairs(counts: np.ndarray) -> float:
    return float((counts * (counts - 1.0)).sum() / 2)
