"""Orthonormal coordinates of the span of the training rows and of W1's start: the reference form of row space.

With an orthonormal basis B (r, d) of that span, W1 = W1' B always, and the network sees X W1^T = (X B^T) W1'^T. Lengths
and angles are kept, so clipping, L2, momentum and L-BFGS do in coordinates exactly what they do on the inputs.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Dense, Network
from pellucid.training.examples import Examples
from pellucid.training.problem import Problem, with_first_layer
from pellucid.training.row_space.span import Span

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
