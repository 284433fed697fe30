"""Summary: what to expect on new samples, as one sentence, and as bars beside simpler baselines."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pellucid.data import Dataset
from pellucid.evaluation import (
    ClassShift,
    CrossValidation,
    MetadataBaseline,
    RegressionScores,
    RegressionValidation,
    Scores,
)
from pellucid.evaluation.intervals import independent_rows, wilson_interval
from pellucid.evaluation.metadata_baseline import in_words
from pellucid.experiment.result import Result
from pellucid.explanation.report.predictions import ScoredPart
from pellucid.html import escaped
from pellucid.model.predictions import UNKNOWN

NAMES = {  # of the baselines, on the bars
    "majority": "always the most frequent class",
    "mean": "always the mean",
    "no_hidden_layer": "without hidden layer",
}
Interval = tuple[float, float] | None


def summary_html(result: Result) -> str:
    """Return the bars of a training, and in sentences how far they can be trusted."""
    scores, folds, train = result.headline, result.cross_validation, result.splits.train
    lines: list[str | None] = []
    if scores is None:
        part = "validation" if "validation" in result.scores else "train"
        scores = result.scores[part]
        lines.append(
            f"These bars show the {part} part, which was used for {scores.used_for}: expect less on new samples."
        )
    independent = None
    if isinstance(folds, CrossValidation):
        known = len(folds.wrong) == len(train)
        independent = independent_rows(1 - folds.wrong, train.groups) if known else 0.0
    elif isinstance(scores, Scores):
        independent = _independent(result, scores)
    bars = bars_of(scores, folds, result.file_facts, independent)
    lines += [] if folds is None else [f"Measured: {folds.sentence()}."]
    lines += [] if result.audit is None else result.audit.cautions()
    lines += [*_of_scores(scores), None if result.shift is None else result.shift.sentence()]
    lines += [None if result.file_facts is None else result.file_facts.sentence(), *_decided(result)]
    unit = "" if result.model.class_names else train.target
    return bars_html(bars, unit) + _list(lines) + _by_part(result)


def scores_summary_html(scores: Scores | RegressionScores, part: ScoredPart, shift: ClassShift | None) -> str:
    """Return the bars for one part of the data, and in sentences how far they can be trusted."""
    of_classes = isinstance(scores, Scores)
    right = part.predicted == part.dataset.labels if of_classes else np.empty(0)
    independent = independent_rows(right, part.dataset.groups) if of_classes else None
    bars = bars_of(scores, None, None, independent)
    lines = [*_of_scores(scores), None if shift is None else shift.sentence()]
    return bars_html(bars, "" if of_classes else part.dataset.target) + _list(lines)


def _independent(result: Result, scores: Scores) -> float:
    """Return the number of independent rows in the part that these scores come from."""
    part = next(part for part, of_part in result.scores.items() if of_part is scores)
    dataset: Dataset = dict(result.splits.items())[part]
    return independent_rows(result.predictions[part].codes == dataset.labels, dataset.groups)


def _of_scores(scores: Scores | RegressionScores) -> Iterator[str]:
    yield from (comparison.sentence() for comparison in scores.comparisons.values())
    if isinstance(scores, Scores):
        yield scores.calibration.sentence()


def _decided(result: Result) -> Iterator[str]:
    yield from result.decision.sentences(result.model.class_names)
    for part, scores in result.answered.items():
        yield f"With {UNKNOWN!r}, {part}: it {scores.sentence()}."


def _by_part(result: Result) -> str:
    """Return the scores of every part, folded away: they matter only if they differ."""
    lines = [f"{part}: {scores.sentence()}" for part, scores in result.scores.items()]
    return f"<details><summary>Scores of every part</summary>{_list(lines)}</details>"


def _list(lines: Iterable[str | None]) -> str:
    return "".join(["<ul>", *(f"<li>{escaped(line)}</li>" for line in lines if line), "</ul>"])


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its length, and its 95% interval if that is known."""

    name: str
    value: float
    interval: Interval = None
    ours: bool = False


def accuracy_headline(accuracy: float, interval: Interval, noun: str) -> str:
    """Return the headline of a classifier in one sentence.

    >>> accuracy_headline(0.93, (0.912, 0.944), "photos")
    'Expect about 93 of 100 new photos like these to be right, 91 to 94.'
    >>> accuracy_headline(0.9972, (0.996, 0.998), "rows")
    'Expect about 997 of 1,000 new rows like these to be right, 996 to 998.'
    """
    many = 1000 if accuracy < 1 and round(100 * accuracy) == 100 else 100
    between = "" if interval is None else f", {many * interval[0]:.0f} to {many * interval[1]:.0f}"
    return f"Expect about {many * accuracy:.0f} of {many:,} new {noun} like these to be right{between}."


