"""A folder, or a zip, and all that lies in it: pictures, and files that are passed over with the reason.

It is listed once. A zip is read where it stands: nothing is unpacked, so no name in it can write anywhere.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pellucid.data.images.kinds import START, is_named_picture, why_passed_over
from pellucid.errors import InputError

LONGEST_NAME = 1024  # characters, with all folders, in a zip
LEFT_BY_SYSTEMS = {  # in lower case
    *("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "icon\r", "$recycle.bin", "lost+found"),
    "system volume information",
}

Raw = Path | zipfile.Path


@dataclass(frozen=True)
class Picture:
    """A picture file, and its place within the source."""

    place: str
    raw: Raw


@dataclass
class Folder:
    """A folder with its place within the source, the pictures and folders in it, and why other files are none."""

    name: str
    place: str = ""
    children: list["Picture | Folder"] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)

    @property
    def folders(self) -> list["Folder"]:
        """The folders that lie directly in it, in order."""
        return [child for child in self.children if isinstance(child, Folder)]

    @property
    def loose(self) -> list[Picture]:
        """The pictures that lie directly in it, in order."""
        return [child for child in self.children if isinstance(child, Picture)]

    def pictures(self) -> Iterator[Picture]:
        """Yield all pictures in it and in its folders, in order."""
        for child in self.children:
            if isinstance(child, Folder):
                yield from child.pictures()
            else:
                yield child

    def passed_over(self) -> dict[str, str]:
        """Return the places of all other files in it and in its folders, with the reasons."""
        found = dict(self.others)
        for folder in self.folders:
            found |= folder.passed_over()
        return found

    def add(self, name: str, raw: Raw) -> None:
        """Add a file: as a picture, or as what is passed over."""
        place = self.inside(name)
        why = None if is_named_picture(name) else _why(name, raw)
        if why is None:
            self.children.append(Picture(place, raw))
        else:
            self.others[place] = why

    def inside(self, name: str) -> str:
        """Return the place of a child."""
        return f"{self.place}/{name}" if self.place else name


def read_tree(path: Path) -> Folder:
    """Return the tree of a folder or of a zip; hidden files and what systems leave behind are not in it.

    Raises InputError : a folder that cannot be listed, a damaged zip, or names in it that are made to deceive.
    """
    return _of_disk(path, Folder(path.name), ()) if path.is_dir() else _of_zip(path)


def _is_hidden(name: str) -> bool:
    return name[:1] in ("", ".") or name.lower() in LEFT_BY_SYSTEMS


def _why(name: str, raw: Raw) -> str | None:
    try:
        with raw.open("rb") as file:
            return why_passed_over(name, file.read(START))
    except (
        Exception
    ):  # of damaged or encrypted zips and closed files: OSError, BadZipFile, RuntimeError, nearly anything
        return "that cannot be opened"


def _of_disk(path: Path, folder: Folder, above: tuple[Path, ...]) -> Folder:
    above = (*above, path.resolve())
    try:
        names = sorted(child.name for child in path.iterdir() if not _is_hidden(child.name))
    except OSError as error:
        raise InputError(f"{path} cannot be listed: {error.strerror or error}.") from error
    for name in names:
        child = path / name
        if child.is_file():
            folder.add(name, child)
        elif child.is_dir():
            if child.resolve() not in above:  # a link to a folder that it lies in
                folder.children.append(_of_disk(child, Folder(name, folder.inside(name)), above))
        else:
            folder.others[folder.inside(name)] = "broken link" if child.is_symlink() else "that is no file"
    return folder


def opened_zip(path: Path) -> zipfile.ZipFile:
    """Return an open zip file, or raise InputError where it is damaged or none."""
    try:
        return zipfile.ZipFile(path)
    except Exception as error:  # of damaged files: BadZipFile, NotImplementedError, OSError, nearly anything
        raise InputError(f"{path} is not a zip file, or it is damaged: {error}.") from error


def _of_zip(path: Path) -> Folder:
    archive = opened_zip(path)
    names = archive.namelist()
    strange = next((name for name in names if not 0 < len(name) <= LONGEST_NAME), None)
    if strange is not None:
        archive.close()  # zipfile would make a name for each of the folders in a long one, and go in circles on none
        raise InputError(f"{path} holds a name of {len(strange):,} characters; expected 1 to {LONGEST_NAME:,}.")
    between = "/" if any("/" in name for name in names) else "\\"  # as some programs of Windows write it
    root = zipfile.Path(archive).root
    top = Folder(path.name)
    folders: dict[tuple[str, ...], Folder] = {(): top}
    for parts, name in sorted({tuple(name.split(between)): name for name in names}.items()):
        *above, last = parts
        if any(map(_is_hidden, above)) or (last and _is_hidden(last)):
            continue
        folder = top
        for depth in range(1, len(above) + 1):
            key = parts[:depth]
            if key not in folders:
                folders[key] = Folder(key[-1], folder.inside(key[-1]))
                folder.children.append(folders[key])
            folder = folders[key]
        if last:
            folder.add(last, zipfile.Path(root, name))
    return top
