"""The page for photographs without a browser: what a session takes in, refuses, learns and answers."""

import gc
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageOps

import pellucid
from pellucid.data import image_scan
from pellucid.data.images import embedded
from pellucid.errors import InputError
from pellucid.experiment.recipe import USUAL
from pellucid.explanation.report.image_sections import MOST
from pellucid.explanation.saliency import OcclusionMap, occlusion_maps
from pellucid.model.novelty import RejectionThresholds
from pellucid.web.photos import Session, UploadLimits, Uploads
from pellucid.web.photos.prediction import Prediction, sentence
from pellucid.web.photos.progress import PageProgress
from pellucid.web.photos.routes import Sessions
from photographs import jpeg, photograph, put, tinted

RED, BLUE = 0, 2


def give(session, name, data, of_class=""):
    with session.receiving(name, of_class) as take:
        for start in range(0, len(data), 1000):
            take(data[start : start + 1000])


def filled(session, each=8):
    for k in range(each):
        give(session, f"IMG_{k}.jpg", tinted(k, RED), "warm")
        give(session, f"IMG_{k}.jpg", tinted(100 + k, BLUE), "cold")
    return session


def done(session, *messages):
    """Send messages one after the other, each when the work of the one before it has ended."""
    for message in messages:
        replies = session.handle(message)
        assert replies[0]["kind"] != "error", replies[0]["text"]
        if session._thread is not None:
            session._thread.join(60)
    return session.state()


