"""Drawings of networks as SVG: every weight a line of its width and sign, large layers folded, names safe."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.html.network_diagram import network_drawing

SVG = "{http://www.w3.org/2000/svg}"
MINUS = "\N{MINUS SIGN}"
HOSTILE = "<img src=x onerror=alert(1)> & \ud800"
W1, b1 = [[2.0, -1.0], [0.5, 0.0]], [0.25, -1.0]
W2, b2 = [[-3.0, 1.5]], [0.0]


def drawn(*arguments, **options):
    return ET.fromstring(network_drawing(*arguments, **options))


def by_tooltip(root, tag):
    return {found.find(f"{SVG}title").text: found for found in root.iter(f"{SVG}{tag}")}


def words(root):
    return [text.text for text in root.iter(f"{SVG}text")]


def test_a_line_is_as_wide_as_its_weight_on_its_layers_scale_and_dashed_below_zero():
    lines = by_tooltip(drawn([W1, W2], [b1, b2], ["relu", "sigmoid"]), "line")
    width = {name: float(line.get("stroke-width")) for name, line in lines.items()}
    assert width == {
        "W1[1,1] = 2": 5, f"W1[1,2] = {MINUS}1": 2.5, "W1[2,1] = 0.5": 1.25, "W1[2,2] = 0": 0.5,
        f"W2[1,1] = {MINUS}3": 5, "W2[1,2] = 1.5": 2.5,
    }  # fmt: skip
    for name, line in lines.items():
        sign = "minus" if MINUS in name else "none" if name.endswith(" 0") else "plus"
        assert line.get("class") == sign
        assert (line.get("stroke-dasharray") != "none") == (sign == "minus")


def test_a_line_joins_the_units_of_its_row_and_column():
    root = drawn([W1, W2], [b1, b2], ["relu", "sigmoid"])
    lines, units = by_tooltip(root, "line"), by_tooltip(root, "circle")
    line = lines[f"W1[1,2] = {MINUS}1"]  # from input 2 to unit 1
    assert line.get("y1") == units["input 2"].get("cy") != units["input 1"].get("cy")
    assert line.get("y2") == units["b1[1] = 0.25"].get("cy")
    assert float(units["input 2"].get("cx")) + 10 == float(line.get("x1"))
    assert units[f"b1[2] = {MINUS}1"].get("class") == "unit minus"
    assert units["b2[1] = 0"].get("class") == "unit none"


def test_large_layers_are_folded_to_the_units_with_the_largest_weights():
    W = np.full((40, 1344), 0.001)
    W[20:32] = 0.01  # more in all, but none of them large
    W[7, 1000], W[39, 5] = -2, 1
    root = drawn([W, np.ones((1, 40))], [np.zeros(40), [0]], ["relu", "sigmoid"], [f"px{n}" for n in range(1344)])
    assert {"… 1,332 more", "… 28 more", "1,344", "40 relu", "1 sigmoid", "px1000", "px5"} <= set(words(root))
    assert len(list(root.iter(f"{SVG}line"))) == 12 * 12 + 12
    assert f"W1[8,1001] = {MINUS}2" in by_tooltip(root, "line")
    assert "b1[40] = 0" in by_tooltip(root, "circle")
    assert "Large layers" in root.find(f"{SVG}desc").text
    small = drawn([W], [np.zeros(40)], ["softmax"], most=2)
    assert len(list(small.iter(f"{SVG}circle"))) == 4


def test_outputs_are_named_and_one_unit_by_the_class_that_it_speaks_for():
    assert "cat" in words(drawn([W2], [b2], ["sigmoid"], output_names=["non-cat", "cat"]))
    assert "non-cat" not in words(drawn([W2], [b2], ["sigmoid"], output_names=["non-cat", "cat"]))
    assert {"a", "b"} <= set(words(drawn([W1], [b1], ["softmax"], ["u", "v"], ["a", "b"])))


def test_names_are_safe_and_long_ones_are_cut():
    text = network_drawing([W1], [b1], [HOSTILE], [HOSTILE, "y" * 500], [HOSTILE] * 2)
    assert "<img" not in text
    root = ET.fromstring(text.encode())
    assert max(map(len, words(root))) < 40
    assert float(root.get("width")) < 600


def test_a_network_of_zeros_has_thin_grey_lines():
    root = drawn([np.zeros((3, 2))], [np.zeros(3)], ["softmax"])
    assert {line.get("class") for line in root.iter(f"{SVG}line")} == {"none"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([W1], [b1, b2], ["relu"]), "as many weights as biases and activations"),
        (([W1, W1], [b1, [0]], ["relu", "relu"]), r"W2 must be \(n_out, 2\) and b2 \(n_out,\); got \(2, 2\), \(1,\)"),
        (([W2, W1], [b2, b1], ["relu", "relu"]), r"W2 must be \(n_out, 1\)"),
        (([[[np.nan]]], [[0]], ["relu"]), "W1 holds 1 value that is NaN"),
        (([W1], [b1], ["relu"], ["a"]), "input_names: expected 2, one for each unit, got 1"),
        (([W1], [b1], ["relu"], None, ["a"]), "output_names: expected 2"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        network_drawing(*arguments)
