"""A weight looked at: its value, its gradient, what the next update makes of it, and by which formula."""

from typing import Any

from pellucid.nn import Network
from pellucid.web.playground.address import Edit
from pellucid.web.playground.timeline import Timeline

FORMULAS = {  # of one number w with gradient g; the source is the rule's docstring
    "gradient_descent": "w ← w - rate · g",
    "momentum": "v ← 0.9 v + g,  w ← w - rate · v",
    "nesterov": "v ← 0.9 v + g,  w ← w - rate · (g + 0.9 v)",
    "rmsprop": "s ← 0.9 s + 0.1 g²,  w ← w - rate · g / (√s + ε)",
    "adam": "m ← 0.9 m + 0.1 g,  s ← 0.999 s + 0.001 g²,  w ← w - rate · m̂ / (√ŝ + ε)",
    "adamw": "w ← (1 - rate · L2) w, then as Adam",
    "lbfgs": "w ← w + step · d, d from the gradients of the last steps",
}


def told_weight(timeline: Timeline, place: Edit) -> dict[str, Any]:
    """Return a weight, or a bias where the column is -1, as a page shows it."""
    layer, row, column = place.layer, place.row, place.column
    timeline.refuse_misplaced(place)
    name = f"b{layer}[{row + 1}]" if column < 0 else f"W{layer}[{row + 1},{column + 1}]"
    value = _at(timeline.network, place)
    g = _at(timeline.network, place, timeline.gradient()) if timeline.problem.teaches else None
    ahead = timeline.next_network() if timeline.problem.teaches else None
    following = None if ahead is None else _at(ahead, place)
    return {
        "kind": "weight",
        "layer": layer,
        "row": row,
        "column": column,
        "name": name,
        "value": value,
        "gradient": g,
        "next": following,
        "formula": _formula(timeline, name, value, g, following),
    }


def _at(network: Network, place: Edit, vector: Any = None) -> float:
    W, b = network.views(network.parameters if vector is None else vector)[place.layer - 1]
    return float(b[place.row] if place.column < 0 else W[place.row, place.column])


def _formula(timeline: Timeline, name: str, value: float, g: float | None, following: float | None) -> str:
    """Return the formula, and with its numbers where it is short enough to be done by hand."""
    choices = timeline.choices
    lines = [FORMULAS[choices.optimizer]]
    if g is not None and following is not None:
        if choices.optimizer == "gradient_descent" and not choices.batch and not choices.dropout:
            lines.append(f"{name} ← {value:.6g} - {choices.rate:g} · ({g:.6g}) = {following:.6g}")
        else:
            lines.append(f"{name}: {value:.6g} → {following:.6g}")
        if choices.batch or choices.dropout:
            lines.append("g here is over all training rows; the update sees the next batch, and dropout.")
    return "\n".join(lines)
