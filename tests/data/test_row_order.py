"""Rows in the order of time, whose neighbours are alike, are found; rows in any other order are not accused."""

import numpy as np
import pytest

import pellucid
from pellucid.data import Dataset, load
from pellucid.data.audit.audit import audit
from pellucid.data.audit.row_order import MOST_ROWS, row_order, stretches
from pellucid.data.toy import TOYS
from pellucid.errors import InputError

N = 600
RUNS = np.repeat(np.random.default_rng(9).permutation([0, 1] * 10), N // 20)


def table(X, labels, classes=("a", "b"), categorical=(), groups=None):
    columns = tuple(f"x{place}" for place in range(X.shape[1]))
    names = [f"line {row + 2}" for row in range(len(X))]
    return Dataset(X.__getitem__, np.asarray(labels), classes, "table", names, "t.csv", columns, categorical,
                   groups=groups)  # fmt: skip


def found(dataset):
    return next(row_order({"train": dataset}, np.arange(len(dataset))), None)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_recordings_with_chance_labels(rng):
    problem = found(table(rng.normal(size=(N, 3)).cumsum(axis=0), RUNS))
    assert (problem.level, problem.kind) == ("problem", "row-order")
    assert "nearest row is right for 9" in problem.sentence
    assert "--group-by row-blocks" in problem.sentence


def test_numbers_that_walk(rng):
    walks = rng.normal(size=(N, 4)).cumsum(axis=0)
    problem = found(table(walks[:, :3], walks[:, 3], ()))
    assert problem.level == "problem"
    assert "the nearest row explains 8" in problem.sentence


def test_each_class_in_one_run_leaves_it_open(rng):
    watch = found(table(rng.normal(size=(N, 3)).cumsum(axis=0), np.repeat([0, 1], N // 2)))
    assert watch.level == "watch"
    assert "stays open" in watch.sentence


@pytest.mark.parametrize("source", [name for name in TOYS if name != "digits"])
def test_toys_are_not_accused(source):
    assert found(load(f"toy:{source}").train) is None


def test_honest_tables_are_not_accused(rng):
    X = rng.normal(size=(N, 3))
    assert found(table(X, RUNS)) is None  # in the order of the label alone
    assert found(table(X + RUNS[:, None], RUNS)) is None  # which the columns tell
    assert found(table(np.cumsum(X, axis=0), rng.integers(0, 2, N))) is None  # in order, but no label in runs
    sites = np.repeat(rng.normal(size=(6, 3)), N // 6, axis=0)
    Y = X + 2 * sites
    assert found(table(Y, (Y[:, 0] > 0).astype(int))) is None  # one site after the other


def test_a_column_that_counts_the_rows_makes_no_neighbours(rng):
    X = np.column_stack([np.arange(N), rng.normal(size=N)])
    assert found(table(X, RUNS)) is None


def test_groups_given_copies_gaps_and_texts(rng):
    walk = rng.normal(size=(N, 3)).cumsum(axis=0)
    assert found(table(walk, RUNS, groups=np.arange(N) // 30)) is None
    twice = np.repeat(rng.normal(size=(N // 2, 3)), 2, axis=0)
    data = table(twice, np.repeat(rng.integers(0, 2, N // 2), 2))
    assert next(row_order({"train": data}, np.repeat(np.arange(N // 2), 2)), None) is None
    gaps = walk.copy()
    gaps[::7, 1] = np.nan
    gaps[:, 2] = np.nan
    assert found(table(gaps, RUNS)).level == "problem"
    texts = np.empty((N, 2), object)
    texts[:, 0], texts[:, 1] = list(walk[:, 0]), np.where(walk[:, 1] > 0, "up", None)
    assert found(table(texts, RUNS, categorical=("x1",))).level == "problem"
    assert found(table(np.ones((N, 2)), RUNS)) is None
    assert found(table(walk[:50], RUNS[:50])) is None


def test_the_work_does_not_grow_with_the_rows():
    rows = stretches(10**6)
    assert len(rows) == MOST_ROWS == len(set(rows.tolist()))
    assert (rows[0], rows[-1]) == (0, 10**6 - 1)


def test_blocks_of_rows_give_the_honest_score(rng, tmp_path):
    walk = rng.normal(size=(N, 3)).cumsum(axis=0)
    lines = [",".join(map(repr, row)) + f",{'ab'[label]}" for row, label in zip(walk.tolist(), RUNS, strict=True)]
    path = tmp_path / "walk.csv"
    path.write_text("x,y,z,label\n" + "\n".join(lines))
    splits = load(path, label="label", groups="row-blocks")
    assert splits.train.columns == ("x", "y", "z")
    blocks = np.split(splits.train.groups, np.flatnonzero(np.diff(RUNS)) + 1)
    assert all(len(set(block)) == 1 for block in blocks)  # a run of a class is one recording
    assert "row-order" not in {finding.kind for finding in audit(splits).findings}
    plain, honest = (pellucid.train(path, label="label", group_by=by).cross_validation for by in (None, "row-blocks"))
    assert plain.accuracy > 0.7
    assert honest.interval[0] < 0.5


def test_a_column_of_that_name_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("row-blocks,x,label\n" + "1,2,a\n2,3,b\n" * 4)
    with pytest.raises(InputError, match="rename the column"):
        load(path, label="label", groups="row-blocks")
