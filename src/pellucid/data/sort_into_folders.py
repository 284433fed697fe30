"""Sorting: pictures copied into one folder a class. Nothing is moved, nothing is overwritten.

A copy has the bytes and the times of its original; where its name is taken it gets a number.
"""

import contextlib
import filecmp
import itertools
import re
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from pellucid.errors import InputError, OutputExistsError, PellucidError

UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]')
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}  # of Windows
LONGEST = 100  # characters of a folder's name; four bytes each leave room in the 255 that most systems allow


@dataclass(frozen=True)
class Sorted:
    """Where each file's copy is, and how many of these were there already, from an earlier time."""

    copies: list[Path]
    already: int


def folder_names(class_names: Sequence[str]) -> dict[str, str]:
    """Return a folder name for each class that every usual system takes, all different whatever their case.

    >>> folder_names(["cat", "Cat", "a/b", ".."])
    {'cat': 'cat', 'Cat': 'Cat (2)', 'a/b': 'a_b', '..': '_'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for name in class_names:
        safe = UNSAFE.sub("_", name)[:LONGEST].strip(" .") or "_"
        safe = f"_{safe}" if safe.partition(".")[0].lower() in DEVICES else safe
        numbered = (safe if number == 1 else f"{safe} ({number})" for number in itertools.count(1))
        names[name] = next(candidate for candidate in numbered if candidate.casefold() not in taken)
        taken.add(names[name].casefold())
    return names


def check_sorting_folder(
    folder: str | Path, sources: Sequence[str], known: Collection[str], force: bool = False
) -> Path:
    """Return the folder to sort into, or raise where it must not be one: before any work is done.

    known: names of folders that may be in it already, from an earlier time.  force: whatever else is in it may stay.

    InputError where it is a file, or lies in one of the sources, whose pictures it would be among the next time;
    OutputExistsError where other things are in it.
    """
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file; give a folder to sort into.")
    for source in map(Path, sources):
        if source.is_dir() and path.resolve().is_relative_to(source.resolve()):
            raise InputError(f"{path} lies in {source}, where the copies would be found again; choose one elsewhere.")
    if path.is_dir() and not force and (foreign := sorted({child.name for child in path.iterdir()} - set(known))):
        raise OutputExistsError(
            f"{path} holds {foreign[0]!r}{' and more' if len(foreign) > 1 else ''}, which is no class of this model; "
            "choose another folder, or give --force to put copies beside it."
        )
    return path


def sort_into(folder: Path, files: Sequence[Path], names: Sequence[str]) -> Sorted:
    """Copy each file into the folder of its name, in `folder`.

    A file that an earlier time copied there, with the same bytes, is not copied again.

    Raises PellucidError where a copy cannot be made; it tells how many are, and these stay.
    """
    copies: dict[Path, None] = {}  # in their order
    already = 0
    for file, name in zip(files, names, strict=True):
        try:
            (folder / name).mkdir(parents=True, exist_ok=True)
            target, is_there = _place(file, folder / name, copies)
            if not is_there:
                _copy(file, target)
        except OSError as error:
            raise PellucidError(
                f"could not copy {file} into {folder / name}: {error.strerror or error}. {len(copies)} of {len(files)} "
                "are copied and stay, the originals are as they were. Mend it and run it again: it goes on from there."
            ) from error
        copies[target] = None
        already += is_there
    return Sorted([*copies], already)


def _place(file: Path, folder: Path, ours: Collection[Path]) -> tuple[Path, bool]:
    """Return a new empty file to copy to, or the copy of an earlier time, and whether it is that."""
    for number in itertools.count(1):
        target = folder / (file.name if number == 1 else f"{file.stem} ({number}){file.suffix}")
        try:
            target.touch(exist_ok=False)  # whoever makes a file of this name meanwhile keeps it
        except FileExistsError:
            if target not in ours and target.is_file() and filecmp.cmp(file, target, shallow=False):
                return target, True
        else:
            return target, False
    raise AssertionError("numbers do not end")


def _copy(file: Path, target: Path) -> None:
    try:
        shutil.copy2(file, target)
    except BaseException:  # Ctrl-C too must leave no half of a copy
        with contextlib.suppress(OSError):
            target.unlink()
        raise
