"""Updating: the part of the story after the gradients: the rule on one weight, all weights, the cost, the proof, slips.

The rule is told of the weight that is nudged, in plain numbers; a matrix of Adam's means teaches no more.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from pellucid.explanation.trace.common_mistakes import common_mistakes
from pellucid.explanation.trace.finite_difference import FiniteDifference, finite_difference
from pellucid.explanation.trace.formula import MINUS, Fraction, Node, Number, Power, Root, Symbol, digits, factor, row
from pellucid.explanation.trace.sections import Cell, Line, Section, Table, Tensor, fits, is_batch, shapes, tensor
from pellucid.explanation.trace.step import Step, Update
from pellucid.nn import LBFGS, Adam, AdamW, GradientDescent, RMSprop

ALPHA, EPSILON = Symbol("\u03b1"), Symbol("\u03b5")
W, G, V, M, S = Symbol("w"), Symbol("g"), Symbol("v"), Symbol("m"), Symbol("s")
NOW = "\u2190"
TWO = Number(2)
ALIKE = 1e-3  # of the right step's change; costs that differ by less are told as one
FLAT = 1e-7  # of the cost; a step that changes it by less teaches nothing
LONG = 0.5  # of the promised fall; a step that gave less was long for the slope


def rule_name(update: Update) -> str:
    """Return how a rule is called among people."""
    rule = update.rule
    if isinstance(rule, GradientDescent):
        return "gradient descent" + (
            " with Nesterov momentum" if rule.nesterov else " with momentum" if rule.momentum else ""
        )
    return {RMSprop: "RMSprop", Adam: "Adam", AdamW: "AdamW", LBFGS: "L-BFGS"}.get(type(rule), type(rule).__name__)


def rule_section(trace: Step) -> Section:
    """Return what the rule does with one weight, from its gradient to its next value."""
    update, check = trace.update, finite_difference(trace)
    assert update is not None and check is not None
    lines: list[Line] = []
    place = check.place
    key = f"dW{check.layer}-{check.unit + 1}-{check.input + 1}"
    g = Number(float(update.gradient[place]), key)
    lines.append(Line(row(G, "=", _gradient_symbol(check)), None, g))
    if update.norm is not None and update.clip_norm is not None:
        lines.append(_clip(update, g, place))
        g = Number(float(update.used[place]), "g", (key,))
    w = Number(float(update.before[place]), f"W{check.layer}-{check.unit + 1}-{check.input + 1}")
    after = Number(float(update.after[place]), "w", (w.key, g.key or key))
    lines += _rule(update, place, w, g, after)
    rate = "" if isinstance(update.rule, LBFGS) else f", learning rate \u03b1 = {digits(update.rate)}"
    return Section("rule", f"Update, one weight: {rule_name(update)}", f"w is {check.name}{rate}.", tuple(lines))


def _gradient_symbol(check: FiniteDifference) -> Node:
    return row(Symbol("dW", str(check.layer)), f"[{check.unit + 1}, {check.input + 1}]")


def _clip(update: Update, g: Number, place: int) -> Line:
    assert update.norm is not None and update.clip_norm is not None
    norm, most = Number(update.norm), Number(update.clip_norm)
    if update.norm <= update.clip_norm:
        return Line(
            row("||", G, "||", "=", norm), note=f"the whole gradient is no longer than {digits(most.value)}: it stays"
        )
    symbols = row(G, NOW, G, " c / ||g||")
    numbers = row(factor(g), "\u00b7", Fraction(most, norm))
    return Line(
        symbols,
        numbers,
        Number(float(update.used[place])),
        note=f"clipped: the whole gradient is longer than c = {digits(most.value)}",
    )


def _rule(update: Update, place: int, w: Number, g: Number, after: Number) -> Iterator[Line]:
    """Yield the lines of the rule for one number of p, from its own slots."""
    rule, parts, rate = update.rule, update.parts, Number(update.rate)

    def part(name: str) -> Number:
        return Number(float(parts[name][place]), name, (g.key,))

    def slot(name: str) -> Number:
        return Number(float(update.slots[name][place]))

    if isinstance(rule, GradientDescent):
        along: tuple[Node, Node] = (G, factor(g))
        if rule.momentum:
            mu, v = Number(rule.momentum), part("velocity")
            yield Line(
                row(V, NOW, Symbol("\u03bc"), " ", V, "+", G),
                row(mu, "\u00b7", factor(slot("velocity")), "+", factor(g)),
                v,
            )
            along = (V, factor(v))
            if rule.nesterov:
                ahead = part("ahead")
                yield Line(
                    row(Symbol("n"), "=", G, "+", Symbol("\u03bc"), " ", V), row(g, "+", mu, "\u00b7", factor(v)), ahead
                )
                along = (Symbol("n"), factor(ahead))
        yield Line(row(W, NOW, W, "-", ALPHA, " ", along[0]), row(w, "-", rate, "\u00b7", along[1]), after)
    elif isinstance(rule, RMSprop):
        rho, s = Number(rule.decay), part("square")
        yield _mean_of_squares(Symbol("\u03c1"), rho, slot("square"), g, s)
        below = row(Root(s), "+", Number(rule.epsilon))
        symbols = row(W, NOW, W, "-", ALPHA, " ", Fraction(G, row(Root(S), "+", EPSILON)))
        yield Line(symbols, row(w, "-", rate, "\u00b7", Fraction(factor(g), below)), after)
    elif isinstance(rule, Adam):
        yield from _adam(update, rule, place, w, g, after)
    elif isinstance(rule, LBFGS):
        d, a = Number(float(parts["direction"][place]), "d", (g.key,)), Number(parts["length"])
        often = "once" if update.evaluations == 1 else f"{update.evaluations} times"
        looked = f"the line search looked at the cost {often}"
        yield Line(
            row(Symbol("d"), "=", MINUS, "H g"),
            None,
            d,
            note="the gradient, turned by what the last steps tell of the curvature",
        )
        yield Line(
            row(W, NOW, W, "+", Symbol("a"), " ", Symbol("d")), row(w, "+", a, "\u00b7", factor(d)), after, note=looked
        )
    else:
        change = Number(float(update.change[place]))
        yield Line(row(W, NOW, W, "+", Symbol("\u0394"), W), row(w, "+", factor(change)), after)


def _mean_of_squares(decay: Symbol, value: Number, old: Number, g: Number, new: Number) -> Line:
    symbols = row(S, NOW, decay, " ", S, "+", "(", 1, "-", decay, ") ", Power(G, TWO))
    numbers = row(value, "\u00b7", old, "+", Number(1 - value.value), "\u00b7", Power(factor(g), TWO))
    return Line(symbols, numbers, new)


def _adam(update: Update, rule: Adam, place: int, w: Number, g: Number, after: Number) -> Iterator[Line]:
    parts, t = update.parts, int(update.parts["step"])
    b1, b2 = Symbol("\u03b2", "1"), Symbol("\u03b2", "2")
    m, s = (Number(float(parts[name][place]), name, (g.key,)) for name in ("mean", "square"))
    old_m, old_s = (Number(float(update.slots[name][place])) for name in ("mean", "square"))
    if "keep" in parts and parts["keep"] != 1:
        shrunk = Number(w.value * parts["keep"], "w-kept", (w.key,))
        symbols = row(W, NOW, "(", 1, "-", ALPHA, Symbol("\u03bb"), ") ", W)
        yield Line(
            symbols, row(Number(parts["keep"]), "\u00b7", factor(w)), shrunk, note="decoupled decay, before the step"
        )
        w = shrunk
    symbols = row(M, NOW, b1, " ", M, "+", "(", 1, "-", b1, ") ", G)
    numbers = row(Number(rule.beta1), "\u00b7", factor(old_m), "+", Number(1 - rule.beta1), "\u00b7", factor(g))
    yield Line(symbols, numbers, m, note="a running mean of the gradients")
    yield _mean_of_squares(b2, Number(rule.beta2), old_s, g, s)
    hats = []
    for name, symbol, raw, beta in (("mean", M, m, b1), ("square", S, s, b2)):
        hat = Number(float(parts[f"{name}_hat"][place]), f"{name}_hat", (raw.key,))
        below = row(1, "-", Power(beta, Number(t)))
        symbols = row(Symbol(symbol.name, "", "^"), "=", Fraction(symbol, below))
        note = f"both begin at 0, which step {t} corrects" if name == "mean" else ""
        yield Line(symbols, Fraction(raw, Number(parts[f"{name}_correction"])), hat, note=note)
        hats.append(hat)
    step = Fraction(Symbol("m", "", "^"), row(Root(Symbol("s", "", "^")), "+", EPSILON))
    stepped = Fraction(factor(hats[0]), row(Root(hats[1]), "+", Number(rule.epsilon)))
    yield Line(row(W, NOW, W, "-", ALPHA, " ", step), row(w, "-", Number(update.rate), "\u00b7", stepped), after)


def update_section(trace: Step) -> Section:
    """Return all weights before and after."""
    update = trace.update
    assert update is not None
    clipped = update.norm is not None and update.clip_norm is not None and update.norm > update.clip_norm
    plain = isinstance(update.rule, GradientDescent) and not update.rule.momentum and not clipped
    gradients, change = trace.network.views(update.gradient), trace.network.views(update.change)
    lines: list[Line] = []
    for layer, (dW, db), (step_W, step_b) in zip(trace.layers, gradients, change, strict=True):
        for name, old, new, gradient, step in (
            ("W", layer.W, layer.W_next, dW, step_W),
            ("b", layer.b, layer.b_next, db, step_b),
        ):
            assert new is not None
            before, g = tensor(name, layer.number, old), tensor(f"d{name}", layer.number, gradient)
            after = tensor(f"{name}new", layer.number, new).from_(partial(_from_both, before, g))
            if plain:
                symbols = row(before.symbol, NOW, before.symbol, "-", ALPHA, " ", g.symbol)
                numbers = row(before.node, "-", Number(update.rate), *_times(g.node)) if fits(before) else None
                sizes = shapes((before, "-", g), after)
            else:
                moved = tensor(f"\u0394{name}", layer.number, step)
                symbols = row(before.symbol, NOW, before.symbol, "+", moved.symbol)
                numbers = row(before.node, "+", *_times(moved.node)[1:]) if fits(before) else None
                sizes = shapes((before, "+", moved), after)
            largest = "" if fits(before) else f"the largest change is {digits(float(np.abs(step).max()))}"
            lines.append(Line(symbols, numbers, after.node if fits(before) else None, sizes, largest))
    return Section("update", "Update, all weights", "", tuple(lines))


def _from_both(before: Tensor, g: Tensor, i: int, j: int) -> list[str]:
    return [before.key(i, j), g.key(i, j)]


def _times(node: Node) -> tuple[Node | str, Node]:
    return ("\u00b7", factor(node)) if isinstance(node, Number) else (" ", node)


def cost_section(trace: Step) -> Section:
    """Return the cost before and after, beside the fall that the gradient promised."""
    assert trace.cost is not None and trace.after is not None and trace.promised is not None and trace.fall is not None
    before, after = Number(trace.cost.J, "J"), Number(trace.after, "J-after")
    J, now = Symbol("J"), Symbol("J", "new")
    lines = (
        Line(row(now, "-", J), row(after, "-", before), Number(trace.fall, "fall", ("J-after", "J"))),
        Line(
            row(G, "\u00b7", Symbol("\u0394"), W),
            None,
            Number(trace.promised),
            note="what the gradient promises: the sum over all weights and biases of gradient x change",
        ),
    )
    rows = "the same rows" if is_batch(trace) else "the same example"
    return Section("cost", "The cost before and after", f"On {rows}: {_kept_promise(trace)}", lines)


def _kept_promise(trace: Step) -> str:
    assert trace.fall is not None and trace.promised is not None and trace.cost is not None and trace.after is not None
    told = f"J was {digits(trace.cost.J)} and is {digits(trace.after)}. "
    if max(abs(trace.fall), abs(trace.promised)) <= _noise(trace):
        return told + "Almost nothing moved: the gradient is about 0 here. Look at an earlier moment: --at start."
    promised = f"The gradient promised {digits(trace.promised)}, the step gave {digits(trace.fall)}"
    if trace.fall >= 0 > trace.promised:
        return told + promised + ": it went too far. A smaller learning rate keeps what the gradient promises."
    if trace.fall >= 0:
        return told + promised + ": uphill, along what earlier steps left."
    if trace.fall > LONG * trace.promised:
        return told + promised + ". The cost curves upward along the way: the step was long for the slope."
    curved = trace.fall < trace.promised / LONG
    return told + promised + (". The cost curves downward along the way: it grew steeper." if curved else ".")


def finite_difference_section(trace: Step) -> Section:
    """Return the proof of one weight."""
    check = finite_difference(trace)
    assert check is not None
    J, w, h = Symbol("J"), Symbol("w"), Symbol("h")
    twice = row(TWO, h)
    symbols = row(Fraction(row(J, "(", w, "+", h, ")", "-", J, "(", w, "-", h, ")"), twice))
    lines: tuple[Line, ...] = ()
    if check.verdict != "on a kink":
        shown = row(f"{check.up:.10g}", "-", f"{check.down:.10g}")
        numbers = Fraction(shown, Number(2 * check.h))
        key = f"dW{check.layer}-{check.unit + 1}-{check.input + 1}"
        lines = (
            Line(symbols, numbers, Number(check.numeric, "numeric"), note=f"h = {digits(check.h)}, w is {check.name}"),
            Line(_gradient_symbol(check), None, Number(check.gradient, key)),
        )
    return Section("nudge", "One weight proved by nudging it", check.sentence(), lines)


def common_mistakes_section(trace: Step) -> tuple[Section, ...]:
    """Return where the common slips lead, the right step on top; nothing where none can happen."""
    if trace.after is None or trace.cost is None or not (mistakes := common_mistakes(trace)):
        return ()
    title, J = "Where the common slips lead", trace.cost.J
    if max(abs(after - J) for after in (trace.after, *(mistake.after for mistake in mistakes))) <= _noise(trace):
        lead = (
            "Nowhere: the cost is so flat here that neither the right step nor a wrong one changes it, so that a table "
        )
        return (Section("slips", title, lead + "of them would teach nothing. Look at an earlier moment: --at start."),)
    rows: list[tuple[Cell, ...]] = [
        (name, what, Number(after), Number(after - J), so)
        for name, what, after, so in (
            ("the right step", "", trace.after, ""),
            *((one.name, one.sentence, one.after, _judged(one.after, trace)) for one in mistakes),
        )
    ]
    lead = f"Each was made for real, with the same rule, from J = {digits(J)}; J is the right network's."
    columns = ("slip", "what was done", "J after", "change", "so")
    return (Section("slips", title, lead, (), Table(columns, tuple(rows))),)


def _noise(trace: Step) -> float:
    """Return the change of J that means nothing."""
    assert trace.cost is not None
    return max(FLAT, 8 * float(np.finfo(trace.network.parameters.dtype).eps)) * abs(trace.cost.J)


def _judged(after: float, trace: Step) -> str:
    assert trace.after is not None and trace.cost is not None
    if abs(after - trace.after) <= max(ALIKE * abs(trace.after - trace.cost.J), _noise(trace)):
        return "the same cost: only a check of the gradient finds it"
    if after < trace.after:
        return "lower this time, by luck: not along the gradient"
    return "the cost rises" if after > trace.cost.J else "falls less"
