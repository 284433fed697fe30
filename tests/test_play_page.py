"""The playground's page in a real browser: what a learner presses, drags and draws, and what is then shown."""

import re
import subprocess
import sys
import threading

import pytest
from browser import chromium, page  # noqa: F401

WIDTHS_AND_LOOKS = [(1280, False), (1280, True), (390, False), (390, True)]


@pytest.fixture
def play(page, playground):  # noqa: F811
    """Return a function that opens the playground at an address and waits until it shows something."""

    def opened(fragment="", **look):
        tab = page(playground + ("#" + fragment if fragment else ""), **look)
        tab.wait_for_selector("html[data-ready]")
        return tab

    return opened


def iteration(tab):
    return int(tab.inner_text("#iteration").replace(",", ""))


def until(tab, expression):
    tab.wait_for_function(expression)


def at(tab, number):
    until(tab, f"document.getElementById('iteration').textContent === '{number:,}'")


def scrub(tab, number):
    tab.eval_on_selector(
        "#scrub",
        "(slider, to) => { slider.value = to; slider.dispatchEvent(new Event('input')); slider.dispatchEvent(new Event('change')); }",
        number,
    )
    at(tab, number)


def score(tab):
    return tab.inner_text("#score")


def pixels(tab):
    return tab.eval_on_selector("#plane", "canvas => canvas.toDataURL()")


@pytest.mark.parametrize(("width", "dark"), WIDTHS_AND_LOOKS)
def test_run_pause_step_back_and_scrub(play, width, dark):
    tab = play(width=width, dark=dark)
    begin = pixels(tab)
    assert iteration(tab) == 0
    assert tab.is_disabled("#back")
    tab.click("#run")
    until(tab, "Number(document.getElementById('furthest').textContent.replace(',', '')) > 100")
    tab.click("#run")
    until(tab, "document.getElementById('run').textContent === 'Run'")
    here, there = iteration(tab), score(tab)
    assert pixels(tab) != begin
    tab.click("#step")
    at(tab, here + 1)
    tab.click("#back")
    at(tab, here)
    assert score(tab) == there
    scrub(tab, 0)
    assert pixels(tab) == begin
    scrub(tab, here)
    assert score(tab) == there
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
