"""The layout of a folder of pictures: notes where it may mean something else, errors where it makes no sense."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from pellucid.data.images.kinds import tally
from pellucid.data.readers.folder_tree import Folder
from pellucid.data.readers.part_names import parts_of
from pellucid.errors import InputError

BESIDE = "beside the class folders"  # of pictures
HOW = "put the pictures of each class into a folder of its name"
IMAGES = {"images", "image", "imgs", "img", "jpegimages"}
BESIDE_IMAGES = {  # what annotation tools name the folder beside that of the images, in lower case
    **dict.fromkeys(("masks", "mask", "segmentationclass", "segmentations"), "masks of segmentation"),
    **dict.fromkeys(("labels", "label"), "boxes in the layout of YOLO"),
    **dict.fromkeys(("annotations", "annotation", "xmls"), "annotations, as Pascal VOC and COCO have them"),
    "imagesets": "lists of Pascal VOC",
}
MOST_NAMED = 5


def check_no_annotations(folders: Sequence[Folder], source: str) -> None:
    """Raise InputError where folders are those of an annotation tool: images beside their masks, boxes or lists."""
    beside = next((folder for folder in folders if folder.name.lower() in BESIDE_IMAGES), None)
    if beside is None:
        return
    parts = parts_of([folder.name for folder in folders])
    of_lists = bool(beside.passed_over()) and not any(beside.pictures())
    images = next(
        (folder for folder in folders if folder.name.lower() in IMAGES or (of_lists and folder.name in parts)), None
    )
    if images is not None:
        what = BESIDE_IMAGES[beside.name.lower()]
        raise InputError(
            f"{source} has the folders {images.name} and {beside.name}: {what}, not classes. A classifier needs one "
            f"label for each picture: {HOW}."
        )


def check_class_folders(folder: Folder, source: str) -> None:
    """Raise InputError, with what is there instead, where a folder has no folders of classes."""
    if folder.folders:
        return
    there = []
    if folder.loose:
        there.append(_counted(len(folder.loose), "picture"))
    if folder.others:
        there.append(tally(folder.others.values()))
    found = f"{', '.join(there)} and no class folders" if there else "no class folders"
    tables = [PurePosixPath(place).name for place, reason in folder.others.items() if reason in (".csv", ".tsv")]
    hint = ""
    if len(tables) == 1 and (Path(source) / tables[0]).is_file():
        command = shlex.join(["pellucid", "train", f"{source}/{tables[0]}", "--pictures-from", source])
        hint = f" If the labels stand in {tables[0]}: {command}"
    elif any(reason == ".zip" for reason in folder.others.values()):
        hint = " Unpack each zip into a folder of its class."
    elif any(reason in (".csv", ".json", ".xml", ".txt", ".tsv") for reason in folder.others.values()):
        hint = " Labels in other files are not read."
    if folder.loose and not hint:
        hint = " If their names hold the classes, give --label-from PATTERN."
    raise InputError(f"{source} holds {found}; {HOW}.{hint}")


def ask_about_parts(source: str, parts: Sequence[str], others: Sequence[str], on_disk: bool) -> InputError:
    """Return the error that asks whether folders are parts or classes."""
    of = parts_of(parts)
    by_part = {of[name]: name for name in parts}
    command = ""
    if on_disk and "train" in by_part:
        path = {part: shlex.quote(f"{source}/{name}") for part, name in by_part.items()}
        options = "".join(f" --{part} {path[part]}" for part in ("validation", "test") if part in path)
        command = f" Or name them: pellucid train {path['train']}{options}"
    return InputError(
        f"{source} has {', '.join(parts)}, which name parts of the data, beside {', '.join(others)}. Are they "
        f"parts or classes? Keep only parts here, each with its class folders, or rename.{command}"
    )


def parts_in_classes(folders: Sequence[Folder], source: str) -> dict[str, dict[str, Folder]] | None:
    """Return the folder of each part of each class, where every class is divided; None where none is.

    Raises InputError where some are divided, or pictures lie beside the parts.
    """
    of_class = {folder.name: parts_of([child.name for child in folder.folders]) for folder in folders}
    divided = [name for name, parts in of_class.items() if len(set(parts.values())) > 1]
    if not divided:
        return None
    for folder in folders:
        parts = of_class[folder.name]
        twice = len(set(parts.values())) < len(parts)
        if folder.loose or len(parts) < len(folder.folders) or twice or "train" not in parts.values():
            first = next(other for other in folders if other.name == divided[0])
            there = ", ".join(child.name for child in folder.folders) or "no folders"
            raise InputError(
                f"{source}/{first.name} holds {', '.join(of_class[first.name])}, which name parts of the data; "
                f"{source}/{folder.name} holds {there}{' and pictures' if folder.loose else ''}. Divide each class "
                "into the same parts and nothing else, or rename these folders."
            )
    return {folder.name: {of_class[folder.name][child.name]: child for child in folder.folders} for folder in folders}


def notes_on(classes: Mapping[str, Folder], source: str) -> Iterator[str]:
    """Yield what folders below those of the classes may mean: the classes may be one level too high."""
    inner = {name: [child.name for child in folder.folders] for name, folder in classes.items()}
    if len(classes) < 2 or not all(inner.values()):
        return
    same = sorted(set.intersection(*map(set, inner.values())))
    named = ", ".join(classes) if len(classes) <= MOST_NAMED else f"{', '.join([*classes][:MOST_NAMED])}, ..."
    if same and any(len(names) > 1 for names in inner.values()):
        shown = ", ".join(same[:MOST_NAMED]) + (", ..." if len(same) > MOST_NAMED else "")
        yield (
            f"The classes {named} hold folders of the same names: {shown}. If those are the classes, swap the two "
            f"levels of {source}"
        )
    elif not any(folder.loose for folder in classes.values()) and sum(map(len, inner.values())) > len(classes):
        first = [f"{name}/{names[0]}" for name, names in inner.items()][:MOST_NAMED]
        yield (
            f"The classes are {named}; all their pictures lie in folders below, such as {', '.join(first)}. If those "
            f"are the classes, move them up into {source}; if each is one object, --group-by parent keeps it together"
        )


def census(used: int, verb: str, passed_over: Mapping[str, str], skipped: int = 0) -> str:
    """Return how many files there are and what became of them.

    >>> census(2, "used", {"a.txt": ".txt"})
    '3 files: 2 used, 1 passed over (1 .txt)'
    """
    became = [f"{used:,} {verb}"]
    if skipped:
        became.append(f"{skipped:,} skipped as unreadable")
    if passed_over:
        became.append(f"{len(passed_over):,} passed over ({tally(passed_over.values())})")
    return f"{_counted(used + skipped + len(passed_over), 'file')}: {', '.join(became)}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
