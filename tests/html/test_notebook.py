"""What a notebook shows: a history and a network as drawings, without a server and without anything from outside."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import pellucid
from pellucid.errors import InputError
from pellucid.explanation.network_diagram import drawing
from pellucid.features import Numbers
from pellucid.nn import Dense, Dropout, Network
from pellucid.training import History

SVG = "{http://www.w3.org/2000/svg}"


def shown(value):
    """Return what a notebook gets, once it is sure that it is whole and asks for nothing."""
    text = value._repr_html_()
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|<script|@import|url\(", text)
    return ET.fromstring(text)


def words(root):
    return {"".join(text.itertext()) for text in root.iter(f"{SVG}text")}


def test_a_history_shows_its_costs():
    history = History([0.7, 0.5, np.inf], [0.8, 0.6, 0.7], 1, 0.25, "stopped by <me>")
    root = shown(history)
    assert {"training", "validation", "best epoch", "epoch", "cost"} <= words(root)
    assert root.find("figcaption").text == "3 epochs in 0.25 s; stopped by <me>"


def test_a_history_without_costs_says_so():
    assert shown(History()).text == "0 epochs in 0 s"
    assert shown(History([np.nan], seconds=1.0, stopped_because="diverged")).text == "1 epoch in 1 s; diverged"


def test_a_network_is_drawn_with_its_link_and_without_its_dropout():
    layers = [Dense(2, 3, "tanh"), Dropout(0.5), Dense(3, 1)]
    root = shown(drawing(Network(layers, "binary_cross_entropy").initialize("he", seed=1)))
    assert {"3 tanh", "1 sigmoid", "x1", "x2"} <= words(root)
    assert "3 softmax" in words(shown(drawing(Network([Dense(2, 3)], "softmax_cross_entropy"))))


def test_an_estimator_and_a_model_know_their_names():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 2)), np.array(["red", "blue"] * 10)
    estimator = pellucid.NeuralNetworkClassifier(hidden_layers=(3,), epochs=2, random_state=0).fit(X, y)
    assert {"x1", "3 relu", "red"} <= words(shown(drawing(estimator)))
    model = estimator.to_model(features=Numbers(2, ("height", "weight")))
    assert {"height", "weight", "red"} <= words(shown(drawing(model)))
    assert {"a", "b", "yes"} <= words(shown(drawing(model, ["a", "b"], ["no", "yes"])))
    with pytest.raises(InputError, match="needs a Network, a Model or a fitted estimator, got dict"):
        drawing({})


def test_a_drawing_is_saved_as_svg(tmp_path):
    picture = drawing(Network([Dense(2, 1)], "squared_error"))
    picture.save(tmp_path / "net.svg")
    assert (tmp_path / "net.svg").read_text("utf-8") == picture.svg
    with pytest.raises(InputError, match=r"expected a name ending in \.svg, got net\.png"):
        picture.save(tmp_path / "net.png")
