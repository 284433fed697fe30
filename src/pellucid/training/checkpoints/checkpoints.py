"""Checkpoints: how far the training of a job has come, in a folder beside the model, so that a killed job can resume.

A job runs its fits in one order. Resumed, it simply runs again. Each fit has one file, replaced by atomic rename: a
finished fit is read from it, a half-done fit continues from its State.
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
from pellucid.system.checksummed_file import read_checksummed, write_checksummed
from pellucid.system.files import check_writable
from pellucid.training.checkpoints.state_file import Fingerprint, as_texts, differences
from pellucid.training.runtime import blas_description

Arrays = dict[str, NDArray[Any]]
Plain = TypeVar("Plain", int, float, str)

FORMAT_VERSION = 2  # 1 had two files a fit, written in turn
KIND = "pellucid-checkpoint"
JOB = "job.checkpoint"
OURS = re.compile(
    r"(\.)?(job|[a-z0-9-]+\.(fit|[01]))\.checkpoint(?(1)\.[0-9a-f]+)"  # hidden: half written; 0 and 1: format version 1
)


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
        """Return the interval that a text gives: "30s", "5min", "10" or "10 epochs"."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|epochs?|)", text.strip())
        number, unit = (float(found[1]), found[2]) if found else (0.0, "")
        in_time = unit in ("s", "min")
        if number <= 0 or not (in_time or number.is_integer()):
            raise InputError(f"the checkpoint interval must be like 30s, 5min or 10 epochs; got {text!r}.")
        return cls(seconds=number * (60 if unit == "min" else 1)) if in_time else cls(epochs=int(number))


class Checkpoints:
    """The folder of a job's checkpoints, made when the first one is due: a short job never writes.

    every: an `Every`, or a text for `Every.parse`.  fingerprint: named values that decide the job's outcome; a job with
    other values cannot resume here.  resume: continue the job in the folder.  force: delete that job.

    Used as a context, it deletes the folder when the block is done or training diverged, and leaves it when the job was
    killed or interrupted. Save the model inside the block.

    Raises InputError where the folder cannot be written or its job has another fingerprint, OutputExistsError where it
    holds an unfinished job and neither resume nor force is given, MissingFileError where there is nothing to resume,
    ModelFileError where its files are damaged or of another release.
    """

    def __init__(
        self,
        folder: str | Path,
        every: str | Every = "60s",
        fingerprint: Mapping[str, Any] | None = None,
        *,
        resume: bool = False,
        force: bool = False,
    ) -> None:
        self.folder = Path(folder)
        self.every = Every.parse(every) if isinstance(every, str) else every
        self.interrupted = False  # by Ctrl-C: the folder stays, to resume from
        self._fingerprint = as_texts({**(fingerprint or {}), **versions(), "BLAS": blas_description()})
        self._stored: dict[str, Any] = {}
        self._names: set[str] = set()
        self._written, self._epochs = time.monotonic(), 0
        self._warned = False
        check_writable(self.folder)
        self.exists = self._job.exists()  # whether the folder holds anything of this job
        if resume:
            self._read_job()
            return
        if not force:
            require_finished(self.folder)
        self.discard()

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        diverged = kind is not None and issubclass(kind, DivergedError)  # as it would again
        if diverged or (kind is None and not self.interrupted):
            self.discard()

    def at(self, label: str) -> "Checkpoint":
        """Return the checkpoint of one fit of the job, such as "fold 3 of 5, member 0"; the label names its file."""
        name = re.sub("[^a-z0-9]+", "-", label.lower()).strip("-")
        if not name or name in self._names:
            raise InputError(f"each fit of a job needs a label of its own, with letters or digits; got {label!r}.")
        self._names.add(name)
        return Checkpoint(self, self.folder / f"{name}.fit.checkpoint")

    def keep(self, name: str, value: Plain) -> Plain:
        """Return the value that the job has stored under a name since it began; else store this one."""
        if name not in self._stored:
            self._stored[name] = value
            if self.exists:
                self.write(self._write_job)
        stored: Plain = self._stored[name]
        return stored

    def begin(self) -> None:
        """Write what the job is known by and has kept, if that is not written yet: from now on it can resume."""
        if not self.exists:
            self.write(lambda: None)

    def discard(self) -> None:
        """Delete the checkpoints, and their folder unless it holds other files."""
        self.exists = False
        with contextlib.suppress(OSError):
            self._job.unlink(missing_ok=True)  # first: without it nothing can be resumed
            for path in list(self.folder.iterdir()):
                if OURS.fullmatch(path.name):
                    path.unlink()
            self.folder.rmdir()

    def due(self, epoch_ends: bool) -> bool:
        """Whether a checkpoint is due. To be asked once after each update."""
        self._epochs += epoch_ends
        if self.every.epochs is not None:
            return self._epochs >= self.every.epochs
        return self.every.seconds is not None and time.monotonic() - self._written >= self.every.seconds

    def write(self, put: Callable[[], None]) -> None:
        """Call `put` to write. If that fails, warn once, train on, and leave the earlier files as they are."""
        self._written, self._epochs = time.monotonic(), 0
        try:
            if not self.exists:
                self.folder.mkdir(exist_ok=True)
                self._write_job()
                self.exists = True
            put()
        except Exception as error:  # whatever it is, training is worth more
            if not self._warned:
                self._warned = True
                why = str(error).rstrip(".") or type(error).__name__
                warnings.warn(
                    f"no checkpoint could be written to {self.folder} ({why}). Training continues and will try again. "
                    "Free some space on that disk, or make the folder writable.",
                    TrainingWarning,
                    stacklevel=2,
                )

    @property
    def _job(self) -> Path:
        return self.folder / JOB

    def _write_job(self) -> None:
        content = {"fingerprint": self._fingerprint, "stored": self._stored}
        write_checksummed(self._job, KIND, FORMAT_VERSION, {}, content)

    def _read_job(self) -> None:
        if not self.exists:
            raise MissingFileError(
                f"{self.folder} has no checkpoint to resume from: that training finished, or ended before its first "
                "checkpoint. Start it without --resume (resume=False)."
            )
        _, content = read_checksummed(self._job, KIND, FORMAT_VERSION)
        _check_same(self.folder, _converted(self._job, content, "fingerprint", Fingerprint), self._fingerprint)
        self._stored = _converted(self._job, content, "stored", dict[str, int | float | str])


