"""One function applied to many items by all cores at once, its results in the order of the items; and shared contexts.

By threads: they pay where the work is done outside Python, as decoding, resizing and hashing are.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4  # items a core that are begun or done but not yet asked for: so much waits in memory


def in_order(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield function(item) for each item; an exception is raised in its item's turn.

    The items are drawn by the caller's thread, a few ahead. Whoever stops early, by Ctrl-C too, waits only for what is
    being computed at that moment.

    >>> list(in_order(abs, [-3, 2, -1]))
    [3, 2, 1]
    """
    from concurrent.futures import ThreadPoolExecutor

    workers = cores()
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) == AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Shared:
    """A context of the whole process, such as warning filters: the first thread in enters it, the last out leaves it.

    make: gives the context to enter.
    """

    def __init__(self, make: Callable[[], AbstractContextManager[object]]) -> None:
        self._make, self._entered = make, ExitStack()
        self._lock, self._inside = threading.Lock(), 0

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._entered.enter_context(self._make())
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._entered.close()
