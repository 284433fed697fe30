"""Every figure, judged by what stands in it: the numbers in its artists, its texts word for word, no text on another.

`texts` also draws the figure, so a picture that cannot be drawn fails here and not on the user's screen.
"""

import io
import itertools
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from pellucid.errors import InputError, PellucidError
from pellucid.explanation import plots

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4)
LONG = ["angular_leaf_spot", "bean_rust", "healthy"]


def texts(figure: Figure) -> list[Text]:
    """Draw the figure; return its visible texts once it is sure that none lies on another."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    undrawn = {label for axes in figure.axes for label in labels_outside(axes)}
    found = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    found = [text for text in found if text not in undrawn]
    # the upright box around a tilted label may overlap another harmlessly
    upright = [text for text in found if text.get_rotation() % 90 == 0]
    for one, other in itertools.combinations(upright, 2):
        box, its = one.get_window_extent(), other.get_window_extent()
        wide = min(box.x1, its.x1) - max(box.x0, its.x0)
        high = min(box.y1, its.y1) - max(box.y0, its.y0)
        assert min(wide, high) <= 0.5, (one.get_text(), other.get_text())
    return found


def labels_outside(axes) -> list[Text]:
    """Matplotlib keeps, and does not draw, ticks outside the limits."""
    outside = []
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        outside += [tick.label1 for tick in ticks if not low <= tick.get_loc() <= high]
    return outside


def titles(figure: Figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes]


def drawn(axes) -> np.ndarray:
    (image,) = axes.images
    return np.asarray(image.get_array())


def refused(message: str, function, *arguments, **options) -> None:
    with pytest.raises(InputError) as caught:
        function(*arguments, **options)
    assert str(caught.value) == message


# examples


def test_examples_shows_each_picture_under_its_title_in_rows():
    colour = np.linspace(0, 1, 36).reshape(3, 4, 3)
    figure = plots.examples([GREY, GREY[:, :, None], colour, colour, colour, colour, colour], list("abcdefg"))
    assert titles(figure) == list("abcdefg")
    np.testing.assert_array_equal(drawn(figure.axes[0]), GREY / 255)
    np.testing.assert_array_equal(drawn(figure.axes[1]), GREY / 255)
    np.testing.assert_array_equal(drawn(figure.axes[2]), colour)
    assert figure.axes[0].images[0].get_clim() == (0, 1)
    assert figure.axes[0].images[0].get_cmap().name == "gray"
    rows = [axes.get_subplotspec().rowspan.start for axes in figure.axes]
    assert rows == [0, 0, 0, 0, 0, 1, 1]
    texts(figure)


def test_examples_keeps_to_the_columns_asked_for():
    figure = plots.examples([GREY] * 5, list("abcde"), columns=2)
    assert [axes.get_subplotspec().rowspan.start for axes in figure.axes] == [0, 0, 1, 1, 2]
    (axes, *_) = plots.examples([GREY] * 4, list("abcd"), columns=2).axes
    assert axes.get_subplotspec().get_gridspec().get_geometry() == (2, 2)


def test_integers_are_divided_by_the_maximum_of_their_type():
    figure = plots.examples([np.full((2, 2), 65535, np.uint16)], ["white"])
    np.testing.assert_array_equal(drawn(figure.axes[0]), np.ones((2, 2)))


@pytest.mark.parametrize("count", [1, 25])
def test_a_long_title_is_broken_and_stays_off_its_neighbours(count):
    figure = plots.examples([GREY] * count, ["a title of thirty or more letters"] * count)
    assert titles(figure) == ["a title of thirty or more\nletters"] * count
    texts(figure)
    assert figure.get_figwidth() == (3.2 if count == 1 else 10)


def test_a_dollar_in_a_title_is_a_dollar():
    figure = plots.examples([GREY], ["$x_1$"])
    assert not figure.axes[0].title.get_parse_math()
    texts(figure)


def test_examples_refuses_what_is_no_picture():
    refused("pictures: expected at least one, got none.", plots.examples, [], [])
    refused("titles: expected 2, one for each picture, got 1.", plots.examples, [GREY, GREY], ["a"])
    shapes = "shape (h, w), (h, w, 1) or (h, w, 3)"
    refused(f"picture 1: expected {shapes}, got (3, 4, 2).", plots.examples, [GREY, np.zeros((3, 4, 2))], list("ab"))
    refused(f"picture 0: expected {shapes}, got (4,).", plots.examples, [GREY[0]], ["a"])
    refused(f"picture 0: expected {shapes}, got (0, 4).", plots.examples, [GREY[:0]], ["a"])
    refused("picture 0: expected floats in [0, 1], got 0 to 11.", plots.examples, [GREY.astype(float)], ["a"])
    refused("picture 0: expected floats in [0, 1], got nan to nan.", plots.examples, [np.full((2, 2), np.nan)], ["a"])


# cost_curve


def line(figure: Figure, label: str):
    (found,) = [line for line in figure.axes[0].lines if line.get_label() == label]
    return found


def test_cost_curve_holds_the_numbers_and_names_everything():
    figure = plots.cost_curve([0.9, 0.5, 0.4], [0.95, 0.6, 0.7], learning_rate=0.0075, published={0: 0.91, 2: 0.41})
    (axes,) = figure.axes
    assert axes.get_title() == "learning rate 0.0075"
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_yscale()) == ("epoch", "cost", "linear")
    np.testing.assert_array_equal(line(figure, "training").get_xydata(), [[0, 0.9], [1, 0.5], [2, 0.4]])
    np.testing.assert_array_equal(line(figure, "validation").get_xydata(), [[0, 0.95], [1, 0.6], [2, 0.7]])
    circles = line(figure, "published")
    np.testing.assert_array_equal(circles.get_xydata(), [[0, 0.91], [2, 0.41]])
    assert (circles.get_marker(), circles.get_fillstyle(), circles.get_linestyle()) == ("o", "none", "None")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["training", "validation", "published"]
    assert line(figure, "training").get_color() != line(figure, "validation").get_color()
    texts(figure)


def test_a_single_cost_curve_needs_no_legend_and_no_title():
    (axes,) = plots.cost_curve([0.9, 0.5]).axes
    assert axes.get_legend() is None
    assert axes.get_title() == ""


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_a_cost_that_is_no_number_leaves_a_gap(broken):
    figure = plots.cost_curve([0.9, 0.8, broken, 0.7, broken])
    heights = line(figure, "training").get_ydata()
    np.testing.assert_array_equal(heights, [0.9, 0.8, np.nan, 0.7, np.nan])
    # the cost between two gaps has no line: it is a dot
    dots = figure.axes[0].lines[1]
    assert dots.get_marker() == "."
    np.testing.assert_array_equal(dots.get_xydata(), [[3, 0.7]])
    texts(figure)


def test_one_epoch_is_seen_and_no_finite_cost_at_all_is_still_a_figure():
    np.testing.assert_array_equal(plots.cost_curve([0.7]).axes[0].lines[1].get_xydata(), [[0, 0.7]])
    texts(plots.cost_curve([np.nan, np.inf]))
    texts(plots.cost_curve([0.0, 0.0]))
    texts(plots.cost_curve([0.0, -1.0], log=True))


def test_costs_are_drawn_from_zero_so_that_a_flat_curve_looks_flat():
    bottom, top = plots.cost_curve([0.6931, 0.6930]).axes[0].get_ylim()
    assert bottom == 0
    assert 0.6931 < top < 0.75
    assert plots.cost_curve([1.0, -1.0]).axes[0].get_ylim()[0] < -1


def test_a_logarithmic_cost_axis_leaves_out_what_it_cannot_show():
    figure = plots.cost_curve([1.0, 0.1, 0.0, 0.001], log=True)
    assert figure.axes[0].get_yscale() == "log"
    np.testing.assert_array_equal(line(figure, "training").get_ydata(), [1.0, 0.1, np.nan, 0.001])
    np.testing.assert_array_equal(line(plots.cost_curve([1.0, 0.0]), "training").get_ydata(), [1.0, 0.0])
    texts(figure)


def test_epochs_are_whole_numbers_on_the_axis():
    figure = plots.cost_curve([0.9, 0.8, 0.7])
    texts(figure)
    ticks = figure.axes[0].get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))


def test_cost_curve_refuses_nothing_and_unequal_lengths():
    refused("cost: expected at least one epoch, got none.", plots.cost_curve, [])
    refused("validation_cost: expected 2, one for each epoch of cost, got 3.", plots.cost_curve, [1, 2], [1, 2, 3])


# decision_boundary


def nearest(centres: np.ndarray):
    return lambda points: ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_a_region_has_the_colour_of_the_points_of_its_class(classes):
    angle = 2 * np.pi * np.arange(classes) / classes
    centres = np.stack([3 * np.cos(angle), np.sin(angle)], axis=1)
    points = np.repeat(centres, 3, axis=0) + np.tile([[0.05, 0], [0, 0.05], [-0.05, 0]], (classes, 1))
    names = [f"class {code}" for code in range(classes)]
    figure = plots.decision_boundary(nearest(centres), points, np.repeat(np.arange(classes), 3), names)
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x1", "x2")
    (image,) = axes.images
    codes = np.asarray(image.get_array())
    left, right, bottom, top = image.get_extent()
    colours = set()
    groups = [group for group in axes.collections if isinstance(group, PathCollection)]
    for code, scatter in enumerate(groups):
        np.testing.assert_array_equal(scatter.get_offsets(), points[3 * code : 3 * code + 3])
        (colour,) = scatter.get_facecolor()[:, :3].tolist()
        for x1, x2 in scatter.get_offsets():  # the region is looked up where it is drawn, not where it was meant
            row, column = int((x2 - bottom) / (top - bottom) * 400), int((x1 - left) / (right - left) * 400)
            assert codes[row, column] == code
            assert image.to_rgba(codes[row : row + 1, column : column + 1])[0, 0, :3].tolist() == colour
        colours.add(tuple(colour))
    assert len(groups) == len(colours) == classes
    assert image.origin == "lower"
    assert 0.2 < image.get_alpha() < 0.5
    legend = figure.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == names
    handles = [to_rgb(handle.get_facecolor()[0]) for handle in legend.legend_handles]
    assert handles == [to_rgb(scatter.get_facecolor()[0]) for scatter in groups]
    texts(figure)


def test_the_drawn_pixels_of_a_region_are_its_colour_over_white():
    figure = plots.decision_boundary(lambda X: X[:, 0] > 0, [[-1, -1], [1, 1]], [0, 1], ["left", "right"])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[::-1, :, :3] / 255
    for x1, code in ((-0.5, 0), (0.5, 1)):
        column, row = figure.axes[0].transData.transform((x1, 0.3)).astype(int)
        np.testing.assert_allclose(pixels[row, column], 0.7 + 0.3 * np.array(to_rgb(plots.PALETTE[code])), atol=0.01)


def test_predict_is_asked_once_about_the_whole_plane_around_the_points():
    asked = []

    def predict(points):
        asked.append(points)
        return np.zeros(len(points), int)

    figure = plots.decision_boundary(predict, [[0, 10], [2, 30]], [0, 1], ["a", "b"])
    (points,) = asked
    left, right, bottom, top = figure.axes[0].images[0].get_extent()
    assert points.shape == (160_000, 2)
    assert left < 0 < 2 < right
    assert bottom < 10 < 30 < top
    np.testing.assert_allclose(points.mean(axis=0), [1, 20])
    np.testing.assert_allclose(points[0], [left + (right - left) / 800, bottom + (top - bottom) / 800])


def test_a_class_without_points_and_odd_names_are_in_the_legend_all_the_same():
    figure = plots.decision_boundary(lambda X: np.zeros(len(X), int), [[1, 1]], [0], ["_a", "$b", "c$"])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["_a", "$b", "c$"]
    assert not any(text.get_parse_math() for text in figure.legends[0].get_texts())
    texts(figure)


def test_decision_boundary_refuses_what_does_not_fit():
    draw, X, two = plots.decision_boundary, [[0.0, 0.0], [1.0, 1.0]], ["a", "b"]

    def zeros(points):
        return np.zeros(len(points), int)

    refused("class_names: expected 2 to 10, got 1.", draw, zeros, X, [0, 0], ["a"])
    refused("class_names: expected 2 to 10, got 11.", draw, zeros, X, [0, 0], list("abcdefghijk"))
    refused("X: expected shape (n, 2), got (2, 3).", draw, zeros, np.zeros((2, 3)), [0, 1], two)
    refused("X: expected shape (n, 2), got (0, 2).", draw, zeros, np.zeros((0, 2)), [], two)
    refused("X: expected finite numbers, got NaN or infinity.", draw, zeros, [[0, np.nan]], [0], two)
    codes = "expected 2 whole numbers from 0 to 1"
    refused(f"y: {codes}, got int64 of (3,).", draw, zeros, X, np.array([0, 1, 0], np.int64), two)
    refused(f"y: {codes}, got float64 of (2,).", draw, zeros, X, [0.0, 1.0], two)
    refused(f"y: {codes}, got 0 to 2.", draw, zeros, X, [0, 2], two)
    answer = "the result of predict: expected 160000 whole numbers from 0 to 1"
    refused(f"{answer}, got float64 of (160000,).", draw, lambda Z: Z[:, 0], X, [0, 1], two)
    refused(f"{answer}, got 5 to 5.", draw, lambda Z: zeros(Z) + 5, X, [0, 1], two)


# misclassified


def wrong_answers():
    pictures = np.arange(5)[:, None, None, None] * np.full((5, 2, 2, 3), 0.2)
    labels, predicted = [1, 0, 1, 1, 0], [0, 0, 0, 0, 1]
    probabilities = [[0.7, 0.3], [0.99, 0.01], [0.93, 0.07], [0.7, 0.3], [0.2, 0.8]]
    return pictures, labels, predicted, probabilities, ["non-cat", "cat"]


def test_misclassified_shows_the_most_confident_mistake_first():
    figure = plots.misclassified(*wrong_answers())
    assert titles(figure) == [
        "is cat,\npredicted non-cat 0.93",
        "is non-cat,\npredicted cat 0.80",
        "is cat,\npredicted non-cat 0.70",
        "is cat,\npredicted non-cat 0.70",
    ]
    shown = [drawn(axes)[0, 0, 0] for axes in figure.axes]
    np.testing.assert_allclose(shown, [0.4, 0.8, 0.0, 0.6])  # pictures 2, 4, 0, 3: equal ones in their order
    assert figure.get_suptitle() == "4 of 5 misclassified"
    texts(figure)


def test_the_confidence_is_that_of_the_answer_even_where_another_class_was_likelier():
    figure = plots.misclassified([GREY], [0], [1], [[0.6, 0.4]], ["non-cat", "cat"])
    assert titles(figure) == ["is non-cat,\npredicted cat 0.40"]


def test_misclassified_tells_how_many_there_are_when_it_shows_only_some():
    figure = plots.misclassified(*wrong_answers(), most=2)
    assert titles(figure) == ["is cat,\npredicted non-cat 0.93", "is non-cat,\npredicted cat 0.80"]
    assert figure.get_suptitle() == "4 of 5 misclassified; the 2 most confident are shown"
    texts(figure)


def test_long_class_names_are_broken_at_the_comma():
    figure = plots.misclassified([GREY] * 3, [0, 1, 2], [1, 0, 2], np.full((3, 3), 1 / 3), LONG)
    assert titles(figure) == [
        "is angular_leaf_spot,\npredicted bean_rust 0.33",
        "is bean_rust,\npredicted\nangular_leaf_spot 0.33",
    ]
    texts(figure)


def test_twenty_five_mistakes_fit():
    count = 40
    figure = plots.misclassified([GREY] * count, [0] * count, [1] * count, np.full((count, 3), 0.3), LONG)
    assert len(figure.axes) == 25
    texts(figure)


def test_no_mistake_is_said_in_a_sentence():
    pictures, labels, _, probabilities, names = wrong_answers()
    figure = plots.misclassified(pictures, labels, labels, probabilities, names)
    assert figure.axes == []
    assert [text.get_text() for text in texts(figure)] == ["None of the 5 pictures was misclassified."]


def test_misclassified_refuses_what_does_not_fit():
    pictures, labels, predicted, probabilities, names = wrong_answers()
    show = plots.misclassified
    refused("pictures: expected at least one, got none.", show, [], [], [], [], names)
    refused("probabilities: expected shape (5, 2), got (5,).", show, pictures, labels, predicted, [0.5] * 5, names)
    codes = "expected 5 whole numbers from 0 to 1"
    refused(f"labels: {codes}, got -1 to 1.", show, pictures, [-1, 1, 1, 0, 0], predicted, probabilities, names)
    refused(f"predicted: {codes}, got <U3 of (5,).", show, pictures, labels, ["cat"] * 5, probabilities, names)


# first_layer_weights


def test_first_layer_weights_are_centred_on_grey_each_on_its_own_scale():
    W = np.array([[1.0, -2.0, 0.0, 1.0, 0.0, 0.0] * 2, [0.1, 0.0, 0.0, 0.0, 0.0, -0.05] * 2, [0.0] * 12])
    figure = plots.first_layer_weights(W, (2, 2, 3))
    assert titles(figure) == ["unit 1", "unit 2", "unit 3"]
    first = np.array([0.75, 0, 0.5, 0.75, 0.5, 0.5] * 2).reshape(2, 2, 3)
    second = np.array([1, 0.5, 0.5, 0.5, 0.5, 0.25] * 2).reshape(2, 2, 3)
    for axes, expected in zip(figure.axes, (first, second, np.full((2, 2, 3), 0.5)), strict=True):
        np.testing.assert_allclose(drawn(axes), expected)
    assert figure.get_suptitle() == "grey is zero, each unit on its own scale"
    texts(figure)


def test_first_layer_weights_of_grey_pictures_and_units_not_shown():
    W = np.arange(24.0).reshape(4, 6)
    figure = plots.first_layer_weights(W, (2, 3, 1), most=3)
    assert titles(figure) == ["unit 1", "unit 2", "unit 3"]
    np.testing.assert_allclose(drawn(figure.axes[1]), 0.5 + W[1].reshape(2, 3) / 22)
    assert figure.get_suptitle() == "grey is zero, each unit on its own scale; units not shown: 1"
    texts(figure)


def test_first_layer_weights_refuse_what_does_not_fit():
    show, W = plots.first_layer_weights, np.ones((2, 12))
    refused("shape: expected (h, w, 1 or 3), got (2, 2).", show, W, (2, 2))
    refused("shape: expected (h, w, 1 or 3), got (2, 3, 2).", show, W, (2, 3, 2))
    refused("W: expected shape (units, 27) for pictures of (3, 3, 3), got (2, 12).", show, W, (3, 3, 3))
    refused("W: expected shape (units, 12) for pictures of (2, 2, 3), got (0, 12).", show, W[:0], (2, 2, 3))
    refused("W: expected finite numbers, got NaN or infinity.", show, W * np.nan, (2, 2, 3))


# accuracy_by


def test_accuracy_by_spaces_values_evenly_and_tells_every_percentage():
    accuracies = {"train": [0.675, 0.905, 0.9], "validation": [0.66, 0.906, np.nan]}
    figure = plots.accuracy_by([1, 4, 50], accuracies, "hidden units")
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("hidden units", "accuracy")
    train, validation = (container.lines[0] for container in axes.containers)
    np.testing.assert_array_equal(train.get_xydata(), [[0, 0.675], [1, 0.905], [2, 0.9]])
    np.testing.assert_array_equal(validation.get_ydata(), [0.66, 0.906, np.nan])
    assert axes.get_xticks().tolist() == [0, 1, 2]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "4", "50"]
    labels = {(text.get_text(), text.xy, text.get_color(), text.get_va()) for text in axes.texts}
    blue, red = train.get_color(), validation.get_color()
    assert labels == {
        ("67.5%", (0, 0.675), blue, "bottom"),
        ("66.0%", (0, 0.66), red, "top"),
        ("90.6%", (1, 0.906), red, "bottom"),
        ("90.5%", (1, 0.905), blue, "top"),
        ("90.0%", (2, 0.9), blue, "bottom"),
    }
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["train", "validation"]
    texts(figure)


def test_accuracy_by_draws_intervals_and_keeps_labels_out_of_them():
    intervals = {"validation": [(0.7, 0.85), (0.75, 1.0)]}
    figure = plots.accuracy_by(["a", "b"], {"train": [0.9, 0.95], "validation": [0.8, 0.9]}, "x", intervals)
    train, validation = figure.axes[0].containers
    assert not train.has_yerr
    segments = validation.lines[2][0].get_segments()
    np.testing.assert_allclose(segments, [[[0, 0.7], [0, 0.85]], [[1, 0.75], [1, 1.0]]])
    ends = [(text.get_text(), *text.xy) for text in figure.axes[0].texts]
    assert ends == [("90.0%", 0, 0.9), ("80.0%", 0, 0.7), ("95.0%", 1, 1.0), ("90.0%", 1, 0.75)]
    texts(figure)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_three_equal_accuracies_have_labels_that_keep_apart(level):
    same = {name: [level, level] for name in ("train", "validation", "test")}
    figure = plots.accuracy_by(["(20, 7, 5)", "(7,)"], same, "hidden layers")
    assert [text.get_text() for text in figure.axes[0].texts] == [f"{level:.1%}"] * 6
    assert [text.xyann for text in figure.axes[0].texts] == [(0, 6), (7, 0), (0, -6)] * 2
    shown = [text.get_text() for text in texts(figure)]
    assert not any(text in shown for text in ("101%", "100.5%", "-1%", "-0.5%"))


def test_accuracy_by_refuses_what_does_not_fit():
    draw = plots.accuracy_by
    refused("values: expected at least one, got none.", draw, [], {"train": []}, "x")
    refused("accuracies: expected 1 to 10 names, got 0.", draw, [1], {}, "x")
    refused("accuracies: expected 2 of each name, one for each value, got [2, 1].", draw, [1, 2],
            {"train": [0, 1], "test": [1]}, "x")  # fmt: skip
    refused("accuracies: expected numbers from 0 to 1, got 0.5 to 90.", draw, [1, 2], {"train": [0.5, 90]}, "x")
    refused("accuracies: expected numbers from 0 to 1, got -1 to 0.5.", draw, [1, 2], {"train": [0.5, -1]}, "x")
    refused("accuracies: expected numbers from 0 to 1, got nan to nan.", draw, [1], {"train": [np.nan]}, "x")
    train = {"train": [0.5, 0.6]}
    refused("errors: expected 2 pairs for any of ['train'], got test: shape (2, 2).", draw, [1, 2], train, "x",
            {"test": [(0, 1), (0, 1)]})  # fmt: skip
    refused("errors: expected 2 pairs for any of ['train'], got train: shape (2,).", draw, [1, 2], train, "x",
            {"train": [0.1, 0.1]})  # fmt: skip
    refused("errors: expected low <= accuracy <= high, got [[0.7, 0.8]].", draw, [1, 2], train, "x",
            {"train": [(0.4, 0.6), (0.7, 0.8)]})  # fmt: skip


# confusion


def test_confusion_has_true_classes_in_rows_and_counts_in_cells():
    figure = plots.confusion([[12, 5], [0, 20]], ["non-cat", "cat"])
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    cells = {text.get_position(): (text.get_text(), text.get_color()) for text in axes.texts}
    assert cells == {(0, 0): ("12", "w"), (1, 0): ("5", "k"), (0, 1): ("0", "k"), (1, 1): ("20", "w")}
    np.testing.assert_allclose(drawn(axes), [[12 / 17, 5 / 17], [0, 1]])
    assert axes.images[0].get_clim() == (0, 1)
    assert axes.yaxis_inverted()  # the first class on top
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["non-cat", "cat"]
        assert [label.get_rotation() for label in labels] == [0, 0]
    texts(figure)


def test_long_class_names_are_tilted_below_and_an_absent_class_is_a_row_of_nothing():
    figure = plots.confusion([[3, 1, 0], [0, 0, 0], [1, 1, 4]], LONG)
    (axes,) = figure.axes
    assert [label.get_rotation() for label in axes.get_xticklabels()] == [40] * 3
    assert [label.get_rotation() for label in axes.get_yticklabels()] == [0] * 3
    np.testing.assert_array_equal(drawn(axes)[1], [0, 0, 0])
    texts(figure)


def test_confusion_refuses_what_does_not_fit():
    refused("matrix: expected shape (2, 2), got (2, 3).", plots.confusion, np.ones((2, 3), int), ["a", "b"])
    counts = "matrix: expected counts, one at least above zero"
    refused(f"{counts}, got [[0]].", plots.confusion, [[0]], ["a"])
    refused(f"{counts}, got [[-1]].", plots.confusion, [[-1]], ["a"])
    refused(f"{counts}, got [[0.5]].", plots.confusion, [[0.5]], ["a"])
    refused(f"{counts}, got [].", plots.confusion, np.zeros((0, 0), int), [])


# files and notebooks


def test_save_writes_a_png_at_120_dpi_and_replaces_the_old_one(tmp_path):
    path = tmp_path / "curve.png"
    path.write_bytes(b"old")
    figure = plots.cost_curve([0.9, 0.5], learning_rate=0.0075)
    plots.save(figure, path)
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.info["dpi"] == pytest.approx((120, 120), abs=0.1)
        width, height = picture.size
    assert 0.9 < width / (6.4 * 120) < 1.1
    assert 0.9 < height / (4 * 120) < 1.1
    assert [found.name for found in tmp_path.iterdir()] == ["curve.png"]


def test_svg_is_well_formed_dateless_and_the_same_every_time(tmp_path):
    for name in ("one.svg", "two.svg"):
        figure = plots.decision_boundary(lambda X: X[:, 0] > 0, [[-1, -1], [1, 1]], [0, 1], ["<left>", "right & co"])
        plots.save(figure, tmp_path / name)
    text = (tmp_path / "one.svg").read_text("utf-8")
    assert text == (tmp_path / "two.svg").read_text("utf-8")
    assert ET.fromstring(text).tag.endswith("}svg")
    assert "<dc:date>" not in text
    assert "<text" not in text  # letters are outlines: no font need be there


def test_regions_and_lines_differ_in_grey_too():
    figure = plots.decision_boundary(lambda X: X[:, 0] > 0, [[-1, -1], [1, 1]], [0, 1], ["left", "right"])
    (line,) = [drawn for drawn in figure.axes[0].collections if not isinstance(drawn, PathCollection)]
    (path,) = line.get_paths()
    assert len(path.vertices) > 100  # from below to the top
    np.testing.assert_allclose(path.vertices[:, 0], 0, atol=1e-9)
    first, second = figure.axes[0].collections[-2:]
    assert len(first.get_paths()[0]) != len(second.get_paths()[0])  # a disc and a square
    training, validation = plots.cost_curve([0.9, 0.8], [0.7, 0.6]).axes[0].lines[:3:2]
    assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")


def test_save_refuses_another_format_and_tells_of_a_missing_folder(tmp_path):
    figure = plots.cost_curve([0.9])
    refused("path: expected a name ending in .png or .svg, got curve.pdf.", plots.save, figure, tmp_path / "curve.pdf")
    with pytest.raises(PellucidError, match=r"could not write .*curve\.png"):
        plots.save(figure, str(tmp_path / "absent" / "curve.png"))


def test_a_notebook_shows_every_figure_without_pyplot():
    pictures, labels, predicted, probabilities, names = wrong_answers()
    for figure in (
        plots.cost_curve([0.9]),
        plots.examples([GREY], ["a"]),
        plots.misclassified(pictures, labels, predicted, probabilities, names),
        plots.misclassified(pictures, labels, labels, probabilities, names),
    ):
        with Image.open(io.BytesIO(figure._repr_png_())) as picture:
            assert picture.format == "PNG"
