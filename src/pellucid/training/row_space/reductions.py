"""The two reductions of a training problem to coordinates, both exact.

Basis: for every rotation-invariant rule. With an orthonormal basis B (r, d) of the training rows and of W1's start,
W1 = W1' B always, and the network computes X W1^T = (X B^T) W1'^T. Lengths and angles stay the same. So clipping, L2,
momentum and L-BFGS do with W1' exactly what they do with W1.

Dual: for plain full-batch descent, in half the operations. W1 = W1_0 + C X, and the coefficients C are trained.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Dense, GradientDescent, Network
from pellucid.nn.activations import Activation
from pellucid.nn.buffers import Buffers
from pellucid.nn.layers import LINEAR, DenseTape
from pellucid.training.examples import Examples, Problem, with_first_layer
from pellucid.training.row_space.gram import Gram
from pellucid.training.settings import Settings

Array = NDArray[Any]


def reduce(network: Network, gram: Gram, train: Examples, validation: Examples | None, settings: Settings) -> Problem:
    """Return the problem of training `network`, at its start, in the cheaper coordinates that its rule permits."""
    reduction = reduce_to_dual if is_plain_descent(settings, len(train)) else reduce_to_basis
    return reduction(network, gram, train, validation)


def is_plain_descent(settings: Settings, n: int) -> bool:
    """Whether Dual is right: for descent, with or without momentum, on all rows, without L2 and clipping."""
    descent = type(settings.rule) is GradientDescent  # a subclass may do anything
    return descent and settings.batch_rows(n) == n and settings.l2 == 0 and settings.clip_norm is None


def reduce_to_basis(network: Network, gram: Gram, train: Examples, validation: Examples | None) -> Problem:
    """Return the training problem in r coordinates, from the network at its start.

    Let L be the lengths of the rows S = [X; W1]. The rows L^-1 S have a Gram matrix with eigenvectors Q and eigenvalues
    Lambda. Then B = Lambda^-1/2 Q^T L^-1 S is orthonormal, and S B^T = L Q Lambda^1/2. Directions of length zero drop
    out; repeated rows give such. Without L, the rounding of one long row would bury all shorter rows.
    """
    start = network.dense[0]
    W1 = start.W
    H, H_validation = gram.responses(W1)
    G = np.block([[gram.K, H], [H.T, W1 @ W1.T]])
    n, there = len(gram.K), G.diagonal() > 0
    L = np.sqrt(np.where(there, G.diagonal(), 1))[:, None]
    Lambda, Q = np.linalg.eigh(G / L / L.T)
    kept = Lambda > len(G) * np.finfo(np.float64).eps
    kept[-1] = True  # a network needs an input, also where all is zero
    root, Q = np.sqrt(np.where(Lambda > 0, Lambda, 1)[kept]), Q[:, kept]
    S = L * Q * root
    S[~there] = 0  # zero rows stay exactly zero: else rounding would decide at the kink of relu
    back = Q / root / L

    def fill(whole: Array, W: Array) -> None:
        coefficients = W @ back.T  # (h, n + h), of the rows of S
        np.matmul(coefficients[:, n:], W1, out=whole)
        gram.add_combination(whole, coefficients[:, :n])

    first = Dense(len(root), start.n_out, start.activation)
    rows = S[:n], np.hstack([gram.K_validation, H_validation]) @ back
    reduced = with_first_layer(network, first, rows, fill, train, validation)
    reduced.network.dense[0].W[:] = S[n:]
    return reduced


class Dual(Dense):
    """A first layer with weights C (n_out, n) and input rows [K, H0] (., n + n_out), where H0 = X W1_0^T.

    It returns dZ1^T in place of dJ/dC = dZ1^T K, because dZ1^T moves W1 by descent; dJ/dC would be another rule.
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
        """Write dZ1^T into dW, and dJ/db; no layer below needs a gradient."""
        dZ = self._through_activation(dA, tape, out=dW.T)
        if self.activation is LINEAR:  # then dZ is dA itself
            dW[:] = dZ.T
        np.matmul(buffer.ones, dZ, out=db)
        return None


def reduce_to_dual(network: Network, gram: Gram, train: Examples, validation: Examples | None) -> Problem:
    """Return the training problem in coefficients of the rows, from the network at its start."""
    start = network.dense[0]
    H, H_validation = gram.responses(start.W)
    first = Dual(len(H), start.n_out, start.activation)
    rows = np.asfortranarray(np.hstack([gram.K, H])), np.hstack([gram.K_validation, H_validation])  # unit by unit, as C
    return with_first_layer(network, first, rows, gram.add_combination, train, validation)
