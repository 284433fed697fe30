"""Answers for every row from networks that never saw it: what cross-validation and learning curves are made of."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.data import folds as folds_of
from pellucid.errors import InputError
from pellucid.system.random_streams import stream

FOLDS = 5
NET = "net"  # what an answer without a name is called

Answers = np.ndarray | Mapping[str, np.ndarray]
FitPredict = Callable[[np.ndarray, np.ndarray, str], Answers]  # training rows, held rows, where we are -> answers
Told = Callable[[int, int], None]  # fits done, fits in all


@dataclass(frozen=True, eq=False)
class Run:
    """One round through the folds: the rows that each held out, and the pooled answers (n, ...) of each candidate."""

    held: list[np.ndarray]
    answers: dict[str, np.ndarray]


def usual_repeats(n: int) -> int:
    """Return how often cross-validation is repeated for n samples: fits are cheap and figures shaky where n is small.

    >>> [usual_repeats(n) for n in (209, 800, 1500)]
    [3, 2, 1]
    """
    return 3 if n < 500 else 2 if n < 1000 else 1


def runs(
    fit_predict: FitPredict,
    labels: np.ndarray,
    *,
    seed: int,
    folds: int = FOLDS,
    repeats: int | None = None,
    groups: np.ndarray | None = None,
    progress: Told | None = None,
) -> list[Run]:
    """Return the runs of repeated cross-validation, each with folds of its own; see `cross_validate`.

    labels: (n,) what the folds are stratified by.

    Raises InputError where there is not one finite answer for each held row.
    """
    n = len(labels)
    repeats = usual_repeats(n) if repeats is None else repeats
    if repeats < 1:
        raise InputError(f"cross-validation is done at least once, got repeats={repeats}.")
    rng = stream(seed, "folds")
    divisions = [folds_of(labels, folds, rng, groups) for _ in range(repeats)]
    counted = counter(progress, sum(map(len, divisions)))
    return [
        Run(held, pooled(fit_predict, n, [rest_of(rows, n) for rows in held], held, repeat, counted))
        for held, repeat in zip(divisions, _in_words(repeats), strict=True)
    ]


def pooled(
    fit_predict: FitPredict,
    n: int,
    training: Sequence[np.ndarray],
    held: Sequence[np.ndarray],
    where: str = "",
    counted: Callable[[], None] = lambda: None,
) -> dict[str, np.ndarray]:
    """Return the answers (n, ...) of each candidate: the rows that a fold holds are answered by a fit on its others.

    training, held: the rows of each fold.  where: added to where we are.  counted: called after each fit.
    """
    answers: dict[str, np.ndarray] = {}
    for number, (rows, out) in enumerate(zip(training, held, strict=True), 1):
        here = f"fold {number} of {len(held)}{where}"
        given = fit_predict(rows, out, here)
        for name, values in (given if isinstance(given, Mapping) else {NET: given}).items():
            if len(values) != len(out) or not np.isfinite(values).all():
                raise InputError(f"{name}, {here}: expected a finite answer for each of {len(out)} rows.")
            answers.setdefault(name, np.zeros((n, *values.shape[1:])))[out] = values
        counted()
    return answers


def rest_of(held: np.ndarray, n: int) -> np.ndarray:
    """Return the rows of n that are not held out, ascending.

    >>> rest_of(np.array([1, 2]), 4).tolist()
    [0, 3]
    """
    return np.setdiff1d(np.arange(n), held)


def counter(progress: Told | None, total: int) -> Callable[[], None]:
    """Return what to call after each fit, so that `progress` is told how many are done."""
    numbers = itertools.count(1)
    return lambda: progress(next(numbers), total) if progress is not None else None


def _in_words(repeats: int) -> list[str]:
    return [""] if repeats == 1 else [f", repeat {number} of {repeats}" for number in range(1, repeats + 1)]
