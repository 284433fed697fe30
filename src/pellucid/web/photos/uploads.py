"""Uploads: the photographs of one session, as files in a private folder. No file name comes unchecked from the browser.

A picture lies in the folder of its class; a zip lies there as it came, and is never unpacked.
"""

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import uuid4

from pellucid.data.images.kinds import ENDINGS
from pellucid.data.readers.part_names import parts_of
from pellucid.data.sort_into_folders import folder_names
from pellucid.errors import InputError

DEEPEST = 8  # folders

Take = Callable[[bytes], None]


@dataclass(frozen=True)
class UploadLimits:
    """Limits for one session: number of files; bytes of a picture, of a zip, of all; bytes left free on disk."""

    files: int = 20_000
    picture: int = 100 * 2**20
    zip: int = 4 * 2**30
    total: int = 4 * 2**30
    free: int = 2**30


class Uploads:
    """The pictures of a session, by their place "class/name", or its zip."""

    def __init__(self, folder: Path, limits: UploadLimits) -> None:
        self._folder, self._limits = folder, limits
        self._begun: set[Path] = set()
        self.pictures: dict[str, Path] = {}
        self.zip: Path | None = None
        self.bytes = 0
        self.clear()

    @property
    def source(self) -> Path:
        """Where the data are, as readers take them."""
        return self.zip or self._folder

    def __len__(self) -> int:
        return len(self.pictures) + (self.zip is not None)

    @property
    def arriving(self) -> bool:
        """Whether files are on their way."""
        return bool(self._begun)

    @property
    def divided(self) -> bool:
        """Whether all folders at the top name parts of the data: train, validation, test."""
        tops = list(self._tops())
        return bool(self.pictures) and len(parts_of(tops)) == len(set(tops))

    def classes(self) -> dict[str, list[str]]:
        """Return the places of the pictures of each class, of all parts together."""
        level = 1 if self.divided else 0
        found: dict[str, list[str]] = {}
        for place in sorted(self.pictures):
            parts = place.split("/")
            if len(parts) > level + 1:
                found.setdefault(parts[level], []).append(place)
        return found

    @contextmanager
    def receiving(self, name: str, of_class: str = "") -> Iterator[Take]:
        """Give a function that takes a file piece by piece; the file is in the album once all of it came.

        name: as the browser has it, "photos/cats/1.jpg" say; where `of_class` is given, only its last part counts.

        Raises InputError, and keeps nothing of the file, where it is none that is wanted or would be too much.
        """
        parts = _parts(name)
        ending = PurePosixPath(parts[-1]).suffix.lower() if parts else ""
        if of_class:
            parts = (of_class, parts[-1]) if parts else ()
        if self.zip is not None or (ending == ".zip" and self.pictures):
            raise InputError("Use one .zip or single photographs, not both. Start over to replace what is here.")
        if ending != ".zip" and ending not in ENDINGS:
            raise InputError(f"{name!r} is neither a picture nor a .zip; pictures end in .jpg, .png, .webp or similar.")
        if ending != ".zip" and len(parts) < 2:
            raise InputError(f"{name!r} is not in a folder, so its class is unknown; drop it on the box of a class.")
        if len(parts) > DEEPEST:
            raise InputError(f"{name!r} is {len(parts) - 1} folders deep; at most {DEEPEST - 1} are allowed.")
        if len(self) + len(self._begun) >= self._limits.files:
            raise InputError(f"There are {self._limits.files:,} photographs already, the most that this page accepts.")
        draft = self._folder.parent / f"{uuid4().hex}.part"
        self._begun.add(draft)
        try:
            with draft.open("xb") as file:
                yield self._bounded(file.write, self._limits.zip if ending == ".zip" else self._limits.picture, name)
            self._keep(draft, parts, ending)
        finally:
            self._begun.discard(draft)
            draft.unlink(missing_ok=True)

    def rename(self, old: str, new: str) -> None:
        """Give a class another name; where there is a class of that name, the two become one."""
        if self.divided or old not in self.classes():
            raise InputError(f"there is no class {old!r} to rename.")
        new = _safe(new)
        if new == old:
            return
        for place in self.classes()[old]:
            path = self.pictures.pop(place)
            self._put(path, (new, *place.split("/")[1:]))
        shutil.rmtree(self._folder / old, ignore_errors=True)

    def discard(self, place: str) -> None:
        """Forget one picture."""
        if place not in self.pictures:
            raise InputError(f"there is no photograph {place!r} to leave out.")
        path = self.pictures.pop(place)
        self.bytes -= path.stat().st_size
        path.unlink()

    def remove(self, name: str) -> None:
        """Forget the pictures of a class."""
        for place in self.classes().get(name, []):
            self.discard(place)
        if not self.divided:
            shutil.rmtree(self._folder / _safe(name), ignore_errors=True)

    def clear(self) -> None:
        """Forget everything."""
        shutil.rmtree(self._folder, ignore_errors=True)
        if self.zip is not None:
            self.zip.unlink(missing_ok=True)
        self._folder.mkdir(parents=True)
        self.pictures, self.zip, self.bytes = {}, None, 0

    def _bounded(self, write: Callable[[bytes], int], most: int, name: str) -> Take:
        size = 0

        def take(piece: bytes) -> None:
            nonlocal size
            size += len(piece)
            if size > most:
                raise InputError(f"{name!r} is larger than {most // 2**20:,} MB, the most that this page accepts.")
            if self.bytes + size > self._limits.total:
                raise InputError(
                    f"All photographs together exceed {self._limits.total // 2**20:,} MB; drop fewer of them."
                )
            if shutil.disk_usage(self._folder).free < self._limits.free + len(piece):
                raise InputError("The disk is nearly full, so no more photographs fit; free some space and try again.")
            write(piece)

        return take

    def _keep(self, draft: Path, parts: tuple[str, ...], ending: str) -> None:
        self.bytes += draft.stat().st_size
        if ending == ".zip":
            self.zip = draft.rename(self._folder.parent / "photographs.zip")
        else:
            self._put(draft, (*map(_safe, parts[:-1]), _safe(PurePosixPath(parts[-1]).stem) + ending))

    def _put(self, path: Path, parts: tuple[str, ...]) -> None:
        """Move a file to its place; where another is there, to a numbered one beside it."""
        *folders, name = parts
        stem, ending = PurePosixPath(name).stem, PurePosixPath(name).suffix
        folder = self._folder.joinpath(*folders)
        folder.mkdir(parents=True, exist_ok=True)
        names = (name if number == 1 else f"{stem} ({number}){ending}" for number in itertools.count(1))
        free = next(candidate for candidate in names if not (folder / candidate).exists())
        self.pictures["/".join((*folders, free))] = path.rename(folder / free)

    def _tops(self) -> set[str]:
        return {place.partition("/")[0] for place in self.pictures}


def _parts(name: str) -> tuple[str, ...]:
    """Return the parts of a browser's path that say something: no root, no "..", whatever the system."""
    parts = name.replace("\\", "/").split("/")
    return tuple(part for part in parts if part.strip(" ."))


def _safe(name: str) -> str:
    """Return one part of a path as every system takes it.

    >>> _safe("../a:b"), _safe("con")
    ('_a_b', '_con')
    """
    return folder_names([name])[name]
