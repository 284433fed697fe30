"""What it is worth: the bars of a net and of what is simpler, and every sentence that qualifies them."""

from collections.abc import Iterable, Iterator

import numpy as np

from pellucid.data import Dataset
from pellucid.evaluation import CrossValidation, RegressionScores, Scores, Shift
from pellucid.evaluation.intervals import independent_rows
from pellucid.experiment.result import Result
from pellucid.html import escaped
from pellucid.insight.report.headline import bars_html, bars_of
from pellucid.insight.report.judged import Judged
from pellucid.model.novelty import UNKNOWN


def worth_html(result: Result) -> str:
    """Return the bars of the headline, or of what rows there are, and what tells how much they are worth."""
    scores, folds, train = result.headline, result.cross_validation, result.splits.train
    lines: list[str | None] = []
    if scores is None:
        part = "validation" if "validation" in result.scores else "train"
        scores = result.scores[part]
        lines.append(
            f"These bars are of the {part} part, which was used for {scores.used_for}: expect less of new ones."
        )
    independent = None
    if isinstance(folds, CrossValidation):
        known = len(folds.wrong) == len(train)
        independent = independent_rows(1 - folds.wrong, train.groups) if known else 0.0
    elif isinstance(scores, Scores):
        independent = _independent(result, scores)
    bars = bars_of(scores, folds, result.file_facts, independent)
    lines += [] if folds is None else [f"Measured: {folds.sentence()}."]
    lines += [*_of_scores(scores), None if result.shift is None else result.shift.sentence()]
    lines += [None if result.file_facts is None else result.file_facts.sentence(), *_decided(result)]
    unit = "" if result.model.class_names else train.target
    return bars_html(bars, unit) + _list(lines) + _by_part(result)


def worth_of_scores_html(scores: Scores | RegressionScores, judged: Judged, shift: Shift | None) -> str:
    """Return the bars of scores on one part of data, and what tells how much they are worth."""
    of_classes = isinstance(scores, Scores)
    right = judged.said == judged.dataset.labels if of_classes else np.empty(0)
    independent = independent_rows(right, judged.dataset.groups) if of_classes else None
    bars = bars_of(scores, None, None, independent)
    lines = [*_of_scores(scores), None if shift is None else shift.sentence()]
    return bars_html(bars, "" if of_classes else judged.dataset.target) + _list(lines)


def _independent(result: Result, scores: Scores) -> float:
    """Return as how many independent rows those of a part count, whose scores these are."""
    part = next(part for part, of_part in result.scores.items() if of_part is scores)
    dataset: Dataset = dict(result.splits.items())[part]
    judged = Judged.by_model(result.model, result.rows[part], dataset, part)
    return independent_rows(judged.said == dataset.labels, dataset.groups)


def _of_scores(scores: Scores | RegressionScores) -> Iterator[str]:
    yield from (comparison.sentence() for comparison in scores.comparisons.values())
    if isinstance(scores, Scores):
        yield scores.calibration.sentence()


def _decided(result: Result) -> Iterator[str]:
    yield from result.decision.sentences(result.model.class_names)
    for part, worth in result.answered.items():
        yield f"With {UNKNOWN!r}, {part}: it {worth.sentence()}."


def _by_part(result: Result) -> str:
    """Return the scores of every part, folded: they are of interest where they differ."""
    lines = [f"{part}: {scores.sentence()}" for part, scores in result.scores.items()]
    return f"<details><summary>Scores of every part</summary>{_list(lines)}</details>"


def _list(lines: Iterable[str | None]) -> str:
    return "".join(["<ul>", *(f"<li>{escaped(line)}</li>" for line in lines if line), "</ul>"])
