"""Answers: what a model says of samples, as a table has it, as JSON has it, and as one reads it on the screen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pellucid.data import picture_files
from pellucid.errors import BadPictureError, MissingFileError
from pellucid.features import PictureFeatures
from pellucid.features.extraction import unreadable
from pellucid.model.model import Model
from pellucid.model.novelty import UNKNOWN
from pellucid.model.predictions import class_codes

BLOCK = 256  # pictures that are answered at a time


class Answer(NamedTuple):
    """What is said of one sample: the class or "" for numbers, cells of a table, values for JSON, a text."""

    said: str
    cells: list[str]
    values: dict[str, Any]
    text: str


class Predictions(NamedTuple):
    """Answers with the samples' names; the columns of their table; what is unlike training in all of them."""

    names: list[str]
    columns: list[str]
    answers: list[Answer]
    notes: list[str]


def predictions(model: Model, sources: tuple[str, ...], skipped: list[tuple[str, str]] | None) -> Predictions:
    """Return what a model says of files and folders.

    skipped: where given, pictures that cannot be read are left out and added to it as (name, reason).
    """
    if isinstance(model.features, PictureFeatures):
        names, Y, novelty = _of_pictures(model, sources, skipped)
        notes: list[str] = []
    else:
        tables = [model.rows_of_file(_existing(source)) for source in sources]
        names = [f"{s}, row {row}" for s, t in zip(sources, tables, strict=True) for row in range(len(t))]
        R = np.concatenate(tables)
        Y, novelty, notes = _said(model, R), model.novelty(R), model.notes(R)
    if model.class_names:
        columns = ["class", "probability", *(["novelty"] if model.rejection else [])]
        columns += [f"p({name})" for name in model.class_names]
        return Predictions(names, columns, list(_classes(model, Y, novelty)), notes)
    columns = ["value"] if Y.shape[1] == 1 else [f"value {number + 1}" for number in range(Y.shape[1])]
    columns = columns if model.target is None else [model.target.name]
    return Predictions(names, columns, [_number(columns, y) for y in Y], notes)


def _classes(model: Model, P: np.ndarray, novelty: np.ndarray) -> Iterator[Answer]:
    codes = class_codes(P, model.threshold)
    for word, code, p, far in zip(model.said(P, novelty).tolist(), codes, P, novelty.tolist(), strict=True):
        values = {"class": word, "probabilities": dict(zip(model.class_names, p.tolist(), strict=True))}
        numbers = [p[code], *p]
        if model.rejection is not None:
            values["novelty"] = far
            numbers.insert(1, far)
        text = f"{model.class_names[code]} ({p[code]:.3f})"
        if model.rejection is not None and word == UNKNOWN:
            limit = model.rejection.novelty
            why = f"unlike all it learned from: {far:.4g}, more than {limit:.4g}" if far > limit else f"unsure: {text}"
            text = f"{UNKNOWN} ({why})"
        yield Answer(word, [word, *(f"{number:.6f}" for number in numbers)], values, text)


def _number(columns: list[str], y: np.ndarray) -> Answer:
    named = dict(zip(columns, y.tolist(), strict=True))
    text = ", ".join(f"{name} {value:.6g}" for name, value in named.items())
    return Answer("", [str(value) for value in named.values()], {"values": named}, text)


def _said(model: Model, R: np.ndarray) -> np.ndarray:
    return model.probabilities(R) if model.class_names else model.outputs(R)


def _of_pictures(
    model: Model, sources: tuple[str, ...], skipped: list[tuple[str, str]] | None
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return a name for each picture that can be read, what is said of it, and its novelty."""
    files = [file for source in map(_existing, sources) for file in _files(source)]
    Y, novelty, bad = [], [], []
    for start in range(0, len(files), BLOCK):
        of_block: list[tuple[int, BadPictureError]] = []
        R = model.rows(files[start : start + BLOCK], of_block)
        Y.append(_said(model, R))
        novelty.append(model.novelty(R))
        bad += [(start + position, str(error)) for position, error in of_block]
    named = [(str(files[place]), reason) for place, reason in bad]
    if named and skipped is None:
        raise unreadable(named)
    if skipped is not None:
        skipped += named
    left_out = {place for place, _ in bad}
    names = [str(file) for place, file in enumerate(files) if place not in left_out]
    return names, np.concatenate(Y), np.concatenate(novelty)


def _files(source: Path) -> list[Path]:
    return picture_files(source) if source.is_dir() else [source]


def _existing(source: str) -> Path:
    if not source or not Path(source).exists():
        raise MissingFileError(f"there is no file or folder {source}.")
    return Path(source)