def require_finished(folder: str | Path) -> None:
    """Raise OutputExistsError where a folder holds the checkpoints of an unfinished job."""
    if (Path(folder) / JOB).exists():
        raise OutputExistsError(
            f"{folder} holds an unfinished training. Resume it with --resume (resume=True), or delete it with --force "
            "(force=True)."
        )


class Checkpoint:
    """The file of one fit. A new version replaces it by atomic rename, so that it is always whole."""

    def __init__(self, job: Checkpoints, path: Path) -> None:
        self.job, self.path = job, path
        self._fingerprint: Callable[[], Fingerprint] = dict

    def open(self, fingerprint: Callable[[], Fingerprint]) -> tuple[Arrays, dict[str, Any]] | None:
        """Return the arrays and content of the file, or None where there is none.

        fingerprint: computes the fit's fingerprint; called only when needed, because it reads every row.
        Raises ModelFileError where the file is damaged, InputError where it is of another fit.
        """
        self._fingerprint = cache(fingerprint)
        if not self.path.exists():
            return None
        try:
            arrays, content = read_checksummed(self.path, KIND, FORMAT_VERSION)
            saved = _converted(self.path, content, "fingerprint", Fingerprint)
        except ModelFileError as error:
            raise ModelFileError(f"{error} Delete {self.path.name} to restart that fit.") from None
        _check_same(self.path, saved, self._fingerprint())
        return arrays, content

    def write(self, made: Callable[[], tuple[Arrays, dict[str, Any]]]) -> None:
        """Replace the file by what `made` returns, arrays and content."""

        def put() -> None:
            arrays, content = made()
            write_checksummed(self.path, KIND, FORMAT_VERSION, arrays, content | {"fingerprint": self._fingerprint()})

        self.job.write(put)


def _converted(path: Path, content: Mapping[str, Any], name: str, kind: Any) -> Any:
    try:
        return msgspec.convert(content[name], kind)
    except (KeyError, msgspec.ValidationError) as error:
        raise ModelFileError(f"{path} is not a checkpoint that pellucid wrote: {error}.") from None


def _check_same(place: Path, then: Mapping[str, str], now: Mapping[str, str]) -> None:
    if different := differences(then, now):
        raise InputError(
            f"{place} belongs to a different training: {different}; resuming would give different weights. Set that "
            "back, or start again with --force (force=True)."
        )
