"""Rows taken, classes joined, data divided."""

import numpy as np
import pytest

from pellucid.data import Dataset, Splits, split_rows
from pellucid.errors import InputError

VALUES = np.arange(14.0).reshape(7, 2)


@pytest.fixture
def dataset():
    return Dataset(
        read=VALUES.__getitem__,
        labels=np.array([0, 1, 2, 0, 1, 2, 2]),
        class_names=("rust", "spot", "healthy"),
        kind="numbers",
        names=[f"row {row}" for row in range(7)],
        source="a test",
        groups=np.array(list("aabbccd")),
    )


@pytest.mark.parametrize("block_rows", [1, 2, 3, 7, 100])
def test_blocks_are_all_rows_in_order(dataset, block_rows):
    blocks = list(dataset.blocks(block_rows=block_rows))
    np.testing.assert_array_equal(np.concatenate(blocks), VALUES)
    assert [len(block) for block in blocks[:-1]] == [block_rows] * (len(blocks) - 1)


def test_blocks_of_some_rows(dataset):
    np.testing.assert_array_equal(np.concatenate(list(dataset.blocks([6, 0, 3], 2))), VALUES[[6, 0, 3]])
    assert list(dataset.blocks([])) == []


@pytest.mark.parametrize("rows", [[6, 0, 3], np.arange(7) > 3, slice(2, 6), [-1, 1]], ids=str)
def test_take_twice_is_to_take_from_what_was_taken(dataset, rows):
    taken = dataset.take(rows)
    places = np.arange(7)[rows]
    assert len(taken) == len(places)
    np.testing.assert_array_equal(next(taken.blocks()), VALUES[places])
    np.testing.assert_array_equal(next(taken.take([1, 0]).blocks()), VALUES[places[[1, 0]]])
    assert list(taken.names) == [f"row {row}" for row in places]
    assert taken.labels.tolist() == dataset.labels[places].tolist()
    assert taken.groups.tolist() == dataset.groups[places].tolist()
    assert taken.class_names == dataset.class_names


def test_merged_classes_are_alphabetical(dataset):
    merged = dataset.merged({"sick": ["rust", "spot"]})
    assert merged.class_names == ("healthy", "sick")
    assert merged.labels.tolist() == [1, 1, 0, 1, 1, 0, 0]
    assert merged.counts() == {"healthy": 3, "sick": 4}
    assert dataset.counts() == {"rust": 2, "spot": 2, "healthy": 3}
    assert dataset.merged({}) is dataset
    assert dataset.merged({"rust": ["rust", "spot"]}).counts() == {"healthy": 3, "rust": 4}


@pytest.mark.parametrize(
    "mapping, message",
    [
        ({"sick": ["rust", "spott"]}, "unknown class 'spott': did you mean 'spot'? Known: healthy, rust, spot."),
        ({"a": ["rust"], "b": ["rust"]}, "class 'rust' is joined into 'a' and again into 'b'; once is enough."),
        (
            {"healthy": ["rust", "spot"]},
            "'healthy' is a class already; add it to those joined, or choose another name.",
        ),
        ({"all": ["rust", "spot", "healthy"]}, "joining leaves one class, 'all'; at least two are needed."),
    ],
)
def test_classes_that_cannot_be_merged(dataset, mapping, message):
    with pytest.raises(InputError) as caught:
        dataset.merged(mapping)
    assert str(caught.value) == message


def test_splits_name_the_parts_that_are_there(dataset):
    assert [name for name, _ in Splits(dataset).items()] == ["train"]
    assert [name for name, _ in Splits(dataset, test=dataset).items()] == ["train", "test"]


# Division

LABELS = np.repeat([0, 1, 2, 3], [60, 30, 9, 2])


def divided(labels, fraction=0.2, seed=0, **options):
    kept, held = split_rows(labels, fraction, np.random.default_rng(seed), **options)
    n = len(kept) + len(held)
    np.testing.assert_array_equal(np.sort(np.concatenate([kept, held])), np.arange(n))
    assert (np.diff(kept) > 0).all() and (np.diff(held) > 0).all()
    return kept, held


@pytest.mark.parametrize("fraction, counts", [(0.2, [12, 6, 2, 1]), (0.01, [1, 1, 1, 1]), (0.99, [59, 29, 8, 1])])
def test_classes_keep_their_proportions(fraction, counts):
    shuffled = np.random.default_rng(5).permutation(LABELS)
    _, held = divided(shuffled, fraction)
    assert np.bincount(shuffled[held]).tolist() == counts


def test_a_single_sample_is_kept():
    kept, held = divided(np.array([0, 0, 0, 7]), 0.5)
    assert 3 in kept
    assert len(held) == 2


def test_the_stream_decides():
    first, again, other = (divided(LABELS, seed=seed)[1].tolist() for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("n, held", [(10, 2), (2, 1), (3, 1), (1000, 200)])
def test_regression_has_no_classes(n, held):
    assert len(divided(None, n=n)[1]) == held


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_whole(seed):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 30, 300)
    labels = rng.integers(0, 3, 300)
    kept, held = divided(labels, 0.2, seed, groups=groups)
    assert not set(groups[kept]) & set(groups[held])
    assert np.abs(np.bincount(labels[held]) - 0.2 * np.bincount(labels)).max() <= 8


def test_groups_of_one_class_each_reach_both_sides():
    labels = np.repeat([0, 1], 12)
    kept, held = divided(labels, 0.25, groups=np.repeat(np.arange(8), 3))
    assert np.bincount(labels[held]).tolist() == [3, 3]
    assert np.bincount(labels[kept]).tolist() == [9, 9]
    _, held = divided(labels, 0.05, groups=np.repeat(np.arange(8), 3))  # a whole group is far more than 5%
    assert np.bincount(labels[held]).tolist() == [3, 3]
    kept, held = divided(None, 0.25, groups=np.repeat(np.arange(8), 3))
    assert len(held) == 6


@pytest.mark.parametrize(
    "labels, fraction, options, message",
    [
        ([0, 1], 0, {}, "the held-out fraction must lie between 0 and 1, got 0."),
        ([0, 1], 1.0, {}, "the held-out fraction must lie between 0 and 1, got 1.0."),
        ([0, 1, 2], 0.5, {}, "3 samples cannot be divided: no class has two samples, so none can be held out; give "
         "validation data of its own, or more samples."),
        (None, 0.5, {"n": 1}, "1 samples cannot be divided: no class has two samples, so none can be held out; give "
         "validation data of its own, or more samples."),
        ([0, 0, 1], 0.5, {"groups": ["a", "b"]}, "there are 2 groups for 3 samples; one for each is needed."),
        ([0, 0, 1, 1], 0.5, {"groups": ["a", "b", "c", "c"]}, "class 1 is all in one group, c, so it cannot be on both "
         "sides of a split; collect it from more groups, or give validation data of its own."),
        ([0, 1, 1, 2, 2, 0], 0.5, {"groups": ["a", "a", "b", "b", "c", "c"]}, None),
    ],
)  # fmt: skip
def test_what_cannot_be_divided(labels, fraction, options, message):
    labels = None if labels is None else np.array(labels)
    if message is None:  # each class is in two of three groups: any division leaves one class on one side
        message = (
            "3 groups cannot be divided so that every class is on both sides; collect more groups, or give validation "
            "data of its own."
        )
    with pytest.raises(InputError) as caught:
        split_rows(labels, fraction, np.random.default_rng(0), **options)
    assert str(caught.value) == message
