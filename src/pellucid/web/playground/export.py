"""Export a session as a file: a Python script, a recipe, a model, a picture, or the points."""

import base64
import csv
import io
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
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
from pellucid.web.playground.run import Run
from pellucid.web.playground.script import script
from pellucid.web.playground.settings import PlaygroundSettings, short
from pellucid.web.playground.view import View, picture

NAME = "playground"
TOY_NOISE = {"flower": 0.2, "moons": 0.2, "circles": 0.1, "spirals": 0.2}  # of the toys that a recipe can name


def saved(what: Any, run: Run, view: View, moment: Moment) -> dict[str, Any]:
    """Return the file of one kind: name, type, and content as text or as base64."""
    if not isinstance(what, str) or what not in KINDS:
        raise unknown_name("kind of file", short(what), KINDS)
    ending, mime, made = KINDS[what]
    content = made(run, view, moment)
    told = {"kind": "file", "name": f"{NAME}{ending}", "mime": mime}
    if isinstance(content, bytes):
        return told | {"base64": base64.b64encode(content).decode("ascii")}
    return told | {"content": content}


def _python(run: Run, view: View, moment: Moment) -> str:
    run.problem.check_trainable()
    return script(run, moment)


def _recipe(run: Run, view: View, moment: Moment) -> str:
    settings, problem = moment.settings, run.problem
    heading = "A recipe of the playground. Train with it: pellucid train --recipe playground.toml\n"
    values: dict[str, Any] = {"standardize": problem.source is not None}
    if problem.source is not None:
        values |= {"data": problem.source.source, **problem.source.options}
    elif _is_toy(settings):
        values |= {"data": f"toy:{settings.data}"}
    else:
        heading += "It reads points.csv: save the points of the playground next to it under this name.\n"
        values |= {"data": "points.csv", "label": "class"}
    if run.edits:
        heading += "It leaves out weights set by hand; the Python script has them.\n"
    values |= {
        "holdout": settings.held_out,
        "cross_validate": 0,
        "hidden_layers": settings.layers,
        "init": settings.init,
        "optimizer": settings.optimizer,
        "learning_rate": settings.rate,
        "epochs": _epochs(run),
        "batch_size": settings.batch or None,
        "l2": settings.l2,
        "dropout": settings.dropout,
        "dtype": "float64",
        "random_state": settings.seed,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.toml"
        write_recipe(path, values, heading)
        return path.read_text("utf-8")


def _epochs(run: Run) -> int:
    return max(1, run.iteration // run.batches)


def _is_toy(settings: PlaygroundSettings) -> bool:
    usual = PlaygroundSettings()
    named = TOY_NOISE.get(settings.data) == settings.noise
    return named and (settings.samples, settings.data_seed) == (usual.samples, usual.data_seed)


def _model(run: Run, view: View, moment: Moment) -> bytes:
    network, problem = run.network.copy(), run.problem
    if not np.isfinite(network.parameters).all():
        raise InputError("the weights are no longer finite numbers; go back to where they were.")
    history = History(stopped_because=f"saved in the playground at iteration {run.iteration}")
    provenance = Provenance(
        data=f"playground: {moment.settings.data}" if problem.source is None else problem.source.source,
        seed=moment.settings.seed,
        settings=moment.settings.training_settings(_epochs(run)).described(),
        set_by_hand=len(run.edits_so_far),
        versions=versions(),
    )
    model = Model(problem.features, (network,), problem.class_names, {}, asdict(history), provenance)
    model = replace(model, average=problem.average)
    with tempfile.TemporaryDirectory() as folder:
        return model.save(Path(folder) / "model.pellucid").read_bytes()


def _svg(run: Run, view: View, moment: Moment) -> str:
    return picture(run, view)


def _points(run: Run, view: View, moment: Moment) -> str:
    problem, text = run.problem, io.StringIO()
    if problem.source is not None:
        raise InputError("the points are already in your own table.")
    writer = csv.writer(text)
    writer.writerow([*problem.plane_names, "class"])
    for (x, y), code in zip(problem.R.tolist(), problem.codes.tolist(), strict=True):
        writer.writerow([repr(x), repr(y), problem.class_names[code]])
    return text.getvalue()


KINDS: dict[str, tuple[str, str, Callable[[Run, View, Moment], str | bytes]]] = {
    "python": (".py", "text/x-python", _python),
    "recipe": (".toml", "application/toml", _recipe),
    "model": (".pellucid", "application/octet-stream", _model),
    "svg": (".svg", "image/svg+xml", _svg),
    "points": (".csv", "text/csv", _points),
}
