"""Small models that several tests save, damage or ask."""

import numpy as np

from pellucid.data.images import PictureShape
from pellucid.features import Pixels
from pellucid.model.model import Model
from pellucid.model.provenance import Provenance
from pellucid.nn import Dense, Dropout, Network


def make(dtype=np.float32, networks=1, loss="softmax_cross_entropy", n_out=3):
    layers = [Dense(12, 5, "gelu"), Dropout(0.2), Dense(5, 4, "linear"), Dense(4, n_out)]
    nets = tuple(Network(layers, loss, 0.1, dtype).initialize("he", seed) for seed in range(networks))
    names = ("a", "b", "c")[: max(2, n_out)]
    return Model(Pixels(PictureShape(2, 2, 3)), nets, names, {"c": ["x", "y"]}, {"cost": [1.0]}, Provenance(seed=7))
