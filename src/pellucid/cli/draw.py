"""The pictures that commands write for a model: what it saw, how it learned, where it errs."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from pellucid.assembly import assemble
from pellucid.features import Numbers, Pixels
from pellucid.insight import plots
from pellucid.insight.samples import examples_and_mistakes
from pellucid.model import Model, class_codes
from pellucid.recipe import Result

SHOWN = 15
MOST_JUDGED = 2000  # rows that mistakes are looked for among


def draw_training(result: Result, folder: Path, cache: bool = True) -> None:
    """Write the pictures of a training run: cost curve, confusion, examples, mistakes, weights, boundary.

    cache: whether the samples may be read through the user's cache.
    """
    model = result.model
    scored = next(part for part in ("test", "validation", "train") if part in result.scores)
    figures = _of_model(model)
    figures["confusion.png"] = plots.confusion(result.scores[scored].confusion, model.class_names)
    if isinstance(model.features, Pixels):
        figures |= _of_pictures(result, model.features, scored, cache)
    elif model.features.n_out == 2:
        figures["boundary.png"] = _boundary(result, model.features)
    _write(figures, folder)


def draw_model(model: Model, folder: Path) -> None:
    """Write the pictures that a model file alone can give: cost curve and first-layer weights."""
    _write(_of_model(model), folder)


def _of_model(model: Model) -> dict[str, Figure]:
    figures = {}
    if model.history.get("cost"):
        rate = model.provenance.get("settings", {}).get("learning_rate")
        figures["cost.png"] = plots.cost_curve(model.history["cost"], model.history["validation_cost"], rate)
    if isinstance(model.features, Pixels):
        figures["first-layer.png"] = plots.first_layer_weights(model.network.dense[0].W, model.features.shape.as_tuple)
    return figures


def _of_pictures(result: Result, features: Pixels, scored: str, cache: bool) -> dict[str, Figure]:
    train, judged = result.splits.train, dict(result.splits.items())[scored]
    if len(judged) > MOST_JUDGED:
        judged = judged.take(np.linspace(0, len(judged) - 1, MOST_JUDGED).astype(int))
    X, _ = assemble(judged, features, result.model.network.parameters.dtype, cache=cache)
    return examples_and_mistakes(train, judged, features, X, result.model.probabilities(X), SHOWN)


def _boundary(result: Result, features: Numbers) -> Figure:
    model, train = result.model, result.splits.train
    points = np.concatenate([np.asarray(block, np.float64) for block in train.blocks()])
    return plots.decision_boundary(
        lambda grid: class_codes(model.predict_proba(grid)), points, train.labels, model.class_names
    )


def _write(figures: dict[str, Figure], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        plots.save(figure, folder / name)
