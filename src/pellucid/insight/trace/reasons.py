"""Reasons: why a net says what it says, by the terms that weigh most in the sums that lead there."""

import numpy as np

from pellucid.html import isolated
from pellucid.insight.trace.formula import Node, Number, Symbol, factor, row
from pellucid.insight.trace.section import Cell, Line, Table
from pellucid.insight.trace.step import Layer, Trace


def explained_units(trace: Trace) -> list[int]:
    """Return a unit of each layer: the one that speaks loudest for what the network says of the example shown.

    Of the outputs that of the likeliest class; below, the unit that is the strongest term of the one above.
    """
    said = int(trace.yhat[trace.row].argmax())
    units = [said]
    for layer in reversed(trace.layers[1:]):
        units.insert(0, layer.strongest(trace.row, units[0]).inputs[0])
    return units


def strongest_line(trace: Trace, layer: Layer, unit: int) -> Line:
    """Return the sum of one unit: its strongest terms, the rest and the bias."""
    strongest = layer.strongest(trace.row, unit)
    z, b = float(layer.Z[trace.row, unit]), float(layer.b[unit])
    name = "x" if layer.number == 1 else f"a{layer.number - 1}"
    items: list[Node | str] = []
    for source in strongest.inputs:
        w = Number(float(layer.W[unit, source]), f"W{layer.number}-{unit + 1}-{source + 1}")
        a = Number(float(layer.A_in[trace.row, source]), f"{name}-{source + 1}")
        items += [*(["+"] if items else []), factor(w), "\u00b7", factor(a)]
    rest = z - b - float(strongest.terms.sum(dtype=np.float64))
    if layer.W.shape[1] > len(strongest.inputs):
        items += ["+", factor(Number(rest)), " (the rest) "]
    items += ["+", factor(Number(b, f"b{layer.number}-{unit + 1}"))]
    sub = f"{layer.number},{unit + 1}"
    share = f"{strongest.share:.0%}" if strongest.share > 0.1 else f"{strongest.share:.2%}"
    unit_name = _named(trace, layer, unit)
    note = f"{unit_name}: these terms make {share} of all that is added up, |w a| and |b|"
    if not np.any(layer.A_in[trace.row]):
        note = f"{unit_name}: every input of this layer is 0, so that it says its bias, whatever the example is"
    summed = row("\u2211", Symbol("W", f"{sub},j"), " ", Symbol(name[0], "j"), "+", Symbol("b", sub))
    return Line(
        row(Symbol("z", sub), "=", summed),
        row(*items),
        Number(z, f"z{layer.number}-{unit + 1}", tuple(f"{name}-{source + 1}" for source in strongest.inputs)),
        note=note,
    )


def _named(trace: Trace, layer: Layer, unit: int) -> str:
    """Return what a unit is called, an output with the class that it speaks for."""
    name = f"unit {unit + 1}"
    if layer.number < len(trace.layers) or not trace.class_names:
        return name
    if layer.W.shape[0] == len(trace.class_names):
        return f"{name}, of class {isolated(trace.class_names[unit])}"
    below, above = map(isolated, trace.class_names)
    return f"{name}, which speaks for {above} above 0 and for {below} below"


def strongest_table(trace: Trace, layer: Layer, unit: int) -> Table | None:
    """Return the strongest terms with the names of what they come from; none where nothing comes in."""
    strongest = layer.strongest(trace.row, unit)
    if not np.any(strongest.terms):
        return None
    rows: list[tuple[Cell, ...]] = []
    words = trace.input_values if layer.number == 1 else ()
    for source, term in zip(strongest.inputs, strongest.terms, strict=True):
        name = trace.input_name(source) if layer.number == 1 else f"unit {source + 1} of layer {layer.number - 1}"
        a, w = float(layer.A_in[trace.row, source]), float(layer.W[unit, source])
        rows.append((name, Number(a), Number(w), Number(float(term)), *words[source : source + 1]))
    columns = ("strongest terms", "value", "weight", "value x weight", *(("the value is",) if words else ()))
    return Table(columns, tuple(rows))
