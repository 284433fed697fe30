"""The page of a trace: what stands in it, and in a real browser what lights, what is left out, and where boxes lead."""

import re

import numpy as np
import pytest

from pellucid.explanation.trace import trace
from pellucid.explanation.trace.page import fragment
from pellucid.explanation.trace.page import page as whole
from pellucid.nn import Dense, Network
from reports import HOSTILE, Page


def small(**options):
    """Return the step of a 2 - 2 relu - 1 sigmoid net on one example."""
    start = [[[1, 0.5], [-1, 0.5]], [0.0, 0.2], [[1, -2]], [0.1]]
    network = Network([Dense(2, 2, "relu"), Dense(2, 1)], "binary_cross_entropy").initialize(start)
    return trace(network, [[1.0, 2.0]], [[0.0]], rate=0.1, class_names=["no", "yes"], **options)


def batch():
    network = Network([Dense(2, 3, "tanh"), Dense(3, 2)], "softmax_cross_entropy").initialize("he", seed=1)
    return trace(network, np.random.default_rng(0).normal(size=(4, 2)), [0, 1, 1, 0], row=2)


def names(text):
    return [tag for tag, _ in Page(text).elements]


def test_the_page_is_whole_and_asks_for_nothing():
    text = whole(small())
    found = names(text)
    assert {"math", "svg", "section", "table"} <= set(found)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|@import|url\(|<link|\ssrc=", text)
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert "The cost was 1.868 and is now 0.2646" in text


def test_every_number_has_its_sources_on_the_page():
    text = whole(small())
    keys = set(re.findall(r'data-key="([^"]+)"', text))
    sources = {source for found in re.findall(r'data-from="([^"]+)"', text) for source in found.split()}
    assert {"one:W1-2-1", "one:z1-2", "one:dW1-2-1", "one:x-1"} <= keys
    assert sources <= keys
    assert re.search(r'data-key="one:da1-1"[^>]* data-from="[^"]*one:dz2-1', text)


def test_one_example_and_the_batch_are_both_there_and_their_numbers_apart():
    text = whole(batch())
    assert text.count('class="view"') == 2
    assert 'data-view="batch" hidden' in text
    assert "example 3 alone" in text and "batch of 4" in text
    assert {"one", "batch"} == {key.split(":")[0] for key in re.findall(r'data-key="([^"]+)"', text)}
    assert whole(small()).count('class="view"') == 1
    names(text)


def test_without_a_label_it_goes_forward_only():
    network = Network([Dense(2, 1)], "binary_cross_entropy")
    text = whole(trace(network, [[1.0, 2.0]]))
    names(text)
    assert "<title>One prediction, number by number</title>" in text
    assert 'data-section="forward-1"' in text
    assert "backward-1" not in text


def test_names_are_safe():
    network = Network([Dense(8, 2)], "softmax_cross_entropy").initialize("he", seed=1)
    step = trace(network, np.ones((1, 8)), [1], input_names=[HOSTILE] * 8, class_names=[HOSTILE, "b"], notes=[HOSTILE])
    text = whole(step)
    assert "<img" not in text
    assert "img" not in names(text)
    assert text.count("&lt;img") >= 3


def test_a_notebook_shows_a_fragment_whose_style_reaches_nothing_else():
    step = small()
    text = step._repr_html_()
    assert text == fragment(step)
    assert "<!doctype" not in text and "<body" not in text
    style = re.search(r"<style>\n(/\*.*?)</style>", text, re.DOTALL)[1]
    rules = re.sub(r"/\*.*?\*/|@media[^{]*\{", "", style, flags=re.DOTALL)
    for selectors in re.findall(r"([^{}]+)\{[^}]*\}", rules):
        assert all(selector.strip().startswith(".pellucid-trace") for selector in re.split(r",(?![^(]*\))", selectors))
    (token,) = set(re.findall(r'id="(trace-[0-9a-f]+)"', text))
    assert f'getElementById("{token}")' in text
    assert token not in batch()._repr_html_()


# in a browser


def marked(tab, look):
    shown = tab.locator(f".view:not([hidden]) .{look}").evaluate_all("all => all.map(one => one.dataset.key)")
    return {key.split(":")[1] for key in shown}


def test_a_number_lights_its_sources_and_what_it_feeds(page):
    tab = page(small().html())
    tab.locator('[data-key="one:dz1-1"]').first.hover()
    assert marked(tab, "lit") == {"dz1-1"}
    assert marked(tab, "source") == {"da1-1", "z1-1"}
    assert marked(tab, "fed") == {"dW1-1-1", "dW1-1-2", "db1-1"}
    told = tab.locator(".status")
    assert told.text_content() == "dz1[1] = 0.8455 comes from da1[1] z1[1]; it feeds dW1[1, 1] dW1[1, 2] db1[1]."
    tab.locator("h1").hover()
    assert marked(tab, "lit") == set()
    assert told.text_content().startswith("Point at a number")


def test_the_keyboard_reaches_every_number_of_a_formula(page):
    tab = page(small().html())
    first = tab.locator('[data-section="forward-1"] .line').first.locator("[data-key]").first
    first.focus()
    assert marked(tab, "lit") == {"W1-1-1"}
    assert tab.locator(".status").text_content().startswith("W1[1, 1] = 1 is given, and feeds")
    tab.keyboard.press("ArrowRight")
    assert marked(tab, "lit") == {"W1-1-2"}
    assert marked(tab, "fed") >= {"z1-1"}
    tab.keyboard.press("Tab")  # to the next formula
    assert marked(tab, "lit") == {"z1-1"}
    tab.keyboard.press("Escape")
    assert marked(tab, "lit") == set()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_toggles_choose_what_is_shown_and_nothing_leaves_the_page(page, width, dark):
    tab = page(batch().html(), width=width, dark=dark)
    view = tab.locator('[data-view="one"]')
    symbols, numbers, shapes = (view.locator(f".{kind}").first for kind in ("symbols", "numbers", "shapes"))
    assert symbols.is_visible() and numbers.is_visible() and not shapes.is_visible()
    tab.get_by_label("symbols").uncheck()
    tab.get_by_label("numbers").uncheck()
    tab.get_by_label("shapes").check()
    assert not symbols.is_visible() and not numbers.is_visible() and shapes.is_visible()
    assert view.locator(".name").first.is_visible()
    tab.get_by_label("batch of 4").check()
    assert not view.is_visible()
    assert tab.locator('[data-view="batch"] .shapes').first.is_visible()
    tab.get_by_label("numbers").check()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_a_box_of_the_graph_leads_to_its_formula_by_click_and_by_keyboard(page):
    tab = page(small().html(), width=390)
    heading = tab.locator('[data-section="backward-1"] h2')
    tab.locator('[data-goto="backward-1"]').first.click()
    assert heading.evaluate("own => own === document.activeElement")
    bar = tab.locator(".controls").bounding_box()
    assert bar["y"] + bar["height"] <= heading.bounding_box()["y"] < 400
    tab.locator('[data-goto="loss"]').focus()
    tab.keyboard.press("Enter")
    assert tab.locator('[data-section="loss"] h2').evaluate("own => own === document.activeElement")


def test_it_works_in_a_frame_that_has_no_place_of_its_own(page):
    inside = small().html().replace("&", "&amp;").replace('"', "&quot;")
    tab = page(f'<!doctype html><title>frame</title><iframe width="900" height="800" srcdoc="{inside}"></iframe>')
    frame = tab.frame_locator("iframe")
    frame.locator('[data-goto="backward-2"]').first.click()
    frame.locator('[data-key="one:dz2-1"]').first.hover()
    assert frame.locator(".status").text_content().startswith("dz2[1] = 0.8455 comes from yhat".replace("yhat", "ŷ"))


def test_two_steps_in_one_notebook_do_not_mix(page):
    tab = page(f"<!doctype html><title>two</title>{small()._repr_html_()}{batch()._repr_html_()}")
    first, second = tab.locator(".pellucid-trace").all()
    first.locator('[data-key="one:z1-1"]').first.hover()
    assert first.locator(".lit").count() > 0
    assert second.locator(".lit").count() == 0
    second.get_by_label("symbols").uncheck()
    assert first.locator(".symbols").first.is_visible()


def test_names_of_any_length_and_direction_stay_in_their_place(page):
    """A long one breaks; one written from right to left does not turn the probability beside it about."""
    network = Network([Dense(2, 9), Dense(9, 2)], "softmax_cross_entropy").initialize("he", seed=1)
    step = trace(network, [[1.0, 2.0]], [0], class_names=["a" * 150, "\u202eevil"], input_names=["b" * 150, "x"])
    tab = page(step.html(), width=390)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    remark = tab.locator(".remark", has_text="softmax(z)").inner_text()
    assert remark.endswith(f"\u2068\u202eevil\u2069: {step.yhat[0, 1]:.4g}")
