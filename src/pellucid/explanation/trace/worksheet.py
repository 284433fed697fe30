"""Worksheet: the step of a small net with blanks to fill in by hand, and the key on a page of its own.

Fresh numbers by seed; as HTML to print, or as text.
"""

from collections.abc import Iterator

import numpy as np

from pellucid.explanation.trace.formula import Node, blanked, digits, row
from pellucid.explanation.trace.formula import text as formula_text
from pellucid.explanation.trace.mathml import mathml
from pellucid.explanation.trace.record import trace
from pellucid.explanation.trace.record import trace as traced
from pellucid.explanation.trace.sections import Line, Section, given_lines
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
.given { display: flex; flex-wrap: wrap; align-items: center; gap: 0.2rem 2rem; }
.sheet section { break-inside: avoid; overflow-x: auto; }
.key { break-before: page; margin-top: 3rem; }
.key summary { cursor: pointer; font-size: 1.3rem; font-weight: 600; }
"""
HELP = ("z", "sigmoid(z)", "log sigmoid(z)")
MIRRORED = "1 - sigmoid(z) = sigmoid(-z), also under the logarithm. The new cost needs a calculator."
OPENED = 'addEventListener("beforeprint", () => { document.querySelector("details.key").open = true; });'  # on paper
RATE = 0.1
TASK = (
    "A net of 2 inputs, 2 relu units and 1 sigmoid output sees one example. Go forward, find the loss, go back, and "
    f"update every weight by gradient descent with learning rate {digits(RATE)}. Then go forward once more: what does "
    "it cost now? Four digits are enough."
)
NOTE = "One unit is silent here: relu gives 0, its slope is 0, and nothing goes back through it."


def example() -> Trace:
    """Return the step that the first page shows: the logit is 0, so that the answer is one half.

    >>> step = example()
    >>> step.yhat.item(), round(step.cost.J, 4), round(step.after, 4), round(step.promised, 5)
    (0.5, 0.6931, 0.4798, -0.23125)
    """
    return _step([[0.5, 0.25], [1.0, -1.0]], [0.5, 0.5], [[1.0, -1.0]], [-1.5], [1.0, 2.0], 1.0, (NOTE,))


def drawn(seed: int) -> Trace:
    """Return such a step with fresh numbers: halves and quarters, a logit of -1 to 1, one unit awake at least.

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
    """Return the worksheet of a seed as a HTML page.

    >>> "The key" in worksheet(3) and worksheet(3) == worksheet(3)
    True
    """
    trace = drawn(seed)
    given = "".join(f'<math display="block">{mathml(node)}</math>' for node in _given(trace))
    head = "".join(f'<th scope="col">{name}</th>' for name in HELP)
    table = "".join(f"<tr>{''.join(f'<td>{digits(value)}</td>' for value in values)}</tr>" for values in _help())
    body = (
        f'<h1>One training step by hand</h1><div class="sheet"><p>{escaped(TASK)}</p><div class="given">{given}</div>'
        f"{''.join(_html(section, True) for section in _asked(trace))}"
        f"<h2>A little help</h2><table><tr>{head}</tr>{table}</table><p>{MIRRORED}</p></div>"
        f'<details class="sheet key"><summary>The key</summary>'
        f"{''.join(_html(section, False) for section in _asked(trace))}<p>{escaped(_end(trace))}</p></details>"
    )
    return document(f"One training step by hand, sheet {seed}", body, styles=[STYLE], scripts=[OPENED])


def worksheet_text(seed: int) -> str:
    """Return the worksheet of a seed as plain text."""
    trace = drawn(seed)
    lines = [f"One training step by hand, sheet {seed}", "", TASK, ""]
    lines += [part for node in _given(trace) for part in (formula_text(node), "")]
    lines += [part for section in _asked(trace) for part in _plain(section, True)]
    lines += ["A little help", *(f"  {''.join(cell.ljust(14) for cell in cells).rstrip()}" for cells in _columns())]
    lines += [MIRRORED, ""]
    lines += ["=" * 40, "The key", ""]
    lines += [part for section in _asked(trace) for part in _plain(section, False)]
    return "\n".join([*lines, _end(trace), ""])


def _given(trace: Trace) -> Iterator[Node]:
    return (row(line.symbols, "=", line.result) for line in given_lines(trace) if line.result is not None)


def _asked(trace: Trace) -> list[Section]:
    return [*(section for section in story(trace) if section.name in ASKED), _once_more(trace)]


def _once_more(trace: Trace) -> Section:
    """Return the way forward with the new weights, as far as the new cost."""
    assert trace.update is not None and trace.after is not None
    after = trace.network.copy()
    after.parameters[:] = trace.update.after
    told = (section for section in story(traced(after, trace.X, trace.y)) if section.name in TO_THE_LOSS)
    lines = tuple(line for section in told for line in section.lines)
    return Section("after", "The cost after, with the new weights", lines=lines)


def _told(line: Line, blank: bool) -> Node:
    """Return symbols = blank on the sheet, symbols = numbers = result in the key."""
    assert line.result is not None
    if blank:
        return row(line.symbols, "=", blanked(line.result))
    return row(line.symbols, *(() if line.numbers is None else ("=", line.numbers)), "=", line.result)


def _html(section: Section, blank: bool) -> str:
    lines = (f'<math display="block">{mathml(_told(line, blank))}</math>' for line in section.lines)
    return f"<section><h3>{escaped(section.title)}</h3>{''.join(lines)}</section>"


def _plain(section: Section, blank: bool) -> Iterator[str]:
    yield from (section.title, "")
    for line in section.lines:
        yield from (f"  {shown}" for shown in formula_text(_told(line, blank)).splitlines())
        yield ""


def _help() -> list[tuple[float, ...]]:
    """Return z, sigmoid(z) and its logarithm for the logits that a sheet can begin with."""
    Z = np.array([-1, -0.5, 0, 0.5, 1])
    return list(zip(Z.tolist(), sigmoid(Z).tolist(), np.log(sigmoid(Z)).tolist(), strict=True))


def _columns() -> Iterator[tuple[str, ...]]:
    yield HELP
    yield from (tuple(map(digits, values)) for values in _help())


def _end(trace: Trace) -> str:
    assert trace.cost is not None and trace.after is not None and trace.promised is not None
    return (
        f"The cost falls from {digits(trace.cost.J)} to {digits(trace.after)}; the gradient promised a change of "
        f"{digits(trace.promised)}."
    )
