"""Folds: every row is held once, classes in proportion, groups whole, and every class can always be learned from."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from pellucid.data import folds
from pellucid.errors import InputError


def divided(labels, k=5, seed=0, groups=None):
    held = folds(labels, k, np.random.default_rng(seed), groups)
    np.testing.assert_array_equal(np.sort(np.concatenate(held)), np.arange(len(labels)))
    for rows in held:
        assert len(rows) and (np.diff(rows) > 0).all()
        rest = np.delete(np.arange(len(labels)), rows)
        assert set(labels[rest]) == set(labels)
        assert groups is None or not set(groups[rest]) & set(groups[rows])
    return held


@pytest.mark.parametrize("seed", range(3))
def test_classes_are_spread_evenly(seed):
    labels = np.random.default_rng(9).permutation(np.repeat([0, 1, 2, 3], [61, 30, 7, 2]))
    held = divided(labels, 5, seed)
    counts = np.array([np.bincount(labels[rows], minlength=4) for rows in held])
    assert (np.ptp(counts, axis=0) <= 1).all()
    assert np.ptp(counts.sum(axis=1)) <= 1


def test_the_stream_decides():
    labels = np.arange(40) % 2
    first, again, other = ([rows.tolist() for rows in divided(labels, seed=seed)] for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("seed", range(4))
def test_groups_are_whole_and_as_even_as_those_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    groups, classes = rng.integers(0, 40, 300), rng.integers(0, 3, 40)
    labels = np.where(rng.random(300) < 0.8, classes[groups], rng.integers(0, 3, 300))

    def uneven(held):
        return max(np.abs(np.bincount(labels[rows]) / np.bincount(labels) - 0.2).max() for rows in held)

    theirs = StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(labels, labels, groups)
    assert uneven(divided(labels, 5, seed, groups)) <= uneven([rows for _, rows in theirs]) + 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_a_class_of_two_groups_is_never_held_as_a_whole(seed):
    labels = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 0])
    divided(labels, 2, seed, np.array([0, 0, 1, 2, 2, 3, 4, 4, 5, 6]))


def test_fewer_rows_or_groups_than_folds():
    assert len(divided(np.array([0, 0, 1, 1]), 9)) == 4
    assert len(divided(np.array([0, 0, 1, 1, 1]), 9, groups=np.array(["a", "b", "c", "c", "d"]))) == 4


@pytest.mark.parametrize(
    "labels, k, groups, message",
    [
        ([0, 1], 1, None, "cross-validation needs at least 2 folds, got 1."),
        ([0, 0, 1], 2, [1, 2], "there are 2 groups for 3 samples; one for each is needed."),
        ([0, 0, 1], 2, None, "class 1 has one sample only, so it cannot be both in training and held out; add "
         "samples of it, join it with another class, or leave it out."),
        ([0, 0, 1, 1], 2, list("abcc"), "class 1 has all its samples in one group, so it cannot be both in training "
         "and held out; add groups of it, join it with another class, or leave it out."),
        ([0, 1, 1, 2, 2, 0], 2, list("aabbcc"), "3 groups cannot be divided into 2 folds so that every class "
         "is always in training; collect more groups, or ask for another number of folds."),
    ],
)  # fmt: skip
def test_what_cannot_be_divided(labels, k, groups, message):
    with pytest.raises(InputError) as caught:
        folds(np.array(labels), k, np.random.default_rng(0), None if groups is None else np.array(groups))
    assert str(caught.value) == message
