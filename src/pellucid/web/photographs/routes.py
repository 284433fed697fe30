"""Routes: the page for photographs over HTTP. Bodies are raw bytes, read piece by piece, never more than is taken."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from pellucid.errors import PellucidError
from pellucid.pages.document import POLICY
from pellucid.web.photographs.session import LARGEST_TRIED, Session
from pellucid.web.photographs.sessions import Sessions

PAGE = Path(__file__).parents[1] / "static" / "photos" / "index.html"
LARGEST_MESSAGE = 2**16  # bytes
BETWEEN = 0.25  # seconds, from one look at the status to the next
ALIVE = 15.0  # seconds without anything new, after which a line says that the server still is there
OF_REPORT = f"{POLICY}; sandbox allow-scripts allow-downloads allow-modals; frame-ancestors 'self'"

Handler = Callable[[Request, Session], Awaitable[Response]]


def routes(sessions: Sessions) -> list[Route]:
    """Return the routes of the page, relative to where it is mounted."""

    def of_session(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                session = sessions.named(request.query_params.get("session", ""))
                return await handler(request, session)
            except (PellucidError, OSError) as error:
                return _told([{"kind": "error", "text": str(error)}])

        return handle

    async def page(request: Request) -> Response:
        return FileResponse(PAGE)

    return [
        Route("/", page),
        Route("/message", of_session(_message), methods=["POST"]),
        Route("/upload", of_session(_upload), methods=["POST"]),
        Route("/answer", of_session(_answer), methods=["POST"]),
        Route("/events", of_session(_events)),
        Route("/report", of_session(_report)),
        Route("/file", of_session(_file)),
    ]


async def _message(request: Request, session: Session) -> Response:
    body = await _body(request, LARGEST_MESSAGE)
    try:
        message = json.loads(body or b"")
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        return _told([{"kind": "error", "text": "a message is one JSON object of at most 64 kB."}])
    return _told(await run_in_threadpool(session.handle, message))


async def _upload(request: Request, session: Session) -> Response:
    asked = request.query_params
    try:
        with session.receiving(asked.get("path", ""), asked.get("class", "")) as take:
            async for piece in request.stream():
                take(piece)
    except (PellucidError, OSError) as error:
        return _told([{"kind": "error", "text": session.plainly(error)}])
    return _told([session.status()])


async def _answer(request: Request, session: Session) -> Response:
    body = await _body(request, LARGEST_TRIED)
    name = request.query_params.get("name", "")
    if body is None:
        return _told([{"kind": "error", "text": f"{name!r} is too large; make it smaller first."}])
    return _told(await run_in_threadpool(session.answer, name, body))


async def _events(request: Request, session: Session) -> Response:
    async def told() -> AsyncIterator[str]:
        last, waited = "", 0.0
        while not await request.is_disconnected():
            now = json.dumps(session.status())
            if now != last:
                last, waited = now, 0.0
                yield f"data: {now}\n\n"
            elif waited >= ALIVE:
                waited = 0.0
                yield ": still here\n\n"
            waited += BETWEEN
            await asyncio.sleep(BETWEEN)

    return StreamingResponse(told(), media_type="text/event-stream")


async def _report(request: Request, session: Session) -> Response:
    if "report" not in session.files:
        return PlainTextResponse("There is no report yet: train first.", 404)
    headers = {"Content-Security-Policy": OF_REPORT}
    return FileResponse(session.files["report"], media_type="text/html", headers=headers)


async def _file(request: Request, session: Session) -> Response:
    path = session.files.get(request.query_params.get("what", ""))
    if path is None:
        return PlainTextResponse("There is no such file yet: train first.", 404)
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


async def _body(request: Request, most: int) -> bytes | None:
    """Return the body, or None where it has more bytes than that."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _told(messages: list[dict[str, Any]]) -> Response:
    return JSONResponse(messages)
