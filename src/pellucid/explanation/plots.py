"""Plots for files and notebooks: sample images, cost curves, decision boundaries, weights, confusion matrices.

Every function takes plain arrays and returns a matplotlib Figure that belongs to the caller: no pyplot, no global
state. A notebook shows a returned figure, and `save` writes it as PNG or SVG. `Plane` also serves the animation.
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from pellucid.explanation.figure_style import DASHES, MARKERS, PALETTE, InlineFigure, check, codes, figure_of
from pellucid.explanation.figure_style import save as save

TITLE_LETTERS = 26  # that fit in a line above one picture


@dataclass(frozen=True)
class Plane:
    """Points (n, 2) with class codes (n,), and a grid of side x side cells around them."""

    points: np.ndarray
    labels: np.ndarray
    classes: int
    side: int = 400

    @classmethod
    def around(cls, X: ArrayLike, y: ArrayLike, classes: int, side: int = 400) -> "Plane":
        """Return the plane around points, after checking that they can be drawn."""
        points = np.asarray(X, dtype=float)
        check(2 <= classes <= len(PALETTE), "class_names", f"2 to {len(PALETTE)}", classes)
        check(points.ndim == 2 and points.shape[1:] == (2,) and len(points) > 0, "X", "shape (n, 2)", points.shape)
        check(np.isfinite(points).all(), "X", "finite numbers", "NaN or infinity")
        return cls(points, codes("y", y, len(points), classes), classes, side)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom, top: a little beyond the points."""
        margin = [0.07 * spread or 1.0 for spread in np.ptp(self.points, axis=0)]
        (left, bottom), (right, top) = self.points.min(axis=0) - margin, self.points.max(axis=0) + margin
        return left, right, bottom, top

    @property
    def _middles(self) -> tuple[np.ndarray, np.ndarray]:
        left, right, bottom, top = self.extent
        steps = (np.arange(self.side) + 0.5) / self.side
        return left + steps * (right - left), bottom + steps * (top - bottom)

    @property
    def cells(self) -> np.ndarray:
        """The centres of the cells (side * side, 2), row by row from the bottom; they decide the class of a cell."""
        return np.stack(np.meshgrid(*self._middles), axis=-1).reshape(-1, 2)

    def fill(self, axes: Axes, predicted: ArrayLike) -> list[Artist]:
        """Draw the regions of the predicted class codes (side * side,) of the cells, and the lines between them."""
        grid = codes("the result of predict", predicted, self.side**2, self.classes).reshape(self.side, self.side)
        image = axes.imshow(
            grid, interpolation="nearest", alpha=0.3, origin="lower", aspect="auto",
            cmap=ListedColormap(PALETTE[: self.classes]), vmin=-0.5, vmax=self.classes - 0.5, extent=self.extent,
        )  # fmt: skip
        present = np.unique(grid)
        lines = [
            axes.contour(*self._middles, grid == code, [0.5], colors="0.25", linewidths=0.8) for code in present[1:]
        ]
        return [image, *lines]

    def scatter(self, axes: Axes) -> list[PathCollection]:
        """Draw the points, each class in its own colour and shape."""
        look: dict[str, Any] = {
            "s": np.clip(10_000 / len(self.points), 8, 32),
            "edgecolors": "white",
            "linewidths": 0.5,
        }
        return [
            axes.scatter(
                *self.points[self.labels == code].T, color=PALETTE[code], marker=MARKERS[code], zorder=3, **look
            )
            for code in range(self.classes)
        ]


