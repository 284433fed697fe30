"""The mathematics: activations, initialisers, losses, layers, the network, optimizers and schedules.

NumPy only (numba for one loop, where it is installed): no files, no printing, no global state. Read it in this order.
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
