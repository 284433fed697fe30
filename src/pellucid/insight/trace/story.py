"""Story: a Trace as sections of lines, each line a formula in symbols, with its numbers, its result and its shapes.

`story(trace.one)` tells of one example, in the columns of the texts: z1 = W1 x + b1. `story(trace)` of several rows tells
of the batch, rows as examples: Z1 = X W1^T + b1. A number's key is the name and its place from 1: W1-2-1, z1-2, dW1-2-1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pellucid.insight.trace.formula import Node, Number, Row, Symbol, digits, factor, row
from pellucid.insight.trace.step import Layer, Trace
from pellucid.insight.trace.tensor import Tensor, fits, shapes, tensor
from pellucid.insight.trace.wording import LINKS, LOSS_FORMULAS, OUTPUT_GRADIENTS, SLOPES
from pellucid.nn.activations import linear


@dataclass(frozen=True)
class Line:
    """A formula: `symbols` ends where "=" (or "is now") would stand before `numbers` and `result`.

    numbers and result are None where there are too many to print; shapes says how large each part is.
    """

    symbols: Node
    numbers: Node | None = None
    result: Node | None = None
    shapes: Node | None = None
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Columns, and rows of cells that are texts or numbers; texts may be anything, also hostile."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | Number, ...], ...]


@dataclass(frozen=True)
class Section:
    """A part of the step.  name: "forward-1", "loss", "backward-2", "rule", "update", "cost", "nudge" or "slips"."""

    name: str
    title: str
    lead: str = ""
    lines: tuple[Line, ...] = ()
    table: Table | None = None


def story(trace: Trace) -> tuple[Section, ...]:
    """Return the sections of a step in the order in which it happens."""
    from pellucid.insight.trace.updating import cost_section, nudge_section, rule_section, slips_section, update_section

    units = explained_units(trace)
    sections = [_forward(trace, layer, units[layer.number - 1]) for layer in trace.layers]
    if trace.cost is None:
        return tuple(sections)
    sections.append(_loss(trace))
    sections += [_backward(trace, layer) for layer in reversed(trace.layers)]
    sections += [rule_section(trace), update_section(trace), cost_section(trace), nudge_section(trace)]
    return (*sections, *slips_section(trace))


def explained_units(trace: Trace) -> list[int]:
    """Return a unit of each layer: the one that speaks loudest for what the network says of the example shown.

    Of the outputs that of the likeliest class; below, the unit that is the strongest term of the one above.
    """
    said = int(trace.yhat[trace.row].argmax())
    units = [said]
    for layer in reversed(trace.layers[1:]):
        units.insert(0, layer.strongest(trace.row, units[0]).inputs[0])
    return units


def is_batch(trace: Trace) -> bool:
    """Whether the story is that of several rows."""
    return len(trace) > 1


def values(trace: Trace, name: str, array: np.ndarray, number: int | str = "") -> Tensor:
    """Return rows of the step as the story names them: the example's column z1, or the batch's matrix Z1."""
    if is_batch(trace):
        capital = "X" if name == "x" else name[0] + name[1:].upper() if name[0] == "d" else name.upper()
        return tensor(capital, number, array)
    return tensor(name, number, array[trace.row])


def incoming(trace: Trace, layer: Layer) -> Tensor:
    """Return what a layer takes in: x, or a of the layer before."""
    return values(trace, "x", layer.A_in) if layer.number == 1 else values(trace, "a", layer.A_in, layer.number - 1)


def _forward(trace: Trace, layer: Layer, unit: int) -> Section:
    number, batch, last = layer.number, is_batch(trace), layer.number == len(trace.layers)
    A_in, W, b = incoming(trace, layer), tensor("W", number, layer.W), tensor("b", number, layer.b)
    z = values(trace, "z", layer.Z, number)
    if batch:
        symbols = row(z.symbol, "=", A_in.symbol, " ", W.transposed.symbol, "+", b.transposed.symbol)
        parts = (A_in, " ", W.transposed, "+", b.transposed)
        z = z.from_(lambda i, j: [*A_in.row_keys(i), *W.row_keys(j), b.key(j, 0)])
    else:
        symbols = row(z.symbol, "=", W.symbol, " ", A_in.symbol, "+", b.symbol)
        parts = (W, " ", A_in, "+", b)
        z = z.from_(lambda i, j: [*W.row_keys(i), *A_in.column_keys(0), b.key(i, 0)])
    lines = [_line(symbols, parts, z)]
    strongest = None
    if not fits(W):
        lines.append(_strongest_line(trace, layer, unit))
        strongest = _strongest_table(trace, layer, unit)
    if last:
        lines.append(_link(trace, z))
    else:
        a = values(trace, "a", layer.A, number).from_(lambda i, j: [z.key(i, j)])
        g = layer.activation.name
        called = row(z.symbol) if g == "linear" else row(g, "(", z.symbol, ")")
        inside: tuple[Tensor | str, ...] = (z,) if g == "linear" else (g, "(", z, ")")
        lines.append(_line(row(a.symbol, "=", called), inside, a))
        if layer.mask is not None:
            mask = values(trace, "m", layer.mask, number)
            dropped = values(trace, "a", layer.A * layer.mask, number)
            symbols = row(a.symbol, "\u2190", mask.symbol, "\u2299", a.symbol)
            lines.append(_line(symbols, (mask, "\u2299", a), dropped, "dropout: 0 drops a unit, the others are scaled up"))
    width = f"{layer.W.shape[1]} inputs, {layer.W.shape[0]} {'outputs' if last else 'units'}"
    kind = "the output" if last else layer.activation.name
    return Section(f"forward-{number}", f"Forward, layer {number}: {kind}", f"{width}.", tuple(lines), strongest)


def _strongest_line(trace: Trace, layer: Layer, unit: int) -> Line:
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
    summed = row("\u2211", Symbol("W", f"{sub},j"), " ", Symbol(name[0], "j"), "+", Symbol("b", sub))
    return Line(
        row(Symbol("z", sub), "=", summed),
        row(*items),
        Number(z, f"z{layer.number}-{unit + 1}", tuple(f"{name}-{source + 1}" for source in strongest.inputs)),
        note=f"unit {unit + 1}: these terms make {strongest.share:.0%} of all that is added up, |w a| and |b|",
    )


def _strongest_table(trace: Trace, layer: Layer, unit: int) -> Table:
    strongest = layer.strongest(trace.row, unit)
    rows: list[tuple[str | Number, ...]] = []
    for source, term in zip(strongest.inputs, strongest.terms, strict=True):
        name = trace.input_name(source) if layer.number == 1 else f"unit {source + 1} of layer {layer.number - 1}"
        a, w = float(layer.A_in[trace.row, source]), float(layer.W[unit, source])
        rows.append((name, Number(a), Number(w), Number(float(term))))
    return Table(("strongest terms", "value", "weight", "value x weight"), tuple(rows))


def _link(trace: Trace, z: Tensor) -> Line:
    loss = trace.network.loss
    yhat = values(trace, "y^", trace.yhat).from_(lambda i, j: z.all_keys() if loss.codes and not is_batch(trace) else [z.key(i, j)])
    if loss.link is linear:
        return _line(row(yhat.symbol, "=", z.symbol), (z,), yhat)
    name, formula = LINKS.get(loss.name, ("link", ""))
    called = row(yhat.symbol, "=", name, "(", z.symbol, ")")
    said = ""
    if trace.class_names and not is_batch(trace):
        said = "; ".join(f"{name}: {digits(p)}" for name, p in zip(trace.class_names, _by_class(trace), strict=True))
    return _line(called, (name, "(", z, ")"), yhat, f"{formula}{'; ' if formula and said else ''}{said}")


def _by_class(trace: Trace) -> list[float]:
    p = trace.yhat[trace.row].tolist()
    return [1 - p[0], p[0]] if len(p) == 1 else p


def _loss(trace: Trace) -> Section:
    cost, network = trace.cost, trace.network
    assert cost is not None
    lines: list[Line] = []
    yhat, y = values(trace, "y^", cost.yhat), targets(trace)
    if is_batch(trace):
        l = tensor("l", "", cost.l).from_(lambda i, j: [*yhat.row_keys(i), *y.row_keys(i)])
        lines.append(_line(row(l.symbol, "=", network.loss.name.replace("_", " "), "(", yhat.symbol, ",", y.symbol, ")"), (), l))
        n = len(trace)
        weighted = "w" if cost.weight is not None else ""
        mean = row(Symbol("J"), "=", f"1/{n} ", "\u2211", weighted, Symbol("l", "i"))
        J = Number(cost.J - cost.penalty, "J", tuple(l.all_keys()))
        lines.append(Line(mean, None, J, note="the mean over the rows" + (", each with its weight" if weighted else "")))
    else:
        formula, numbers = LOSS_FORMULAS.get(network.loss.name, lambda *_: (row(Symbol("l")), None))(yhat, y)
        sources = (*yhat.all_keys(), *y.all_keys())
        result = Number(float(cost.l[trace.row]), "l", sources)
        lines.append(Line(formula, numbers, result, note=_said(trace)))
        if cost.weight is not None:
            w = Number(float(cost.weight[trace.row]))
            lines.append(Line(row(Symbol("J"), "=", "w ", Symbol("l")), row(factor(w), "\u00b7", result), Number(cost.J - cost.penalty)))
    if network.l2:
        symbols = row(Symbol("J"), "\u2190", Symbol("J"), "+", Symbol("\u03bb"), "/2 ", "\u2211", "||W||\u00b2")
        numbers = row(Number(cost.J - cost.penalty), "+", Number(cost.penalty))
        lines.append(Line(symbols, numbers, Number(cost.J, "J", ("l",)), note=f"\u03bb = {digits(network.l2)}, biases are free"))
    return Section("loss", "Loss", f"{network.loss.name.replace('_', ' ')}: how far the answer is from what is wanted.", tuple(lines))


def _said(trace: Trace) -> str:
    if trace.y is None or not trace.class_names or not trace.network.loss.classes or trace.yhat.shape[1] > 1 and not trace.network.loss.codes:
        return ""
    code = int(trace.y[trace.row] if trace.network.loss.codes else trace.y[trace.row, 0])
    return f"wanted: {trace.class_names[code]}"


def targets(trace: Trace) -> Tensor:
    """Return y as it stands in dz = yhat - y: class codes as columns of zeros and a one."""
    assert trace.y is not None
    y = np.eye(trace.network.n_out)[trace.y] if trace.network.loss.codes else trace.y
    return values(trace, "y", y)


def _backward(trace: Trace, layer: Layer) -> Section:
    number, batch, last = layer.number, is_batch(trace), layer.number == len(trace.layers)
    back = layer.back
    assert back is not None
    dz, A_in = values(trace, "dz", back.dZ, number), incoming(trace, layer)
    lines: list[Line] = []
    if last:
        dz, line = _output_gradient(trace, dz)
        lines.append(line)
    else:
        above = trace.layers[number]
        assert above.back is not None
        W, dz_above = tensor("W", number + 1, above.W), values(trace, "dz", above.back.dZ, number + 1)
        da = values(trace, "da", back.dA, number)
        if batch:
            symbols, parts = row(da.symbol, "=", dz_above.symbol, " ", W.symbol), (dz_above, " ", W)
            da = da.from_(lambda i, j: [*dz_above.row_keys(i), *W.column_keys(j)])
        else:
            symbols, parts = row(da.symbol, "=", W.transposed.symbol, " ", dz_above.symbol), (W.transposed, " ", dz_above)
            da = da.from_(lambda i, j: [*W.column_keys(i), *dz_above.all_keys()])
        if layer.mask is not None:
            mask = values(trace, "m", layer.mask, number)
            symbols, parts = row(symbols, "\u2299", mask.symbol), (*parts, "\u2299", mask)
        lines.append(_line(symbols, parts, da))
        z, slope = values(trace, "z", layer.Z, number), values(trace, "g'", layer.slope, number)
        dz = dz.from_(lambda i, j: [da.key(i, j), z.key(i, j)])
        g = layer.activation.name
        if g == "linear":
            lines.append(_line(row(dz.symbol, "=", da.symbol), (da,), dz))
        else:
            symbols = row(dz.symbol, "=", da.symbol, "\u2299", f"{g}\u2032", "(", z.symbol, ")")
            lines.append(_line(symbols, (da, "\u2299", slope), dz, SLOPES.get(g, "")))
    lines += _weight_gradients(trace, layer, dz, A_in, batch)
    return Section(f"backward-{number}", f"Backward, layer {number}", "", tuple(lines))


def _weight_gradients(trace: Trace, layer: Layer, dz: Tensor, A_in: Tensor, batch: bool) -> Iterator[Line]:
    back, number, l2 = layer.back, layer.number, trace.network.l2
    assert back is not None
    dW, db, W = tensor("dW", number, back.dW), tensor("db", number, back.db), tensor("W", number, layer.W)
    penalty = row("+", Symbol("\u03bb"), " ", W.symbol) if l2 else row()
    extra: tuple[Tensor | str | Number, ...] = ("+", Number(l2), "\u00b7", W) if l2 else ()
    if batch:
        dW = dW.from_(lambda i, j: [*dz.column_keys(i), *A_in.column_keys(j)])
        yield _line(row(dW.symbol, "=", dz.transposed.symbol, " ", A_in.symbol, penalty), (dz.transposed, " ", A_in, *extra), dW)
        db = db.from_(lambda i, j: dz.column_keys(i))
        yield _line(row(db.symbol, "=", "\u2211 rows of ", dz.symbol), (), db)
        return
    dW = dW.from_(lambda i, j: [dz.key(i, 0), A_in.key(j, 0)])
    yield _line(row(dW.symbol, "=", dz.symbol, " ", A_in.transposed.symbol, penalty), (dz, " ", A_in.transposed, *extra), dW)
    yield _line(row(db.symbol, "=", dz.symbol), (), db.from_(lambda i, j: [dz.key(i, 0)]))


def _output_gradient(trace: Trace, dz: Tensor) -> tuple[Tensor, Line]:
    cost = trace.cost
    assert cost is not None
    yhat, y = values(trace, "y^", cost.yhat), targets(trace)
    before, after, note = OUTPUT_GRADIENTS.get(trace.network.loss.name, ("dl/dz at ", "", "the loss's own gradient"))
    dz = dz.from_(lambda i, j: [yhat.key(i, j), y.key(i, j)])
    scale = f" / {len(trace)}" if is_batch(trace) else ""
    weighted = "w " if cost.weight is not None else ""
    symbols = row(dz.symbol, "=", weighted, before, yhat.symbol, "-", y.symbol, after, scale)
    if scale and not before:
        symbols = row(dz.symbol, "=", weighted, "(", yhat.symbol, "-", y.symbol, ")", scale)
    weight: tuple[str | Number, ...] = ()
    if cost.weight is not None and not is_batch(trace):
        weight = (Number(float(cost.weight[trace.row])), "\u00b7")
    inside = (*weight, before or "(", yhat, "-", y, after or ")", scale) if before or weight or scale else (yhat, "-", y)
    return dz, _line(symbols, () if weighted and is_batch(trace) else inside, dz, note)


def _line(symbols: Row, parts: tuple[Tensor | str | Number, ...], result: Tensor, note: str = "") -> Line:
    """Return a line whose numbers are printed where every tensor is small, its result where that is."""
    tensors = [part for part in parts if isinstance(part, Tensor)]
    shown = bool(parts) and all(map(fits, tensors))
    numbers = row(*(part.node if isinstance(part, Tensor) else part for part in parts)) if shown else None
    return Line(symbols, numbers, result.node if fits(result) else None, shapes(parts, result), note)
