"""Report: everything known about a model as one HTML file, which loads nothing from outside and can be mailed."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pellucid.data import Dataset
from pellucid.evaluation import ClassShift, RegressionScores, Scores
from pellucid.experiment.result import Result
from pellucid.explanation.network_diagram import drawing
from pellucid.explanation.report.boundary import boundary_html, is_plane
from pellucid.explanation.report.image_sections import EmbeddedImages, saliency_html
from pellucid.explanation.report.mistakes import corrections_html, mistakes_html, regression_html
from pellucid.explanation.report.predictions import ScoredPart, noun, scored_parts
from pellucid.explanation.report.sections import (
    costs_html,
    doctor_html,
    findings_html,
    learning_curve_html,
    provenance_html,
)
from pellucid.explanation.report.summary import headline, scores_summary_html, summary_html
from pellucid.html import document, escaped
from pellucid.model.model import Model
from pellucid.model.predictions import Predictions
from pellucid.system.files import atomic_write, check_output
from pellucid.system.progress import Progress

FRAME_HEIGHT = 720  # pixels, in a notebook


@dataclass(frozen=True)
class Report:
    """A whole HTML document.  A notebook shows it in a frame of its own."""

    html: str

    def save(self, path: str | Path, force: bool = False) -> Path:
        """Write the report to one file; refuse to overwrite one unless `force`."""
        path = check_output(path, force)
        atomic_write(path, self.html.encode())
        return path

    def _repr_html_(self) -> str:
        return (
            f'<iframe title="report" sandbox="allow-scripts allow-downloads" style="width:100%;height:{FRAME_HEIGHT}px;'
            f'border:0" srcdoc="{escaped(self.html)}"></iframe>'
        )


def report(result: Result, *, command: str = "", again: str = "", progress: Progress | None = None) -> Report:
    """Return the report of a training: first what to expect of the model, then its mistakes, then how it was made.

    command: as typed.  again: the command that makes the same model again.  progress: of the pictures examined.

    >>> import pellucid
    >>> result = pellucid.train("toy:flower", hidden_layers=(8,), optimizer="lbfgs", cross_validate=1, random_state=0)
    >>> "Expect about" in report(result).html
    True
    """
    images, parts, model, train = EmbeddedImages(), scored_parts(result), result.model, result.splits.train
    what = noun(train)
    sections = {"How good it is": summary_html(result), **_answers(parts, model, images)}
    if result.audit is not None:
        sections["Problems in the data"] = findings_html(result.audit, images)
    if result.learning_curve is not None:
        sections[f"Would more {what} help?"] = learning_curve_html(result.learning_curve, what)
    sections["How it learned"] = costs_html(result.histories) + doctor_html(result.findings)
    sections |= _saliency(parts[-1], model, images, progress)  # not the first: the model itself was trained on its rows
    if is_plane(result):
        sections["The boundary during training"] = boundary_html(result, images)
    sections["The network"] = _network(model)
    sections["How it was made"] = provenance_html(model, result.recipe, command, again, _changed(result))
    title = headline(result.headline, result.cross_validation, what, train.target)
    return _page(title, str(model.provenance.data), sections, images)


def evaluation_report(
    model: Model,
    dataset: Dataset,
    predictions: Predictions,
    scores: Scores | RegressionScores,
    *,
    part: str = "test",
    shift: ClassShift | None = None,
    command: str = "",
    progress: Progress | None = None,
) -> Report:
    """Return the report of a model's scores on labelled data.

    dataset, predictions: the samples and what the model predicts for them.  scores: of these, by the model's task.
    part: the name of this part of the data.  shift: its class shift against training.  The rest is as in `report`.
    """
    images = EmbeddedImages()
    used = "" if scores.used_for == "testing" else f", which was used for {scores.used_for}"
    in_folder = dataset.of_files and Path(dataset.source).is_dir()
    prefix = f"{Path(dataset.source).as_posix()}/" if in_folder else ""  # so that corrections find files elsewhere, too
    scored = ScoredPart.of(predictions, dataset, f"In {dataset.source}, part {part}", used, prefix)
    sections = {"How good it is": scores_summary_html(scores, scored, shift), **_answers([scored], model, images)}
    sections |= _saliency(scored, model, images, progress)
    sections["The network"] = _network(model)
    sections["How it was made"] = provenance_html(model, model.provenance.recipe, command)
    return _page(headline(scores, None, noun(dataset), dataset.target), dataset.source, sections, images)


def _answers(parts: list[ScoredPart], model: Model, images: EmbeddedImages) -> dict[str, str]:
    """Return what the model gets wrong: samples of classes whose labels can be corrected, or predicted numbers."""
    if not model.class_names:
        return {"Predicted against true": "".join(regression_html(part) for part in parts)}
    html = "".join(mistakes_html(part, images, number) for number, part in enumerate(parts))
    return {"What it gets wrong": html + corrections_html(model.class_names)}


def _saliency(part: ScoredPart, model: Model, images: EmbeddedImages, progress: Progress | None) -> dict[str, str]:
    """Return where a classifier of pictures looked; nothing for other models."""
    if not (model.features.of_images and model.class_names):
        return {}
    on_progress = None if progress is None else lambda done, total: progress.fits("where it looked", done, total)
    return {"Where it looked": saliency_html(model, part, images, on_progress)}


def _changed(result: Result) -> list[str]:
    """Return what was corrected in the data, or left out, before training."""
    changes = [f"Corrections, {part}: {made.sentence()}." for part, made in (result.corrections or {}).items()]
    if dropped := result.model.provenance.dropped:
        changes.append(f"Left out of training, because they duplicate test or validation samples: {dropped}.")
    if result.skipped:
        changes.append(f"Left out, because they are unreadable: {', '.join(name for name, _ in result.skipped)}.")
    return changes


def _network(model: Model) -> str:
    """Return the network in words and as a drawing."""
    several = len(model.networks)
    ensemble = "" if several == 1 else f" The model averages {several} such networks; the first is drawn."
    words = f"<p>{escaped(model.network)}, on {escaped(model.features)}.{ensemble}</p>"
    key = "Line width shows the size of a weight. Blue, solid: positive. Orange, dashed: negative."
    return f'{words}<p class="quiet">{key}</p><div class="wide drawing">{drawing(model).svg}</div>'


def _page(title: str, source: str, sections: Mapping[str, str], images: EmbeddedImages) -> Report:
    """Return the whole document, with a table of contents."""
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
        "<noscript><p>Pictures and buttons need this page's own script, but scripts are switched off.</p></noscript>"
        f'<nav class="contents no-print" aria-label="Contents"><ul>{"".join(links)}</ul></nav>'
    )
    return Report(document(f"Report: {source}", body + "".join(blocks) + images.html(), styles=[css], scripts=[script]))
