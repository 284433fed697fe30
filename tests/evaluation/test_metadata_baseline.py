"""Metadata baseline: a class that can be guessed from the camera is found out; one that cannot is not accused."""

import json
from importlib import import_module

import numpy as np
import pytest

from pellucid.data import MetadataTable, folds
from pellucid.data.audit.similarity import THUMBNAIL
from pellucid.evaluation import metadata_baseline
from pellucid.evaluation.metadata_baseline import fact_columns, facts_of, guess

N = 200
RNG = np.random.default_rng(0)
LABELS = (RNG.random(N) < 0.4).astype(int)
HELD = folds(LABELS, 5, np.random.default_rng(1))


@pytest.fixture(autouse=True)
def trees(monkeypatch):
    """Grow enough trees for the findings here; the other tests have fewer still."""
    monkeypatch.setattr(import_module("pellucid.evaluation.metadata_baseline"), "TREES", 10)


def drawn(agreement=0.5, seed=0):
    """Facts of which the camera agrees with the class in a share of rows, the others never more than by chance."""
    rng = np.random.default_rng(seed)
    camera = np.where(rng.random(N) < agreement, LABELS, 1 - LABELS)
    return [
        {
            "width": 640,
            "file size": int(rng.integers(1000, 9000)),
            "camera": ("Alpha", "Beta")[camera[row]],
            "hour": None if row % 10 == 0 else int(rng.integers(24)),
        }
        for row in range(N)
    ]


def net_of(accuracy):
    wrong = np.random.default_rng(3).permutation(N) >= accuracy * N
    return np.where(wrong, 1 - LABELS, LABELS)


def test_the_camera_is_found_out():
    found = metadata_baseline(drawn(0.9), LABELS, HELD, seed=0, net=net_of(0.9))
    assert found.facts == ("file size", "camera", "hour")  # the width is the same for all
    assert list(found.accuracies) == ["file size", "camera", "hour", "file size, camera and hour"]
    agreement = np.mean([f["camera"] == ("Alpha", "Beta")[y] for f, y in zip(drawn(0.9), LABELS, strict=True)])
    assert found.named == ("camera",)
    assert found.accuracy == found.accuracies["camera"] == agreement
    assert found.sentence() == f"camera alone reaches {agreement:.0%}: your net may be learning the camera."
    assert found.net.right == 180 and found.net.others == agreement * N
    json.dumps(found.as_dict(), allow_nan=False)


@pytest.mark.slow
def test_a_pair_is_found_where_neither_alone_tells():
    rng = np.random.default_rng(1)
    camera = rng.integers(0, 2, N)
    facts = [
        {"camera": "AB"[camera[row]], "hour": float(8 + 12 * (camera[row] ^ LABELS[row]) + rng.random()), "width": row}
        for row in range(N)
    ]
    found = metadata_baseline(facts, LABELS, HELD, seed=0, net=net_of(0.8))
    assert found.named == ("camera", "hour") and found.accuracy > 0.95
    assert found.sentence() == "camera and hour alone reach 100%: your net may be learning the camera and hour."


def test_the_net_is_held_against_the_facts_that_are_named():
    light = LABELS * 1.2 + np.random.default_rng(1).normal(0, 1, N)
    facts = [{"camera": fact["camera"], "brightness": float(b)} for fact, b in zip(drawn(0.85, 1), light, strict=True)]
    found = metadata_baseline(facts, LABELS, HELD, seed=0, net=net_of(0.8))
    both = found.accuracies["camera and brightness"]
    assert found.named == ("camera",) and both > found.accuracy == found.accuracies["camera"]
    assert (found.net.others, found.majority.right) == (found.accuracy * N, both * N)


def test_the_best_of_several_facts_must_be_surer():
    majority = metadata_baseline(drawn(0.76, 1), LABELS, HELD, seed=0).majority
    assert 0.05 / 4 < majority.p < 0.05 and not majority.credibly_better


@pytest.mark.slow
def test_a_net_that_is_credibly_better_is_not_accused():
    sentence = metadata_baseline(drawn(0.85), LABELS, HELD, seed=0, net=net_of(0.97)).sentence()
    assert sentence.endswith("; the net reaches 97%, credibly more.") and "may be learning" not in sentence
    alone = metadata_baseline(drawn(0.85), LABELS, HELD, seed=0).sentence()
    assert alone.startswith("camera alone reaches ") and alone.endswith("%, always the majority 65%.")


@pytest.mark.parametrize("seed", range(3))
def test_facts_that_tell_nothing_are_told_so(seed):
    sentence = metadata_baseline(drawn(0.5, seed), LABELS, HELD, seed=0, net=net_of(0.9)).sentence()
    assert sentence.startswith("File metadata (file size, camera and hour) alone: Not credibly better than always ")


def test_rows_of_one_group_are_one_trial():
    groups = np.arange(N) // 50
    facts = [{"camera": fact["camera"]} for fact in drawn(0.9)]
    free, grouped = (metadata_baseline(facts, LABELS, HELD[:2], seed=0, groups=of) for of in (None, groups))
    assert free.majority.credibly_better and not grouped.majority.credibly_better
    assert (free.majority.groups, grouped.majority.groups) == (None, 4)
    held = np.arange(150, N)
    found = metadata_baseline(facts, LABELS, [held], seed=0, net=net_of(0.9), groups=groups // 2)
    assert found.majority.groups == found.net.groups == 1  # of the held rows


def test_arrays_have_no_facts():
    assert metadata_baseline([{"width": 64, "camera": None, "hour": float("nan")}] * N, LABELS, HELD, seed=0) is None


def test_one_division_judges_its_held_rows_only():
    held = np.arange(150, N)
    found = metadata_baseline(drawn(0.9), LABELS, [held], seed=0, net=net_of(0.9))
    assert found.majority.n == found.net.n == 50
    assert found.net.right == (net_of(0.9) == LABELS)[held].sum()
    assert found.majority.others == (LABELS[held] == 0).sum()


def test_facts_of_pictures():
    taken = np.array(["2024-05-01T08:30", "NaT", "2024-05-02T09:30", "2024-05-02"], "datetime64[s]")
    seen = np.zeros((4, THUMBNAIL), np.uint8)
    sizes, empty, cameras = np.array([71, 71, 70, 9]), [""] * 4, ["b", "a", "", "z"]
    digests = np.zeros((4, 32), np.uint8)
    facts = MetadataTable(np.full(4, 5), np.full(4, 4), sizes, empty, empty, cameras, taken, digests, seen, [])
    columns = fact_columns(facts_of(facts[row] for row in (0, 1, 2)))
    assert list(columns) == ["file size", "camera", "hour"]
    np.testing.assert_array_equal(columns["file size"], [71, 71, 70])
    np.testing.assert_array_equal(columns["camera"], [1, 0, np.nan])
    np.testing.assert_array_equal(columns["hour"], [8.5, np.nan, 9.5])


def test_a_class_that_is_not_in_training_gets_no_probability():
    P = guess(np.arange(12.0)[:, None], np.repeat([0, 2, 1], 4), np.arange(8), np.arange(8, 12), 0)
    assert P.shape == (4, 3) and (P[:, 1] == 0).all()
    np.testing.assert_allclose(P.sum(axis=1), 1)
