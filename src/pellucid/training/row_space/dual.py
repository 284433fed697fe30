"""Row space in half the operations, for plain full-batch descent: the first layer is known by coefficients of the rows.

W1 = W1_0 + D^T X, with one row of D (n, n_out) for each training row. What is ever needed of W1 is what it answers to
the rows, Z1 = K D + H0 + b1, with K = X X^T and H0 = X W1_0^T. A step of descent, W1 -= rate dZ1^T X, is D -= rate dZ1:
the second product with the rows is not needed at all.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Dense, GradientDescent, Network
from pellucid.nn.activations import Activation
from pellucid.nn.layers import Buffers, DenseTape
from pellucid.training.examples import Examples
from pellucid.training.problem import Problem
from pellucid.training.row_space.span import Span, expanded
from pellucid.training.settings import Settings

Array = NDArray[Any]


class Dual(Dense):
    """A first layer whose weights are D (n, n_out), and whose inputs are rows [K, H0] (., n + n_out).

    What stands in the place of dJ/dD is dZ1, which moves W1 by descent. (dJ/dD itself is K dZ1, and following it would
    be another rule.)
    """

    def __init__(self, n: int, n_out: int, activation: str | Activation) -> None:
        super().__init__(n + n_out, n_out, activation)
        self.n = n

    @property
    def weight_shape(self) -> tuple[int, int]:
        """The shape of D."""
        return self.n, self.n_out

    def forward(self, A_in: Array, buffer: Buffers, keep: bool = False) -> tuple[Array, DenseTape]:
        """Return A (., n_out), and the tape."""
        Z = np.matmul(A_in[:, : self.n], self.W, out=buffer("Z", self.n_out))
        Z += A_in[:, self.n :]
        Z += self.b
        return self._activated(A_in, Z, buffer, keep)

    def backward(
        self, dA: Array, tape: DenseTape, buffer: Buffers, dW: Array, db: Array, input_gradient: bool
    ) -> Array | None:
        """Write dZ1 to the place of dW, and dJ/db; there is nothing below that would want a gradient."""
        dZ = self._through_activation(dA, tape, out=dW)
        if dZ is not dW:
            dW[:] = dZ
        np.matmul(buffer.ones, dZ, out=db)
        return None


def is_plain_descent(settings: Settings, n: int) -> bool:
    """Whether this form serves: descent, with momentum or not, on all rows, neither shrunk (L2) nor clipped."""
    descent = isinstance(settings.rule, GradientDescent)
    return descent and settings.batch_rows(n) == n and settings.l2 == 0 and settings.clip_norm is None


def reduce_to_dual(network: Network, span: Span, train: Examples, validation: Examples | None) -> Problem:
    """Return the training problem in coefficients of the rows, from the network at its start."""
    start = network.dense[0].W.astype(np.float64)
    H, H_validation = span.responses(start)
    first, *others = network.layers
    assert isinstance(first, Dense)
    small = Network([Dual(len(H), first.n_out, first.activation), *others], network.loss)
    small.parameters[small.dense[0].W.size :] = network.parameters[first.W.size :]

    def expand(coordinates: Network) -> Network:
        W1 = start.copy()
        span.add_combination(W1, coordinates.dense[0].W)
        return expanded(network, coordinates, W1)

    rows = Examples(np.hstack([span.K, H]), train.y, train.weight)
    if validation is None:
        return Problem(small, rows, None, expand)
    seen = np.hstack([span.K_validation, H_validation])
    return Problem(small, rows, Examples(seen, validation.y, validation.weight), expand)
