"""Saliency: which parts of a picture decide the prediction. Two methods, and a mask that shows the first.

Occlusion slides a grey patch over the picture: where the probability drops, the network looked. It asks the whole
model, so it works for all features. Gradient x input is quicker, but needs a model of pixels.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.images import as_pixels
from pellucid.errors import InputError
from pellucid.features import PictureFeatures
from pellucid.model.model import Model
from pellucid.model.predictions import class_codes
from pellucid.system.threads import in_order

GRID = 8  # cells a side; the patch covers 2 x 2 of them and moves by one
MATTERS = 0.2  # a smaller drop of the log-odds, from 0.90 to 0.88 say, means nothing
SMALLEST = 1e-6  # p is kept this far from 0 and 1
DARKEST = 0.6  # opacity of the mask where nothing mattered
LINES = (("#0b0d10", 5), ("#ffd24a", 2.5))  # the frame's colours and widths in pixels: visible on dark and on light
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class OcclusionMap:
    """How covering parts of one picture changed the probability of a class.

    code: of that class.  p: its probability with nothing covered.
    falls: (g - 1, g - 1), p minus its value with the patch there; negative if it rose.
    """

    code: int
    p: float
    falls: np.ndarray

    @property
    def evidence(self) -> np.ndarray:
        """The drops of the log-odds log(p / (1 - p)): they differ clearly even where p is near 1 and hardly moves."""
        return np.asarray(_log_odds(np.array(self.p)) - _log_odds(self.p - self.falls))

    @property
    def cells(self) -> np.ndarray:
        """The mean evidence (g, g) of the patches over each cell; negative evidence counts as 0."""
        g = len(self.falls) + 1
        sums, counts = np.zeros((g, g)), np.zeros((g, g))
        for down in (0, 1):
            for right in (0, 1):
                sums[down : g - 1 + down, right : g - 1 + right] += self.evidence.clip(0)
                counts[down : g - 1 + down, right : g - 1 + right] += 1
        return sums / counts

    @property
    def strongest(self) -> tuple[int, int] | None:
        """The place (row, column) of the patch with the largest drop; None if no place matters."""
        if self.evidence.max() < MATTERS:
            return None
        row, column = np.unravel_index(self.falls.argmax(), self.falls.shape)
        return int(row), int(column)

    @property
    def change(self) -> str:
        """How covering the strongest place changes p: "0.93 to 0.71", with as many digits as needed."""
        covered = self.p - float(self.falls.max())
        pairs = [(f"{self.p:.{digits}f}", f"{covered:.{digits}f}") for digits in range(2, 7)]
        return " to ".join(next((pair for pair in pairs if pair[0] != pair[1]), pairs[-1]))

    @property
    def at_border(self) -> bool | None:
        """Whether the strongest region touches the border of the picture; None if there is none."""
        if self.strongest is None:
            return None
        return any(place in (0, len(self.falls) - 1) for place in self.strongest)


def _log_odds(p: np.ndarray) -> np.ndarray:
    p = p.clip(SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(p / (1 - p)))


def border_share(grid: int = GRID) -> float:
    """Return the share of all patch places that touch the border: what chance alone would give.

    >>> round(border_share(8), 2)
    0.49
    """
    places = grid - 1
    return 1 - max(places - 2, 0) ** 2 / places**2


def occlusion_maps(
    model: Model,
    pictures: Sequence[Any],
    codes: Sequence[int] | None = None,
    grid: int = GRID,
    on_progress: OnProgress | None = None,
) -> list[OcclusionMap]:
    """Return where covering each picture lowers the probability of a class, one map for each picture.

    fall[i, j] = p(class | picture) - p(class | picture with a grey patch at i, j)

    pictures: n, as the model takes them.  codes: n, the class for each; None: the predicted one.
    grid, and what is raised: as in `occlusion_map`.  on_progress: called with (pictures done, n).

    >>> import pellucid
    >>> result = pellucid.train("toy:digits", epochs=2, cross_validate=0, random_state=0)
    >>> (one,) = occlusion_maps(result.model, [result.splits.train.read([0])[0]], grid=4)
    >>> one.falls.shape, one.cells.shape
    ((3, 3), (4, 4))

    Zeiler and Fergus 2014, "Visualizing and understanding convolutional networks".
    """
    found = []
    for number, picture in enumerate(pictures):
        found.append(occlusion_map(model, picture, None if codes is None else codes[number], grid))
        if on_progress is not None:
            on_progress(number + 1, len(pictures))
    return found


def occlusion_map(
    model: Model, picture: Any, code: int | None = None, grid: int = GRID, on_progress: OnProgress | None = None
) -> OcclusionMap:
    """Return where covering one picture lowers the probability of a class.

    code: the class; None: the predicted one.  grid: cells a side; n = (grid - 1)^2 + 1 predictions are needed.
    on_progress: called with (covered pictures described, n).

    Raises InputError for a model of tables or numbers.
    """
    features = model.features
    if not isinstance(features, PictureFeatures) or not model.class_names:
        raise InputError(f"occlusion is for classifiers of pictures; this model takes {features}.")
    pixels = as_pixels(picture, features.shape)
    covered, rows = [pixels, *_covered(pixels, grid)], []
    for row in in_order(features.attempt, covered):
        if not isinstance(row, np.ndarray):
            raise row
        rows.append(row)
        if on_progress is not None:
            on_progress(len(rows), len(covered))
    P = model.outputs(np.stack(rows)).astype(np.float64)
    if code is None:
        code = int(class_codes(P[:1], model.threshold)[0])
    p = P[:, code]
    return OcclusionMap(code, float(p[0]), (p[0] - p[1:]).reshape(grid - 1, grid - 1))


def _covered(pixels: np.ndarray, grid: int) -> list[np.ndarray]:
    """Return copies of pixels (h, w, c) with a grey patch at each place, row by row."""
    height, width = pixels.shape[:2]
    grey = 0.5 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max // 2 + 1
    downs, rights = (np.arange(grid + 1) * side // grid for side in (height, width))
    covered = []
    for row in range(grid - 1):
        for column in range(grid - 1):
            copy = pixels.copy()
            copy[downs[row] : downs[row + 2], rights[column] : rights[column + 2]] = grey
            covered.append(copy)
    return covered


def mask_svg(found: OcclusionMap) -> str:
    """Return a mask over one picture as SVG that stretches to any size; empty if no region matters.

    It needs no style sheet, so it works inside a page and as a picture of its own.
    """
    if found.strongest is None:
        return ""
    cells = found.cells
    top, g = cells.max(), len(cells)
    dark = "".join(
        f'<rect x="{column}" y="{row}" width="1" height="1" opacity="{DARKEST * (1 - math.sqrt(value / top)):.2f}"/>'
        for (row, column), value in np.ndenumerate(cells)
    )
    row, column = found.strongest
    place = f'x="{column + 0.06}" y="{row + 0.06}" width="1.88" height="1.88"'
    frame = "".join(
        f'<rect {place} fill="none" stroke="{ink}" stroke-width="{width}" vector-effect="non-scaling-stroke"/>'
        for ink, width in LINES
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {g} {g}" preserveAspectRatio="none" aria-hidden="true">'
        f'<g fill="#0b0d10" shape-rendering="crispEdges">{dark}</g>{frame}</svg>'
    )


def gradient_times_input(model: Model, R: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return how much each pixel contributes to the logit of a class, (n, height, width), summed over colours.

    map = sum over colours of x * d logit / dx, averaged over the networks, without augmentation. With two classes and
    one logit z, the logit of the first class is -z.

    R: raw features (n, n_row) of pictures.  codes: (n,) the class of each.

    Raises InputError if the model does not take pixels.

    >>> import pellucid
    >>> result = pellucid.train("toy:digits", epochs=2, cross_validate=0, random_state=0)
    >>> gradient_times_input(result.model, result.rows["train"][:3], result.splits.train.labels[:3]).shape
    (3, 8, 8)

    Shrikumar, Greenside and Kundaje 2017, section on gradient x input.
    """
    features = model.features
    shape = features.shape
    if shape is None or not (features.inputs_are_pixels and model.class_names):
        raise InputError(f"gradient x input is for classifiers of pixels; this model takes {features}.")
    dtype = model.network.parameters.dtype
    X = np.asarray(features.transform(R, dtype)[:], dtype)[:: len(features.views)]  # the plain view comes first
    total = np.zeros(X.shape)
    for network in model.networks:
        logits, tape = network.forward(X)
        if network.n_out == 1:
            dlogits = np.where(codes == 1, 1, -1)[:, None].astype(dtype)
        else:
            dlogits = np.zeros_like(logits)
            dlogits[np.arange(len(X)), codes] = 1
        total += X * network.backward(dlogits, tape, input_gradient=True)[1]
    return (total / len(model.networks)).reshape(-1, *shape.as_tuple).sum(axis=3)
