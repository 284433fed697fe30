"""Server: HTTP transport for the pages, behind the security middleware. Ctrl-C ends everything at once.

Each page brings its routes. A `Mailbox` holds the messages that wait for one page, and `events` streams them to it.
"""

import asyncio
import contextlib
import errno
import json
import logging
import math
import os
import socket
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from uvicorn.protocols.http.h11_impl import H11Protocol

from pellucid import html
from pellucid.errors import InputError
from pellucid.web.security import SecurityMiddleware

PORT = 8420
PORTS = 20  # tried one after the other when no port is given
LARGEST = 2**18  # bytes of a message
LOOK_UP = 0.02  # seconds between two looks into a mailbox
THREADS = 96  # so that many long trainings at once keep no message waiting
CONNECTIONS = 200  # at once; a page of ours takes a handful
FIRST_REQUEST = 30.0  # seconds that a connection may stay silent
NEXT_PIECE = 30.0  # seconds in which more of a request must come
HEARTBEAT = 10.0  # seconds after which a silent stream says that it lives
STATIC = Path(str(files("pellucid.web"))) / "static"
MOST = 200  # messages that wait; older ones are dropped
Message = dict[str, Any]


class Routes(Protocol):
    """The routes of one page, and the sessions behind them."""

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the page."""

    def close(self) -> None:
        """Stop all work: the server ends."""


def application(pages: Sequence[Routes], names: Collection[str] = ()) -> SecurityMiddleware:
    """Return the ASGI application of some pages. names: host names that it answers to, besides localhost."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
        yield
        for page in pages:
            page.close()

    routes = [Route("/static/theme.css", _theme), Mount("/static", StaticFiles(directory=STATIC))]
    for page in pages:
        routes += page.routes()
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={ClientDisconnect: _nobody})
    return SecurityMiddleware(app, names)


def listening_socket(host: str, port: int | None) -> socket.socket:
    """Return a listening socket, at the given port or else at the first free one.

    Raises InputError if the port is taken, or the host is not an address of this machine.
    """
    ports = range(PORT, PORT + PORTS) if port is None else [port]
    for number in ports:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        if os.name == "posix":  # elsewhere it would share a port that is in use
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, number))
            listener.listen(64)
        except OSError as error:
            listener.close()
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                continue
            raise InputError(f"cannot listen at {host}, port {number}: {error.strerror or error}.") from None
        return listener
    if port is None:
        raise InputError(f"ports {PORT} to {PORT + PORTS - 1} are all in use; choose a free one with --port.")
    raise InputError(f"port {port} is in use or reserved; choose another with --port, or leave --port out.")


def serve(app: SecurityMiddleware, listener: socket.socket, closing: threading.Event) -> None:
    """Serve until Ctrl-C or until `closing` is set. Ctrl-C sets it too, which ends open streams."""
    config = uvicorn.Config(
        app,
        http=_Connection,
        log_config=None,
        log_level="error",  # bad requests are not worth a log line; our own errors are
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        ws="none",
    )
    _Server(config, closing).run(sockets=[listener])


class _Connection(H11Protocol):
    """A connection that is dropped where no whole request arrives in time, or there are too many that ask for nothing.

    Else a flood of connections, or of slow ones, takes all file descriptors, and the server is deaf.
    """

    _dropped = False
    _since = 0.0

    def connection_made(self, transport: Any) -> None:
        others = [one for one in self.connections if isinstance(one, _Connection) and not one.transport.is_closing()]
        if len(others) >= CONNECTIONS:
            silent = [one for one in others if one.cycle is None]
            if not silent:  # as a page of ours never is
                self._dropped = True
                transport.abort()
                return
            min(silent, key=lambda one: one._since).transport.abort()
        self._since = time.monotonic()
        super().connection_made(transport)
        self.loop.call_later(FIRST_REQUEST, self._close_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._dropped:
            super().connection_lost(exc)

    def _close_if_silent(self) -> None:
        if self.cycle is None:  # no request so far
            self.transport.close()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, closing: threading.Event) -> None:
        super().__init__(config)
        self._closing = closing

    def handle_exit(self, sig: int, frame: Any) -> None:
        self._closing.set()
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        return self._closing.is_set() or await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # what is cut off at the end is no fault
        await super().shutdown(sockets)


async def pieces(request: Request) -> AsyncIterator[bytes]:
    """Yield the body of a request; raise HTTPException where nothing more of it comes for a while."""
    stream = request.stream()
    while True:
        try:
            yield await asyncio.wait_for(anext(stream), NEXT_PIECE)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise HTTPException(408, f"nothing more came for {NEXT_PIECE:g} seconds.") from None


async def read_message(request: Request, largest: int = LARGEST) -> Any:
    """Return the JSON body of a request of at most `largest` bytes."""
    body = bytearray()
    async for chunk in pieces(request):
        body += chunk
        if len(body) > largest:
            raise HTTPException(413, f"a message has at most {largest:,} bytes.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "a message must be JSON.") from None


def answer(messages: Sequence[Message]) -> Response:
    """Return messages as a JSON response."""
    return Response(json.dumps(plain(list(messages))), media_type="application/json")


async def _nobody(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # the client has gone


async def _theme(request: Request) -> Response:
    return Response(html.theme(), media_type="text/css")


class Mailbox:
    """Messages that wait for one page; any thread may put or take.

    replaced: kinds of which only the latest is kept.

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
        """Add messages; each replaces an older one of the same kind if that kind is in `replaced`."""
        with self._lock:
            for message in messages:
                if message["kind"] in self._replaced:
                    older = [one for one in self._waiting if one["kind"] == message["kind"]]
                    for one in older:
                        self._waiting.remove(one)
                self._waiting.append(message)

    def outdate(self, number: int) -> None:
        """Drop frames numbered below this: the page has already seen later ones in a direct answer."""
        with self._lock:
            self._oldest = max(self._oldest, number)

    def take(self) -> list[Message]:
        """Return all waiting messages that are not out of date, and empty the mailbox."""
        with self._lock:
            taken = [
                m
                for m in self._waiting
                if m["kind"] not in self._replaced or m.get("number", self._oldest) >= self._oldest
            ]
            self._waiting.clear()
        return taken


def events(mailbox: Mailbox, gone: Callable[[], bool], seen: Callable[[], None]) -> Response:
    """Stream the messages of a mailbox as server-sent events until `gone()`.

    seen: called while the page listens.
    """

    async def stream() -> AsyncIterator[str]:
        yield "retry: 500\n\n"
        silent = 0.0
        while not gone():
            seen()
            messages = mailbox.take()
            silent = 0.0 if messages else silent + LOOK_UP
            for message in messages:
                yield f"data: {json.dumps(plain(message))}\n\n"
            if silent >= HEARTBEAT:
                silent = 0.0
                yield ": still here\n\n"
            await asyncio.sleep(LOOK_UP)

    return StreamingResponse(stream(), media_type="text/event-stream")


def plain(value: Any) -> Any:
    """Return a value as plain JSON, with NaN and infinity as null.

    >>> plain({"cost": [1.0, float("nan")]})
    {'cost': [1.0, None]}
    """
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