@pytest.fixture(scope="module", autouse=True)
def two_networks():
    """Train two networks, not five; of each there are as many again in every fold."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(USUAL["photo"], "ensemble", 2)
        yield


@pytest.fixture
def session():
    made = Session(seed=3)
    yield made
    made.close()


@pytest.fixture
def quick_report(monkeypatch):
    """Let the report look into two pictures that take no time."""

    def report(result, again, progress):
        for done in (1, 2):
            progress.fits("where it looked", done, 2)
        return SimpleNamespace(html="<p>report</p>")

    monkeypatch.setattr("pellucid.web.photos.results.report", report)


@pytest.fixture(scope="module")
def trained():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MOST, "photo", 1)  # where it looked takes most of the time
        yield from trained_session()


def trained_session():
    session = filled(Session(seed=3), each=12)
    give(session, "broken.jpg", b"no picture", "cold")
    give(session, "again.jpg", tinted(4, RED), "warm")
    give(session, "wrong.jpg", tinted(5, RED), "cold")
    done(session, {"do": "check"})
    session.found = session.state()["checkup"]
    done(session, {"do": "discard", "place": "cold/wrong.jpg"}, {"do": "train"})
    yield session
    session.close()


# What is taken in


@pytest.mark.parametrize(
    "name, kept",
    [
        ("cats/1.jpg", "cats/1.jpg"),
        ("../../etc/1.jpg", "etc/1.jpg"),
        ("/root/cats/1.JPG", "root/cats/1.jpg"),
        ("..\\..\\cats\\1.jpg", "cats/1.jpg"),
        ("ca<b>ts/a:b?.jpg", "ca_b_ts/a_b_.jpg"),
        ("con/nul.png", "_con/_nul.png"),
        ("cats/" + "x" * 500 + ".jpg", "cats/" + "x" * 100 + ".jpg"),
        ("cats/a\0b\n.jpg", "cats/a_b_.jpg"),
        ("cats/.jpg.jpg", "cats/jpg.jpg"),
    ],
)
def test_no_name_leads_out_of_the_album(session, name, kept):
    give(session, name, b"bytes")
    assert list(session.uploads.pictures) == [kept]
    path = session.uploads.pictures[kept]
    assert path.read_bytes() == b"bytes"
    assert path.resolve().is_relative_to(session.folder.resolve())


@pytest.mark.parametrize(
    "name, says",
    [
        ("1.jpg", "is not in a folder"),
        ("cats/setup.exe", "neither a picture nor a .zip"),
        ("cats/page.html", "neither a picture nor a .zip"),
        ("", "neither a picture nor a .zip"),
        ("a/" * 8 + "1.jpg", "folders deep"),
    ],
)
def test_what_is_not_wanted_is_refused_and_leaves_nothing(session, name, says):
    with pytest.raises(InputError, match=says):
        give(session, name, b"bytes")
    assert not session.uploads.pictures
    assert [path.name for path in session.folder.iterdir()] == ["photographs"]


@pytest.mark.parametrize(
    "limits, says",
    [
        (UploadLimits(files=2), "2 photographs already"),
        (UploadLimits(picture=2500), "larger than"),
        (UploadLimits(total=4500), "together exceed"),
        (UploadLimits(free=2**60), "disk is nearly full"),
    ],
)
def test_too_much_is_refused_and_the_rest_is_kept(limits, says):
    session = Session(limits=limits)
    with pytest.raises(InputError, match=says):
        for size in (2000, 2000, 3000):
            give(session, f"cats/{size}.jpg", b"x" * size)
    assert session.uploads.bytes == sum(path.stat().st_size for path in session.uploads.pictures.values())
    assert len(list((session.folder / "photographs").rglob("*.jpg"))) == len(session.uploads.pictures)
    assert not list(session.folder.glob("*.part"))
    session.close()


def test_files_on_their_way_count_and_a_zip_has_a_bound_of_its_own(monkeypatch):
    session = Session(limits=UploadLimits(files=1, picture=2500, free=1000))
    with session.uploads.receiving("cats/1.jpg"), pytest.raises(InputError, match="1 photographs already"):
        give(session, "cats/2.jpg", b"bytes")
    session.uploads.clear()
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=1999))
    with pytest.raises(InputError, match="disk is nearly full"):
        give(session, "all.zip", b"x" * 5000)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=2000))
    give(session, "all.zip", b"x" * 5000)
    assert session.uploads.bytes == 5000
    session.close()


def test_where_pictures_are_dropped_is_their_class(session):
    give(session, "photos/x/1.jpg", b"bytes", "warm")
    give(session, "train/2.jpg", b"bytes")
    assert session.uploads.classes() == {"train": ["train/2.jpg"], "warm": ["warm/1.jpg"]}  # one part is none


def test_a_picture_beside_the_classes_of_a_part_is_of_none(session):
    give(session, "train/cats/1.jpg", b"bytes")
    give(session, "train/2.jpg", b"bytes")
    assert session.uploads.classes() == {"cats": ["train/cats/1.jpg"]}
    (reply,) = session.handle({"do": "rename", "class": "cats", "to": "dogs"})
    assert "no class 'cats' to rename" in reply["text"]


def test_a_file_that_breaks_off_is_not_in_the_album(session):
    with pytest.raises(ConnectionError), session.receiving("cats/1.jpg") as take:
        take(b"half of it")
        raise ConnectionError
    assert not session.uploads.pictures
    assert not list(session.folder.glob("*.part"))


def test_a_name_twice_is_two_pictures(session):
    for data in (b"one", b"two"):
        give(session, "IMG_1.jpg", data, "cats")
    assert {name: path.read_bytes() for name, path in session.uploads.pictures.items()} == {
        "cats/IMG_1.jpg": b"one",
        "cats/IMG_1 (2).jpg": b"two",
    }


def test_classes_are_renamed_joined_and_removed(session):
    for name in ("a", "b", "c"):
        give(session, "1.jpg", name.encode(), name)
    session.handle({"do": "rename", "class": "a", "to": "../b"})
    session.handle({"do": "rename", "class": "b", "to": "_b"})
    session.handle({"do": "remove", "class": "c"})
    assert {name: len(places) for name, places in session.uploads.classes().items()} == {"_b": 2}
    assert sorted(path.read_bytes() for path in session.uploads.pictures.values()) == [b"a", b"b"]
    assert [path.name for path in (session.folder / "photographs").iterdir()] == ["_b"]
    assert session.uploads.bytes == 2


def test_folders_named_as_parts_are_parts(session):
    for part in ("train", "validation"):
        for name in ("cats", "dogs"):
            give(session, f"{part}/{name}/1.jpg", b"bytes")
    assert session.uploads.divided
    assert {name: len(places) for name, places in session.uploads.classes().items()} == {"cats": 2, "dogs": 2}


def zipped(pictures):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in pictures.items():
            archive.writestr(name, data)
    return file.getvalue()


def test_a_zip_is_read_where_it_lies(session):
    give(session, "my.zip", zipped({f"{c}/{k}.jpg": tinted(10 * c + k, c) for c in (0, 2) for k in range(3)}))
    state = done(session, {"do": "check"})
    assert state["zip"]
    assert state["checkup"]["counts"] == {"train": {"0": 3, "2": 3}}
    assert not list(session.folder.rglob("*.jpg"))
    with pytest.raises(InputError, match=r"one \.zip or single photographs, not both"):
        give(session, "cats/1.jpg", b"bytes")
    session.handle({"do": "clear"})
    give(session, "cats/1.jpg", b"bytes")
    with pytest.raises(InputError, match=r"one \.zip or single photographs, not both"):
        give(session, "my.zip", b"bytes")


def test_a_zip_that_is_none_is_told(session):
    give(session, "my.zip", b"no zip")
    state = done(session, {"do": "check"})
    assert (state["stage"], state["checkup"]) == ("photos", None)
    assert "is not a zip file" in state["error"]
    assert str(session.folder) not in state["error"]


# What is asked in the wrong order, or makes no sense


def test_one_class_says_what_is_missing(session):
    give(session, "1.jpg", tinted(1, RED), "warm")
    state = done(session, {"do": "check"})
    assert state["stage"] == "photos"
    assert "only one class, warm; learning to tell classes apart needs at least two" in state["error"]


@pytest.mark.parametrize(
    "message, says",
    [
        ({"do": "check"}, "no photographs yet"),
        ({"do": "train"}, "not checked yet"),
        ({"do": "fly"}, "unknown message 'fly'"),
        ({"do": ["open"]}, "unknown message"),
        ({}, "unknown message 'None'"),
        ([1], "unknown message"),
        ({"do": "rename", "class": "a", "to": "b"}, "no class 'a'"),
        ({"do": "discard", "place": "../x"}, "no photograph"),
    ],
)
def test_messages_out_of_place_are_answered_in_words(session, message, says):
    (reply,) = session.handle(message)
    assert reply["kind"] == "error"
    assert says in reply["text"]


@pytest.mark.parametrize("address", ["album/../1.jpg", "train/0", "train/x", "nothing", "", "album/", "train/-99"])
def test_pictures_that_are_not_there_are_not_shown(session, address):
    assert session.handle({"do": "pictures", "of": [address, 7, None]}) == [{"kind": "pictures", "pictures": {}}]


def test_a_photograph_before_training_is_answered_in_words(session):
    assert "train first" in session.answer("x.jpg", tinted(1, RED))[0]["text"]


def test_a_given_folder_is_only_read(tmp_path):
    for c in (0, 2):
        for k in range(3):
            put(tmp_path / f"photos/{c}/{k}.jpg", tinted(10 * c + k, c))
    session = Session(given=tmp_path / "photos")
    with pytest.raises(InputError, match="given at the start"):
        give(session, "cats/1.jpg", b"bytes")
    assert done(session, {"do": "check"})["checkup"]["total"] == 6
    assert session.handle({"do": "pictures", "of": ["train/5"]})[0]["pictures"]["train/5"].startswith("data:image/")
    session.handle({"do": "clear"})
    session.close()
    assert len(list((tmp_path / "photos").rglob("*.jpg"))) == 6


# The whole way


def test_the_check_names_what_is_broken_and_shows_copies(trained):
    found = trained.found
    assert [one["name"] for one in found["broken"]] == ["cold/broken.jpg"]
    assert (found["total"], found["n_broken"], found["n_copies"]) == (27, 1, 2)
    contradiction, copy = found["copies"]
    assert contradiction["contradict"]
    assert not copy["contradict"]
    assert [picture["name"] for picture in contradiction["pictures"]] == ["cold/wrong.jpg", "warm/IMG_5.jpg"]
    assert all(" --" not in finding["sentence"] for finding in found["findings"])


def test_altered_copies_are_shown_side_by_side(tmp_path):
    for c, name in enumerate(("cold", "warm")):
        for k in range(6):
            put(tmp_path / name / f"{k}.jpg", jpeg(photograph(20 * c + k)))
    put(tmp_path / "cold/mirrored.jpg", jpeg(ImageOps.mirror(photograph(2))))
    put(tmp_path / "warm/mirrored.jpg", jpeg(ImageOps.mirror(photograph(4))))
    session = Session(given=tmp_path)
    shown = done(session, {"do": "check"})["checkup"]["copies"]
    assert {tuple(picture["name"] for picture in one["pictures"]): one["how"] for one in shown} == {
        ("cold/2.jpg", "cold/mirrored.jpg"): "The same, altered",
        ("cold/4.jpg", "warm/mirrored.jpg"): "The same, altered, perhaps in two classes",
    }
    assert not any(one["contradict"] for one in shown)
    session.close()


def test_training_ends_in_a_model_a_recipe_and_a_report(trained):
    state = trained.state()
    assert (state["stage"], state["error"], state["files"]) == ("trained", "", ["model", "recipe", "report"])
    assert state["checkup"]["total"] == 26
    assert not state["outcome"]["early"]
    assert state["outcome"]["headline"].startswith("Expect about ")
    json.dumps(state, allow_nan=False)
    model = pellucid.load(trained.files["model"])
    assert model.class_names == ("cold", "warm")
    assert model.provenance.data == "photographs dropped on the page"
    for path in trained.files.values():
        assert str(trained.folder).encode() not in path.read_bytes(), path.name


@pytest.mark.slow
def test_the_model_does_not_wait_for_its_report(session, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def report(result, again, progress):
        begun.set()
        assert go_on.wait(60)
        raise OSError("no room for a report")

    monkeypatch.setattr("pellucid.web.photos.results.report", report)
    done(filled(session), {"do": "check"})
    session.handle({"do": "train"})
    assert begun.wait(60)
    state = session.state()
    assert (state["stage"], state["files"], session.working) == ("trained", ["model", "recipe"], True)
    assert state["outcome"]["headline"].startswith("Expect about ")
    assert session.answer("x.jpg", tinted(55, RED))[0]["said"] == "warm"
    assert "must wait" in session.handle({"do": "train"})[0]["text"]
    changes = state["changes"]
    go_on.set()
    session._thread.join(60)
    state = session.state()
    assert (state["stage"], state["files"], state["error"]) == ("trained", ["model", "recipe"], "no room for a report")
    assert (session.working, state["progress"]) == (False, None)
    assert state["changes"] > changes


@pytest.mark.slow
def test_why_is_told_in_words_and_by_a_veil(trained):
    (answer,) = trained.answer("new.jpg", tinted(55, RED))
    tried, steps = trained.tried(answer["key"]), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(tried), "__setattr__", lambda self, name, value: steps.append(value))
        told = tried.why()
    assert steps == [*((done, 10) for done in range(1, 10)), None]
    (found,) = occlusion_maps(trained.result.model, [tinted(55, RED)])
    assert told["sentence"] == sentence(found, "warm")
    assert (told["veil"] is None) == (found.strongest is None)
    assert "<math" in tried.trace()
    trained.answer("other.jpg", tinted(56, RED))
    with pytest.raises(InputError, match="not the last one tried"):
        trained.tried(answer["key"])


@pytest.mark.parametrize(
    "place, says",
    [
        ((0, 6), 'region (upper right) lowers "<b>" from 0.90 to 0.60: the model looked there. It touches the border'),
        ((3, 2), 'region (middle left) lowers "<b>" from 0.90 to 0.60: the model looked there.'),
        ((5, 4), 'region (lower centre) lowers "<b>" from 0.90 to 0.60: the model looked there.'),
        (None, 'Covering any one region hardly changes "<b>"'),
    ],
)
def test_where_it_looked_in_words(place, says):
    falls = np.full((7, 7), 0.01)
    if place is not None:
        falls[place] = 0.3
    told = sentence(OcclusionMap(0, 0.9, falls), "<b>")
    assert says in told
    assert ("border" in told) == (place == (0, 6))


def test_a_sample_is_of_real_photographs_some_of_them_kept_back(session):
    (state,) = session.handle({"do": "sample"})
    assert [(one["name"], one["count"]) for one in state["classes"]] == [("face", 94), ("no face", 94)]
    assert len(state["kept"]) == 12
    pictures = session.handle({"do": "pictures", "of": [*state["kept"], "sample/face/001.png"]})[0]["pictures"]
    assert list(pictures) == state["kept"]
    assert pictures["sample/face/095.png"] not in [embedded(path) for path in session.uploads.pictures.values()]
    session.handle({"do": "clear"})
    assert session.state()["kept"] == []


def test_a_photograph_is_answered_as_by_the_model(trained):
    data = tinted(55, RED)
    (answer,) = trained.answer("new.jpg", data)
    assert answer["said"] == "warm"
    P = pellucid.load(trained.files["model"]).predict_proba([data])[0]
    assert answer["probabilities"] == [["warm", P[1]], ["cold", P[0]]]
    assert answer["shown"].startswith("data:image/")


def test_a_session_keeps_to_its_seed_and_its_bounds(trained, monkeypatch):
    assert trained.result.recipe["random_state"] == 3
    monkeypatch.setattr("pellucid.web.photos.session.LARGEST_PHOTO", 10)
    (reply,) = trained.answer("a.jpg", b"x" * 11)
    assert "make it smaller first" in reply["text"]
    (reply,) = trained.handle({"do": "train", "merge": {" ": ["warm"]}})
    assert "to join classes, give a new name" in reply["text"]


def test_what_is_unlike_everything_is_answered_with_doubt(trained):
    """All photographs are answered, as the headline says; "unknown" is for models that were trained with --reject."""
    (answer,) = trained.answer("white.png", jpeg(Image.new("RGB", (90, 90), "white")))
    assert answer["said"] in ("cold", "warm") and answer["why"] == "" and answer["doubted"]
    assert answer["sentence"].endswith("than all training pictures. Do not trust the answer.")
    (answer,) = trained.answer("new.jpg", tinted(55, RED))
    assert not answer["doubted"] and answer["sentence"].endswith("sure.")
    model = replace(trained.result.model, rejection=RejectionThresholds(0.0, 0.0))
    rejected = Prediction.of(model, "white.png", jpeg(Image.new("RGB", (90, 90), "white"))).answer
    assert (rejected["said"], rejected["why"], rejected["doubted"]) == ("unknown", "unlike", True)
    assert "Unlike the training photographs" in rejected["sentence"]


def test_what_is_no_photograph_is_answered_in_words(trained):
    (answer,) = trained.answer("x.jpg", b"<script>")
    assert answer["kind"] == "error"
    assert "x.jpg cannot be used as a picture" in answer["text"]


def test_another_photograph_makes_the_results_old(trained):
    session = filled(Session(seed=3), each=2)
    done(session, {"do": "check"})
    assert session.state()["stage"] == "checked"
    give(session, "more.jpg", tinted(77, RED), "warm")
    state = session.state()
    assert (state["stage"], state["checkup"]) == ("photos", None)
    session.close()


@pytest.mark.slow
def test_classes_are_joined_as_asked(session, quick_report):
    for c in range(3):
        for k in range(6):
            give(session, f"{k}.jpg", tinted(20 * c + k, c), "rgb"[c])
    done(session, {"do": "check"})
    assert "to join classes" in session.handle({"do": "train", "merge": {"x": ["r", "nothing"]}})[0]["text"]
    assert session.state()["stage"] == "checked"
    done(session, {"do": "train", "merge": {"not blue": ["r", "g"]}})
    assert session.result.model.class_names == ("b", "not blue")


# Stopping


def stopping_at(session, stage):
    """Train, and stop as soon as a stage has begun."""
    reached = threading.Event()
    told = session._told

    def watched(networks):
        progress = told(networks)
        at = progress._at

        def noted(name, count, total):
            at(name, count, total)
            if name == stage and not reached.is_set():
                reached.set()
                session.handle({"do": "stop"})

        progress._at = noted
        return progress

    session._told = watched
    return done(session, {"do": "check"}, {"do": "train"})


def test_stopped_while_it_reads_nothing_is_lost(session, monkeypatch):
    monkeypatch.setattr(image_scan, "REPORT_EVERY", 1)
    state = stopping_at(filled(session), "reading")
    assert (state["stage"], state["outcome"], state["stopping"]) == ("checked", None, False)
    assert "Nothing is lost" in state["error"]


def test_stopped_while_it_is_judged_it_learns_from_all_and_is_judged_by_a_part(session, quick_report):
    state = stopping_at(filled(session), "judging")
    assert (state["stage"], state["error"]) == ("trained", "")
    assert state["outcome"]["early"]
    assert session.result.cross_validation is None
    assert len(session.result.model.networks) == 2
    assert session.result.headline is session.result.scores["test"]


@pytest.mark.slow
def test_stopped_while_it_learns_what_was_learned_is_kept(session, quick_report):
    state = stopping_at(filled(session), "training")
    assert state["stage"] == "trained"
    assert state["outcome"]["early"]
    assert len(session.result.model.networks) == 1
    assert session.result.cross_validation is not None
    assert session.answer("x.jpg", tinted(55, RED))[0]["kind"] == "answer"


@pytest.mark.slow
def test_stopped_while_the_report_is_written_only_the_report_is_missing(session, quick_report):
    state = stopping_at(filled(session), "report")
    assert (state["stage"], state["outcome"]["early"], state["error"]) == ("trained", False, "")
    assert state["files"] == ["model", "recipe"]


def test_what_is_still_on_its_way_is_not_checked(session):
    filled(session, each=1)
    with session.receiving("cats/1.jpg") as take:
        take(b"half of it")
        assert "still uploading" in session.handle({"do": "check"})[0]["text"]


def test_nothing_else_is_done_meanwhile(session):
    session._progress = PageProgress(1)
    for message in ({"do": "check"}, {"do": "train"}, {"do": "clear"}, {"do": "remove", "class": "a"}):
        assert "must wait" in session.handle(message)[0]["text"]
    with pytest.raises(InputError, match="must wait"):
        give(session, "cats/1.jpg", b"bytes")


def test_a_mistake_of_the_program_is_told(session):
    def fails():
        raise RuntimeError("broken")

    session._begin("checking", fails, PageProgress(1))
    session._thread.join()
    assert "(RuntimeError: broken)" in session.state()["error"]
    assert session.stage == "photos"


def test_closing_deletes_everything():
    session = filled(Session(), each=1)
    assert os.stat(session.folder).st_mode & 0o077 == 0  # noqa: PTH116
    session.close()
    assert not session.folder.exists()


def test_what_nobody_closed_is_deleted_all_the_same():
    session = filled(Session(), each=1)
    folder = session.folder
    assert session._delete.atexit
    del session
    gc.collect()
    assert not folder.exists()


# Progress


def test_time_is_told_only_where_it_was_measured():
    now = [0.0]
    progress = PageProgress(10, networks=2, clock=lambda: now[0])
    assert progress.remaining() is None
    progress.reading("a", 5, 8)
    now[0] = 4
    progress.reading("a", 8, 8)
    assert progress.as_dict()["stages"][0]["share"] == 0.8
    assert progress.remaining() is None  # nothing is known of training yet
    progress.reading("b", 2, 2)  # validation pictures: the last of the reading
    assert [stage["share"] for stage in progress.as_dict()["stages"]] == [1, 0, 0, 0]
    assert [stage["begun"] for stage in progress.as_dict()["stages"]] == [True, True, False, False]
    now[0] += 3
    progress.fits("cross-validation", 1, 5)
    assert progress.remaining() == 4 * 3 + 1.25 * 3
    now[0] += 3
    progress.fits("cross-validation", 2, 5)
    assert progress.remaining() == 3 * 3 + 1.25 * 3  # three folds, and all photographs, a quarter more than a fold
    now[0] += 1
    assert progress.remaining() == 3 * 3 + 1.25 * 3 - 1
    progress.fits("cross-validation", 5, 5)
    show = progress.training(None, None, 10)
    now[0] += 2
    show(SimpleNamespace(epoch=5, stopped=False))
    assert progress.as_dict()["stages"][2]["share"] == 0.25
    assert progress.remaining() == 6
    show(SimpleNamespace(epoch=10, stopped=True))
    show(SimpleNamespace(epoch=10, stopped=True))
    assert [stage["begun"] for stage in progress.as_dict()["stages"]] == [True] * 4
    assert progress.remaining() is None  # of the report nothing is known yet
    now[0] += 1
    progress.fits("where it looked", 1, 4)
    assert progress.remaining() == 3
    now[0] += 9
    assert progress.remaining() == 0


# Many sessions


def test_sessions_are_few_and_the_one_unused_longest_goes():
    sessions = Sessions(most=2)
    first, second = sessions.named("a" * 16), sessions.named("b" * 16)
    assert sessions.named("a" * 16) is first
    sessions.named("c" * 16)
    assert second.closed
    assert not second.folder.exists()
    first._progress = PageProgress(1)
    sessions.named("d" * 16)._progress = PageProgress(1)
    with pytest.raises(InputError, match="2 people are training"):
        sessions.named("e" * 16)
    sessions.close()
    assert first.closed


@pytest.mark.parametrize("name", ["", "x" * 16, "a" * 15, "../" * 9, "a" * 65])
def test_a_session_has_a_name_that_a_page_drew(name):
    with pytest.raises(InputError, match="hexadecimal"):
        Sessions().named(name)


def test_an_album_can_be_filled_anew(tmp_path):
    uploads = Uploads(tmp_path / "photographs", UploadLimits(files=1))
    with uploads.receiving("cats/1.jpg") as take:
        take(b"bytes")
    uploads.clear()
    assert (len(uploads), uploads.bytes) == (0, 0)
    with uploads.receiving("cats/1.jpg") as take:
        take(b"bytes")
    assert len(uploads) == 1


# Over HTTP


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_play_shows_the_photographs_of_a_folder(tmp_path, how):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for c in (0, 2):
        put(tmp_path / f"photos/{c}/1.jpg", tinted(c, c))
    command = [sys.executable, "-m", "pellucid", "play", "photos", "--no-browser", "--port", str(free_port())]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, env=os.environ | {"TMPDIR": str(temporary)}, **pipes) as process:
        try:
            place = process.stdout.readline().rpartition("http://")[2].strip()
            host, _, path = place.partition("/")
            assert path == "photos/"
            connection = http.client.HTTPConnection(host, timeout=30)

            def ask(what, body, **headers):
                connection.request("POST", f"/photos/{what}session={'5e' * 16}", body, headers)
                answer = connection.getresponse()
                told = answer.read()
                return answer.status, json.loads(told) if answer.status == 200 else None

            status, (state,) = ask("message?", b'{"do": "open"}')
            assert (status, state["given"], state["stage"]) == (200, "photos", "photos")
            _, (refused,) = ask("upload?path=cats/1.jpg&", b"bytes")
            assert "given at the start" in refused["text"]
            ask("message?", b'{"do": "clear"}')
            _, (status,) = ask("upload?path=..%2f..%2fcats%2F1.jpg&", b"bytes")
            assert status["kind"] == "status"
            assert ask("message?", b'{"do": "open"}')[1][0]["classes"][0]["name"] == "cats"
            assert ask("message?", b'{"do": "open"}', Origin="http://evil.example")[0] == 403
            assert ask("message?", b"[" * 100_000)[0] == 400
            connection.request("GET", f"/photos/trace?session={'5e' * 16}&key=<b>")
            reply = connection.getresponse()
            assert "not the last one tried" in reply.read().decode()
            assert "sandbox allow-scripts" in reply.headers["content-security-policy"]
            connection.close()
            assert list(temporary.rglob("1.jpg"))
            process.send_signal(how)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert err == ""
    assert list(temporary.iterdir()) == []
    if how == signal.SIGINT:
        assert process.returncode == 0
        assert out.endswith("ended.\n")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
