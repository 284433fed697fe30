"""PyTorch as an entrant: the usual eager loop at its quickest, and one given the row-space algebra.

No DataLoader, which would be slower by far; no cost is fetched while it runs; its data are tensors beforehand.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.measure import Answer

Trained = tuple[list[torch.Tensor], nn.Sequential]


def network(start: Sequence[np.ndarray], dtype: torch.dtype) -> nn.Sequential:
    """Return Linear, ReLU, Linear, ... from weights W1, W2, ... (n_out, n_in); biases 0."""
    layers: list[nn.Module] = []
    for W in start:
        layer = nn.Linear(W.shape[1], W.shape[0], dtype=dtype)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(W))
            layer.bias.zero_()
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def full_batch(
    X: torch.Tensor, y: torch.Tensor, start: Sequence[np.ndarray], rate: float, iterations: int, kind: str
) -> Callable[[], Trained]:
    """Return the function that trains on X (n, d), y (n,) of 0 and 1; kind: "foreach" or "fused" descent."""
    model, targets = network(start, X.dtype), y[:, None].to(X.dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, **{kind: True})
    loss_of = nn.BCEWithLogitsLoss()

    def run() -> Trained:
        costs = []
        for _ in range(iterations):
            optimizer.zero_grad()
            loss = loss_of(model(X), targets)
            loss.backward()
            optimizer.step()
            costs.append(loss.detach())
        return costs, model

    return run


def row_space(
    X: torch.Tensor, y: torch.Tensor, start: Sequence[np.ndarray], rate: float, iterations: int
) -> Callable[[], Trained]:
    """Return the function that trains with W1 = W1_0 + D.T X: then Z1 = H0 + K D + b1, and the step is D -= rate dZ1.

    K = X X.T and H0 = X W1_0.T are computed once; autograd gives dZ1 and does the other layers.
    """
    model, targets = network(start, X.dtype), y[:, None].to(X.dtype)
    first, behind = model[0], model[1:]
    optimizer = torch.optim.SGD([first.bias, *behind.parameters()], lr=rate, foreach=True)
    loss_of = nn.BCEWithLogitsLoss()

    def run() -> Trained:
        costs = []
        with torch.no_grad():
            K, H0 = X @ X.T, X @ first.weight.T
            D = torch.zeros_like(H0)
        for _ in range(iterations):
            optimizer.zero_grad()
            with torch.no_grad():
                Z1 = torch.addmm(H0, K, D)
            Z1.requires_grad_()
            loss = loss_of(behind(Z1 + first.bias), targets)
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                D.sub_(Z1.grad, alpha=rate)
            costs.append(loss.detach())
        with torch.no_grad():
            first.weight.addmm_(D.T, X)
        return costs, model

    return run


def full_batch_answer(trained: Trained) -> Answer:
    """Return costs and weights of a full-batch run."""
    costs, model = trained
    return Answer([float(cost) for cost in costs], [p.detach().numpy() for p in model.parameters()])


OPTIMIZERS: dict[str, Any] = {"gradient_descent": torch.optim.SGD, "adam": torch.optim.Adam}


def mini_batches(
    X: torch.Tensor,
    codes: torch.Tensor,
    start: Sequence[np.ndarray],
    optimizer_name: str,
    rate: float,
    batch: int,
    epochs: int,
    seed: int,
    kind: str,
) -> Callable[[], nn.Sequential]:
    """Return the function that trains on X (n, d) with class codes (n,), shuffled anew in every epoch."""
    model, order = network(start, X.dtype), torch.Generator().manual_seed(seed)
    optimizer = OPTIMIZERS[optimizer_name](model.parameters(), lr=rate, **{kind: True})
    loss_of = nn.CrossEntropyLoss()

    def run() -> nn.Sequential:
        for _ in range(epochs):
            for rows in torch.randperm(len(X), generator=order).split(batch):
                optimizer.zero_grad()
                loss_of(model(X[rows]), codes[rows]).backward()
                optimizer.step()
        return model

    return run


def logits(model: nn.Sequential) -> Callable[[np.ndarray], np.ndarray]:
    """Return the model as a function of NumPy rows."""

    def of(X: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            found: np.ndarray = model(torch.from_numpy(X)).numpy()
        return found

    return of
