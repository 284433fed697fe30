"""Attribution: what a network predicts for an example, and how much each of its inputs contributes to that.

    s = z_predicted - z_rival,  s(x) = s(x0) + sum_j s_j

With two classes and one z, s is z or -z; in a regression it is z. x0 is the average row of training, and s_j the
integrated gradient from it, for any activations; see `integrated_gradients`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.explanation.integrated_gradients import integrated_gradients
from pellucid.explanation.trace.formula import Node, Number, Symbol, digits, factor, row
from pellucid.explanation.trace.sections import Bar, Cell, Line, Section, Table, is_batch
from pellucid.explanation.trace.step import Array, Layer, Step
from pellucid.html import isolated

ANSWER_SECTIONS = ("answer", "places", "loudest")  # their names
MOST = 10  # inputs that are listed
NOISE = 1e-6  # of the scores: smaller contributions are rounding errors, and have no bar


@dataclass(frozen=True)
class Attribution:
    """What favours the predicted class.

    predicted, rival: class codes, the rival being the likeliest other class.  p: probability of the predicted one.
    In a regression predicted is the output, the first of several, and rival and p are None.
    score: s, above 0 for classes.  shares: s_j (d,), above 0 for the prediction.  rest: s(x0), of the average row.
    """

    predicted: int
    rival: int | None
    p: float | None
    score: float
    shares: Array
    rest: float

    @property
    def noise(self) -> float:
        """What contributions must exceed; smaller ones are rounding errors."""
        return NOISE * max(abs(self.score), abs(self.rest))

    def as_dict(self) -> dict[str, object]:
        """Return plain values under the names that they have in JSON."""
        values = vars(self).copy()
        return {"said": values.pop("predicted"), **values}


def attribution(trace: Step) -> Attribution:
    """Return what favours the prediction of the example shown, against the average row of training."""
    network, x = trace.network, trace.X[trace.row : trace.row + 1]
    predicted, rival, p = _decided(trace) if network.loss.classes else (0, None, None)
    ds = np.zeros(network.n_out)
    if network.n_out == 1:
        ds[0] = -1 if rival == 1 else 1
    else:
        ds[predicted] = 1
        if rival is not None:
            ds[rival] = -1
    average = np.zeros(network.n_in) if trace.average is None else trace.average
    shares, rest = integrated_gradients(network, x[0], average, ds)
    return Attribution(predicted, rival, p, rest + float(shares.sum()), shares, rest)


def _decided(trace: Step) -> tuple[int, int, float]:
    p = trace.yhat[trace.row].astype(np.float64)
    p = np.array([1 - p[0], p[0]]) if len(p) == 1 else p
    predicted, rival = (int(code) for code in np.argsort(-p, kind="stable")[:2])
    return predicted, rival, float(p[predicted])


# its sections -----------------------------------------------------------------------------------------------------


def answer_sections(trace: Step) -> Iterator[Section]:
    """Yield the prediction and what favours it, for one example whose inputs (and classes) have names."""
    classes = trace.network.loss.classes
    if is_batch(trace) or trace.dropout is not None or not trace.input_names or (classes and not trace.class_names):
        return
    found = attribution(trace)
    title, lead, head = _for_a_class(trace, found) if classes else _for_a_number(found)
    average = "the average row of training" if trace.average is not None else "a row of zeros"
    lead += (
        f" It compares with {average}, whose score is {digits(found.rest)}: the contributions and that score add up to "
        "s. A contribution is the input's change from there times the mean slope ds/dx on the way."
    )
    groups = _sums(trace.input_groups or ("all inputs",) * len(found.shares), found.shares)
    rows = [*groups, (average, found.rest)]
    yield Section("answer", title, lead, table=_bars("evidence", head, rows, total=found.score))
    if trace.input_places:
        places = _sums(trace.input_places, found.shares)
        places = [(place, value if abs(value) > found.noise else 0.0) for place, value in places]
        yield Section("places", "Where in the picture", table=_bars("place", head, places))
    yield Section("loudest", "The inputs that count most", table=_loudest(trace, found, head))


def _for_a_class(trace: Step, found: Attribution) -> tuple[str, str, str]:
    """Return a title, the prediction in words, and the heading of the contributions."""
    assert found.rival is not None and found.p is not None
    name, rival = isolated(trace.class_names[found.predicted]), isolated(trace.class_names[found.rival])
    if trace.network.n_out > 1:
        score = f"z of {name} minus z of {rival}, the runner-up"
    else:
        below, above = map(isolated, trace.class_names)
        score = f"{'-z' if found.predicted == 0 else 'z'}, as z above 0 favours {above}, below 0 {below}"
    lead = (
        f"The network predicts {name}, p = {digits(found.p)}. The score s = {digits(found.score)} decides: {score}. "
        f"Each input contributes to s: above 0 it favours {name}, below 0 {rival}."
    )
    return f"Why it predicts {name}", lead, f"for {name}"


def _for_a_number(found: Attribution) -> tuple[str, str, str]:
    number = digits(found.score)
    lead = f"The network predicts s = {number}. Each input contributes to s: above 0 it raises s."
    return f"Why it predicts {number}", lead, "adds"


def _bars(what: str, head: str, rows: Sequence[tuple[str, float]], total: float | None = None) -> Table:
    """Return sums with a bar each, and their total below if there is one."""
    most = max(abs(value) for _, value in rows)
    cells: list[tuple[Cell, ...]] = [(name, Number(value), Bar(value, most)) for name, value in rows]
    if total is not None:
        cells.append(("all together", Number(total), ""))
    return Table((what, head, ""), tuple(cells))


def _sums(groups: Sequence[str], shares: Array) -> list[tuple[str, float]]:
    """Return the sum of the contributions of each group of inputs, the largest first."""
    sums: dict[str, float] = {}
    for group, share in zip(groups, shares.tolist(), strict=True):
        sums[group] = sums.get(group, 0.0) + share
    return sorted(sums.items(), key=lambda item: -abs(item[1]))


def _loudest(trace: Step, found: Attribution, head: str) -> Table:
    """Return the inputs that count most, each with its value and its part of the sum of all |s_j|."""
    loudest = np.argsort(-np.abs(found.shares), kind="stable")[:MOST].tolist()
    whole, most = float(np.abs(found.shares).sum()), float(np.abs(found.shares).max())
    if most <= found.noise:
        whole, most = 0.0, np.inf
    cells: list[tuple[Cell, ...]] = []
    for j in loudest:
        share = float(found.shares[j])
        value = trace.input_values[j] if trace.input_values else digits(float(trace.X[trace.row, j]))
        part = f"{100 * abs(share) / whole:.2g}%" if whole else ""
        cells.append((trace.input_name(j), value, Number(share), Bar(share, most), part))
    return Table(("input", "its value", head, "", "of all"), tuple(cells))


# one unit of a large layer ----------------------------------------------------------------------------------------


def explained_units(trace: Step) -> list[int]:
    """Return one unit of each layer to explain, so that together they lead from the prediction down to the inputs.

    The last is the output of the likeliest class; below it, each unit is the strongest term of the one above.
    """
    units = [int(trace.yhat[trace.row].argmax())]
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
    unit_name = _unit_name(trace, layer, unit)
    note = f"{unit_name}: these terms make up {share} of the sum of all |w a| and |b|"
    if not np.any(layer.A_in[trace.row]):
        note = f"{unit_name}: every input of this layer is 0, so z is the bias, whatever the example is"
    summed = row("\u2211", Symbol("W", f"{sub},j"), " ", Symbol(name[0], "j"), "+", Symbol("b", sub))
    return Line(
        row(Symbol("z", sub), "=", summed),
        row(*items),
        Number(z, f"z{layer.number}-{unit + 1}", tuple(f"{name}-{source + 1}" for source in strongest.inputs)),
        note=note,
    )


def _unit_name(trace: Step, layer: Layer, unit: int) -> str:
    """Return the name of a unit; for an output also the class that it favours."""
    name = f"unit {unit + 1}"
    if layer.number < len(trace.layers) or not trace.class_names:
        return name
    if layer.W.shape[0] == len(trace.class_names):
        return f"{name}, of class {isolated(trace.class_names[unit])}"
    below, above = map(isolated, trace.class_names)
    return f"{name}, which favours {above} above 0 and {below} below"


def strongest_table(trace: Step, layer: Layer, unit: int) -> Table | None:
    """Return the strongest terms with the names of their inputs; None if all inputs are 0."""
    strongest = layer.strongest(trace.row, unit)
    if not np.any(strongest.terms):
        return None
    rows: list[tuple[Cell, ...]] = []
    words = trace.input_values if layer.number == 1 else ()
    for source, term in zip(strongest.inputs, strongest.terms, strict=True):
        name = trace.input_name(source) if layer.number == 1 else f"unit {source + 1} of layer {layer.number - 1}"
        a, w = float(layer.A_in[trace.row, source]), float(layer.W[unit, source])
        rows.append((name, Number(a), Number(w), Number(float(term)), *words[source : source + 1]))
    columns = ("strongest terms", "value", "weight", "value x weight", *(("in words",) if words else ()))
    return Table(columns, tuple(rows))
