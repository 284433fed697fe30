"""The Gram matrix of the training rows: products of rows with rows and with weights, summed from blocks of columns.

The sums are in float64. Integer pixels are multiplied as integers and scaled at the end, which is exact. No float copy
of the whole matrix is ever made.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pellucid.errors import InputError
from pellucid.nn.scaled_integers import IntegerRows, Rows, take

Array = NDArray[Any]

BLOCK_NUMBERS = 2**22  # of a block of columns: 32 MB in float64
MIDDLE = 128  # of uint8: without it, products are at most 2^14,
EXACT_COLUMNS = 2**10  # so that float32 adds this many of them exactly, in half the time of float64


class Gram:
    """All that training needs to know about its rows X (n, d): K = X X^T, and K_validation = X_validation X^T.

    >>> gram = Gram(np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 1.0]]))
    >>> gram.K.tolist(), gram.K_validation.tolist()
    ([[5.0, 2.0], [2.0, 1.0]], [[3.0, 1.0]])

    Raises InputError where a product of two rows is not finite.
    """

    def __init__(self, X: Rows, X_validation: Rows | None = None) -> None:
        self.X = X
        self.X_validation = take(X, slice(0)) if X_validation is None else X_validation
        self.K = np.zeros((len(X), len(X)))
        self.K_validation = np.zeros((len(self.X_validation), len(X)))
        with np.errstate(over="ignore", invalid="ignore"):
            if all(isinstance(rows, IntegerRows) and rows.integers.dtype == np.uint8 for rows in self._both):
                self._multiply_bytes()
            else:
                self._multiply()
        if not np.isfinite(self.K).all() or not np.isfinite(self.K_validation).all():
            raise InputError("X holds numbers whose squares overflow; bring the inputs to about 0 to 1.")
        self.K /= _divisor(X) ** 2
        self.K_validation /= _divisor(X) * _divisor(self.X_validation)

    @property
    def _both(self) -> tuple[Rows, Rows]:
        return self.X, self.X_validation

    def _multiply(self) -> None:
        for columns in self._blocks():
            A, V = (_unscaled(rows, columns) for rows in self._both)
            self.K += A @ A.T
            self.K_validation += V @ A.T

    def _multiply_bytes(self) -> None:
        """As `_multiply`, from x' = x - 128: x y = x' y' + 128 (x + y) - 128^2, summed over the columns."""
        sums = [np.zeros(len(rows)) for rows in self._both]
        for columns in self._blocks(EXACT_COLUMNS):
            A, V = (_unscaled(rows, columns, np.float32) - np.float32(MIDDLE) for rows in self._both)
            self.K += A @ A.T
            self.K_validation += V @ A.T
            for total, block in zip(sums, (A, V), strict=True):
                total += block.sum(axis=1)
        a, v = (total + MIDDLE * self.X.shape[1] for total in sums)
        constant = MIDDLE**2 * self.X.shape[1]
        self.K += MIDDLE * (a[:, None] + a) - constant
        self.K_validation += MIDDLE * (v[:, None] + a) - constant

    def responses(self, W: Array) -> tuple[Array, Array]:
        """Return X W^T (n, h) and X_validation W^T of weights W (h, d)."""
        H = np.zeros((len(self.X), len(W)))
        H_validation = np.zeros((len(self.X_validation), len(W)))
        for columns in self._blocks():
            W_T = W[:, columns].T
            with np.errstate(over="ignore", invalid="ignore"):
                H += _unscaled(self.X, columns) @ W_T
                H_validation += _unscaled(self.X_validation, columns) @ W_T
        if not np.isfinite(H).all() or not np.isfinite(H_validation).all():
            raise InputError("the weights at the start are so large that layer 1 overflows; choose another start.")
        return H / _divisor(self.X), H_validation / _divisor(self.X_validation)

    def add_combination(self, W: Array, C: Array) -> None:
        """W += C X in place, for coefficients C (h, n) of the rows in each row of W (h, d)."""
        C = C / _divisor(self.X)
        for columns in self._blocks():
            W[:, columns] += C @ _unscaled(self.X, columns)

    def _blocks(self, most: int = BLOCK_NUMBERS) -> Iterator[slice]:
        d = self.X.shape[1]
        step = max(1, min(most, BLOCK_NUMBERS // max(map(len, self._both))))
        return (slice(start, min(start + step, d)) for start in range(0, d, step))


def _unscaled(X: Rows, columns: slice, dtype: DTypeLike = np.float64) -> Array:
    block = X.integers[:, columns] if isinstance(X, IntegerRows) else X[:, columns]
    return block.astype(dtype, copy=False)


def _divisor(X: Rows) -> int:
    return X.divisor if isinstance(X, IntegerRows) else 1
