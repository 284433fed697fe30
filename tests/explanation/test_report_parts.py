"""The parts of the report on answers that are known: bars, matrix, lists, curves, places; names may be anything."""

import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from pellucid.data import Dataset
from pellucid.data.audit.audit import Audit
from pellucid.data.audit.duplicates import Duplicates
from pellucid.data.audit.finding import Finding
from pellucid.data.images import PictureShape
from pellucid.evaluation.intervals import independent_rows, wilson_interval
from pellucid.explanation.report import boundary, image_sections, sections
from pellucid.explanation.report.image_sections import EmbeddedImages, image_html
from pellucid.explanation.report.mistakes import corrections_html, mistakes_html, regression_html
from pellucid.explanation.report.predictions import ScoredPart
from pellucid.explanation.report.sections import findings_html, provenance_html
from pellucid.explanation.report.summary import Bar, bars_html, bars_of, scores_summary_html
from pellucid.explanation.saliency import OcclusionMap
from pellucid.features import Numbers, Pixels
from pellucid.html import document
from pellucid.model.model import Model
from pellucid.model.provenance import Provenance
from pellucid.nn import Dense, Network
from pellucid.training import History
from pellucid.training.diagnostics import Finding as Verdict
from reports import Page

ODD = "<b id='x'>\"&"


def scored(labels, predicted, p=0.9, names=("ham", "spam"), columns=(), values=None, **more):
    """Return predictions whose probability of the predicted class is p."""
    labels, predicted, k = np.array(labels), np.array(predicted), len(names)
    p = np.broadcast_to(p, labels.shape)
    P = np.repeat(((1 - p) / (k - 1))[:, None], k, axis=1)
    P[np.arange(len(predicted)), predicted] = p
    values = np.zeros((len(labels), 2)) if values is None else np.array(values, object)
    texts = [f"row {n} {ODD}" for n in range(len(labels))]
    data = Dataset(lambda rows: values[rows], labels, names, "table", texts, "t", tuple(columns), **more)
    return ScoredPart(data, P, predicted, f"In {ODD}", f", {ODD}")


def styles(html, tag, class_):
    return re.findall(rf'<{tag} class="{class_}" style="([^"]*)"', html)


def test_bars_are_as_long_as_they_say():
    html = bars_html([Bar(ODD, 0.9, (0.8, 0.95), ours=True), Bar("other", 0.5)])
    assert styles(html, "i", "fill") == ["width:90.00%", "width:50.00%"]
    assert styles(html, "i", "whisker") == ["left:80.00%;width:15.00%"]
    assert f"{ODD} 90.0% 80.0% to 95.0% other 50.0%" in Page(html).text
    of_numbers = bars_html([Bar("ours", 2.0, (1.0, 4.0), ours=True), Bar("the mean", 3.0)], unit=ODD)
    assert styles(of_numbers, "i", "fill") == ["width:50.00%", "width:75.00%"]  # of the largest bound, 4
    assert styles(of_numbers, "i", "whisker") == ["left:25.00%;width:75.00%"]
    assert f"error of {ODD}; shorter" in Page(of_numbers).text


def scores(n=40, accuracy=0.75, **more):
    said = {"calibration": SimpleNamespace(sentence=lambda: f"calibrated {ODD}"), "comparisons": {}}
    return SimpleNamespace(accuracy=accuracy, interval=(0.6, 0.9), n=n, baselines={"majority": 0.5}, **said, **more)


def test_what_file_facts_alone_reach_has_its_interval():
    facts = SimpleNamespace(named=("size",), accuracy=0.7)
    *_, majority, alone = bars_of(scores(), None, facts)
    assert (majority.value, majority.interval) == (0.5, wilson_interval(20.0, 40.0))
    assert (alone.name, alone.value, alone.interval) == ("size alone", 0.7, wilson_interval(28.0, 40.0))


