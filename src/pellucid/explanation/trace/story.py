"""Story: a Trace as sections of lines, each line a formula in symbols, with its numbers, its result and its shapes.

`story(trace.one)` tells of one example, `story(trace)` of the batch. A number's key is the name of its tensor and its
place there from 1: W1-2-1, z1-2, dW1-2-1, and in a batch Z1-3-2, with the row first.
"""

from collections.abc import Iterator

import numpy as np

from pellucid.explanation.trace.attribution import (
    OF_ANSWER,
    answer_sections,
    explained_units,
    strongest_line,
    strongest_table,
)
from pellucid.explanation.trace.formula import (
    Fraction,
    Number,
    Symbol,
    digits,
    factor,
    row,
)
from pellucid.explanation.trace.loss_formulas import LINKS, LOSS_FORMULAS, OUTPUT_GRADIENTS, SLOPES
from pellucid.explanation.trace.sections import (
    Line,
    Section,
    Tensor,
    fits,
    given_section,
    incoming,
    is_batch,
    line,
    targets,
    tensor,
    values,
)
from pellucid.explanation.trace.step import Cost, Layer, Step
from pellucid.explanation.trace.update_story import (
    common_mistakes_section,
    cost_section,
    finite_difference_section,
    rule_section,
    update_section,
)
from pellucid.html import isolated
from pellucid.nn.activations import linear

J = Symbol("J")
OF_ONE = (*OF_ANSWER, "given", "forward", "loss", "backward")  # sections that tell of one example
FLAT = 0.01  # a slope through which almost nothing passes


def story(trace: Step) -> tuple[Section, ...]:
    """Return the sections of a step in the order in which it happens."""
    units = explained_units(trace)
    sections = [*answer_sections(trace), *given_section(trace)]
    sections += [_forward(trace, layer, units[layer.number - 1]) for layer in trace.layers]
    if trace.cost is None:
        return tuple(sections)
    sections.append(_loss(trace))
    sections += [_backward(trace, layer) for layer in reversed(trace.layers)]
    sections += [rule_section(trace), update_section(trace), cost_section(trace), finite_difference_section(trace)]
    return (*sections, *common_mistakes_section(trace))


def chapters(trace: Step) -> tuple[tuple[str, tuple[Section, ...]], ...]:
    """Return the story for whoever reads from top to bottom, as (title, sections).

    Of a batch: the example shown on its way forward and back, then what only the batch has: its loss and its update.
    """
    if not is_batch(trace):
        return (("One training step" if trace.cost else "What the network says, and why", story(trace)),)
    through = tuple(part for part in story(trace.one) if part.name.startswith(OF_ONE))
    if trace.cost is None:
        return ((f"Row {trace.row} of {len(trace)}: what the network says, and why", through),)
    whole = tuple(part for part in story(trace) if not part.name.startswith(("forward", "backward")))
    return (f"Row {trace.row} of the batch of {len(trace)}, by itself", through), ("The step of the whole batch", whole)


def _forward(trace: Step, layer: Layer, unit: int) -> Section:
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
    lines = [line(symbols, parts, z)]
    strongest = None
    if not fits(W):
        lines.append(strongest_line(trace, layer, unit))
        strongest = strongest_table(trace, layer, unit)
    if last:
        lines.append(_link(trace, z))
    else:
        passed = layer.A if layer.mask is None else trace.layers[number].A_in
        a = values(trace, "a", passed, number).from_(lambda i, j: [z.key(i, j)])
        g = layer.activation.name
        called = row(z.symbol) if g == "linear" else row(g, "(", z.symbol, ")")
        inside: tuple[Tensor | str, ...] = () if g == "linear" else (g, "(", z, ")")
        note = ""
        if layer.mask is not None:
            mask = values(trace, "m", layer.mask, number)
            a = a.from_(lambda i, j: [z.key(i, j), mask.key(i, j)])
            called, inside = row(called, "\u2299", mask.symbol), (*(inside or (z,)), "\u2299", mask)
            note = "dropout: 0 drops a unit, the others are scaled up for it"
        lines.append(line(row(a.symbol, "=", called), inside, a, note))
    width = f"{_counted(layer.W.shape[1], 'input')}, {_counted(layer.W.shape[0], 'output' if last else 'unit')}"
    kind = "the output" if last else layer.activation.name
    return Section(f"forward-{number}", f"Forward, layer {number}: {kind}", f"{width}.", tuple(lines), strongest)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _link(trace: Step, z: Tensor) -> Line:
    loss = trace.network.loss
    yhat = values(trace, "y^", trace.yhat).from_(
        lambda i, j: z.all_keys() if loss.codes and not is_batch(trace) else [z.key(i, j)]
    )
    if loss.link is linear:
        return line(row(yhat.symbol, "=", z.symbol), (), yhat)
    name, formula = LINKS.get(loss.name, ("link", ""))
    called = row(yhat.symbol, "=", name, "(", z.symbol, ")")
    said = ""
    if trace.class_names and not is_batch(trace):
        said = "; ".join(
            f"{isolated(name)}: {digits(p)}" for name, p in zip(trace.class_names, _by_class(trace), strict=True)
        )
    return line(called, (name, "(", z, ")"), yhat, f"{formula}{'; ' if formula and said else ''}{said}")


