"""Sessions by the names their pages drew: a few at a time, the least recently used one goes when another comes."""

import re
import threading
from pathlib import Path

from pellucid.errors import InputError
from pellucid.web.photographs.session import Session

MOST = 8  # each may hold gigabytes of photographs
NAME = re.compile(r"[0-9a-f]{16,64}")


class Sessions:
    """The sessions of one server.  given: photographs that each of them starts with."""

    def __init__(self, given: str | Path | None = None, most: int = MOST) -> None:
        self._given, self._most = given, most
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def named(self, name: str) -> Session:
        """Return the session of a name, a new one where there is none yet.

        Raises InputError for a name that no page draws, or where all sessions are at work.
        """
        if NAME.fullmatch(name) is None:
            raise InputError(f"a session's name is 16 to 64 hexadecimal digits, got {name[:80]!r}.")
        with self._lock:
            session = self._sessions.pop(name, None)
            if session is None:
                self._make_room()
                session = Session(self._given)
            self._sessions[name] = session  # the last one is the one used last
            return session

    def close(self) -> None:
        """Stop all work and delete all that was given."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()

    def _make_room(self) -> None:
        idle = [name for name, session in self._sessions.items() if not session.working]
        if len(self._sessions) < self._most:
            return
        if not idle:
            raise InputError(f"{self._most} people are training here now, which is as many as can; try again later.")
        self._sessions.pop(idle[0]).close()
