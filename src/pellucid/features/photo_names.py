"""What each number of a photograph is called, in the order in which `photo` makes them.

A net cannot be seen through while its inputs are x1 to x1344.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import product

CHANNELS = ("lightness", "green to red", "blue to yellow")  # L*, a*, b*
KINDS = {"mean": "mean colours", "spread": "spread of colours"}
CELL = re.compile(r"row (\d+), column (\d+) of (\d+) x")
QUARTERS = ("top left", "top right", "bottom left", "bottom right")


@cache
def photo_names(
    orientations: int, cells: int, colours: int, patterns: int, radii: tuple[int, ...], counted: tuple[int, ...],
    averaged: tuple[int, ...],
) -> tuple[str, ...]:  # fmt: skip
    """Return the names of all numbers; the parameters are those of the same names in `photo`, in small letters.

    >>> names = photo_names(9, 4, 16, 10, (1, 3), (1, 2), (1, 2, 3, 4))
    >>> len(names), names[0], names[325]
    (1344, 'edges with gradient near 10 degrees, row 1, column 1 of 4 x 4', 'hue 34 degrees, everywhere')
    """
    names = [
        f"edges with gradient near {180 * (angle + 0.5) / orientations:.0f} degrees, "
        f"{_place(row + down, column + right, cells)}"
        for row, column in product(range(cells - 1), repeat=2)  # of the block that normalises
        for down, right in product(range(2), repeat=2)
        for angle in range(orientations)
    ]
    for what in ("hue", "saturation", "brightness"):
        for where in _places(counted):
            names += [f"{_level(what, bin_, colours)}, {where}" for bin_ in range(colours)]
    for where in _places(averaged):
        names += [f"{which} {channel}, {where}" for which in ("mean", "spread of") for channel in CHANNELS]
    for size, channel, radius in product(("fine", "coarse"), CHANNELS, radii):
        for where in _places(counted):
            names += [
                f"{size} texture of {channel}, {_pattern(number, patterns)} within {radius} px, {where}"
                for number in range(patterns)
            ]
    return tuple(names)


def kind_of(name: str) -> str:
    """Return what kind of thing the number of that name tells.

    >>> kind_of("hue 34 degrees, everywhere"), kind_of("fine texture of lightness, irregular within 1 px, top left")
    ('hue', 'fine texture')
    """
    first, second, *_ = name.split(" ")
    return f"{first} {second}" if second == "texture" else KINDS.get(first, first)


def place_of(name: str) -> str:
    """Return where the number of that name looks: a quarter of the photograph, or more than one.

    >>> place_of("hue 34 degrees, top left"), place_of("mean lightness, row 4, column 2 of 4 x 4")
    ('top left', 'bottom left')
    >>> place_of("mean lightness, row 2, column 1 of 3 x 3"), place_of("hue 34 degrees, everywhere")
    ('across the middle', 'everywhere')
    """
    cell = CELL.search(name)
    if cell is None:
        return name.rpartition(", ")[2]
    row, column, n = map(int, cell.groups())
    if n + 1 in (2 * row, 2 * column):
        return "across the middle"
    return QUARTERS[2 * (2 * row > n) + (2 * column > n)]


def _level(what: str, bin_: int, bins: int) -> str:
    middle = (bin_ + 0.5) / bins
    return f"hue {360 * middle:.0f} degrees" if what == "hue" else f"{what} {middle:.0%}"


def _pattern(number: int, patterns: int) -> str:
    """Return what a uniform local binary pattern counts: how many neighbours are at least as bright."""
    return "irregular" if number == patterns - 1 else f"{number} of {patterns - 2} neighbours brighter"


def _places(grids: tuple[int, ...]) -> Iterator[str]:
    for n in grids:
        yield from (_place(row, column, n) for row, column in product(range(n), repeat=2))


def _place(row: int, column: int, n: int) -> str:
    if n == 1:
        return "everywhere"
    return QUARTERS[2 * row + column] if n == 2 else f"row {row + 1}, column {column + 1} of {n} x {n}"
