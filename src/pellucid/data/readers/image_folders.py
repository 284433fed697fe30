"""Folders of class folders with pictures, as they are or in a zip: the folder's name is the class.

Folders that are all named as parts of the data are, be they above the classes or in each of them.
"""

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


def read(path: Path) -> Splits:
    """Return the data sets of a folder of class folders, of a folder of parts, or of a zip of either.

    Hidden files and what systems leave behind (.DS_Store, Thumbs.db, __MACOSX) do not count. Other files that are
    no pictures that can be read are in `passed_over`, with the reason. Pictures are opened when their block is read.

    Raises
    ------
    InputError : no class folders, a class without pictures, names that look alike, parts that do not fit, or a damaged
        zip.
    """
    top, source = read_tree(path), str(path)
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


def _instead(others: Mapping[str, str]) -> str:
    """Return what there is instead of pictures; nothing where there is nothing."""
    return f" that can be read, but {tally(others.values())}" if others else ""


def _dataset(found: Mapping[str, Folder], classes: tuple[str, ...] | None, source: str, depth: int) -> Dataset:
    classes = classes or tuple(found)
    if strangers := [name for name in found if name not in classes]:
        raise InputError(
            f"{source} has the class {strangers[0]!r}, which is not among those of the training part: "
            f"{', '.join(classes)}."
        )
    pictures: list[Picture] = []
    labels: list[int] = []
    for name, folder in found.items():
        of_class = list(folder.pictures())
        pictures += of_class
        labels += [classes.index(name)] * len(of_class)
    return Dataset(
        read=lambda rows: [pictures[row].raw for row in rows],
        labels=np.array(labels, np.int64),
        class_names=classes,
        kind="pictures",
        names=[picture.place for picture in pictures],
        source=source,
        class_depth=depth,
        notes=tuple(folder_layout.notes_on(found, source)),
    )


def _with_notes(splits: Splits, top: Folder) -> Splits:
    """Return the parts, each with all that is passed over in the source, which is told too."""
    used = {name for _, dataset in splits.items() for name in dataset.names}
    others = top.passed_over()
    others |= {picture.place: folder_layout.BESIDE for picture in top.pictures() if picture.place not in used}
    if not others:
        return splits
    note = folder_layout.census(len(used), "used", others)
    return Splits(
        **{part: replace(dataset, passed_over=others, notes=(*dataset.notes, note)) for part, dataset in splits.items()}
    )
