"""Sections of the report without pictures of their own: data audit, learning curve, costs, doctor, provenance."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.data.audit.audit import Audit
from pellucid.data.audit.duplicates import clusters_of
from pellucid.evaluation import LearningCurve
from pellucid.explanation.report.image_sections import EmbeddedImages, image_html
from pellucid.html import escaped, isolated
from pellucid.html.line_chart import curves
from pellucid.model.model import Model
from pellucid.training import History
from pellucid.training.diagnostics import Finding

MOST_NETWORKS = 5  # whose curves are drawn together
MOST_CLUSTERS = 12
MOST_ALIKE = 4  # duplicates shown of one picture
EXAMPLES = 5


def findings_html(found: Audit, images: EmbeddedImages) -> str:
    """Return the findings, the most serious first, and the duplicates if they are pictures."""
    if not found.findings:
        return "<p>The audit found no problem in the data.</p>"
    items = []
    for finding in found.findings:
        already_named = len(finding.examples) == 1 and finding.examples[0] in finding.sentence
        examples = () if already_named else finding.examples[:EXAMPLES]
        listed = "".join(f"<li>{escaped(example)}</li>" for example in examples)
        more = len(finding.examples) > EXAMPLES or finding.count > EXAMPLES
        rest = "<li>...</li>" if more and listed else ""
        shown = f"<details><summary>examples</summary><ul>{listed}{rest}</ul></details>" if listed else ""
        items.append(f"<li>{badge(finding.level)} {escaped(finding.sentence)}{shown}</li>")
    return f'<ul class="findings">{"".join(items)}</ul>{_duplicates(found, images)}'


def badge(level: str) -> str:
    """Return a level as a badge with its name as text."""
    return f'<b class="badge {escaped(level)}">{escaped(level)}</b>'


def _duplicates(found: Audit, images: EmbeddedImages) -> str:
    copies = found.duplicates
    if not found.metadata:
        return ""
    parts = list(copies.parts)
    part_of = np.concatenate([np.full(len(copies.parts[part]), place) for place, part in enumerate(parts)])
    labels = np.concatenate([dataset.labels for dataset in copies.parts.values()])
    clusters = clusters_of(copies.alike)
    if not clusters:
        return ""

    def harm(rows: np.ndarray) -> tuple[bool, bool]:
        return len(np.unique(part_of[rows])) == 1, len(np.unique(labels[rows])) == 1

    shown = sorted(clusters, key=harm)[:MOST_CLUSTERS]
    groups = []
    for rows in shown:
        figures = []
        for row in rows[:MOST_ALIKE].tolist():
            part = parts[part_of[row]]
            dataset, at = copies.parts[part], row - copies.rows(part).start
            (number,) = images.add(dataset, [at])
            name = dataset.names[at]
            where = f"{part}, {dataset.class_names[dataset.labels[at]]}" if dataset.class_names else part
            caption = f'<b>{escaped(where)}</b><span class="file">{escaped(name)}</span>'
            figures.append(f"<figure>{image_html(number, name)}<figcaption>{caption}</figcaption></figure>")
        exact = len(np.unique(copies.same[rows])) == 1
        rest = f", {len(rows)} in all" if len(rows) > MOST_ALIKE else ""
        groups.append(
            f"<li><span>{'exact copies' if exact else 'almost identical'}{rest}</span>{''.join(figures)}</li>"
        )
    of = "" if len(clusters) == len(shown) else f" (the {len(shown)} most harmful of {len(clusters)} groups)"
    return f'<h3>Duplicates side by side{of}</h3><ul class="duplicates" data-shown>{"".join(groups)}</ul>'


def learning_curve_html(curve: LearningCurve, noun: str) -> str:
    """Return the accuracy against the number of samples, and whether more samples would help."""
    points = curve.points
    drawn = curves(
        {"accuracy": ([point.rows for point in points], [point.accuracy for point in points])},
        f"{noun} used for training",
        "accuracy",
        "Accuracy on held-out samples",
        intervals={"accuracy": [point.interval for point in points]},
        percent=True,
    )
    return f"<p>{escaped(curve.sentence(noun))}</p><figure>{drawn}</figure>"


def costs_html(histories: Sequence[History]) -> str:
    """Return the cost of each epoch: one network with its validation cost, or the networks of an ensemble together."""
    first = histories[0]
    if not first.cost:
        return "<p>No epoch was finished.</p>"
    if len(histories) == 1:
        series = {"training": (range(len(first.cost)), first.cost)}
        if first.validation_cost:
            series["validation"] = (range(len(first.validation_cost)), first.validation_cost)
    else:
        series = {
            f"network {number}": (range(len(history.cost)), history.cost)
            for number, history in enumerate(histories[:MOST_NETWORKS], 1)
            if history.cost
        }
    moments = {} if first.best_epoch is None else {"best weights": float(first.best_epoch)}
    drawn = curves(series, "epoch", "cost", "Cost during training", log=None, moments=moments)
    ending = f"{len(first.cost):,} epochs in {first.seconds:.1f} s; {first.stopped_because}."
    return f"<figure>{drawn}</figure><p>{escaped(ending)}</p>"


def doctor_html(findings: Sequence[Finding]) -> str:
    """Return the findings of the training doctor, the problems first."""
    if not findings:
        return "<p>The training doctor looked for dead units, wrong learning rates and overfitting, and found none.</p>"
    items = (
        f"<li>{badge(found.level)} <b>{escaped(found.name)}.</b> {escaped(found.sentence)} "
        f"<em>{escaped(found.advice)}</em></li>"
        for found in findings
    )
    return f'<ul class="findings">{"".join(items)}</ul>'


def provenance_html(
    model: Model, recipe: Mapping[str, Any], command: str = "", again: str = "", changed: Sequence[str] = ()
) -> str:
    """Return the command, the samples, settings and versions.

    command: as typed.  again: the command that makes the same model again.  changed: changes of the data, in sentences.
    """
    provenance = model.provenance
    parts = [f"<p>The command was:</p><pre>{escaped(command)}</pre>"] if command else []
    if again:
        parts.append(
            f"<p>To get the same weights again, with the same settings and seed:</p><pre>{escaped(again)}</pre>"
        )
    counts = provenance.counts or {}
    if counts:
        parts.append(f"<h3>Samples</h3>{_table({part: _counted(count) for part, count in counts.items()})}")
        parts.append(f"<p>Split: {escaped(provenance.division or 'unknown')}.</p>")
    parts += [f"<p>{escaped(sentence)}</p>" for sentence in changed]
    settings = recipe or provenance.settings
    parts.append(f"<details><summary>All settings</summary>{_table(settings)}</details>")
    parts.append(f"<details><summary>Versions</summary>{_table(provenance.versions)}</details>")
    return "".join(parts)


def _counted(count: Any) -> str:
    if isinstance(count, Mapping):
        return ", ".join(f"{isolated(str(name))}: {number}" for name, number in count.items())
    return str(count)


def _table(values: Mapping[str, Any]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escaped(name)}</th><td>{escaped("none" if value is None else value)}</td></tr>'
        for name, value in values.items()
    )
    return f'<div class="wide"><table class="facts"><tbody>{rows}</tbody></table></div>'
