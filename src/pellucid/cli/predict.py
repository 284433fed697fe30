"""`pellucid predict` says what pictures or rows show; `pellucid evaluate` scores a model on labelled data."""

import csv
import io
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from pellucid.assembly import data_for, described, unreadable
from pellucid.cli.options import Keys, cache_option
from pellucid.cli.output import json_option, progress_bars, refuse_foreign_json, say, table, write_json
from pellucid.data import picture_files
from pellucid.errors import BadPictureError, MissingFileError
from pellucid.evaluation import RegressionScores
from pellucid.features import PictureFeatures
from pellucid.files import atomic_write, refuse_existing, refuse_same
from pellucid.judging import scored
from pellucid.model import Model, class_codes, load

MOST_SHOWN = 60  # lines on the screen; --csv has them all
BLOCK = 256


@click.command(
    "predict",
    epilog="""\b
Examples:
  pellucid predict model.pellucid cat.jpg
  pellucid predict model.pellucid holiday/ --csv answers.csv
  pellucid predict model.pellucid new_flowers.csv""",
)
@click.argument("model_file", metavar="MODEL")
@click.argument("sources", metavar="FILE_OR_FOLDER...", nargs=-1, required=True)
@click.option("--csv", "csv_file", metavar="FILE", help="Write a table: file, class, probability, one column a class.")
@click.option("--force", is_flag=True, help="Replace the table if it exists.")
@click.option("--skip-bad", is_flag=True, help="Leave out pictures that cannot be read; they are named.")
@json_option
def predict_command(
    model_file: str, sources: tuple[str, ...], csv_file: str | None, force: bool, skip_bad: bool, json_file: str | None
) -> None:
    """Say what each picture shows, or which class or number belongs to each row of a table.

    Pictures of any size and kind; folders are searched for pictures; a model of a table takes CSV, TSV and parquet
    files, in which its columns are found by name.
    """
    if csv_file is not None:
        refuse_existing(csv_file, force)
    refuse_foreign_json(json_file)
    refuse_same(csv=csv_file, json=json_file)
    model = load(model_file)
    skipped: list[tuple[str, str]] = []
    names, Y, notes = _predicted(model, sources, skipped if skip_bad else None)
    answers = _classes(model.class_names, Y) if model.class_names else _numbers(model, Y)
    if csv_file is not None:
        rows = [answers.columns, *([name, *cells] for name, cells in zip(names, answers.cells, strict=True))]
        atomic_write(csv_file, _csv(rows).encode("utf-8", "surrogateescape"))
    predictions = [{"name": name} | answer for name, answer in zip(names, answers.answers, strict=True)]
    others = {"skipped": [list(pair) for pair in skipped], "notes": notes}
    write_json(json_file, "predict", {"predictions": predictions} | others)
    for name, text in zip(names[:MOST_SHOWN], answers.texts, strict=False):
        say(f"{name}: {text}")
    if len(names) > MOST_SHOWN:
        say(f"... and {len(names) - MOST_SHOWN} more; --csv FILE writes them all")
    for note in notes:
        say(f"note: {note}")
    for name, reason in skipped:
        say(f"left out: {name}: {reason}")
    if csv_file is not None:
        say(f"table: {csv_file}")


