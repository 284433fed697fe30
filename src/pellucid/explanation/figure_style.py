"""Figure style: the look that all matplotlib figures share, readable in colour and in grey, and how they are saved.

SVG files store letters as outlines, so they look the same everywhere. No file stores a date.
"""

import io
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from pellucid.errors import InputError
from pellucid.system.files import atomic_write

# Okabe and Ito's colours, the pair that differs most first; grey and brown make them ten.
PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "black", "#F0E442", "0.6", "#7A4B2A"]
MARKERS = "osD^vpX<>h"  # a shape for each class, for readers who cannot see colours
DASHES = ["-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2))]  # and a dash pattern for each line


class InlineFigure(Figure):
    """A Figure that a notebook shows even without pyplot."""

    def _repr_png_(self) -> bytes:
        return as_bytes(self, "png")


def figure_of(width: float, height: float, xlabel: str, ylabel: str) -> tuple[Figure, Axes]:
    """Return a figure of this size in inches, and its axes."""
    figure = InlineFigure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot(xlabel=xlabel, ylabel=ylabel)
    plain(axes)
    return figure, axes


def plain(axes: Axes) -> None:
    """Keep only thin lines at the left and at the bottom."""
    axes.tick_params(labelsize=9, width=0.6)
    axes.spines[:].set_linewidth(0.6)
    axes.spines[["top", "right"]].set_visible(False)


def as_bytes(figure: Figure, kind: str) -> bytes:
    """Return the figure as a "png" or "svg" file: the same bytes every time."""
    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": "pellucid", "svg.fonttype": "path"}):
        metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
        figure.savefig(buffer, format=kind, dpi=120, bbox_inches="tight", metadata=metadata)
    return buffer.getvalue()


def save(figure: Figure, path: str | Path) -> None:
    """Write the figure to `path`, whose name ends in .png or .svg; an interrupted write leaves no broken file."""
    kind = Path(path).suffix.lower()
    check(kind in (".png", ".svg"), "path", "a name ending in .png or .svg", Path(path).name)
    atomic_write(path, as_bytes(figure, kind[1:]))


def codes(what: str, codes: ArrayLike, count: int, classes: int) -> np.ndarray:
    """Return class codes (count,) as integers, or raise InputError."""
    raw, expected = np.asarray(codes), f"{count} whole numbers from 0 to {classes - 1}"
    check(raw.shape == (count,) and raw.dtype.kind in "iub", what, expected, f"{raw.dtype} of {raw.shape}")
    check(raw.min() >= 0 and raw.max() < classes, what, expected, f"{raw.min()} to {raw.max()}")
    return raw.astype(int)


def check(fits: bool | np.bool, what: str, expected: str, got: object) -> None:
    """Raise InputError unless it fits."""
    if not fits:
        raise InputError(f"{what}: expected {expected}, got {got}.")
