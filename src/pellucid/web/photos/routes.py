"""Routes of the photo page: HTML, messages, uploads and downloads, with a session for each browser.

Uploads arrive as raw bytes, piece by piece.
"""

import asyncio
import re
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pellucid import html
from pellucid.errors import InputError, PellucidError
from pellucid.html.document import POLICY
from pellucid.web.photos.session import LARGEST_PHOTO, Session
from pellucid.web.security import DOCUMENT_POLICY
from pellucid.web.server import STATIC, Mailbox, Message, answer, events, pieces, read_message

BETWEEN = 0.25  # seconds from one look at the status to the next
OF_REPORT = f"{POLICY}; sandbox allow-scripts allow-downloads allow-modals; frame-ancestors 'self'"

Handler = Callable[[Request, Session], Awaitable[Response]]
MOST = 8  # each may hold gigabytes of photographs
NAME = re.compile(r"[0-9a-f]{16,64}")


class Sessions:
    """The sessions of one server.  given: photographs that each session starts with."""

    def __init__(self, given: str | Path | None = None, most: int = MOST) -> None:
        self._given, self._most = given, most
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def named(self, name: str) -> Session:
        """Return the session of this name, a new one if there is none yet.

        Raises InputError for an invalid name, or when all sessions are training.
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
        """Stop all work and delete all uploads."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()

    def _make_room(self) -> None:
        idle = [name for name, session in self._sessions.items() if not session.working]
        if len(self._sessions) < self._most:
            return
        if not idle:
            raise InputError(
                f"{self._most} people are training here now, the most that this server allows; try again later."
            )
        self._sessions.pop(idle[0]).close()


class News(Mailbox):
    """The status of a session, sent only when it has changed."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._told, self._again = session, Message(), 0.0

    def take(self) -> list[Message]:
        """Return the status, if it is time for it and it says something new."""
        now = time.monotonic()
        if now < self._again:
            return []
        self._again, before, self._told = now + BETWEEN, self._told, self._session.status()
        return [] if self._told == before else [self._told]


class PhotoRoutes:
    """The photo page at "/photos/".  given: a folder or zip that each session starts with."""

    def __init__(self, closing: threading.Event, given: str | Path | None = None) -> None:
        self._closing, self._sessions = closing, Sessions(given)

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the page."""
        return [
            Route("/photos", _redirected),
            Route("/photos/", _page),
            Route("/photos/message", self._of_session(_message), methods=["POST"]),
            Route("/photos/upload", self._of_session(_upload), methods=["POST"]),
            Route("/photos/answer", self._of_session(_answer), methods=["POST"]),
            Route("/photos/why", self._of_session(_why)),
            Route("/photos/trace", self._of_session(_trace)),
            Route("/photos/events", self._of_session(self._events)),
            Route("/photos/report", self._of_session(_report)),
            Route("/photos/file", self._of_session(_file)),
        ]

    def close(self) -> None:
        """Stop all work and delete all uploads."""
        self._sessions.close()

    def _of_session(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                session = self._sessions.named(request.query_params.get("session", ""))
            except (PellucidError, OSError) as error:
                return answer([{"kind": "error", "text": str(error)}])
            return await handler(request, session)

        return handle

    async def _events(self, request: Request, session: Session) -> Response:
        return events(News(session), lambda: self._closing.is_set() or session.closed, lambda: None)


async def _redirected(request: Request) -> Response:
    return RedirectResponse("photos/")


async def _page(request: Request) -> Response:
    return FileResponse(STATIC / "photos" / "index.html", media_type="text/html")


async def _message(request: Request, session: Session) -> Response:
    return answer(await asyncio.to_thread(session.handle, await read_message(request)))


async def _upload(request: Request, session: Session) -> Response:
    asked = request.query_params
    try:
        with session.receiving(asked.get("path", ""), asked.get("class", "")) as take:
            async for piece in pieces(request):
                take(piece)
    except (PellucidError, OSError) as error:
        return answer([{"kind": "error", "text": session.plainly(error)}])
    return answer([session.status()])


async def _answer(request: Request, session: Session) -> Response:
    data = bytearray()
    async for piece in pieces(request):
        data += piece
        if len(data) > LARGEST_PHOTO:
            raise HTTPException(413, f"a photograph to try has at most {LARGEST_PHOTO // 2**20} MB.")
    return answer(await asyncio.to_thread(session.answer, request.query_params.get("name", ""), bytes(data)))


async def _why(request: Request, session: Session) -> Response:
    try:
        tried = session.tried(request.query_params.get("key", ""))
        return answer([{"kind": "why"} | await asyncio.to_thread(tried.why)])
    except PellucidError as error:
        return answer([{"kind": "error", "text": session.plainly(error)}])


async def _trace(request: Request, session: Session) -> Response:
    """Return the numbers of a photograph as a document that may run its own scripts and nothing else."""
    try:
        text = await asyncio.to_thread(session.tried(request.query_params.get("key", "")).trace)
    except PellucidError as error:
        text = html.document("No numbers", f"<p>{html.escaped(session.plainly(error))}</p>")
    return HTMLResponse(text, headers={"content-security-policy": DOCUMENT_POLICY})


async def _report(request: Request, session: Session) -> Response:
    headers = {"Content-Security-Policy": OF_REPORT}  # it runs its own scripts, and may ask for nothing
    return FileResponse(_made(session, "report"), media_type="text/html", headers=headers)


async def _file(request: Request, session: Session) -> Response:
    path = _made(session, request.query_params.get("what", ""))
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


def _made(session: Session, what: str) -> Path:
    if what not in session.files:
        raise HTTPException(404, f"there is no {what[:40]!r} yet; train first.")
    return session.files[what]
