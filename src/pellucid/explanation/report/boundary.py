"""The boundary during training, for points in a plane: the run is repeated from its recipe and watched on its way.

It is shown only if the repeated weights equal those of the model to the last bit; otherwise it is a different run.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.data.images import address
from pellucid.errors import PellucidError
from pellucid.evaluation.task import task_of
from pellucid.experiment.learner import Learner, Samples
from pellucid.experiment.recipe import make_recipe
from pellucid.experiment.result import Result
from pellucid.explanation.report.image_sections import EmbeddedImages, image_html
from pellucid.html import escaped
from pellucid.model.model import Model
from pellucid.model.predictions import class_codes, with_both_classes
from pellucid.training.loop import State

PANELS = 8
SIDE = 150  # cells of a picture of the plane
# Okabe and Ito's colours of classes, the pair that differs most first, and a shape of its own for each
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A7A7A", "#7A4B2A", "#F0E442", "#000000"]
SHAPES = [
    "M-1 0A1 1 0 1 0 1 0A1 1 0 1 0-1 0Z",
    "M-.9-.9H.9V.9H-.9Z",
    "M0-1.1L1.1 .9H-1.1Z",
    "M0-1.2L1.2 0 0 1.2-1.2 0Z",
]
MOST_POINTS = 400
MOST_SECONDS = 20.0  # of training that is repeated


def is_plane(result: Result) -> bool:
    """Whether a model divides a plane into classes, and there are colours for all of them."""
    features, R = result.model.features, result.rows["train"]
    plane = not features.of_images and features.n_out == 2 == features.n_row and R.dtype != object
    return plane and 2 <= len(result.model.class_names) <= len(COLOURS)


def boundary_html(result: Result, images: EmbeddedImages) -> str:
    """Return small panels of the boundary during training; only the last if the run cannot be repeated."""
    R, labels = result.rows["train"].astype(np.float64), result.splits.train.labels
    margin = [0.07 * spread or 1.0 for spread in np.ptp(R, axis=0)]
    low, high = R.min(axis=0) - margin, R.max(axis=0) + margin
    middles = (np.arange(SIDE) + 0.5) / SIDE
    across, up = np.meshgrid(low[0] + middles * (high[0] - low[0]), high[1] - middles * (high[1] - low[1]))
    grid = np.stack([across, up], axis=-1).reshape(-1, 2)
    panels = _during_training(result, grid)
    story = "Each panel shows the net at that point of training. The recipe was run again to record them."
    if panels is None:
        panels = [("at the end", class_codes(result.model.predict_proba(grid), result.model.threshold))]
        story = "Only the final boundary is shown: this run cannot be repeated exactly."
    figures = []
    for when, codes in panels:
        number = images.keep(address(_coloured(codes.reshape(SIDE, SIDE))))
        figures.append(
            f"<figure><span class='plane'>{image_html(number, f'regions of the classes, {when}')}"
            f"{_points(R, labels, low, high)}</span><figcaption>{escaped(when)}</figcaption></figure>"
        )
    return f'<p>{story}</p>{_legend(result.model.class_names)}<div class="panels" data-shown>{"".join(figures)}</div>'


def _during_training(result: Result, grid: np.ndarray) -> list[tuple[str, np.ndarray]] | None:
    """Return (epoch in words, class codes of the grid) of some epochs; None if the run cannot be repeated exactly."""
    if len(result.model.networks) > 1 or result.history.seconds > MOST_SECONDS:
        return None
    epochs = len(result.history.cost)
    wanted = {1, *np.geomspace(1, max(epochs, 1), PANELS).round().astype(int).tolist()}
    networks: dict[int, Any] = {}

    def look(state: State) -> None:
        if state.epoch in wanted and state.epoch not in networks:
            networks[state.epoch] = state.network().copy()

    learned = _repeated(result, lambda X, y: [look])
    if learned is None or not np.array_equal(learned.network.parameters, result.model.network.parameters):
        return None
    X = np.asarray(learned.features.transform(grid, learned.network.parameters.dtype))
    threshold = result.model.threshold
    return [
        (f"after epoch {epoch:,}", class_codes(with_both_classes(network.predict(X)), threshold))
        for epoch, network in sorted(networks.items())
    ]


def _repeated(result: Result, callbacks: Callable[[Any, np.ndarray], list[Callable[[State], None]]]) -> Model | None:
    """Return the model that the recipe makes from the same rows."""
    recipe, parts = make_recipe(**result.recipe), dict(result.splits.items())
    features = recipe.features_for(parts["train"])
    settings = recipe.settings(features.kind)
    if settings.restarts > 1:  # the best start is known only at the end
        return None
    samples = {name: Samples(result.rows[name], part.labels, part.groups) for name, part in parts.items()}
    seed = int(result.recipe["random_state"])
    learner = Learner(features, settings, seed, task_of(parts["train"]))
    try:
        return learner.learn(samples["train"], samples.get("validation"), callbacks=callbacks).model
    except PellucidError:  # it diverged, say
        return None


def _coloured(codes: np.ndarray) -> np.ndarray:
    """Return the pale colour of each code, (h, w, 3)."""
    colours = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in COLOURS])
    pale = 255 - (255 - colours) * 0.35
    return pale.round().astype(np.uint8)[codes]


def _points(R: np.ndarray, labels: np.ndarray, low: np.ndarray, high: np.ndarray) -> str:
    """Return the training points as marks over a picture of the plane, 100 x 100."""
    shown = np.unique(np.linspace(0, len(R) - 1, min(len(R), MOST_POINTS)).astype(int))
    places = 100 * (R[shown] - low) / (high - low)
    marks = "".join(
        f'<use href="#mark{code}" x="{x:.1f}" y="{100 - y:.1f}"/>'
        for (x, y), code in zip(places.tolist(), labels[shown].tolist(), strict=True)
    )
    return f'<svg viewBox="0 0 100 100" aria-hidden="true">{marks}</svg>'


def _legend(names: tuple[str, ...]) -> str:
    """Return the names of the classes with their marks; the panels use the same marks."""
    items = "".join(
        f'<li><svg viewBox="-3 -3 6 6" width="18" height="18" aria-hidden="true"><defs><g id="mark{code}">'
        f'<path d="{SHAPES[code % len(SHAPES)]}" fill="{COLOURS[code]}" stroke="#fff" stroke-width=".35"/></g></defs>'
        f'<use href="#mark{code}" transform="scale(1.8)"/></svg> {escaped(name)}</li>'
        for code, name in enumerate(names)
    )
    return f'<ul class="legend">{items}</ul>'
