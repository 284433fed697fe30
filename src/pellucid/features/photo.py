"""Photo: edges, colours and textures, which distinguish photographs better than their pixels do.

Gradients show where edges run, whatever the light. Colours and textures are counted over the whole picture and its
quarters, so exact positions matter little. Chosen by cross-validation on training pictures alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np

from pellucid.data.images import PictureShape, to_unit
from pellucid.features.augmentation import VIEWS
from pellucid.features.images import StandardizedPictures
from pellucid.features.photo_names import Named, photo_names

SIZE = 192  # pixels; photographs are described at this size, at half of it and at a quarter
COUNTED = (1, 2)  # grids whose cells colours and textures are counted in: the whole, and 2 x 2
AVERAGED = (1, 2, 3, 4)  # grids whose cells have a mean colour and its deviation
COLOURS = 16  # bins of hue, saturation and value each
RADII, NEIGHBOURS = (1, 3), 8  # of local binary patterns, in pixels
PATTERNS = NEIGHBOURS + 2  # the uniform ones, however turned, and all others together
SHAPE = PictureShape(SIZE, SIZE, 3)
ORIENTATIONS, CELLS = 9, 4  # of gradients, in 4 x 4 cells, normalised over blocks of 2 x 2


@dataclass(frozen=True)
class Photo(StandardizedPictures):
    """Photographs, described by edges, colours and textures, standardised by the training rows.

    Edges: histograms of oriented gradients (Dalal and Triggs 2005) at a quarter of the size. Colours: hue, saturation
    and value counted, L*a*b* averaged, at half of the size. Textures: local binary patterns (Ojala, Pietikainen and
    Maenpaa 2002) of L*, a* and b*, at the full and at half the size.

    >>> Photo().n_out
    1344
    """

    shape: PictureShape = SHAPE
    views: tuple[str, ...] = ("plain", "mirrored")
    kind: ClassVar[str] = "photo"

    @property
    def n_out(self) -> int:
        """How many numbers describe a view of a photograph."""
        counted = sum(n * n for n in COUNTED) * (3 * COLOURS + 2 * 3 * len(RADII) * PATTERNS)
        averaged = sum(n * n for n in AVERAGED) * 3 * 2
        return counted + averaged + (CELLS - 1) ** 2 * 4 * ORIENTATIONS

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each raw feature."""
        return tuple(row.name for row in self._named)

    @property
    def groups(self) -> tuple[str, ...]:
        """The group of each raw feature, such as "hue"."""
        return tuple(row.group for row in self._named)

    @property
    def places(self) -> tuple[str, ...]:
        """The quarter of the photograph that each raw feature describes."""
        return tuple(row.place for row in self._named)

    @property
    def _named(self) -> tuple[Named, ...]:
        return photo_names(ORIENTATIONS, CELLS, COLOURS, PATTERNS, RADII, COUNTED, AVERAGED)

    def brightness(self, R: np.ndarray) -> np.ndarray:
        """Return the mean L* / 100 (n,) of photographs; it is the first mean after edges and counted colours."""
        place = (CELLS - 1) ** 2 * 4 * ORIENTATIONS + sum(n * n for n in COUNTED) * 3 * COLOURS
        return R[:, place].astype(np.float64)

    def describe(self, pixels: np.ndarray) -> np.ndarray:
        """Return the numbers (n_out,) of pixels (192, 192, 3)."""
        return _numbers(_maps(pixels))

    def describe_views(self, pixels: np.ndarray) -> np.ndarray:
        """Return the numbers of all views; the maps of a mirrored photograph are its mirrored maps."""
        maps = _maps(pixels)
        mirrored = [(kind, area[:, ::-1]) for kind, area in maps]
        known = {"plain": maps, "mirrored": mirrored}
        return np.concatenate([_numbers(known.get(view) or _maps(VIEWS[view](pixels))) for view in self.views])

    def made_with(self) -> str:
        """Return what makes the raw rows, with its version."""
        return f"{super().made_with()}, scikit-image {version('scikit-image')}"

    @classmethod
    def restore(cls, metadata: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Photo":
        """Return the features that `metadata` and `arrays` describe."""
        return cls(SHAPE, tuple(metadata["views"]), **cls.fit_of(arrays))

    def __str__(self) -> str:
        return f"{self.n_out} numbers of photographs: edges, colours and textures{self._told_views()}"


Maps = list[tuple[str, np.ndarray]]  # (what to do with it, a map of the photograph (height, width, ...))


def _maps(pixels: np.ndarray) -> Maps:
    """Return the maps that the numbers of a photograph are counted from."""
    from skimage.color import rgb2hsv, rgb2lab

    full = to_unit(pixels, np.float32)
    half = _halved(full)
    lab = rgb2lab(half)
    colours = np.minimum(rgb2hsv(half) * COLOURS, COLOURS - 1).astype(np.intp)
    counted = [("colours", colours[..., channel]) for channel in range(3)]
    textures = [("textures", codes) for image in (rgb2lab(full), lab) for codes in _patterns(image)]
    return [("gradients", _halved(half)), *counted, ("means", lab / 100), *textures]


def _patterns(lab: np.ndarray) -> list[np.ndarray]:
    """Return the local binary pattern of each pixel (h, w), for each of L*, a*, b* and each radius."""
    from skimage.feature import local_binary_pattern

    bytes_ = np.rint(lab * (2.55, 1, 1) + (0, 128, 128)).clip(0, 255).astype(np.uint8)
    channels = [np.ascontiguousarray(bytes_[..., channel]) for channel in range(3)]
    codes = [local_binary_pattern(c, NEIGHBOURS, radius, method="uniform") for c in channels for radius in RADII]
    return [code.astype(np.intp) for code in codes]


def _numbers(maps: Maps) -> np.ndarray:
    """Return the numbers (n_out,) of a photograph, as float32."""
    parts = []
    for kind, area in maps:
        if kind == "gradients":
            parts.append(_gradients(area))
        elif kind == "means":
            parts += [_means(area, n) for n in AVERAGED]
        else:
            parts += [_counts(area, COLOURS if kind == "colours" else PATTERNS, n) for n in COUNTED]
    return np.concatenate(parts, dtype=np.float32, casting="same_kind")


def _gradients(area: np.ndarray) -> np.ndarray:
    from skimage.feature import hog

    cell = (area.shape[0] // CELLS, area.shape[1] // CELLS)
    return np.asarray(hog(area, ORIENTATIONS, cell, cells_per_block=(2, 2), transform_sqrt=True, channel_axis=-1))


def _counts(codes: np.ndarray, kinds: int, n: int) -> np.ndarray:
    """Return the shares (n * n * kinds,) of codes (h, w) in each cell of a grid of n x n."""
    cells, sizes = _grid(codes.shape[0], codes.shape[1], n)
    counts = np.bincount((cells * kinds + codes).ravel(), minlength=n * n * kinds).reshape(n * n, kinds)
    return (counts / sizes[:, None]).ravel()


def _means(area: np.ndarray, n: int) -> np.ndarray:
    """Return mean and deviation (n * n * 2 * channels,) of an area (h, w, channels) in each cell of a grid of n x n."""
    cells, sizes = _grid(area.shape[0], area.shape[1], n)
    flat = area.reshape(-1, area.shape[2]).astype(np.float64)

    def mean(values: np.ndarray) -> np.ndarray:
        sums = [np.bincount(cells.ravel(), channel, minlength=n * n) for channel in values.T]
        return np.stack(sums, axis=1) / sizes[:, None]

    centre = mean(flat)
    deviation = np.sqrt(mean((flat - centre[cells.ravel()]) ** 2))
    return np.hstack([centre, deviation]).ravel()


@cache
def _grid(height: int, width: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the cell of each pixel (height, width) in a grid of n x n, and how many pixels each cell has."""
    rows, columns = np.arange(height) * n // height, np.arange(width) * n // width
    cells = rows[:, None] * n + columns
    return cells, np.bincount(cells.ravel(), minlength=n * n)


def _halved(area: np.ndarray) -> np.ndarray:
    """Return an area (h, w, channels) at half its size: the mean of each 2 x 2 pixels."""
    h, w, channels = area.shape
    return area.reshape(h // 2, 2, w // 2, 2, channels).mean(axis=(1, 3), dtype=np.float32)
