"""The names of a photograph's raw features, in the order in which `photo` computes them.

A network stays opaque while its inputs are called x1 to x1344.
"""

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import NamedTuple

CHANNELS = ("lightness", "green to red", "blue to yellow")  # L*, a*, b*
QUARTERS = ("top left", "top right", "bottom left", "bottom right")


class Named(NamedTuple):
    """One raw feature: its full name, its group ("hue"), and its place: a quarter of the photograph, or more."""

    name: str
    group: str
    place: str


@cache
def photo_names(
    orientations: int, cells: int, colours: int, patterns: int, radii: tuple[int, ...], counted: tuple[int, ...],
    averaged: tuple[int, ...],
) -> tuple[Named, ...]:  # fmt: skip
    """Return a row for each raw feature; the parameters are the constants of the same names in `photo`.

    >>> rows = photo_names(9, 4, 16, 10, (1, 3), (1, 2), (1, 2, 3, 4))
    >>> len(rows), rows[325]
    (1344, Named(name='hue 34 degrees, everywhere', group='hue', place='everywhere'))
    """
    blocks = [  # of cells, which normalise the gradients in them
        (row + down, column + right)
        for row, column in product(range(cells - 1), repeat=2)
        for down, right in product(range(2), repeat=2)
    ]
    angles = [f"edges with gradient near {180 * (n + 0.5) / orientations:.0f} degrees" for n in range(orientations)]
    rows = [_named(what, "edges", row, column, cells) for row, column in blocks for what in angles]
    for group in ("hue", "saturation", "brightness"):
        levels = [_level(group, (n + 0.5) / colours) for n in range(colours)]
        rows += [_named(what, group, *cell) for cell in _cells(counted) for what in levels]
    means = {"mean": "mean colours", "spread of": "spread of colours"}
    for cell in _cells(averaged):
        rows += [_named(f"{which} {channel}", means[which], *cell) for which in means for channel in CHANNELS]
    for size, channel, radius in product(("fine", "coarse"), CHANNELS, radii):
        textures = [f"{size} texture of {channel}, {_pattern(n, patterns)} within {radius} px" for n in range(patterns)]
        rows += [_named(what, f"{size} texture", *cell) for cell in _cells(counted) for what in textures]
    return tuple(rows)


def _named(what: str, group: str, row: int, column: int, n: int) -> Named:
    """Return the row of a feature in one cell of a grid of n x n."""
    if n == 1:
        return Named(f"{what}, everywhere", group, "everywhere")
    quarter = QUARTERS[2 * (2 * row + 1 > n) + (2 * column + 1 > n)]
    if n == 2:
        return Named(f"{what}, {quarter}", group, quarter)
    middle = n in (2 * row + 1, 2 * column + 1)
    name = f"{what}, row {row + 1}, column {column + 1} of {n} x {n}"
    return Named(name, group, "across the middle" if middle else quarter)


def _cells(grids: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """Yield row, column and n of each cell of grids of n x n."""
    return ((row, column, n) for n in grids for row, column in product(range(n), repeat=2))


def _level(what: str, middle: float) -> str:
    return f"hue {360 * middle:.0f} degrees" if what == "hue" else f"{what} {middle:.0%}"


def _pattern(number: int, patterns: int) -> str:
    """Return what a uniform local binary pattern counts: how many neighbours are at least as bright."""
    return "irregular" if number == patterns - 1 else f"{number} of {patterns - 2} neighbours brighter"
