"""A line chart as SVG: each line is named at its end, and has its own colour and dash."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.errors import InputError
from pellucid.html.document import escaped
from pellucid.html.svg import INK, LETTER, LINE, NEGATIVE, POSITIVE, QUIET, element, frame, number, written

COLOURS = [POSITIVE, NEGATIVE, "var(--good, #009e73)", "#b8659a", "#c08a00", QUIET]  # Okabe and Ito's, both grounds
DASHES = ["none", "7 3", "2 3", "9 3 2 3", "12 4", "4 2"]
FACTOR = 50  # costs that fall further than this get a logarithmic axis
SIZE = 12  # of letters
WIDTH = 520  # of the drawing

STYLE = f"""
.curves text {{ font-size: {SIZE}px; fill: {INK}; }}
.curves .tick {{ fill: {QUIET}; font-variant-numeric: tabular-nums; }}
.curves .grid {{ stroke: {LINE}; stroke-width: 1; }}
.curves .lead {{ stroke: {QUIET}; stroke-width: 0.75; fill: none; opacity: 0.7; }}
.curves .moment {{ stroke: {QUIET}; stroke-width: 1; stroke-dasharray: 3 3; }}
.curves .line {{ fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }}
.curves .heading {{ font-size: {SIZE + 1}px; font-weight: 600; }}
"""

Line = tuple[np.ndarray, np.ndarray]
MINUS = "\N{MINUS SIGN}"
HUGE = 1e300  # beyond it, differences and margins would overflow


@dataclass(frozen=True)
class Axis:
    """Values low to high at positions start to end; log = a logarithmic scale."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def places(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return the positions of values.

        >>> Axis(0, 10, 100, 200).places([0, 5])
        array([100., 150.])
        >>> Axis(1, 100, 0, 2, log=True).places([1, 10])
        array([0., 1.])
        """
        low, high, these = self.low, self.high, np.asarray(values, dtype=float)
        if self.log:
            low, high, these = math.log10(low), math.log10(high), np.log10(these)
        return self.start + (these - low) / (high - low) * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """Return round values within the axis, about `most` of them.

        >>> Axis(0, 10, 0, 1).ticks(6)
        [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
        >>> Axis(0.004, 30, 0, 1, log=True).ticks(6)
        [0.01, 0.1, 1.0, 10.0]
        """
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            if last - first >= 1:
                return [float(f"1e{power}") for power in range(first, last + 1, -(-(last - first + 1) // most))]
        step = _round_step((self.high - self.low) / max(most - 1, 1))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [float(f"{multiple * step:.12g}") for multiple in range(first, last + 1)]


def tick_text(tick: float) -> str:
    """Return a tick as text, with a true minus sign.

    >>> tick_text(-0.5), tick_text(2000.0), tick_text(1e-7)
    ('−0.5', '2,000', '1e−7')
    """
    text = f"{tick:,.0f}" if 1000 <= abs(tick) < 1e6 and tick == round(tick) else f"{tick:.6g}"
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", MINUS)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= 0.9 * rough)


def curves(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    xlabel: str,
    ylabel: str,
    title: str,
    *,
    log: bool | None = False,
    dots: Collection[str] = (),
    intervals: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    moments: Mapping[str, float] | None = None,
    percent: bool = False,
    height: int = 280,
) -> str:
    """Return a line chart as a complete SVG in the colours of the page around it.

    series: a name -> (x, y), at least one; a line has a gap where y is not finite (on a logarithmic axis, not above
    zero).  log: a logarithmic y axis; None = only if all y are positive and change fifty-fold.
    dots: names of series drawn as circles without a line.  intervals: a name -> (low, high) at each of its x.
    moments: a text -> the x of a vertical line with this text.  percent: show y from 0 to 1 as 0% to 100%.
    height: of the drawing, in pixels if there is room.

    Raises InputError if a series has no number to draw, or x and y differ in length.

    >>> curves({"training": ([0, 1, 2], [0.7, 0.5, 0.4])}, "epoch", "cost", "Cost").startswith("<svg ")
    True
    """
    if not series:
        raise InputError("curves: expected at least one series, got none.")
    lines = {name: _line(name, *points) for name, points in series.items()}
    spans = {name: _spans(name, pairs, lines) for name, pairs in (intervals or {}).items()}
    heights = np.concatenate([line[1] for line in lines.values()] + [span.ravel() for span in spans.values()])
    heights = heights[np.isfinite(heights)]
    if log is None:
        log = bool(heights.min() > 0 and heights.max() / FACTOR > heights.min())
    if log:
        lines = {name: (x, np.where(y > 0, y, np.nan)) for name, (x, y) in lines.items()}
        heights = heights[heights > 0]
    if len(heights) == 0:
        raise InputError("curves: expected numbers above zero for a logarithmic axis, got none.")
    names = len(lines) > 1
    right = min(LETTER * SIZE * max(map(len, lines)) + 24, 0.34 * WIDTH) if names else 14
    across = np.concatenate([x for x, _ in lines.values()])
    margin = 0.03 if spans or dots else 0.0  # marks are wider than points
    horizontal = Axis(*_apart(across.min(), across.max(), margin), 58, WIDTH - right)
    low, high = _bounds(heights, log)
    upright = Axis(low, high, height - 44, 34, log)
    parts = [
        *_grid(horizontal, upright, percent),
        element("text", written(title, SIZE + 1, WIDTH), class_="heading", x=4, y=16),
        *_named(horizontal, upright, xlabel, ylabel + (", log scale" if log else ""), height),
        *_moments(moments or {}, horizontal, upright),
    ]
    ends = []
    for order, (name, (x, y)) in enumerate(lines.items()):
        colour, dash = COLOURS[order % len(COLOURS)], DASHES[order % len(DASHES)]
        points = horizontal.places(x), np.clip(upright.places(y), upright.end - 4, upright.start + 4)
        whiskers = _whiskers(points[0], upright, spans[name]) if name in spans else []
        marks = _dots(points) if name in dots else _path(points, dash)
        group = [element("title", escaped(name)), *whiskers, *marks]
        parts.append(element("g", *group, style=f"color: {colour}", stroke="currentColor"))
        last = np.flatnonzero(np.isfinite(points[1]))
        if len(last):
            sample = _sample(WIDTH - right + 4, colour, "dot" if name in dots else dash)
            ends.append((float(points[1][last[-1]]), float(points[0][last[-1]]), name, sample))
    parts += _names(ends, WIDTH - right, right, upright) if names else []
    body = element("g", *parts, class_="curves")
    return frame(WIDTH, height, title, _described(lines, xlabel, ylabel), STYLE, [body])


def _line(name: str, x: Sequence[float], y: Sequence[float]) -> Line:
    across, heights = np.array(x, dtype=float), np.array(y, dtype=float)
    if across.shape != heights.shape or across.ndim != 1:
        raise InputError(f"series {name!r}: expected as many x as y, got {across.shape} and {heights.shape}.")
    heights[~(np.abs(heights) < HUGE)] = np.nan
    if not np.isfinite(across).all() or not np.isfinite(heights).any():
        raise InputError(f"series {name!r}: expected finite x and at least one finite y, got none.")
    return across, heights


def _spans(name: str, pairs: Sequence[tuple[float, float]], lines: Mapping[str, Line]) -> np.ndarray:
    if name not in lines or np.shape(pairs) != (len(lines[name][0]), 2):
        raise InputError(f"intervals of {name!r}: expected a (low, high) at each x of a series, got {np.shape(pairs)}.")
    return np.array(pairs, dtype=float)


def _apart(low: float, high: float, margin: float) -> tuple[float, float]:
    """Return the two values with a margin; equal values are moved apart."""
    spread = float(high - low)
    if spread <= 1e-12 * max(abs(low), abs(high), 1e-288):
        spread = abs(float(low)) or 1.0
        return float(low) - spread / 2, float(high) + spread / 2
    return float(low) - margin * spread, float(high) + margin * spread


def _bounds(heights: np.ndarray, log: bool) -> tuple[float, float]:
    low, high = float(heights.min()), float(heights.max())
    if log:
        return (low / 1.3, high * 1.3) if low < high else (low / 3, high * 3)
    if low >= 0 and low < 0.5 * high:
        return 0.0, 1.05 * high  # show zero if that costs little room
    return _apart(low, high, 0.06)


def _grid(horizontal: Axis, upright: Axis, percent: bool) -> list[str]:
    parts = []
    levels = upright.ticks(6)
    for tick, place in zip(levels, upright.places(levels), strict=True):
        label = f"{tick_text(float(f'{100 * tick:.6g}'))}%" if percent else tick_text(tick)
        parts.append(element("line", class_="grid", x1=horizontal.start, x2=horizontal.end, y1=place, y2=place))
        parts.append(element("text", label, class_="tick", x=horizontal.start - 8, y=place + 4, text_anchor="end"))
    moments = horizontal.ticks(6)
    for tick, place in zip(moments, horizontal.places(moments), strict=True):
        parts.append(element("line", class_="grid", x1=place, x2=place, y1=upright.start, y2=upright.start + 5))
        label = tick_text(tick)
        parts.append(element("text", label, class_="tick", x=place, y=upright.start + 19, text_anchor="middle"))
    return parts


def _named(horizontal: Axis, upright: Axis, xlabel: str, ylabel: str, height: float) -> list[str]:
    middle = (upright.start + upright.end) / 2
    across = element("text", written(xlabel, SIZE, 300), x=(horizontal.start + horizontal.end) / 2, y=height - 6)
    turned = f"rotate(-90 12 {number(middle)})"
    up = element("text", written(ylabel, SIZE, upright.start - upright.end), x=12, y=middle, transform=turned)
    return [element("g", across, up, text_anchor="middle")]


def _moments(moments: Mapping[str, float], horizontal: Axis, upright: Axis) -> list[str]:
    parts = []
    for text, moment in moments.items():
        place = float(horizontal.places([moment])[0])
        left = place > (horizontal.start + horizontal.end) / 2
        side = {"x": place - 5, "text_anchor": "end"} if left else {"x": place + 5}
        parts.append(element("line", class_="moment", x1=place, x2=place, y1=upright.start, y2=upright.end))
        parts.append(element("text", written(text, SIZE, 200), class_="tick", y=upright.end + 9, **side))
    return parts


def _path(points: Line, dash: str) -> list[str]:
    """Return the line, and a dot for each point without a neighbour to connect to."""
    x, y = _thinned(*points)
    drawn = np.isfinite(y)
    joined = drawn & np.r_[False, drawn[:-1]]
    steps = [
        f"{'L' if join else 'M'}{number(across)} {number(up)}"
        for across, up, here, join in zip(x, y, drawn, joined, strict=True)
        if here
    ]
    alone = drawn & ~joined & ~np.r_[drawn[1:], False]
    path = element("path", class_="line", d="".join(steps), stroke_dasharray=dash)
    return [path, *(_dot(x[i], y[i], 2.5, "currentColor") for i in np.flatnonzero(alone))]


def _thinned(x: np.ndarray, y: np.ndarray, bins: int = 400) -> Line:
    """Return a line of very many points with only the lowest, the highest and the first of each bin."""
    if len(y) <= 4 * bins:
        return x, y
    kept = {0, len(y) - 1}
    for some in np.array_split(np.arange(len(y)), bins):
        gaps = np.isnan(y[some])
        kept.update(some[gaps][:1])
        if not gaps.all():
            kept.update((some[0], some[np.nanargmin(y[some])], some[np.nanargmax(y[some])]))
    chosen = sorted(kept)
    return x[chosen], y[chosen]


def _dots(points: Line) -> list[str]:
    drawn = np.isfinite(points[1])
    return [_dot(x, y, 3.5, "none") for x, y in zip(points[0][drawn], points[1][drawn], strict=True)]


def _dot(x: float, y: float, radius: float, fill: str) -> str:
    return element("circle", cx=float(x), cy=float(y), r=radius, fill=fill, stroke_width=1.5)


def _whiskers(x: np.ndarray, upright: Axis, spans: np.ndarray) -> list[str]:
    low, high = upright.places(spans[:, 0]), upright.places(spans[:, 1])
    lines = (
        f"M{number(a - 4)} {number(b)}h8M{number(a - 4)} {number(c)}h8M{number(a)} {number(b)}V{number(c)}"
        for a, b, c in zip(x, low, high, strict=True)
    )
    return [element("path", d="".join(lines), stroke_width=1.25, fill="none", opacity=0.8)]


def _sample(left: float, colour: str, look: str) -> str:
    """Return a short piece of the line, or its circle, to put before its name at height 0."""
    path = element("path", d=f"M{number(left)} 0h14", class_="line", stroke_dasharray=look)
    return element("g", _dot(left + 7, 0.0, 3.5, "none") if look == "dot" else path, stroke=colour)


def _names(ends: list[tuple[float, float, str, str]], left: float, room: float, upright: Axis) -> list[str]:
    """Return the name of each line beside its end, moved apart if they would overlap."""
    ends = sorted(ends)
    step = SIZE + 4.0
    places: list[float] = []
    for end, *_ in ends:
        places.append(max(end, places[-1] + step) if places else max(end, upright.end))
    for index in reversed(range(len(places))):
        ceiling = upright.start if index == len(places) - 1 else places[index + 1] - step
        places[index] = min(places[index], ceiling)
    parts = []
    for place, (end, across, name, sample) in zip(places, ends, strict=True):
        lead = f"M{number(across + 3)} {number(end)}L{number(left + 4)} {number(place)}"
        parts.append(element("path", d=lead, class_="lead"))
        parts.append(element("g", sample, transform=f"translate(0 {number(place)})"))
        parts.append(element("text", written(name, SIZE, room - 20), x=left + 22, y=place + 4))
    return parts


def _described(lines: Mapping[str, Line], xlabel: str, ylabel: str) -> str:
    sentences = []
    for name, (x, y) in lines.items():
        drawn = np.flatnonzero(np.isfinite(y))
        first, last = drawn[0], drawn[-1]
        sentences.append(f"{name}: {y[first]:.4g} at {xlabel} {x[first]:g}, {y[last]:.4g} at {x[last]:g}.")
    return f"{ylabel} by {xlabel}. " + " ".join(sentences)
