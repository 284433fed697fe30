"""Checkpoints: where a job's training stands, in a folder beside the model, so that a killed job goes on from there.

A job runs its fits in one order. Resumed, it simply runs again: each fit is answered by its checkpoint, from file where
it is finished, from its State where it is half done.
"""

import contextlib
import re
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from numpy.typing import NDArray

from pellucid._version import versions
from pellucid.errors import (
    DivergedError,
    InputError,
    MissingFileError,
    ModelFileError,
    OutputExistsError,
    TrainingWarning,
)
from pellucid.system.files import refuse_unwritable
from pellucid.system.tensor_file import read_sealed, write_sealed
from pellucid.training.checkpoints.state_file import Identity, differences, plain_identity
from pellucid.training.runtime import blas_description

Arrays = dict[str, NDArray[Any]]
Plain = TypeVar("Plain", int, float, str)

FORMAT_VERSION = 1
KIND = "pellucid-checkpoint"
SUFFIX = ".checkpoint"
JOB = f"job{SUFFIX}"
OURS = re.compile(
    r"(job|[a-z0-9-]+\.[01])\.checkpoint|\.(job|[a-z0-9-]+\.[01])\.checkpoint\.[0-9a-f]+"
)  # or half written


@dataclass(frozen=True)
class Every:
    """How often a checkpoint is written: after so many seconds, or after so many epochs.

    >>> Every.parse("30s"), Every.parse("10 epochs")
    (Every(seconds=30.0, epochs=None), Every(seconds=None, epochs=10))
    """

    seconds: float | None = None
    epochs: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Every":
        """Return what a text says: "30s", "5min", "10" or "10 epochs"."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|epochs?|)", text.strip())
        number, unit = (float(found[1]), found[2]) if found else (0.0, "")
        in_time = unit in ("s", "min")
        if number <= 0 or not (in_time or number.is_integer()):
            raise InputError(f"a checkpoint is written every 30s, 5min or 10 epochs, say; got {text!r}.")
        return cls(seconds=number * (60 if unit == "min" else 1)) if in_time else cls(epochs=int(number))


class Checkpoints:
    """The folder of a job's checkpoints. It is made when the first one is due, so that a short job never writes.

    every: an `Every`, or a text for `Every.parse`.  about: named values that decide what the job gives; one that is
    about something else cannot go on from here.  resume: go on with the job in the folder.  force: forget that job.

    As a context, it is discarded when the block is done or training diverged, and stays where it was killed or
    interrupted; save the model inside.

    Raises InputError where the folder could not be written to or its job is about something else, OutputExistsError
    where a job stands there and neither resume nor force is given, MissingFileError where there is none to resume.
    """

    def __init__(
        self,
        folder: str | Path,
        every: str | Every = "60s",
        about: Mapping[str, Any] | None = None,
        *,
        resume: bool = False,
        force: bool = False,
    ) -> None:
        self.folder = Path(folder)
        self.every = Every.parse(every) if isinstance(every, str) else every
        self.interrupted = False  # by Ctrl-C; there is something left to go on with
        self._about = plain_identity({**(about or {}), **versions(), "BLAS": blas_description()})
        self._kept: dict[str, Any] = {}
        self._names: set[str] = set()
        self._written, self._epochs = time.monotonic(), 0
        self._warned = False
        refuse_unwritable(self.folder)
        self.begun = self._job.exists()  # whether anything is in the folder
        if resume:
            self._go_on()
            return
        if not force:
            refuse_unfinished(self.folder)
        self.discard()

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        diverged = kind is not None and issubclass(kind, DivergedError)  # as it would again
        if diverged or (kind is None and not self.interrupted):
            self.discard()

    def at(self, label: str) -> "Checkpoint":
        """Return the checkpoint of one fit of the job, such as "fold 3 of 5, member 0"; its files are called so."""
        name = re.sub("[^a-z0-9]+", "-", label.lower()).strip("-")
        if not name or name in self._names:
            raise InputError(f"each fit of a job needs a label of its own, with letters or digits; got {label!r}.")
        self._names.add(name)
        return Checkpoint(self, name)

    def keep(self, name: str, value: Plain) -> Plain:
        """Return the value that the job has kept under a name since it began; else keep this one."""
        if name not in self._kept:
            self._kept[name] = value
            if self.begun:
                self.write(self._write_job)
        kept: Plain = self._kept[name]
        return kept

    def discard(self) -> None:
        """Remove the checkpoints, and their folder unless other files are in it."""
        self.begun = False
        with contextlib.suppress(OSError):
            self._job.unlink(missing_ok=True)  # first: without it the others are nobody's
            for path in list(self.folder.iterdir()):
                if OURS.fullmatch(path.name):
                    path.unlink()
            self.folder.rmdir()

    def due(self, epoch_ends: bool) -> bool:
        """Whether a checkpoint is due after an update; to be asked once an update."""
        self._epochs += epoch_ends
        if self.every.epochs is not None:
            return self._epochs >= self.every.epochs
        return self.every.seconds is not None and time.monotonic() - self._written >= self.every.seconds

    def write(self, put: Callable[[], None]) -> None:
        """Write by `put`. Where that fails, training goes on with one warning, and what was written before stays."""
        self._written, self._epochs = time.monotonic(), 0
        try:
            if not self.begun:
                self.folder.mkdir(exist_ok=True)
                self._write_job()
                self.begun = True
            put()
        except Exception as error:  # whatever it is, training is worth more
            if not self._warned:
                self._warned = True
                why = str(error).rstrip(".") or type(error).__name__
                warnings.warn(
                    f"no checkpoint could be written to {self.folder} ({why}). Training goes on and will try again. "
                    "Make room on that disk, or make the folder writable.",
                    TrainingWarning,
                    stacklevel=2,
                )

    @property
    def _job(self) -> Path:
        return self.folder / JOB

    def _write_job(self) -> None:
        write_sealed(self._job, KIND, FORMAT_VERSION, {}, {"about": self._about, "kept": self._kept})

    def _go_on(self) -> None:
        if not self.begun:
            raise MissingFileError(
                f"there is no checkpoint in {self.folder} to go on from: that training was finished, or ended before "
                "its first checkpoint. Start it without --resume (resume=False)."
            )
        _, content = read_sealed(self._job, KIND, FORMAT_VERSION)
        try:
            about = msgspec.convert(content["about"], dict[str, str])
            self._kept = msgspec.convert(content["kept"], dict[str, int | float | str])
        except (KeyError, msgspec.ValidationError) as error:
            raise ModelFileError(f"{self._job} is not what pellucid writes there: {error}.") from None
        _refuse_other(self.folder, about, self._about)


def refuse_unfinished(folder: str | Path) -> None:
    """Raise OutputExistsError where a folder holds the checkpoints of a job that was not finished."""
    if (Path(folder) / JOB).exists():
        raise OutputExistsError(
            f"{folder} holds a training that was not finished. Go on with it by --resume (resume=True), or "
            "forget it by --force (force=True)."
        )


class Checkpoint:
    """The checkpoint of one fit: two files written in turn, so that one is whole whatever happens to the other."""

    def __init__(self, job: Checkpoints, name: str) -> None:
        self.job = job
        self._files = [job.folder / f"{name}.{turn}{SUFFIX}" for turn in (0, 1)]
        self._number = 0
        self._identity: Callable[[], Identity] = dict

    def open(self, identity: Callable[[], Identity]) -> tuple[Arrays, dict[str, Any], Path] | None:
        """Return arrays, content and path of what was last written for this fit, if anything was.

        identity: tells what the fit is about; asked only when needed, for it looks at every row.
        A file that cannot be used is told, and the one before is taken; ModelFileError where there is none before.
        Raises InputError where the fit was about something else.
        """
        self._identity = cache(identity)
        found: list[tuple[int, Arrays, dict[str, Any], Path]] = []
        damaged = []
        for path in filter(Path.exists, self._files):
            try:
                arrays, content = read_sealed(path, KIND, FORMAT_VERSION)
                content["identity"] = msgspec.convert(content["identity"], Identity)
                found.append((msgspec.convert(content["number"], int), arrays, content, path))
            except (ModelFileError, KeyError, msgspec.ValidationError) as error:
                damaged.append(str(error))
        if not found and damaged:
            both = " and ".join(path.name for path in self._files)
            raise ModelFileError(f"{damaged[0]} There is no whole one before it; remove {both} to begin that fit anew.")
        if not found:
            return None
        last = max(found, key=lambda entry: entry[0])
        if damaged:
            warnings.warn(
                f"{damaged[0]} It goes on from {last[3].name}, written before.", TrainingWarning, stacklevel=4
            )
        self._number, arrays, content, path = last
        _refuse_other(path, content["identity"], self._identity())
        return arrays, content, path

    def write(self, made: Callable[[], tuple[Arrays, dict[str, Any]]]) -> None:
        """Write what is made, arrays and content, over the older of the two files."""
        number = self._number + 1

        def put() -> None:
            arrays, content = made()
            whole = content | {"identity": self._identity(), "number": number}
            write_sealed(self._files[number % 2], KIND, FORMAT_VERSION, arrays, whole)
            self._number = number

        self.job.write(put)


def _refuse_other(place: Path, then: Mapping[str, str], now: Mapping[str, str]) -> None:
    different = differences(then, now)
    if different:
        raise InputError(
            f"{place} is of another training: {different}. Resumed so, it would not end where it would have ended. Set "
            "that back, or start anew by --force (force=True)."
        )
