"""What is decided on rows kept for it: the threshold, when to answer at all; and whether two parts are mixed alike."""

import json

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score

from pellucid.errors import InputError
from pellucid.evaluation import choose_rejection, choose_threshold, class_shift, wilson_interval
from pellucid.evaluation.selective import selective


def answered(limits, P, novelty, labels, groups=None):
    """Return the selective scores of limits on rows that did not choose them."""
    return selective(limits.accepts(P, novelty), P.argmax(axis=1) == labels, groups)


# The threshold


@pytest.mark.parametrize("seed", range(5))
def test_no_threshold_is_better(seed):
    rng = np.random.default_rng(seed)
    labels = (rng.random(60) < 0.2).astype(int)
    p = np.round(np.clip(rng.normal(0.2 + 0.2 * labels, 0.15), 0, 1), 2)  # with ties
    chosen = choose_threshold(p, labels)

    def balanced(threshold):
        return balanced_accuracy_score(labels, p > threshold)

    every = {t: balanced(t) for t in np.linspace(-0.005, 1.005, 203)}  # between all values of p
    assert chosen.balanced_accuracy == pytest.approx(balanced(chosen.value)) == pytest.approx(max(every.values()))
    assert chosen.at_half == pytest.approx(balanced(0.5))
    nearest = min(abs(t - 0.5) for t, value in every.items() if value > chosen.balanced_accuracy - 1e-9)
    gap = np.diff(np.unique(p)).max()
    assert abs(chosen.value - 0.5) <= nearest + gap / 2


def test_a_half_is_kept_where_it_is_as_good():
    assert choose_threshold(np.array([0.1, 0.2, 0.7, 0.9]), np.array([0, 0, 1, 1])).value == 0.5
    chosen = choose_threshold(np.array([0.1, 0.2, 0.3, 0.9]), np.array([0, 0, 1, 1]))
    assert chosen.sentence("cat") == (
        "predicts cat when p > 0.250: balanced accuracy 1.000, at 0.5 0.750, on 4 rows used for choosing"
    )


@pytest.mark.parametrize("labels", [[0, 0], [1, 1], [0, 2]])
def test_a_threshold_needs_two_classes(labels):
    with pytest.raises(InputError, match="rows of both classes are needed"):
        choose_threshold(np.array([0.1, 0.2]), np.array(labels))


# Rejection


