"""Copies among rows are grouped, equal and nearly equal ones, and rows that chance makes alike are not."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

import pellucid
from pellucid.data import Dataset
from pellucid.data.audit import row_copies
from pellucid.data.audit.duplicates import duplicate_groups
from pellucid.data.audit.row_copies import Rows, copies, equal, near


def table(X, labels=None, categorical=()):
    X = np.asarray(X)
    columns = tuple(f"x{place}" for place in range(X.shape[1]))
    labels = np.zeros(len(X), int) if labels is None else labels
    return Dataset(X.__getitem__, labels, ("a", "b"), "table", range(len(X)), "t.csv", columns, categorical)


def groups(X, **options):
    """Return how many groups the rows are in."""
    return len(np.unique(copies({"train": table(X, **options)})))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


OVERSAMPLED = np.r_[np.arange(120), np.repeat(np.arange(20), 4)]  # four copies of twenty rows


@pytest.mark.parametrize(("d", "jitter"), [(2, 0), (3, 0), (3, 1e-3), (6, 0), (6, 1e-3), (30, 0), (30, 1e-1)])
def test_copies_of_a_minority_are_grouped(rng, d, jitter):
    X = rng.normal(size=(120, d))[OVERSAMPLED] + jitter * rng.normal(size=(200, d))
    labels = copies({"train": table(X.round(4))})
    assert len(np.unique(labels)) >= 119  # one pair may be near by chance
    assert (labels[120:] == labels[np.repeat(np.arange(20), 4)]).all()


def test_many_copies_of_a_few_rows_are_grouped(rng):
    X = rng.normal(size=(1000, 6))
    X = np.concatenate([X, X[np.repeat(np.arange(20), 40)]])
    labels = copies({"train": table(X + 1e-2 * rng.normal(size=X.shape))})
    assert len(np.unique(labels)) <= 1000 + 2 * 40  # where many copies are among the rows compared with, two may escape


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.normal(size=(400, 2)),
        lambda rng: rng.normal(size=(400, 6)),
        lambda rng: np.exp(2 * rng.normal(size=(400, 6))),
        lambda rng: rng.normal(size=(400, 3)) @ rng.normal(size=(3, 10)),  # of three dimensions in ten columns
        lambda rng: np.cumsum(rng.normal(size=(400, 5)), axis=0),  # a walk through time
        lambda rng: rng.integers(0, 2, (400, 8)),
        lambda rng: rng.integers(0, 2, (400, 12)),
        lambda rng: rng.integers(0, 30, (400, 3)),
        lambda rng: rng.normal(size=(400, 4)).round(1),
        lambda rng: np.where(rng.random((400, 4)) < 0.15, -999, rng.normal(size=(400, 4))),
        lambda rng: np.where(rng.random((400, 4)) < 0.4, np.nan, rng.normal(size=(400, 4))),
        lambda rng: np.where(rng.random((400, 4)) < 0.003, 1e6, rng.normal(size=(400, 4))),
        lambda rng: np.where(rng.random((400, 6)) < 0.8, 0, rng.exponential(size=(400, 6))),
        lambda rng: np.zeros((400, 3)),
        lambda rng: rng.normal(size=(400, 1)).round(2),
        lambda rng: rng.normal(size=(400, 3))[:0],
    ],
)
def test_what_is_alike_by_chance_is_not_grouped(rng, draw):
    X = draw(rng)
    assert groups(X) == len(X)


@pytest.mark.parametrize("read", [load_iris, load_breast_cancer, load_wine])
def test_honest_tables_are_not_grouped(read):
    X = read().data
    assert groups(X) == len(X)  # two irises are equal to the millimetre, by chance


def test_copies_of_categories_are_grouped(rng):
    X = rng.integers(1, 6, (500, 20)).astype(str).astype(object)
    X[3, 4] = None
    over = np.r_[np.arange(500), np.repeat(np.arange(50), 4)]
    assert groups(X[over], categorical=tuple(f"x{place}" for place in range(20))) == 500


def test_near_copies_have_equal_categories_and_equal_gaps(rng):
    X = rng.normal(size=(100, 6)).astype(object)
    X[:50, 1] = np.nan
    X[:, 0] = rng.choice(["red", "blue"], 100)
    twice = np.concatenate([X, X[:60]])
    twice[100:, 2] = twice[100:, 2] + 1e-4
    twice[100:110, 0] = "green"
    twice[110:120, 1] = 0.0  # what was missing is there
    assert groups(twice, categorical=("x0",)) == 100 + 20


def test_visits_of_a_patient_are_near_each_other(rng):
    patient = np.repeat(np.arange(30), 10)
    labels = copies({"train": table(rng.normal(size=(30, 6))[patient] + 0.05 * rng.normal(size=(300, 6)))})
    assert len(np.unique(labels)) == 30
    assert (labels == 10 * patient).all()


def test_copies_over_parts(rng):
    X = rng.normal(size=(100, 4))
    labels = copies({"train": table(X), "test": table(np.concatenate([X[:3] + 1e-5, X[5:6], -X[:40]]))})
    assert labels[100:104].tolist() == [0, 1, 2, 5]
    assert len(np.unique(labels)) == 140


def test_tiles_change_nothing(rng, monkeypatch):
    X = np.concatenate([rng.normal(size=(150, 5))] * 2) + 1e-3 * rng.normal(size=(300, 5))
    whole = copies({"train": table(X)})
    assert len(np.unique(whole)) == 150
    monkeypatch.setattr(row_copies, "TILE", (16, 24))
    assert (copies({"train": table(X)}) == whole).all()


def test_rows_far_apart_are_not_compared(rng, monkeypatch):
    compared = []
    monkeypatch.setattr(row_copies, "_in_slices", lambda i, j: compared.append(len(i)) or iter([(i, j)]))
    monkeypatch.setattr(row_copies, "TILE", (16, 16))
    rows = Rows.of(
        {"train": table(np.sort(rng.normal(size=(2000, 1)), axis=0) @ np.ones((1, 3)) + rng.random((2000, 3)))}
    )
    list(near(rows.X, rows.free, rows.patterns, rows.resolution))
    assert sum(compared) < 2000 * 40  # of two millions


def test_what_would_take_too_long_is_only_looked_at_for_equal_rows(rng, monkeypatch):
    X = rng.normal(size=(100, 4))
    X = np.concatenate([X, X[:1], X[1:2] + 1e-5])
    assert groups(X) == 100
    monkeypatch.setattr(row_copies, "WORK", 10**4)
    assert groups(X) == 101
    monkeypatch.setattr(row_copies, "MOST_CELLS", 400)
    assert groups(X) == 102


def test_equal_rows_that_others_nearly_are(rng):
    hashes = rng.integers(2**64, size=(100, 4), dtype=np.uint64)
    hashes = np.concatenate([hashes, hashes[:50], hashes[:1]])
    hashes[150, 2] += np.uint64(1)  # differs from row 0 in one column
    assert equal(hashes).tolist() == [*range(101), *range(1, 50), 150]


def test_a_score_is_not_about_copies(tmp_path, rng):
    X, y = rng.normal(size=(120, 6)), np.arange(120) < 20  # nothing can be learned
    rows = [
        ",".join(map(str, [*row.round(4), label])) for row, label in zip(X[OVERSAMPLED], y[OVERSAMPLED], strict=True)
    ]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a,b,c,d,e,f,label", *rng.permutation(rows)]), "utf-8")
    settings = {"cross_validate": 1, "epochs": 50, "hidden_layers": (40,), "optimizer": "lbfgs", "random_state": 0}
    result = pellucid.train(path, **settings)
    assert len(np.unique(result.splits.train.groups)) == 120
    assert result.cross_validation.accuracy < 0.62
    assert pellucid.train(path, audit=False, **settings).cross_validation.accuracy > 0.62
    assert len(np.unique(duplicate_groups(pellucid.data.load(path).train))) == 120
