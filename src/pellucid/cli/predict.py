"""`pellucid predict` says what pictures or rows show; `pellucid evaluate` scores a model on labelled data."""

import csv
import io
from pathlib import Path
from typing import Any

import click
import numpy as np

from pellucid.assembly import data_for, described, unreadable
from pellucid.cli.options import Keys, cache_option
from pellucid.cli.output import json_option, progress_bars, refuse_foreign_json, say, table, write_json
from pellucid.data import picture_files, read_columns
from pellucid.errors import BadPictureError, InputError, MissingFileError
from pellucid.evaluation import score
from pellucid.features import Numbers
from pellucid.files import atomic_write, refuse_existing, refuse_same
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
    """Say what each picture shows, or which class each row of a table belongs to.

    Pictures of any size and kind; folders are searched for pictures; a model of a table takes CSV files.
    """
    if csv_file is not None:
        refuse_existing(csv_file, force)
    refuse_foreign_json(json_file)
    refuse_same(csv=csv_file, json=json_file)
    model = load(model_file)
    if not model.class_names:
        raise InputError(f"{model_file} predicts numbers, not classes; in Python: pellucid.load(...).predict(X).")
    skipped: list[tuple[str, str]] = []
    names, P = _predicted(model, sources, skipped if skip_bad else None)
    answers = [model.class_names[code] for code in class_codes(P)]
    predictions = [
        {"name": name, "class": answer, "probabilities": dict(zip(model.class_names, p.tolist(), strict=True))}
        for name, answer, p in zip(names, answers, P, strict=True)
    ]
    if csv_file is not None:
        atomic_write(csv_file, _csv(names, answers, P, model.class_names).encode("utf-8", "surrogateescape"))
    write_json(json_file, "predict", {"predictions": predictions, "skipped": [list(pair) for pair in skipped]})
    for name, answer, p in zip(names[:MOST_SHOWN], answers, P.max(axis=1), strict=False):
        say(f"{name}: {answer} ({p:.3f})")
    if len(names) > MOST_SHOWN:
        say(f"... and {len(names) - MOST_SHOWN} more; --csv FILE writes them all")
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

    Of data in parts the test part is taken, else validation, else all there is.
    """
    refuse_foreign_json(json_file)
    model = load(model_file)
    dataset, part, used_for = data_for(model, data, part, label=label, keys=keys)
    skipped: list[tuple[str, str]] | None = [] if skip_bad else None
    with progress_bars() as bars:
        R, dataset = described(dataset, model.features, model.network.parameters.dtype, skipped, bars, cache)
    scores = score(model.probabilities(R), dataset.labels, model.class_names, used_for)
    results = scores.as_dict() | {"part": part, "skipped": [list(pair) for pair in skipped or ()]}
    write_json(json_file, "evaluate", results)
    say(f"{data}, part {part}: accuracy {scores.sentence()}")
    if used_for == "training":
        say("These rows, or some of them, were used for training: expect less on new data.")
    say(f"balanced accuracy: {scores.balanced_accuracy:.3f}")
    counts = [[name, *map(str, row)] for name, row in zip(scores.classes, scores.confusion, strict=True)]
    table(["true \\ said", *scores.classes], counts)
    for name, reason in skipped or ():
        say(f"left out: {name}: {reason}")


def _predicted(
    model: Model, sources: tuple[str, ...], skipped: list[tuple[str, str]] | None
) -> tuple[list[str], np.ndarray]:
    """Return a name for each sample, and its probabilities."""
    if isinstance(model.features, Numbers):
        if not model.features.columns:
            raise InputError("this model has no column names, so a table cannot be matched to it; predict from Python.")
        tables = [read_columns(_existing(source), model.features.columns) for source in sources]
        names = [f"{s}, row {row}" for s, t in zip(sources, tables, strict=True) for row in range(len(t))]
        return names, model.predict_proba(np.concatenate(tables))
    files = [file for source in map(_existing, sources) for file in _files(source)]
    P, bad = [], []
    for start in range(0, len(files), BLOCK):
        of_block: list[tuple[int, BadPictureError]] = []
        P.append(model.probabilities(model.rows(files[start : start + BLOCK], of_block)))
        bad += [(start + position, str(error)) for position, error in of_block]
    named = [(str(files[place]), reason) for place, reason in bad]
    if named and skipped is None:
        raise unreadable(named)
    if skipped is not None:
        skipped += named
    left_out = {place for place, _ in bad}
    return [str(file) for place, file in enumerate(files) if place not in left_out], np.concatenate(P)


def _files(source: Path) -> list[Path]:
    return picture_files(source) if source.is_dir() else [source]


def _existing(source: str) -> Path:
    if not source or not Path(source).exists():
        raise MissingFileError(f"there is no file or folder {source}.")
    return Path(source)


def _csv(names: list[str], answers: list[str], P: Any, class_names: tuple[str, ...]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "class", "probability", *(f"p({name})" for name in class_names)])
    for name, answer, p in zip(names, answers, P, strict=True):
        writer.writerow([name, answer, f"{p.max():.6f}", *(f"{value:.6f}" for value in p)])
    return text.getvalue()
