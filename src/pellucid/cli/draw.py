"""The pictures that commands write for a model or an article: what it saw, how it learned, where it errs."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from pellucid.data import Dataset, flower
from pellucid.evaluation import CrossValidation, Scores
from pellucid.experiment.articles import Outcome
from pellucid.experiment.result import Result
from pellucid.explanation import plots
from pellucid.explanation.sample_images import examples_and_mistakes
from pellucid.model.model import Model
from pellucid.model.predictions import class_codes, predicted_codes, with_both_classes
from pellucid.nn import Network

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
    if model.features.of_images:
        rows = np.unique(np.linspace(0, len(judged) - 1, min(len(judged), MOST_JUDGED)).astype(int))
        shape, line = model.features.shape, model.threshold
        assert shape is not None
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
    return scores.confusion, parts[scored], result.predictions[scored].outputs


def draw_model(model: Model, folder: Path) -> None:
    """Write the pictures that a model file alone can give: cost curve and first-layer weights."""
    write_figures(_of_model(model), folder)


def _of_model(model: Model) -> dict[str, Figure]:
    figures = {}
    if model.history.get("cost"):
        rate = model.provenance.settings.get("learning_rate")
        figures["cost.png"] = plots.cost_curve(model.history["cost"], model.history["validation_cost"], rate)
    if model.features.inputs_are_pixels and (shape := model.features.shape) is not None:
        figures["first-layer.png"] = plots.first_layer_weights(model.network.dense[0].W, shape.as_tuple)
    return figures


def _boundary(result: Result) -> Figure:
    model = result.model
    return plots.decision_boundary(
        lambda grid: class_codes(model.predict_proba(grid), model.threshold),
        result.rows["train"],
        result.splits.train.labels,
        model.class_names,
    )


def article_figures(outcome: Outcome) -> dict[str, Figure]:
    """Return the pictures of an article's run, by file name."""
    if outcome.images is None:
        figures = {f"{_boundary_of(name)}.png": _flower_boundary(run.network) for name, run in outcome.fits.items()}
    else:
        images, network = outcome.images, outcome.fits[""].network
        P = with_both_classes(network.predict(images.X))
        figures = examples_and_mistakes(images.train, images.unseen, images.shape, P, most=10)
        figures["first-layer.png"] = plots.first_layer_weights(network.dense[0].W, images.shape.as_tuple)
    if "" in outcome.fits:
        cost, rate = outcome.fits[""].history.cost, outcome.rate
        figures["cost.png"] = plots.cost_curve(cost, (), rate, outcome.published_costs or None)
    if compared := outcome.results.get("comparison"):
        accuracies = {"train": "train_accuracy", "400 fresh points": "fresh_accuracy"}
        series = {name: [one[key] for one in compared] for name, key in accuracies.items()}
        figures["hidden-sizes.png"] = plots.accuracy_by(
            [one["hidden_size"] for one in compared], series, "hidden units"
        )
    if starts := outcome.results.get("starts"):
        ordered = sorted(starts, key=lambda start: start["validation_accuracy"])
        series = {name: [start[f"{name}_accuracy"] for start in ordered] for name in ("train", "validation")}
        what = "seed of the start, by validation accuracy"
        figures["starts.png"] = plots.accuracy_by([start["seed"] for start in ordered], series, what)
    return figures


def _boundary_of(name: str) -> str:
    """Return the file name of a boundary, by the name of its network: none, "linear", or its number of units."""
    return "boundary" if not name else f"boundary-{name}" if name.isdecimal() else f"{name}-boundary"


def _flower_boundary(network: Network) -> Figure:
    X, y = flower(seed=1)
    return plots.decision_boundary(lambda points: predicted_codes(network, points), X, y, ("class 0", "class 1"))


def write_figures(figures: Mapping[str, Figure], folder: Path) -> None:
    """Write each figure under its name, which ends in .png, and as SVG for print beside it; make the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        plots.save(figure, folder / name)
        plots.save(figure, (folder / name).with_suffix(".svg"))
