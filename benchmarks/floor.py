"""The arithmetic floor: the time a job's matrix products take at the rate BLAS reaches on those very shapes.

Nobody who computes these products can be quicker; what is above it is element-wise work, memory and calls.
"""

import time
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from benchmarks.measure import THREADS, limited_threads
from benchmarks.outcome import Outcome, Row

LEAST_SECONDS = 0.01  # of one measurement; shorter products are repeated
BIG = 1024  # a square product that shows what BLAS can do at its best


class Product(NamedTuple):
    """C (rows, columns) = a product of inner length `inner`, in the memory layout that training has.

    form: "forward" A @ W.T, "weights" dZ.T @ A, "inputs" dZ @ W, "gram" X @ X.T, of which BLAS computes half.
    """

    form: str
    rows: int
    columns: int
    inner: int

    @property
    def operations(self) -> int:
        """Additions and multiplications."""
        return self.rows * self.columns * self.inner * (1 if self.form == "gram" else 2)

    def function(self, dtype: str) -> Callable[[], object]:
        """Return a function that computes the product of random arrays."""
        rng = np.random.default_rng(0)
        out = np.empty((self.rows, self.columns), dtype)

        def array(rows: int, columns: int) -> np.ndarray:
            return rng.random((rows, columns), np.float32).astype(dtype)

        if self.form == "weights":
            dZ, A = array(self.inner, self.rows), array(self.inner, self.columns)
            return lambda: np.matmul(dZ.T, A, out=out)
        if self.form == "inputs":
            dZ, W = array(self.rows, self.inner), array(self.inner, self.columns)
            return lambda: np.matmul(dZ, W, out=out)
        if self.form == "gram":
            X = array(self.rows, self.inner)
            return lambda: np.matmul(X, X.T, out=out)
        A, W = array(self.rows, self.inner), array(self.columns, self.inner)
        return lambda: np.matmul(A, W.T, out=out)


def update(rows: int, widths: Sequence[int]) -> list[Product]:
    """Return the products of one update on `rows` rows: Z and dW of every layer, dA of all but the first.

    >>> sum(product.operations for product in update(209, (12288, 20, 7, 5, 1))) // 10**6
    205
    """
    layers = list(pairwise(widths))
    return [
        *(Product("forward", rows, n_out, n_in) for n_in, n_out in layers),
        *(Product("weights", n_out, n_in, rows) for n_in, n_out in layers),
        *(Product("inputs", rows, n_in, n_out) for n_in, n_out in layers[1:]),
    ]


def row_space_update(rows: int, widths: Sequence[int]) -> list[Product]:
    """Return the products of one update in row space: the first layer is K C, and its step needs no product."""
    return [Product("inputs", rows, widths[1], rows), *update(rows, widths[1:]), Product("inputs", rows, *widths[1:3])]


def row_space_once(rows: int, widths: Sequence[int]) -> list[Product]:
    """Return the products before and after the updates in row space: K, the start's Z, and the weights at the end."""
    n_in, n_first = widths[:2]
    return [
        Product("gram", rows, rows, n_in),
        Product("forward", rows, n_first, n_in),
        Product("weights", n_first, n_in, rows),
    ]


@cache
def seconds(product: Product, dtype: str, threads: int) -> float:
    """Return the seconds one such product takes, the best of five measurements."""
    work = product.function(dtype)
    with limited_threads(threads):
        began = time.perf_counter()
        work()
        repeats = max(1, int(LEAST_SECONDS / max(time.perf_counter() - began, 1e-7)))
        measured = []
        for _ in range(5):
            began = time.perf_counter()
            for _ in range(repeats):
                work()
            measured.append((time.perf_counter() - began) / repeats)
    return min(measured)


def floor(parts: Sequence[tuple[float, Sequence[Product]]], dtype: str) -> float:
    """Return the seconds of all products, each at its better number of threads; parts are (how often, products)."""
    return sum(
        times * min(seconds(product, dtype, threads) for threads in THREADS)
        for times, products in parts
        for product in products
    )


def add_floor(
    outcome: Outcome,
    name: str,
    parts: Sequence[tuple[float, Sequence[Product]]],
    dtype: str,
    ours: float,
    group: str = "",
    per: float = 1.0,
) -> None:
    """Add the floor as a row: its ratio is the share of our time (`ours`, whole work) that is arithmetic."""
    least = floor(parts, dtype)
    operations = sum(times * product.operations for times, products in parts for product in products)
    how = f"{operations / per:.3g} operations at {operations / least / 1e9:.3g}e9 a second, {dtype}"
    outcome.rows.append(Row(group, f"arithmetic floor{name}", how, least / per, ratio=least / ours))


def rates(products: Sequence[Product], dtype: str) -> list[str]:
    """Return sentences with the rate BLAS reaches on products, and on a large square one, by threads."""
    told = []
    for product in (*products, Product("forward", BIG, BIG, BIG)):
        by_threads = ", ".join(
            f"{product.operations / seconds(product, dtype, threads) / 1e9:.3g} on {threads}" for threads in THREADS
        )
        shape = f"{product.rows} x {product.columns} x {product.inner}"
        told.append(f"BLAS, {dtype}, {product.form} {shape}: 1e9 operations a second: {by_threads} thread(s).")
    return told