def error_headline(rmse: float, interval: Interval, target: str) -> str:
    """Return the headline of a regression in one sentence.

    >>> error_headline(3.14159, (2.8, 3.4), "price")
    'Expect new predictions of price to be off by about 3.14, 2.8 to 3.4 (root of the mean squared error).'
    """
    between = "" if interval is None else f", {interval[0]:.3g} to {interval[1]:.3g}"
    return (
        f"Expect new predictions of {target} to be off by about {rmse:.3g}{between} (root of the mean squared error)."
    )


def headline(
    scores: Scores | RegressionScores | None,
    folds: CrossValidation | RegressionValidation | None,
    noun: str,
    target: str,
) -> str:
    """Return the headline, or a plain statement that there is no honest number.

    scores: on rows that influenced nothing.  folds: cross-validation, which is preferred.
    """
    if isinstance(folds, CrossValidation):
        return accuracy_headline(folds.accuracy, folds.interval, noun)
    if isinstance(folds, RegressionValidation):
        return error_headline(folds.rmse, folds.interval, target)
    if scores is None or scores.used_for != "testing":
        used = "learned from" if scores is None or scores.used_for == "training" else "used for choosing"
        return f"What to expect on new {noun} is unknown: all {noun} here were {used}."
    if isinstance(scores, Scores):
        return accuracy_headline(scores.accuracy, scores.interval, noun)
    return error_headline(scores.rmse, scores.interval, target)


def bars_of(
    scores: Scores | RegressionScores,
    folds: CrossValidation | RegressionValidation | None,
    facts: MetadataBaseline | None = None,
    independent: float | None = None,
) -> list[Bar]:
    """Return the bars of a net and its baselines, of accuracy or of rmse.

    independent: as how many independent rows the samples count, for the baselines' intervals; None: as many as they
    are, 0: not known.
    """
    if isinstance(scores, RegressionScores):
        errors = folds if isinstance(folds, RegressionValidation) else scores
        ours = Bar("this net", errors.rmse, errors.interval, ours=True)
        return [ours, *(Bar(NAMES.get(name, name), value) for name, value in _ordered(errors.baselines))]
    of_folds = folds if isinstance(folds, CrossValidation) else None
    accuracies = scores if of_folds is None else of_folds
    n = float(scores.n) if independent is None else independent
    tested = accuracies.interval is not None and n > 0

    def whiskers(share: float) -> Interval:
        return wilson_interval(share * n, n) if tested else None

    bars = [Bar("this net", accuracies.accuracy, accuracies.interval, ours=True)]
    bars += [Bar(NAMES.get(name, name), share, whiskers(share)) for name, share in _ordered(accuracies.baselines)]
    if facts is not None:
        bars.append(Bar(f"{in_words(facts.named)} alone", facts.accuracy, whiskers(facts.accuracy)))
    return bars


def bars_html(bars: list[Bar], unit: str = "") -> str:
    """Return bars as a table, which a screen reader can read.  unit: "" for shares, else the predicted quantity."""
    top = 1.0 if not unit else max([bar.value for bar in bars] + [bar.interval[1] for bar in bars if bar.interval])
    rows = []
    for bar in bars:
        between = (
            "" if bar.interval is None else f"{_figure(bar.interval[0], unit)} to {_figure(bar.interval[1], unit)}"
        )
        whisker = ""
        if bar.interval is not None and top > 0:
            low, high = (100 * bound / top for bound in bar.interval)
            whisker = f'<i class="whisker" style="left:{low:.2f}%;width:{high - low:.2f}%"></i>'
        length = 100 * bar.value / top if top > 0 else 0.0
        rows.append(
            f'<tr class="{"ours" if bar.ours else "other"}"><th scope="row">{escaped(bar.name)}</th>'
            f'<td class="track" aria-hidden="true"><i class="fill" style="width:{length:.2f}%"></i>{whisker}</td>'
            f'<td class="number">{_figure(bar.value, unit)}</td><td class="number quiet">{between}</td></tr>'
        )
    what = f"Root of the mean squared error of {unit}; shorter is better" if unit else "Accuracy"
    return (
        f'<p class="quiet" id="bars">{escaped(what)}, with 95% intervals where known.</p>'
        f'<table class="bars" aria-labelledby="bars"><thead class="unseen"><tr><th scope="col">what</th><td></td>'
        f'<th scope="col">{"error" if unit else "accuracy"}</th><th scope="col">95% interval</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _figure(value: float, unit: str) -> str:
    return f"{value:.3g}" if unit else f"{100 * value:.1f}%"


def _ordered(baselines: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return the baselines, the simplest first."""
    return sorted(baselines.items(), key=lambda item: list(NAMES).index(item[0]) if item[0] in NAMES else len(NAMES))
