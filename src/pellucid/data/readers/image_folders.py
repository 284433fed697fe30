"""Folders of class folders with pictures, as they are or in a zip: the folder's name is the class.

Children that are all named train, validation or test are parts. A zip is read where it stands, nothing is
unpacked, so no name in it can write anywhere.
"""

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from pellucid.data.dataset import SPLIT_WORDS, Dataset, Splits, as_splits, training_part
from pellucid.data.images import heic_is_readable
from pellucid.data.labels import codes_of
from pellucid.errors import InputError

Folder = Path | zipfile.Path

LONGEST_NAME = 1024  # characters, with all folders, in a zip
PICTURE_ENDINGS = (".jpg", ".jpeg", ".jfif", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm")
HEIC_ENDINGS = (".heic", ".heif")  # what newer phones write; readable with the extra heic
OTHER_ENDINGS = (".avif", ".jxl", ".jp2", ".psd", ".svg", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2")


def read(path: Path) -> Splits:
    """Return the data sets of a folder of class folders, of a folder of parts, or of a zip of either.

    Hidden files and what systems leave behind (.DS_Store, Thumbs.db, __MACOSX) are passed over, as are files that
    are not named like pictures. Those named like pictures of a kind that cannot be read, such as HEIC, are listed in
    `passed_over`. Pictures are opened only when their block is read.

    Raises
    ------
    InputError : no class folders, a class without pictures, parts that do not fit, or a damaged zip.
    """
    if path.is_dir():
        return _splits(path, str(path))
    try:
        archive = zipfile.ZipFile(path)
    except Exception as error:  # of damaged files: BadZipFile, NotImplementedError, OSError, nearly anything
        raise InputError(f"{path} is not a zip file, or it is damaged: {error}.") from error
    strange = next((name for name in archive.namelist() if not 0 < len(name) <= LONGEST_NAME), None)
    if strange is not None:
        archive.close()  # zipfile would make a name for each of the folders in a long one, and go in circles on none
        raise InputError(f"{path} holds a name of {len(strange):,} characters; expected 1 to {LONGEST_NAME:,}.")
    return _splits(zipfile.Path(archive), str(path))


def picture_files(folder: Path) -> list[Path]:
    """Return the pictures in a folder and the folders in it, in order, whatever their class; none is an InputError."""
    files, others = _sorted_out(_pictures(folder))
    if not files:
        raise InputError(f"{folder} holds no pictures{_but(others)}.")
    return [Path(str(file)) for file in files]


def _splits(top: Folder, source: str) -> Splits:
    folders, depth = _folders(top), 1
    while len(folders) == 1 and folders[0].name.lower() not in SPLIT_WORDS and _folders(folders[0]):
        folders, depth = _folders(folders[0]), depth + 1  # the one folder that most zips wrap everything in
    if not folders:
        raise InputError(f"{source} holds no class folders; put the pictures of each class into a folder of its name.")
    parts_here = [folder.name for folder in folders if folder.name.lower() in SPLIT_WORDS]
    if 0 < len(parts_here) < len(folders):
        others = [folder.name for folder in folders if folder.name not in parts_here]
        raise InputError(
            f"{source} has {', '.join(parts_here)}, which name parts of the data, beside {', '.join(others)}. Are they "
            "parts or classes? Keep only parts here, each with its class folders, or rename."
        )
    if not parts_here:
        return Splits(_dataset(_pictures_by_class(folders, source), None, top, source, depth))
    parts: dict[str, dict[str, list[Folder]]] = {}
    for folder in folders:
        part = SPLIT_WORDS[folder.name.lower()]
        if part in parts:
            raise InputError(f"{source} has two folders for the part {part}; keep one.")
        parts[part] = _pictures_by_class(_folders(folder), f"{source}/{folder.name}")
    classes = tuple(parts[training_part(parts, source)])
    read_in = {part: _dataset(pictures, classes, top, source, depth + 1) for part, pictures in parts.items()}
    return as_splits(read_in, source)


def _pictures_by_class(folders: list[Folder], source: str) -> dict[str, list[Folder]]:
    """Return all that is named like a picture, by class; each has some that can be read."""
    if not folders:
        raise InputError(f"{source} holds no class folders; put the pictures of each class into a folder of its name.")
    pictures = {folder.name: list(_pictures(folder, _above(folder))) for folder in folders}
    for name, found in pictures.items():
        files, others = _sorted_out(found)
        if not files:
            what_to_do = _but(others) or "; add some, or remove the folder"
            raise InputError(f"{source}: the class {name!r} has no pictures{what_to_do}.")
    return pictures


def _dataset(
    pictures: dict[str, list[Folder]], classes: tuple[str, ...] | None, top: Folder, source: str, depth: int
) -> Dataset:
    classes = classes or tuple(pictures)
    by_class = {name: _sorted_out(found) for name, found in pictures.items()}
    files = [file for found, _ in by_class.values() for file in found]
    labels = [name for name, (found, _) in by_class.items() for _ in found]
    others = [file for _, passed_over in by_class.values() for file in passed_over]
    return Dataset(
        read=lambda rows: [files[row] for row in rows],
        labels=codes_of(labels, classes, source),
        class_names=classes,
        kind="pictures",
        names=_names(files, top),
        source=source,
        class_depth=depth,
        passed_over=_names(others, top),
    )


def _names(files: list[Folder], top: Folder) -> list[str]:
    return [Path(str(file)).relative_to(str(top)).as_posix() for file in files]  # a zip's members likewise


def _sorted_out(files: Iterable[Folder]) -> tuple[list[Folder], list[Folder]]:
    """Return the files that can be read, and those of other kinds."""
    readable = (*PICTURE_ENDINGS, *HEIC_ENDINGS) if heic_is_readable() else PICTURE_ENDINGS
    sorted_out: tuple[list[Folder], list[Folder]] = [], []
    for file in files:
        sorted_out[_ending(file.name) not in readable].append(file)
    return sorted_out


def _ending(name: str) -> str:
    return Path(name).suffix.lower()


def _but(others: list[Folder]) -> str:
    """Return what there is instead of pictures, and what to do; nothing where there is nothing."""
    names = [file.name for file in others]
    return f" that can be read, but {len(names)} such as {names[0]}: {how_to_read(names)}" if names else ""


def how_to_read(names: Iterable[str]) -> str:
    """Return what to do with files that were passed over.

    >>> how_to_read(["a.psd", "b.CR2"])
    'CR2, PSD cannot be read, save them as JPEG or PNG'
    """
    endings = {_ending(name) for name in names}
    kinds = ", ".join(sorted(ending.removeprefix(".").upper() for ending in endings))
    extra = ' or pip install "pellucid[heic]"' if endings & set(HEIC_ENDINGS) else ""
    return f"{kinds} cannot be read, save them as JPEG or PNG{extra}"


def _above(folder: Folder) -> tuple[Path, ...]:
    return (folder.parent.resolve(),) if isinstance(folder, Path) else ()


def _children(folder: Folder) -> list[Folder]:
    visible = (child for child in folder.iterdir() if child.name[:1] not in ("", ".") and child.name != "__MACOSX")
    return sorted(visible, key=lambda child: child.name)


def _folders(folder: Folder) -> list[Folder]:
    return [child for child in _children(folder) if child.is_dir()]


def _pictures(folder: Folder, above: tuple[Path, ...] = ()) -> Iterator[Folder]:
    if isinstance(folder, Path):
        if folder.resolve() in above:
            return  # a link to a folder that it lies in
        above = (*above, folder.resolve())
    for child in _children(folder):
        if child.is_dir():
            yield from _pictures(child, above)
        elif _ending(child.name) in (*PICTURE_ENDINGS, *HEIC_ENDINGS, *OTHER_ENDINGS):
            yield child
