"""Article A's own loop, as the article has it: features x examples, dictionaries, caches, the cost from p.

The gradient with respect to the pictures is computed and thrown away, a third of all work. Float64, NumPy.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray


def train(X: Array, Y: Array, start: Sequence[Array], rate: float, iterations: int) -> tuple[dict[str, Array], list]:
    """Return parameters and the cost before every update.  X: (features, m), Y: (1, m), start: W1, W2, ..."""
    parameters = {}
    for number, W in enumerate(start, start=1):
        parameters[f"W{number}"] = W.copy()
        parameters[f"b{number}"] = np.zeros((len(W), 1))
    costs = []
    for _ in range(iterations):
        AL, caches = model_forward(X, parameters)
        costs.append(compute_cost(AL, Y))
        parameters = update_parameters(parameters, model_backward(AL, Y, caches), rate)
    return parameters, costs


def linear_activation_forward(A_prev: Array, W: Array, b: Array, activation: str) -> tuple[Array, tuple[Any, Array]]:
    """Return A = g(W A_prev + b), and (A_prev, W, b), Z for the way back."""
    Z = np.dot(W, A_prev) + b
    A = 1 / (1 + np.exp(-Z)) if activation == "sigmoid" else np.maximum(0, Z)
    return A, ((A_prev, W, b), Z)


def model_forward(X: Array, parameters: dict[str, Array]) -> tuple[Array, list]:
    """Return the probabilities (1, m), and the caches of all layers."""
    caches, A, L = [], X, len(parameters) // 2
    for l in range(1, L + 1):
        activation = "sigmoid" if l == L else "relu"
        A, cache = linear_activation_forward(A, parameters[f"W{l}"], parameters[f"b{l}"], activation)
        caches.append(cache)
    return A, caches


def compute_cost(AL: Array, Y: Array) -> float:
    """Return the cross-entropy, from logarithms of probabilities."""
    m = Y.shape[1]
    return float(np.squeeze((1 / m) * (-np.dot(Y, np.log(AL).T) - np.dot(1 - Y, np.log(1 - AL).T))))


def linear_activation_backward(dA: Array, cache: tuple[Any, Array], activation: str) -> tuple[Array, Array, Array]:
    """Return dA_prev, dW, db of one layer."""
    (A_prev, W, _), Z = cache
    if activation == "sigmoid":
        s = 1 / (1 + np.exp(-Z))
        dZ = dA * s * (1 - s)
    else:
        dZ = np.array(dA, copy=True)
        dZ[Z <= 0] = 0
    m = A_prev.shape[1]
    return np.dot(W.T, dZ), (1 / m) * np.dot(dZ, A_prev.T), (1 / m) * np.sum(dZ, axis=1, keepdims=True)


def model_backward(AL: Array, Y: Array, caches: list) -> dict[str, Array]:
    """Return the gradients dA0, dW1, db1, ...: that with respect to the pictures, dA0, nobody needs."""
    grads: dict[str, Array] = {}
    L = len(caches)
    dA = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    for l in reversed(range(L)):
        dA, dW, db = linear_activation_backward(dA, caches[l], "sigmoid" if l == L - 1 else "relu")
        grads[f"dA{l}"], grads[f"dW{l + 1}"], grads[f"db{l + 1}"] = dA, dW, db
    return grads


def update_parameters(parameters: dict[str, Array], grads: dict[str, Array], rate: float) -> dict[str, Array]:
    """Return the parameters after one step."""
    parameters = parameters.copy()
    for l in range(1, len(parameters) // 2 + 1):
        parameters[f"W{l}"] = parameters[f"W{l}"] - rate * grads[f"dW{l}"]
        parameters[f"b{l}"] = parameters[f"b{l}"] - rate * grads[f"db{l}"]
    return parameters
