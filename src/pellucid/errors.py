"""What can go wrong, told so that one knows what to do next.

Every error that a user can cause is a `PellucidError` and also the built-in error it specialises, so
`except ValueError` and `except FileNotFoundError` work as everywhere else.
"""

import difflib
from collections.abc import Iterable


class PellucidError(Exception):
    """The root: the command line prints these as one message and exits with 1."""


class InputError(PellucidError, ValueError):
    """Data or a setting that cannot be used as given."""


class BadPictureError(InputError):
    """One picture that cannot be read: broken, truncated, or not a picture at all."""


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
    """Training ended otherwise than asked, and a usable network came out of it all the same."""


def unknown_name(kind: str, name: object, known: Iterable[str]) -> InputError:
    """Return the error for a name that is not in a registry: it lists those that are, the nearest first.

    >>> str(unknown_name("activation", "reul", ["relu", "tanh"]))
    "unknown activation 'reul': did you mean 'relu'? Known: relu, tanh."
    """
    names = sorted(known)
    nearest = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    hint = f": did you mean {nearest[0]!r}?" if nearest else "."
    return InputError(f"unknown {kind} {name!r}{hint} Known: {', '.join(names)}.")
