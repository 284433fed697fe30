"""The playground's page in a real browser: what a learner presses, drags and draws, and what is then shown."""

import io
import re
import runpy
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from browser import serving
from pellucid.web.playground import session
from pellucid.web.playground.routes import PlaygroundRoutes

HOSTILE = "<img src=x onerror=alert(1)>"


@contextmanager
def served(*arguments):
    """Run `pellucid play` beside the tests, and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "pellucid", "play", *arguments, "--port", str(port), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        address = re.search(r"http://\S+", process.stdout.readline() or "")
        try:
            assert address, process.stdout.read()
            yield address[0]
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def playground(chromium):
    """Serve the playground from this process, so that a what if can be made short."""
    with pytest.MonkeyPatch.context() as patch, serving(PlaygroundRoutes) as (address, _):
        patch.setattr(session, "LEAST", 100)
        yield address


@pytest.fixture
def play(page, playground):
    """Return a function that opens the playground at a moment, and waits until that is shown."""

    def opened(moment="", **look):
        tab = page(playground + ("#" + moment if moment else ""), **look)
        tab.wait_for_selector("html[data-ready]")
        return tab

    return opened


def number(tab, place):
    return float(tab.inner_text(place).replace(",", "").replace("\u2212", "-").replace("%", ""))


def number_in(text):
    return float(re.search(r"\d+\.\d+", text)[0])


def shows(tab, place, text):
    """Wait until a place shows a text, or one that a pattern matches; the page's policy forbids polling by a script."""
    from playwright.sync_api import expect

    expect(tab.locator(place)).to_have_text(text)


def at(tab, iteration):
    shows(tab, "#iteration", f"{iteration:,}")


def slide(tab, slider, value):
    """Move a slider as a hand does: input while it moves, change at its end."""
    move = """(slider, to) => {
      slider.value = to;
      for (const end of ["input", "change"]) slider.dispatchEvent(new Event(end));
    }"""
    tab.eval_on_selector(slider, move, value)


def picture(tab):
    return tab.eval_on_selector("#plane", "canvas => canvas.toDataURL()")


def address_holds(tab, text):
    tab.wait_for_url(lambda url: text in url)


def place(tab, across, down):
    box = tab.locator("#plane").bounding_box()
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_run_pause_step_back_and_scrub(play, width, dark):
    tab = play(width=width, dark=dark)
    begin = picture(tab)
    at(tab, 0)
    assert tab.is_disabled("#back")
    tab.click("#run")
    shows(tab, "#furthest", re.compile(r"\d{3}"))
    tab.click("#run")
    shows(tab, "#run", "Run")
    there = int(number(tab, "#iteration"))
    tab.click("#step")
    at(tab, there + 1)
    tab.click("#back")
    at(tab, there)
    score, here = tab.inner_text("#score"), picture(tab)
    assert here != begin
    slide(tab, "#scrub", 0)
    at(tab, 0)
    assert picture(tab) == begin
    slide(tab, "#scrub", there)
    at(tab, there)
    assert (tab.inner_text("#score"), picture(tab)) == (score, here)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_keys_run_step_and_go_back(play):
    tab = play("at=30")
    tab.keyboard.press("ArrowLeft")
    at(tab, 29)
    tab.keyboard.press("ArrowRight")
    at(tab, 30)
    tab.keyboard.press("Space")
    shows(tab, "#run", "Pause")
    tab.keyboard.press("Space")
    shows(tab, "#run", "Run")
    assert number(tab, "#iteration") >= 30


def test_a_frame_that_was_overtaken_is_left_aside(play):
    tab = play("at=30")
    at(tab, 30)
    late = """async number => {
      const { receive } = await import("./static/play/wire.js");
      const { present } = await import("./static/play/present.js");
      receive({ ...present.frame, iteration: 31, number: present.frame.number + number });
    }"""
    tab.evaluate(late, -1)
    at(tab, 30)
    tab.evaluate(late, 1)
    at(tab, 31)


