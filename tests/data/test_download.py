"""Published data: right or not there, from a server that does all that servers do, never over other files."""

import hashlib
import io
import json
import socket
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.cli.fetch import NAMES
from pellucid.cli.main import run
from pellucid.data import load
from pellucid.data.published import catalog, download
from pellucid.data.published.catalog import PUBLISHED, PublishedFile, Unpacked, data_folder, usual_place
from pellucid.data.published.download import fetch, folder_digest
from pellucid.errors import InputError, MissingFileError, OutputExistsError

BODY = np.random.default_rng(0).bytes(600_000)
SMALL = b"small"


def file_of(name, data):
    return PublishedFile(name, len(data), hashlib.sha256(data).hexdigest())


def picture(level):
    buffer = io.BytesIO()
    Image.new("L", (4, 4), level).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


LEAVES = {f"train/{name}/{i}.png": picture(i + level) for name, level in (("a", 0), ("b", 90)) for i in range(3)}
JUNK = {"train/.DS_Store": b"junk", "__MACOSX/train/a/._1.png": b"junk", "train/notes.txt": b"notes"}


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PELLUCID_DATA", str(tmp_path / "mine"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def two(monkeypatch):
    """Publish two small files under a name of the command line."""
    made = replace(PUBLISHED["fashion-mnist"], files=(file_of("big", BODY), file_of("small", SMALL)))
    monkeypatch.setitem(PUBLISHED, "fashion-mnist", made)
    return made


@pytest.fixture
def leaves(monkeypatch, tmp_path):
    """Publish a zip of pictures, and return what publishes another one in its place."""

    def publish(members, places=()):
        data = zipped(members)
        (tmp_path / "have").mkdir(exist_ok=True)
        (tmp_path / "have/train.zip").write_bytes(data)
        for name, content in members.items():
            if name in LEAVES:
                (tmp_path / "digest" / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / "digest" / name).write_bytes(content)
        unpacked = {"train.zip": Unpacked("train", folder_digest(tmp_path / "digest/train"))}
        made = replace(PUBLISHED["beans"], files=(file_of("train.zip", data),), unpacked=unpacked, places=places)
        monkeypatch.setitem(PUBLISHED, "beans", made)

    publish(LEAVES | JUNK)
    return publish


class Server:
    """A loopback server whose answers are functions of the handler; it counts what it was asked."""

    def __init__(self):
        self.answers, self.asked = {"/big": give(BODY), "/small": give(SMALL)}, []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path)
                server.answers.get(self.path, missing)(self)

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def close(self):
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


def give(data, announced=None, code=200):
    def answer(handler):
        handler.send_response(code)
        if announced is not False:
            handler.send_header("Content-Length", str(len(data) if announced is None else announced))
        handler.end_headers()
        handler.wfile.write(data)
        handler.close_connection = True

    return answer


def missing(handler):
    handler.send_error(404)


def lead(to):
    def answer(handler):
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(BODY)
    except OSError:
        handler.close_connection = True


def left_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


# from a server ---------------------------------------------------------------------------------------------------


def test_files_come_and_are_not_fetched_twice(two, server, tmp_path):
    seen = []
    fetched = fetch("fashion-mnist", source=server.url + "/", told=lambda *args: seen.append(args))
    assert fetched.folder == tmp_path / "mine/fashion_mnist"
    assert fetched.done == {"big": "fetched", "small": "fetched"}
    assert (fetched.folder / "big").read_bytes() == BODY and (fetched.folder / "small").read_bytes() == SMALL
    assert ("big", 600_000, 600_000) in seen and ("small", 5, 5) in seen
    assert server.asked == ["/big", "/small"]
    assert fetch("fashion-mnist", source=server.url).done == {"big": "verified", "small": "verified"}
    assert server.asked == ["/big", "/small"] and left_in(fetched.folder) == ["big", "small"]


def test_redirects_are_followed(two, server):
    server.answers |= {"/old/big": lead("/big"), "/old/small": lead("/small")}
    assert fetch("fashion-mnist", source=server.url + "/old").done["big"] == "fetched"


HALF = BODY[:300_000]
WRONG = bytes(byte ^ 1 for byte in BODY[:1]) + BODY[1:]
FAILURES = {
    "wrong bytes": (give(WRONG), "is not the published file: SHA256 hash of downloaded file (big) does not match"),
    "truncated": (give(HALF, len(BODY)), "cannot be fetched: the connection broke off before its end"),
    "truncated, no length": (give(HALF, False), "is not the published file: SHA256 hash"),
    "another length": (give(HALF), "is not the published file: expected 600,000 bytes, the server has 300,000"),
    "huge length": (give(HALF, 2**62), f"is not the published file: expected 600,000 bytes, the server has {2**62:,}"),
    "without an end": (endless, "is not the published file: more than 600,000 bytes came"),
    "not there": (missing, "cannot be fetched: the server answers 404 Not Found"),
    "a fault": (give(b"sorry", code=500), "cannot be fetched: the server answers 500"),
    "in a circle": (lead("/big"), "cannot be fetched: it leads in a circle"),
}