def examples(pictures: Sequence[Any] | np.ndarray, titles: Sequence[str], columns: int = 5) -> Figure:
    """Draw pictures in rows, each under its title.

    pictures: n, each (h, w), (h, w, 1) or (h, w, 3); integers up to their type's maximum, or floats in [0, 1]; sizes
    may differ. titles: n texts; long ones are wrapped. columns: pictures in a row.

    >>> figure = examples(np.zeros((2, 8, 8, 3), np.uint8), ["cat", "non-cat"])
    >>> [axes.get_title() for axes in figure.axes]
    ['cat', 'non-cat']
    """
    check(len(pictures) > 0, "pictures", "at least one", "none")
    check(len(titles) == len(pictures), "titles", f"{len(pictures)}, one for each picture", len(titles))
    images = [_picture(picture, number) for number, picture in enumerate(pictures)]
    lines = [_wrapped(title, TITLE_LETTERS) for title in titles]
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    tallest = max(image.shape[0] / image.shape[1] for image in images)
    width = max(2.0, 3.2 / columns)  # inches of one column, as the height of one row
    height = width * min(max(tallest, 0.4), 2.5) + 0.2 * max(title.count("\n") + 1 for title in lines)
    figure = InlineFigure(figsize=(columns * width, rows * height), layout="constrained")
    for place, (image, title) in enumerate(zip(images, lines, strict=True), start=1):
        axes = figure.add_subplot(rows, columns, place, xticks=[], yticks=[])
        axes.imshow(image, cmap="gray", vmin=0, vmax=1)
        axes.spines[:].set(linewidth=0.4, color="0.6")
        axes.set_title(title, fontsize=9, pad=3, parse_math=False)
    return figure


def cost_curve(
    cost: Sequence[float], validation_cost: Sequence[float] = (), learning_rate: object = None,
    published: Mapping[int, float] | None = None, log: bool = False,
) -> Figure:  # fmt: skip
    """Draw the cost of every epoch; the curve has a gap at a cost that is not finite.

    cost, validation_cost: one number for each epoch from epoch 0; the latter may be empty.
    learning_rate: for the title. published: {epoch: cost}, drawn as hollow circles.
    log: use a logarithmic cost axis, on which costs of zero or below are gaps, too.

    >>> cost_curve([0.693, 0.646], learning_rate=0.0075).axes[0].get_title()
    'learning rate 0.0075'
    """
    epochs, validated = len(cost), len(validation_cost)
    check(epochs > 0, "cost", "at least one epoch", "none")
    check(validated in (0, epochs), "validation_cost", f"{epochs}, one for each epoch of cost", validated)
    figure, axes = figure_of(6.4, 4, "epoch", "cost")
    recorded = (("training", cost), ("validation", validation_cost))
    for (name, series), colour, dash in zip(recorded, PALETTE, DASHES, strict=False):
        heights = np.array(series, dtype=float)
        heights[~np.isfinite(heights) | (log & (heights <= 0))] = np.nan
        drawn = np.pad(np.isfinite(heights), 1)
        alone = np.flatnonzero(drawn[1:-1] & ~drawn[:-2] & ~drawn[2:])
        if len(heights):
            axes.plot(heights, color=colour, linestyle=dash, label=name)
            axes.plot(alone, heights[alone], ".", color=colour)  # no line reaches these
    if published:
        axes.plot(*zip(*published.items(), strict=True), "ok", fillstyle="none", label="published")
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    if log:
        axes.set_yscale("log", nonpositive="mask")
    elif 0 <= axes.dataLim.y0 < np.inf:
        axes.set_ylim(0, 1.05 * axes.dataLim.y1 or 1)  # so that a cost that hardly fell looks that way
    if validated or published:
        axes.legend(frameon=False)
    if learning_rate is not None:
        axes.set_title(_wrapped(f"learning rate {learning_rate}", 70), fontsize=11, parse_math=False)
    return figure


def decision_boundary(
    predict: Callable[[np.ndarray], ArrayLike], X: ArrayLike, y: ArrayLike, class_names: Sequence[str]
) -> Figure:
    """Fill the plane with the colours of the predicted classes, and draw the points over it.

    predict: (m, 2) points -> (m,) class codes. X: (n, 2). y: (n,) class codes. class_names: 2 to 10.
    """
    known = Plane.around(X, y, len(class_names))
    figure, axes = figure_of(6.2, 4.8, "x1", "x2")
    known.fill(axes, predict(known.cells))
    groups = known.scatter(axes)
    legend = figure.legend(groups, MARKERS[: len(groups)], loc="outside right upper", frameon=False)
    for text, name in zip(legend.get_texts(), class_names, strict=True):
        text.set(text=_wrapped(name, TITLE_LETTERS), parse_math=False)  # matplotlib would leave out a label "_x"
    return figure


