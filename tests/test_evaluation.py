"""Scores against numbers worked out by hand, and the honesty of how they are told."""

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.evaluation import score, wilson_interval

P = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4], [0.2, 0.8]])
LABELS = np.array([0, 0, 0, 1, 1])


def test_scores_by_hand():
    scores = score(P, LABELS, ("cat", "dog"))
    assert scores.accuracy == 4 / 5
    assert scores.balanced_accuracy == (1 + 1 / 2) / 2
    assert scores.confusion == [[3, 0], [1, 1]]  # rows: what it is; columns: what was said
    assert scores.baselines == {"majority": 3 / 5} and scores.n == 5 and scores.classes == ["cat", "dog"]


@pytest.mark.parametrize(  # Newcombe 1998, table I, method 3
    ("right", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_of_the_literature(right, n, low, high):
    assert wilson_interval(right, n) == pytest.approx((low, high), abs=5e-5)


def test_half_is_not_the_positive_class():
    assert score(np.array([[0.5, 0.5]]), np.array([0]), ("a", "b")).accuracy == 1


def test_a_score_used_for_choosing_has_no_interval():
    scores = score(P, LABELS, ("cat", "dog"), "choosing")
    assert scores.interval is None
    assert scores.sentence() == "0.800 on 5 rows, used for choosing (always the majority: 0.600)"
    low, high = wilson_interval(4, 5)
    assert score(P, LABELS, ("cat", "dog")).sentence() == (
        f"0.800 on 5 rows (95% interval {low:.3f} to {high:.3f}; always the majority: 0.600)"
    )


def test_absent_classes_do_not_count_as_wrong():
    scores = score(np.eye(3)[[0, 1]], np.array([0, 1]), ("a", "b", "c"))
    assert scores.balanced_accuracy == 1


def test_nothing_to_score():
    with pytest.raises(InputError, match="no rows to score"):
        score(np.empty((0, 2)), np.empty(0, int), ("a", "b"))
