"""Orthonormal coordinates of the span of the training rows and of W1's start: the reference form of row space.

With an orthonormal basis B (r, d) of that span, W1 = W1' B always, and the network sees X W1^T = (X B^T) W1'^T. Lengths
and angles are kept, so clipping, L2, momentum and L-BFGS do in coordinates exactly what they do on the inputs.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Dense, Network
from pellucid.training.examples import Examples
from pellucid.training.problem import Problem
from pellucid.training.row_space.span import Span, expanded

Array = NDArray[Any]


def reduce_to_basis(network: Network, span: Span, train: Examples, validation: Examples | None) -> Problem:
    """Return the training problem in r coordinates, from the network at its start.

    The Gram matrix G of the rows S = [X; scale W1] has the eigenvectors Q and the eigenvalues Lambda. B = Lambda^-1/2
    Q^T S is orthonormal, S B^T = Q Lambda^1/2, and the directions of no length, of rows that repeat others, drop out.
    """
    start = network.dense[0].W
    H, H_validation = span.responses(start)
    scale = _balance(span.K, start)
    G = np.block([[span.K, scale * H], [scale * H.T, scale**2 * (start @ start.T)]])
    Lambda, Q = np.linalg.eigh(G)
    there = Lambda > Lambda[-1] * len(G) * np.finfo(np.float64).eps
    root, Q = np.sqrt(Lambda[there]), Q[:, there]
    n = len(span.K)

    first, *others = network.layers
    assert isinstance(first, Dense)
    small = Network([Dense(len(root), first.n_out, first.activation), *others], network.loss, network.l2)
    small.parameters[small.dense[0].W.size :] = network.parameters[first.W.size :]
    small.dense[0].W[:] = Q[n:] * root / scale

    def expand(coordinates: Network) -> Network:
        coefficients = coordinates.dense[0].W @ (Q / root).T  # (h, n + h), of the rows of S
        whole = expanded(network, coordinates)
        np.matmul(scale * coefficients[:, n:], start, out=whole.dense[0].W)
        span.add_combination(whole.dense[0].W, coefficients[:, :n])
        return whole

    X = Q[:n] * root
    X[span.K.diagonal() == 0] = 0  # a row of zeros stays one: where relu has its kink, rounding would decide
    rows = Examples(X, train.y, train.weight)
    if validation is None:
        return Problem(small, rows, None, expand)
    seen = np.hstack([span.K_validation, scale * H_validation]) @ (Q / root)
    return Problem(small, rows, Examples(seen, validation.y, validation.weight), expand)


def _balance(K: Array, W: Array) -> float:
    """Return the factor that makes weights as long as rows, so that rounding in G spoils neither."""
    weights = float(np.vdot(W, W)) / len(W)
    rows = float(np.trace(K)) / len(K)
    return float(np.sqrt(rows / weights)) if rows and weights else 1.0