def _by_class(trace: Step) -> list[float]:
    p = trace.yhat[trace.row].tolist()
    return [1 - p[0], p[0]] if len(p) == 1 else p


def _loss(trace: Step) -> Section:
    cost, network = trace.cost, trace.network
    assert cost is not None
    lines = [*(_losses_of_batch if is_batch(trace) else _loss_of_one)(trace, cost)]
    if network.l2:
        symbols = row(J, "\u2190", J, "+", Symbol("\u03bb"), "/2 ", "\u2211", "||W||\u00b2")
        last = lines[-1].result
        assert isinstance(last, Number)
        data = Number(last.value, last.key)
        result = Number(cost.J, "J", (data.key,))
        note = f"\u03bb = {digits(network.l2)}, biases are free"
        lines.append(Line(symbols, row(data, "+", Number(cost.penalty)), result, note=note))
    name = network.loss.name.replace("_", " ")
    return Section("loss", "Loss", f"{name}: how far the answer is from what is wanted.", tuple(lines))


def _losses_of_batch(trace: Step, cost: Cost) -> Iterator[Line]:
    yhat, y, n = values(trace, "y^", cost.yhat), targets(trace), len(trace)
    l = tensor("l", "", cost.l).from_(lambda i, j: [*yhat.row_keys(i), *y.row_keys(i)])
    name = cost.loss.name.replace("_", " ")
    yield line(row(l.symbol, "=", name, "(", yhat.symbol, ", ", y.symbol, ")"), (), l)
    weighted = "" if cost.weight is None else "w"
    numbers = None
    if fits(l) and not weighted:
        terms = [Number(float(value), l.key(i, 0)) for i, value in enumerate(cost.l)]
        numbers = Fraction(row(*[item for term in terms for item in ("+", term)][1:]), Number(n))
    mean = row(J, "=", f"1/{n} ", "\u2211", weighted, Symbol("l", "i"))
    note = "the mean over the rows" + (", each with its weight" if weighted else "")
    result = Number(cost.J - cost.penalty, "J-data" if trace.network.l2 else "J", tuple(l.all_keys()))
    yield Line(mean, numbers, result, note=note)


def _loss_of_one(trace: Step, cost: Cost) -> Iterator[Line]:
    yhat, y = values(trace, "y^", cost.yhat), targets(trace)
    written = LOSS_FORMULAS.get(cost.loss.name)
    formula, numbers = (row(Symbol("l")), None) if written is None else written(yhat, y)
    l = Number(float(cost.l[trace.row]), "l", (*yhat.all_keys(), *y.all_keys()))
    yield Line(formula, numbers, l, note=_said(trace))
    if cost.weight is not None:
        w = Number(float(cost.weight[trace.row]))
        result = Number(cost.J - cost.penalty, "J-data" if trace.network.l2 else "J", ("l",))
        yield Line(row(J, "=", "w ", Symbol("l")), row(factor(w), "\u00b7", Number(l.value, "l")), result)


def _said(trace: Step) -> str:
    if (
        trace.y is None
        or not trace.class_names
        or not trace.network.loss.classes
        or (trace.yhat.shape[1] > 1 and not trace.network.loss.codes)
    ):
        return ""
    code = int(trace.y[trace.row] if trace.network.loss.codes else trace.y[trace.row, 0])
    return f"wanted: {trace.class_names[code]}"


