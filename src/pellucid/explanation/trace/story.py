"""Story: a Trace as sections of lines. A line is a formula in symbols, with its numbers, its result and its shapes.

`story(trace.one)` is about one example, `story(trace)` about the batch. A number's key is the name of its tensor and
its place there, counted from 1: W1-2-1, z1-2, dW1-2-1, and in a batch Z1-3-2, with the row first.
"""

from collections.abc import Iterator

import numpy as np

from pellucid.explanation.trace.attribution import (
    ANSWER_SECTIONS,
    answer_sections,
    explained_units,
    strongest_line,
    strongest_table,
)
from pellucid.explanation.trace.formula import Fraction, Number, Symbol, digits, factor, row
from pellucid.explanation.trace.loss_formulas import LINKS, LOSS_FORMULAS, OUTPUT_GRADIENTS, SLOPES
from pellucid.explanation.trace.sections import (
    Line,
    Part,
    Scalar,
    Section,
    Tensor,
    equation,
    fits,
    incoming,
    inputs_section,
    is_batch,
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
OF_ONE = (*ANSWER_SECTIONS, "inputs", "forward", "loss", "backward")  # sections about one example
FLAT = 0.01  # a slope below this lets almost nothing through


def story(trace: Step) -> tuple[Section, ...]:
    """Return the sections of a step in the order in which it happens."""
    units = explained_units(trace)
    sections = [*answer_sections(trace), *inputs_section(trace)]
    sections += [_forward(trace, layer, units[layer.number - 1]) for layer in trace.layers]
    if trace.cost is None:
        return tuple(sections)
    sections.append(_loss(trace))
    sections += [_backward(trace, layer) for layer in reversed(trace.layers)]
    sections += [rule_section(trace), update_section(trace), cost_section(trace), finite_difference_section(trace)]
    return (*sections, *common_mistakes_section(trace))


def chapters(trace: Step) -> tuple[tuple[str, tuple[Section, ...]], ...]:
    """Return the story to be read from top to bottom, as (title, sections).

    For a batch: first the example shown, forward and back; then what only the batch has, its loss and its update.
    """
    if not is_batch(trace):
        return (("One training step" if trace.cost else "What the network predicts, and why", story(trace)),)
    through = tuple(part for part in story(trace.one) if part.name.startswith(OF_ONE))
    if trace.cost is None:
        return ((f"Row {trace.row} of {len(trace)}: what the network predicts, and why", through),)
    whole = tuple(part for part in story(trace) if not part.name.startswith(("forward", "backward")))
    return (f"Row {trace.row} of the batch of {len(trace)}, by itself", through), ("The step of the whole batch", whole)


# forward ----------------------------------------------------------------------------------------------------------


def _forward(trace: Step, layer: Layer, unit: int) -> Section:
    number, last = layer.number, layer.number == len(trace.layers)
    a_in, W, b = incoming(trace, layer), tensor("W", number, layer.W), tensor("b", number, layer.b)
    z = values(trace, "z", layer.Z, number)
    parts: tuple[Part, ...] = (W, " ", a_in, "+", b)
    if is_batch(trace):
        parts = (a_in, " ", W.transposed, "+", b.transposed)
    lines = [equation(z, *parts)]
    if not fits(W):
        lines.append(strongest_line(trace, layer, unit))
    lines.append(_link(trace, z) if last else _activation(trace, layer, z))
    width = f"{_counted(layer.W.shape[1], 'input')}, {_counted(layer.W.shape[0], 'output' if last else 'unit')}"
    kind = "the output" if last else layer.activation.name
    strongest = None if fits(W) else strongest_table(trace, layer, unit)
    return Section(f"forward-{number}", f"Forward, layer {number}: {kind}", f"{width}.", tuple(lines), strongest)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _activation(trace: Step, layer: Layer, z: Tensor) -> Line:
    number, g = layer.number, layer.activation.name
    parts: tuple[Part, ...] = (z,) if g == "linear" else (g, "(", z, ")")
    if layer.mask is None:
        return equation(values(trace, "a", layer.A, number), *parts, numbers=g != "linear")
    a, mask = values(trace, "a", trace.layers[number].A_in, number), values(trace, "m", layer.mask, number)
    return equation(
        a, *parts, "\u2299", mask, note="dropout: 0 drops a unit; the others are scaled up to make up for it"
    )


def _link(trace: Step, z: Tensor) -> Line:
    loss = trace.network.loss
    yhat = values(trace, "y^", trace.yhat)
    if loss.link is linear:
        return equation(yhat, z, numbers=False)
    name, formula = LINKS.get(loss.name, ("link", ""))
    notes = [formula] if formula else []
    if trace.class_names and not is_batch(trace):
        p = trace.yhat[trace.row].tolist()
        p = [1 - p[0], p[0]] if len(p) == 1 else p
        notes += [f"{isolated(name)}: {digits(share)}" for name, share in zip(trace.class_names, p, strict=True)]
    every = loss.codes and not is_batch(trace)  # softmax mixes all units
    return equation(
        yhat, name, "(", z, ")", sources=lambda i, j: z.keys() if every else [z.key(i, j)], note="; ".join(notes)
    )


# loss -------------------------------------------------------------------------------------------------------------


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
        note = f"\u03bb = {digits(network.l2)}; biases are not penalised"
        lines.append(Line(symbols, row(data, "+", Number(cost.penalty)), result, note=note))
    return Section("loss", f"Loss: {_loss_name(cost)}", "How far the prediction is from the target.", tuple(lines))


def _loss_name(cost: Cost) -> str:
    return cost.loss.name.replace("_", " ")


def _data_term(trace: Step, cost: Cost, sources: tuple[str, ...]) -> Number:
    return Number(cost.J - cost.penalty, "J-data" if trace.network.l2 else "J", sources)


def _losses_of_batch(trace: Step, cost: Cost) -> Iterator[Line]:
    yhat, y, l = values(trace, "y^", cost.yhat), targets(trace), tensor("l", "", cost.l)
    parts = (_loss_name(cost), "(", yhat, ", ", y, ")")
    yield equation(l, *parts, numbers=False, sources=lambda i, j: [*yhat.keys(i), *y.keys(i)])
    weighted = "" if cost.weight is None else "w"
    numbers = None
    if fits(l) and not weighted:
        terms = [item for i, value in enumerate(cost.l) for item in ("+", Number(float(value), l.key(i, 0)))]
        numbers = Fraction(row(*terms[1:]), Number(len(trace)))
    mean = row(J, "=", f"1/{len(trace)} ", "\u2211", weighted, Symbol("l", "i"))
    note = "the mean over the rows" + (", each with its weight" if weighted else "")
    yield Line(mean, numbers, _data_term(trace, cost, tuple(l.keys())), note=note)


def _loss_of_one(trace: Step, cost: Cost) -> Iterator[Line]:
    yhat, y = values(trace, "y^", cost.yhat), targets(trace)
    written = LOSS_FORMULAS.get(cost.loss.name)
    formula, numbers = (row(Symbol("l")), None) if written is None else written(yhat, y)
    l = Number(float(cost.l[trace.row]), "l", (*yhat.keys(), *y.keys()))
    yield Line(formula, numbers, l, note=_true_class(trace))
    if cost.weight is not None:
        w = Number(float(cost.weight[trace.row]))
        numbers = row(factor(w), "\u00b7", Number(l.value, "l"))
        yield Line(row(J, "=", "w ", Symbol("l")), numbers, _data_term(trace, cost, ("l",)))


def _true_class(trace: Step) -> str:
    loss, several = trace.network.loss, trace.yhat.shape[1] > 1
    if trace.y is None or not trace.class_names or not loss.classes or (several and not loss.codes):
        return ""
    code = int(trace.y[trace.row] if loss.codes else trace.y[trace.row, 0])
    return f"true class: {trace.class_names[code]}"


# backward ---------------------------------------------------------------------------------------------------------


def _backward(trace: Step, layer: Layer) -> Section:
    assert layer.back is not None
    dz = values(trace, "dz", layer.back.dZ, layer.number)
    last = layer.number == len(trace.layers)
    lines = [_output_gradient(trace, dz)] if last else _through_activation(trace, layer, dz)
    lines += _weight_gradients(trace, layer, dz)
    title = f"Backward, layer {layer.number}"
    return Section(f"backward-{layer.number}", title, _flat_units(trace, layer), tuple(lines))


def _output_gradient(trace: Step, dz: Tensor) -> Line:
    cost, batch = trace.cost, is_batch(trace)
    assert cost is not None
    yhat, y = values(trace, "y^", cost.yhat), targets(trace)
    before, after, note = OUTPUT_GRADIENTS.get(trace.network.loss.name, ("dl/dz at ", "", "the loss's own gradient"))
    scale = f" / {len(trace)}" if batch else ""
    weight: tuple[Part, ...] = ()
    if cost.weight is not None:
        weight = ("w ",) if batch else (Scalar(Symbol("w"), Number(float(cost.weight[trace.row]))), "\u00b7")
    if (scale or weight) and not before:
        before, after = "(", ")"
    return equation(
        dz, *weight, before, yhat, "-", y, after, scale, numbers=not (weight and batch), note=note,
        sources=lambda i, j: [yhat.key(i, j), y.key(i, j)],
    )  # fmt: skip


def _through_activation(trace: Step, layer: Layer, dz: Tensor) -> list[Line]:
    """Return da, which the layer above sends back, and dz = g'(z) da."""
    number, above = layer.number, trace.layers[layer.number]
    assert layer.back is not None and above.back is not None
    W, dz_above = tensor("W", number + 1, above.W), values(trace, "dz", above.back.dZ, number + 1)
    da, z = values(trace, "da", layer.back.dA, number), values(trace, "z", layer.Z, number)
    parts: tuple[Part, ...] = (dz_above, " ", W) if is_batch(trace) else (W.transposed, " ", dz_above)
    if layer.mask is not None:
        parts = (*parts, "\u2299", values(trace, "m", layer.mask, number))
    g = layer.activation.name
    slope = values(trace, "g'", layer.slope, number)
    slope = Tensor(slope.name, slope.sub, slope.array, slope.vector, written=row(f"{g}\u2032", "(", z.symbol, ")"))
    passed: tuple[Part, ...] = (da,) if g == "linear" else (da, "\u2299", slope)
    return [
        equation(da, *parts),
        equation(
            dz, *passed, numbers=g != "linear", note=SLOPES.get(g, ""),
            sources=lambda i, j: [da.key(i, j), z.key(i, j)],
        ),
    ]  # fmt: skip


def _weight_gradients(trace: Step, layer: Layer, dz: Tensor) -> Iterator[Line]:
    assert layer.back is not None
    number, l2, a_in = layer.number, trace.network.l2, incoming(trace, layer)
    dW, db = tensor("dW", number, layer.back.dW), tensor("db", number, layer.back.db)
    lambda_ = Scalar(Symbol("\u03bb"), Number(l2))
    decay: tuple[Part, ...] = ("+", lambda_, " ", tensor("W", number, layer.W)) if l2 else ()
    if is_batch(trace):
        yield equation(dW, dz.transposed, " ", a_in, *decay)
        yield equation(db, "\u2211 rows of ", dz, numbers=False, sources=lambda i, j: dz.keys(j=i))
    else:
        yield equation(dW, dz, " ", a_in.transposed, *decay)
        yield equation(db, dz, numbers=False)


def _flat_units(trace: Step, layer: Layer) -> str:
    """Return a sentence if the slope of some units lets almost nothing through on the way back."""
    slopes = np.abs(layer.slope if is_batch(trace) else layer.slope[trace.row : trace.row + 1]).max(axis=0)
    flat = int(np.sum(slopes < FLAT))
    if not flat:
        return ""
    units = "Every unit is" if flat == len(slopes) else f"{flat} of {len(slopes)} units {'is' if flat == 1 else 'are'}"
    return f"{units} flat here: the slope is below {FLAT}, so almost no gradient passes back."
