"""What runs beside training: Ctrl-C, which stops it between two updates, and the number of threads of BLAS.

Only the main thread receives Ctrl-C. Code that trains in another thread sets its own condition with `stopped_where`.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import cache
from typing import Any

from pellucid.nn import Network
from pellucid.system.threads import Shared

_ASKED: ContextVar[Callable[[], bool]] = ContextVar("asked", default=lambda: False)
WORTH_SHARING = 1e7  # multiplications of one pass through the network; below, waking a thread takes longer,
LARGER_THAN_CACHE = 2**22  # unless fetching the rows is what takes the time; bytes


@contextlib.contextmanager
def blas_threads(network: Network, rows: int) -> Iterator[None]:
    """Use one BLAS thread inside the block if batches of `rows` rows are small, else the number that is set."""
    fetched = rows * network.n_in * network.parameters.itemsize
    if rows * network.parameters.size >= WORTH_SHARING or fetched >= LARGER_THAN_CACHE:
        yield
        return
    with _one_thread:
        yield


def blas_description() -> str:
    """Return whose BLAS computes, for which processor and with how many threads: how sums are rounded depends on it."""
    pools = [pool for pool in _controller().info() if pool["user_api"] == "blas"]
    told = {f"{pool['internal_api']} {pool.get('architecture', '')}, {pool['num_threads']} threads" for pool in pools}
    return "; ".join(sorted(told))


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


_one_thread = Shared(lambda: _controller().limit(limits=1, user_api="blas"))


@contextlib.contextmanager
def stopped_where(asked: Callable[[], bool]) -> Iterator[None]:
    """While the block runs, training in this thread stops where `asked()` is true, just as by Ctrl-C."""
    before = _ASKED.set(asked)
    try:
        yield
    finally:
        _ASKED.reset(before)


@contextlib.contextmanager
def ctrl_c_noted() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether Ctrl-C was pressed; a second press interrupts at once, as usual.

    Outside the main thread, and where Ctrl-C is ignored, only the condition of `stopped_where` counts.
    """
    asked = _ASKED.get()
    noted: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before in (signal.SIG_IGN, None):
        yield asked
        return

    def note(signum: int, frame: object) -> None:
        noted.append(signum)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(noted) or asked()
    finally:
        signal.signal(signal.SIGINT, before)