def misclassified(
    pictures: Sequence[Any] | np.ndarray, labels: ArrayLike, predicted: ArrayLike, probabilities: ArrayLike,
    class_names: Sequence[str], most: int = 25,
) -> Figure:  # fmt: skip
    """Draw the misclassified pictures, the most confident mistake first.

    pictures: n, as for `examples`. labels, predicted: (n,) class codes. probabilities: (n, k), a column for each of
    the k class_names; the confidence is that of the predicted class. most: pictures drawn at most.
    """
    count, classes, shares = len(pictures), len(class_names), np.asarray(probabilities, dtype=float)
    check(count > 0, "pictures", "at least one", "none")
    check(shares.shape == (count, classes), "probabilities", f"shape {(count, classes)}", shares.shape)
    truth, guesses = codes("labels", labels, count, classes), codes("predicted", predicted, count, classes)
    confidence = shares[np.arange(count), guesses]
    wrong = np.flatnonzero(truth != guesses)
    if len(wrong) == 0:
        figure: Figure = InlineFigure(figsize=(5, 1))
        figure.text(0.5, 0.5, f"None of the {count} pictures was misclassified.", ha="center", va="center")
        return figure
    shown = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    titles = [f"is {class_names[truth[i]]},\npredicted {class_names[guesses[i]]} {confidence[i]:.2f}" for i in shown]
    figure = examples([pictures[i] for i in shown], titles)
    rest = f"; the {len(shown)} most confident are shown" if len(shown) < len(wrong) else ""
    _headline(figure, f"{len(wrong)} of {count} misclassified{rest}")
    return figure


def first_layer_weights(W: ArrayLike, shape: Sequence[int], most: int = 25) -> Figure:
    """Draw the weights of the first units as pictures: grey is zero, each unit on its own scale.

    W: (n_units, h * w * c), of the first layer. shape: (h, w, c) of the training pictures, c = 1 or 3.
    most: units drawn at most, in order; the headline says how many are not shown.
    """
    weights, shape = np.asarray(W, dtype=float), tuple(shape)
    check(len(shape) == 3 and min(shape) > 0 and shape[2] in (1, 3), "shape", "(h, w, 1 or 3)", shape)
    fits = weights.ndim == 2 and len(weights) > 0 and weights.shape[1] == np.prod(shape)
    check(fits, "W", f"shape (units, {np.prod(shape)}) for pictures of {shape}", weights.shape)
    check(np.isfinite(weights).all(), "W", "finite numbers", "NaN or infinity")
    shown = weights[:most]
    scaled = 0.5 + 0.5 * shown / np.maximum(np.abs(shown).max(axis=1, keepdims=True), np.finfo(float).tiny)
    figure = examples(scaled.reshape(-1, *shape), [f"unit {number + 1}" for number in range(len(shown))])
    rest = f"; units not shown: {len(weights) - most}" if len(weights) > most else ""
    _headline(figure, f"grey is zero, each unit on its own scale{rest}")
    return figure


