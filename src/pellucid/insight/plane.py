"""The plane of two features: a region for each class, the line between regions, and the points on top."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import ListedColormap
from numpy.typing import ArrayLike

from pellucid.insight.figures import MARKERS, PALETTE, check, codes


@dataclass(frozen=True)
class Plane:
    """Points (n, 2) with class codes (n,), and cells of equal size, `side` in each direction, around them."""

    points: np.ndarray
    labels: np.ndarray
    classes: int
    side: int = 400

    @classmethod
    def around(cls, X: ArrayLike, y: ArrayLike, classes: int, side: int = 400) -> "Plane":
        """Return the plane around points, once it is sure that they can be drawn."""
        points = np.asarray(X, dtype=float)
        check(2 <= classes <= len(PALETTE), "class_names", f"2 to {len(PALETTE)}", classes)
        check(points.ndim == 2 and points.shape[1:] == (2,) and len(points) > 0, "X", "shape (n, 2)", points.shape)
        check(np.isfinite(points).all(), "X", "finite numbers", "NaN or infinity")
        return cls(points, codes("y", y, len(points), classes), classes, side)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom, top: a little beyond the points."""
        margin = [0.07 * spread or 1.0 for spread in np.ptp(self.points, axis=0)]
        (left, bottom), (right, top) = self.points.min(axis=0) - margin, self.points.max(axis=0) + margin
        return left, right, bottom, top

    @property
    def _middles(self) -> tuple[np.ndarray, np.ndarray]:
        left, right, bottom, top = self.extent
        steps = (np.arange(self.side) + 0.5) / self.side
        return left + steps * (right - left), bottom + steps * (top - bottom)

    @property
    def cells(self) -> np.ndarray:
        """The middles of the cells (side * side, 2), row by row from the bottom: a cell has its middle's class."""
        return np.stack(np.meshgrid(*self._middles), axis=-1).reshape(-1, 2)

    def fill(self, axes: Axes, answers: ArrayLike) -> list[Artist]:
        """Draw the regions of answers (side * side,), class codes of the cells, and the line between them."""
        named = codes("the answer of predict", answers, self.side**2, self.classes).reshape(self.side, self.side)
        image = axes.imshow(
            named, interpolation="nearest", alpha=0.3, origin="lower", aspect="auto",
            cmap=ListedColormap(PALETTE[: self.classes]), vmin=-0.5, vmax=self.classes - 0.5, extent=self.extent,
        )  # fmt: skip
        present = np.unique(named)
        lines = [
            axes.contour(*self._middles, named == code, [0.5], colors="0.25", linewidths=0.8) for code in present[1:]
        ]
        return [image, *lines]

    def scatter(self, axes: Axes) -> list[PathCollection]:
        """Draw the points, each class in its colour and shape."""
        look: dict[str, Any] = {
            "s": np.clip(10_000 / len(self.points), 8, 32),
            "edgecolors": "white",
            "linewidths": 0.5,
        }
        return [
            axes.scatter(
                *self.points[self.labels == code].T, color=PALETTE[code], marker=MARKERS[code], zorder=3, **look
            )
            for code in range(self.classes)
        ]
