"""scikit-learn as an entrant: MLPClassifier from given weights, which its parameters do not offer (its #19701)."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.measure import Answer

SOLVERS = {"gradient_descent": "sgd", "adam": "adam"}


class StartingFrom(MLPClassifier):
    """MLPClassifier that begins with the weights in `start` and biases 0."""

    start: Sequence[np.ndarray]

    def _initialize(self, y: Any, layer_units: Any, dtype: Any) -> None:
        self._given = iter(self.start)
        super()._initialize(y, layer_units, dtype)

    def _init_coef(self, fan_in: int, fan_out: int, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
        coefficients = np.array(next(self._given).T, dtype, order="C")  # a copy: it is trained in place
        assert coefficients.shape == (fan_in, fan_out)
        return coefficients, np.zeros(fan_out, dtype)


def training(
    X: np.ndarray,
    codes: np.ndarray,
    start: Sequence[np.ndarray],
    rate: float,
    epochs: int,
    *,
    optimizer: str = "gradient_descent",
    batch: int | None = None,
    seed: int = 0,
) -> Callable[[], StartingFrom]:
    """Return the function that trains all epochs: no penalty, no momentum, never stopping early.

    batch: None is all rows, in their order.
    """
    model = StartingFrom(
        hidden_layer_sizes=tuple(len(W) for W in start[:-1]),
        activation="relu",
        solver=SOLVERS[optimizer],
        alpha=0.0,
        batch_size=batch or len(X),
        learning_rate_init=rate,
        max_iter=epochs,
        shuffle=batch is not None,
        random_state=seed,
        tol=0.0,
        momentum=0.0,
        nesterovs_momentum=False,
        n_iter_no_change=np.inf,
    )
    model.start = start

    def run() -> StartingFrom:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the epochs asked for end before it would
            return model.fit(X, codes)

    return run


def answer(model: StartingFrom) -> Answer:
    """Return costs and weights of a run."""
    weights = []
    for coefficients, intercepts in zip(model.coefs_, model.intercepts_, strict=True):
        weights += [coefficients.T, intercepts]
    return Answer(model.loss_curve_, weights)
