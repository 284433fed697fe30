"""`pellucid predict` says what pictures or rows show; `pellucid evaluate` scores a model on labelled data."""

import csv
import io
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from pellucid.assembly import data_for, described, unreadable
from pellucid.cli.options import Keys, cache_option
from pellucid.cli.output import json_option, progress_bars, refuse_foreign_json, say, table, write_json
from pellucid.data import picture_files, read_columns
from pellucid.decision import answers_of
from pellucid.errors import BadPictureError, InputError, MissingFileError
from pellucid.evaluation import score
from pellucid.features import Numbers
from pellucid.files import atomic_write, refuse_existing, refuse_same
from pellucid.model import Model, class_codes, load
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
    """Say what each picture shows, or which class each row of a table belongs to.

    A model that was trained with --reject says "unknown" where it is unsure, or a sample is unlike all it knows.

    Pictures of any size and kind; folders are searched for pictures; a model of a table takes CSV files.
    """
    if csv_file is not None:
        refuse_existing(csv_file, force)
    refuse_foreign_json(json_file)
    refuse_same(csv=csv_file, json=json_file)
    model = load(model_file)
    if not model.class_names:
        raise InputError(f"{model_file} predicts numbers, not classes; in Python: pellucid.load(...).predict(X).")
    folders = folder_names([*([UNKNOWN] if model.rejection else []), *model.class_names])
    if sort_into is not None:
        if isinstance(model.features, Numbers):
            raise InputError(f"{model_file} takes tables, whose rows cannot be sorted into folders; use --csv.")
        refuse_folder(sort_into, sources, folders.values(), force)
    skipped: list[tuple[str, str]] = []
    names, P, novelty = _predicted(model, sources, skipped if skip_bad else None)
    said = model.said(P, novelty)
    answers = [
        Answer(name, str(word), model.class_names[code], p, float(far))
        for name, word, code, p, far in zip(names, said, class_codes(P, model.threshold), P, novelty, strict=True)
    ]
    if csv_file is not None:
        atomic_write(csv_file, _csv(answers, model).encode("utf-8", "surrogateescape"))
    copies = None
    if sort_into is not None:
        copies = sort(Path(sort_into), [Path(name) for name in names], [folders[answer.said] for answer in answers])
    write_json(json_file, "predict", _results(answers, model, copies) | {"skipped": [list(pair) for pair in skipped]})
    for answer in answers[:MOST_SHOWN]:
        say(f"{answer.name}: {_in_words(answer, model)}")
    if len(names) > MOST_SHOWN:
        say(f"... and {len(names) - MOST_SHOWN} more; --csv FILE writes them all")
    if model.rejection is not None:
        say(f"{UNKNOWN}: {(said == UNKNOWN).sum()} of {len(said)}")
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

    Of data in parts the test part is taken, else validation, else all there is.
    """
    refuse_foreign_json(json_file)
    model = load(model_file)
    dataset, part, used_for = data_for(model, data, part, label=label, keys=keys)
    skipped: list[tuple[str, str]] | None = [] if skip_bad else None
    with progress_bars() as bars:
        R, dataset = described(dataset, model.features, model.network.parameters.dtype, skipped, bars, cache)
    P = model.probabilities(R)
    scores = score(P, dataset.labels, model.class_names, used_for, threshold=model.threshold)
    worth = answers_of(model, R, dataset, P, used_for)
    results = scores.as_dict() | {"part": part, "skipped": [list(pair) for pair in skipped or ()]}
    write_json(json_file, "evaluate", results | {"answered": None if worth is None else worth.as_dict()})
    say(f"{data}, part {part}: accuracy {scores.sentence()}")
    if worth is not None:
        say(f"with {UNKNOWN!r} for what it rejects, it {worth.sentence()}; all else here is of all rows")
    if used_for == "training":
        say("These rows, or some of them, were used for training: expect less on new data.")
    say(f"balanced accuracy: {scores.balanced_accuracy:.3f}")
    counts = [[name, *map(str, row)] for name, row in zip(scores.classes, scores.confusion, strict=True)]
    table(["true \\ said", *scores.classes], counts)
    for name, reason in skipped or ():
        say(f"left out: {name}: {reason}")


class Answer(NamedTuple):
    """What is said of a sample, the class that is likeliest, the probabilities (k,) and the novelty."""

    name: str
    said: str
    likeliest: str
    probabilities: np.ndarray
    novelty: float

    def probability(self, model: Model) -> float:
        """Return that of the likeliest class."""
        return float(self.probabilities[model.class_names.index(self.likeliest)])


def _predicted(
    model: Model, sources: tuple[str, ...], skipped: list[tuple[str, str]] | None
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return a name for each sample, its probabilities and its novelty."""
    if isinstance(model.features, Numbers):
        if not model.features.columns:
            raise InputError("this model has no column names, so a table cannot be matched to it; predict from Python.")
        tables = [read_columns(_existing(source), model.features.columns) for source in sources]
        names = [f"{s}, row {row}" for s, t in zip(sources, tables, strict=True) for row in range(len(t))]
        R = model.rows(np.concatenate(tables))
        return names, model.probabilities(R), model.novelty(R)
    files = [file for source in map(_existing, sources) for file in _files(source)]
    P, novelty, bad = [], [], []
    for start in range(0, len(files), BLOCK):
        of_block: list[tuple[int, BadPictureError]] = []
        R = model.rows(files[start : start + BLOCK], of_block)
        P.append(model.probabilities(R))
        novelty.append(model.novelty(R))
        bad += [(start + position, str(error)) for position, error in of_block]
    named = [(str(files[place]), reason) for place, reason in bad]
    if named and skipped is None:
        raise unreadable(named)
    if skipped is not None:
        skipped += named
    left_out = {place for place, _ in bad}
    names = [str(file) for place, file in enumerate(files) if place not in left_out]
    return names, np.concatenate(P), np.concatenate(novelty)


