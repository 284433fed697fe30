"""Corrections: a list of corrected labels, as `predict --csv` writes it and a spreadsheet edits it.

Samples are found by their names; nothing in the data itself is changed.
"""

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.readers.numerals import as_text, numeral
from pellucid.data.readers.sheet import DELIMITERS
from pellucid.data.readers.workbook import read_cells, workbook_file
from pellucid.errors import InputError, MissingFileError, unknown_name

NAME_COLUMNS, CLASS_COLUMN = ("file", "name"), "class"
PROBABILITY = "probability"  # of the class that a model wrote; equal to its column p(class) until someone edits
BOM = "\ufeff"  # by which a spreadsheet sees that a CSV file is in UTF-8
FORMULA = re.compile(r"'*[=+\-@\t\r].+", re.DOTALL)
DROPPED = ("", "-")  # as a class: leave this sample out


class Correction(NamedTuple):
    """One line of the list: what it names, and the class it should have; "" to leave the sample out.

    own: whether the class is the answer of the model that wrote the list, as nobody has edited it.
    """

    where: str
    name: str
    class_name: str
    own: bool = False


@dataclass(frozen=True)
class Corrected:
    """How many samples of a part have another class now, are new, are left out, had the class of the list already.

    ignored: the model's own answers that contradict a label and that nobody has edited: they change nothing.
    self_labelled: how many of the new samples have such an answer as their label.
    """

    changed: int = 0
    added: int = 0
    dropped: int = 0
    confirmed: int = 0
    ignored: int = 0
    self_labelled: int = 0

    def sentence(self) -> str:
        """Return the counts in words."""
        told = (
            f"labels changed {self.changed}, samples added {self.added}, left out {self.dropped}, "
            f"as they were {self.confirmed}"
        )
        if self.ignored:
            told += f"; {self.ignored} answers of the model itself, which nobody edited, change no label"
        if self.self_labelled:
            told += (
                f"; {self.self_labelled} of those added have the model's own answer as their label: they teach, but no "
                f"score counts them. Where you have checked them all, remove the column {PROBABILITY} from the list"
            )
        return told


def read_corrections(path: str | Path) -> list[Correction]:
    """Return the lines of a list with the columns file (or name) and class; others are passed over.

    Raises MissingFileError, or InputError for a list without these columns, a line without a name, or two lines that
    disagree.
    """
    rows, line = _cells(Path(path))
    names = rows[0][1] if rows else []
    header = [name.lower() for name in names]
    columns = next((name for name in NAME_COLUMNS if name in header), None)
    if columns is None or CLASS_COLUMN not in header:
        raise InputError(
            f"{path} is no list of corrections: expected columns file and class, as predict --csv writes them; "
            f"got {', '.join(header) or 'nothing'}."
        )
    places = header.index(columns), header.index(CLASS_COLUMN)
    found: dict[str, Correction] = {}
    for number, row in rows[1:]:
        where = f"{path}, {line} {number}"
        if len(row) <= max(places):
            raise InputError(f"{where} has {len(row)} cells, too few to hold a file and a class.")
        name, class_name = (restored(row[place]) for place in places)
        if not name:
            raise InputError(f"{where} names no file.")
        cells = dict(zip(names, row, strict=False))
        own = PROBABILITY in cells and cells[PROBABILITY] == cells.get(defused(f"p({class_name})"))
        new = Correction(where, name, "" if class_name in DROPPED else class_name, own)
        if found.setdefault(name, new).class_name != new.class_name:
            raise InputError(f"{where} says {class_name!r} of {name}, but {found[name].where} says otherwise.")
    return list(found.values())


def _cells(path: Path) -> tuple[list[tuple[int, list[str]]], str]:
    """Return the rows of a list that are not empty, each with its number, and what such a number is called."""
    if not (workbook_file(path) or path).exists():
        raise MissingFileError(f"there is no list of corrections {path}.")
    if workbook_file(path) is not None:
        table, lines = read_cells(path)
        return [(n, [as_text(cell) for cell in row]) for n, row in zip(lines, table, strict=True)], "row"
    try:
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")  # names of files may be anything
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    delimiter = max(DELIMITERS, key=text.lstrip().partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)], "line"
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num} cannot be read: {error}.") from None


def defused(text: str) -> str:
    """Return a text so that no spreadsheet takes it for a formula: with an apostrophe before it. Numbers stay.

    Source: OWASP, CSV Injection.

    >>> defused("=1+1"), defused("-3.5"), restored(defused("=1+1"))
    ("'=1+1", '-3.5', '=1+1')
    """
    return f"'{text}" if FORMULA.fullmatch(text) and numeral(text) is None else text


def restored(text: str) -> str:
    """Return the text that was `defused`."""
    return text[1:] if text.startswith("'") and FORMULA.fullmatch(text) else text


