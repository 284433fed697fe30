"""Security: reject cross-site requests and DNS rebinding before any handler runs.

Every response carries headers that forbid the page to load anything from elsewhere or to be framed by another site.
"""

import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from pellucid.errors import InputError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

LOOPBACK = ("localhost", "127.0.0.1", "::1")
ELSEWHERE = "this request comes from another site."
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
DOCUMENT_POLICY = (  # for framed documents with inline scripts and styles: they can reach nothing
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)
ALWAYS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"cache-control": b"no-store",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}


class SecurityMiddleware:
    """ASGI middleware: pass on requests to a known host name that do not come from another site's page.

    names: host names that the server answers to, besides localhost.
    """

    def __init__(self, app: App, names: Collection[str] = ()) -> None:
        self._app = app
        self._allowed = {checked_name(name) for name in names}
        self._names = {*LOOPBACK, *self._allowed}
        self._secret = secrets.token_hex(16)  # in a cookie that no other site's request carries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        asked = list(scope.get("headers", ()))
        refusal = self.refusal(asked, scope.get("query_string", b""), scope["method"], (scope.get("client") or [""])[0])
        always = dict(ALWAYS)
        if refusal is None and (cookie := self._cookie(asked)):
            always[b"set-cookie"] = cookie + b"; Path=/; HttpOnly; SameSite=Strict"

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                present = {name.lower() for name, _ in own}
                message["headers"] = own + [(name, value) for name, value in always.items() if name not in present]
            await send(message)

        if refusal is None:
            await self._app(scope, receive, send_with_headers)
            return
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        await send_with_headers({"type": "http.response.start", "status": 403, "headers": headers})
        await send_with_headers({"type": "http.response.body", "body": refusal.encode()})

    def refusal(self, headers: Headers, query: bytes = b"", method: str = "GET", client: str = "") -> str | None:
        """Return why a request with these headers, from this address, is refused, or None.

        Pages of other sites may only link to pages here, which have no query: whatever else they could ask for, even
        as a picture that is never seen, begins a session, and so ends the one that was used longest ago. Browsers say
        which site a request is from, but not to a plain http name: there a cookie shows that a page of ours asks.

        >>> SecurityMiddleware(None).refusal([(b"host", b"localhost:8420")]) is None
        True
        >>> SecurityMiddleware(None).refusal([(b"host", b"evil.example")])
        "this server does not answer to the name 'evil.example'; to allow it, start with --allow-host evil.example."
        """
        headers = list(headers)
        hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
        origins = [value.decode("latin-1") for name, value in headers if name == b"origin"]
        host = hosts[0] if len(hosts) == 1 else ""
        name = _name_of(host)
        if name not in self._names or (name not in self._allowed and not _is_this_machine(client)):
            shown = "".join(letter for letter in (name or "")[:60] if letter.isalnum() or letter in ".-:") or "?"
            others = "" if name not in self._names else " of another machine"
            return (
                f"this server does not answer to the name {shown!r}{others}; to allow it, start with "
                f"--allow-host {shown}."
            )
        for origin in origins:
            parts = origin.split("://", 1)
            if len(parts) != 2 or parts[0] not in ("http", "https") or parts[1].lower() != host.lower():
                return ELSEWHERE
        sent = dict(headers)
        if b"sec-fetch-site" not in sent and name not in LOOPBACK:
            plain_page = method in ("GET", "HEAD") and not query
            cookies = [cookie.strip() for cookie in sent.get(b"cookie", b"").split(b";")]
            return None if plain_page or self._cookie(headers) in cookies else ELSEWHERE
        linked = (sent.get(b"sec-fetch-mode"), sent.get(b"sec-fetch-dest"), query) == (b"navigate", b"document", b"")
        return None if linked or sent.get(b"sec-fetch-site", b"none") in (b"same-origin", b"none") else ELSEWHERE

    def _cookie(self, headers: Headers) -> bytes:
        """Return the cookie of requests to such a host, which has the port in its name as cookies know none."""
        host = next((value for name, value in headers if name == b"host"), b"").decode("latin-1")
        return f"pellucid-{urlsplit(f'//{host}').port or 80}={self._secret}".encode()


def checked_name(name: str) -> str:
    """Return a host name in lower case, or raise InputError where it is none."""
    plain = name.strip().lower().strip("[]")
    if not plain or not all(letter.isascii() and (letter.isalnum() or letter in ".-:") for letter in plain):
        raise InputError(
            f"{name!r} is not a host name; give one such as room12.school.example, without http:// or port."
        )
    return plain


def _is_this_machine(client: str) -> bool:
    """Whether an address is the loopback one; that of no network, as of a test, is too."""
    try:
        return not client or ip_address(client.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return True


def _name_of(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        return None if parts.path or parts.query or parts.fragment or parts.username is not None else parts.hostname
    except ValueError:
        return None
