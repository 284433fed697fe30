"""A drawing of a network as SVG: circles for units, lines as wide as their weights, large layers folded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pellucid.errors import InputError, check_finite
from pellucid.html.line_chart import MINUS
from pellucid.html.svg import INK, LETTER, LINE, NEGATIVE, POSITIVE, QUIET, element, frame, number, written

RADIUS = 10.0
STEP = 30.0  # from unit to unit
GAP = 128.0  # from layer to layer
TOP = 62.0  # of the first unit, below the names of the layers
SIZE = 12
WIDEST = 5.0  # line, of the largest |w| of its layer
NAME_ROOM = 150.0

STYLE = f"""
.network text {{ font-size: {SIZE}px; fill: {INK}; }}
.network .layer {{ text-anchor: middle; }}
.network .quiet {{ fill: {QUIET}; text-anchor: middle; }}
.network .weights {{ fill: none; }}
.network .unit {{ fill: var(--ground, transparent); }}
.network .input {{ stroke: {QUIET}; stroke-width: 1.25; }}
.network .plus {{ stroke: {POSITIVE}; }}
.network .minus {{ stroke: {NEGATIVE}; }}
.network .none {{ stroke: {LINE}; stroke-width: 1; }}
"""


@dataclass(frozen=True)
class _Column:
    """The units of one layer that are drawn: their numbers from 0, their positions, and how many are left out."""

    x: float
    shown: list[int]
    y: list[float]
    folded: int


def network_drawing(
    weights: Sequence[ArrayLike],
    biases: Sequence[ArrayLike],
    activations: Sequence[str],
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    most: int = 12,
) -> str:
    """Return a network as SVG, inputs at the left.

    Line width shows |w|, on the scale of its layer; blue and solid for w > 0, orange and dashed for w < 0. The ring of
    a circle shows its bias in the same way. Each has its number as a tooltip.

    weights: W of each layer, (n_out, n_in).  biases: b of each, (n_out,).  activations: a name for each layer; the
    last is the link ("sigmoid", "softmax", ...).  input_names: n_in.  output_names: one for each unit of the last
    layer, or the two classes of a single unit.  most: units drawn in a layer; larger layers show those with the
    largest weights.

    Raises InputError if these do not fit together, or a number is not finite.

    >>> drawing = network_drawing([[[1, -2]], [[3]]], [[0.5], [0]], ["relu", "sigmoid"], ["x1", "x2"])
    >>> drawing.count("<circle"), drawing.count('class="minus"')
    (4, 1)
    """
    Ws, bs = [np.asarray(W, dtype=float) for W in weights], [np.asarray(b, dtype=float) for b in biases]
    widths = _widths(Ws, bs, activations, most)
    names_in = _names(input_names, [f"x{n + 1}" for n in range(widths[0])], "input_names")
    if widths[-1] == 1 and output_names is not None and len(output_names) == 2:
        output_names = output_names[1:]
    names_out = _names(output_names, [""] * widths[-1], "output_names")
    left, right = (_room([names[unit] for unit in range(min(len(names), 200))]) for names in (names_in, names_out))
    columns = _columns(Ws, widths, most, 12 + left + RADIUS)
    layers = len(columns)
    headings = ["inputs", *(f"layer {n}" for n in range(1, layers - 1)), "output"]
    parts = [
        *(_lines(layer, Ws[layer - 1], *columns[layer - 1 : layer + 1]) for layer in range(1, layers)),
        *(_units(layer, column, bs[layer - 1] if layer else None) for layer, column in enumerate(columns)),
        *(
            _heading(column.x, heading, f"{width:,} {kind}".strip())
            for column, heading, width, kind in zip(columns, headings, widths, ["", *activations], strict=True)
        ),
        *_labels(columns[0], names_in, -RADIUS - 7, "end"),
        *_labels(columns[-1], names_out, RADIUS + 7, "start"),
    ]
    title = "Network " + "-".join(f"{width:,}" for width in widths)
    described = "; ".join(f"{width} {kind}" for width, kind in zip(widths[1:], activations, strict=True))
    folded = any(column.folded for column in columns)
    description = (
        f"{widths[0]} inputs; {described}. Line width shows the size of a weight, on the scale of its layer: blue and "
        f"solid above zero, orange and dashed below. The ring of a unit shows its bias in the same way."
        + (" Large layers show the units with the largest weights." if folded else "")
    )
    deepest = max(column.y[-1] + (STEP if column.folded else 0) for column in columns)
    width = columns[-1].x + RADIUS + right + 12
    body = element("g", *parts, class_="network")
    return frame(max(width, columns[-1].x + 46), deepest + RADIUS + 14, title, description, STYLE, [body])


def _widths(Ws: Sequence[np.ndarray], bs: Sequence[np.ndarray], activations: Sequence[str], most: int) -> list[int]:
    if not (len(Ws) == len(bs) == len(activations) > 0) or most < 1:
        raise InputError(
            f"a network drawing needs as many weights as biases and activations, and most of at least 1; "
            f"got {len(Ws)}, {len(bs)}, {len(activations)} and {most}."
        )
    widths = [Ws[0].shape[-1] if Ws[0].ndim == 2 else 0]
    for place, (W, b) in enumerate(zip(Ws, bs, strict=True), start=1):
        if W.ndim != 2 or W.shape[1] != widths[-1] or b.shape != W.shape[:1] or W.size == 0:
            raise InputError(
                f"W{place} must be (n_out, {widths[-1] or 'n_in'}) and b{place} (n_out,); got {W.shape}, {b.shape}."
            )
        check_finite(W, f"W{place}")
        check_finite(b, f"b{place}")
        widths.append(len(W))
    return widths


def _names(names: Sequence[str] | None, otherwise: list[str], what: str) -> Sequence[str]:
    if names is None:
        return otherwise
    if len(names) != len(otherwise):
        raise InputError(f"{what}: expected {len(otherwise)}, one for each unit, got {len(names)}.")
    return names


def _room(names: Sequence[str]) -> float:
    longest = max(len(str(name)) for name in names)
    return min(LETTER * SIZE * longest + 12, NAME_ROOM) if longest else 24.0


def _columns(Ws: Sequence[np.ndarray], widths: Sequence[int], most: int, left: float) -> list[_Column]:
    places = []
    for layer, width in enumerate(widths):
        W = np.abs(Ws[0]).max(axis=0) if layer == 0 else np.abs(Ws[layer - 1]).max(axis=1)
        shown = sorted(np.argsort(-W, kind="stable")[:most].tolist())
        places.append((shown, width - len(shown)))
    rows = [len(shown) + (folded > 0) for shown, folded in places]
    columns = []
    for layer, ((shown, folded), own) in enumerate(zip(places, rows, strict=True)):
        first = TOP + (max(rows) - own) / 2 * STEP
        columns.append(_Column(left + layer * GAP, shown, [first + n * STEP for n in range(len(shown))], folded))
    return columns


def _lines(layer: int, W: np.ndarray, before: _Column, after: _Column) -> str:
    """Return the lines of a layer, the widest on top."""
    shares = np.abs(W[np.ix_(after.shown, before.shown)])
    shares = shares / (shares.max() or 1.0)
    lines = []
    for place in np.argsort(shares, axis=None, kind="stable"):
        row, column = np.unravel_index(place, shares.shape)
        w, share = W[after.shown[row], before.shown[column]], shares[row, column]
        name = f"W{layer}[{after.shown[row] + 1},{before.shown[column] + 1}] = {_text(w)}"
        lines.append(
            element(
                "line", element("title", name), class_=_sign(w), x1=before.x + RADIUS, y1=before.y[column],
                x2=after.x - RADIUS, y2=after.y[row], opacity=0.3 + 0.7 * float(share), **_stroke(w, WIDEST * share),
            )
        )  # fmt: skip
    return element("g", *lines, class_="weights")


def _units(layer: int, column: _Column, b: np.ndarray | None) -> str:
    units = []
    scale = float(np.abs(b[column.shown]).max()) if b is not None else 0.0
    for unit, y in zip(column.shown, column.y, strict=True):
        if b is None:
            look = {"class_": "unit input"}
            name = f"input {unit + 1}"
        else:
            share = abs(b[unit]) / scale if scale else 0.0
            look = {"class_": f"unit {_sign(b[unit])}", **_stroke(b[unit], 1 + 2 * share)}
            name = f"b{layer}[{unit + 1}] = {_text(b[unit])}"
        units.append(element("circle", element("title", name), cx=column.x, cy=y, r=RADIUS, **look))
    if column.folded:
        units.append(element("text", f"… {column.folded:,} more", class_="quiet", x=column.x, y=column.y[-1] + STEP))
    return element("g", *units)


def _heading(x: float, heading: str, kind: str) -> str:
    above = element("text", heading, class_="layer", x=x, y=18.0)
    return above + element("text", written(kind, SIZE, GAP - 8), class_="quiet", x=x, y=34.0)


def _labels(column: _Column, names: Sequence[str], shift: float, anchor: str) -> list[str]:
    return [
        element("text", written(names[unit], SIZE, NAME_ROOM), x=column.x + shift, y=y + 4, text_anchor=anchor)
        for unit, y in zip(column.shown, column.y, strict=True)
        if names[unit]
    ]


def _sign(w: float) -> str:
    return "plus" if w > 0 else "minus" if w < 0 else "none"


def _stroke(w: float, width: float) -> dict[str, str]:
    dash = f"{number(4 + width)} {number(3 + 0.4 * width)}" if w < 0 else "none"
    return {"stroke-width": number(max(width, 0.5)), "stroke-dasharray": dash}


def _text(w: float) -> str:
    return f"{w:.4g}".replace("-", MINUS)