def corrected(
    parts: Mapping[str, Dataset], corrections: Sequence[Correction], merge: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Dataset], dict[str, Corrected]]:
    """Return the parts of the data with their labels put right, and how many were in each part.

    A correction names a sample as the data does ("cat/1.jpg"), or as `predict` does: by its path, or for a table by
    "t.csv, row 3"; "test/row 17" where several parts have such a name. Picture files that are not among the data are
    added to its training part.

    merge: the classes that were joined; a correction may name them as they were before.

    Raises InputError for a class or a sample that is not known, and where no sample of a class is left to learn from.
    """
    places, joined = _places(parts), {old: new for new, olds in merge.items() for old in olds}
    labels = {part: dataset.labels.copy() for part, dataset in parts.items()}
    dropped: dict[str, list[int]] = {part: [] for part in parts}
    added: list[tuple[Path, int, bool]] = []
    counts = {part: Counter[str]() for part in parts}
    seen: dict[tuple[str, int], Correction] = {}
    for correction in corrections:
        code = _code(correction, parts["train"].class_names, joined)
        place = _place(correction, places)
        if place is None:
            file = _new_file(correction, parts["train"])
            if code is not None:
                added.append((file, code, correction.own))
                counts["train"]["added"] += 1
                counts["train"]["self_labelled"] += correction.own
            continue
        if (before := seen.setdefault(place, correction)).class_name != correction.class_name:
            raise InputError(f"{correction.where} and {before.where} name the same sample and two classes.")
        if before is not correction:
            continue
        part, row = place
        if code is None:
            dropped[part].append(row)
            counts[part]["dropped"] += 1
        elif correction.own and labels[part][row] != code:
            counts[part]["ignored"] += 1
        else:
            counts[part]["confirmed" if labels[part][row] == code else "changed"] += 1
            labels[part][row] = code
    result = {part: _put_right(dataset, labels[part], dropped[part]) for part, dataset in parts.items()}
    if added:
        result["train"] = _with_files(result["train"], added)
    if empty := [name for name, number in result["train"].counts().items() if number == 0]:
        raise InputError(f"after the corrections no sample of class {empty[0]!r} is left to learn from.")
    return result, {part: Corrected(**count) for part, count in counts.items()}


Place = tuple[str, int]  # part, row


def _places(parts: Mapping[str, Dataset]) -> dict[str, Place | None]:
    """Return where each name is; None for one that several samples have."""
    places: dict[str, Place | None] = {}
    for part, dataset in parts.items():
        of_folder = dataset.of_files and Path(dataset.source).is_dir()
        for row, name in enumerate(dataset.names):
            other = _absolute(Path(dataset.source, name)) if of_folder else f"{dataset.source}, row {row}"
            for alias in {name, f"{part}/{name}", other}:
                places[alias] = None if alias in places else (part, row)
    return places


def _absolute(path: str | Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - of a link, its own place, as the data has it


def _place(correction: Correction, places: Mapping[str, Place | None]) -> Place | None:
    """Return the part and row of the sample that is meant; None where it is not among the data."""
    for name in (correction.name, _absolute(correction.name), os.path.realpath(correction.name)):
        if name in places:
            if (place := places[name]) is None:
                raise InputError(
                    f"{correction.where}: several samples are named {correction.name!r}; write the part before it, "
                    f"as in 'train/{correction.name}'."
                )
            return place
    return None


def _code(correction: Correction, class_names: Sequence[str], joined: Mapping[str, str]) -> int | None:
    """Return the code of the class that is meant; None to leave the sample out."""
    if not correction.class_name:
        return None
    name = correction.class_name
    name = name if name in class_names else joined.get(name, name)
    if name not in class_names:
        hint = "" if name.lower() != "unknown" else " Give the sample its class, or leave the cell empty to drop it."
        raise InputError(f"{correction.where}: {unknown_name('class', name, class_names)}{hint}")
    return list(class_names).index(name)


def _new_file(correction: Correction, train: Dataset) -> Path:
    """Return a picture file to add to the training samples."""
    if not train.of_files:
        raise InputError(f"{correction.where}: {train.source} has no sample named {correction.name!r}.")
    if not Path(correction.name).is_file():
        raise InputError(
            f"{correction.where}: {correction.name!r} is neither a sample of {train.source} nor a file "
            f"(looked for {_absolute(correction.name)})."
        )
    return Path(correction.name)


def _put_right(dataset: Dataset, labels: np.ndarray, dropped: Sequence[int]) -> Dataset:
    dataset = replace(dataset, labels=labels)
    return dataset.take(np.delete(np.arange(len(dataset)), dropped)) if dropped else dataset


def _with_files(dataset: Dataset, added: Sequence[tuple[Path, int, bool]]) -> Dataset:
    """Return a data set of picture files with more of them at its end, each a group of its own."""
    n, names = len(dataset), [str(file) for file, _, _ in added]
    own = np.array([*[False] * n, *(own for _, _, own in added)])

    def read(rows: np.ndarray) -> list[Any]:
        old = iter(dataset.read(rows[rows < n]))
        return [added[row - n][0] if row >= n else next(old) for row in rows]

    return replace(
        dataset,
        read=read,
        labels=np.concatenate([dataset.labels, [code for _, code, _ in added]]),
        names=[*dataset.names, *names],
        groups=None if dataset.groups is None else np.concatenate([dataset.groups.astype(str), names]),
        self_labelled=own if own.any() else None,
    )