def accuracy_by(
    values: Sequence[object], accuracies: Mapping[str, Sequence[float]], parameter: str,
    errors: Mapping[str, Sequence[tuple[float, float]]] | None = None,
) -> Figure:  # fmt: skip
    """Draw accuracy against the values of one hyper-parameter, evenly spaced, each point with its percentage.

    values: n. accuracies: a name ("train", "validation") -> n accuracies in [0, 1]; NaN for a missing run.
    parameter: the label of the horizontal axis. errors: some of the names -> n intervals (low, high).
    """
    names, count = list(accuracies), len(values)
    check(count > 0, "values", "at least one", "none")
    check(0 < len(names) <= len(PALETTE), "accuracies", f"1 to {len(PALETTE)} names", len(names))
    lengths = [len(series) for series in accuracies.values()]
    check(set(lengths) == {count}, "accuracies", f"{count} of each name, one for each value", lengths)
    heights = np.array([list(series) for series in accuracies.values()], dtype=float)
    least, most = np.fmin.reduce(heights, axis=None), np.fmax.reduce(heights, axis=None)
    check(least >= 0 and most <= 1, "accuracies", "numbers from 0 to 1", f"{least:g} to {most:g}")
    ends = np.stack([heights, heights])  # (2, names, n)
    for name, intervals in (errors or {}).items():
        fits = name in names and np.shape(intervals) == (count, 2)
        check(fits, "errors", f"{count} pairs for any of {names}", f"{name}: shape {np.shape(intervals)}")
        ends[:, names.index(name)] = np.transpose(intervals)
    astray = (ends[0] > heights) | (ends[1] < heights)
    check(not astray.any(), "errors", "low <= accuracy <= high", ends[:, astray].T.tolist())
    figure, axes = figure_of(max(5.5, 1.5 + 0.85 * count), 4, parameter, "accuracy")
    for row, name in enumerate(names):
        bars = np.abs(ends[:, row] - heights[row]) if name in (errors or {}) else None
        axes.errorbar(
            range(count),
            heights[row],
            bars,
            label=name,
            color=PALETTE[row],
            marker=MARKERS[row],
            linestyle=DASHES[row % len(DASHES)],
        )
    # The best is labelled above all bars, the worst below them, others beside them, so labels do not overlap.
    above = (np.full_like(heights, np.fmax.reduce(ends[1])), (0, 6), "center", "bottom")
    below = (np.full_like(heights, np.fmin.reduce(ends[0])), (0, -6), "center", "top")
    beside = (heights, (7, 0), "left", "center")
    for place, column in enumerate(heights.T):
        ranks = np.argsort(-column, kind="stable")[: np.isfinite(column).sum()]
        sides = [above, *[beside] * (len(ranks) - 2), below]
        for row, (edge, offset, ha, va) in zip(ranks, sides, strict=False):
            text = axes.annotate(f"{column[row]:.1%}", (place, edge[row, place]), offset, ha=ha, va=va, fontsize=8)
            text.set(color=PALETTE[row], anncoords="offset points", bbox={"color": "white", "alpha": 0.7, "pad": 0})
    low, high = axes.dataLim.intervaly
    room = max(0.15 * (high - low), 0.02)
    axes.set(xlim=(-0.5, count - 0.5), ylim=(low - room, high + room))
    axes.set_xticks(range(count), [_wrapped(value, 12) for value in values], parse_math=False)
    axes.yaxis.set_major_formatter(lambda tick, _: f"{100 * tick:g}%" if 0 <= tick <= 1 else "")
    figure.legend(loc="outside upper center", ncols=min(len(names), 4), frameon=False)
    return figure


def confusion(matrix: ArrayLike, class_names: Sequence[str]) -> Figure:
    """Draw how often each true class (rows) was predicted as each class (columns).

    matrix: (k, k) counts. class_names: k. A darker cell is a larger share of its row.
    """
    counts, classes = np.asarray(matrix), len(class_names)
    check(counts.shape == (classes, classes), "matrix", f"shape {(classes, classes)}", counts.shape)
    valid = counts.any() and counts.dtype.kind in "iu" and counts.min() >= 0
    check(valid, "matrix", "counts, one at least above zero", counts.tolist())
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [_wrapped(name, TITLE_LETTERS) for name in class_names]
    figure, axes = figure_of(max(3.8, 1.4 + 0.55 * classes), max(3.6, 1.2 + 0.55 * classes), "predicted", "true")
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color="kw"[int(share > 0.5)])
    side, tilt = ("right", 40) if max(map(len, names)) > 7 else ("center", 0)
    axes.set_xticks(range(classes), names, parse_math=False, ha=side, rotation=tilt, rotation_mode="anchor")
    axes.set_yticks(range(classes), names, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


def _headline(figure: Figure, text: str) -> None:
    figure.suptitle(_wrapped(text, int(13 * figure.get_figwidth())), fontsize=10)
    figure.set_figheight(figure.get_figheight() + 0.3)


def _wrapped(text: object, letters: int) -> str:
    return "\n".join(textwrap.fill(line, letters) for line in str(text).split("\n"))


def _picture(picture: ArrayLike, number: int) -> np.ndarray:
    image, name = np.asarray(picture), f"picture {number}"
    fits = image.ndim in (2, 3) and image.shape[2:] in ((), (1,), (3,)) and image.size > 0
    check(fits, name, "shape (h, w), (h, w, 1) or (h, w, 3)", image.shape)
    if image.dtype.kind in "iu":
        image = image / np.iinfo(image.dtype).max
    low, high = float(image.min()), float(image.max())
    check(low >= 0 and high <= 1, name, "floats in [0, 1]", f"{low:g} to {high:g}")  # refuses NaN too
    return (image[:, :, 0] if image.shape[2:] == (1,) else image).astype(float)
