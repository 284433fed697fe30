"""Numbers to predict that are a formula of several columns are named; relations that are only strong are not."""

import numpy as np
import pytest

from pellucid.data import Dataset, Splits
from pellucid.data.audit.audit import audit
from pellucid.data.audit.formula import formula

N = 200


def table(y, class_names=(), **columns):
    X = np.stack(list(columns.values()), axis=1)
    names = [f"line {row + 2}" for row in range(len(y))]
    return Dataset(X.__getitem__, np.asarray(y), class_names, "table", names, "t.csv", tuple(columns), target="count")


def found(dataset):
    return next(formula({"train": dataset}), None)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_total_of_its_parts(rng):
    casual, registered = rng.integers(0, 300, (2, N)).astype(float)
    data = table(casual + registered, casual=casual, registered=registered, hour=rng.integers(0, 24, N).astype(float))
    problem = found(data)
    assert (problem.level, problem.kind, problem.examples) == ("problem", "formula", ("casual", "registered"))
    assert problem.sentence == (
        "'count' is a sum of multiples of 2 columns (R2 1.00000 on held-out rows). If they are known before it, a "
        "formula is better than a net; otherwise --drop casual,registered."
    )
    assert any("formula" in caution for caution in audit(Splits(data)).cautions())


def test_a_product_of_powers(rng):
    height, weight = rng.uniform(1.4, 2.1, N), rng.uniform(40, 120, N)
    bmi = np.round(weight / height**2, 1)
    problem = found(table(bmi, height=height, weight=weight, age=rng.uniform(20, 80, N)))
    assert "a product of powers of 2 columns" in problem.sentence


def test_gaps_are_passed_over(rng):
    a, b = rng.normal(size=(2, N))
    y = 3 * a - b
    a[::9] = np.nan
    assert found(table(y, a=a, b=b)).count == 2


def test_strong_or_single_relations_are_not_accused(rng):
    a, b, c = rng.normal(size=(3, N))
    assert found(table(a + b + rng.normal(scale=0.1, size=N), a=a, b=b)) is None
    assert found(table(2 * a, a=a, b=b)) is None  # a twin, which `leaks` reports
    assert found(table(a * b + c, a=a, b=b, c=c)) is None
    assert found(table(a + b, a=a, b=b)).count == 2
    assert found(table((a + b > 0).astype(int), ("no", "yes"), a=a, b=b)) is None


def test_too_few_rows_for_the_columns_and_empty_columns(rng):
    X = rng.normal(size=(40, 30))
    assert found(table(rng.normal(size=40), **{f"x{i}": X[:, i] for i in range(30)})) is None
    empty = np.full(N, np.nan)
    assert found(table(rng.normal(size=N), a=empty, b=empty)) is None
    a, b = rng.normal(size=(2, N))
    assert found(table(np.full(N, 3.0), a=a, b=b)) is None
