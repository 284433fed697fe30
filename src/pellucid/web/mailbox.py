"""Mailbox: what a page is to be told next. Of frames only the latest waits, so that a slow page is never behind."""

import threading
from collections import deque
from collections.abc import Iterable
from typing import Any

Message = dict[str, Any]

MOST = 200  # messages that wait; older ones go


class Mailbox:
    """Messages on their way to one page, put by any thread and taken by another.

    replaced: kinds of which only the latest is worth telling.

    >>> box = Mailbox()
    >>> box.put([{"kind": "frame", "n": 1}, {"kind": "start"}, {"kind": "frame", "n": 2}])
    >>> [message["kind"] for message in box.take()]
    ['start', 'frame']
    """

    def __init__(self, replaced: Iterable[str] = ("frame",)) -> None:
        self._replaced = frozenset(replaced)
        self._waiting: deque[Message] = deque(maxlen=MOST)
        self._lock = threading.Lock()
        self._oldest = 0

    def put(self, messages: Iterable[Message]) -> None:
        """Add messages, in the place of those that they make out of date."""
        with self._lock:
            for message in messages:
                if message["kind"] in self._replaced:
                    older = [one for one in self._waiting if one["kind"] == message["kind"]]
                    for one in older:
                        self._waiting.remove(one)
                self._waiting.append(message)

    def outdate(self, number: int) -> None:
        """Never tell what is replaced and numbered below this: the page has seen later ones on another way."""
        with self._lock:
            self._oldest = max(self._oldest, number)

    def take(self) -> list[Message]:
        """Return all that waits and is not out of date, and forget it."""
        with self._lock:
            taken = [
                m
                for m in self._waiting
                if m["kind"] not in self._replaced or m.get("number", self._oldest) >= self._oldest
            ]
            self._waiting.clear()
        return taken
