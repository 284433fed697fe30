"""Curves as SVG: well formed, every number at its place, every name safe, no line without its name."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.html.line_chart import Axis, curves, tick_text

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert("x")</script> & \ud800'


def parsed(text):
    root = ET.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title") is not None
    return root


def words(root):
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def points(root):
    """Return the places on each line, as (pen, x, y)."""
    paths = [path for path in root.iter(f"{SVG}path") if path.get("class") == "line" and "h14" not in path.get("d")]
    return [[(m, float(x), float(y)) for m, x, y in re.findall(r"([ML])(\S+?) ([\d.-]+)", p.get("d"))] for p in paths]


def place_of(root, tick, axis):
    anchor = {"x": "middle", "y": "end"}[axis]
    (text,) = [t for t in root.iter(f"{SVG}text") if t.text == tick and t.get("text-anchor") == anchor]
    return float(text.get(axis)) - (4 if axis == "y" else 0)


def test_points_lie_where_the_axes_say():
    root = parsed(curves({"cost": ([0, 10, 20], [0.8, 0.2, 0.4])}, "epoch", "cost", "Cost"))
    (line,) = points(root)
    assert [m for m, _, _ in line] == ["M", "L", "L"]
    assert line[0][1] < line[1][1] < line[2][1] and line[0][2] < line[2][2] < line[1][2]  # y counts downwards
    assert [x for _, x, _ in line] == [place_of(root, tick, "x") for tick in ("0", "10", "20")]
    assert [y for _, _, y in line] == pytest.approx([place_of(root, tick, "y") for tick in ("0.8", "0.2", "0.4")])
    assert {"epoch", "cost", "Cost"} <= set(words(root))


def test_equal_factors_are_equal_steps_where_the_axis_is_logarithmic():
    series = {"cost": ([0, 1, 2], [1.0, 0.1, 0.01])}
    (line,) = points(parsed(curves(series, "epoch", "cost", "Cost", log=None)))
    assert line[1][2] - line[0][2] == pytest.approx(line[2][2] - line[1][2], abs=0.02)
    assert "cost" in words(parsed(curves({"cost": ([0, 1], [1.0, 0.1])}, "epoch", "cost", "Cost", log=None)))
    (straight,) = points(parsed(curves(series, "epoch", "cost", "Cost")))
    assert straight[1][2] - straight[0][2] == pytest.approx(10 * (straight[2][2] - straight[1][2]), abs=0.1)
    root = parsed(curves({"cost": ([0, 1, 2], [1.0, 0.0, 0.01])}, "epoch", "cost", "Cost", log=True))
    assert [m for m, _, _ in points(root)[0]] == ["M", "M"]  # zero has no logarithm
    assert "cost, log scale" in words(root)


def test_what_is_not_finite_is_a_gap_and_what_stands_alone_a_dot():
    y = [1, 2, float("nan"), 3, float("inf"), 1e305, 2, 1]
    root = parsed(curves({"cost": (range(8), y)}, "epoch", "cost", "Cost"))
    assert [m for m, _, _ in points(root)[0]] == ["M", "L", "M", "M", "L"]
    assert len(list(root.iter(f"{SVG}circle"))) == 1


def test_long_lines_keep_their_extremes():
    y = np.zeros(50_000)
    y[31_415], y[27_182], y[40_000] = 9, -9, np.nan
    root = parsed(curves({"cost": (np.arange(50_000), y)}, "epoch", "cost", "Cost"))
    (line,) = points(root)
    assert len(line) < 1500
    heights = [y for _, _, y in line]
    middle = heights[0]
    assert middle - min(heights) == pytest.approx(max(heights) - middle, abs=0.02)
    assert min(heights) < middle - 80
    assert [m for m, _, _ in line].count("M") == 2


def test_lines_are_told_apart_by_dash_and_named_apart():
    series = {f"net {n}": ([0, 1], [n, 1.0 + 1e-6 * n]) for n in range(5)}
    text = curves(series, "epoch", "cost", "Cost")
    root = parsed(text)
    assert len({path.get("stroke-dasharray") for path in root.iter(f"{SVG}path") if path.get("class") == "line"}) == 5
    assert len(set(re.findall(r'<g style="(color: [^"]*)"', text))) == 5
    names = [float(t.get("y")) for t in root.iter(f"{SVG}text") if str(t.text).startswith("net ")]
    assert len(names) == 5
    assert np.diff(sorted(names)).min() >= 14
    assert max(names) <= 280 - 44 + 4
    assert "net 3: 3 at epoch 0, 1 at 1." in root.find(f"{SVG}desc").text


def test_a_name_stands_where_its_line_ends_and_zero_is_in_view_where_that_costs_little():
    root = parsed(curves({"up": ([0, 1], [0.1, 1.0]), "down": ([0, 1], [0.9, 0.2])}, "epoch", "cost", "Cost"))
    place = {text.text: float(text.get("y")) for text in root.iter(f"{SVG}text")}
    assert place["up"] < place["down"]
    assert place_of(root, "0", "y") > place_of(root, "1", "y")


def test_dots_intervals_and_moments():
    root = parsed(
        curves(
            {"ours": ([0, 10], [0.5, 0.9]), "published": ([0, 10], [0.6, 0.8])}, "rows", "accuracy", "Learning",
            dots=["published"], intervals={"ours": [(0.4, 0.6), (0.8, 1.0)]}, moments={"best": 5}, percent=True,
        )
    )  # fmt: skip
    assert len(list(root.iter(f"{SVG}circle"))) == 3  # and one beside the name
    (whiskers,) = [p for p in root.iter(f"{SVG}path") if "V" in p.get("d")]
    ends = [float(end) for end in re.findall(r"V([\d.]+)", whiskers.get("d"))]
    assert ends == pytest.approx([place_of(root, tick, "y") for tick in ("60%", "100%")], abs=0.02)
    (moment,) = [line for line in root.iter(f"{SVG}line") if line.get("class") == "moment"]
    middle = (place_of(root, "0", "x") + place_of(root, "10", "x")) / 2
    assert float(moment.get("x1")) == float(moment.get("x2")) == pytest.approx(middle, abs=0.02)
    assert "best" in words(root)


def test_names_are_safe():
    text = curves({HOSTILE: ([0, 1], [1, 2]), "b": ([0], [1])}, HOSTILE, HOSTILE, HOSTILE, moments={HOSTILE: 0.5})
    root = parsed(text.encode())
    assert not list(root.iter(f"{SVG}script"))
    assert "<script" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("y", [[0, 0], [5, 5], [-1e299, 1e299], [1e-310, 2e-310], [0.5, 0.5 + 1e-16]])
def test_any_heights_can_be_drawn(y):
    parsed(curves({"cost": ([0, 1], y)}, "epoch", "cost", "Cost"))
    parsed(curves({"cost": ([3], y[:1])}, "epoch", "cost", "Cost", log=y[0] > 0))


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        ({}, {}, "curves: expected at least one series, got none."),
        ({"a": ([0, 1], [1])}, {}, "series 'a': expected as many x as y, got (2,) and (1,)."),
        ({"a": ([0], [np.nan])}, {}, "series 'a': expected finite x and at least one finite y, got none."),
        ({"a": ([0], [-1])}, {"log": True}, "curves: expected numbers above zero for a logarithmic axis, got none."),
        (
            {"a": ([0], [1])},
            {"intervals": {"b": [(0, 1)]}},
            "intervals of 'b': expected a (low, high) at each x of a series, got (1, 2).",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(series, options, message):
    with pytest.raises(InputError) as caught:
        curves(series, "x", "y", "t", **options)
    assert str(caught.value) == message


def test_ticks_are_round_and_few():
    rng = np.random.default_rng(1)
    for low, spread in zip(
        rng.normal(size=200) * 10 ** rng.uniform(-5, 5, 200), 10 ** rng.uniform(-4, 6, 200), strict=True
    ):
        ticks = Axis(low, low + spread, 0, 1).ticks(6)
        assert 2 <= len(ticks) <= 7
        assert low - 1e-6 * spread <= min(ticks) <= max(ticks) <= low + 1.000001 * spread
        factor = rng.uniform(1.05, 1e9)
        assert 1 <= len(Axis(1 / factor, factor, 0, 1, log=True).ticks(6)) <= 12
    assert [tick_text(tick) for tick in (0.1 + 0.2, -1500, 1e6, 0)] == ["0.3", "\N{MINUS SIGN}1,500", "1e6", "0"]