def test_points_are_drawn_by_hand_and_learned(play):
    tab = play()
    tab.get_by_label("draw by hand").check(force=True)
    tab.wait_for_selector("#drawing:not([hidden])")
    tab.locator("#plane").scroll_into_view_if_needed()
    for across in (0.2, 0.3, 0.4):
        tab.mouse.click(*place(tab, across, 0.3))
    only = "All points belong to class 0. Choose another class and draw some of it."
    shows(tab, "#finding", only)
    tab.click("#run")
    shows(tab, "#trouble", only)
    tab.set_viewport_size({"width": 390, "height": 844})  # the plane is smaller from here on
    tab.locator("#brushes label").nth(1).click()
    tab.locator("#plane").scroll_into_view_if_needed()
    tab.mouse.move(*place(tab, 0.6, 0.6))
    tab.mouse.down()
    tab.mouse.move(*place(tab, 0.9, 0.6), steps=6)
    tab.mouse.up()
    trail = number(tab, "#drawn")
    assert 5 <= trail <= 3 + 6 + 1
    tab.click("#undo")
    shows(tab, "#drawn", f"{trail - 1:g}")
    tab.focus("#plane")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Enter")
    shows(tab, "#drawn", f"{trail:g}")
    address_holds(tab, "points=")
    x, y, code = (float(cell) for cell in re.search(r"points=([^;]*);", tab.url)[1].split(","))
    assert (x, y, code) == (pytest.approx(-3, abs=0.1), pytest.approx(2, abs=0.1), 0)  # the plane goes from -5 to 5
    tab.click("#step")
    at(tab, 1)
    address_holds(tab, "at=1")
    tab.reload()
    shows(tab, "#drawn", f"{trail:g}")
    at(tab, 1)


def test_the_surface_stands_as_the_points_do(play):
    tab = play("data=drawn&held_out=0&points=-3.0,4.0,0;-3.5,3.0,0;4.0,-3.0,1;3.0,-3.5,1&at=300")
    shows(tab, "#score", "100% right")
    seen = tab.eval_on_selector(
        "#plane",
        """canvas => {
          const { width, height } = canvas;
          const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
          return [[0.1, 0.1], [0.9, 0.9], [0.2, 0.1]]
            .map(([across, down]) => 4 * (Math.round(down * height) * width + Math.round(across * width)))
            .map(first => [...pixels.slice(first, first + 3)]);
        }""",
    )
    (red, _, blue), (red_there, _, blue_there), point = seen
    assert red > blue + 20  # the first class's orange, at the upper left
    assert blue_there > red_there + 20  # the second's blue, as positive weights and answers are
    assert point == [0xD5, 0x5E, 0x00]  # x = -3, y = 4


def test_a_weight_is_clicked_and_dragged(play):
    tab = play("at=300")
    at(tab, 300)
    tab.locator('[data-weight="1,1,0"]').dispatch_event("click")
    shows(tab, "#weight-value", re.compile(r"\d"))
    assert tab.input_value("#weights") == "1,1,0"
    value, gradient, after = (number(tab, f"#weight-{what}") for what in ("value", "gradient", "next"))
    assert after == pytest.approx(value - 1.2 * gradient, abs=2e-4 * abs(value))
    assert "W1[2,1]" in tab.inner_text("#weight-formula")
    negative = [text for text in tab.locator(".reach title").all_text_contents() if "\u2212" in text]
    assert tab.locator(".net .edge.minus").count() == len(negative) > 0
    before = picture(tab)
    slide(tab, "#weight-slider", value + 0.5)
    shows(tab, "#weight-value", f"{value + 0.5:.5g}".replace("-", "\u2212"))
    assert picture(tab) != before
    at(tab, 300)
    address_holds(tab, "edits=300,1,1,0,")


def test_what_a_change_replaced_comes_back(play):
    tab = play("at=120")
    shows(tab, "#furthest", "120")
    slide(tab, "#scrub", 40)
    at(tab, 40)
    assert tab.is_hidden("#replaced")
    tab.locator('[data-weight="1,1,0"]').dispatch_event("click")
    shows(tab, "#weight-value", re.compile(r"\d"))
    slide(tab, "#weight-slider", 2)
    shows(tab, "#replaced-told", "This change replaced everything after iteration 40.")
    shows(tab, "#furthest", "40")
    for width in (1280, 390):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.click("#undo-change")
    shows(tab, "#furthest", "120")
    at(tab, 40)
    assert tab.is_hidden("#replaced")
    address_holds(tab, "at=40")
    tab.wait_for_url(lambda url: "edits" not in url)


