"""The span of the training rows: products of rows with rows and with weights, summed from blocks of columns.

All in float64. Integer pixels are multiplied as they are, which is exact, and scaled at the end; a float matrix of all
of them is never made.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError
from pellucid.nn import Network
from pellucid.rows import IntegerRows, Rows

Array = NDArray[Any]

BLOCK_NUMBERS = 2**22  # of a block of columns: 32 MB in float64


class Span:
    """All that training needs to know of its rows X (n, d): K = X X^T, and K_validation = X_validation X^T.

    >>> span = Span(np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 1.0]]))
    >>> span.K.tolist(), span.K_validation.tolist()
    ([[5.0, 2.0], [2.0, 1.0]], [[3.0, 1.0]])

    Raises InputError where a product of two rows is not a finite number.
    """

    def __init__(self, X: Rows, X_validation: Rows | None = None) -> None:
        self.X = X
        self.X_validation = X[:0] if X_validation is None else X_validation
        n, divisor = len(X), _divisor(X)
        self.K = np.zeros((n, n))
        self.K_validation = np.zeros((len(self.X_validation), n))
        with np.errstate(over="ignore", invalid="ignore"):
            for columns in self._blocks():
                A = _unscaled(X, columns)
                self.K += A @ A.T
                self.K_validation += _unscaled(self.X_validation, columns) @ A.T
        if not np.isfinite(self.K).all() or not np.isfinite(self.K_validation).all():
            raise InputError("X holds numbers whose squares overflow; bring the inputs to about 0 to 1.")
        self.K /= divisor**2
        self.K_validation /= divisor * _divisor(self.X_validation)

    def responses(self, W: Array) -> tuple[Array, Array]:
        """Return X W^T (n, h) and X_validation W^T of weights W (h, d)."""
        H = np.zeros((len(self.X), len(W)))
        H_validation = np.zeros((len(self.X_validation), len(W)))
        for columns in self._blocks():
            W_T = W[:, columns].astype(np.float64, copy=False).T
            H += _unscaled(self.X, columns) @ W_T
            H_validation += _unscaled(self.X_validation, columns) @ W_T
        return H / _divisor(self.X), H_validation / _divisor(self.X_validation)

    def add_combination(self, W: Array, D: Array) -> None:
        """W += D^T X in place: D (n, h) holds the coefficients of the rows in each row of W (h, d)."""
        D_T = D.T / _divisor(self.X)
        for columns in self._blocks():
            W[:, columns] += D_T @ _unscaled(self.X, columns)

    def _blocks(self) -> Iterator[slice]:
        d = self.X.shape[1]
        step = max(1, BLOCK_NUMBERS // max(len(self.X), len(self.X_validation)))
        return (slice(start, min(start + step, d)) for start in range(0, d, step))


def expanded(network: Network, coordinates: Network, W1: Array) -> Network:
    """Return a network like `network` with that W1, and all else from the one trained in coordinates."""
    whole = network.copy()
    first, small = whole.dense[0].W, coordinates.dense[0].W
    first[:] = W1
    whole.parameters[first.size :] = coordinates.parameters[small.size :]
    return whole


def _unscaled(X: Rows, columns: slice) -> Array:
    block = X.integers[:, columns] if isinstance(X, IntegerRows) else X[:, columns]
    return block.astype(np.float64, copy=False)


def _divisor(X: Rows) -> int:
    return X.divisor if isinstance(X, IntegerRows) else 1