def _files(source: Path) -> list[Path]:
    return picture_files(source) if source.is_dir() else [source]


def _existing(source: str) -> Path:
    if not source or not Path(source).exists():
        raise MissingFileError(f"there is no file or folder {source}.")
    return Path(source)


def _csv(answers: list[Answer], model: Model) -> str:
    """Return the table: the probability is that of the likeliest class; novelty, where the model rejects."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    rejects = model.rejection is not None
    columns = ["file", "class", "probability", *(["novelty"] if rejects else [])]
    writer.writerow([*columns, *(f"p({name})" for name in model.class_names)])
    for answer in answers:
        numbers = [answer.probability(model), *([answer.novelty] if rejects else []), *answer.probabilities]
        writer.writerow([answer.name, answer.said, *(f"{number:.6f}" for number in numbers)])
    return text.getvalue()


def _results(answers: list[Answer], model: Model, copies: Sorted | None) -> dict[str, Any]:
    """Return the answers as JSON has them, with the limits of a model that rejects, and the copies that were made."""
    predictions: list[dict[str, Any]] = [
        {
            "name": answer.name,
            "class": answer.said,
            "probabilities": dict(zip(model.class_names, answer.probabilities.tolist(), strict=True)),
        }
        for answer in answers
    ]
    results: dict[str, Any] = {"predictions": predictions}
    if model.rejection is not None:
        results["limits"] = asdict(model.rejection)
        for prediction, answer in zip(predictions, answers, strict=True):
            prediction["novelty"] = answer.novelty
    for prediction, copy in zip(predictions, () if copies is None else copies.copies, strict=False):
        prediction["copy"] = str(copy)
    return results


def _in_words(answer: Answer, model: Model) -> str:
    likeliest = f"{answer.likeliest} ({answer.probability(model):.3f})"
    if answer.said != UNKNOWN or model.rejection is None:
        return likeliest
    if answer.novelty > model.rejection.novelty:
        return f"{UNKNOWN} (unlike all it learned from: {answer.novelty:.4g}, more than {model.rejection.novelty:.4g})"
    return f"{UNKNOWN} (unsure: {likeliest})"


def _tell_sorted(copies: Sorted, folder: Path, folders: dict[str, str]) -> None:
    for name, safe in folders.items():
        if name != safe:
            say(f"the folder of {name!r} is named {safe!r}, which every system takes")
    already = f", {copies.already} of which were there already" if copies.already else ""
    say(f"sorted into {folder}: {len(copies.copies)} copies{already}")
