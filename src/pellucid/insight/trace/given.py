"""Given: what a step starts from, the example, all weights and the rate, listed where all of it can be printed."""

from collections.abc import Iterator

from pellucid.insight.trace.formula import Number, Symbol, row
from pellucid.insight.trace.section import Line, Section, is_batch, targets, values
from pellucid.insight.trace.step import Trace
from pellucid.insight.trace.tensor import Tensor, fits, tensor
from pellucid.nn import LBFGS


def given_section(trace: Trace) -> Iterator[Section]:
    """Yield the one section of a step of one example in a net so small that a person can redo it."""
    if trace.update is None or is_batch(trace) or not all(map(fits, _tensors(trace))):
        return
    lines = given_lines(trace)
    if not isinstance(trace.update.rule, LBFGS):
        rate = Line(row(Symbol("\u03b1")), None, Number(trace.update.rate), note="the learning rate")
        lines = (*lines, rate)
    yield Section("given", "Given", "What the step starts from; all that follows can be computed from it.", lines)


def given_lines(trace: Trace) -> tuple[Line, ...]:
    """Return x, y, and W and b of each layer as they were."""
    return tuple(Line(row(one.symbol), None, one.node) for one in _tensors(trace))


def _tensors(trace: Trace) -> Iterator[Tensor]:
    yield values(trace, "x", trace.X)
    yield targets(trace)
    for layer in trace.layers:
        yield from (tensor("W", layer.number, layer.W), tensor("b", layer.number, layer.b))