def test_layers_units_and_activations_are_set(play):
    tab = play()
    tab.click("#more")
    shows(tab, "#depth", "2")
    tab.get_by_label("One unit more in hidden layer 1").evaluate("button => { button.click(); button.click(); }")
    address_holds(tab, "6:tanh,4:tanh")  # of two quick clicks, both count
    tab.get_by_label("relu", exact=True).check(force=True)
    address_holds(tab, "6:relu,4:relu")
    tab.get_by_label("More: Activation of all hidden layers").select_option("softplus")
    address_holds(tab, "softplus,4:softplus")
    tab.click("#fewer")
    shows(tab, "#depth", "1")


def test_what_if_lays_its_curve_over_the_old_one(play):
    tab = play("at=600")
    at(tab, 600)
    score = tab.inner_text("#score")
    rate = "#whatif-settings input >> nth=0"
    tab.focus(rate)
    tab.keyboard.press("ArrowRight")
    tab.wait_for_selector("html[data-whatif-ms]")
    tab.evaluate("delete document.documentElement.dataset.whatifMs")
    tab.keyboard.press("ArrowRight")
    tab.wait_for_selector("html[data-whatif-ms]")
    assert "training, what if" in tab.inner_text("#curve-key")
    compared = r"at iteration 600 its cost is [\d.]+, yours ([\d.]+)\."
    yours = re.search(compared, tab.inner_text("#whatif-result"))[1]
    assert float(yours) == pytest.approx(number_in(tab.get_attribute("#curves", "aria-label")), rel=5e-3)
    assert tab.inner_text("#score") == score
    tab.click("#whatif-keep")
    address_holds(tab, "rate=2.0")
    shows(tab, "#score", re.compile(f"^(?!{re.escape(score)})"))
    assert "what if" not in tab.inner_text("#curve-key")


def test_ten_starts_make_a_fan(play):
    tab = play("layers=1:relu,1:relu&samples=60")
    tab.click("#starts")
    shows(tab, "#whatif-result", re.compile(r"^10 of 10 starts"))
    assert "other starts" in tab.inner_text("#curve-key")
    assert re.search(r" [1-9] failed: \d", tab.inner_text("#whatif-result"))
    tab.click("#whatif-forget")
    assert "starts" not in tab.inner_text("#curve-key")


def test_starts_that_were_put_away_do_not_come_back(play, monkeypatch):
    monkeypatch.setattr(session, "LEAST", 600)  # ten starts outlast what is looked at
    tab = play("samples=100")
    for away in ("#whatif-forget", "#new_start"):
        tab.click("#starts")
        tab.get_by_text("of 10 starts").wait_for()
        tab.click(away)
        shows(tab, "#whatif-result", re.compile("Move a slider"))
        assert tab.is_enabled("#starts")
        tab.wait_for_timeout(300)
        shows(tab, "#whatif-result", re.compile("Move a slider"))


def test_what_if_that_is_refused_does_not_seem_to_train_for_ever(play):
    tab = play("data=drawn")
    slide(tab, "#whatif-settings input >> nth=0", 5)
    tab.wait_for_selector("#trouble:not([hidden])")
    shows(tab, "#whatif-result", re.compile("Move a slider"))


def test_a_frame_that_comes_before_the_answer_waits_for_it(play):
    tab = play()

    def late(route):
        answer = route.fetch()
        time.sleep(0.5)  # the doctor's frame of the new network comes by events meanwhile
        route.fulfill(response=answer)

    tab.route("**/message?*", late)
    tab.click("#more")
    shows(tab, "#depth", "2")
    shows(tab, ".layer-head output >> nth=1", "4")


def test_the_keyboard_stays_where_it_was(play):
    tab = play()
    label = "One unit more in hidden layer 1"
    tab.focus(f"[aria-label='{label}']")
    for units in ("5", "6"):
        tab.keyboard.press("Enter")
        shows(tab, ".layer-head output", units)
        tab.wait_for_selector(f"[aria-label='{label}']:focus")


def test_the_saved_script_comes_to_the_displayed_cost(play, tmp_path, monkeypatch, capsys):
    tab = play("at=120&rate=0.8")
    shown = float(re.search(r"Cost ([\d.]+) at iteration 120", tab.get_attribute("#curves", "aria-label"))[1])
    tab.click("#save summary")
    with tab.expect_download() as download:
        tab.click("[data-save=python]")
    script = tmp_path / "play.py"
    download.value.save_as(script)
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    told = capsys.readouterr().out
    costs = [float(text) for text in re.findall(r"\d+\.\d+", told)]
    assert any(cost == pytest.approx(shown, abs=1e-4) for cost in costs), told