@pytest.mark.parametrize(("answer", "message"), FAILURES.values(), ids=FAILURES)
def test_what_is_not_right_is_told_and_leaves_nothing(two, server, answer, message, tmp_path):
    server.answers["/big"] = answer
    with pytest.raises(InputError) as caught:
        fetch("fashion-mnist", source=server.url)
    assert f"{server.url}/big {message}" in str(caught.value)
    assert "--from DIR_OR_URL" in str(caught.value)
    assert left_in(tmp_path / "mine") == []
    server.answers["/big"] = give(BODY)
    assert fetch("fashion-mnist", source=server.url).done == {"big": "fetched", "small": "fetched"}


def test_an_interrupted_download_leaves_nothing_and_can_be_repeated(two, server, tmp_path):
    def interrupt(name, done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("fashion-mnist", source=server.url, told=interrupt)
    assert left_in(tmp_path / "mine") == []
    fetch("fashion-mnist", source=server.url)
    assert left_in(tmp_path / "mine") == ["big", "small"]


def test_what_came_before_a_failure_stays(two, server, tmp_path):
    server.answers["/small"] = missing
    with pytest.raises(InputError, match="Files fetched before stay"):
        fetch("fashion-mnist", source=server.url)
    assert left_in(tmp_path / "mine") == ["big"]
    server.answers["/small"] = give(SMALL)
    assert fetch("fashion-mnist", source=server.url).done == {"big": "verified", "small": "fetched"}


def test_offline_is_told(two, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        assert run(["fetch", "fashion-mnist", "--from", f"http://127.0.0.1:{taken.getsockname()[1]}"]) == 1
    error = capsys.readouterr().err
    assert "cannot be fetched: no connection, or it broke off; see that this computer is online." in error
    assert "fault" not in error and "Traceback" not in error


def test_the_next_place_is_tried(two, server, monkeypatch):
    places = (server.url + "/gone", server.url)
    monkeypatch.setitem(PUBLISHED, "fashion-mnist", replace(two, places=places))
    assert fetch("fashion-mnist").done["big"] == "fetched"
    assert server.asked[:2] == ["/gone/big", "/big"]


def test_no_place_may_be_written_to(two, server, tmp_path):
    (tmp_path / "file").write_text("a file")
    with pytest.raises(InputError, match="cannot be fetched: Not a directory"):
        fetch("fashion-mnist", tmp_path / "file", server.url)


# beside other files ----------------------------------------------------------------------------------------------


def test_another_file_is_never_replaced_in_silence(two, server, tmp_path):
    place = tmp_path / "d/fashion_mnist"
    place.mkdir(parents=True)
    (place / "big").write_bytes(b"precious")
    expected, got = two.files[0].sha256, hashlib.sha256(b"precious").hexdigest()
    with pytest.raises(OutputExistsError, match=f"expected sha256 {expected}, got {got}. It was left as it is"):
        fetch("fashion-mnist", tmp_path / "d", server.url)
    assert (place / "big").read_bytes() == b"precious" and server.asked == []
    server.answers["/big"] = give(WRONG)
    with pytest.raises(InputError):
        fetch("fashion-mnist", tmp_path / "d", server.url, force=True)
    assert (place / "big").read_bytes() == b"precious"  # until the right one is here
    server.answers["/big"] = give(BODY)
    fetch("fashion-mnist", tmp_path / "d", server.url, force=True)
    assert (place / "big").read_bytes() == BODY
    (place / "small").unlink()
    (place / "small").mkdir()
    with pytest.raises(OutputExistsError, match="it is not a file"):
        fetch("fashion-mnist", tmp_path / "d", server.url, force=True)


def test_the_cats_are_taken_from_where_they_are(monkeypatch, tmp_path, capsys):
    files = (file_of("train_catvnoncat.h5", BODY), file_of("test_catvnoncat.h5", SMALL))
    monkeypatch.setitem(PUBLISHED, "cats", replace(PUBLISHED["cats"], files=files))
    with pytest.raises(MissingFileError) as caught:
        fetch("cats")
    assert "have no public place" in str(caught.value) and "--from DIR_OR_URL" in str(caught.value)
    assert files[0].sha256 in str(caught.value)
    with pytest.raises(MissingFileError, match=r"there is no file nowhere/train_catvnoncat\.h5"):
        fetch("cats", source="nowhere")
    have = tmp_path / "have"
    have.mkdir()
    (have / "train_catvnoncat.h5").write_bytes(BODY)
    (have / "test_catvnoncat.h5").write_bytes(SMALL + b"x")
    with pytest.raises(InputError, match="expected 5 bytes, got 6"):
        fetch("cats", source=have)
    (have / "test_catvnoncat.h5").write_bytes(b"SMALL")
    with pytest.raises(InputError, match="does not match"):
        fetch("cats", source=have)
    assert left_in(tmp_path / "mine") == ["train_catvnoncat.h5"]
    (have / "test_catvnoncat.h5").write_bytes(SMALL)
    assert run(["fetch", "cats", "--from", "have", "--json", "r.json"]) == 0
    results = json.loads(Path("r.json").read_text())["results"]
    assert results["data"] == "cats" and results["folder"] == str(tmp_path / "mine/cats")
    assert [file["state"] for file in results["files"]] == ["verified", "fetched"]
    assert results["files"][0]["sha256"] == files[0].sha256
    assert run(["fetch", "cats"]) == 0  # all is there: nothing is asked for
    assert "verified" in capsys.readouterr().out
    assert usual_place("cats") == tmp_path / "mine/cats"


def test_where_data_is_looked_for(monkeypatch, tmp_path):
    assert data_folder() == tmp_path / "mine"
    monkeypatch.delenv("PELLUCID_DATA")
    assert data_folder().name == "pellucid" and usual_place("beans") == data_folder() / "beans"
    Path("data/beans").mkdir(parents=True)
    assert usual_place("beans") == Path("data/beans")


# zips of pictures ------------------------------------------------------------------------------------------------


def test_a_zip_becomes_class_folders(leaves, tmp_path):
    fetched = fetch("beans", source="have")
    assert fetched.done == {"train.zip": "fetched", "train": "unpacked"}
    assert {name: (fetched.folder / name).read_bytes() for name in LEAVES} == LEAVES
    assert len(left_in(fetched.folder)) == 7  # the zip, and no junk
    assert load(fetched.folder).train.counts() == {"a": 3, "b": 3}
    assert fetch("beans").done == {"train.zip": "verified", "train": "verified"}
    (fetched.folder / "train.zip").unlink()
    assert fetch("beans").done == {"train": "verified"}


@pytest.mark.parametrize("with_zip", [True, False])
def test_other_pictures_are_never_replaced_in_silence(leaves, with_zip):
    folder = fetch("beans", source="have").folder
    if not with_zip:
        (folder / "train.zip").unlink()
    for change in (
        lambda: (folder / "train/a/0.png").write_bytes(LEAVES["train/a/0.png"][:-1] + b"x"),
        lambda: (folder / "train/a/mine.png").write_bytes(picture(9)),
        lambda: (folder / "train/a/0.png").unlink(),
    ):
        change()
        with pytest.raises(OutputExistsError, match="does not hold the published pictures, or not only them"):
            fetch("beans", source="have")
        assert (folder / "train.zip").exists() == with_zip  # so nothing was fetched to find out
        if with_zip:
            assert fetch("beans", source="have", force=True).done["train"] == "unpacked"
            assert {name: (folder / name).read_bytes() for name in LEAVES} == LEAVES
            assert len(left_in(folder)) == 7


@pytest.mark.parametrize(
    "name",
    ["../out.png", "/out.png", "train/../../out.png", "train/a/../../../out.png", "train\\..\\out.png", "C:/a/out.png",
     "train/a/b/out.png", "other/a/out.png", "train/ /out.png", "out.png"],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused_before_anything_is_written(leaves, name, tmp_path):
    leaves(LEAVES | {name: picture(1)})
    before = left_in(tmp_path)
    with pytest.raises(InputError, match=r"expected train/CLASS/PICTURE; nothing was unpacked"):
        fetch("beans", source="have")
    assert left_in(tmp_path) == sorted([*before, "train.zip"])


def test_a_zip_bomb_is_refused_before_it_is_unpacked(leaves, monkeypatch, tmp_path):
    monkeypatch.setattr(download, "LARGEST_UNPACKED", 10_000)
    leaves({"train/a/1.png": bytes(20_000)})
    with pytest.raises(InputError, match="would take 20,000 bytes, more than 10,000; nothing was unpacked"):
        fetch("beans", source="have")
    assert not (tmp_path / "mine/beans/train").exists()


def test_a_full_disk_leaves_no_half_of_a_folder(leaves, monkeypatch, tmp_path):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(InputError, match=r"train\.zip cannot be unpacked: No space left on device"):
        fetch("beans", source="have")
    assert left_in(tmp_path / "mine") == ["train.zip"]


# what is published -----------------------------------------------------------------------------------------------


def test_the_real_data_is_the_published_one(real_data):
    for name, made in PUBLISHED.items():
        assert set(fetch(name, real_data).done.values()) == {"verified"}, name
        assert made.differing(real_data / made.folder) == []


def test_the_command_knows_every_set():
    assert set(NAMES) == set(PUBLISHED)
    assert all(len(digest) == 64 for made in PUBLISHED.values() for digest in made.sums.values())
    with pytest.raises(InputError, match="unknown published data set 'bean': did you mean 'beans'"):
        fetch("bean")
    assert catalog.PUBLISHED["cats"].places == ()