def test_baselines_of_scores_on_groups_count_groups(monkeypatch):
    monkeypatch.setattr("pellucid.explanation.report.summary.Scores", SimpleNamespace)
    groups = np.repeat(np.arange(10), 4)
    one = scored(np.zeros(40, int), np.repeat([0, 1], [32, 8]), groups=groups)
    html = scores_summary_html(scores(), one, SimpleNamespace(sentence=lambda: f"shifted {ODD}"))
    few = independent_rows(one.predicted == 0, groups)
    low, high = wilson_interval(0.5 * few, few)
    text = Page(html).text
    assert few < 20 and f"{100 * low:.1f}% to {100 * high:.1f}%" in text
    assert f"calibrated {ODD}" in text and f"shifted {ODD}" in text


def test_the_matrix_is_darker_for_a_larger_share_of_its_row():
    names = ("ham", ODD, "empty")
    html = mistakes_html(scored([0, 0, 0, 0, 1], [0, 1, 1, 1, 1], names=names), EmbeddedImages(), 0)
    cells = re.findall(r'<td class="(right|wrong)" style="--share:([^"]*)"', html)
    assert cells == [
        ("right", "25.0%"), ("wrong", "75.0%"), ("wrong", "0.0%"),
        ("wrong", "0.0%"), ("right", "100.0%"), ("wrong", "0.0%"),
        ("wrong", "0.0%"), ("wrong", "0.0%"), ("right", "0.0%"),
    ]  # fmt: skip
    page = Page(html)
    assert f"ham 1 3 0 25% {ODD} 0 1 0 100% empty 0 0 0" in page.text and f"In {ODD}" in page.text
    assert f"3 of 5 rows were predicted wrongly, {ODD}." in page.text


def test_of_many_classes_the_most_frequent_confusions_are_listed():
    names = tuple(f"class {n} {ODD}" for n in range(16))
    one = scored([0] * 9 + [3, 3, 5], [0] * 9 + [4, 4, 6], names=names)
    page = Page(mistakes_html(one, EmbeddedImages(), 0))
    assert f"how many class 3 {ODD} class 4 {ODD} 2 class 5 {ODD} class 6 {ODD} 1" in page.text
    assert "2 most frequent" in page.text and [a["data-open"] for a in page.having("data-open")] == ["3-4", "5-6"]


def test_a_row_shows_its_label_its_prediction_and_its_columns():
    values = [[1.23456, None], [np.nan, f"red {ODD}"], [np.float32(7), "blue"]]
    names = ("ham", ODD)
    one = scored([0, 0, 1], [1, 0, 1], [0.9, 0.8, 0.7], names, columns=("size", f"colour {ODD}"), values=values)
    page = Page(mistakes_html(one, EmbeddedImages(), 0))
    _, rows = page.text.split("should be size colour ")
    assert rows.split(" show more")[0] == (
        f"{ODD} row 0 {ODD} labelled ham , predicted {ODD} 0.90 1.235 "
        f"row 1 {ODD} labelled ham , predicted ham 0.80 red {ODD} "
        f"row 2 {ODD} labelled {ODD} , predicted {ODD} 0.70 7 blue"
    )
    assert [a["data-cell"] for a in page.having("data-cell")] == ["0-1", "0-0", "1-1"]
    assert ["hidden" in a for a in page.having("data-cell")] == [False, True, True]
    assert [(a["data-file"], a["data-label"]) for a in page.having("data-file")] == [
        (f"row 0 {ODD}", "ham"), (f"row 1 {ODD}", "ham"), (f"row 2 {ODD}", ODD)
    ]  # fmt: skip
    options = Page(corrections_html(names)).elements
    assert [a["value"] for tag, a in options if tag == "option"] == ["", "ham", ODD, "-"]


def test_half_of_the_saliency_pictures_are_mistakes_if_there_are_enough():
    def shown(wrong, right):
        said = [1] * wrong + [0] * right
        rows = image_sections._chosen(scored([0] * len(said), said, np.linspace(0.6, 0.9, len(said))), 4)
        return [int(row) for row in rows]

    assert shown(5, 5) == [4, 3, 5, 6]  # the most confident mistakes, the least confident correct ones
    assert shown(5, 1) == [4, 3, 2, 5] and shown(1, 5) == [0, 1, 2, 3]


def place(row, column):
    falls = np.zeros((7, 7))
    falls[row, column] = 0.5
    return OcclusionMap(0, 0.9, falls)


