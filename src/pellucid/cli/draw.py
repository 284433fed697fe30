"""The pictures that commands write for a model: what it saw, how it learned, where it errs."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from pellucid.data import Dataset
from pellucid.evaluation import CrossValidation, Scores
from pellucid.experiment.result import Result
from pellucid.explain import plots
from pellucid.explain.sample_images import examples_and_mistakes
from pellucid.features import PictureFeatures, Pixels
from pellucid.model.model import Model
from pellucid.model.predictions import class_codes

SHOWN = 15
MOST_JUDGED = 2000  # rows that mistakes are looked for among


def draw_training(result: Result, folder: Path) -> None:
    """Write the pictures of a training run: cost curve, confusion, examples, mistakes, weights, boundary."""
    figures = _of_model(result.model)
    if result.model.class_names:
        figures |= _of_answers(result)
    write_figures(figures, folder)


def _of_answers(result: Result) -> dict[str, Figure]:
    """Return what can be drawn of a classifier's answers: confusion, examples and mistakes, points with a boundary."""
    model = result.model
    confusion, judged, P = _judged(result)
    figures = {"confusion.png": plots.confusion(confusion, model.class_names)}
    if isinstance(model.features, PictureFeatures):
        rows = np.unique(np.linspace(0, len(judged) - 1, min(len(judged), MOST_JUDGED)).astype(int))
        shape, line = model.features.shape, model.threshold
        return figures | examples_and_mistakes(result.splits.train, judged.take(rows), shape, P[rows], SHOWN, line)
    points = model.features.n_out == 2 == model.features.n_row and result.rows["train"].dtype != object
    return figures | ({"boundary.png": _boundary(result)} if points else {})


def _judged(result: Result) -> tuple[list[list[int]], Dataset, np.ndarray]:
    """Return the confusion, the data set and the probabilities of what tells most: rows that were not learned from."""
    parts, folds = dict(result.splits.items()), result.cross_validation
    if "test" not in parts and isinstance(folds, CrossValidation) and len(folds.wrong) == len(parts["train"]):
        return folds.scores.confusion, parts["train"], folds.probabilities
    scored = next(part for part in ("test", "validation", "train") if part in parts)
    scores = result.scores[scored]
    assert isinstance(scores, Scores)
    return scores.confusion, parts[scored], result.model.probabilities(result.rows[scored])


def draw_model(model: Model, folder: Path) -> None:
    """Write the pictures that a model file alone can give: cost curve and first-layer weights."""
    write_figures(_of_model(model), folder)


def _of_model(model: Model) -> dict[str, Figure]:
    figures = {}
    if model.history.get("cost"):
        rate = model.provenance.get("settings", {}).get("learning_rate")
        figures["cost.png"] = plots.cost_curve(model.history["cost"], model.history["validation_cost"], rate)
    if isinstance(model.features, Pixels):
        figures["first-layer.png"] = plots.first_layer_weights(model.network.dense[0].W, model.features.shape.as_tuple)
    return figures


def _boundary(result: Result) -> Figure:
    model = result.model
    return plots.decision_boundary(
        lambda grid: class_codes(model.predict_proba(grid), model.threshold),
        result.rows["train"],
        result.splits.train.labels,
        model.class_names,
    )


def write_figures(figures: Mapping[str, Figure], folder: Path) -> None:
    """Write each figure under its name, which ends in .png, and as SVG for print beside it; make the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        plots.save(figure, folder / name)
        plots.save(figure, (folder / name).with_suffix(".svg"))
