"""Permalink: the text after "#" in the page's address, from and to settings, iteration, points and edits.

Only what differs from the defaults is written, so addresses stay short. Anyone may have written one: check everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pellucid.errors import InputError
from pellucid.web.playground.settings import (
    MOST_CLASSES,
    MOST_ITERATIONS,
    MOST_LAYERS,
    MOST_POINTS,
    MOST_UNITS,
    PlaygroundSettings,
    number,
    short,
)

FARTHEST = 100.0  # of a drawn point from 0
DECIMALS = 3  # of its coordinates
MOST_EDITS = 200
LONGEST = 20_000  # letters

Point = tuple[float, float, int]  # x, y, class


@dataclass(frozen=True)
class Edit:
    """A weight set by hand at an iteration; column -1 is the bias. layer counts from 1, row and column from 0."""

    iteration: int
    layer: int
    row: int
    column: int
    value: float


@dataclass(frozen=True)
class Moment:
    """All that is needed to come back to where a session stands."""

    settings: PlaygroundSettings = field(default_factory=PlaygroundSettings)
    iteration: int = 0
    points: tuple[Point, ...] = ()
    edits: tuple[Edit, ...] = ()


def encode(moment: Moment, usual: PlaygroundSettings | None = None) -> str:
    """Return the moment as text. usual: what is not written.

    >>> encode(Moment(PlaygroundSettings(seed=5, layers=((3, "relu"),)), iteration=200))
    'layers=3:relu&seed=5&at=200'
    """
    usual, values = usual or PlaygroundSettings(), list[tuple[str, str]]()
    for f in fields(PlaygroundSettings):
        value = getattr(moment.settings, f.name)
        if value != getattr(usual, f.name):
            values.append((f.name, _text(f.name, value)))
    if moment.iteration:
        values.append(("at", str(moment.iteration)))
    if moment.points:
        values.append(("points", ";".join(f"{x!r},{y!r},{code}" for x, y, code in moment.points)))
    if moment.edits:
        values.append(
            ("edits", ";".join(f"{e.iteration},{e.layer},{e.row},{e.column},{e.value!r}" for e in moment.edits))
        )
    return urlencode(values, safe=":,;")


def decode(address: Any, usual: PlaygroundSettings | None = None) -> Moment:
    """Return the moment of an address; raise InputError where it cannot be one. usual: as for `encode`.

    >>> decode("layers=3:relu&seed=5&at=200").settings.layers
    ((3, 'relu'),)
    """
    usual = usual or PlaygroundSettings()
    if not isinstance(address, str) or len(address) > LONGEST:
        raise InputError(f"an address is a text of at most {LONGEST:,} letters, got {short(address)}.")
    try:
        pairs = parse_qsl(
            address.removeprefix("#"), keep_blank_values=True, strict_parsing=bool(address), max_num_fields=40
        )
    except ValueError:
        raise InputError(f"the address {short(address)!r} cannot be read; expected name=value&name=value.") from None
    values = dict(pairs)
    if len(values) < len(pairs):
        raise InputError("the address names a setting twice.")
    at, points, edits = values.pop("at", "0"), values.pop("points", ""), values.pop("edits", "")
    settings = {name: _value(name, text) for name, text in values.items()}
    return Moment(
        usual.changed(settings, with_table=usual.data == "table"),
        number("the iteration", _number(at), 0, MOST_ITERATIONS, whole=True),
        checked_points([[_number(cell) for cell in point.split(",")] for point in points.split(";") if point]),
        tuple(_edit(text) for text in _parts(edits, MOST_EDITS, "edits")),
    )


def checked_points(points: Any) -> tuple[Point, ...]:
    """Return drawn points, their coordinates rounded; raise InputError where they are none or too many."""
    if not isinstance(points, list | tuple) or len(points) > MOST_POINTS:
        got = f"{len(points)} of them" if isinstance(points, list | tuple) else short(points)
        raise InputError(f"points must be a list of at most {MOST_POINTS} points, got {got}.")
    checked = []
    for point in points:
        if not isinstance(point, list | tuple) or len(point) != 3:
            raise InputError(f"a point must be [x, y, class], got {short(point)}.")
        x, y = (round(number("a coordinate", value, -FARTHEST, FARTHEST), DECIMALS) for value in point[:2])
        checked.append((x, y, int(number("the class of a point", point[2], 0, MOST_CLASSES - 1, whole=True))))
    return tuple(checked)


def checked_edit(iteration: Any, layer: Any, row: Any, column: Any, value: Any) -> Edit:
    """Return an edit whose numbers are within the largest network there may be."""
    return Edit(
        number("the iteration of an edit", iteration, 0, MOST_ITERATIONS, whole=True),
        number("layer", layer, 1, MOST_LAYERS + 1, whole=True),
        number("row", row, 0, MOST_UNITS - 1, whole=True),
        number("column", column, -1, 1000, whole=True),
        number("the weight", value, -1e6, 1e6),
    )


def _edit(text: str) -> Edit:
    cells = [_number(cell) for cell in text.split(",")]
    if len(cells) != 5:
        raise InputError(f"an edit is iteration,layer,row,column,value; got {short(text)}.")
    return checked_edit(*cells)


def _parts(text: str, most: int, what: str) -> Sequence[str]:
    parts = [part for part in text.split(";") if part]
    if len(parts) > most:
        raise InputError(f"an address has at most {most} {what}, got {len(parts)}.")
    return parts


def _text(name: str, value: Any) -> str:
    if name == "layers":
        return ",".join(f"{width}:{activation}" for width, activation in value) or "none"
    if name == "columns":
        return ",".join(map(str, value))
    return str(value)


def _value(name: str, text: str) -> Any:
    if name == "layers":
        if text == "none":
            return []
        layers = [layer.partition(":") for layer in text.split(",")]
        return [[_number(width), activation] for width, _, activation in layers]
    if name == "columns":
        return [_number(place) for place in text.split(",")]
    return text if name in ("data", "init", "optimizer") else _number(text)


def _number(text: str) -> int | float:
    """Return a number; a whole one as int, so that it is not rounded."""
    try:
        return int(text) if text.removeprefix("-").isdecimal() and len(text) < 20 else float(text)
    except ValueError:
        raise InputError(f"the address has {short(text)!r} where a number is needed.") from None
