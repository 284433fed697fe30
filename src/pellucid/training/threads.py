"""How many threads BLAS computes with: small products are slower on two threads than on one.

Beside its cost, a thread that waits for the next product keeps a core busy that other programs could use.
"""

import contextlib
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

from pellucid.nn import Network

WORTH_SHARING = 1e7  # multiplications of one pass through the network; below, waking a thread takes longer,
LARGER_THAN_CACHE = 2**22  # unless fetching the rows is what takes the time; bytes


@contextlib.contextmanager
def blas_threads(network: Network, rows: int) -> Iterator[None]:
    """Compute with one thread inside the block where batches of `rows` are small, else with as many as are set."""
    fetched = rows * network.n_in * network.parameters.itemsize
    if rows * network.parameters.size >= WORTH_SHARING or fetched >= LARGER_THAN_CACHE:
        yield
        return
    with _one_thread:
        yield


class _OneThread:
    """The limit to one thread, which the whole process has: the first block sets it, the last one left lifts it."""

    def __init__(self) -> None:
        self._lock, self._inside, self._limit = threading.Lock(), 0, contextlib.ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._limit.enter_context(_controller().limit(limits=1, user_api="blas"))
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limit.close()


_one_thread = _OneThread()


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