def test_a_point_shows_its_work(play):
    tab = play("at=50")
    x, y = tab.eval_on_selector(
        "#plane",
        """async () => {
          const { placeOf } = await import("./static/play/plane.js");
          const { present } = await import("./static/play/present.js");
          return placeOf(...present.problem.points[7]);
        }""",
    )
    tab.locator("#plane").click(position={"x": x, "y": y})
    tab.wait_for_selector("#trace[open]")
    assert re.search(r"point \d+, of class 0", tab.inner_text("#trace-title"))
    work = tab.frame_locator("#trace-frame")
    assert work.locator("math").first.text_content(timeout=10_000)
    work.locator("[data-key='one:Wnew1-4-2']").first.focus()
    assert work.locator(".status").inner_text().startswith("W1[4, 2] after the step = ")
    tab.click("#trace-close")
    tab.fill("#row", "3")
    tab.click("#trace-row button")
    assert "point 3," in tab.inner_text("#trace-title")


def test_a_drawing_that_goes_on_beyond_its_edge_has_a_shadow_there(play):
    from PIL import Image

    tab = play("at=50", width=390)
    tab.click("#trace-row button")
    drawing = tab.frame_locator("#trace-frame").locator(".view:not([hidden]) .map .scroll")

    def shaded():
        picture = Image.open(io.BytesIO(drawing.screenshot())).convert("L")
        return [picture.getpixel((x, picture.height // 2)) < 240 for x in (1, picture.width - 2)]

    def becomes(expected):
        end = time.monotonic() + 60
        while (now := shaded()) != expected and time.monotonic() < end:
            tab.wait_for_timeout(50)
        assert now == expected

    becomes([False, True])
    drawing.evaluate("drawing => (drawing.scrollLeft = 40)")
    becomes([True, True])
    drawing.evaluate("drawing => (drawing.scrollLeft = 4000)")
    becomes([True, False])


def test_the_doctors_advice_is_applied(play):
    tab = play("rate=60.0&at=300")
    shows(tab, "#finding", re.compile(r"Try the rate 6\.$"))
    tab.click("#apply")
    address_holds(tab, "rate=6.0")
    at(tab, 0)


def test_the_look_is_switched_by_hand(play):
    tab = play()
    light = tab.eval_on_selector("body", "body => getComputedStyle(body).backgroundColor"), picture(tab)
    tab.click("#theme")
    assert tab.eval_on_selector("body", "body => getComputedStyle(body).backgroundColor") != light[0]
    assert picture(tab) != light[1]


def test_a_moment_comes_back_from_its_address(play):
    tab = play("data=moons&seed=7")
    for _ in range(3):
        tab.click("#step")
    at(tab, 3)
    address_holds(tab, "at=3")
    shown = picture(tab), tab.inner_text("#score")
    address = tab.url
    tab.goto("about:blank")
    tab.goto(address)
    at(tab, 3)
    assert (picture(tab), tab.inner_text("#score")) == shown
    assert tab.get_by_label("moons").is_checked()


def test_what_is_refused_is_told_and_the_page_goes_on(play):
    tab = play("rate=much")
    assert "much" in tab.inner_text("#trouble")


def test_names_of_a_table_are_shown_as_text(page, tmp_path):
    rows = [f"{x},{2 - x},{3 * x % 2},{HOSTILE if x > 1 else 'plain'}" for x in (k / 20 for k in range(41))]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(["wide,<u>high</u>,c,kind", *rows]), "utf-8")
    with served(str(table), "--label", "kind") as address:
        tab = page(address)
        tab.wait_for_selector("html[data-ready]")
        assert HOSTILE in tab.inner_text("#legend")
        assert "<u>high</u>" in tab.inner_text("#columns")
        assert tab.locator("#up > *").all_inner_texts() == ["\u22120.16", "<u>high</u>", "2.16"]  # 0 to 2, and 8 % more
        assert "<u>high</u> up, \u22120.16 to 2.16." in tab.get_attribute("#plane", "aria-label")
        assert tab.locator("main img, main u").count() == 0
        tab.get_by_role("combobox", name="Up").select_option("2")
        address_holds(tab, "columns=0,2")
        shows(tab, "#up b", "c")
        shows(tab, "#across b", "wide")
        tab.click("#step")
        at(tab, 1)
        tab.close()  # before its server ends, which it would miss aloud
