"""Gradient times input: which pixels push the answer, by the chain rule alone. For models of pixels only.

Other features (edges, colours, a backbone) are where the gradient ends: they have no place in the picture.
"""

import numpy as np

from pellucid.errors import InputError
from pellucid.features import Pixels
from pellucid.model.model import Model


def gradient_times_input(model: Model, R: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return how much each pixel pushes the logit of a class, (n, height, width), summed over colours.

    map = sum over colours of x * d logit / dx, the mean over the networks; of the plain view. Of two classes with one
    logit z, the logit of the first is -z.

    R: raw rows (n, n_row) of pictures.  codes: (n,) the class of each.

    Raises InputError where the model does not take pixels.

    >>> import pellucid
    >>> result = pellucid.train("toy:digits", epochs=2, cross_validate=0, random_state=0)
    >>> gradient_times_input(result.model, result.rows["train"][:3], result.splits.train.labels[:3]).shape
    (3, 8, 8)

    Shrikumar, Greenside and Kundaje 2017, section on gradient x input.
    """
    features = model.features
    if not isinstance(features, Pixels) or not model.class_names:
        raise InputError(f"gradient x input is for classifiers of pixels; this model takes {features}.")
    dtype = model.network.parameters.dtype
    X = np.asarray(features.finished(R, dtype)[:], dtype)[:: len(features.views)]  # the plain view comes first
    total = np.zeros(X.shape)
    for network in model.networks:
        logits, tape = network.forward(X)
        if network.n_out == 1:
            dlogits = np.where(codes == 1, 1, -1)[:, None].astype(dtype)
        else:
            dlogits = np.zeros_like(logits)
            dlogits[np.arange(len(X)), codes] = 1
        total += X * network.backward(dlogits, tape, input_gradient=True)[1]
    return (total / len(model.networks)).reshape(-1, *features.shape.as_tuple).sum(axis=3)
