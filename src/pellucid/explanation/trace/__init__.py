"""One training step of a network as it happened, with its formulas and numbers: `trace` records it.

    Step          step.py      the numbers: layers (A_in W b Z A, back: dA dZ dW db), cost, update, after, promised
    record.py                  makes a Trace by the engine's own calls, on copies
    Trace         trace.py     a Step with its checks: .finite_difference, .common_mistakes; as JSON, HTML, LaTeX, text
    story(step)   story.py     the step as Sections of Lines (sections.py): formula trees of symbols, numbers, shapes
    formula.py                 the tree, and it as text; mathml.py and latex.py: the same in those
    text, page, latex          whole documents in each of them; worksheet: an exercise with blanks and a key

`pellucid.trace` is the same function.
"""

from pellucid.explanation.trace.record import trace
from pellucid.explanation.trace.step import Backward, Cost, Layer, Step, Strongest, Update
from pellucid.explanation.trace.trace import Trace

__all__ = ["Backward", "Cost", "Layer", "Step", "Strongest", "Trace", "Update", "trace"]