def _backward(trace: Step, layer: Layer) -> Section:
    number, batch, last = layer.number, is_batch(trace), layer.number == len(trace.layers)
    back = layer.back
    assert back is not None
    dz, A_in = values(trace, "dz", back.dZ, number), incoming(trace, layer)
    lines: list[Line] = []
    if last:
        dz, first = _output_gradient(trace, dz)
        lines.append(first)
    else:
        above = trace.layers[number]
        assert above.back is not None
        W, dz_above = tensor("W", number + 1, above.W), values(trace, "dz", above.back.dZ, number + 1)
        da = values(trace, "da", back.dA, number)
        parts: tuple[Tensor | str, ...]
        if batch:
            symbols, parts = row(da.symbol, "=", dz_above.symbol, " ", W.symbol), (dz_above, " ", W)
            da = da.from_(lambda i, j: [*dz_above.row_keys(i), *W.column_keys(j)])
        else:
            symbols, parts = (
                row(da.symbol, "=", W.transposed.symbol, " ", dz_above.symbol),
                (W.transposed, " ", dz_above),
            )
            da = da.from_(lambda i, j: [*W.column_keys(i), *dz_above.all_keys()])
        if layer.mask is not None:
            mask, passed = values(trace, "m", layer.mask, number), da
            da = da.from_(lambda i, j: [*passed.from_keys(i, j), mask.key(i, j)])
            symbols, parts = row(symbols, "\u2299", mask.symbol), (*parts, "\u2299", mask)
        lines.append(line(symbols, parts, da))
        z, slope = values(trace, "z", layer.Z, number), values(trace, "g'", layer.slope, number)
        dz = dz.from_(lambda i, j: [da.key(i, j), z.key(i, j)])
        g = layer.activation.name
        if g == "linear":
            lines.append(line(row(dz.symbol, "=", da.symbol), (), dz))
        else:
            symbols = row(dz.symbol, "=", da.symbol, "\u2299", f"{g}\u2032", "(", z.symbol, ")")
            lines.append(line(symbols, (da, "\u2299", slope), dz, SLOPES.get(g, "")))
    lines += _weight_gradients(trace, layer, dz, A_in, batch)
    return Section(f"backward-{number}", f"Backward, layer {number}", _held_back(trace, layer), tuple(lines))


def _held_back(trace: Step, layer: Layer) -> str:
    """Return a sentence where almost nothing passes a layer's slope on its way back."""
    slopes = np.abs(layer.slope if is_batch(trace) else layer.slope[trace.row : trace.row + 1]).max(axis=0)
    flat = int(np.sum(slopes < FLAT))
    if not flat:
        return ""
    units = "Every unit is" if flat == len(slopes) else f"{flat} of {len(slopes)} units {'is' if flat == 1 else 'are'}"
    return f"{units} flat here: the slope is below {FLAT}, so that almost nothing goes back."


def _weight_gradients(trace: Step, layer: Layer, dz: Tensor, A_in: Tensor, batch: bool) -> Iterator[Line]:
    back, number, l2 = layer.back, layer.number, trace.network.l2
    assert back is not None
    dW, db, W = tensor("dW", number, back.dW), tensor("db", number, back.db), tensor("W", number, layer.W)
    penalty = row("+", Symbol("\u03bb"), " ", W.symbol) if l2 else row()
    extra: tuple[Tensor | str | Number, ...] = ("+", Number(l2), "\u00b7", W) if l2 else ()

    def decayed(i: int, j: int) -> list[str]:
        return [W.key(i, j)] if l2 else []

    if batch:
        dW = dW.from_(lambda i, j: [*dz.column_keys(i), *A_in.column_keys(j), *decayed(i, j)])
        yield line(
            row(dW.symbol, "=", dz.transposed.symbol, " ", A_in.symbol, penalty), (dz.transposed, " ", A_in, *extra), dW
        )
        db = db.from_(lambda i, j: dz.column_keys(i))
        yield line(row(db.symbol, "=", "\u2211 rows of ", dz.symbol), (), db)
        return
    dW = dW.from_(lambda i, j: [dz.key(i, 0), A_in.key(j, 0), *decayed(i, j)])
    yield line(
        row(dW.symbol, "=", dz.symbol, " ", A_in.transposed.symbol, penalty), (dz, " ", A_in.transposed, *extra), dW
    )
    yield line(row(db.symbol, "=", dz.symbol), (), db.from_(lambda i, j: [dz.key(i, 0)]))


def _output_gradient(trace: Step, dz: Tensor) -> tuple[Tensor, Line]:
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
    inside = (
        (*weight, before or "(", yhat, "-", y, after or ")", scale) if before or weight or scale else (yhat, "-", y)
    )
    return dz, line(symbols, () if weighted and is_batch(trace) else inside, dz, note)