def test_the_border_is_compared_with_chance():
    at, within, none = place(0, 3), place(3, 3), OcclusionMap(0, 0.9, np.zeros((7, 7)))
    told = image_sections._borders([at, at, within, none])
    assert told.startswith("In 2 of 3 pictures") and "would give 49%." in told and "background" not in told
    assert "background" in image_sections._borders(
        [at, at, at, within]
    )  # 75% is more than half the way from 49% to all
    assert "background" not in image_sections._borders([at, at, within, within])
    assert "No single region" in image_sections._borders([none])


def test_curves_show_what_was_recorded(monkeypatch):
    drawn = []
    monkeypatch.setattr(sections, "curves", lambda series, *texts, **how: drawn.append((series, how)) or "<svg></svg>")
    one = History(cost=[3.0, 2.0, 1.0], validation_cost=[4.0, 3.5, 3.75], best_epoch=1, stopped_because=ODD)
    assert f"; {ODD}." in Page(sections.costs_html([one])).text
    sections.costs_html([one] * 7)
    point = SimpleNamespace(rows=10, accuracy=0.8, interval=(0.7, 0.9))
    sections.learning_curve_html(SimpleNamespace(points=[point], sentence=lambda noun: ODD), "rows")
    series, how = drawn[0]
    assert {name: list(y) for name, (_, y) in series.items()} == {
        "training": one.cost,
        "validation": one.validation_cost,
    }
    assert how["moments"] == {"best weights": 1.0}
    assert list(drawn[1][0]) == [f"network {n}" for n in (1, 2, 3, 4, 5)]
    assert drawn[2] == ({"accuracy": ([10], [0.8])}, {"intervals": {"accuracy": [(0.7, 0.9)]}, "percent": True})


def test_verdicts_and_findings_are_text():
    verdict = Verdict("watch", "overfits", f"measured {ODD}", f"change {ODD}")
    assert f"watch overfits. measured {ODD} change {ODD}" in Page(sections.doctor_html([verdict])).text
    finding = Finding("problem", "copies", 2, f"found {ODD}", (f"one {ODD}", f"two {ODD}"))
    none = Duplicates({}, *[np.empty(0, int)] * 3)
    text = Page(findings_html(Audit({}, (finding,), {}, none), EmbeddedImages())).text
    assert f"problem found {ODD}" in text and f"one {ODD} two {ODD}" in text


def test_numbers_are_shown_where_they_are_and_the_largest_errors_first(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "pellucid.explanation.report.mistakes.curves",
        lambda series, *_, **how: drawn.append(series) or "<svg></svg>",
    )
    true, predicted = np.array([1.0, 2.0, 3.0]), np.array([1.5, 0.0, 3.25])
    data = Dataset(lambda rows: np.zeros((len(rows), 1)), true, (), "numbers", ["a", ODD, "c"], "t")
    page = Page(regression_html(ScoredPart(data, predicted, np.empty(0, int), "t")))
    assert drawn[0]["a row"] == (true.tolist(), predicted.tolist()) and drawn[0]["exact"] == ([1, 3], [1, 3])
    assert page.text.split("error ")[1] == f"{ODD} 2 0 -2 a 1 1.5 0.5 c 3 3.25 0.25"


def test_the_plane_has_its_points_the_right_way_up():
    R = np.array([[0.0, 0.0], [1.0, 0.25], [1.0, 1.0]])
    marks = re.findall(r'#mark(\d)" x="([^"]*)" y="([^"]*)"', boundary._points(R, np.array([0, 1, 2]), R[0], R[2]))
    assert marks == [("0", "0.0", "100.0"), ("1", "100.0", "75.0"), ("2", "100.0", "0.0")]
    many = np.arange(900) // 450
    drawn = boundary._points(np.stack([many, many], axis=1).astype(float), many, np.zeros(2), np.ones(2))
    assert set(re.findall(r'#mark(\d)" x="([^"]*)"', drawn)) == {("0", "0.0"), ("1", "100.0")}  # of its own class
    assert [boundary._coloured(np.array([[n]]))[0, 0].tolist() for n in (0, 1)] == [[166, 206, 228], [240, 199, 166]]
    assert Page(boundary._legend((ODD, "b"))).text == f"{ODD} b"


