"""`pellucid predict` says what pictures or rows show; `pellucid evaluate` scores a model on labelled data."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

from pellucid.assembly import data_for, described, unreadable
from pellucid.cli.answers import Answer, Numbers, answers_to, csv_text
from pellucid.cli.options import Keys, cache_option
from pellucid.cli.output import json_option, progress_bars, refuse_foreign_json, say, table, write_json
from pellucid.data import picture_files
from pellucid.decision import answers_of
from pellucid.errors import BadPictureError, InputError, MissingFileError
from pellucid.evaluation import RegressionScores
from pellucid.features import PictureFeatures
from pellucid.files import atomic_write, refuse_existing, refuse_same
from pellucid.judging import scored
from pellucid.model import Model, load
from pellucid.novelty import UNKNOWN
from pellucid.sorting import Sorted, folder_names, refuse_folder
from pellucid.sorting import sort_into as sort

MOST_SHOWN = 60  # lines on the screen; --csv has them all
BLOCK = 256


@click.command(
    "predict",
    epilog="""\b
Examples:
  pellucid predict model.pellucid cat.jpg
  pellucid predict model.pellucid holiday/ --csv answers.csv --sort-into sorted/
  pellucid predict model.pellucid new_flowers.csv""",
)
@click.argument("model_file", metavar="MODEL")
@click.argument("sources", metavar="FILE_OR_FOLDER...", nargs=-1, required=True)
@click.option("--csv", "csv_file", metavar="FILE", help="Write a table: file, class, probability, one column a class.")
@click.option("--sort-into", metavar="DIR", help="Copy each picture into a folder of its class; nothing is moved.")
@click.option("--force", is_flag=True, help="Replace the table if it exists; sort beside what else is in the folder.")
@click.option("--skip-bad", is_flag=True, help="Leave out pictures that cannot be read; they are named.")
@json_option
def predict_command(
    model_file: str,
    sources: tuple[str, ...],
    csv_file: str | None,
    sort_into: str | None,
    force: bool,
    skip_bad: bool,
    json_file: str | None,
) -> None:
    """Say what each picture shows, or which class or number belongs to each row of a table.

    A model that was trained with --reject says "unknown" where it is unsure, or a sample is unlike all it knows.

    Pictures of any size and kind; folders are searched for pictures; a model of a table takes CSV, TSV and parquet
    files, in which its columns are found by name.
    """
    if csv_file is not None:
        refuse_existing(csv_file, force)
    refuse_foreign_json(json_file)
    refuse_same(csv=csv_file, json=json_file)
    model = load(model_file)
    folders = folder_names([*([UNKNOWN] if model.rejection else []), *model.class_names])
    if sort_into is not None:
        if not isinstance(model.features, PictureFeatures):
            raise InputError(f"{model_file} takes tables, whose rows cannot be sorted into folders; use --csv.")
        if not model.class_names:
            raise InputError(f"{model_file} predicts numbers, which are no folders; use --csv.")
        refuse_folder(sort_into, sources, folders.values(), force)
    skipped: list[tuple[str, str]] = []
    names, Y, novelty, notes = _predicted(model, sources, skipped if skip_bad else None)
    answers = answers_to(model, names, Y, novelty)
    if csv_file is not None:
        atomic_write(csv_file, csv_text(answers, model).encode("utf-8", "surrogateescape"))
    copies = None
    if sort_into is not None:
        copies = sort(Path(sort_into), [Path(name) for name in names], [folders[answer.said] for answer in answers])
    others = {"skipped": [list(pair) for pair in skipped], "notes": notes}
    write_json(json_file, "predict", _results(answers, model, copies) | others)
    for answer in answers[:MOST_SHOWN]:
        say(f"{answer.name}: {answer.in_words(model)}")
    if len(names) > MOST_SHOWN:
        say(f"... and {len(names) - MOST_SHOWN} more; --csv FILE writes them all")
    for note in notes:
        say(f"note: {note}")
    if model.rejection is not None:
        say(f"{UNKNOWN}: {sum(answer.said == UNKNOWN for answer in answers)} of {len(answers)}")
    for name, reason in skipped:
        say(f"left out: {name}: {reason}")
    if csv_file is not None:
        say(f"table: {csv_file}")
    if copies is not None:
        _tell_sorted(copies, Path(sort_into or ""), folders)


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
    answers, notes = model.answers(R), model.notes(R)
    scores = scored(model, answers, dataset, used_for)
    worth = answers_of(model, R, dataset, answers, used_for)
    results = scores.as_dict() | {"part": part, "skipped": [list(pair) for pair in skipped or ()], "notes": notes}
    write_json(json_file, "evaluate", results | {"answered": None if worth is None else worth.as_dict()})
    say(f"{data}, part {part}: {'accuracy ' if model.class_names else ''}{scores.sentence()}")
    if worth is not None:
        say(f"with {UNKNOWN!r} for what it rejects, it {worth.sentence()}; all else here is of all rows")
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


def _predicted(
    model: Model, sources: tuple[str, ...], skipped: list[tuple[str, str]] | None
) -> tuple[list[str], np.ndarray, np.ndarray, list[str]]:
    """Return a name for each sample, its probabilities or numbers, its novelty; what is unlike all of training."""
    if not isinstance(model.features, PictureFeatures):
        tables = [model.rows_of_file(_existing(source)) for source in sources]
        names = [f"{s}, row {row}" for s, t in zip(sources, tables, strict=True) for row in range(len(t))]
        R = np.concatenate(tables)
        return names, model.answers(R), model.novelty(R), model.notes(R)
    files = [file for source in map(_existing, sources) for file in _files(source)]
    Y, novelty, bad = [], [], []
    for start in range(0, len(files), BLOCK):
        of_block: list[tuple[int, BadPictureError]] = []
        R = model.rows(files[start : start + BLOCK], of_block)
        Y.append(model.answers(R))
        novelty.append(model.novelty(R))
        bad += [(start + position, str(error)) for position, error in of_block]
    named = [(str(files[place]), reason) for place, reason in bad]
    if named and skipped is None:
        raise unreadable(named)
    if skipped is not None:
        skipped += named
    left_out = {place for place, _ in bad}
    names = [str(file) for place, file in enumerate(files) if place not in left_out]
    return names, np.concatenate(Y), np.concatenate(novelty), []


def _files(source: Path) -> list[Path]:
    return picture_files(source) if source.is_dir() else [source]


def _existing(source: str) -> Path:
    if not source or not Path(source).exists():
        raise MissingFileError(f"there is no file or folder {source}.")
    return Path(source)


def _results(answers: Sequence[Answer | Numbers], model: Model, copies: Sorted | None) -> dict[str, Any]:
    """Return the answers as JSON has them, with the limits of a model that rejects, and the copies that were made."""
    predictions = [answer.as_dict(model) for answer in answers]
    for prediction, copy in zip(predictions, () if copies is None else copies.copies, strict=False):
        prediction["copy"] = str(copy)
    limits = {} if model.rejection is None else {"limits": asdict(model.rejection)}
    return {"predictions": predictions, **limits}


def _tell_sorted(copies: Sorted, folder: Path, folders: dict[str, str]) -> None:
    for name, safe in folders.items():
        if name != safe:
            say(f"the folder of {name!r} is named {safe!r}, which every system takes")
    already = f", {copies.already} of which were there already" if copies.already else ""
    say(f"sorted into {folder}: {len(copies.copies)} copies{already}")
