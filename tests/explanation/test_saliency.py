"""Where a network looked: on nets whose answer is known to hang on one place."""

from xml.etree import ElementTree

import numpy as np
import pytest

from pellucid.data.images import PictureShape
from pellucid.errors import InputError
from pellucid.explanation.saliency import (
    DARKEST,
    GRID,
    OcclusionMap,
    border_share,
    gradient_times_input,
    mask_svg,
    occlusion_maps,
)
from pellucid.features import Numbers, Photo, Pixels
from pellucid.model.model import Model
from pellucid.nn import Dense, Network

SIDE = 16
RNG = np.random.default_rng(0)

pytestmark = pytest.mark.usefixtures("fine_masks")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def looking_at(rows, columns, classes=("dark", "light"), views=("plain",)):
    """Return a model whose logit is 8 times the mean of some pixels, less 2."""
    W = np.zeros((SIDE, SIDE))
    W[rows, columns] = 1
    network = Network([Dense(SIDE * SIDE, 1)], "binary_cross_entropy")
    network.dense[0].W[:] = 8 * W.reshape(1, -1) / W.sum()
    network.dense[0].b[:] = -2
    return Model(Pixels(PictureShape(SIDE, SIDE, 1), views), (network,), classes), 8 * W / W.sum()


@pytest.mark.parametrize("place", [(2, 4), (0, 3), (6, 6)])
def test_occlusion_finds_the_square_that_decides(place):
    cell = SIDE // GRID
    square = slice(place[0] * cell, (place[0] + 2) * cell), slice(place[1] * cell, (place[1] + 2) * cell)
    model, _ = looking_at(*square)
    picture = np.full((SIDE, SIDE), 250, np.uint8)
    (found,) = occlusion_maps(model, [picture])
    assert (found.code, found.strongest) == (1, place)
    assert found.at_border == (place != (2, 4))
    z, covered = 8 * 250 / 255 - 2, 8 * 128 / 255 - 2
    assert found.p == pytest.approx(sigmoid(z), abs=1e-6)
    assert found.falls[place] == pytest.approx(sigmoid(z) - sigmoid(covered), abs=1e-6)
    assert np.unravel_index(found.cells.argmax(), found.cells.shape) in [
        (place[0] + down, place[1] + right) for down in (0, 1) for right in (0, 1)
    ]


@pytest.mark.parametrize("place", [(5, 2), (0, 0)])
def test_pictures_need_not_be_square_and_the_threshold_of_the_model_counts(place):
    W = np.zeros((24, 8))
    W[3 * place[0] : 3 * place[0] + 6, place[1] : place[1] + 2] = 8 / 12  # a cell has 3 x 1 pixels
    network = Network([Dense(W.size, 1)], "binary_cross_entropy")
    network.dense[0].W[:], network.dense[0].b[:] = W.reshape(1, -1), -6
    picture = np.full((24, 8), 0.9)
    for threshold, code in ((0.5, 1), (0.9, 0)):  # p = sigmoid(1.2) = 0.77, and 0.12 where the square is grey
        model = Model(Pixels(PictureShape(24, 8, 1)), (network,), ("dark", "light"), threshold=threshold)
        (found,) = occlusion_maps(model, [picture])
        assert found.code == code
        assert np.unravel_index(np.abs(found.falls).argmax(), found.falls.shape) == place
        assert abs(found.falls[place]) == pytest.approx(sigmoid(1.2) - sigmoid(-2), abs=1e-6)


def test_the_class_may_be_chosen_and_falls_then_turn_about():
    model, _ = looking_at(slice(4, 8), slice(4, 8))
    picture = RNG.integers(0, 256, (SIDE, SIDE)).astype(np.uint8)
    one, other = (occlusion_maps(model, [picture], [code])[0] for code in (0, 1))
    np.testing.assert_allclose(one.falls, -other.falls, atol=1e-6)
    assert one.p + other.p == pytest.approx(1)


def test_floats_are_covered_by_the_same_grey_and_sizes_need_not_fit_the_grid():
    features = Pixels(PictureShape(11, 13, 3))
    network = Network([Dense(features.n_out, 1)], "binary_cross_entropy").initialize("he", 3)
    model = Model(features, (network,), ("a", "b"))
    flat = np.full((11, 13, 3), 0.5)
    (found,) = occlusion_maps(model, [flat])
    assert found.falls.shape == (GRID - 1, GRID - 1) and np.all(found.falls == 0)
    assert found.strongest is None and found.at_border is None
    (covered,) = occlusion_maps(model, [np.ones((11, 13, 3))])
    assert np.all(covered.falls != 0)  # every place of the patch covers something


