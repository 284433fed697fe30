"""What a step did to the cost, beside what was promised, and where common mistakes would have led."""

import numpy as np
import pytest

from pellucid.explanation.trace import trace
from pellucid.explanation.trace.story import story
from pellucid.nn import Dense, Network


def logistic(w, b, x, **how):
    """Return the step of one sigmoid on the example x of class 1, in float64."""
    net = Network([Dense(2, 1)], "binary_cross_entropy").initialize([[w], [b]])
    return trace(net, [x], [[1.0]], **how)


def section(step, name):
    return next(part for part in story(step) if part.name == name)


def test_mistakes_are_compared_with_what_the_right_step_changes():
    """A cost of a thousandth: a step up the hill is no less wrong for being a short one."""
    step = logistic([3.0, 1.0], 0.75, [2.0, 0.0])
    assert pytest.approx(np.log1p(np.exp(-6.75))) == step.cost.J and 0 > step.fall > -1e-4
    told = {
        name: (after.value, change.value, so) for name, _, after, change, so in section(step, "mistakes").table.rows
    }
    assert told["the right step"] == (step.after, step.fall, "")
    assert told["sign"][1] == pytest.approx(-step.fall, rel=0.01) and told["sign"][2] == "the cost rises"
    assert told["slope twice"][2] == "falls less"
    assert told["no bias"][2] == "lower this time, by luck: not along the gradient"
    adam = section(logistic([3.0, 1.0], 0.75, [2.0, 0.0], rule="adam", rate=1e-3), "mistakes").table.rows
    assert {cells[0]: cells[-1] for cells in adam}["no bias"].startswith("the same cost")


def test_a_step_on_flat_ground_has_no_table_of_mistakes():
    flat = section(logistic([5.0, 0.0], 0.0, [2.0, 0.0], rate=1e-9), "mistakes")
    assert flat.table is None and "would teach nothing" in flat.lead
    assert section(logistic([5.0, 0.0], 0.0, [2.0, 0.0]), "mistakes").table is not None


def test_a_promise_that_was_not_kept_is_told_with_its_reason():
    long, kept = logistic([-5.0, 0.0], 0.0, [1.0, 0.0], rate=20), logistic([-1.0, 0.0], 0.0, [1.0, 0.0])
    assert 0 > long.fall > 0.5 * long.promised
    assert "the step was too long for the slope" in section(long, "cost").lead
    assert "the step gave" in section(kept, "cost").lead and "curves" not in section(kept, "cost").lead
    assert "summed over all weights and biases" in section(kept, "cost").lines[1].note
