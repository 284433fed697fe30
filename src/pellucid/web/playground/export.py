"""Save: a session as something to keep: a program, a recipe, a model file, a picture, the points."""

import base64
import csv
import io
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pellucid._version import versions
from pellucid.errors import InputError, unknown_name
from pellucid.experiment.recipe_file import write_recipe
from pellucid.model.model import Model
from pellucid.model.provenance import Provenance
from pellucid.training import History
from pellucid.web.playground.permalink import Moment
from pellucid.web.playground.run import Timeline
from pellucid.web.playground.script import script
from pellucid.web.playground.settings import Choices, short
from pellucid.web.playground.view import View, picture

NAME = "playground"
TOY_NOISE = {"flower": 0.2, "moons": 0.2, "circles": 0.1, "spirals": 0.2}  # of the toys that a recipe can name


def saved(what: Any, timeline: Timeline, view: View, moment: Moment) -> dict[str, Any]:
    """Return the file of one kind: name, type, and content as text or as base64."""
    if not isinstance(what, str) or what not in KINDS:
        raise unknown_name("kind of file", short(what), KINDS)
    ending, mime, made = KINDS[what]
    content = made(timeline, view, moment)
    told = {"kind": "file", "name": f"{NAME}{ending}", "mime": mime}
    if isinstance(content, bytes):
        return told | {"base64": base64.b64encode(content).decode("ascii")}
    return told | {"content": content}


def _python(timeline: Timeline, view: View, moment: Moment) -> str:
    timeline.problem.refuse_empty()
    return script(timeline, moment)


def _recipe(timeline: Timeline, view: View, moment: Moment) -> str:
    choices, problem = moment.choices, timeline.problem
    heading = "A recipe of the playground. Train with it: pellucid train --recipe playground.toml\n"
    values: dict[str, Any] = {"standardize": problem.source is not None}
    if problem.source is not None:
        values |= {"data": problem.source.source, "label": problem.source.label}
    elif _is_toy(choices):
        values |= {"data": f"toy:{choices.data}"}
    else:
        heading += "It learns from points.csv: save the points of the playground beside it under this name.\n"
        values |= {"data": "points.csv", "label": "class"}
    if timeline.edits:
        heading += "Weights that were set by hand are not in it; the Python script has them.\n"
    values |= {
        "holdout": choices.held_out,
        "cross_validate": 0,
        "hidden_layers": choices.layers,
        "init": choices.init,
        "optimizer": choices.optimizer,
        "learning_rate": choices.rate,
        "epochs": _epochs(timeline),
        "batch_size": choices.batch or None,
        "l2": choices.l2,
        "dropout": choices.dropout,
        "dtype": "float64",
        "random_state": choices.seed,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.toml"
        write_recipe(path, values, heading)
        return path.read_text("utf-8")


def _epochs(timeline: Timeline) -> int:
    return max(1, timeline.iteration // timeline.batches)


def _is_toy(choices: Choices) -> bool:
    usual = Choices()
    named = TOY_NOISE.get(choices.data) == choices.noise
    return named and (choices.samples, choices.data_seed) == (usual.samples, usual.data_seed)


def _model(timeline: Timeline, view: View, moment: Moment) -> bytes:
    network, problem = timeline.network.copy(), timeline.problem
    if not np.isfinite(network.parameters).all():
        raise InputError("the weights are no longer finite numbers; go back to where they were.")
    history = History(stopped_because=f"saved in the playground at iteration {timeline.iteration}")
    provenance = Provenance(
        data=f"playground: {moment.choices.data}" if problem.source is None else problem.source.source,
        seed=moment.choices.seed,
        settings=moment.choices.settings(_epochs(timeline)).described(),
        set_by_hand=len(timeline.edits_so_far),
        versions=versions(),
    )
    model = Model(problem.features, (network,), problem.class_names, {}, asdict(history), provenance)
    with tempfile.TemporaryDirectory() as folder:
        return model.save(Path(folder) / "model.pellucid").read_bytes()


def _svg(timeline: Timeline, view: View, moment: Moment) -> str:
    return picture(timeline, view)


def _points(timeline: Timeline, view: View, moment: Moment) -> str:
    problem, text = timeline.problem, io.StringIO()
    if problem.source is not None:
        raise InputError("the points are those of your own table.")
    writer = csv.writer(text)
    writer.writerow([*problem.plane_names, "class"])
    for (x, y), code in zip(problem.R.tolist(), problem.codes.tolist(), strict=True):
        writer.writerow([repr(x), repr(y), problem.class_names[code]])
    return text.getvalue()


KINDS: dict[str, tuple[str, str, Callable[[Timeline, View, Moment], str | bytes]]] = {
    "python": (".py", "text/x-python", _python),
    "recipe": (".toml", "application/toml", _recipe),
    "model": (".pellucid", "application/octet-stream", _model),
    "svg": (".svg", "image/svg+xml", _svg),
    "points": (".csv", "text/csv", _points),
}
