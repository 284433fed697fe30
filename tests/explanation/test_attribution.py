"""What favours an answer: shares of inputs that add up, signs that mean what they say, groups and names."""

import numpy as np
import pytest

import pellucid
from inputs import inputs
from pellucid.data.images import PictureShape
from pellucid.explanation import integrated_gradients
from pellucid.explanation.trace import trace
from pellucid.explanation.trace.attribution import attribution
from pellucid.explanation.trace.sample import values_in_words
from pellucid.explanation.trace.story import story
from pellucid.features import Numbers, Photo, Pixels, Table
from pellucid.nn import Dense, Network
from pellucid.nn.activations import ACTIVATIONS
from photographs import put, tinted

RNG = np.random.default_rng(5)


def network(activation, outputs, loss):
    made = Network([Dense(4, 6, activation), Dense(6, 5, activation), Dense(5, outputs)], loss).initialize("he", 3)
    made.parameters += 0.1 * RNG.normal(size=made.parameters.size)  # biases too
    return made


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize(("outputs", "loss"), [(1, "binary_cross_entropy"), (3, "softmax_cross_entropy")])
def test_shares_are_the_mean_slopes_on_the_way(activation, outputs, loss):
    net, x = network(activation, outputs, loss), RNG.normal(size=(1, 4))
    names = {"input_names": list("abcd"), "class_names": ["no", "yes", "maybe"][: max(2, outputs)]}
    found = attribution(trace(net, x, **names))

    def score(x):
        Z, _ = net.forward(x)
        z = np.array([0, Z[0, 0]]) if outputs == 1 else Z[0]
        return z[found.predicted] - z[found.rival]

    assert found.score == pytest.approx(score(x)) and found.score > 0
    steps = (np.arange(20_000) + 0.5) / 20_000  # the midpoint rule
    h = 1e-6
    slopes = []
    for unit in np.eye(4):
        above, below = (net.forward(steps[:, None] * x + sign * h * unit)[0] for sign in (1, -1))
        above, below = (np.hstack([np.zeros((len(Z), 1)), Z]) if outputs == 1 else Z for Z in (above, below))
        of_score = (above - below) @ (np.eye(above.shape[1])[found.predicted] - np.eye(above.shape[1])[found.rival])
        slopes.append(np.mean(of_score) / (2 * h))
    np.testing.assert_allclose(found.shares, x[0] * slopes, rtol=1e-3, atol=1e-4)
    assert found.rest == pytest.approx(score(np.zeros((1, 4))))
    assert found.rest + found.shares.sum() == pytest.approx(score(x), abs=1e-6)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_contributions_are_relative_to_the_average_row(activation):
    """The difference of the scores is shared out to 1e-6, by steep and saturated networks too; x itself has none."""
    for scale in (1, 10):
        net = network(activation, 1, "binary_cross_entropy")
        net.parameters *= scale
        x, average = RNG.normal(size=(1, 4)), RNG.normal(size=4)
        found = attribution(trace(net, x, average=average, class_names=["no", "yes"]))
        sign = 1 if found.predicted else -1
        before, after = (sign * float(net.forward(row)[0][0, 0]) for row in (average[None], x))
        assert found.rest == pytest.approx(before, rel=1e-9)
        assert found.shares.sum() == pytest.approx(after - before, abs=1e-6 * max(1, abs(before), abs(after)))
        alone = attribution(trace(net, average[None], average=average, class_names=["no", "yes"]))
        assert not alone.shares.any()


def test_a_saturated_network_has_contributions():
    """The slope at x is 0 for tanh(40 x); the mean slope on the way is 1 / x."""
    net = Network([Dense(1, 1, "tanh"), Dense(1, 1)], "squared_error").initialize([[[40.0]], [[1.0]]])
    found = attribution(trace(net, [[5.0]]))
    assert found.shares[0] == pytest.approx(1) and abs(found.rest) < 1e-9


def test_few_gradients_are_computed(monkeypatch):
    rows = []
    real = integrated_gradients._Way.sums
    monkeypatch.setattr(integrated_gradients._Way, "sums", lambda way, t, w: rows.append(len(t)) or real(way, t, w))
    for activation in ACTIVATIONS:
        rows.clear()
        attribution(trace(network(activation, 1, "binary_cross_entropy"), RNG.normal(size=(1, 4))))
        assert sum(rows) < 2000, activation


def test_a_number_is_told_by_what_raises_it():
    net = Network([Dense(2, 1)], "squared_error").initialize([[[1.0, -3.0]], [0.5]])
    step = trace(net, [[2.0, 1.0]], input_names=["a", "b"])
    first, second = story(step)[:2]
    assert first.title == "Why it predicts -0.5" and "raises" in first.lead
    assert [(row[0], row[2].value) for row in second.table.rows] == [("b", -3.0), ("a", 2.0)]
    assert step.as_dict()["answer"]["score"] == -0.5 and step.as_dict()["answer"]["p"] is None


