"""Parts: what a rule of descent computes between the gradient and the change, by name.

Slots are the rule's own, as its step left them; what it never holds as a number of its own (Adam's corrected means) is
written here once, and the tests hold it against the change that was made.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import LBFGS, Adam, AdamW, GradientDescent, RMSprop
from pellucid.nn.optimizers import Optimizer, Slots

Array = NDArray[Any]


def parts(rule: Optimizer, rate: float, g: Array, slots: Slots, slots_after: Slots, change: Array) -> dict[str, Any]:
    """Return the steps of the rule in its order, vectors (P,) and numbers; {} for plain descent and unknown rules.

    GradientDescent with momentum: velocity, and with nesterov ahead = g + momentum velocity.
    RMSprop: square, root = sqrt(square) + epsilon.
    Adam, AdamW: step, mean, square, mean_correction = 1 - beta1^t, square_correction = 1 - beta2^t, mean_hat,
    square_hat, and for AdamW keep = 1 - rate weight_decay, by which W is multiplied first.
    LBFGS: direction d and length a, the change being a d.
    """
    if isinstance(rule, GradientDescent) and rule.momentum:
        v = slots_after["velocity"]
        return {"velocity": v} | ({"ahead": g + rule.momentum * v} if rule.nesterov else {})
    if isinstance(rule, RMSprop):
        return {"square": slots_after["square"], "root": np.sqrt(slots_after["square"]) + rule.epsilon}
    if isinstance(rule, Adam):
        t = int(slots_after["steps"])
        m, s = slots_after["mean"], slots_after["square"]
        first, second = 1 - rule.beta1**t, 1 - rule.beta2**t
        told = {"step": t, "mean": m, "square": s, "mean_correction": first, "square_correction": second}
        told |= {"mean_hat": m / first, "square_hat": s / second}
        return told | ({"keep": 1 - rate * (rule.weight_decay or 0.0)} if isinstance(rule, AdamW) else {})
    if isinstance(rule, LBFGS):
        d = rule.direction(g, slots)
        if not np.allclose(d * float(change @ d), change * float(d @ d), rtol=1e-4, atol=0):
            d = -g  # its memory pointed uphill, so that it took the gradient after all
        length = float(change @ d) / float(d @ d) if np.any(d) else 0.0
        return {"direction": d, "length": length}
    return {}
