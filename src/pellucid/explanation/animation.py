"""An animation of training as a GIF: the moving boundary between classes, beside the falling cost."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from PIL import Image

from pellucid.errors import InputError
from pellucid.explanation.figure_style import PALETTE, plain
from pellucid.explanation.plots import Plane
from pellucid.model.predictions import predicted_codes
from pellucid.nn import Network
from pellucid.training.loop import State

SECONDS = 8.0  # once through
REST = 1.5  # of them, for the last picture
COLOURS = 64  # enough for a GIF of a few flat colours

Snapshot = tuple[int, Network]


@dataclass
class Film:
    """Copies of the network at some epochs of a run; give it to training as a callback.

    epochs: of the run.  most: how many copies to keep, dense at first and sparser later, as learning slows down.

    >>> film = Film(epochs=1000, most=5)
    >>> sorted(film.moments)
    [1, 6, 32, 178, 1000]
    """

    epochs: int
    most: int = 300
    kept: list[Snapshot] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.moments = {round(moment) for moment in np.geomspace(1, max(self.epochs, 1), self.most).tolist()}

    def __call__(self, state: State) -> None:
        """Keep a copy if this is one of the epochs."""
        if state.epoch in self.moments:
            self.kept.append((state.epoch, state.network().copy()))


def learning_gif(
    film: Film, cost: Sequence[float], X: ArrayLike, y: ArrayLike, classes: int, pictures: int = 64
) -> bytes:
    """Return a GIF that loops in about eight seconds: boundary and cost, mostly while the cost falls.

    cost: J of every epoch of the run.  X: points (n, 2).  y: class codes (n,) of 2 to 10 classes.

    Raises InputError if nothing was kept, or the points are not in a plane.
    """
    if not film.kept:
        raise InputError("the film is empty: give it to training as a callback, and let at least one epoch finish.")
    plane = Plane.around(X, y, classes, side=240)
    frames = [_drawn(plane, network, epoch, cost) for epoch, network in _spread(film.kept, cost, pictures)]
    montage = Image.fromarray(np.concatenate([np.asarray(frames[place]) for place in (0, len(frames) // 2, -1)]))
    palette = montage.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    flat = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    each = round(1000 * (SECONDS - REST) / max(len(flat) - 1, 1))
    buffer = io.BytesIO()
    durations = [each] * (len(flat) - 1) + [round(1000 * REST)]
    flat[0].save(buffer, "GIF", save_all=True, append_images=flat[1:], duration=durations, loop=0, optimize=True)
    return buffer.getvalue()


def _spread(kept: Sequence[Snapshot], cost: Sequence[float], pictures: int) -> list[Snapshot]:
    """Return networks that are evenly spaced, by the cost (weight two) and by the logarithm of the epoch (one)."""
    moments = np.array([epoch for epoch, _ in kept])
    heights = np.array(cost)[moments - 1]
    way = np.abs(np.diff(heights, prepend=heights[0])).cumsum()
    passed = np.log(moments) / np.log(max(moments[-1], 2)) + 2 * way / (way[-1] or 1.0)
    places = np.searchsorted(passed, np.linspace(passed[0], passed[-1], pictures) - 1e-9)
    return [kept[place] for place in np.unique(places)]


def _drawn(plane: Plane, network: Network, epoch: int, cost: Sequence[float]) -> Image.Image:
    figure = Figure(figsize=(7.2, 3.6), dpi=100)
    field_, curve = figure.subplots(1, 2, width_ratios=(1.15, 1))
    figure.subplots_adjust(left=0.055, right=0.975, bottom=0.14, top=0.89, wspace=0.2)
    plane.fill(field_, predicted_codes(network, plane.cells))
    plane.scatter(field_)
    right = float(np.mean(predicted_codes(network, plane.points) == plane.labels))
    field_.set_title(f"{right:.0%} of {len(plane.points)} points correct", fontsize=10, loc="left")
    curve.plot(range(1, len(cost) + 1), cost, color="0.8", linewidth=1.5)
    curve.plot(range(1, epoch + 1), cost[:epoch], color=PALETTE[0], linewidth=2)
    curve.plot(epoch, cost[epoch - 1], "o", color=PALETTE[0], markersize=6)
    curve.set(xscale="log", xlim=(0.9, 1.15 * len(cost)), ylim=(0, 1.08 * np.max(cost)), xlabel="iteration")
    curve.set_title(f"iteration {epoch:,}: cost {cost[epoch - 1]:.3f}", fontsize=10, loc="left")
    for axes in (field_, curve):
        plain(axes)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer).convert("RGB")
