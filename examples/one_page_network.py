"""A neural network on one page: forward, loss, backward and update, in NumPy and nothing else.

Each function computes its result and returns, beside it, a closure that goes back: given the slope of the cost at the
result, it returns the slope at the input. Run it with `python examples/one_page_network.py`: the network learns xor.

Rows are examples. Z = A W^T + b, shapes (n, n_out) = (n, n_in) (n_in, n_out) + (n_out,).
"""

from itertools import pairwise

import numpy as np


def dense(A, W, b):
    """Return Z = A W^T + b, and the way back: dZ -> dA, dW, db."""
    return A @ W.T + b, lambda dZ: (dZ @ W, dZ.T @ A, dZ.sum(axis=0))


def tanh(Z):
    """Return A = tanh(Z), and the way back: dA -> dZ. The slope of tanh is 1 - A^2."""
    A = np.tanh(Z)
    return A, lambda dA: dA * (1 - A**2)


def cross_entropy(Z, y):
    """Return J, the mean over rows of -log(probability of y), with p = 1 / (1 + exp(-Z)), and the way back: -> dZ."""
    J = np.sum(np.logaddexp(0, Z) - y * Z) / len(y)
    return J, lambda: (1 / (1 + np.exp(-Z)) - y) / len(y)


def cost_and_gradient(parameters, X, y):
    """Return J and [dW1, db1, dW2, db2, ...]: forward through all layers, then backward through the same closures."""
    A, way_back = X, []
    layers = list(zip(parameters[::2], parameters[1::2], strict=True))
    for number, (W, b) in enumerate(layers, start=1):
        Z, dense_back = dense(A, W, b)
        A, tanh_back = tanh(Z) if number < len(layers) else (Z, lambda dA: dA)  # the last layer stays linear
        way_back.append((dense_back, tanh_back))
    J, loss_back = cross_entropy(A, y)
    dA, gradient = loss_back(), []
    for dense_back, tanh_back in reversed(way_back):
        dA, dW, db = dense_back(tanh_back(dA))
        gradient = [dW, db, *gradient]
    return J, gradient


def train(parameters, X, y, rate, steps):
    """Move the parameters downhill, in place; return the cost before each step."""
    costs = []
    for _ in range(steps):
        J, gradient = cost_and_gradient(parameters, X, y)
        for p, g in zip(parameters, gradient, strict=True):
            p -= rate * g
        costs.append(J)
    return costs


def start(widths, seed=1):
    """Return W1, b1, W2, b2, ...: small random weights, for equal units would stay equal for ever; biases 0."""
    rng, parameters = np.random.RandomState(seed), []
    for n_in, n_out in pairwise(widths):
        parameters += [rng.standard_normal((n_out, n_in)) * np.sqrt(2 / (n_in + n_out)), np.zeros(n_out)]
    return parameters


if __name__ == "__main__":
    X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
    parameters = start([2, 4, 1])
    costs = train(parameters, X, y, rate=0.5, steps=2000)
    for step in range(0, 2000, 400):
        print(f"step {step:4}  cost {costs[step]:.4f}")
    print(f"finally    cost {cost_and_gradient(parameters, X, y)[0]:.4f}")
