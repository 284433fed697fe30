"""A number to predict that is a formula of several columns: a total of parts, a product of factors, another unit.

A network only imitates such a formula. If the columns are known with the answer alone, it learns nothing that helps.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from pellucid.data.audit.columns import Column, columns_of, drop_option
from pellucid.data.audit.finding import Finding
from pellucid.data.dataset import Dataset

LEAST_ROWS, MOST_ROWS = 40, 2_000  # that are looked at
ROWS_A_COLUMN = 5  # at least, or else any number is a sum of some columns
EXACT = 0.9999  # of the variance on held-out rows
EACH_ADDS = 1e-3  # of the spread of the label, that a part of the formula moves it
WAYS = {"sum": "a sum of multiples", "product": "a product of powers"}


def formula(parts: Mapping[str, Dataset]) -> Iterator[Finding]:
    """Yield that the numbers to predict are a sum or a product of several columns, to the accuracy of rounding."""
    train = parts["train"]
    if train.class_names or train.kind == "pictures" or len(train) < LEAST_ROWS:
        return
    columns = [column for column in columns_of(train, MOST_ROWS) if column.of_numbers and column.different > 1]
    if not columns or len(columns) * ROWS_A_COLUMN > len(columns[0].rows):
        return
    for way, words in WAYS.items():
        R2, names = fitted(columns, way)
        if R2 < EXACT or len(names) < 2:
            continue
        left = len(names) < len(train.columns)
        otherwise = f"; otherwise {drop_option(train, names)}" if left else ""
        said = (
            f"{train.target!r} is {words} of {len(names)} columns (R2 {R2:.5f} on held-out rows). If they are known "
            f"before it, a formula is better than a net{otherwise}."
        )
        yield Finding("problem", "formula", len(names), said, tuple(names))
        return


def fitted(columns: list[Column], way: str) -> tuple[float, list[str]]:
    """Return the R2 on held-out rows of least squares on the others, and the columns that move the label.

    way: "sum", y = b + sum_i w_i x_i, or "product", log |y| = b + sum_i w_i log |x_i|, of columns that are never 0.
    """
    y = columns[0].labels.astype(np.float64)
    if way == "product":
        columns = [column for column in columns if (column.values[column.known] != 0).all()]
        if not (len(columns) > 1 and (y != 0).all() and (np.sign(y) == np.sign(y[0])).all()):
            return 0.0, []
    known = np.all([column.known for column in columns], axis=0)
    X, y = np.stack([column.values[known] for column in columns], axis=1), y[known]
    if way == "product":
        X, y = np.log(np.abs(X)), np.log(np.abs(y))
    fit = np.random.default_rng(0).permutation(len(y)) % 2 == 0
    if fit.sum() < ROWS_A_COLUMN * len(columns) or y[~fit].std() == 0:
        return 0.0, []
    middle, spread = X[fit].mean(axis=0), X[fit].std(axis=0)
    X = (X - middle) / np.where(spread > 0, spread, 1)
    W = np.linalg.lstsq(X[fit], y[fit] - y[fit].mean(), rcond=None)[0]
    error = X[~fit] @ W + y[fit].mean() - y[~fit]
    names = [column.name for column, w in zip(columns, W, strict=True) if abs(w) > EACH_ADDS * y[fit].std()]
    return float(1 - np.square(error).mean() / y[~fit].var()), names
