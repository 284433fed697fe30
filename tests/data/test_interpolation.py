"""Interpolated rows are found, and rows that are in line by chance, on a grid or on an axis are not."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

from pellucid.data import Dataset, load
from pellucid.data.audit.interpolation import interpolated


def table(X, labels, class_names=("a", "b")):
    columns = tuple(f"x{place}" for place in range(X.shape[1]))
    names = [f"line {row + 2}" for row in range(len(X))]
    return Dataset(X.__getitem__, labels, class_names, "table", names, "t.csv", columns)


def found(X, labels=None, **options):
    labels = np.zeros(len(X), int) if labels is None else labels
    return list(interpolated({"train": table(X, labels, **options)}))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def smote(X, n, neighbours, rng):
    made = []
    for _ in range(n):
        a = X[rng.integers(len(X))]
        b = X[rng.choice(np.argsort(np.square(X - a).sum(axis=1))[1 : neighbours + 1])]
        made.append(a + (b - a) * rng.random())
    return np.array(made)


@pytest.mark.parametrize("d", [3, 6, 30])
@pytest.mark.parametrize("neighbours", [5, 19])
def test_oversampling_by_interpolation(rng, d, neighbours):
    X = rng.normal(size=(120, d)).round(4)
    X = np.concatenate([X, smote(X[:20], 80, neighbours, rng).round(4)])
    (problem,) = found(X, np.r_[np.ones(20, int), np.zeros(100, int), np.ones(80, int)])
    assert (problem.level, problem.kind) == ("problem", "interpolated")
    assert 40 <= problem.count <= 90
    assert f"About {problem.count} of 200 rows lie exactly between two others, most of class b" in problem.sentence
    (of_numbers,) = found(X, np.arange(200.0), class_names=())
    assert "class" not in of_numbers.sentence.partition("; --class-weight")[0]


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.normal(size=(300, 2)),
        lambda rng: rng.normal(size=(300, 6)),
        lambda rng: rng.random((300, 3)).round(2),
        lambda rng: rng.integers(0, 30, (300, 6)),
        lambda rng: np.stack(np.meshgrid(np.arange(20), np.arange(25)), axis=-1).reshape(-1, 2),
        lambda rng: rng.normal(size=(300, 3)) @ rng.normal(size=(3, 10)),
        lambda rng: np.where(rng.random((300, 20)) < 0.9, 0, rng.exponential(size=(300, 20))),
        lambda rng: rng.normal(size=(300, 1)) @ np.ones((1, 3)),
        lambda rng: rng.normal(size=(60, 5))[rng.integers(0, 60, 300)],  # copies lie on no line
        lambda rng: np.zeros((300, 3)),
        lambda rng: rng.normal(size=(10, 3)),
    ],
)
def test_what_is_in_line_by_chance(rng, draw):
    X = draw(rng)
    assert found(X, np.arange(len(X)) % 2) == []


@pytest.mark.parametrize("read", [load_iris, load_breast_cancer, load_wine])
def test_honest_tables(read):
    assert found(read().data, read().target, class_names=("a", "b", "c")) == []


def test_toy_data():
    assert list(interpolated({"train": load("toy:moons").train})) == []
