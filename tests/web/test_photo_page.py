"""The page for photographs in a real browser: dropped, checked, trained on, looked at, tried and taken home."""

import base64
import threading
from types import SimpleNamespace

import pytest

import pellucid
from browser import serving
from pellucid.web.photos.progress import PageProgress
from photographs import put, tinted

RED, BLUE = 0, 2
EACH = 12


@pytest.fixture(scope="module")
def server(chromium):
    """Serve the page from this process, so that training and report can be made short."""
    from pellucid.experiment.recipe import USUAL
    from pellucid.explanation.report.image_sections import MOST
    from pellucid.web.photos.routes import PhotoRoutes

    with pytest.MonkeyPatch.context() as patch, serving(PhotoRoutes) as (address, room):
        patch.setitem(USUAL["photo"], "ensemble", 2)
        patch.setitem(MOST, "photo", 1)  # where it looked takes most of the time
        yield SimpleNamespace(address=f"{address}photos/", room=room)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return a folder of two class folders; one picture is broken, one is in both."""
    folder = tmp_path_factory.mktemp("data") / "photos"
    for k in range(EACH):
        put(folder / f"warm/IMG_{k:02}.jpg", tinted(k, RED))
        put(folder / f"cold/IMG_{k:02}.jpg", tinted(100 + k, BLUE))
    put(folder / "cold/broken.jpg", b"no picture")
    put(folder / "cold/wrong.jpg", tinted(5, RED))
    return folder


@pytest.fixture(scope="module")
def trained(server, files):
    """Return the name of a session that went the whole way."""
    session = server.room._sessions.named(name := "5e" * 16)
    for path in files.rglob("*.jpg"):
        with session.receiving(f"{path.parent.name}/{path.name}") as take:
            take(path.read_bytes())
    for message in ({"do": "check"}, {"do": "train"}):
        session.handle(message)
        session._thread.join(60)
    assert not session.error, session.error
    assert session.stage == "trained"
    return name


def expect(place):
    from playwright.sync_api import expect

    return expect(place)


def drop(tab, place, name, data):
    """Drop a file as a hand would: by an event with the file in it."""
    transfer = tab.evaluate_handle(
        """([name, data]) => {
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
            return transfer;
        }""",
        [name, base64.b64encode(data).decode()],
    )
    tab.dispatch_event(place, "dragover", {"dataTransfer": transfer})
    tab.dispatch_event(place, "drop", {"dataTransfer": transfer})


def test_from_photographs_to_a_model(page, server, files, tmp_path):
    tab = page(server.address)
    go = tab.locator("#next button")
    expect(go).to_be_disabled()
    first, second = tab.get_by_label("Class A", exact=True), tab.get_by_label("Class B", exact=True)
    first.locator("input[type=text]").fill("<b>warm</b>")
    first.locator("input[type=file]").set_input_files(sorted((files / "warm").iterdir()))
    expect(tab.locator("#next")).to_contain_text("Now add photographs of something other than _b_warm__b_.")
    expect(go).to_be_disabled()
    second.locator("input[type=file]").set_input_files(sorted((files / "cold").iterdir()))
    expect(second).to_contain_text(f"{EACH + 2} photographs")
    drop(tab, "section[aria-label='Class B']", "dropped.jpg", tinted(200, BLUE))
    expect(second).to_contain_text(f"{EACH + 3} photographs")
    expect(tab.locator(".strip img[src^=data]")).to_have_count(24)

    go.click()
    expect(tab.locator("#title")).to_have_text("Check")
    expect(tab.locator("#body")).to_contain_text("1 file cannot be read and will be left out")
    expect(tab.locator(".contradict")).to_contain_text("in two classes: one label is wrong")
    tab.get_by_role("button", name="Leave out Class B/wrong.jpg").click()
    expect(tab.locator(".contradict")).to_have_count(0)

    go.click()
    expect(tab.locator("#title")).to_have_text("Train")
    expect(tab.locator("#stop")).to_be_visible()
    tab.reload()  # the session goes on, and the page shows where it stands
    expect(tab.locator("#title")).to_have_text("Mistakes", timeout=60_000)
    tab.wait_for_selector("iframe.report", timeout=60_000)

    report = tab.frame_locator("iframe.report")
    expect(report.locator("h1")).to_contain_text("Expect about")
    expect(report.locator("body")).to_contain_text("What it gets wrong")

    go.click()
    tab.locator("#trial").set_input_files({"name": "new.jpg", "mimeType": "image/jpeg", "buffer": tinted(55, RED)})
    expect(tab.locator(".answer .headline")).to_have_text("_b_warm__b_")
    expect(tab.locator(".answer tbody tr")).to_have_count(2)
    drop(tab, ".zone", "broken.jpg", b"no picture")
    expect(tab.locator("#alert")).to_contain_text("broken.jpg cannot be used as a picture")

    with tab.expect_download() as download:
        tab.get_by_role("link", name="Model").click()
    download.value.save_as(tmp_path / download.value.suggested_filename)
    model = pellucid.load(tmp_path / "photographs.pellucid")
    assert model.predict([tinted(55, RED), tinted(155, BLUE)]).tolist() == ["_b_warm__b_", "Class B"]


def test_a_folder_of_class_folders(page, server, files):
    tab = page(server.address)
    with tab.expect_file_chooser() as chooser:
        tab.get_by_role("button", name="Choose a folder").focus()
        tab.keyboard.press("Enter")
    chooser.value.set_files(files)
    expect(tab.locator("section.box")).to_have_count(2)
    for place, name in enumerate(("cold", "warm")):
        expect(tab.locator("section.box input[type=text]").nth(place)).to_have_value(name)
    tab.get_by_role("button", name="Remove the class cold").click()
    expect(tab.locator("#next")).to_contain_text("Now add photographs of something other than warm.")
    tab.once("dialog", lambda dialog: dialog.accept())
    tab.get_by_role("button", name="Start over").click()
    expect(tab.get_by_role("button", name="Start over")).to_be_hidden()
    drop(tab, ".zone", "lonely.jpg", tinted(1, RED))
    expect(tab.locator("#alert")).to_contain_text("is not in a folder, so its class is unknown")


def test_why_it_says_so(page, server, trained):
    tab = opened(page, server, trained)
    tab.locator("#path").get_by_role("button", name="Try it").click()
    tab.locator("#trial").set_input_files({"name": "<b>.jpg", "mimeType": "image/jpeg", "buffer": tinted(55, RED)})
    tab.get_by_role("button", name="Why?").press("Enter")
    expect(tab.locator("#why")).to_contain_text("Covering one part after another")
    expect(tab.locator("#why")).to_contain_text("region", timeout=60_000)
    framed = "framed" in tab.locator("#why").inner_text()
    expect(tab.locator(".seen .veil")).to_have_count(int(framed))
    expect(tab.get_by_role("button", name="Why?")).to_have_count(0)
    expect(tab.locator("#why")).to_be_focused()
    tab.get_by_role("button", name="Show the numbers").click()
    expect(tab.locator("#trace-title")).to_have_text("From the numbers of <b>.jpg to the answer")
    expect(tab.frame_locator("#trace-frame").locator("h1")).to_contain_text("Why it predicts")
    tab.keyboard.press("Escape")
    expect(tab.locator("#trace")).to_be_hidden()


def test_a_sample_for_those_without_photographs(page, server):
    tab = page(server.address)
    tab.get_by_role("button", name="Use the sample").click()
    expect(tab.get_by_label("no face", exact=True)).to_contain_text("94 photographs")
    expect(tab.get_by_role("button", name="Use the sample")).to_have_count(0)
    expect(tab.locator("#next button")).to_be_enabled()


def test_the_report_comes_when_the_model_is_tried_already(page, server, trained):
    session = server.room._sessions.named(trained)
    report, session.files = session.files["report"], {"model": session.files["model"]}
    session._progress = PageProgress(1, asked=session._stopping.is_set)
    tab = opened(page, server, trained)
    expect(tab.locator("#stop")).to_have_text("Leave the report out")
    expect(tab.locator(".headline")).to_contain_text("Expect about")
    tab.get_by_role("button", name="Try a photograph").click()
    expect(tab.locator(".keep")).to_contain_text("is being written")
    tab.locator("#trial").set_input_files({"name": "new.jpg", "mimeType": "image/jpeg", "buffer": tinted(55, RED)})
    expect(tab.locator(".answer .headline")).to_be_visible()
    session._progress, session.files = None, session.files | {"report": report}
    session._changes += 1
    expect(tab.locator(".keep").get_by_role("link", name="Report")).to_be_visible()
    expect(tab.locator(".answer .headline")).to_be_visible()  # the answer stays


def test_light_and_dark_by_the_button_on_every_visit(page, server):
    tab = page(server.address, dark=True)
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = tab.evaluate(ground)
    tab.get_by_role("button", name="Light or dark").click()
    light = tab.evaluate(ground)
    assert light != dark
    tab.reload()
    assert tab.evaluate(ground) == light
    tab.get_by_role("button", name="Light or dark").click()
    assert tab.evaluate(ground) == dark


def test_without_a_camera_that_is_said(page, server, trained):
    tab = opened(page, server, trained)
    tab.get_by_role("button", name="Try it").click()
    tab.get_by_role("button", name="Use the camera").click()
    expect(tab.locator("#alert")).to_contain_text("hoose a photograph")


def opened(page, server, session, **look):
    """Return the page, as it goes on with a session."""
    tab = page(server.address, **look)
    tab.evaluate("(name) => localStorage.setItem('pellucid-photographs', name)", session)
    tab.reload()
    return tab


def test_every_step_fits_every_screen(page, server, trained):
    tab = opened(page, server, trained, dark=True)
    expect(tab.locator(".stop[aria-current=step]")).to_contain_text("Mistakes")
    for name in ("Photographs", "Check", "Train", "Mistakes", "Try it"):
        tab.locator("#path").get_by_role("button", name=name).click()
        expect(tab.locator("#title")).to_have_text(name)
        assert tab.evaluate("[...document.images].every((image) => image.alt)")
        for width in (390, 1280):
            tab.set_viewport_size({"width": width, "height": 900})
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, name


def test_a_tab_that_is_opened_anew_goes_on(page, server, trained):
    first = opened(page, server, trained)
    other = first.context.new_page()
    first.close()
    other.goto(server.address)
    expect(other.locator(".stop[aria-current=step]")).to_contain_text("Mistakes")


def test_a_state_that_was_overtaken_is_dropped(page, server, files, monkeypatch):
    """The answer of the time when the check ran comes after that of its end, which nothing would send again."""
    from pellucid.web.photos import session as module

    checked, audit = threading.Event(), module.audit
    monkeypatch.setattr(module, "audit", lambda *data: checked.wait(60) and audit(*data))
    session = server.room._sessions.named(name := "0f" * 16)
    for path in sorted(files.rglob("*.jpg")):
        with session.receiving(f"{path.parent.name}/{path.name}") as take:
            take(path.read_bytes())
    tab = opened(page, server, name)
    expect(tab.locator("#next button")).to_be_enabled()
    late = []

    def hold(route):
        if '"open"' not in (route.request.post_data or "") or late:
            route.continue_()
        else:
            late.append((route, route.fetch()))

    tab.route("**/message*", hold)
    session.handle({"do": "check"})
    while not late:
        tab.wait_for_timeout(20)
    assert late[0][1].json()[0]["stage"] == "checking"
    checked.set()
    expect(tab.locator("#body")).to_contain_text("1 file cannot be read and will be left out")
    with tab.expect_response("**/message*"):
        late[0][0].fulfill(response=late[0][1])
    tab.wait_for_timeout(100)
    expect(tab.locator("#body")).to_contain_text("1 file cannot be read and will be left out")
