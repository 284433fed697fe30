"""`pellucid play`: what it refuses before it listens, and what it says."""

import webbrowser

import pytest

from pellucid.cli.main import run
from pellucid.web import server
from pellucid.web.server import listening_socket


@pytest.fixture
def served(monkeypatch):
    """Return a list of what would have been served, and of the addresses that a browser would have opened."""
    seen = []
    monkeypatch.setattr(server, "serve", lambda app, listener, closing: seen.append(app))
    monkeypatch.setattr(webbrowser, "open", seen.append)
    return seen


def test_it_says_where_it_is(served, capsys):
    assert run(["play", "--no-browser"]) == 0
    assert "The playground is at http://127.0.0.1:84" in capsys.readouterr().out
    assert len(served) == 1


def test_it_opens_the_browser(served):
    with listening_socket("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    assert run(["play", "--port", str(port)]) == 0
    assert f"http://127.0.0.1:{port}/" in served


def test_names_from_the_command_line_are_known(served):
    assert run(["play", "--no-browser", "--allow-host", "room12.school.example"]) == 0
    (guard,) = served
    assert guard.refusal([(b"host", b"room12.school.example:8420")]) is None
    assert guard.refusal([(b"host", b"room13.school.example:8420")])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.csv"], "there is no file or folder nowhere.csv"),
        (["--label", "kind"], "give the table too"),
        (["toy:digits"], "holds pictures"),
        (["--allow-host", "http://x/"], "not a host name"),
        (["--host", "192.0.2.1"], "cannot listen at 192.0.2.1"),
    ],
)
def test_what_it_refuses(served, capsys, arguments, told):
    assert run(["play", "--no-browser", *arguments]) == 1
    assert told in capsys.readouterr().err
    assert served == []


def test_a_table_that_cannot_be_scaled_is_refused_before_anybody_comes(served, capsys, tmp_path):
    path = tmp_path / "huge.csv"
    path.write_text("x,y,kind\n" + "".join(f"{n % 3 - 1}e308,{n},{'ab'[n % 2]}\n" for n in range(40)))
    assert run(["play", "--no-browser", str(path), "--label", "kind"]) == 1
    assert "cannot be standardised" in capsys.readouterr().err
    assert served == []


def test_numbers_to_predict_are_refused(served, capsys, tmp_path):
    path = tmp_path / "costs.csv"
    path.write_text("x,y,cost\n" + "".join(f"{n},{n * n % 17},{n / 7:.3f}\n" for n in range(40)))
    assert run(["play", "--no-browser", str(path), "--label", "cost"]) == 1
    assert "are numbers to predict" in capsys.readouterr().err
    assert served == []


def test_a_port_in_use_is_told(served, capsys):
    with listening_socket("127.0.0.1", 0) as taken:
        assert run(["play", "--no-browser", "--port", str(taken.getsockname()[1])]) == 1
    assert "is in use" in capsys.readouterr().err
