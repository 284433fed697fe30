"""Folders of class folders with pictures, as they are or in a zip: the folder's name is the class.

Folders that are all named as parts of the data are, be they above the classes or in each of them.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from pellucid.data.dataset import Dataset, Splits, as_splits, training_part
from pellucid.data.images.kinds import tally
from pellucid.data.readers import folder_layout
from pellucid.data.readers.folder_tree import Folder, Picture, Raw, read_tree
from pellucid.data.readers.part_names import parts_of
from pellucid.errors import InputError

INVISIBLE = ("Cf", "Cc")  # Unicode categories: of zero width, of control


def read(path: Path, label_from: str | None = None) -> Splits:
    """Return the data sets of a folder of class folders, of a folder of parts, or of a zip of either.

    label_from: a regular expression on the places of the pictures, whose first group, or else all that it matches, is
    the class, in place of the folder.

    Hidden files and what systems leave behind (.DS_Store, Thumbs.db, __MACOSX) do not count. Other files that are
    no pictures that can be read are in `passed_over`, with the reason. Pictures are opened when their block is read.

    Raises
    ------
    InputError : no class folders, a class without pictures, names that look alike, parts that do not fit, or a damaged
        zip.
    """
    top, source = read_tree(path), str(path)
    if label_from is not None:
        return _by_names(top, source, label_from)
    level = top
    while len(level.folders) == 1 and not parts_of([level.folders[0].name]) and level.folders[0].folders:
        level = level.folders[0]  # the one folder that most zips wrap everything in
    depth = len(level.place.split("/")) + 1 if level.place else 1
    folder_layout.check_class_folders(level, source)
    folder_layout.check_no_annotations(level.folders, source)
    by_part = parts_of([folder.name for folder in level.folders])
    if 0 < len(by_part) < len(level.folders):
        others = [folder.name for folder in level.folders if folder.name not in by_part]
        raise folder_layout.ask_about_parts(str(path / level.place), list(by_part), others, path.is_dir())
    if by_part:
        splits = _of_parts(level, by_part, source, depth + 1)
    elif (divided := folder_layout.parts_in_classes(level.folders, source)) is not None:
        splits = _of_divided_classes(divided, source, depth)
    else:
        splits = Splits(_dataset(_classes(level, source), None, source, depth))
    return _with_notes(splits, top)


def picture_files(folder: Path) -> list[Path]:
    """Return the pictures in a folder and the folders in it, in order, whatever their class; none is an InputError."""
    return [Path(str(file)) for file in pictures_and_others(folder)[0]]


def pictures_and_others(path: Path) -> tuple[list[Raw], dict[str, str]]:
    """Return the pictures of a folder or zip, and the names of all other files, with why they are passed over.

    Raises InputError where there are no pictures.
    """
    top = read_tree(path)
    found, others = [picture.raw for picture in top.pictures()], top.passed_over()
    if not found:
        raise InputError(f"{path} holds no pictures{_instead(others)}.")
    return found, {f"{path}/{place}": reason for place, reason in others.items()}


def _of_parts(level: Folder, by_part: Mapping[str, str], source: str, depth: int) -> Splits:
    parts: dict[str, dict[str, Folder]] = {}
    for folder in level.folders:
        part = by_part[folder.name]
        if part in parts:
            raise InputError(f"{source} has two folders for the part {part}; keep one.")
        if part == "test" and folder.loose and not folder.folders:
            raise InputError(
                f"{source}/{folder.name} holds {len(folder.loose):,} pictures and no class folders, so nothing tells "
                "what is right. Train on the other parts alone, then give this folder to pellucid predict."
            )
        parts[part] = _classes(folder, f"{source}/{folder.name}")
    return _coded(parts, source, depth)


def _of_divided_classes(divided: Mapping[str, Mapping[str, Folder]], source: str, depth: int) -> Splits:
    parts: dict[str, dict[str, Folder]] = {}
    for name, of_class in divided.items():
        for part, folder in of_class.items():
            if part == "train" and not any(folder.pictures()):
                raise InputError(f"{source}/{folder.place} has no pictures{_instead(folder.passed_over())}.")
            parts.setdefault(part, {})[name] = folder
    return _coded(parts, source, depth)


def _coded(parts: Mapping[str, dict[str, Folder]], source: str, depth: int) -> Splits:
    classes = tuple(parts[training_part(parts, source)])
    return as_splits({part: _dataset(found, classes, source, depth) for part, found in parts.items()}, source)


def _classes(level: Folder, source: str) -> dict[str, Folder]:
    """Return the folders of the classes by their names, each with pictures."""
    folder_layout.check_class_folders(level, source)
    folder_layout.check_no_annotations(level.folders, source)
    classes: dict[str, Folder] = {}
    seen: dict[str, str] = {}
    for folder in level.folders:
        if not any(folder.pictures()):
            what_to_do = _instead(folder.passed_over()) or "; add some, or remove the folder"
            raise InputError(f"{source}: the class {folder.name!r} has no pictures{what_to_do}.")
        name = unicodedata.normalize("NFC", folder.name).strip()
        letters = (letter for letter in " ".join(name.split()) if unicodedata.category(letter) not in INVISIBLE)
        visible = "".join(letters)
        if visible in seen:
            raise InputError(
                f"{source} has the folders {seen[visible]!a} and {folder.name!a}, whose names differ only in blanks, "
                "hidden signs or Unicode form. Put the pictures of one class into one folder, or rename one."
            )
        seen[visible] = folder.name
        classes[name] = folder
    return classes


def _by_names(top: Folder, source: str, pattern: str) -> Splits:
    """Return all pictures with the classes that a pattern finds in their places; folders that are parts stay such."""
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(f"{pattern!r} is not a regular expression: {error}.") from error
    by_part = parts_of([folder.name for folder in top.folders])
    if by_part and (len(by_part) < len(top.folders) or len(set(by_part.values())) < len(by_part) or top.loose):
        raise InputError(f"{source} has {', '.join(by_part)}, which name parts of the data, beside other pictures.")
    places = {by_part[folder.name]: folder for folder in top.folders} if by_part else {"train": top}
    found = {part: _labelled(folder, compiled, f"{source}/{folder.place}") for part, folder in places.items()}
    classes = tuple(sorted(set(found[training_part(found, source)].values())))
    parts = {part: _coded_pictures(labels, classes, source) for part, labels in found.items()}
    splits = as_splits(parts, source)
    matched = {picture.place for labels in found.values() for picture in labels}
    others = top.passed_over()
    others |= {picture.place: "whose name does not match" for picture in top.pictures() if picture.place not in matched}
    return _told(splits, len(matched), others)


def _labelled(folder: Folder, pattern: re.Pattern[str], where: str) -> dict[Picture, str]:
    """Return the pictures of a folder in whose places a pattern finds a class."""
    labels: dict[Picture, str] = {}
    for picture in folder.pictures():
        found = pattern.search(picture.place)
        if label := (found[1 if pattern.groups else 0] or "").strip() if found else "":
            labels[picture] = unicodedata.normalize("NFC", label)
    if not labels:
        first = next((picture.place for picture in folder.pictures()), "(none)")
        raise InputError(
            f"{where.rstrip('/')} has no pictures in whose names {pattern.pattern!r} matches; the first is {first}."
        )
    return labels


def _coded_pictures(labels: Mapping[Picture, str], classes: tuple[str, ...], source: str, depth: int = 0) -> Dataset:
    """Return the data set of pictures with the names of their classes."""
    if strangers := sorted(set(labels.values()) - set(classes)):
        raise InputError(
            f"{source} has the class {strangers[0]!r}, which is not among those of the training part: "
            f"{', '.join(classes)}."
        )
    code = {name: number for number, name in enumerate(classes)}
    pictures = list(labels)
    return Dataset(
        read=lambda rows: [pictures[row].raw for row in rows],
        labels=np.array([code[label] for label in labels.values()], np.int64),
        class_names=classes,
        kind="pictures",
        names=[picture.place for picture in pictures],
        source=source,
        class_depth=depth,
    )


def _instead(others: Mapping[str, str]) -> str:
    """Return what there is instead of pictures; nothing where there is nothing."""
    return f" that can be read, but {tally(others.values())}" if others else ""


def _dataset(found: Mapping[str, Folder], classes: tuple[str, ...] | None, source: str, depth: int) -> Dataset:
    labels = {picture: name for name, folder in found.items() for picture in folder.pictures()}
    dataset = _coded_pictures(labels, classes or tuple(found), source, depth)
    return replace(dataset, notes=tuple(folder_layout.notes_on(found, source)))


def _with_notes(splits: Splits, top: Folder) -> Splits:
    """Return the parts, each with the files that the whole source passes over, and with a note that counts them."""
    used = {name for _, dataset in splits.items() for name in dataset.names}
    others = top.passed_over()
    others |= {picture.place: folder_layout.BESIDE for picture in top.pictures() if picture.place not in used}
    return _told(splits, len(used), others)


def _told(splits: Splits, used: int, others: dict[str, str]) -> Splits:
    if not others:
        return splits
    note = folder_layout.census(used, "used", others)
    parts = {
        part: replace(dataset, passed_over=others, notes=(*dataset.notes, note)) for part, dataset in splits.items()
    }
    return Splits(**parts)
