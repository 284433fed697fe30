"""Answer: what a network says of an example, and how much each of its inputs speaks for that.

    s = z_said - z_rival,  s_j = x_j ds/dx_j,  s = sum_j s_j + rest

Of two classes with one z, s is z or -z; of a regression, z. For relu and linear units this is exact, the rest being
what the biases give; for curved ones it is of first order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.explanation.trace.formula import Node, Number, Symbol, digits, factor, row
from pellucid.explanation.trace.sections import Bar, Cell, Line, Section, Table, is_batch
from pellucid.explanation.trace.step import Array, Layer, Step
from pellucid.html import isolated

OF_ANSWER = ("answer", "places", "loudest")  # the names of its sections
MOST = 10  # inputs that are named
STRAIGHT = ("relu", "leaky_relu", "linear")  # activations whose pieces are straight lines through 0


def explained_units(trace: Step) -> list[int]:
    """Return a unit of each layer: the one that speaks loudest for what the network says of the example shown.

    Of the outputs that of the likeliest class; below, the unit that is the strongest term of the one above.
    """
    said = int(trace.yhat[trace.row].argmax())
    units = [said]
    for layer in reversed(trace.layers[1:]):
        units.insert(0, layer.strongest(trace.row, units[0]).inputs[0])
    return units


def strongest_line(trace: Step, layer: Layer, unit: int) -> Line:
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


def _named(trace: Step, layer: Layer, unit: int) -> str:
    """Return what a unit is called, an output with the class that it speaks for."""
    name = f"unit {unit + 1}"
    if layer.number < len(trace.layers) or not trace.class_names:
        return name
    if layer.W.shape[0] == len(trace.class_names):
        return f"{name}, of class {isolated(trace.class_names[unit])}"
    below, above = map(isolated, trace.class_names)
    return f"{name}, which speaks for {above} above 0 and for {below} below"


def strongest_table(trace: Step, layer: Layer, unit: int) -> Table | None:
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


@dataclass(frozen=True)
class Speaking:
    """What speaks for the class that is said.  said, rival: codes, the rival being the likeliest of the others.

    Of a regression, said is the output, the first of several, and rival and p are None.
    score: s, of classes above 0.  shares: s_j (d,), above 0 for what is said.  rest: s without them.
    """

    said: int
    rival: int | None
    p: float | None
    score: float
    shares: Array
    rest: float


def speaking(trace: Step) -> Speaking:
    """Return what speaks for the answer to the example shown, by the network's own way back to its inputs."""
    network, x = trace.network, trace.X[trace.row : trace.row + 1]
    said, rival, p = _decided(trace) if network.loss.classes else (0, None, None)
    Z, tape = network.forward(x)
    ds = np.zeros_like(Z)  # (1, k)
    if network.n_out == 1:
        ds[0, 0] = -1 if rival == 1 else 1
    else:
        ds[0, said] = 1
        if rival is not None:
            ds[0, rival] = -1
    score = float(np.vdot(ds, Z))
    _, dX = network.backward(ds, tape, input_gradient=True)
    shares = (x * dX)[0].astype(np.float64)
    return Speaking(said, rival, p, score, shares, score - float(shares.sum()))


def _decided(trace: Step) -> tuple[int, int, float]:
    p = trace.yhat[trace.row].astype(np.float64)
    p = np.array([1 - p[0], p[0]]) if len(p) == 1 else p
    said, rival = (int(code) for code in np.argsort(-p, kind="stable")[:2])
    return said, rival, float(p[said])


def answer_sections(trace: Step) -> Iterator[Section]:
    """Yield what is said and what speaks for it, where classes and inputs have names and one example is shown."""
    classes = trace.network.loss.classes
    if is_batch(trace) or trace.dropout is not None or not trace.input_names or (classes and not trace.class_names):
        return
    found = speaking(trace)
    title, lead, head = _of_classes(trace, found) if classes else _of_a_number(found)
    exact = all(layer.activation.name in STRAIGHT for layer in trace.layers)
    lead += (
        " The shares and what the biases give add up to s exactly, as these units are straight on each side of 0."
        if exact
        else " These units are curved, so that a share is of first order; what it leaves over is in the rest."
    )
    rest = "the biases" if exact else "the rest: biases, bends"
    groups = _summed(trace.input_groups or ("all inputs",) * len(found.shares), found.shares)
    yield Section("answer", title, lead, table=_table("what it goes by", head, [*groups, (rest, found.rest)], found))
    if trace.input_places:
        places = _summed(trace.input_places, found.shares)
        yield Section("places", "Where in the picture", table=_table("place", head, places))
    yield Section("loudest", "The inputs that speak loudest", table=_loudest(trace, found, head))


def _of_classes(trace: Step, found: Speaking) -> tuple[str, str, str]:
    """Return a title, what is said in words, and how a share is headed."""
    assert found.rival is not None and found.p is not None
    said, rival = isolated(trace.class_names[found.said]), isolated(trace.class_names[found.rival])
    if trace.network.n_out > 1:
        score = f"z of {said} less z of {rival}, the next"
    else:
        below, above = map(isolated, trace.class_names)
        score = f"{'-z' if found.said == 0 else 'z'}, as z above 0 speaks for {above} and below for {below}"
    lead = (
        f"It says {said}, with p = {digits(found.p)}. What decides is s = {digits(found.score)}: {score}. An input's "
        f"share of it is its value times ds/dx: above 0 it speaks for {said}, below for {rival}."
    )
    return f"Why it says {said}", lead, f"for {said}"


def _of_a_number(found: Speaking) -> tuple[str, str, str]:
    number = digits(found.score)
    lead = f"It says {number}, which is s. An input's share of it is its value times ds/dx: above 0 it raises s."
    return f"Why it says {number}", lead, "adds"


def _table(what: str, head: str, rows: Sequence[tuple[str, float]], found: Speaking | None = None) -> Table:
    """Return sums with a bar each; below them all together, where they are all of what was found."""
    most = max(abs(value) for _, value in rows)
    cells: list[tuple[Cell, ...]] = [(name, Number(value), Bar(value, most)) for name, value in rows]
    if found is not None:
        cells.append(("all together", Number(found.score), ""))
    return Table((what, head, ""), tuple(cells))


def _summed(groups: Sequence[str], shares: Array) -> list[tuple[str, float]]:
    """Return the sum of the shares of each group of inputs, the loudest first."""
    sums: dict[str, float] = {}
    for group, share in zip(groups, shares.tolist(), strict=True):
        sums[group] = sums.get(group, 0.0) + share
    return sorted(sums.items(), key=lambda item: -abs(item[1]))


def _loudest(trace: Step, found: Speaking, head: str) -> Table:
    """Return the inputs that speak loudest, each with its value and its part of all shares without their signs."""
    loudest = np.argsort(-np.abs(found.shares), kind="stable")[:MOST].tolist()
    whole, most = float(np.abs(found.shares).sum()), float(np.abs(found.shares).max())
    cells: list[tuple[Cell, ...]] = []
    for j in loudest:
        share = float(found.shares[j])
        value = trace.input_values[j] if trace.input_values else digits(float(trace.X[trace.row, j]))
        part = f"{100 * abs(share) / whole:.2g}%" if whole else ""
        cells.append((trace.input_name(j), value, Number(share), Bar(share, most), part))
    return Table(("input", "its value", head, "", "of all"), tuple(cells))
