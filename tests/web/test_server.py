"""The server as a browser and as a stranger meet it: by real requests to a real port."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from pellucid.errors import InputError
from pellucid.web import server as module
from pellucid.web.photos.routes import PhotoRoutes
from pellucid.web.playground import routes
from pellucid.web.playground.routes import PlaygroundRoutes
from pellucid.web.playground.session import Session
from pellucid.web.security import LOOPBACK, SecurityMiddleware, checked_name
from pellucid.web.server import MOST, Mailbox, answer, application, listening_socket, plain, serve

ID = "0123456789abcdef"


@contextlib.contextmanager
def serving(*names):
    closing = threading.Event()
    room = PlaygroundRoutes(closing)
    with listening_socket("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        app = application([room, PhotoRoutes(closing)], names)
        thread = threading.Thread(target=serve, args=(app, listener, closing))
        thread.start()
        try:
            yield port, room
        finally:
            closing.set()
            thread.join(30)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def port():
    with serving("room12.school.example") as (port, _):
        yield port


def ask(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        body = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def tell(port, message, session=ID, **headers):
    status, _, body = ask(port, "POST", f"/message?session={session}", message, **headers)
    assert status == 200
    return json.loads(body)


def test_page_style_and_scripts_are_served(port):
    for path, kind in (("/", "text/html"), ("/static/theme.css", "text/css"), ("/static/play/play.js", "javascript")):
        status, headers, body = ask(port, "GET", path)
        assert status == 200
        assert kind in headers["content-type"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers
        assert b"http://" not in body.replace(b"http://www.w3.org", b"")
        assert b"https://" not in body


@pytest.mark.parametrize(
    "path", ["/static/../server.py", "/static/%2e%2e/server.py", "/static//etc/passwd", "/nowhere"]
)
def test_nothing_else_is_served(port, path):
    assert ask(port, "GET", path)[0] == 404


def test_messages_are_answered(port):
    assert tell(port, {"do": "run"}, session="feedfeed")[0]["again"] is True
    assert [reply["kind"] for reply in tell(port, {"do": "open", "address": ""})] == ["problem", "settings", "frame"]
    assert tell(port, {"do": "step", "n": 7})[0]["iteration"] == 7
    assert tell(port, {"do": "evil"})[0]["kind"] == "error"


def test_sessions_are_apart(port):
    for session in ("aaaaaaaa", "bbbbbbbb"):
        tell(port, {"do": "open", "address": ""}, session)
    tell(port, {"do": "step", "n": 5}, "aaaaaaaa")
    assert tell(port, {"do": "pause"}, "bbbbbbbb")[0]["iteration"] == 0


@contextlib.contextmanager
def listening(port, session=ID):
    """Yield an iterator over the messages of an event stream."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", f"/events?session={session}")
        answer = connection.getresponse()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield (json.loads(line.removeprefix(b"data: ")) for line in answer if line.startswith(b"data: "))


def test_a_run_is_told_by_events(port):
    tell(port, {"do": "open", "address": ""})
    with listening(port) as events:
        tell(port, {"do": "run"})
        frames = [next(events) for _ in range(4)]
        assert [frame["kind"] for frame in frames] == ["frame"] * 4
        iterations = [frame["iteration"] for frame in frames]
        assert iterations == sorted(iterations)
        assert iterations[-1] > 0
        tell(port, {"do": "pause"})
        tell(port, {"do": "starts", "count": 2})
        kinds = []
        while "starts" not in kinds:
            kinds.append(next(events)["kind"])
        assert kinds.count("start") == 2


def test_the_doctor_comes_by_itself(port):
    tell(port, {"do": "open", "address": "init=zeros"}, "dddddddd")
    with listening(port, "dddddddd") as events:
        assert next(frame for frame in events if frame["finding"])["finding"]["name"] == "dead layer"


def test_streams_end_with_the_server():
    with contextlib.ExitStack() as stack:
        with serving() as (port, _):
            tell(port, {"do": "open", "address": ""})
            events = stack.enter_context(listening(port))
            tell(port, {"do": "run"})
            next(events)
        list(events)  # ends


@pytest.mark.slow
def test_a_tab_that_was_closed_does_not_run_on(monkeypatch):
    monkeypatch.setattr(routes, "LEFT", -1.0)
    with serving() as (port, room):
        tell(port, {"do": "open", "address": ""})
        tell(port, {"do": "run"})
        while room._tabs[ID].session.running:
            pass
        assert not tell(port, {"do": "pause"})[0]["running"]