def test_what_a_cell_is_worth_is_the_mean_of_the_patches_over_it():
    falls = np.zeros((2, 2))
    falls[0, 0], falls[1, 1] = 0.4, -0.2
    found = OcclusionMap(0, 0.8, falls)
    fall = np.log(4) - np.log(0.4 / 0.6)  # of the log-odds
    np.testing.assert_allclose(found.evidence[0], [fall, 0])
    np.testing.assert_allclose(found.cells, np.array([[4, 2, 0], [2, 1, 0], [0, 0, 0]]) * fall / 4)


@pytest.mark.parametrize(
    ("p", "without", "change"),
    [
        (0.93, 0.71, "0.93 to 0.71"),
        (0.9991, 0.9964, "0.999 to 0.996"),
        (0.9991, 0.9988, "0.9991 to 0.9988"),
        (1.0, 0.99, "1.00 to 0.99"),
        (0.9, 0.89, None),
    ],
)
def test_a_sure_answer_hangs_on_a_place_too(p, without, change):
    falls = np.zeros((7, 7))
    falls[2, 3] = p - without
    found = OcclusionMap(0, p, falls)
    assert found.strongest == (None if change is None else (2, 3))
    assert change is None or found.change == change


def test_the_mask_is_clear_where_it_matters_and_framed_there():
    falls = np.zeros((7, 7))
    assert mask_svg(OcclusionMap(0, 0.9, falls)) == ""
    falls[1, 4] = 0.3
    svg = ElementTree.fromstring(mask_svg(OcclusionMap(0, 0.9, falls)))
    cells, *frame = svg
    assert len(cells) == GRID**2 and len(frame) == 2
    opacity = {(int(cell.get("y")), int(cell.get("x"))): float(cell.get("opacity")) for cell in cells}
    assert {place for place, value in opacity.items() if value == 0} == {(1, 4), (1, 5), (2, 4), (2, 5)}
    assert opacity[0, 0] == opacity[4, 1] == DARKEST
    assert [(line.get("x"), line.get("y")) for line in frame] == 2 * [("4.06", "1.06")]


def test_by_chance_about_half_of_the_places_touch_the_border():
    assert border_share(8) == 24 / 49 and border_share(3) == 1


def test_progress_is_told_and_other_models_are_refused():
    model, _ = looking_at(slice(4), slice(4))
    told = []
    occlusion_maps(model, [np.zeros((SIDE, SIDE), np.uint8)] * 2, on_progress=lambda *done: told.append(done))
    assert told == [(1, 2), (2, 2)]
    numbers = Model(Numbers(2), (Network([Dense(2, 1)], "binary_cross_entropy"),), ("a", "b"))
    with pytest.raises(InputError, match="occlusion is for classifiers of pictures; this model takes 2 numbers"):
        occlusion_maps(numbers, [np.zeros((8, 8))])
    photo = Model(Photo(), (Network([Dense(1344, 1)], "binary_cross_entropy"),), ("a", "b"))
    with pytest.raises(InputError, match="gradient x input is for classifiers of pixels"):
        gradient_times_input(photo, np.zeros((0, 2688)), np.zeros(0, int))


def test_gradient_times_input_of_a_linear_net_is_its_weights_times_the_picture():
    model, W = looking_at(slice(4, 8), slice(0, 5), views=("plain", "mirrored"))
    pictures = RNG.integers(0, 256, (3, SIDE, SIDE)).astype(np.uint8)
    R = model.features.extract(pictures)
    pushed = gradient_times_input(model, R, np.array([1, 1, 0]))
    expected = W * pictures / 255
    np.testing.assert_allclose(pushed, expected * np.array([1, 1, -1])[:, None, None], rtol=1e-6, atol=1e-12)


def test_gradient_times_input_agrees_with_finite_differences():
    features = Pixels(PictureShape(4, 3, 3))
    networks = [
        Network([Dense(36, 5, "tanh"), Dense(5, 3)], "softmax_cross_entropy").initialize("he", seed) for seed in (1, 2)
    ]
    model = Model(features, tuple(networks), ("a", "b", "c"))
    x = RNG.uniform(0.2, 0.8, 36)

    def logit(x):
        return np.mean([network.forward(x[None])[0][0, 2] for network in networks])

    expected = np.zeros(36)
    for place in range(36):
        step = np.zeros(36)
        step[place] = 1e-6
        expected[place] = x[place] * (logit(x + step) - logit(x - step)) / 2e-6
    pushed = gradient_times_input(model, x[None], np.array([2]))
    np.testing.assert_allclose(pushed[0], expected.reshape(4, 3, 3).sum(axis=2), rtol=1e-6, atol=1e-9)
