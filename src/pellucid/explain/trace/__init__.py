"""One training step of a network as it really happened, to be read with formula and numbers: `trace` makes a Trace.

    Trace        step.py       the numbers: layers (A_in W b Z A, back: dA dZ dW db), cost, update, after, promised
      .one                     the same for the example shown alone; .nudge one weight proved; .slips where they lead
    story(trace) story.py      the same as Sections of Lines (section.py): formula trees of symbols, numbers, shapes
    formula.py                 the tree, and it as text; mathml.py and tex.py: the same in those
    text, page, latex          whole documents in each of them; worksheet: an exercise with blanks and a key

`from pellucid.explain.trace import trace`; also `pellucid.trace`.
"""

from pellucid.explain.trace.record import trace
from pellucid.explain.trace.step import Backward, Cost, Layer, Strongest, Trace, Update

__all__ = ["Backward", "Cost", "Layer", "Strongest", "Trace", "Update", "trace"]
