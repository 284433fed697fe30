"""Answer: what a classifier says of an example, and how much each of its inputs speaks for that.

    s = z_said - z_rival,  s_j = x_j ds/dx_j,  s = sum_j s_j + rest

For relu and linear units this is exact, the rest being what the biases give; for curved ones it is of first order.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pellucid.insight.trace.formula import Number, digits
from pellucid.insight.trace.section import Section, Table, is_batch
from pellucid.insight.trace.step import Array, Trace
from pellucid.pages import isolated

OF_ANSWER = ("answer", "loudest")  # the names of its sections
MOST = 10  # inputs that are named
STRAIGHT = ("relu", "leaky_relu", "linear")  # activations whose pieces are straight lines through 0


@dataclass(frozen=True)
class Speaking:
    """What speaks for the class that is said.  said, rival: codes, the rival being the likeliest of the others.

    score: s, above 0.  shares: s_j (d,), above 0 for what is said.  rest: s without them.
    """

    said: int
    rival: int
    p: float
    score: float
    shares: Array
    rest: float


def speaking(trace: Trace) -> Speaking:
    """Return what speaks for the answer to the example shown, by the network's own way back to its inputs."""
    network, x = trace.network, trace.X[trace.row : trace.row + 1]
    p = trace.yhat[trace.row].astype(np.float64)
    p = np.array([1 - p[0], p[0]]) if len(p) == 1 else p
    said, rival = (int(code) for code in np.argsort(-p, kind="stable")[:2])
    Z, tape = network.forward(x)
    ds = np.zeros_like(Z)  # (1, k)
    if network.n_out == 1:
        ds[0, 0] = 1 if said else -1
    else:
        ds[0, said], ds[0, rival] = 1, -1
    score = float(np.vdot(ds, Z))
    _, dX = network.backward(ds, tape, input_gradient=True)
    shares = (x * dX)[0].astype(np.float64)
    return Speaking(said, rival, float(p[said]), score, shares, score - float(shares.sum()))


def answer_sections(trace: Trace) -> Iterator[Section]:
    """Yield what is said and what speaks for it, where classes and inputs have names and one example is shown."""
    if is_batch(trace) or trace.dropout is not None or not (trace.class_names and trace.input_names):
        return
    found = speaking(trace)
    said, rival = isolated(trace.class_names[found.said]), isolated(trace.class_names[found.rival])
    head = f"for {said}"
    groups = [(group, Number(share)) for group, share in _by_group(trace, found.shares)]
    rows = [*groups, ("the rest: biases, bends", Number(found.rest)), ("all together", Number(found.score))]
    exact = all(layer.activation.name in STRAIGHT for layer in trace.layers)
    logit = f"z of {said} less z of {rival}" if trace.network.n_out > 1 else "z, turned so that above 0 it"
    yield Section(
        "answer",
        f"Why it says {said}",
        f"It says {said}, with p = {digits(found.p)}. What decides is s = {digits(found.score)}: "
        + (f"{logit}. " if trace.network.n_out > 1 else f"{logit} speaks for {said} (z itself speaks for "
           f"{isolated(trace.class_names[1])}). ")
        + "An input's share of it is its value times ds/dx: above 0 it speaks for "
        f"{said}, below for {rival}. "
        + ("The shares and the biases add up to s." if exact else "This is of first order; bends are in the rest."),
        table=Table(("what it goes by", head), tuple(rows)),
    )  # fmt: skip
    loudest = np.argsort(-np.abs(found.shares), kind="stable")[:MOST]
    cells = tuple(
        (trace.input_name(j), Number(float(trace.X[trace.row, j])), Number(float(found.shares[j]))) for j in loudest
    )
    yield Section("loudest", "The inputs that speak loudest", table=Table(("input", "its value", head), cells))


def _by_group(trace: Trace, shares: Array) -> list[tuple[str, float]]:
    """Return the sum of the shares of each group of inputs, the loudest first; all inputs together without groups."""
    groups = trace.input_groups or ("all inputs",) * len(shares)
    sums: dict[str, float] = {}
    for group, share in zip(groups, shares.tolist(), strict=True):
        sums[group] = sums.get(group, 0.0) + share
    return sorted(sums.items(), key=lambda item: -abs(item[1]))
