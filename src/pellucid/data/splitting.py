"""Splitting: which rows to train on and which to hold out, as one split or as folds.

Every class is on both sides in about its own proportion, and rows that belong together (photos of one leaf,
visits of one patient) stay together, so that a score on the held rows is honest.
"""

import numpy as np

from pellucid.errors import InputError

ATTEMPTS = 10  # random orders of the groups that are tried; the split nearest to the wanted one is taken


def folds(labels: np.ndarray, k: int, rng: np.random.Generator, groups: np.ndarray | None = None) -> list[np.ndarray]:
    """Return the rows that each fold holds out, ascending; every row is in exactly one fold.

    Whatever is held, each class is among the rest too. There are fewer than k folds only where there are fewer rows, or
    groups, than k: then each holds one.

    Parameters
    ----------
    labels : (n,) classes; all alike for regression.
    k : how many folds, at least 2.
    rng : the stream of the folds.
    groups : (n,) or None; rows of one group are in one fold.

    Raises
    ------
    InputError : k below 2, a class with one row or in one group only, or groups that cannot be divided in this way.

    >>> [held.tolist() for held in folds(np.array([0, 0, 0, 0, 1, 1]), 2, np.random.default_rng(0))]
    [[1, 2, 5], [0, 3, 4]]
    """
    if k < 2:
        raise InputError(f"cross-validation needs at least 2 folds, got {k}.")
    values, classes = np.unique(labels, return_inverse=True)
    _check_class_sizes(values, classes, groups)
    fold = _folds_of_rows(classes, k, rng) if groups is None else _folds_of_groups(classes, k, rng, np.asarray(groups))
    return [np.flatnonzero(fold == number) for number in range(fold.max() + 1)]


def _check_class_sizes(values: np.ndarray, classes: np.ndarray, groups: np.ndarray | None) -> None:
    """Raise where a class cannot be both held out and in training."""
    if groups is not None and len(groups) != len(classes):
        raise InputError(f"there are {len(groups)} groups for {len(classes)} samples; one for each is needed.")
    units = np.arange(len(classes)) if groups is None else np.unique(groups, return_inverse=True)[1]
    for code, value in enumerate(values):
        if len(np.unique(units[classes == code])) == 1:
            has, more = ("one sample only", "samples") if groups is None else ("all its samples in one group", "groups")
            raise InputError(
                f"class {value} has {has}, so it cannot be both in training and held out; "
                f"add {more} of it, join it with another class, or leave it out."
            )