def held_out(n, seed, noise=0):
    """Calibrated answers, and the novelty of rows of the known kind; the last `noise` rows are of another."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.5, 1, n)
    labels = (rng.random(n) > p).astype(int)
    novelty = np.concatenate([rng.normal(1, 0.2, n - noise), rng.normal(3, 0.2, noise)])
    return np.column_stack([p, 1 - p]), novelty, labels


def test_the_wanted_accuracy_is_reached_on_new_rows():
    chosen = choose_rejection(*held_out(2000, 0), wanted=0.9)
    assert chosen.reached
    worth = answered(chosen, *held_out(20000, 1))
    assert worth.accuracy == pytest.approx(0.9, abs=0.02)
    many = worth.coverage * 20000
    assert worth.interval == pytest.approx(wilson_interval(worth.accuracy * many, many))
    # with p uniform in (0.5, 1), answers above c are right in (1 + c)/2: c = 0.8, a share 0.4 of the known 0.95
    assert worth.coverage == pytest.approx(0.95 * 0.4, abs=0.05)


def test_the_lowest_confidence_that_will_do():
    P, novelty, labels = held_out(300, 0)
    chosen = choose_rejection(P, novelty, labels, 0.85)
    known = novelty <= chosen.novelty
    confidence, right = P.max(axis=1), P.argmax(axis=1) == labels

    def share(threshold):
        given = known & (confidence >= threshold)
        return ((given & ~right).sum() + 1) / (given.sum() + 1)

    assert share(chosen.confidence) <= 0.15
    assert all(share(lower) > 0.15 for lower in confidence[known & (confidence < chosen.confidence)])
    given = chosen.accepts(P, novelty)
    np.testing.assert_array_equal(given, known & (confidence >= chosen.confidence))
    assert chosen.coverage == given.mean() and chosen.accuracy == right[given].mean()


def test_new_samples_of_the_known_kind_pass_and_others_do_not():
    passed = []
    for seed in range(300):
        novelty = np.random.default_rng(seed).exponential(size=41)
        bound = choose_rejection(np.eye(2)[np.zeros(40, int)], novelty[:40], np.zeros(40, int)).novelty
        passed.append(novelty[40] <= bound)
    assert 0.92 < np.mean(passed) < 0.99
    P, novelty, _ = held_out(400, 1, noise=100)
    chosen = choose_rejection(*held_out(400, 0))
    assert not chosen.accepts(P, novelty)[-100:].any()


def test_auto_halves_the_mistakes_but_answers_half():
    P, novelty, labels = held_out(2000, 0)
    chosen = choose_rejection(P, novelty, labels)
    known = novelty <= chosen.novelty
    mistakes = 1 - (P.argmax(axis=1) == labels)[known].mean()
    assert chosen.wanted == 1 - mistakes / 2
    assert chosen.coverage >= 0.5 or 1 - chosen.accuracy <= mistakes / 2
    few = choose_rejection(np.column_stack([np.linspace(0.6, 0.9, 50), 1 - np.linspace(0.6, 0.9, 50)]), np.zeros(50),
                           np.arange(50) % 2)  # fmt: skip
    assert not few.reached and few.coverage >= 0.5
    assert few.sentence().startswith("no threshold reaches 75.0% accuracy; the best one answers ")


def test_auto_without_mistakes_answers_everything():
    chosen = choose_rejection(np.tile([0.7, 0.3], (30, 1)), np.zeros(30), np.zeros(30, int))
    assert (chosen.reached, chosen.coverage, chosen.accuracy) == (True, 1, 1)


def test_the_curve_tells_what_each_confidence_gives():
    P, novelty, labels = held_out(3000, 0)
    chosen = choose_rejection(P, novelty, labels, 0.9)
    assert len(chosen.curve) == 100
    for confidence, coverage, accuracy in chosen.curve:
        given = (P.max(axis=1) >= confidence) & (novelty <= chosen.novelty)
        assert (coverage, accuracy) == (given.mean(), (P.argmax(axis=1) == labels)[given].mean())
    assert chosen.curve[0][0] > chosen.curve[-1][0]
    json.dumps(chosen.as_dict(), allow_nan=False)


def test_nothing_answered_and_nothing_to_choose_from():
    chosen = choose_rejection(*held_out(100, 0))
    nothing = answered(chosen, np.array([[0.9, 0.1]]), np.array([9.0]), np.array([0]))
    assert (nothing.coverage, nothing.accuracy, nothing.interval, nothing.n) == (0, None, None, 1)
    with pytest.raises(InputError, match="lies between 0 and 1"):
        choose_rejection(*held_out(10, 0), wanted=1.0)
    with pytest.raises(InputError, match="no rows to choose from"):
        choose_rejection(np.empty((0, 2)), np.empty(0), np.empty(0, int))


# ClassShift between parts


def shift_of(first, second, seed=0):
    names = tuple("abcdefgh"[: len(first)])
    codes = [np.repeat(np.arange(len(counts)), counts) for counts in (first, second)]
    return class_shift(*codes, names, np.random.default_rng(seed))


@pytest.mark.parametrize(
    "first, second", [([600, 400], [210, 170]), ([137, 72], [17, 33]), ([300, 310, 290], [90, 110, 120])]
)
def test_p_is_that_of_the_chi_square_distribution_for_many_rows(first, second):
    expected = stats.chi2_contingency([first, second], correction=False).pvalue
    assert shift_of(first, second).p == pytest.approx(expected, abs=0.025)


@pytest.mark.parametrize("first, second", [([5, 3], [0, 4]), ([9, 2], [3, 6]), ([4, 4], [2, 2])])
def test_p_is_exact_for_few_rows(first, second):
    total, n = np.add(first, second), sum(second)
    drawn = stats.hypergeom(total.sum(), total[1], n)
    support = np.arange(max(0, n - total[0]), min(n, total[1]) + 1)
    off = np.abs(support - n * total[1] / total.sum())
    exact = drawn.pmf(support[off >= abs(second[1] - n * total[1] / total.sum()) - 1e-9]).sum()
    assert shift_of(first, second).p == pytest.approx(exact, abs=0.02)


def test_a_shift_is_told_with_its_class():
    assert shift_of([137, 72], [17, 33]).sentence().startswith("34% b in training, 66% in test (p < 0.001): ")
    assert shift_of([1, 99], [60, 40]).shifted


@pytest.mark.parametrize("first, second", [([60, 40], [30, 20]), ([9, 1], [2, 1]), ([50000, 50000], [51000, 49000])])
def test_what_chance_or_a_trifle_does_is_not_told(first, second):
    result = shift_of(first, second)
    assert not result.shifted and result.sentence() is None


def test_divisions_at_random_are_seldom_called_uneven():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [40, 15, 5])
    p = [
        class_shift(order[12:], order[:12], ("a", "b", "c"), rng).p
        for order in (rng.permutation(labels) for _ in range(200))
    ]
    assert np.mean(np.array(p) < 0.05) <= 0.09


def test_a_part_without_rows():
    with pytest.raises(InputError, match="has no rows"):
        shift_of([3, 4], [0, 0])
