"""Ctrl-C while a network trains: noted, and acted on between two updates, so that what was learned is kept.

A thread that is not the main one hears no Ctrl-C: whoever starts it says what else it should stop for.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar

_ASKED: ContextVar[Callable[[], bool]] = ContextVar("asked", default=lambda: False)


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

    Outside the main thread, and where Ctrl-C is ignored, only what `stopped_where` was told counts.
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
