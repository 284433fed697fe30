"""Report: all that is known of a model, as one HTML page that needs no network, opens for ever, and goes by mail."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from pellucid.data import Dataset
from pellucid.evaluation import ClassShift, RegressionScores, Scores
from pellucid.experiment.result import Result
from pellucid.explanation.network_diagram import drawing
from pellucid.explanation.report.boundary import boundary_html, is_plane
from pellucid.explanation.report.image_sections import Album, looked_html
from pellucid.explanation.report.mistakes import corrections_html, mistakes_html, numbers_html
from pellucid.explanation.report.predictions import Judged, judged_parts, noun
from pellucid.explanation.report.sections import (
    costs_html,
    doctor_html,
    findings_html,
    learning_curve_html,
    origin_html,
)
from pellucid.explanation.report.summary import sentence_of, worth_html, worth_of_scores_html
from pellucid.features.extraction import Progress
from pellucid.html import document, escaped
from pellucid.model.model import Model
from pellucid.system.files import atomic_write, refuse_existing

FRAME_HEIGHT = 720  # pixels, in a notebook


@dataclass(frozen=True)
class Report:
    """A whole HTML document.  A notebook shows it by itself, in a frame of its own."""

    html: str

    def save(self, path: str | Path, force: bool = False) -> Path:
        """Write the report to one file; refuse to overwrite one unless `force`."""
        path = refuse_existing(path, force)
        atomic_write(path, self.html.encode())
        return path

    def _repr_html_(self) -> str:
        return (
            f'<iframe title="report" sandbox="allow-scripts allow-downloads" style="width:100%;height:{FRAME_HEIGHT}px;'
            f'border:0" srcdoc="{escaped(self.html)}"></iframe>'
        )


def report(result: Result, *, command: str = "", again: str = "", progress: Progress | None = None) -> Report:
    """Return the report of a training: what to expect of it first, then its mistakes, then how it came about.

    command: as it was typed.  again: the one that makes the same model again.  progress: told how many pictures have
    been looked into.

    >>> import pellucid
    >>> result = pellucid.train("toy:flower", hidden_layers=(8,), optimizer="lbfgs", cross_validate=1, random_state=0)
    >>> "Expect about" in report(result).html
    True
    """
    album, parts, model, train = Album(), judged_parts(result), result.model, result.splits.train
    what = noun(train)
    sections = {"How good it is": worth_html(result), **_answers(parts, model, album)}
    if result.audit is not None:
        sections["What was found in the data"] = findings_html(result.audit, album)
    if result.learning_curve is not None:
        sections[f"Would more {what} help?"] = learning_curve_html(result.learning_curve, what)
    sections["How it learned"] = costs_html(result.histories) + doctor_html(result.findings)
    sections |= _looked(parts[-1], model, album, progress)  # not the first, whose rows the model itself learned from
    if is_plane(result):
        sections["The boundary through time"] = boundary_html(result, album)
    sections["The network"] = _network(model)
    sections["Where it comes from"] = origin_html(model, result.recipe, command, again, _changed(result))
    title = sentence_of(result.headline, result.cross_validation, what, train.target)
    return _page(title, str(model.provenance.data), sections, album)


def evaluation_report(
    model: Model,
    dataset: Dataset,
    R: np.ndarray,
    scores: Scores | RegressionScores,
    *,
    part: str = "test",
    shift: ClassShift | None = None,
    command: str = "",
    progress: Progress | None = None,
) -> Report:
    """Return the report of how a model did on labelled data.

    dataset, R: the samples and their raw rows, as `assembly.described` gives them.  scores: as `judging.scored` does.
    part: of the data, in words.  shift: how its classes are mixed, against training.  The rest is as in `report`.
    """
    album = Album()
    used = "" if scores.used_for == "testing" else f", which was used for {scores.used_for}"
    in_folder = dataset.of_files and Path(dataset.source).is_dir()
    prefix = f"{Path(dataset.source).as_posix()}/" if in_folder else ""  # so that other data finds its files, too
    judged = Judged.by_model(model, R, dataset, f"In {dataset.source}, part {part}", used, prefix)
    sections = {"How good it is": worth_of_scores_html(scores, judged, shift), **_answers([judged], model, album)}
    sections |= _looked(judged, model, album, progress)
    sections["The network"] = _network(model)
    sections["Where it comes from"] = origin_html(model, model.provenance.recipe, command)
    return _page(sentence_of(scores, None, noun(dataset), dataset.target), dataset.source, sections, album)


def _answers(parts: list[Judged], model: Model, album: Album) -> dict[str, str]:
    """Return what it gets wrong: samples of classes, to be put right, or numbers predicted."""
    if not model.class_names:
        return {"Predicted against true": "".join(numbers_html(judged) for judged in parts)}
    html = "".join(mistakes_html(judged, album, number) for number, judged in enumerate(parts))
    return {"What it gets wrong": html + corrections_html(model.class_names)}


def _looked(judged: Judged, model: Model, album: Album, progress: Progress | None) -> dict[str, str]:
    """Return where a classifier of pictures looked; nothing for any other."""
    if not (model.features.of_images and model.class_names):
        return {}
    told = None if progress is None else lambda done, total: progress.fits("where it looked", done, total)
    return {"Where it looked": looked_html(model, judged, album, told)}


def _changed(result: Result) -> list[str]:
    """Return what was put right in the data or left out of them before anything was learned."""
    told = [f"Corrections, {part}: {made.sentence()}." for part, made in (result.corrections or {}).items()]
    if dropped := result.model.provenance.dropped:
        told.append(f"Left out of training, because they are copies of test or validation samples: {dropped}.")
    if result.skipped:
        told.append(f"Left out, because they cannot be read: {', '.join(name for name, _ in result.skipped)}.")
    return told


def _network(model: Model) -> str:
    """Return the network in words, and drawn."""
    several = len(model.networks)
    told = "" if several == 1 else f" {several} such networks answer together; the first is drawn."
    words = f"<p>{escaped(model.network)}, on {escaped(model.features)}.{told}</p>"
    key = "Lines are as wide as the weight is large; blue and solid above zero, orange and dashed below."
    return f'{words}<p class="quiet">{key}</p><div class="wide drawing">{drawing(model).svg}</div>'


def _page(title: str, source: str, sections: Mapping[str, str], album: Album) -> Report:
    """Return the whole document, its sections named and linked to."""
    room = files(__package__)
    css, script = ((room / name).read_text("utf-8") for name in ("report.css", "report.js"))
    links, blocks = [], []
    for number, (name, html) in enumerate(sections.items(), 1):
        links.append(f'<li><a href="#part{number}">{escaped(name)}</a></li>')
        blocks.append(
            f'<section aria-labelledby="part{number}"><h2 id="part{number}">{escaped(name)}</h2>{html}</section>'
        )
    body = (
        f'<header><p class="quiet">pellucid report: {escaped(source)}</p><h1>{escaped(title)}</h1></header>'
        "<noscript><p>Pictures and buttons need this page's own script, which is off.</p></noscript>"
        f'<nav class="contents no-print" aria-label="Contents"><ul>{"".join(links)}</ul></nav>'
    )
    return Report(document(f"Report: {source}", body + "".join(blocks) + album.html(), styles=[css], scripts=[script]))
