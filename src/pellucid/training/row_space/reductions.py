"""Orthonormal coordinates of the span of the training rows and of W1's start: the reference form of row space.

With an orthonormal basis B (r, d) of that span, W1 = W1' B always, and the network sees X W1^T = (X B^T) W1'^T. Lengths
and angles are kept, so clipping, L2, momentum and L-BFGS do in coordinates exactly what they do on the inputs.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Dense, GradientDescent, Network
from pellucid.nn.activations import Activation
from pellucid.nn.buffers import Buffers
from pellucid.nn.layers import LINEAR, DenseTape
from pellucid.training.examples import Examples, Problem, with_first_layer
from pellucid.training.row_space.gram import Span
from pellucid.training.settings import Settings

Array = NDArray[Any]


def reduce_to_basis(network: Network, span: Span, train: Examples, validation: Examples | None) -> Problem:
    """Return the training problem in r coordinates, from the network at its start.

    The rows S = [X; W1], brought to length 1, have the Gram matrix G, its eigenvectors Q and eigenvalues Lambda. With L
    the lengths, B = Lambda^-1/2 Q^T L^-1 S is orthonormal and S B^T = L Q Lambda^1/2. Directions of no length, of rows
    that repeat others, drop out. Without L a row much longer than others would bury them in its rounding.
    """
    start = network.dense[0]
    W1 = start.W
    H, H_validation = span.responses(W1)
    G = np.block([[span.K, H], [H.T, W1 @ W1.T]])
    n, there = len(span.K), G.diagonal() > 0
    L = np.sqrt(np.where(there, G.diagonal(), 1))[:, None]
    Lambda, Q = np.linalg.eigh(G / L / L.T)
    kept = Lambda > len(G) * np.finfo(np.float64).eps
    kept[-1] = True  # a network needs an input, also where all is zero
    root, Q = np.sqrt(np.where(Lambda > 0, Lambda, 1)[kept]), Q[:, kept]
    S = L * Q * root
    S[~there] = 0  # what is zero stays zero: where relu has its kink, rounding would decide
    back = Q / root / L

    def fill(whole: Array, W: Array) -> None:
        coefficients = W @ back.T  # (h, n + h), of the rows of S
        np.matmul(coefficients[:, n:], W1, out=whole)
        span.add_combination(whole, coefficients[:, :n])

    first = Dense(len(root), start.n_out, start.activation)
    rows = S[:n], np.hstack([span.K_validation, H_validation]) @ back
    reduced = with_first_layer(network, first, rows, fill, train, validation)
    reduced.network.dense[0].W[:] = S[n:]
    return reduced


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
