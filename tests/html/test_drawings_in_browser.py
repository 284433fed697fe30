"""Drawings in a real browser: they take the page's colours, and no text of theirs leaves the page."""

import pytest

from pellucid.html import document
from pellucid.html.line_chart import curves
from pellucid.html.network_diagram import network_drawing

HOSTILE = '"><script>document.title = "taken"</script>'
CHART = curves({HOSTILE: ([0, 1], [1, 2]), "validation": ([0, 1], [2, 1])}, "epoch", HOSTILE, HOSTILE)
NET = network_drawing([[[1, -2]], [[3]]], [[0.5], [0]], ["relu", "sigmoid"], [HOSTILE, "b"], ["no", "yes"])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_drawings_are_seen_and_fit(page, width, dark):
    tab = page(document("t", f"<figure>{CHART}</figure><figure>{NET}</figure>"), width=width, dark=dark)
    assert tab.title() == "t"
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    for drawing in tab.locator("svg").all():
        box = drawing.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        texts = drawing.evaluate(
            """svg => [...svg.querySelectorAll('text')].filter(text => {
                 const own = text.getBoundingClientRect(), frame = svg.getBoundingClientRect();
                 return own.left < frame.left - 1 || own.right > frame.right + 1 || own.bottom > frame.bottom + 1;
               }).map(text => text.textContent)"""
        )
        assert texts == []
    ink = tab.locator(".curves .heading").evaluate("text => getComputedStyle(text).fill")
    assert ink == ("rgb(232, 235, 239)" if dark else "rgb(27, 31, 36)")
