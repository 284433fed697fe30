"""`pellucid predict` says what pictures or rows show."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from pellucid.cli.options import decimal_option
from pellucid.cli.output import check_json_file, json_option, say, write_json
from pellucid.data import census, pictures_and_others
from pellucid.data.corrections import BOM, defused
from pellucid.data.images import has_several, opened, read_file
from pellucid.data.readers.workbook import workbook_file, write_cells
from pellucid.data.sort_into_folders import Sorted, check_sorting_folder, folder_names
from pellucid.data.sort_into_folders import sort_into as sort
from pellucid.errors import BadPictureError, InputError, MissingFileError
from pellucid.features.extraction import unreadable
from pellucid.model.model import Model, load
from pellucid.model.novelty import OF_ALL, unfamiliar_notes
from pellucid.model.predictions import UNKNOWN, Predictions
from pellucid.system.files import atomic_write, check_different, check_output

MOST_SHOWN = 60  # lines on the screen; --csv has them all
MAY_HAVE_PAGES = (".tif", ".tiff", ".gif", ".webp")
BLOCK = 256  # pictures that are answered at a time


class Answer(NamedTuple):
    """One prediction as it is shown: cells of a table, values for JSON, a text for the screen."""

    cells: list[str]
    values: dict[str, Any]
    text: str


class Answers(NamedTuple):
    """Predictions with the samples' names, the columns of their table, and notes on what never occurred in training.

    passed_over: the files that are no pictures, with the reason.
    """

    names: list[str]
    columns: list[str]
    predictions: Predictions
    rows: list[Answer]
    notes: list[str]
    passed_over: dict[str, str]


def answers(
    model: Model, sources: tuple[str, ...], skipped: list[tuple[str, str]] | None, decimal: str | None = None
) -> Answers:
    """Return the predictions for files and folders.

    decimal: the decimal mark of tables, where their cells leave it open.
    skipped: where given, unreadable pictures are left out and added to it as (name, reason).
    """
    notes: list[str] = []
    passed_over: dict[str, str] = {}
    if model.features.of_images:
        names, found, words = _of_pictures(model, sources, skipped, passed_over)
        notes += [*unfamiliar_notes(words), *_of_pages(names)]
    else:
        tables = [model.extract(_existing(source), decimal=decimal, notes=notes) for source in sources]
        names = [f"{s}, row {row}" for s, t in zip(sources, tables, strict=True) for row in range(len(t))]
        R = np.concatenate(tables)
        found, words = model.predictions(R), model.unfamiliar(R)
        notes += model.notes(R)
    if model.class_names:
        columns = ["class", "probability", *(["novelty"] if model.rejection else [])]
        columns += [f"p({name})" for name in model.class_names]
        return Answers(names, columns, found, list(_classes(model, found, words)), notes, passed_over)
    Y = found.outputs.reshape(len(names), -1)
    columns = ["value"] if Y.shape[1] == 1 else [f"value {number + 1}" for number in range(Y.shape[1])]
    columns = columns if model.target is None else [model.target.name]
    return Answers(names, columns, found, [_number(columns, y) for y in Y], notes, passed_over)


def _classes(model: Model, found: Predictions, unfamiliar: np.ndarray) -> Iterator[Answer]:
    each = zip(found.classes.tolist(), found.codes, found.outputs, found.novelty.tolist(), unfamiliar, strict=True)
    for word, code, p, far, odd in each:
        values = {"class": word, "probabilities": dict(zip(model.class_names, p.tolist(), strict=True))}
        numbers = [p[code], *p]
        if model.rejection is not None:
            values["novelty"] = far
            numbers.insert(1, far)
        text = f"{model.class_names[code]} ({p[code]:.3f})"
        if model.rejection is not None and word == UNKNOWN:
            limit = model.rejection.novelty
            why = f"unlike all training samples: {far:.4g} > {limit:.4g}" if far > limit else f"unsure: {text}"
            text = f"{UNKNOWN} ({why})"
        if odd.endswith(OF_ALL):
            values["unfamiliar"] = odd
            text += f", but {odd}"
        yield Answer([word, *(f"{number:.6f}" for number in numbers)], values, text)


def _number(columns: list[str], y: np.ndarray) -> Answer:
    named = dict(zip(columns, y.tolist(), strict=True))
    text = ", ".join(f"{name} {value:.6g}" for name, value in named.items())
    return Answer([str(value) for value in named.values()], {"values": named}, text)


def _of_pictures(
    model: Model, sources: tuple[str, ...], skipped: list[tuple[str, str]] | None, passed_over: dict[str, str]
) -> tuple[list[str], Predictions, np.ndarray]:
    """Return a name for each readable picture, the predictions, and how each picture differs from all of training.

    passed_over: takes the files that are no pictures, with the reason.
    """
    files: list[Any] = []
    for source in map(_existing, sources):
        if source.is_dir() or source.suffix.lower() == ".zip":
            found, others = pictures_and_others(source)
            files += found
            passed_over |= others
        else:
            files.append(source)
    blocks, words, bad = [], [], []
    for start in range(0, len(files), BLOCK):
        of_block: list[tuple[int, BadPictureError]] = []
        R = model.extract(files[start : start + BLOCK], of_block)
        blocks.append(model.predictions(R))
        words.append(model.unfamiliar(R))
        bad += [(start + position, str(error)) for position, error in of_block]
    named = [(str(files[place]), reason) for place, reason in bad]
    if named and skipped is None:
        raise unreadable(named)
    if skipped is not None:
        skipped += named
    left_out = {place for place, _ in bad}
    names = [str(file) for place, file in enumerate(files) if place not in left_out]
    return names, Predictions.joined(blocks), np.concatenate(words)


def _of_pages(names: Sequence[str]) -> Iterator[str]:
    """Yield a note on pictures of several pages or frames; the names alone say which files may be such."""
    several = []
    for name in (name for name in names if Path(name).suffix.lower() in MAY_HAVE_PAGES and Path(name).is_file()):
        with opened(read_file(name)) as image:
            if has_several(image):
                several.append(name)
    if several:
        yield (
            f"only the first page or frame was looked at of {several[0]}"
            f"{f' and {len(several) - 1:,} more' if len(several) > 1 else ''}"
        )


def _existing(source: str) -> Path:
    if not source or not (workbook_file(Path(source)) or Path(source)).exists():
        raise MissingFileError(f"there is no file or folder {source}.")
    return Path(source)


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
@decimal_option
@click.option("--csv", "csv_file", metavar="FILE", help="Write a table: file, class, probability, one column a class.")
@click.option("--sort-into", metavar="DIR", help="Copy each picture into a folder of its class; nothing is moved.")
@click.option("--force", is_flag=True, help="Replace the table if it exists; sort beside what else is in the folder.")
@click.option("--skip-bad", is_flag=True, help="Leave out unreadable pictures and list them.")
@json_option
def predict_command(
    model_file: str,
    sources: tuple[str, ...],
    decimal: str | None,
    csv_file: str | None,
    sort_into: str | None,
    force: bool,
    skip_bad: bool,
    json_file: str | None,
) -> None:
    """Say what each picture shows, or which class or number belongs to each row of a table.

    A model that was trained with --reject says "unknown" where it is unsure, or a sample is unlike all it knows.

    Pictures of any size and kind; folders and zips are searched for pictures; a model of a table takes CSV, TSV, .xlsx
    and parquet files, in which its columns are found by name.
    """
    if csv_file is not None:
        check_output(csv_file, force)
    check_json_file(json_file)
    check_different(csv=csv_file, json=json_file)
    model = load(model_file)
    folders = folder_names([*([UNKNOWN] if model.rejection else []), *model.class_names])
    if sort_into is not None:
        if not model.features.of_images:
            raise InputError(f"{model_file} takes tables, whose rows cannot be sorted into folders; use --csv.")
        if not model.class_names:
            raise InputError(f"{model_file} predicts numbers, so there are no classes to sort pictures by; use --csv.")
        if zipped := [source for source in sources if source.lower().endswith(".zip")]:
            raise InputError(f"{zipped[0]} is a zip, whose pictures cannot be sorted; unpack it first, or use --csv.")
        check_sorting_folder(sort_into, sources, folders.values(), force)
    skipped: list[tuple[str, str]] = []
    found = answers(model, sources, skipped if skip_bad else None, decimal)
    if csv_file is not None:
        atomic_write(csv_file, _table(found, Path(csv_file)))
    copies = None
    if sort_into is not None:
        of_class = [folders[name] for name in found.predictions.classes.tolist()]
        copies = sort(Path(sort_into), [Path(name) for name in found.names], of_class)
    results = _results(found, copies) | {
        "skipped": [list(pair) for pair in skipped],
        "passed_over": [list(pair) for pair in found.passed_over.items()],
    }
    if model.rejection is not None:
        results["limits"] = asdict(model.rejection)
    write_json(json_file, "predict", results)
    for name, answer in zip(found.names[:MOST_SHOWN], found.rows, strict=False):
        say(f"{name}: {answer.text}")
    if len(found.names) > MOST_SHOWN:
        say(f"... and {len(found.names) - MOST_SHOWN} more; --csv FILE writes them all")
    if model.rejection is not None:
        say(f"{UNKNOWN}: {int(found.predictions.rejected.sum())} of {len(found.rows)}")
    for note in found.notes:
        say(f"note: {note}")
    for name, reason in skipped:
        say(f"left out: {name}: {reason}")
    if skipped or found.passed_over:
        say(census(len(found.names), "answered", found.passed_over, len(skipped)))
    if csv_file is not None:
        say(f"table: {csv_file}")
    if copies is not None:
        _tell_sorted(copies, Path(sort_into or ""), folders)


def _table(found: Answers, path: Path) -> bytes:
    """Return the answers as a workbook, where the name ends so, or as CSV."""
    header = ["file", *found.columns]
    rows = [[name, *answer.cells] for name, answer in zip(found.names, found.rows, strict=True)]
    if path.suffix.lower() == ".xlsx":
        typed = [
            [cell if name in ("file", "class") else float(cell) for name, cell in zip(header, row, strict=True)]
            for row in rows
        ]
        return write_cells(path, [header, *typed])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(defused, header))
    writer.writerows([defused(name), *map(defused, cells)] for name, *cells in rows)
    return (BOM + text.getvalue()).encode("utf-8", "surrogateescape")


def _results(found: Answers, copies: Sorted | None) -> dict[str, Any]:
    told = [{"name": name} | answer.values for name, answer in zip(found.names, found.rows, strict=True)]
    for prediction, copy in zip(told, () if copies is None else copies.copies, strict=False):
        prediction["copy"] = str(copy)
    return {"predictions": told, "notes": found.notes}


def _tell_sorted(copies: Sorted, folder: Path, folders: dict[str, str]) -> None:
    for name, safe in folders.items():
        if name != safe:
            say(f"the folder of {name!r} is named {safe!r}, which every system takes")
    already = f", {copies.already} of them already there" if copies.already else ""
    say(f"sorted into {folder}: {len(copies.copies)} copies{already}")