def test_values_are_told_in_words():
    table = Table(("age", "colour"), ("colour",)).fit(np.array([[1.0, "red"], [3.0, "blue"]], object))
    assert values_in_words(table, inputs(table, [[5.0, "red"]])[0]) == (
        "5, 3.0 standard deviations above the mean",
        "no",
        "yes",
    )
    assert values_in_words(table, inputs(table, [[2.0, "red"]])[0])[0] == "2, at the mean"
    plain = Numbers(2, standardize=False)
    assert values_in_words(plain, np.array([1.5, -2.0])) == ("1.5", "-2")
    assert values_in_words(Pixels(PictureShape(1, 1, 1)), np.array([0.5])) == ("50% of full brightness",)


def test_the_story_begins_with_it_for_the_example_shown():
    net = Network([Dense(2, 1)], "binary_cross_entropy").initialize([[[1.0, -3.0]], [0.5]])
    names = {"input_names": ["height", "weight"], "class_names": ["cat", "dog"]}
    step = trace(net, [[2.0, 2.0], [2.0, 0.0]], [[1.0], [1.0]], **names)
    assert "answer" not in [section.name for section in story(step)]  # of a batch
    first, second = story(step.one)[:2]
    assert first.title == "Why it predicts cat" and "z above 0 favours dog" in first.lead
    told = {name: number.value for name, number, _ in first.table.rows}
    assert told == {"all inputs": 4.0, "a row of zeros": -0.5, "all together": 3.5} and "-z, as z above 0" in first.lead
    shown = [(name, value, share.value, bar.signs, part) for name, value, share, bar, part in second.table.rows]
    assert shown == [("weight", "2", 6.0, 12 * "+", "75%"), ("height", "2", -2.0, "----", "25%")]
    assert "Why it predicts cat" in str(step) and step.one.as_dict()["answer"]["score"] == 3.5
    assert "answer" not in [section.name for section in story(trace(net, [[2.0, 2.0]]))]  # nothing has a name


def test_groups_and_the_picture_of_a_photograph(tmp_path):
    for number in range(8):
        put(tmp_path / f"photos/{'warm' if number % 2 else 'cold'}/{number}.png", tinted(number, 2 * (number % 2)))
    quick = {"cross_validate": 0, "holdout": 0, "audit": False, "epochs": 2, "ensemble": 1, "random_state": 0}
    result = pellucid.train(str(tmp_path / "photos"), **quick)
    step = pellucid.explain(result.model, tmp_path / "photos/warm/1.png")
    told = {name: number.value for name, number, _ in story(step)[0].table.rows}
    kinds = {"edges", "hue", "saturation", "brightness", "mean colours", "spread of colours"}
    assert set(told) == kinds | {"fine texture", "coarse texture", "the average row of training", "all together"}
    hue = sum(
        share for share, name in zip(attribution(step).shares, step.input_names, strict=True) if name[:3] == "hue"
    )
    assert told["hue"] == pytest.approx(hue)
    assert sum(told.values()) == pytest.approx(2 * told["all together"], abs=1e-6)
    places = {name: number.value for name, number, _ in story(step)[1].table.rows}
    assert len(places) == 6 and sum(places.values()) == pytest.approx(
        told["all together"] - told["the average row of training"], abs=1e-6
    )
    counts = {place: Photo().places.count(place) for place in places}
    assert counts["top left"] == counts["bottom right"] == 285 and counts["everywhere"] == 174
    here = [
        share for share, place in zip(attribution(step).shares, step.input_places, strict=True) if place == "top left"
    ]
    assert places["top left"] == pytest.approx(sum(here)) and counts["across the middle"] == 30
    assert "deviations" in story(step)[2].table.rows[0][1]
    assert step.picture.startswith("data:image/") and f'<img src="{step.picture}"' in step.html()


def test_inputs_of_pictures_have_names_and_places():
    assert len(Photo().names) == len(Photo().groups) == Photo().n_out
    pixels = Pixels(PictureShape(6, 9, 3))
    assert len(pixels.names) == len(pixels.groups) == pixels.n_out
    places = dict(zip(pixels.names, pixels.groups, strict=True))
    assert places["pixel (1, 9, red)"] == "top right" and places["pixel (4, 5, blue)"] == "middle centre"
    assert places["pixel (5, 3, green)"] == "bottom left" and Pixels(PictureShape(2, 9, 1)).groups == ()


def test_names_of_photographs_say_what_their_numbers_tell():
    flat = np.full((192, 192, 3), 128, np.uint8)
    grey = dict(zip(Photo().names, Photo().describe(flat), strict=True))
    left = flat.copy()
    left[:, :96] = 230
    half = dict(zip(Photo().names, Photo().describe(left), strict=True))
    changed = {name for name in grey if abs(grey[name] - half[name]) > 0.05}
    assert any(name.startswith("mean lightness, top left") for name in changed)
    assert not any(name.startswith("mean lightness, top right") for name in changed)
    assert grey["brightness 53%, everywhere"] == 1 and half["brightness 53%, everywhere"] == 0.5
    assert half["brightness 91%, top left"] == 1 and half["brightness 91%, top right"] == 0
    assert half["spread of lightness, everywhere"] > 0.1 > half["spread of lightness, top left"]
    edges = {name: value for name, value in half.items() if name.startswith("edges") and value > 0.1}
    assert edges and all("gradient near 10 degrees" in name or "170 degrees" in name for name in edges)
