"""Small training runs that several test files share."""

import numpy as np

from pellucid.training import Settings, fit

LOSS = "binary_cross_entropy"


def rows(n=40, seed=0, positive=0.3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, (X[:, :1] + rng.normal(0, 0.5, (n, 1)) > np.quantile(X[:, 0], 1 - positive)).astype(float)


def settings(**changed):
    usual = {"hidden_layers": (4,), "activation": "tanh", "learning_rate": 0.05, "epochs": 12, "random_state": 5}
    return Settings(**usual | changed)


def trained(X, y, sample_weight=None, validation=None, start=None, loss=LOSS, n_out=1, **changed):
    return fit(X, y, settings(**changed), loss, n_out, sample_weight=sample_weight, validation=validation, start=start)


def bits(fitted):
    return fitted.network.parameters.tobytes()