def _folds_of_rows(classes: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Return the fold (n,) of each row: class after class, each in random order, dealt like cards."""
    order = np.concatenate([rng.permutation(np.flatnonzero(classes == code)) for code in range(classes.max() + 1)])
    fold = np.empty(len(classes), np.int64)
    fold[order] = np.arange(len(classes)) % k
    return fold


def _folds_of_groups(classes: np.ndarray, k: int, rng: np.random.Generator, groups: np.ndarray) -> np.ndarray:
    """Return the fold (n,) of each row: of several random orders of the groups, the most even division."""
    names, members = np.unique(groups, return_inverse=True)
    share = np.zeros((len(names), classes.max() + 2))  # of each class, and of all rows, that a group holds
    np.add.at(share, (members, classes), 1 / np.bincount(classes)[classes])
    share[:, -1] = np.bincount(members) / len(members)
    best, least = None, np.inf
    for _ in range(ATTEMPTS):
        fold = _dealt(share, k, rng)
        if fold is not None and (uneven := _unevenness(share, fold, k)) < least:
            best, least = fold, uneven
    if best is None:
        raise InputError(
            f"{len(names)} groups cannot be divided into {k} folds so that every class is always in training; "
            "collect more groups, or ask for another number of folds."
        )
    return best[members]


def _dealt(share: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray | None:
    """Return the fold of each group, the large ones first, each to where its classes are rarest; None at a dead end."""
    held, fold = np.zeros((k, share.shape[1])), np.empty(len(share), np.int64)
    shuffled = rng.permutation(len(share))
    for group in shuffled[np.argsort(-(share[shuffled] ** 2).sum(axis=1), kind="stable")]:
        allowed = np.flatnonzero((held + share[group] < 1 - 1e-9).all(axis=1))  # no class is held as a whole
        if len(allowed) == 0:
            return None
        crowding = held[allowed] @ share[group]
        fold[group] = allowed[np.lexsort((held[allowed, -1], crowding))[0]]
        held[fold[group]] += share[group]
    return fold


def _unevenness(share: np.ndarray, fold: np.ndarray, k: int) -> float:
    held = np.zeros((k, share.shape[1]))
    np.add.at(held, fold, share)
    return float(((held - 1 / k) ** 2).sum())


def split_rows(
    labels: np.ndarray | None,
    fraction: float,
    rng: np.random.Generator,
    groups: np.ndarray | None = None,
    n: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows to keep and the rows to hold out, both ascending.

    Parameters
    ----------
    labels : (n,) classes; None for regression, where all rows are alike (then give `groups` or `n`).
    fraction : the part to hold back, between 0 and 1. A class of two or more is on both sides all the same.
    rng : the stream of the split.
    groups : (n,) or None; rows of one group go to one side.
    n : the number of rows, where neither labels nor groups tell it.

    Raises
    ------
    InputError : a fraction outside (0, 1), or rows that cannot be divided in this way.

    >>> kept, held = split_rows(np.array([0, 0, 0, 0, 1, 1]), 0.25, np.random.default_rng(1))
    >>> len(kept), len(held)
    (4, 2)
    """
    if not 0 < fraction < 1:
        raise InputError(f"the held-out fraction must lie between 0 and 1, got {fraction}.")
    if labels is None:
        labels = np.zeros(len(groups) if groups is not None else n or 0, dtype=np.int64)
    values, classes = np.unique(labels, return_inverse=True)
    if groups is None:
        held = _held_rows(classes, fraction, rng)
    else:
        held = _held_by_group(values, classes, np.asarray(groups), fraction, rng)
    if not held.any():
        raise InputError(
            f"{len(classes)} samples cannot be divided: no class has two samples, so none can be held out; "
            "give validation data of its own, or more samples."
        )
    return np.flatnonzero(~held), np.flatnonzero(held)


def _held_rows(classes: np.ndarray, fraction: float, rng: np.random.Generator) -> np.ndarray:
    held = np.zeros(len(classes), dtype=bool)
    for code in range(classes.max(initial=-1) + 1):
        members = rng.permutation(np.flatnonzero(classes == code))
        if len(members) > 1:
            share = min(max(1, int(fraction * len(members) + 0.5)), len(members) - 1)
            held[members[:share]] = True
    return held


def _held_by_group(
    values: np.ndarray, classes: np.ndarray, groups: np.ndarray, fraction: float, rng: np.random.Generator
) -> np.ndarray:
    """Return the mask of held rows: groups in random order, each held if that helps, the best order of several."""
    if len(groups) != len(classes):
        raise InputError(f"there are {len(groups)} groups for {len(classes)} samples; one for each is needed.")
    names, members = np.unique(groups, return_inverse=True)
    table = np.zeros((len(names), len(values)), dtype=np.int64)  # samples of each group and class
    np.add.at(table, (members, classes), 1)
    total = table.sum(axis=0)
    for code in np.flatnonzero((total > 1) & ((table > 0).sum(axis=0) == 1)):
        what = f"class {values[code]} is all" if len(values) > 1 else "all there is, is"
        raise InputError(
            f"{what} in one group, {names[table[:, code].argmax()]}, so it cannot be on both sides of a split; "
            "collect it from more groups, or give validation data of its own."
        )
    target, needed = fraction * total, total > 1
    best, nearest = None, np.inf
    for _ in range(ATTEMPTS):
        count, chosen = np.zeros_like(total), list[int]()
        for group in rng.permutation(len(names)):
            after = count + table[group]
            brings_a_class = ((count == 0) & (table[group] > 0) & needed).any()
            helps = brings_a_class or ((after - target) ** 2).sum() < ((count - target) ** 2).sum()
            if helps and (after < total).all():
                count, chosen = after, [*chosen, group]
        distance = ((count - target) ** 2).sum()
        if (count[needed] > 0).all() and distance < nearest:
            best, nearest = chosen, distance
    if best is None:
        raise InputError(
            f"{len(names)} groups cannot be divided so that every class is on both sides; "
            "collect more groups, or give validation data of its own."
        )
    return np.isin(members, best)