def test_the_plane_is_drawn_as_it_is_seen(monkeypatch):
    drawn = []
    monkeypatch.setattr(boundary, "_during_training", lambda result, grid: None)
    monkeypatch.setattr(boundary, "address", lambda pixels: drawn.append(pixels) or "data:,")
    R, said = np.array([[0.0, 0.0], [2.0, 1.0]]), lambda grid: np.stack([grid[:, 1] < 0.5, grid[:, 1] >= 0.5], axis=1)
    model = SimpleNamespace(class_names=("low", "high"), threshold=0.5, predict_proba=lambda grid: said(grid) * 1.0)
    splits = SimpleNamespace(train=SimpleNamespace(labels=np.array([0, 1])))
    boundary.boundary_html(SimpleNamespace(rows={"train": R}, splits=splits, model=model), EmbeddedImages())
    (pixels,) = drawn
    assert pixels[0, 0].tolist() == [240, 199, 166] and pixels[-1, -1].tolist() == [166, 206, 228]


def of_pictures(names):
    """Return a model of grey pictures that says the second class of light ones, and one picture of each class, dark."""
    network = Network([Dense(64, 1)], "binary_cross_entropy").initialize([np.full((1, 64), 1 / 8), [-4.0]])
    pictures = np.zeros((2, 8, 8), np.uint8)
    data = Dataset(lambda rows: pictures[rows], np.array([0, 1]), names, "pictures", [ODD, "b"], "t")
    return Model(Pixels(PictureShape(8, 8, 1)), (network,), names), data, pictures


def test_saliency_shows_the_predictions_of_the_model():
    names = (f"ham {ODD}", f"spam {ODD}")
    model, data, pictures = of_pictures(names)
    one = ScoredPart.of(model.predictions(model.features.extract(pictures)), data, "t")
    text = Page(image_sections.saliency_html(model, one, EmbeddedImages())).text
    assert f"predicted {names[0]} 0.98 , wrong, the label is {names[1]}." in text
    assert f"predicted {names[0]} 0.98 , correct." in text


def test_duplicates_are_shown_with_their_class():
    _, data, _ = of_pictures((f"ham {ODD}", "spam"))
    copies = Duplicates({"train": data}, *[np.zeros(2, int)] * 3)
    found = Audit({}, (Finding("watch", "copies", 1, "copies"),), {"train": None}, copies)
    text = Page(findings_html(found, EmbeddedImages())).text
    assert f"exact copies train, ham {ODD} {ODD} train, spam b" in text


def test_the_page_and_its_settings_are_text():
    room = sys.modules["pellucid.explanation.report.report"]
    assert Page(room._page(f"title {ODD}", f"source {ODD}", {}, EmbeddedImages()).html).text.count(ODD) == 3
    model = SimpleNamespace(provenance=Provenance(settings={"l2": ODD}))
    assert f"l2 {ODD}" in Page(provenance_html(model, {})).text
    told = Page(provenance_html(model, {"rate": None})).text
    assert "rate none" in told and "l2" not in told


def test_embedded_images_count_all_characters_and_their_texts_are_safe(monkeypatch):
    monkeypatch.setattr("pellucid.explanation.report.image_sections.LARGEST", 10)
    images = EmbeddedImages()
    assert [images.keep(text) for text in ("aaaa", "bbbb", "cccc", "dd")] == [0, 1, None, 2]
    assert Page(image_html(None, ODD)).elements[0][1]["aria-label"] == ODD
    assert Page(image_html(3, ODD)).elements[0][1] == {"class": "picture", "data-picture": "3", "alt": ODD}


def test_a_document_may_fetch_nothing():
    (policy,) = [a["content"] for a in Page(document("t", "")).having("http-equiv")]
    assert policy.startswith("default-src 'none'; ") and "http" not in policy


@pytest.mark.parametrize("threshold", [0.5, 0.9])
def test_answers_go_by_the_threshold_of_the_model(threshold):
    network = Network([Dense(1, 1)], "binary_cross_entropy").initialize([[[0.0]], [np.log(0.7 / 0.3)]])
    model = Model(Numbers(1), (network,), ("a", "b"), threshold=threshold)
    assert ScoredPart.of(model.predictions(np.zeros((1, 1))), None, "t").predicted.tolist() == [int(threshold == 0.5)]
