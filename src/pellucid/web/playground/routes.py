"""Routes of the playground: HTML, messages and events, with a session for each open tab."""

import asyncio
import re
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from pellucid import html
from pellucid.web.playground.problem import OwnTable
from pellucid.web.playground.session import Session
from pellucid.web.security import DOCUMENT_POLICY
from pellucid.web.server import STATIC, Mailbox, Message, answer, events, read_message

MOST_SESSIONS = 32  # the one that was used longest ago goes
ID = re.compile(r"[0-9a-f]{8,64}")
SLICE = 0.05  # seconds of training between two frames
LEFT = 5.0  # seconds without a listener, after which a run pauses: the tab was closed


@dataclass(eq=False)
class _Tab:
    session: Session
    mailbox: Mailbox = field(default_factory=Mailbox)
    listened: float = field(default_factory=time.monotonic)
    worker: asyncio.Task[None] | None = None

    def hears(self) -> None:
        self.listened = time.monotonic()

    async def answers(self, message: object) -> list[Message]:
        """Return the session's answers; a fault of ours is told like any other, and the session goes on."""
        try:
            replies = await asyncio.to_thread(self.session.handle, message)
            self.mailbox.outdate(max((one["number"] for one in replies if one["kind"] == "frame"), default=0))
            return replies
        except Exception as error:
            return [_fault(error)]

    def wakes(self) -> None:
        """Let the session go on in a thread, as long as it has something to do."""
        if self.session.busy and (self.worker is None or self.worker.done()):
            self.worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self.session.busy and not self.session.closed:
            if self.session.running and time.monotonic() > self.listened + LEFT:
                await self.answers({"do": "pause"})  # which waits for what the session does
            begun = time.monotonic()
            try:
                self.mailbox.put(await asyncio.to_thread(self.session.advance, SLICE))
            except Exception as error:
                self.mailbox.put([_fault(error)])
                return
            await asyncio.sleep(max(0.0, begun + SLICE - time.monotonic()))


class PlaygroundRoutes:
    """The playground at "/": page, messages and events. table: the user's own data."""

    def __init__(self, closing: threading.Event, table: OwnTable | None = None) -> None:
        self._closing, self._table = closing, table
        Session(table)  # a table that cannot be played with is refused before anybody comes
        self._tabs: OrderedDict[str, _Tab] = OrderedDict()

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the page."""
        return [
            Route("/", self._page),
            Route("/message", self._message, methods=["POST"]),
            Route("/events", self._events),
            Route("/trace", self._trace),
        ]

    def close(self) -> None:
        """Stop all work."""
        for tab in self._tabs.values():
            tab.session.close()

    async def _page(self, request: Request) -> Response:
        return FileResponse(STATIC / "play" / "index.html", media_type="text/html")

    async def _message(self, request: Request) -> Response:
        tab = self._tab(request)
        tab.hears()
        replies = await tab.answers(await read_message(request))
        tab.wakes()
        return answer(replies)

    async def _events(self, request: Request) -> Response:
        tab = self._tab(request)
        return events(tab.mailbox, lambda: self._closing.is_set() or tab.session.closed, tab.hears)

    async def _trace(self, request: Request) -> Response:
        """Return the work for one point as a document for a frame, which may run its own scripts and nothing else."""
        asked = request.query_params
        names = ("row", "x", "y", "label")
        numbers = {name: _number(name, asked[name]) for name in names if name in asked}
        message: Message = {"do": "trace", **{name: numbers[name] for name in ("row", "label") if name in numbers}}
        if "row" not in numbers:
            message["point"] = [numbers.get("x"), numbers.get("y")]
        (reply,) = await self._tab(request).answers(message)
        text = reply.get("html") or html.document("No trace", f"<p>{html.escaped(reply['text'])}</p>")
        return HTMLResponse(text, headers={"content-security-policy": DOCUMENT_POLICY})

    def _tab(self, request: Request) -> _Tab:
        name = request.query_params.get("session", "")
        if not ID.fullmatch(name):
            raise HTTPException(400, "a session is named by 8 to 64 hexadecimal digits.")
        if name not in self._tabs:
            self._tabs[name] = _Tab(Session(self._table))
            while len(self._tabs) > MOST_SESSIONS:
                _, oldest = self._tabs.popitem(last=False)
                oldest.session.close()
        self._tabs.move_to_end(name)
        return self._tabs[name]


def _number(name: str, text: str) -> int | float:
    try:
        value = float(text)
    except ValueError:
        raise HTTPException(400, f"{name} must be a number.") from None
    return int(value) if value.is_integer() else value


def _fault(error: Exception) -> Message:
    text = f"an error in pellucid: {type(error).__name__}: {error}. Please report it; start again, or reload the page."
    return {"kind": "error", "text": text}
