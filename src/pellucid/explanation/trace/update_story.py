"""Update story: what comes after the gradients: the rule, the new weights, the cost, the check and common mistakes.

The rule is shown on one weight, the one that the finite difference checks: a matrix of Adam's means teaches no more.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.explanation.trace.common_mistakes import common_mistakes
from pellucid.explanation.trace.finite_difference import FiniteDifference, finite_difference
from pellucid.explanation.trace.formula import (
    MINUS,
    Fraction,
    Node,
    Number,
    Power,
    Root,
    Row,
    Symbol,
    digits,
    factor,
    filled,
    row,
)
from pellucid.explanation.trace.sections import (
    Cell,
    Line,
    Part,
    Scalar,
    Section,
    Sources,
    Table,
    Tensor,
    equation,
    fits,
    is_batch,
    tensor,
)
from pellucid.explanation.trace.step import Step, Update
from pellucid.nn import LBFGS, Adam, AdamW, GradientDescent, RMSprop

ALPHA, EPSILON, LAMBDA, MU, RHO = map(Symbol, "\u03b1\u03b5\u03bb\u03bc\u03c1")
BETA1, BETA2 = Symbol("\u03b2", "1"), Symbol("\u03b2", "2")
W, G, V, M, S, N, A, D = map(Symbol, "wgvmsnad")
M_HAT, S_HAT = Symbol("m", "", "^"), Symbol("s", "", "^")
KEPT = row("(", 1, "-", ALPHA, LAMBDA, ")")
NOW = "\u2190"
TWO = Number(2)
ALIKE = 1e-3  # share of the right step's change; costs that differ by less are reported as equal
FLAT = 1e-7  # share of the cost; a step that changes it by less teaches nothing
LONG = 0.5  # share of the promised fall; a step that gave less was too long for the slope
RULE_NAMES = {RMSprop: "RMSprop", Adam: "Adam", AdamW: "AdamW", LBFGS: "L-BFGS"}

# one weight -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Weight:
    """One weight w on its way through the rule: its place in the flat vector, gradient g and next value."""

    update: Update
    place: int
    w: Number
    g: Number
    after: Number

    @property
    def rule(self) -> Any:
        """The rule, whose settings the lines show."""
        return self.update.rule

    def part(self, name: str) -> Number:
        """Return what the rule computed on the way, for this weight."""
        return Number(float(self.update.parts[name][self.place]), name, (self.g.key,))

    def slot(self, name: str) -> Number:
        """Return what the rule remembered of earlier steps."""
        return Number(float(self.update.slots[name][self.place]))


def rule_section(trace: Step) -> Section:
    """Return what the rule does with one weight, from its gradient to its next value."""
    update, check = trace.update, finite_difference(trace)
    assert update is not None and check is not None
    key = f"dW{check.layer}-{check.unit + 1}-{check.input + 1}"
    g = Number(float(update.gradient[check.place]), key)
    lines = [Line(row(G, "=", _gradient_symbol(check)), None, g)]
    if update.norm is not None and update.clip_norm is not None:
        lines.append(_clip(update, g, check.place))
        g = Number(float(update.used[check.place]), "g", (key,))
    w = Number(float(update.before[check.place]), f"W{check.layer}-{check.unit + 1}-{check.input + 1}")
    after = Number(float(update.after[check.place]), "w", (w.key, g.key))
    lines += RULES.get(type(update.rule), _any_rule)(_Weight(update, check.place, w, g, after))
    rate = "" if isinstance(update.rule, LBFGS) else f", learning rate \u03b1 = {digits(update.rate)}"
    return Section("rule", f"Update, one weight: {_rule_name(update)}", f"w is {check.name}{rate}.", tuple(lines))


def _rule_name(update: Update) -> str:
    rule = update.rule
    if isinstance(rule, GradientDescent):
        momentum = " with Nesterov momentum" if rule.nesterov else " with momentum" if rule.momentum else ""
        return f"gradient descent{momentum}"
    return RULE_NAMES.get(type(rule), type(rule).__name__)


def _gradient_symbol(check: FiniteDifference) -> Node:
    return row(Symbol("dW", str(check.layer)), f"[{check.unit + 1}, {check.input + 1}]")


def _clip(update: Update, g: Number, place: int) -> Line:
    assert update.norm is not None and update.clip_norm is not None
    norm, most = Number(update.norm), Number(update.clip_norm)
    if update.norm <= update.clip_norm:
        note = f"the whole gradient is not longer than {digits(most.value)}, so it stays as it is"
        return Line(row("||", G, "||", "=", norm), note=note)
    note = f"clipped, because the whole gradient is longer than c = {digits(most.value)}"
    numbers = row(factor(g), "\u00b7", Fraction(most, norm))
    return Line(row(G, NOW, G, " c / ||g||"), numbers, Number(float(update.used[place])), note=note)


def _becomes(
    symbol: Node, formula: Row, values: Mapping[Node, Node], result: Number, note: str = "", sign: str = NOW
) -> Line:
    """Return symbol <- formula, and the formula with its values."""
    return Line(row(symbol, sign, formula), filled(formula, values), result, note=note)


def _gradient_descent(at: _Weight) -> Iterator[Line]:
    values: dict[Node, Node] = {W: at.w, G: at.g, ALPHA: Number(at.update.rate), MU: Number(at.rule.momentum)}
    along = G
    if at.rule.momentum:
        along, v = V, at.part("velocity")
        yield _becomes(V, row(MU, " ", V, "+", G), values | {V: at.slot("velocity")}, v)
        values[V] = v
    if at.rule.nesterov:
        along, ahead = N, at.part("ahead")
        yield _becomes(N, row(G, "+", MU, " ", V), values, ahead, sign="=")
        values[N] = ahead
    yield _becomes(W, row(W, "-", ALPHA, " ", along), values, at.after)


def _rmsprop(at: _Weight) -> Iterator[Line]:
    s = at.part("square")
    yield _running_mean(RHO, at.rule.decay, S, Power(G, TWO), at.slot("square"), s, at.g)
    values: dict[Node, Node] = {W: at.w, G: at.g, ALPHA: Number(at.update.rate), S: s}
    values[EPSILON] = Number(at.rule.epsilon)
    yield _becomes(W, row(W, "-", ALPHA, " ", Fraction(G, row(Root(S), "+", EPSILON))), values, at.after)


def _adam(at: _Weight) -> Iterator[Line]:
    parts, rule, w, t = at.update.parts, at.rule, at.w, int(at.update.parts["step"])
    m, s = at.part("mean"), at.part("square")
    if "keep" in parts and parts["keep"] != 1:
        values: dict[Node, Node] = {KEPT: Number(parts["keep"]), W: w}
        w = Number(w.value * parts["keep"], "w-kept", (w.key,))
        yield _becomes(W, row(KEPT, " ", W), values, w, "decoupled decay, before the step")
    yield _running_mean(BETA1, rule.beta1, M, G, at.slot("mean"), m, at.g, "a running mean of the gradients")
    yield _running_mean(BETA2, rule.beta2, S, Power(G, TWO), at.slot("square"), s, at.g)
    values = {W: w, ALPHA: Number(at.update.rate), EPSILON: Number(rule.epsilon)}
    note = f"m and s begin at 0; this corrects for it at step {t}"
    for name, symbol, hat, raw, beta in (("mean", M, M_HAT, m, BETA1), ("square", S, S_HAT, s, BETA2)):
        below = row(1, "-", Power(beta, Number(t)))
        corrected = Number(float(parts[f"{name}_hat"][at.place]), f"{name}_hat", (raw.key,))
        known: dict[Node, Node] = {symbol: raw, below: Number(parts[f"{name}_correction"])}
        yield _becomes(hat, row(Fraction(symbol, below)), known, corrected, note, "=")
        values[hat], note = corrected, ""
    step = Fraction(M_HAT, row(Root(S_HAT), "+", EPSILON))
    yield _becomes(W, row(W, "-", ALPHA, " ", step), values, at.after)


def _running_mean(
    decay: Symbol, value: float, symbol: Symbol, of: Node, old: Number, new: Number, g: Number, note: str = ""
) -> Line:
    rest = row("(", 1, "-", decay, ")")
    values: dict[Node, Node] = {decay: Number(value), symbol: old, rest: Number(1 - value), G: g}
    return _becomes(symbol, row(decay, " ", symbol, "+", rest, " ", of), values, new, note)


def _lbfgs(at: _Weight) -> Iterator[Line]:
    d, length = at.part("direction"), Number(at.update.parts["length"])
    d = Number(d.value, "d", d.sources)
    note = "the gradient, turned by the curvature seen in earlier steps"
    yield Line(row(D, "=", MINUS, "H g"), None, d, note=note)
    times = "once" if at.update.evaluations == 1 else f"{at.update.evaluations} times"
    note = f"the line search evaluated the cost {times}"
    yield _becomes(W, row(W, "+", A, " ", D), {W: at.w, A: length, D: d}, at.after, note)


def _any_rule(at: _Weight) -> Iterator[Line]:
    change = Number(float(at.update.change[at.place]))
    yield Line(row(W, NOW, W, "+", Symbol("\u0394"), W), row(at.w, "+", factor(change)), at.after)


RULES: Mapping[type, Callable[[_Weight], Iterator[Line]]] = {
    GradientDescent: _gradient_descent,
    RMSprop: _rmsprop,
    Adam: _adam,
    AdamW: _adam,
    LBFGS: _lbfgs,
}

# all weights, and the cost ----------------------------------------------------------------------------------------


def update_section(trace: Step) -> Section:
    """Return all weights before and after."""
    update = trace.update
    assert update is not None
    clipped = update.norm is not None and update.clip_norm is not None and update.norm > update.clip_norm
    plain = isinstance(update.rule, GradientDescent) and not update.rule.momentum and not clipped
    gradients, changes = trace.network.views(update.gradient), trace.network.views(update.change)
    lines: list[Line] = []
    for layer, gradient, change in zip(trace.layers, gradients, changes, strict=True):
        arrays = zip("Wb", (layer.W, layer.b), (layer.W_next, layer.b_next), gradient, change, strict=True)
        for name, old, new, slope, step in arrays:
            assert new is not None
            before, g = tensor(name, layer.number, old), tensor(f"d{name}", layer.number, slope)
            moved = tensor(f"\u0394{name}", layer.number, step)
            parts: tuple[Part, ...] = ("-", Scalar(ALPHA, Number(update.rate)), " ", g) if plain else ("+", moved)
            after = replace(tensor(f"{name}new", layer.number, new), written=before.symbol)
            line = equation(after, before, *parts, sign=NOW, sources=_both(before, g))
            largest = "" if fits(before) else f"the largest change is {digits(float(np.abs(step).max()))}"
            lines.append(replace(line, note=largest))
    return Section("update", "Update, all weights", "", tuple(lines))


def _both(before: Tensor, g: Tensor) -> Sources:
    return lambda i, j: [before.key(i, j), g.key(i, j)]


def cost_section(trace: Step) -> Section:
    """Return the cost before and after, beside the change that the gradient promised."""
    assert trace.cost is not None and trace.after is not None and trace.promised is not None and trace.fall is not None
    before, after = Number(trace.cost.J, "J"), Number(trace.after, "J-after")
    J, new = Symbol("J"), Symbol("J", "new")
    note = "the change that the gradient promises: gradient x change, summed over all weights and biases"
    lines = (
        Line(row(new, "-", J), row(after, "-", before), Number(trace.fall, "fall", ("J-after", "J"))),
        Line(row(G, "\u00b7", Symbol("\u0394"), W), None, Number(trace.promised), note=note),
    )
    rows = "the same rows" if is_batch(trace) else "the same example"
    return Section("cost", "The cost before and after", f"On {rows}: {_compared(trace)}", lines)


def _compared(trace: Step) -> str:
    """Return in words how the cost changed, compared with the promise."""
    assert trace.fall is not None and trace.promised is not None and trace.cost is not None and trace.after is not None
    costs = f"J was {digits(trace.cost.J)} and is now {digits(trace.after)}. "
    if max(abs(trace.fall), abs(trace.promised)) <= _noise(trace):
        return costs + "Almost nothing moved: the gradient is about 0 here. Look at an earlier update: --at start."
    both = costs + f"The gradient promised {digits(trace.promised)}, the step gave {digits(trace.fall)}"
    if trace.fall >= 0 > trace.promised:
        return both + ": it went too far. A smaller learning rate keeps the promise."
    if trace.fall >= 0:
        return both + ": uphill, because of what the rule remembers from earlier steps."
    if trace.fall > LONG * trace.promised:
        return both + ". The cost curves upward along the way: the step was too long for the slope."
    if trace.fall < trace.promised / LONG:
        return both + ". The cost curves downward along the way: the slope grew steeper."
    return both + "."


def finite_difference_section(trace: Step) -> Section:
    """Return the check of one weight."""
    check = finite_difference(trace)
    J, w, h = Symbol("J"), Symbol("w"), Symbol("h")
    symbols = row(Fraction(row(J, "(", w, "+", h, ")", "-", J, "(", w, "-", h, ")"), row(TWO, h)))
    lines: tuple[Line, ...] = ()
    if check.verdict != "on a kink":
        numbers = Fraction(row(f"{check.up:.10g}", "-", f"{check.down:.10g}"), Number(2 * check.h))
        key = f"dW{check.layer}-{check.unit + 1}-{check.input + 1}"
        note = f"h = {digits(check.h)}, w is {check.name}"
        lines = (
            Line(symbols, numbers, Number(check.numeric, "numeric"), note=note),
            Line(_gradient_symbol(check), None, Number(check.gradient, key)),
        )
    return Section("finite-difference", "One gradient checked by a finite difference", check.sentence(), lines)


def common_mistakes_section(trace: Step) -> tuple[Section, ...]:
    """Return where common mistakes lead, the right step on top; nothing if none can happen here."""
    if trace.after is None or trace.cost is None or not (mistakes := common_mistakes(trace)):
        return ()
    name, title, J = "mistakes", "Where common mistakes lead", trace.cost.J
    if max(abs(after - J) for after in (trace.after, *(mistake.after for mistake in mistakes))) <= _noise(trace):
        lead = "Nowhere: the cost is so flat here that neither the right step nor a wrong one changes it. "
        return (Section(name, title, f"{lead}A table would teach nothing. Look at an earlier update: --at start."),)
    rows: list[tuple[Cell, ...]] = [
        (one, what, Number(after), Number(after - J), effect)
        for one, what, after, effect in (
            ("the right step", "", trace.after, ""),
            *((one.name, one.sentence, one.after, _effect(one.after, trace)) for one in mistakes),
        )
    ]
    lead = f"Each mistake was really made, with the same rule, from J = {digits(J)}. The correct network measured J."
    columns = ("mistake", "what was done", "J after", "change", "effect")
    return (Section(name, title, lead, (), Table(columns, tuple(rows))),)


def _noise(trace: Step) -> float:
    """Return the change of J that means nothing."""
    assert trace.cost is not None
    return max(FLAT, 8 * float(np.finfo(trace.network.parameters.dtype).eps)) * abs(trace.cost.J)


def _effect(after: float, trace: Step) -> str:
    assert trace.after is not None and trace.cost is not None
    if abs(after - trace.after) <= max(ALIKE * abs(trace.after - trace.cost.J), _noise(trace)):
        return "the same cost: only a check of the gradient finds it"
    if after < trace.after:
        return "lower this time, by luck: not along the gradient"
    return "the cost rises" if after > trace.cost.J else "falls less"
