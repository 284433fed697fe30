"""The report in a real browser, from a file, without a network: cells open, labels are put right."""

import csv
import io
import json

import numpy as np
import pytest

import pellucid
from pellucid.explanation.report import report
from photographs import write_pictures
from reports import HOSTILE, pictures_in


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return a training on pictures whose classes are hard to tell apart, so that there are mistakes of all kinds."""
    folder = write_pictures(tmp_path_factory.mktemp("page") / "data", ("one", "two", HOSTILE), n=30)
    for number, picture in enumerate(sorted(folder.rglob("*.png"))):
        if number % 4 == 0:
            other = sorted((folder / ("two" if picture.parent.name == "one" else "one")).iterdir())[number % 20]
            picture.write_bytes(other.read_bytes())
    sorted(folder.rglob("*.png"))[0].rename(folder / HOSTILE / f'a, "b" {HOSTILE}.png')
    how = {"features": "pixels", "size": (8, 8), "hidden_layers": (8,), "epochs": 30, "audit": False}
    return folder, pellucid.train(folder, cross_validate=1, random_state=0, **how)


@pytest.fixture(scope="module")
def source(trained):
    return report(trained[1]).html


def seen(tab):
    return tab.locator(".answer:visible").all()


def a_cell(result, right=False):
    confusion = np.array(result.cross_validation.scores.confusion)
    i, j = next((i, j) for (i, j), n in np.ndenumerate(confusion) if n and (i == j) == right)
    return f"{i}-{j}", int(confusion[i, j])


def test_cells_open_their_pictures_by_click_and_by_keyboard(page, trained, source):
    tab = page(source)
    assert len(seen(tab)) == 12
    cell, count = a_cell(trained[1])
    button = tab.locator(f'[data-open="{cell}"]')
    button.click()
    assert len(seen(tab)) == count and {card.get_attribute("data-cell") for card in seen(tab)} == {cell}
    assert button.get_attribute("aria-pressed") == "true"
    assert tab.locator(".opened").inner_text() == button.get_attribute("aria-label")
    for card in seen(tab)[:3]:
        image = card.locator("img")
        image.scroll_into_view_if_needed()
        assert image.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") > 0
    tab.get_by_role("button", name="back to the mistakes").press("Enter")
    assert len(seen(tab)) == 12 and tab.evaluate("document.activeElement.dataset.open") == cell
    cell, count = a_cell(trained[1], right=True)
    tab.locator(f'[data-open="{cell}"]').focus()
    tab.keyboard.press("Enter")
    assert {card.get_attribute("data-cell") for card in seen(tab)} == {cell} and len(seen(tab)) == min(count, 12)
    assert tab.evaluate("document.activeElement.className") == "opened"
    if count > 12:
        assert tab.locator("[data-hint]").inner_text() == f"This report has 12 of these {count}."


def test_each_picture_is_held_once_and_the_rest_comes_when_asked_for(page, source):
    tab = page(source)
    loaded = "document.querySelectorAll('.answer img[src]').length"
    assert tab.evaluate(loaded) == 12 < len(pictures_in(source))
    tab.get_by_role("button", name="show").click()
    assert tab.evaluate(loaded) > 12 and len(seen(tab)) == tab.evaluate(loaded)


def test_marked_labels_become_a_list_that_training_takes(page, trained, source, tmp_path):
    folder, result = trained
    tab = page(source)
    cards = seen(tab)
    first, second, third = (card.locator("select") for card in cards[:3])
    named = [card.locator(".choice").get_attribute("data-label") for card in cards[:3]]
    files = [card.locator(".choice").get_attribute("data-file") for card in cards[:3]]
    right = [next(name for name in result.model.class_names if name != of) for of in named]
    first.select_option(right[0])
    second.select_option("-")
    third.select_option(right[2])
    third.select_option("")  # thought better of it
    assert tab.locator("#count").inner_text() == "2"
    with tab.expect_download() as download:
        tab.get_by_role("button", name="save as corrections.csv").click()
    path = tmp_path / "corrections.csv"
    download.value.save_as(path)
    assert list(csv.reader(io.StringIO(path.read_text("utf-8")))) == [
        ["file", "class"],
        [files[0], right[0]],
        [files[1], "-"],
    ]
    assert tab.locator("#list").input_value() == path.read_text("utf-8")
    how = {
        "features": "pixels",
        "size": (8, 8),
        "hidden_layers": (2,),
        "epochs": 1,
        "cross_validate": 0,
        "audit": False,
    }
    again = pellucid.train(folder, corrections=str(path), **how)
    assert (again.corrections["train"].changed, again.corrections["train"].dropped) == (1, 1)


def test_odd_names_come_through_the_list(page, trained, source, tmp_path):
    """A name with a comma, quotation marks and markup is one cell of the list."""
    tab = page(source)
    name = f'{HOSTILE}/a, "b" {HOSTILE}.png'
    card = tab.locator(".answer").filter(has=tab.locator(f".choice[data-file={json.dumps(name)}]"))
    tab.locator(f'[data-open="{card.get_attribute("data-cell")}"]').click()
    card.locator("select").select_option("one")
    rows = list(csv.reader(io.StringIO(tab.locator("#list").input_value())))
    assert rows == [["file", "class"], [name, "one"]]
    assert HOSTILE in card.inner_text() and tab.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_the_window_and_every_control_has_a_name(page, source, width, dark):
    tab = page(source, width=width, dark=dark)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    names = tab.locator("button:visible, select:visible, textarea").evaluate_all(
        """all => all.map(control => control.getAttribute("aria-label") || control.labels?.[0]?.textContent ||
            (control.matches("button") ? control.textContent : ""))"""
    )
    assert len(names) > 20 and all(name.strip() for name in names)


def test_on_paper_the_mistakes_are_there_and_the_buttons_are_not(page, source):
    tab = page(source)
    tab.emulate_media(media="print")
    assert len(seen(tab)) == 12
    assert not tab.locator("#copy").is_visible() and not tab.locator("select").first.is_visible()
