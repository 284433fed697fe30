"""Worksheet: one step of a small net with blanks to fill in by hand, and the key on a page of its own.

The seed draws the numbers. It comes as HTML to print, or as text. `example` is the step that `pellucid explain` shows.
"""

from collections.abc import Iterator

import numpy as np

from pellucid.explanation.trace.formula import Node, blanked, digits, row
from pellucid.explanation.trace.formula import text as formula_text
from pellucid.explanation.trace.mathml import mathml
from pellucid.explanation.trace.record import trace
from pellucid.explanation.trace.sections import Line, Section, inputs_lines
from pellucid.explanation.trace.story import story
from pellucid.explanation.trace.trace import Trace
from pellucid.html import document, escaped
from pellucid.nn import Dense, Network
from pellucid.nn.activations import sigmoid
from pellucid.system.random_streams import stream

TO_THE_LOSS = ("forward-1", "forward-2", "loss")
ASKED = (*TO_THE_LOSS, "backward-2", "backward-1", "update")
STYLE = """
.sheet math { display: block; text-align: left; margin: 0.7rem 0; font-size: 1.05rem; }
.sheet mo:has(+ mtable), .sheet mtable + mo { display: none; }
.sheet mtable {
  border: solid currentColor; border-width: 0 1px; border-radius: 4px; padding: 0 0.3em; vertical-align: middle;
}
.sheet mtd:has(.blank) { padding: 0.9em 0.4em 0.3em; }
.blank { border-bottom: 1px solid currentColor; }
.inputs { display: flex; flex-wrap: wrap; align-items: center; gap: 0.2rem 2rem; }
.sheet section { break-inside: avoid; overflow-x: auto; }
.key { break-before: page; margin-top: 3rem; }
.key summary { cursor: pointer; font-size: 1.3rem; font-weight: 600; }
"""
HELP = ("z", "sigmoid(z)", "log sigmoid(z)")
MIRRORED = "1 - sigmoid(z) = sigmoid(-z), also inside the logarithm. You need a calculator for the new cost."
OPENED = 'addEventListener("beforeprint", () => { document.querySelector("details.key").open = true; });'  # on paper
RATE = 0.1
TASK = (
    "A net with 2 inputs, 2 relu units and 1 sigmoid output sees one example. Go forward, compute the loss, go "
    "backward, and update every weight by gradient descent with learning rate "
    f"{digits(RATE)}. Then go forward once more: what is the cost now? Four digits are enough."
)
NOTE = "One unit is inactive here: relu gives 0 and its slope is 0, so no gradient passes back through it."


def example() -> Trace:
    """Return the step that the first page shows: its logit is 0, so it predicts one half.

    >>> step = example()
    >>> step.yhat.item(), round(step.cost.J, 4), round(step.after, 4), round(step.promised, 5)
    (0.5, 0.6931, 0.4798, -0.23125)
    """
    return _step([[0.5, 0.25], [1.0, -1.0]], [0.5, 0.5], [[1.0, -1.0]], [-1.5], [1.0, 2.0], 1.0, (NOTE,))


def drawn(seed: int) -> Trace:
    """Return such a step with fresh numbers: halves and quarters, a logit of -1 to 1, at least one active unit.

    >>> drawn(1).layers[0].W.tolist() == drawn(1).layers[0].W.tolist() != drawn(2).layers[0].W.tolist()
    True
    """
    rng = stream(seed, "probe")
    while True:
        W1, W2 = rng.choice([-1, -0.5, -0.25, 0.25, 0.5, 1], (2, 2)), rng.choice([-1, -0.5, 0.5, 1], (1, 2))
        b1, x = rng.choice([-0.5, 0.25, 0.5], 2), rng.choice([-2, -1, 1, 2], 2)
        z1 = W1 @ x + b1
        b2 = rng.choice([-1, -0.5, 0, 0.5, 1]) - W2 @ np.maximum(z1, 0)
        if z1.max() > 0 and np.abs(z1).min() >= 0.25 and np.abs(b2).max() <= 3:
            return _step(W1, b1, W2, b2, x, float(rng.integers(2)))


