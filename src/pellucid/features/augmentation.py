"""Views: a picture as it is, and as it might as well have been taken: mirrored, or moved a little.

Training takes each view as an example of its own; a prediction is the mean of its answers to all views. They are made
once, so that training rows stay the same from epoch to epoch and row space stays exact.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from pellucid.errors import InputError, unknown_name

SHIFT = 16  # a shifted picture moves by a sixteenth of its size


def _moved(pixels: np.ndarray, down: int, right: int) -> np.ndarray:
    """Return pixels (h, w, c) moved by sixteenths of their size; what comes into view repeats the border."""
    rows = np.arange(pixels.shape[0]) - down * max(1, pixels.shape[0] // SHIFT)
    columns = np.arange(pixels.shape[1]) - right * max(1, pixels.shape[1] // SHIFT)
    return pixels[rows.clip(0, pixels.shape[0] - 1)][:, columns.clip(0, pixels.shape[1] - 1)]


VIEWS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "plain": lambda pixels: pixels,
    "mirrored": lambda pixels: pixels[:, ::-1],
    "shifted-left": partial(_moved, down=0, right=-1),
    "shifted-right": partial(_moved, down=0, right=1),
    "shifted-up": partial(_moved, down=-1, right=0),
    "shifted-down": partial(_moved, down=1, right=0),
}
COPIES = {"mirrored": ("mirrored",), "shifted": tuple(name for name in VIEWS if name.startswith("shifted"))}


def views_of(copies: Sequence[str]) -> tuple[str, ...]:
    """Return the views of pictures of which such copies are made.

    >>> views_of(["mirrored"])
    ('plain', 'mirrored')

    Raises InputError for a kind of copies that is not known, or named twice.
    """
    for name in copies:
        if name not in COPIES:
            raise unknown_name("kind of copies", name, COPIES)
    if len(set(copies)) < len(copies):
        raise InputError(f"copies are named twice in {', '.join(copies)}; name each kind once.")
    return ("plain", *(view for name in copies for view in COPIES[name]))


def copies_of(views: Sequence[str]) -> list[str]:
    """Return the kinds of copies that views hold: `views_of` the other way round."""
    return [name for name, made in COPIES.items() if set(made) <= set(views)]
