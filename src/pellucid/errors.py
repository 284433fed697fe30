"""Errors: what went wrong, where, and what to do next.

Every error that a user can cause is a `PellucidError` and also the built-in error it specialises, so
`except ValueError` and `except FileNotFoundError` work as everywhere else.
"""

import csv
import difflib
import io
import shlex
from collections.abc import Iterable, Sequence

import numpy as np


class PellucidError(Exception):
    """The root: the command line prints these as one message and exits with 1."""


class InputError(PellucidError, ValueError):
    """Data or a setting that cannot be used as given."""


class BadPictureError(InputError):
    """One picture that cannot be read: broken, truncated, or not a picture at all."""

    def to_keep(self) -> "BadPictureError":
        """Return the error without its traceback and cause, whose frames would keep the file, or its zip, open."""
        return type(self)(*self.args)


class MissingFileError(PellucidError, FileNotFoundError):
    """A file or folder that is not where it was looked for."""


class OutputExistsError(PellucidError, FileExistsError):
    """A file that would have been overwritten."""


class ModelFileError(PellucidError, ValueError):
    """A file that is not a model of ours, is damaged, or is of a newer version."""


class MissingExtraError(PellucidError, ImportError):
    """An optional package that this call needs and that is not installed."""


class DivergedError(PellucidError, ArithmeticError):
    """Training whose cost stopped being a finite number; `.history` is what was recorded until then."""

    def __init__(self, message: str, history: object = None) -> None:
        super().__init__(message)
        self.history = history


class TrainingWarning(UserWarning):
    """Training ended early, but left a usable network."""


class UnfamiliarWarning(UserWarning):
    """A sample that was answered is unlike all training samples: the answer may be wrong, however sure it looks."""


def unknown_name(kind: str, name: object, known: Iterable[str]) -> InputError:
    """Return the error for a name that is not in a registry: it lists those that are, the nearest first.

    >>> str(unknown_name("activation", "reul", ["relu", "tanh"]))
    "unknown activation 'reul': did you mean 'relu'? Known: relu, tanh."
    """
    names = sorted(known)
    nearest = difflib.get_close_matches(str(name), names, n=1)
    hint = f": did you mean {nearest[0]!r}?" if nearest else "."
    return InputError(f"unknown {kind} {name!r}{hint} Known: {', '.join(names)}.")


def check_finite(array: np.ndarray, name: str, columns: Sequence[str] = ()) -> None:
    """Raise InputError where an array (n,) or (n, d) holds NaN or infinity: the first places are named.

    >>> check_finite(np.array([[1.0, np.nan]]), "X", ["age", "height"])
    Traceback (most recent call last):
    pellucid.errors.InputError: X holds 1 value that is NaN or infinity: row 0, column 'height' is nan. ...
    """
    if array.dtype.kind not in "fc":
        return
    with np.errstate(over="ignore", invalid="ignore"):
        total = array.sum()
    if np.isfinite(total):  # only where all values are
        return
    places = np.argwhere(~np.isfinite(array))
    if len(places) == 0:  # finite values whose sum overflowed
        return
    shown = "; ".join(_place(array, place, columns) for place in places[:3]) + ("; ..." if len(places) > 3 else "")
    values = "1 value that is" if len(places) == 1 else f"{len(places)} values that are"
    raise InputError(f"{name} holds {values} NaN or infinity: {shown}. Remove those rows or fill the values in.")


def _place(array: np.ndarray, place: np.ndarray, columns: Sequence[str]) -> str:
    column = "" if len(place) == 1 else f", column {columns[place[1]] if len(columns) else int(place[1])!r}"
    return f"row {place[0]}{column} is {array[tuple(place)]}"


def listed(names: Iterable[str]) -> str:
    """Return names of columns as an option takes them in a shell, those with a comma in quotes.

    >>> print(listed(["a", "x, mm"]))
    'a,"x, mm"'
    """
    return shlex.quote(",".join(map(quoted, names)))


def quoted(name: str) -> str:
    """Return a name as a list of names has it: in quotes where it has a comma or quotes itself."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([name])
    return text.getvalue()
