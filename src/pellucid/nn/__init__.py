"""The mathematics, in NumPy only (numba for one loop, where it is installed): no files, no printing, no global state.

Begin with `examples/one_page_network.py`: forward, loss, backward and update on one page. Its costs equal those of this
package, which then reads in this order:

    activations       A = g(Z) and its slope
    losses            the cost of a row, its slope and its link
    layers            Dense and Dropout: forward, and backward as its exact reverse
    network           layers over one vector of parameters; the objective J and its gradient
    optimizers        from a gradient to the next parameters; lbfgs is one with a file of its own
    schedules         the learning rate over time
    initializers      the weights before the first step

What makes it fast can wait: buffers (memory that is used again), fast_updates (blocks, and Adam compiled) and
scaled_integers (pixels that stay bytes).
"""

from pellucid.nn.activations import ACTIVATIONS, Activation
from pellucid.nn.initializers import INITIALIZERS
from pellucid.nn.layers import Dense, Dropout
from pellucid.nn.lbfgs import LBFGS
from pellucid.nn.losses import LOSSES, Loss
from pellucid.nn.network import Network
from pellucid.nn.optimizers import OPTIMIZERS, Adam, AdamW, GradientDescent, RMSprop
from pellucid.nn.schedules import SCHEDULES, Constant, Cosine, Exponential, Step, WarmUp

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "LBFGS",
    "LOSSES",
    "OPTIMIZERS",
    "SCHEDULES",
    "Activation",
    "Adam",
    "AdamW",
    "Constant",
    "Cosine",
    "Dense",
    "Dropout",
    "Exponential",
    "GradientDescent",
    "Loss",
    "Network",
    "RMSprop",
    "Step",
    "WarmUp",
]
