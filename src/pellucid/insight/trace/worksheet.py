"""Worksheet: the step of a small net with blanks to fill in by hand, and the key on a page of its own.

Fresh numbers by seed; as HTML to print, or as text.
"""

from collections.abc import Iterator

import numpy as np

from pellucid.insight.trace.example import RATE, drawn
from pellucid.insight.trace.formula import Node, blanked, digits, row
from pellucid.insight.trace.formula import text as formula_text
from pellucid.insight.trace.mathml import mathml
from pellucid.insight.trace.section import Line, Section
from pellucid.insight.trace.step import Trace
from pellucid.insight.trace.story import story
from pellucid.insight.trace.tensor import tensor
from pellucid.nn.activations import sigmoid
from pellucid.pages import document, escaped

ASKED = ("forward-1", "forward-2", "loss", "backward-2", "backward-1", "update")
STYLE = """
.sheet math { display: block; text-align: left; margin: 0.7rem 0; font-size: 1.05rem; }
.sheet mo:has(+ mtable), .sheet mtable + mo { display: none; }
.sheet mtable {
  border: solid currentColor; border-width: 0 1px; border-radius: 4px; padding: 0 0.3em; vertical-align: middle;
}
.sheet mtd:has(.blank) { padding: 0.9em 0.4em 0.3em; }
.blank { border-bottom: 1px solid currentColor; }
.given { display: flex; flex-wrap: wrap; align-items: center; gap: 0.2rem 2rem; }
.sheet section { break-inside: avoid; overflow-x: auto; }
.key { break-before: page; margin-top: 3rem; }
"""
TASK = (
    "A net of 2 inputs, 2 relu units and 1 sigmoid output sees one example. Go forward, find the loss, go back, and "
    f"update every weight by gradient descent with learning rate {digits(RATE)}. Four digits are enough."
)


def worksheet(seed: int) -> str:
    """Return the worksheet of a seed as a HTML page.

    >>> "The key" in worksheet(3) and worksheet(3) == worksheet(3)
    True
    """
    trace = drawn(seed)
    given = "".join(f'<math display="block">{mathml(node)}</math>' for node in _given(trace))
    table = "".join(f"<tr><td>{digits(z)}</td><td>{digits(p)}</td></tr>" for z, p in _sigmoids())
    body = (
        f'<h1>One training step by hand</h1><div class="sheet"><p>{escaped(TASK)}</p><div class="given">{given}</div>'
        f"{''.join(_html(section, True) for section in _asked(trace))}"
        f"<h2>A little help</h2><table><tr><th>z</th><th>sigmoid(z)</th></tr>{table}</table></div>"
        f'<div class="sheet key"><h2>The key</h2>{"".join(_html(section, False) for section in _asked(trace))}'
        f"<p>{escaped(_end(trace))}</p></div>"
    )
    return document(f"One training step by hand, sheet {seed}", body, styles=[STYLE])


def worksheet_text(seed: int) -> str:
    """Return the worksheet of a seed as plain text."""
    trace = drawn(seed)
    lines = [f"One training step by hand, sheet {seed}", "", TASK, ""]
    lines += [part for node in _given(trace) for part in (formula_text(node), "")]
    lines += [part for section in _asked(trace) for part in _plain(section, True)]
    lines += ["A little help: sigmoid(z)", *(f"  z = {digits(z)}: {digits(p)}" for z, p in _sigmoids()), ""]
    lines += ["=" * 40, "The key", ""]
    lines += [part for section in _asked(trace) for part in _plain(section, False)]
    return "\n".join([*lines, _end(trace), ""])


def _given(trace: Trace) -> Iterator[Node]:
    assert trace.y is not None
    tensors = [tensor("x", "", trace.X[0]), tensor("y", "", trace.y[0])]
    for layer in trace.layers:
        tensors += [tensor("W", layer.number, layer.W), tensor("b", layer.number, layer.b)]
    return (row(one.symbol, "=", one.node) for one in tensors)


def _asked(trace: Trace) -> list[Section]:
    return [section for section in story(trace) if section.name in ASKED]


def _answers(line: Line, blank: bool) -> Node:
    """Return symbols = result, the result blank on the sheet."""
    assert line.result is not None
    return row(line.symbols, "=", blanked(line.result) if blank else line.result)


def _html(section: Section, blank: bool) -> str:
    lines = (f'<math display="block">{mathml(_answers(line, blank))}</math>' for line in section.lines)
    return f"<section><h3>{escaped(section.title)}</h3>{''.join(lines)}</section>"


def _plain(section: Section, blank: bool) -> Iterator[str]:
    yield from (section.title, "")
    for line in section.lines:
        yield from (f"  {shown}" for shown in formula_text(_answers(line, blank)).splitlines())
        yield ""


def _sigmoids() -> list[tuple[float, float]]:
    Z = np.array([-1, -0.5, 0, 0.5, 1])
    return list(zip(Z.tolist(), sigmoid(Z).tolist(), strict=True))


def _end(trace: Trace) -> str:
    assert trace.cost is not None and trace.after is not None and trace.promised is not None
    return (
        f"The cost falls from {digits(trace.cost.J)} to {digits(trace.after)}; the gradient promised a change of "
        f"{digits(trace.promised)}."
    )
