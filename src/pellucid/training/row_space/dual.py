"""Row space in half the operations, for plain full-batch descent: the first layer is known by coefficients of the rows.

W1 = W1_0 + C X, with one column of C (n_out, n) for each training row. What is ever needed of W1 is what it answers to
the rows, Z1 = K C^T + H0 + b1, with K = X X^T and H0 = X W1_0^T. A step of descent, W1 -= rate dZ1^T X, is
C -= rate dZ1^T: the second product with the rows is not needed at all.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Dense, GradientDescent, Network
from pellucid.nn.activations import Activation
from pellucid.nn.layers import LINEAR, Buffers, DenseTape
from pellucid.training.examples import Examples
from pellucid.training.problem import Problem, with_first_layer
from pellucid.training.row_space.span import Span
from pellucid.training.settings import Settings

Array = NDArray[Any]


class Dual(Dense):
    """A first layer whose weights are C (n_out, n), and whose inputs are rows [K, H0] (., n + n_out).

    What stands in the place of dJ/dC is dZ1^T, which moves W1 by descent. (dJ/dC itself is dZ1^T K, and following it
    would be another rule.)
    """

    def __init__(self, n: int, n_out: int, activation: str | Activation) -> None:
        super().__init__(n + n_out, n_out, activation)
        self.n = n

    @property
    def weight_shape(self) -> tuple[int, int]:
        """The shape of C."""
        return self.n_out, self.n

    def forward(self, A_in: Array, buffer: Buffers, keep: bool = False) -> tuple[Array, DenseTape]:
        """Return A (., n_out), and the tape."""
        Z = np.matmul(A_in[:, : self.n], self.W.T, out=buffer("Z", self.n_out))
        Z += A_in[:, self.n :]
        Z += self.b
        return self._activated(A_in, Z, buffer, keep)

    def backward(
        self, dA: Array, tape: DenseTape, buffer: Buffers, dW: Array, db: Array, input_gradient: bool
    ) -> Array | None:
        """Write dZ1^T to the place of dW, and dJ/db; there is nothing below that would want a gradient."""
        dZ = self._through_activation(dA, tape, out=dW.T)
        if self.activation is LINEAR:  # then dZ is dA itself
            dW[:] = dZ.T
        np.matmul(buffer.ones, dZ, out=db)
        return None


def is_plain_descent(settings: Settings, n: int) -> bool:
    """Whether this form serves: descent, with momentum or not, on all rows, neither shrunk (L2) nor clipped."""
    descent = type(settings.rule) is GradientDescent  # a rule derived from it may do anything
    return descent and settings.batch_rows(n) == n and settings.l2 == 0 and settings.clip_norm is None


def reduce_to_dual(network: Network, span: Span, train: Examples, validation: Examples | None) -> Problem:
    """Return the training problem in coefficients of the rows, from the network at its start."""
    start = network.dense[0]
    H, H_validation = span.responses(start.W)
    first = Dual(len(H), start.n_out, start.activation)
    rows = np.asfortranarray(np.hstack([span.K, H])), np.hstack([span.K_validation, H_validation])  # unit by unit, as C
    return with_first_layer(network, first, rows, span.add_combination, train, validation)
