"""`pellucid evaluate` scores a model on labelled data."""

from dataclasses import replace
from typing import Any

import click

from pellucid.cli.options import LABEL_FROM, PICTURES_FROM, Keys, cache_option, decimal_option
from pellucid.cli.output import MOST_CLASSES, check_json_file, json_option, progress_bars, say, table, typed, write_json
from pellucid.data import grouped
from pellucid.data.groups import BLOCKS
from pellucid.data.load import takes
from pellucid.evaluation import RegressionScores, Scores
from pellucid.evaluation.task import task_of
from pellucid.experiment.operating_point import selective_scores
from pellucid.experiment.scoring import class_shift_since_training
from pellucid.features.extraction import described
from pellucid.model.labelled_data import data_for, used_with
from pellucid.model.model import load
from pellucid.model.predictions import UNKNOWN
from pellucid.model.row_digests import learned_sentence
from pellucid.system.files import check_different, check_output


@click.command(
    "evaluate",
    epilog="""\b
Examples:
  pellucid evaluate model.pellucid new_photos/
  pellucid evaluate model.pellucid new_photos/ --report new.html
  pellucid evaluate model.pellucid fashion_mnist/ --part test --json scores.json""",
)
@click.argument("model_file", metavar="MODEL")
@click.argument("data")
@click.option("--part", type=click.Choice(["train", "validation", "test"]), help="Which part of the data to score on.")
@click.option("--label", metavar="COLUMN", help="The label column of a table.")
@click.option("--label-from", metavar="PATTERN", help=LABEL_FROM)
@click.option("--pictures-from", metavar="DIR", help=PICTURES_FROM)
@click.option("--keys", type=Keys(), help="The keys of samples and labels in an HDF5 or NPZ file.")
@decimal_option
@click.option("--skip-bad", is_flag=True, help="Leave out unreadable pictures, or rows without a label.")
@click.option("--report", "report_file", metavar="FILE.html", help="Also write a report to look at.")
@click.option("--force", is_flag=True, help="Replace a report that exists.")
@cache_option()
@json_option
def evaluate_command(
    model_file: str,
    data: str,
    part: str | None,
    label: str | None,
    label_from: str | None,
    pictures_from: str | None,
    keys: tuple[str, str] | None,
    decimal: str | None,
    skip_bad: bool,
    report_file: str | None,
    force: bool,
    cache: bool,
    json_file: str | None,
) -> None:
    """Score a model on labelled DATA: accuracy with its 95% interval, beside always saying the majority.

    Of data in parts the test part is taken, else validation, else all there is.
    """
    check_json_file(json_file)
    report_out = None if report_file is None else check_output(report_file, force)
    check_different(json=json_file, report=report_file)
    model = load(model_file)
    of_rows = (skip_bad and takes(data, "skip_bad") and not pictures_from) or None
    how = {"label": label, "keys": keys, "pictures_from": pictures_from, "label_from": label_from}
    dataset, part, used_for = data_for(model, data, part, **how, decimal=decimal, skip_bad=of_rows)
    skipped: list[tuple[str, str]] | None = [] if skip_bad else None
    with progress_bars() as bars:
        R, dataset = described(dataset, model.features, model.network.parameters.dtype, skipped, bars, cache)
    by = model.provenance.recipe.get("group_by")
    if by and (dataset.kind == "pictures" or (by == BLOCKS and dataset.groups is None)):
        dataset = replace(dataset, groups=grouped(dataset, by, needed=False))  # of a table they are a column
    task, found, notes = task_of(model), model.predictions(R), [*dataset.notes, *model.notes(R)]
    known = model.has_learned(R)
    used_for = used_with(model, known, used_for)
    scores = task.scores(found, dataset.labels, used_for, model, groups=dataset.groups)
    worth = selective_scores(model, found, dataset.labels, dataset.groups, used_for)
    others: dict[str, Any] = {"part": part, "skipped": [list(pair) for pair in skipped or ()], "notes": notes}
    others["answered"] = None if worth is None else worth.as_dict()
    unseen = None
    if known.any() and not known.all():
        groups = None if dataset.groups is None else dataset.groups[~known]
        unseen = task.scores(model.predictions(R[~known]), dataset.labels[~known], "testing", model, groups=groups)
    others["unseen"] = None if unseen is None else unseen.as_dict()
    write_json(json_file, "evaluate", scores.as_dict() | others)
    where = data if part == "train" and used_for == "testing" else f"{data}, part {part}"
    say(f"{where}: {' '.join(filter(None, (task.score_name, scores.sentence())))}")
    if worth is not None:
        say(f"with {UNKNOWN!r} for rejected rows, it {worth.sentence()}; all other scores cover all rows")
    shift = class_shift_since_training(model, dataset.labels) if used_for == "testing" else None
    if shift is not None and (told := shift.sentence()):
        say(told)
    if told := learned_sentence(known):
        say(f"{told}.")
        if unseen is not None:
            say(
                f"without {'it' if known.sum() == 1 else 'them'}: {task.score_name} {unseen.sentence()}".replace(
                    "  ", " "
                )
            )
    elif used_for == "training":
        say("These rows, or some of them, were used for training: expect less on new data.")
    if isinstance(scores, RegressionScores):
        explained = "" if scores.r2 is None else f"; R^2 {scores.r2:.3f}"
        say(f"mean absolute error {scores.mae:.4g}{explained}")
    else:
        say(f"balanced accuracy: {scores.balanced_accuracy:.3f}")
        say(scores.calibration.sentence())
        _print_classes(scores)
    for note in notes:
        say(f"note: {note}")
    for name, reason in skipped or ():
        say(f"left out: {name}: {reason}")
    if report_out is not None:
        from pellucid.explanation.report import evaluation_report

        with progress_bars() as bars:
            page = evaluation_report(
                model, dataset, found, scores, part=part, shift=shift, command=typed(), progress=bars
            )
        say(f"report: {page.save(report_out, force=True)}, opens in any browser")


def _print_classes(scores: Scores) -> None:
    """Print the confusion matrix; of many classes, a line each with the class it was most often taken for."""
    counts = [sum(row) for row in scores.confusion]
    if len(counts) > MOST_CLASSES:
        rows = []
        for code, (name, row) in enumerate(zip(scores.classes, scores.confusion, strict=True)):
            most, other = max((n, other) for other, n in zip(scores.classes, row, strict=True) if other != name)
            shares = _share(scores.recall[code]), _share(scores.precision[code])
            rows.append([name, str(counts[code]), *shares, f"{other} ({most})" if most else ""])
        table(["class", "samples", "recall", "precision", "most often taken for"], rows)
        return
    rows = [
        [name, *map(str, row), _share(recall)]
        for name, row, recall in zip(scores.classes, scores.confusion, scores.recall, strict=True)
    ]
    precision = ["precision", *map(_share, scores.precision), ""]
    table(["true \\ predicted", *scores.classes, "recall"], [*rows, precision])


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