@click.command(
    "evaluate",
    epilog="""\b
Examples:
  pellucid evaluate model.pellucid new_photos/
  pellucid evaluate model.pellucid fashion_mnist/ --part test --json scores.json""",
)
@click.argument("model_file", metavar="MODEL")
@click.argument("data")
@click.option("--part", type=click.Choice(["train", "validation", "test"]), help="Which part of the data to score on.")
@click.option("--label", metavar="COLUMN", help="The label column of a table.")
@click.option("--keys", type=Keys(), help="The keys of samples and labels in an HDF5 or NPZ file.")
@click.option("--skip-bad", is_flag=True, help="Leave out pictures that cannot be read; they are named.")
@cache_option()
@json_option
def evaluate_command(
    model_file: str,
    data: str,
    part: str | None,
    label: str | None,
    keys: tuple[str, str] | None,
    skip_bad: bool,
    cache: bool,
    json_file: str | None,
) -> None:
    """Score a model on labelled DATA: accuracy with its 95% interval, beside always saying the majority.

    Of a model that predicts numbers: how far they are off, beside always saying the mean.

    Of data in parts the test part is taken, else validation, else all there is.
    """
    refuse_foreign_json(json_file)
    model = load(model_file)
    dataset, part, used_for = data_for(model, data, part, label=label, keys=keys)
    skipped: list[tuple[str, str]] | None = [] if skip_bad else None
    with progress_bars() as bars:
        R, dataset = described(dataset, model.features, model.network.parameters.dtype, skipped, bars, cache)
    scores, notes = scored(model, R, dataset.labels, used_for), model.notes(R)
    others = {"part": part, "skipped": [list(pair) for pair in skipped or ()], "notes": notes}
    write_json(json_file, "evaluate", scores.as_dict() | others)
    say(f"{data}, part {part}: {'accuracy ' if model.class_names else ''}{scores.sentence()}")
    if used_for == "training":
        say("These rows, or some of them, were used for training: expect less on new data.")
    if isinstance(scores, RegressionScores):
        explained = "" if scores.r2 is None else f"; R^2 {scores.r2:.3f}"
        say(f"mean absolute error {scores.mae:.4g}{explained}")
    else:
        say(f"balanced accuracy: {scores.balanced_accuracy:.3f}")
        counts = [[name, *map(str, row)] for name, row in zip(scores.classes, scores.confusion, strict=True)]
        table(["true \\ said", *scores.classes], counts)
    for note in notes:
        say(f"note: {note}")
    for name, reason in skipped or ():
        say(f"left out: {name}: {reason}")


class Answers(NamedTuple):
    """What a model says of samples: for CSV the columns and each sample's cells, for JSON, and for the screen."""

    columns: list[str]
    cells: list[list[str]]
    answers: list[dict[str, Any]]
    texts: list[str]


def _classes(class_names: tuple[str, ...], P: np.ndarray) -> Answers:
    said = [class_names[code] for code in class_codes(P)]
    return Answers(
        ["file", "class", "probability", *(f"p({name})" for name in class_names)],
        [[name, f"{p.max():.6f}", *(f"{value:.6f}" for value in p)] for name, p in zip(said, P, strict=True)],
        [
            {"class": name, "probabilities": dict(zip(class_names, p.tolist(), strict=True))}
            for name, p in zip(said, P, strict=True)
        ],
        [f"{name} ({p:.3f})" for name, p in zip(said, P.max(axis=1), strict=True)],
    )


def _numbers(model: Model, Y: np.ndarray) -> Answers:
    names = ["value"] if Y.shape[1] == 1 else [f"value {number + 1}" for number in range(Y.shape[1])]
    names = names if model.target is None else [model.target.name]
    return Answers(
        ["file", *names],
        [[str(value) for value in y] for y in Y],
        [{"values": dict(zip(names, y.tolist(), strict=True))} for y in Y],
        [", ".join(f"{name} {value:.6g}" for name, value in zip(names, y, strict=True)) for y in Y],
    )


def _predicted(
    model: Model, sources: tuple[str, ...], skipped: list[tuple[str, str]] | None
) -> tuple[list[str], np.ndarray, list[str]]:
    """Return a name for each sample, its probabilities or numbers, and what is unlike training in all of them."""
    answered = model.probabilities if model.class_names else model.outputs
    if not isinstance(model.features, PictureFeatures):
        tables = [model.rows_of_file(_existing(source)) for source in sources]
        names = [f"{s}, row {row}" for s, t in zip(sources, tables, strict=True) for row in range(len(t))]
        R = np.concatenate(tables)
        return names, answered(R), model.notes(R)
    files = [file for source in map(_existing, sources) for file in _files(source)]
    Y, bad = [], []
    for start in range(0, len(files), BLOCK):
        of_block: list[tuple[int, BadPictureError]] = []
        Y.append(answered(model.rows(files[start : start + BLOCK], of_block)))
        bad += [(start + position, str(error)) for position, error in of_block]
    named = [(str(files[place]), reason) for place, reason in bad]
    if named and skipped is None:
        raise unreadable(named)
    if skipped is not None:
        skipped += named
    left_out = {place for place, _ in bad}
    return [str(file) for place, file in enumerate(files) if place not in left_out], np.concatenate(Y), []


def _files(source: Path) -> list[Path]:
    return picture_files(source) if source.is_dir() else [source]


def _existing(source: str) -> Path:
    if not source or not Path(source).exists():
        raise MissingFileError(f"there is no file or folder {source}.")
    return Path(source)


def _csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
