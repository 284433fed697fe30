"""Measuring: entrants do the same work in turn, round after round; of each the median counts.

Whoever comes with several settings (threads, kinds of optimizer) is judged by the setting with the lowest median.
"""

import gc
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
THREADS = (1,) if CORES == 1 else (1, CORES)  # what every peer is tried with


@dataclass(frozen=True)
class Answer:
    """What an entrant's work came to.

    costs: one before every update.  weights: of the trained net, as (W1, b1, W2, ...).  accuracy: on the test rows.
    said: what it tells about itself.  row_space: whether it was used, where that is known.
    """

    costs: Sequence[float] = ()
    weights: Sequence[np.ndarray] = ()
    accuracy: float | None = None
    said: str = ""
    row_space: bool | None = None


@dataclass(frozen=True)
class Entrant:
    """One way to do the work.

    who: whose row of the table it is in.  how: what tells its entrants apart, "fused".
    prepare: takes the number of the round, gets all ready, and returns the function that is timed.
    judge: makes an Answer of what that function returned; not timed.
    threads: of BLAS and torch; None leaves them as they come.  scale: the whole work over the part that is run.
    """

    who: str
    prepare: Callable[[int], Callable[[], Any]]
    judge: Callable[[Any], Answer] = lambda result: Answer()
    how: str = ""
    threads: int | None = None
    scale: float = 1.0

    @property
    def setting(self) -> str:
        """The setting in words."""
        plural = "" if self.threads == 1 else "s"
        threads = f"{self.threads} thread{plural}" if self.threads else "" if self.how else "as it comes"
        part = "" if self.scale == 1 else f"per iteration x {self.scale:.3g}"
        return ", ".join(word for word in (self.how, threads, part) if word)


@dataclass
class Timing:
    """The rounds of one entrant: seconds as measured, and the answer of the last round, and all accuracies."""

    entrant: Entrant
    rounds: list[float] = field(default_factory=list)
    answer: Answer = field(default_factory=Answer)
    accuracies: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median over the rounds, in seconds of the whole work."""
        return statistics.median(self.rounds) * self.entrant.scale


def in_turn(
    entrants: Sequence[Entrant],
    rounds: int,
    *,
    clock: Callable[[], float] = time.perf_counter,
    limited: Callable[[int | None], AbstractContextManager[Any]] | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Timing]:
    """Return the timings of entrants that took turns, `rounds` times each.

    Each round begins with another entrant, so that nobody always follows the same one.
    clock, limited: the time, and how threads are limited; a test gives its own.  tell: is told every measurement.
    """
    timings = [Timing(entrant) for entrant in entrants]
    for number in range(rounds):
        first = number % len(timings)
        for timing in timings[first:] + timings[:first]:
            entrant = timing.entrant
            with (limited or limited_threads)(entrant.threads):
                work = entrant.prepare(number)
                gc.collect()
                began = clock()
                result = work()
                timing.rounds.append(clock() - began)
            timing.answer = entrant.judge(result)
            if timing.answer.accuracy is not None:
                timing.accuracies.append(timing.answer.accuracy)
            tell(f"round {number + 1} of {rounds}: {entrant.who}, {entrant.setting}: {timing.rounds[-1]:.4g} s")
    return timings


def best(timings: Sequence[Timing]) -> dict[str, Timing]:
    """Return of every `who` the timing with the lowest median, in the order they came."""
    found: dict[str, Timing] = {}
    for timing in timings:
        who = timing.entrant.who
        if who not in found or timing.median < found[who].median:
            found[who] = timing
    return found


@contextmanager
def limited_threads(threads: int | None) -> Iterator[None]:
    """Let BLAS and, where it is loaded, torch use so many threads; None leaves all as it is."""
    if threads is None:
        yield
        return
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 0
    with threadpool_limits(threads, user_api="blas"):
        if torch:
            torch.set_num_threads(threads)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)


def difference(costs: Sequence[float], reference: Sequence[float], at: Sequence[int] | None = None) -> float:
    """Return the largest relative difference of two records of costs, over all both have, or at some iterations.

    >>> difference([1.0, 2.0, 3.0], [1.0, 2.5], at=(0, 1, 2))
    0.2
    """
    n = min(len(costs), len(reference))
    where = [i for i in (range(n) if at is None else at) if i < n]
    if not where:
        return float("nan")
    a, b = np.asarray(costs, float)[where], np.asarray(reference, float)[where]
    return float(np.max(np.abs(a - b) / np.abs(b)))


def weights_difference(weights: Sequence[np.ndarray], reference: Sequence[np.ndarray]) -> float:
    """Return the largest difference of weights, each array's relative to its largest weight."""
    pairs = zip(weights, reference, strict=True)
    return max(float(np.max(np.abs(a - b)) / np.max(np.abs(b))) for a, b in pairs)