def _step(W1: object, b1: object, W2: object, b2: object, x: object, y: float, notes: tuple[str, ...] = ()) -> Trace:
    arrays = [np.array(array, np.float64) for array in (W1, b1, W2, b2)]
    network = Network([Dense(2, 2, "relu"), Dense(2, 1)], "binary_cross_entropy").initialize(arrays)
    return trace(network, [x], [[y]], rate=RATE, notes=notes)


def worksheet(seed: int) -> str:
    """Return the worksheet of a seed as an HTML page.

    >>> "The key" in worksheet(3) and worksheet(3) == worksheet(3)
    True
    """
    step = drawn(seed)
    inputs = "".join(f'<math display="block">{mathml(node)}</math>' for node in _inputs(step))
    head, *rows = _help()
    columns = "".join(f'<th scope="col">{name}</th>' for name in head)
    table = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for cells in rows)
    body = (
        f'<h1>One training step by hand</h1><div class="sheet"><p>{escaped(TASK)}</p><div class="inputs">{inputs}</div>'
        f"{''.join(_html(section, True) for section in _asked(step))}"
        f"<h2>A little help</h2><table><tr>{columns}</tr>{table}</table><p>{MIRRORED}</p></div>"
        f'<details class="sheet key"><summary>The key</summary>'
        f"{''.join(_html(section, False) for section in _asked(step))}<p>{escaped(_end(step))}</p></details>"
    )
    return document(f"One training step by hand, sheet {seed}", body, styles=[STYLE], scripts=[OPENED])


def worksheet_text(seed: int) -> str:
    """Return the worksheet of a seed as plain text."""
    step = drawn(seed)
    lines = [f"One training step by hand, sheet {seed}", "", TASK, ""]
    lines += [part for node in _inputs(step) for part in (formula_text(node), "")]
    lines += [part for section in _asked(step) for part in _plain(section, True)]
    lines += ["A little help", *(f"  {''.join(cell.ljust(14) for cell in cells).rstrip()}" for cells in _help())]
    lines += [MIRRORED, "", "=" * 40, "The key", ""]
    lines += [part for section in _asked(step) for part in _plain(section, False)]
    return "\n".join([*lines, _end(step), ""])


def _inputs(step: Trace) -> Iterator[Node]:
    return (row(line.symbols, "=", line.result) for line in inputs_lines(step) if line.result is not None)


def _asked(step: Trace) -> list[Section]:
    """Return what is to be computed: the step, then the cost with the new weights."""
    assert step.update is not None
    after = step.network.copy()
    after.parameters[:] = step.update.after
    again = (section for section in story(trace(after, step.X, step.y)) if section.name in TO_THE_LOSS)
    lines = tuple(line for section in again for line in section.lines)
    once_more = Section("after", "The cost after, with the new weights", lines=lines)
    return [*(section for section in story(step) if section.name in ASKED), once_more]


def _shown(line: Line, blank: bool) -> Node:
    """Return symbols = blank for the sheet, symbols = numbers = result for the key."""
    assert line.result is not None
    if blank:
        return row(line.symbols, "=", blanked(line.result))
    return row(*[item for part in line.parts for item in ("=", part)][1:])


def _html(section: Section, blank: bool) -> str:
    lines = (f'<math display="block">{mathml(_shown(line, blank))}</math>' for line in section.lines)
    return f"<section><h3>{escaped(section.title)}</h3>{''.join(lines)}</section>"


def _plain(section: Section, blank: bool) -> Iterator[str]:
    yield from (section.title, "")
    for line in section.lines:
        yield from (f"  {shown}" for shown in formula_text(_shown(line, blank)).splitlines())
        yield ""


def _help() -> Iterator[tuple[str, ...]]:
    """Yield a table of z, sigmoid(z) and its logarithm for the logits that a sheet can have."""
    yield HELP
    Z = np.array([-1, -0.5, 0, 0.5, 1])
    for values in zip(Z.tolist(), sigmoid(Z).tolist(), np.log(sigmoid(Z)).tolist(), strict=True):
        yield tuple(map(digits, values))


def _end(step: Trace) -> str:
    assert step.cost is not None and step.after is not None and step.promised is not None
    return (
        f"The cost falls from {digits(step.cost.J)} to {digits(step.after)}; the gradient promised a change of "
        f"{digits(step.promised)}."
    )
