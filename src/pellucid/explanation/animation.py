"""An animation of learning: the boundary between classes as it moves, beside the cost as it falls, as a GIF."""

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
REST = 1.5  # of them, on the last picture
COLOURS = 64  # that a GIF of few flat colours needs

HeldOut = tuple[int, Network]


@dataclass
class Film:
    """The networks of a run at some of its epochs; give it to training as a callback.

    epochs: of the run.  most: how many are kept, close together at first and further apart later, as learning goes.

    >>> film = Film(epochs=1000, most=5)
    >>> sorted(film.moments)
    [1, 6, 32, 178, 1000]
    """

    epochs: int
    most: int = 300
    kept: list[HeldOut] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.moments = {round(moment) for moment in np.geomspace(1, max(self.epochs, 1), self.most).tolist()}

    def __call__(self, state: State) -> None:
        """Keep the network, where this is one of the epochs."""
        if state.epoch in self.moments:
            self.kept.append((state.epoch, state.network().copy()))


def learning_gif(
    film: Film, cost: Sequence[float], X: ArrayLike, y: ArrayLike, classes: int, pictures: int = 64
) -> bytes:
    """Return a GIF of about eight seconds that goes round for ever: boundary and cost, mostly while the cost falls.

    cost: J of every epoch of the run.  X: points (n, 2).  y: class codes (n,) of 2 to 10 classes.

    Raises InputError where nothing was kept, or the points do not lie in a plane.
    """
    if not film.kept:
        raise InputError("the film is empty: give it to training as a callback, and let it finish an epoch at least.")
    plane = Plane.around(X, y, classes, side=240)
    frames = [_drawn(plane, network, epoch, cost) for epoch, network in _told(film.kept, cost, pictures)]
    montage = Image.fromarray(np.concatenate([np.asarray(frames[place]) for place in (0, len(frames) // 2, -1)]))
    palette = montage.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    flat = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    each = round(1000 * (SECONDS - REST) / max(len(flat) - 1, 1))
    buffer = io.BytesIO()
    durations = [each] * (len(flat) - 1) + [round(1000 * REST)]
    flat[0].save(buffer, "GIF", save_all=True, append_images=flat[1:], duration=durations, loop=0, optimize=True)
    return buffer.getvalue()


def _told(kept: Sequence[HeldOut], cost: Sequence[float], pictures: int) -> list[HeldOut]:
    """Return the networks that are as far from each other as the epochs' magnitude and the cost tell, two to one."""
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
    field_.set_title(f"{right:.0%} of {len(plane.points)} points right", fontsize=10, loc="left")
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