def test_of_many_sessions_the_oldest_goes(monkeypatch):
    monkeypatch.setattr(routes, "MOST_SESSIONS", 3)
    with serving() as (port, room):
        for session in ("aaaaaaaa", "bbbbbbbb", "cccccccc"):
            tell(port, {"do": "open", "address": ""}, session)
        tell(port, {"do": "step"}, "aaaaaaaa")
        oldest = room._tabs["bbbbbbbb"].session
        tell(port, {"do": "open", "address": ""}, "dddddddd")
        assert list(room._tabs) == ["cccccccc", "aaaaaaaa", "dddddddd"]
        assert oldest.closed
        assert tell(port, {"do": "step"}, "bbbbbbbb")[0]["again"]


def test_a_fault_of_ours_is_told_and_the_server_lives(port, monkeypatch):
    def broken(session, message):
        raise ZeroDivisionError("on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(Session, "handle", broken)
        (reply,) = tell(port, {"do": "open"})
        assert "an error in pellucid: ZeroDivisionError: on purpose" in reply["text"]
    assert tell(port, {"do": "open", "address": ""})[2]["kind"] == "frame"


def test_the_trace_is_a_document_that_can_reach_nothing(port):
    tell(port, {"do": "open", "address": ""})
    for query in ("row=3", "x=1&y=2.5&label=1", "x=1&y=2.5"):
        status, headers, body = ask(port, "GET", f"/trace?session={ID}&{query}")
        assert status == 200
        (policy,) = headers.get_all("content-security-policy")
        assert policy.endswith("; sandbox allow-scripts") and "frame-ancestors 'self'" in policy
        assert "default-src 'none'" in headers["content-security-policy"]
        assert b"<math" in body
    assert b"row must be" in ask(port, "GET", f"/trace?session={ID}&row=9999")[2]
    assert ask(port, "GET", f"/trace?session={ID}&row=x")[0] == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/message?session=xyz", {}, 400),
        ("POST", "/message", {}, 400),
        ("POST", f"/message?session={'a' * 65}", {}, 400),
        ("GET", "/events?session=../..", None, 400),
        ("GET", f"/message?session={ID}", None, 405),
        ("POST", "/", {}, 405),
        ("POST", f"/message?session={ID}", b"{", 400),
        ("POST", f"/message?session={ID}", b"\xff\xfe", 400),
        ("POST", f"/message?session={ID}", b"[" * 100_000, 400),
        ("POST", f"/message?session={ID}", b'"' + b"a" * 300_000 + b'"', 413),
    ],
)
def test_what_is_not_understood_is_refused(port, method, path, body, status):
    assert ask(port, method, path, body)[0] == status


def test_a_huge_number_is_refused_in_words(port):
    tell(port, {"do": "open", "address": ""})
    (reply,) = json.loads(ask(port, "POST", f"/message?session={ID}", b'{"do": "step", "n": 1e999}')[2])
    assert "n must be a whole number" in reply["text"]


HOSTS = {
    "evil.example": 403,
    "evil.example:80": 403,
    "localhost.evil.example": 403,
    "127.0.0.1.evil.example": 403,
    "localhost@evil.example": 403,
    "": 403,
    "localhost:1/x": 403,
    "localhost#x": 403,
    "localhost.": 403,
    "127.1": 403,
    "2130706433": 403,
    "[::ffff:127.0.0.1]": 403,
    "[::1": 403,
    "localhost": 200,
    "LOCALHOST:9": 200,
    "[::1]:8420": 200,
    "room12.school.example": 200,
}


@pytest.mark.parametrize(("host", "status"), HOSTS.items())
def test_only_known_names_are_answered(port, host, status):
    answered, headers, body = ask(port, "GET", "/", Host=host)
    assert answered == status
    assert headers["x-content-type-options"] == "nosniff"
    if status == 403:
        assert b"--allow-host" in body
        assert b"<" not in body


def test_two_names_are_none(port):
    request = f"GET / HTTP/1.1\r\nHost: localhost:{port}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(request.encode())
        assert line.recv(100).split()[1] in (b"403", b"400")
    assert SecurityMiddleware(None).refusal([(b"host", b"localhost"), (b"host", b"evil.example")])
    assert SecurityMiddleware(None).refusal([])


def test_pages_of_other_sites_are_refused(port):
    for origin in (
        "https://evil.example",
        "null",
        "http://localhost:1",
        "file://",
        f"ftp://127.0.0.1:{port}",
        f"http://127.0.0.1:{port}.evil.example",
        "",
    ):
        status, _, _ = ask(port, "POST", f"/message?session={ID}", {"do": "open"}, Origin=origin)
        assert status == 403, origin
        assert ask(port, "GET", f"/events?session={ID}", Origin=origin)[0] == 403
    assert tell(port, {"do": "open"}, Origin=f"http://127.0.0.1:{port}")[0]["kind"] == "problem"


NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_of_other_sites_may_only_link_here(port, site):
    elsewhere = {"Sec-Fetch-Site": site}
    assert ask(port, "GET", "/", **elsewhere, **NAVIGATION)[0] == 200
    for path in ("/", "/static/play/play.js", f"/trace?session={ID}&row=1", f"/events?session={'c' * 16}"):
        assert ask(port, "GET", path, **elsewhere, **{"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"})[0] == 403
    assert ask(port, "GET", f"/trace?session={ID}&row=1", **elsewhere, **NAVIGATION)[0] == 403
    assert ask(port, "GET", "/", **elsewhere, **{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"})[0] == 403
    assert ask(port, "POST", f"/message?session={ID}", {"do": "open"}, **elsewhere)[0] == 403
    for own in ("same-origin", "none"):
        assert ask(port, "GET", f"/trace?session={ID}&row=1", **{"Sec-Fetch-Site": own})[0] == 200


def test_names_are_checked():
    assert SecurityMiddleware(None, ["Room12.School.example"]).refusal([(b"host", b"room12.school.example:80")]) is None
    assert checked_name(" [::1] ") == "::1"
    for name in ("http://x", "x/y", "", "a b", "x,y", "ü.example"):
        with pytest.raises(InputError, match="not a host name"):
            checked_name(name)


def test_a_port_in_use():
    with listening_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} is in use"):
            listening_socket("127.0.0.1", port)


def test_the_next_free_port_is_taken(monkeypatch):
    with listening_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(module, "PORT", port)
        monkeypatch.setattr(module, "PORTS", 1)
        with pytest.raises(InputError, match="all in use"):
            listening_socket("127.0.0.1", None)
        monkeypatch.setattr(module, "PORTS", 30)
        with listening_socket("127.0.0.1", None) as other:
            assert port < other.getsockname()[1] < port + 30


def test_a_host_that_is_not_ours():
    with pytest.raises(InputError, match=r"cannot listen at 192\.0\.2\.1"):
        listening_socket("192.0.2.1", 0)


@pytest.mark.parametrize("path", ["message", "photos/message", "photos/upload", "photos/answer"])
def test_who_leaves_amid_a_message_is_no_fault(path, caplog):
    with serving() as (port, _):
        head = f"POST /{path}?session={ID}&path=a/b.png HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{{"
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.sendall(head.encode())
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.sendall(b"nonsense\r\n\r\n")
            assert b"400" in line.recv(100)
        assert ask(port, "GET", "/")[0] == 200
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_long_work_keeps_no_message_waiting(monkeypatch):
    together = threading.Barrier(40)
    monkeypatch.setattr(Session, "handle", lambda session, message: [{"kind": "n", "n": together.wait(30)}])
    with serving() as (port, _):
        asking = [threading.Thread(target=tell, args=(port, {}, f"{n:08x}")) for n in range(40)]
        for one in asking:
            one.start()
        for one in asking:
            one.join(60)
    assert not together.broken


def test_any_text_can_be_answered():
    text = "\udcff \ud800 \x00 \u202e"  # as names of files may be
    assert json.loads(answer([{"kind": "error", "text": text}]).body) == [{"kind": "error", "text": text}]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
@pytest.mark.parametrize(("name", "code"), [("SIGHUP", 0), ("SIGTERM", -15)])
def test_nothing_that_was_given_stays_behind(tmp_path, name, code):
    command = [sys.executable, "-m", "pellucid", "play", "--no-browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(tmp_path)}
    ) as process:
        port = int(process.stdout.readline().rstrip("/\n").rpartition(":")[2])
        assert ask(port, "POST", f"/photos/upload?session={ID}&path=a/b.png", b"picture")[0] == 200
        assert [path.name for path in tmp_path.rglob("b.png")]
        process.send_signal(getattr(signal, name))
        with contextlib.ExitStack() as stack:
            stack.callback(process.kill)  # or a server that does not hear would keep the tests waiting
            _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (code, "")
    assert list(tmp_path.glob("pellucid-*")) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
def test_ctrl_c_ends_it_at_once_even_amid_a_run():
    command = [sys.executable, "-m", "pellucid", "play", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline().rstrip("/\n").rpartition(":")[2])
        tell(port, {"do": "open", "address": ""})
        with listening(port) as events:
            tell(port, {"do": "run"})
            next(events)
            process.send_signal(signal.SIGINT)
            list(events)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.endswith("ended.\n")


def test_of_frames_only_the_latest_waits():
    box = Mailbox()
    for n in range(MOST + 50):
        box.put([{"kind": "frame", "n": n}, {"kind": "start", "n": n}])
    waiting = box.take()
    assert len(waiting) == MOST
    assert [message["n"] for message in waiting if message["kind"] == "frame"] == [MOST + 49]
    assert waiting[-1] == {"kind": "start", "n": MOST + 49}
    assert box.take() == []


def test_a_frame_is_not_told_after_a_later_one():
    box = Mailbox()
    box.put([{"kind": "frame", "number": 4}, {"kind": "start", "number": 0}])
    box.outdate(5)
    assert box.take() == [{"kind": "start", "number": 0}]
    box.put([{"kind": "frame", "number": 5}])
    assert box.take() == [{"kind": "frame", "number": 5}]


def test_numbers_that_json_has_not():
    assert json.dumps(plain([float("nan"), {"a": (float("-inf"), 1.5)}])) == '[null, {"a": [null, 1.5]}]'


def test_loopback_is_always_known():
    assert set(LOOPBACK) == {"localhost", "127.0.0.1", "::1"}


@pytest.fixture
def limited(monkeypatch):
    """Return a function that serves nothing, under limits, and gives the address."""
    closing, listener = threading.Event(), listening_socket("127.0.0.1", 0)
    thread = threading.Thread(target=serve, args=(application([]), listener, closing))

    def started(connections, seconds):
        monkeypatch.setattr(module, "CONNECTIONS", connections)
        monkeypatch.setattr(module, "FIRST_REQUEST", seconds)
        thread.start()
        return listener.getsockname()

    yield started
    closing.set()
    thread.join(10)
    listener.close()


def ended(connection):
    """Wait until the other side closes."""
    connection.settimeout(10)
    with connection, contextlib.suppress(ConnectionResetError):
        return connection.recv(100) == b""
    return True


def status(address):
    connection = http.client.HTTPConnection(*address, timeout=10)
    connection.request("GET", "/static/theme.css", headers={"Host": "localhost"})
    with contextlib.closing(connection):
        return connection.getresponse().status


def test_a_flood_of_silent_connections_makes_room_for_requests(limited):
    address = limited(3, 60)
    held = [socket.create_connection(address) for _ in range(12)]
    assert status(address) == 200
    assert sum(map(ended, held[:9])) == 9  # the first of them were dropped
    assert status(address) == 200
    for connection in held[9:]:
        connection.close()


def test_connections_beyond_the_limit_are_dropped_where_none_is_silent(limited):
    address = limited(2, 60)
    busy = []
    for _ in range(2):
        connection = http.client.HTTPConnection(*address, timeout=10)
        connection.request("GET", "/static/theme.css", headers={"Host": "localhost"})
        assert connection.getresponse().read()
        busy.append(connection)  # kept alive
    assert ended(socket.create_connection(address))
    for connection in busy:
        connection.close()


def test_a_body_that_stops_coming_is_not_waited_for(port, monkeypatch):
    monkeypatch.setattr(module, "NEXT_PIECE", 0.05)
    request = f"POST /message?session={ID} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{{"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(request.encode())
        assert line.recv(100).split()[1] == b"408"


def test_another_machine_cannot_say_that_it_is_this_one():
    known = SecurityMiddleware(None, ["room12.school.example"])
    for name in (b"localhost:8420", b"127.0.0.1", b"[::1]"):
        for here in ("", "127.0.0.1", "::1", "::ffff:127.0.0.1"):
            assert known.refusal([(b"host", name)], client=here) is None
        for there in ("10.0.0.7", "fe80::1", "::ffff:10.0.0.7"):
            assert "--allow-host" in known.refusal([(b"host", name)], client=there)
    assert known.refusal([(b"host", b"room12.school.example")], client="10.0.0.7") is None
    container = SecurityMiddleware(None, ["localhost"])  # whose host's browser asks from another address
    assert container.refusal([(b"host", b"localhost:8420")], client="172.17.0.1") is None


def test_to_a_plain_name_only_pages_of_ours_may_ask_for_more_than_pages(port):
    """A browser does not say there which site asks; `<img src=".../events?session=...">` would begin sessions."""
    name = {"Host": f"room12.school.example:{port}"}
    answered, headers, _ = ask(port, "GET", "/", **name)
    cookie = headers["set-cookie"].partition(";")[0]
    assert answered == 200
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in headers["set-cookie"].split(";")}
    assert ask(port, "GET", f"/trace?session={ID}&row=1", **name)[0] == 403
    assert ask(port, "POST", f"/message?session={ID}", {"do": "open"}, **name)[0] == 403
    assert ask(port, "GET", f"/trace?session={ID}&row=1", Cookie="pellucid-1=guess", **name)[0] == 403
    for sent in (cookie, f"other=1; {cookie}"):
        assert ask(port, "GET", f"/trace?session={ID}&row=1", Cookie=sent, **name)[0] == 200
        assert ask(port, "POST", f"/message?session={ID}", {"do": "open"}, Cookie=sent, **name)[0] == 200
    assert ask(port, "GET", "/static/play/play.js", **name)[0] == 200


def test_silent_connections_and_half_requests_are_closed(limited):
    address = limited(100, 0.1)
    half = socket.create_connection(address)
    half.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")  # and never the empty line
    assert ended(half) and ended(socket.create_connection(address))
    assert status(address) == 200
