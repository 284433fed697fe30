"""Which rows are held back in turn, so that every row is judged once by a network that never saw it.

Every class is in every fold in about its own proportion; rows that belong together stay together.
"""

import numpy as np

from pellucid.data.split import ATTEMPTS
from pellucid.errors import InputError


def folds(labels: np.ndarray, k: int, rng: np.random.Generator, groups: np.ndarray | None = None) -> list[np.ndarray]:
    """Return the rows that each fold holds back, ascending; every row is in one of them.

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
    _refuse_lonely(values, classes, groups)
    fold = _folds_of_rows(classes, k, rng) if groups is None else _folds_of_groups(classes, k, rng, np.asarray(groups))
    return [np.flatnonzero(fold == number) for number in range(fold.max() + 1)]


def _refuse_lonely(values: np.ndarray, classes: np.ndarray, groups: np.ndarray | None) -> None:
    """Raise where a class cannot be both held back and learned from."""
    if groups is not None and len(groups) != len(classes):
        raise InputError(f"there are {len(groups)} groups for {len(classes)} samples; one for each is needed.")
    units = np.arange(len(classes)) if groups is None else np.unique(groups, return_inverse=True)[1]
    for code, value in enumerate(values):
        if len(np.unique(units[classes == code])) == 1:
            has, more = ("one sample only", "samples") if groups is None else ("all its samples in one group", "groups")
            raise InputError(
                f"class {value} has {has}, so it cannot be both learned from and held back; "
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
            f"{len(names)} groups cannot be divided into {k} folds so that every class can always be learned from; "
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
