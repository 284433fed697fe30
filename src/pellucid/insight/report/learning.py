"""How it learned: the learning curve over samples, the cost over epochs, and what the training doctor says."""

from collections.abc import Sequence

from pellucid.evaluation import LearningCurve
from pellucid.html import escaped
from pellucid.html.line_chart import curves
from pellucid.insight.report.found import badge
from pellucid.training import History
from pellucid.training.diagnostics import Finding

MOST_NETWORKS = 5  # whose curves stand beside each other


def learning_curve_html(curve: LearningCurve, noun: str) -> str:
    """Return the accuracy against the number of samples, and whether more would help."""
    points = curve.points
    drawn = curves(
        {"accuracy": ([point.rows for point in points], [point.accuracy for point in points])},
        f"{noun} learned from",
        "accuracy",
        "Accuracy on held-out samples",
        intervals={"accuracy": [point.interval for point in points]},
        percent=True,
    )
    return f"<p>{escaped(curve.sentence(noun))}</p><figure>{drawn}</figure>"


def costs_html(histories: Sequence[History]) -> str:
    """Return the cost of each epoch: of one network with its validation cost, of an ensemble side by side."""
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
    drawn = curves(series, "epoch", "cost", "Cost while learning", log=None, moments=moments)
    told = f"{len(first.cost):,} epochs in {first.seconds:.1f} s; {first.stopped_because}."
    return f"<figure>{drawn}</figure><p>{escaped(told)}</p>"


def doctor_html(findings: Sequence[Finding]) -> str:
    """Return the verdicts of the training doctor, the problems first."""
    if not findings:
        return "<p>The training doctor looked for dead units, wrong rates and overfitting, and found nothing.</p>"
    items = (
        f"<li>{badge(found.level)} <b>{escaped(found.name)}.</b> {escaped(found.sentence)} "
        f"<em>{escaped(found.advice)}</em></li>"
        for found in findings
    )
    return f'<ul class="findings">{"".join(items)}</ul>'
