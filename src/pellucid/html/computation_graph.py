"""A computation graph of one training step as SVG: forward from left to right, backward beneath it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.html.document import escaped
from pellucid.html.svg import INK, LINE, NEGATIVE, POSITIVE, QUIET, element, frame, number, written

GAP = 112.0  # from value to value
WIDE, HIGH = 70.0, 40.0  # a box
ABOVE, FORWARD, BACKWARD, BELOW = 14.0, 96.0, 188.0, 270.0  # the tops of the four rows of boxes
SIZE = 14

STYLE = f"""
.graph text {{ font-size: {SIZE}px; fill: {INK}; text-anchor: middle; }}
.graph .small {{ font-size: {SIZE - 3}px; fill: {QUIET}; }}
.graph .sub {{ font-size: {SIZE - 4}px; }}
.graph rect {{ fill: var(--ground, transparent); stroke: {LINE}; stroke-width: 1.25; }}
.graph .parameter rect {{ fill: var(--raised, transparent); }}
.graph .value rect {{ stroke: {POSITIVE}; }}
.graph .gradient rect {{ stroke: {NEGATIVE}; stroke-dasharray: 5 3; }}
.graph .arrow {{ fill: none; stroke: {POSITIVE}; stroke-width: 1.75; }}
.graph .head {{ fill: {POSITIVE}; }}
.graph .back .arrow {{ stroke: {NEGATIVE}; stroke-dasharray: 5 3; }}
.graph .back .head {{ fill: {NEGATIVE}; }}
.graph [data-goto] {{ cursor: pointer; }}
.graph [data-goto]:hover rect, .graph [data-goto]:focus-visible rect {{ stroke-width: 3; }}
"""


@dataclass(frozen=True)
class Box:
    """One tensor.  name, sub: z and 1.  shape: as text.  section: the one that explains it; "" for none."""

    name: str
    sub: str = ""
    shape: str = ""
    section: str = ""

    @property
    def label(self) -> str:
        """Its name as one word."""
        return self.name + self.sub


@dataclass(frozen=True)
class Stage:
    """One value of the forward pass, and its gradient below it.

    by: the operation that made it from the value before.  parameters: those it uses.  gradient: None without one.
    parameter_gradients: the gradients of its parameters.
    """

    value: Box
    by: str = ""
    parameters: tuple[Box, ...] = ()
    gradient: Box | None = None
    parameter_gradients: tuple[Box, ...] = ()


def computation_graph(stages: Sequence[Stage]) -> str:
    """Return the graph as SVG; a box with a `section` becomes a link to it, by its attribute data-goto.

    >>> x, l = Stage(Box("x")), Stage(Box("l"), by="square", gradient=Box("dx"))
    >>> computation_graph([x, l]).count("<rect")
    3
    """
    parts = []
    for place, stage in enumerate(stages):
        x = 12 + WIDE / 2 + place * GAP
        if place:
            parts.append(_arrow(x - GAP + WIDE / 2, FORWARD + HIGH / 2, x - WIDE / 2, FORWARD + HIGH / 2))
            by = element("text", written(stage.by, SIZE - 3, GAP), class_="small", x=x - GAP / 2, y=FORWARD - 8)
            parts.append(by if stage.by and not stage.parameters else "")
        parts.append(_box(stage.value, "value", x, FORWARD))
        parts += _around(stage.parameters, "parameter", x, ABOVE)
        parts += [_arrow(x, ABOVE + HIGH, x, FORWARD)] if stage.parameters else []
        if stage.gradient is None:
            continue
        parts.append(_box(stage.gradient, "gradient", x, BACKWARD))
        parts += _around(stage.parameter_gradients, "gradient", x, BELOW)
        parts += [_arrow(x, BACKWARD + HIGH, x, BELOW, "back")] if stage.parameter_gradients else []
        later = stages[place + 1] if place + 1 < len(stages) else None
        if later is not None and later.gradient is not None:
            parts.append(_arrow(x + GAP - WIDE / 2, BACKWARD + HIGH / 2, x + WIDE / 2, BACKWARD + HIGH / 2, "back"))
        elif later is not None:  # the turn: from the last value down to the first gradient
            y, end = BACKWARD + HIGH / 2, x + GAP
            parts.append(_arrow(end, FORWARD + HIGH, x + WIDE / 2, y, "back", f"V{number(y)}"))
    rows = [FORWARD + HIGH + 14]
    rows += [BACKWARD + HIGH + 14] if any(stage.gradient for stage in stages) else []
    rows += [BELOW + HIGH + 14] if any(stage.parameter_gradients for stage in stages) else []
    width = 24 + WIDE + (len(stages) - 1) * GAP
    body = element("g", *parts, class_="graph")
    forward = " to ".join(stage.value.label for stage in stages)
    backward = " to ".join(stage.gradient.label for stage in reversed(stages) if stage.gradient)
    description = f"Forward, solid: {forward}." + (f" Backward, dashed: {backward}." if backward else "")
    drawn = frame(width, max(rows), "Computation graph", description, STYLE, [body])
    return drawn.replace('role="img"', 'role="group"', 1)


def _around(boxes: Sequence[Box], kind: str, x: float, y: float) -> list[str]:
    """Return narrow boxes side by side, centred at x: two fit in the space of one."""
    width = (GAP - 8) / 2
    first = x - (len(boxes) - 1) * (width + 4) / 2
    return [_box(box, kind, first + place * (width + 4), y, width) for place, box in enumerate(boxes)]


def _box(box: Box, kind: str, x: float, y: float, width: float = WIDE) -> str:
    sub = element("tspan", escaped(box.sub), class_="sub", dy="4") if box.sub else ""
    content = [
        element("rect", x=x - width / 2, y=y, width=width, height=HIGH, rx="5"),
        element("text", escaped(box.name) + sub, x=x, y=y + (17 if box.shape else 25)),
        element("text", escaped(box.shape), class_="small", x=x, y=y + 34) if box.shape else "",
    ]
    if not box.section:
        return element("g", *content, class_=kind)
    label = f"{box.label} {box.shape}: go to where it is computed"
    return element(
        "g", *content, class_=kind, data_goto=box.section, role="button", tabindex="0", aria_label=label.strip()
    )


def _arrow(x1: float, y1: float, x2: float, y2: float, kind: str = "", bend: str = "") -> str:
    """Return an arrow whose last part is straight; bend: the path before that."""
    dx, dy = (0, 1 if y2 > y1 else -1) if x1 == x2 else (1 if x2 > x1 else -1, 0)
    end = f"L{number(x2 - 6 * dx)} {number(y2 - 6 * dy)}"
    line = element("path", class_="arrow", d=f"M{number(x1)} {number(y1)}{bend}{end}")
    sides = (x2 - 8 * dx - 4 * dy, y2 - 8 * dy - 4 * dx, x2 - 8 * dx + 4 * dy, y2 - 8 * dy + 4 * dx)
    a, b, c, d = map(number, sides)
    head = element("path", class_="head", d=f"M{number(x2)} {number(y2)}L{a} {b}L{c} {d}Z")
    return element("g", line, head, class_=kind) if kind else line + head
