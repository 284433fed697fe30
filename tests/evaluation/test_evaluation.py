"""Scores against numbers worked out by hand, and the honesty of how they are told."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from pellucid.errors import InputError
from pellucid.evaluation import score, score_regression, wilson_interval
from pellucid.evaluation.classification import calibration
from pellucid.evaluation.comparison import compare, mcnemar_mid_p, sign_flip_mid_p
from pellucid.evaluation.intervals import difference_interval, effective_groups, independent_rows, t_quantile
from pellucid.evaluation.regression import nearness, rmse_interval

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


def drawn(n=300, k=3, seed=0):
    """Probabilities of some worth, none of which rules a class out, and the labels they are about."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, k, n)
    return rng.dirichlet(np.ones(k), n) * 0.7 + 0.3 * np.eye(k)[rng.permutation(labels)], labels


def test_scores_are_those_of_scikit_learn():
    P, labels = drawn()
    said, scores = P.argmax(axis=1), score(P, labels, ("a", "b", "c"))
    assert scores.precision == pytest.approx(metrics.precision_score(labels, said, average=None))
    assert scores.recall == pytest.approx(metrics.recall_score(labels, said, average=None))
    assert scores.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(labels, said))
    assert scores.confusion == metrics.confusion_matrix(labels, said).tolist()
    assert scores.calibration.log_loss == pytest.approx(metrics.log_loss(labels, P))
    assert scores.calibration.brier == pytest.approx(((P - np.eye(3)[labels]) ** 2).sum(axis=1).mean())


def test_what_is_undefined_is_none():
    scores = score(np.eye(3)[[0, 0, 0]], np.array([0, 0, 1]), ("a", "b", "c"))
    assert scores.precision == [2 / 3, None, None]
    assert scores.recall == [1, 0, None]
    assert scores.calibration.log_loss is None


def test_baselines_are_compared_on_the_same_rows():
    said = np.array([0, 1, 0, 1, 1])
    scores = score(P, LABELS, ("cat", "dog"), baselines={"no_hidden_layer": said})
    assert scores.baselines == {"majority": 3 / 5, "no_hidden_layer": 4 / 5}
    assert {name: (c.right, c.others) for name, c in scores.comparisons.items()} == {
        "majority": (4, 3),
        "no_hidden_layer": (4, 4),
    }
    assert scores.comparisons["no_hidden_layer"].sentence() == (
        "Not credibly better than a net without a hidden layer: 4 against 4 of 5 right, p = 0.75."
    )
    assert score(P, LABELS, ("cat", "dog"), "choosing").comparisons == {}
    assert scores.as_dict()["comparisons"]["majority"]["p"] == scores.comparisons["majority"].p


# Calibration


def test_bins_by_hand():
    confidence = np.repeat([0.9, 0.6], 20)
    P = np.column_stack([confidence, 1 - confidence])
    labels = np.array([0] * 18 + [1] * 2 + [0] * 9 + [1] * 11)
    result = calibration(P, labels)
    assert [(b.confidence, b.accuracy, b.count) for b in result.bins] == [
        (pytest.approx(0.6), 9 / 20, 20),
        (pytest.approx(0.9), 18 / 20, 20),
    ]
    assert result.expected_error == pytest.approx((0.15 * 20 + 0 * 20) / 40)


def test_bins_hold_about_the_same_number_whatever_the_order_of_rows():
    P, labels = drawn(400)
    result, order = calibration(P, labels), np.random.default_rng(1).permutation(400)
    assert [b.count for b in result.bins] == [40] * 10
    assert calibration(P[order], labels[order]).expected_error == pytest.approx(result.expected_error)
    assert [b.count for b in calibration(np.tile([0.7, 0.3], (100, 1)), np.arange(100) % 2).bins] == [100]


def test_honest_probabilities_are_calibrated_and_overconfident_ones_are_not():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.5, 1, 20000)
    labels = (rng.random(20000) > p).astype(int)  # class 0 with probability p
    assert calibration(np.column_stack([p, 1 - p]), labels).expected_error < 0.015
    surer = np.minimum(p + 0.1, 1)
    assert calibration(np.column_stack([surer, 1 - surer]), labels).expected_error > 0.07


# Comparison


@pytest.mark.parametrize("pair", [(1, 7), (6, 16), (25, 2), (4, 4), (0, 3), (0, 0), (300, 260)])
def test_mid_p_is_that_of_the_binomial_distribution(pair):
    b, c = pair
    coin = stats.binom(b + c, 0.5)
    expected = 1 - coin.pmf(b) / 2 if b == c else 2 * coin.cdf(min(pair)) - coin.pmf(b)
    assert mcnemar_mid_p(b, c) == pytest.approx(1.0 if b + c == 0 else expected)
    assert mcnemar_mid_p(b, c) == mcnemar_mid_p(c, b)


def test_mid_p_of_the_literature():
    assert [round(mcnemar_mid_p(*pair), 4) for pair in ((1, 7), (6, 16))] == [0.0391, 0.0347]


@pytest.mark.parametrize(
    ("first", "second", "found"), [(8, 1, "Credibly better"), (4, 3, "Not credibly better"), (1, 8, "Credibly worse")]
)
def test_credible_means_better_and_no_luck(first, second, found):
    right = np.repeat([1, 1, 0, 0], [5, first, second, 2])
    others = np.repeat([1, 0, 1, 0], [5, first, second, 2])
    told = compare(right, others, "a coin").sentence()
    n, p = 7 + first + second, mcnemar_mid_p(first, second)
    assert told == f"{found} than a coin: {5 + first} against {5 + second} of {n} right, p = {p:.2g}."


def test_the_best_of_many_must_be_surer():
    right, others = np.repeat([1, 0], [9, 1]), np.repeat([0, 1], [7, 3])  # 7 against 1, p = 0.07
    right, others = np.append(right, [1, 1]), np.append(others, [0, 0])  # 9 against 1, p = 0.012
    assert compare(right, others).credibly_better and compare(right, others, tried=4).credibly_better
    assert not compare(right, others, tried=5).credibly_better and not compare(others, right, tried=5).credibly_worse


def test_groups_are_flipped_as_a_whole():
    rng = np.random.default_rng(0)
    d = rng.integers(-4, 5, 11)
    signs = np.array(np.meshgrid(*[[-1, 1]] * 11)).reshape(11, -1)
    sums, seen = np.abs(signs.T @ d), abs(d.sum())
    assert sign_flip_mid_p(d) == pytest.approx((sums > seen).mean() + (sums == seen).mean() / 2)
    assert sign_flip_mid_p(np.repeat([1, -1, 0], [16, 6, 9])) == pytest.approx(mcnemar_mid_p(16, 6))
    assert sign_flip_mid_p(np.zeros(9, int)) == 1


def test_rows_of_one_group_are_one_trial():
    groups = np.arange(96) // 12
    right, others = np.repeat([1, 1, 1, 1, 1, 0, 0, 1], 12), np.repeat([0, 0, 0, 1, 1, 1, 0, 0], 12)
    assert compare(right, others).credibly_better
    told = compare(right, others, "a coin", groups=groups)
    assert (told.p, told.groups, told.credibly_better) == (mcnemar_mid_p(4, 1), 8, False)
    assert told.sentence() == "Not credibly better than a coin: 72 against 36 of 96 right, 8 groups, p = 0.22."
    assert compare(np.ones(96), np.zeros(96), groups=groups).credibly_better


def test_fewer_than_six_groups_tell_nothing():
    for groups, found in ((np.arange(60) // 12, False), (np.arange(60) // 10, True)):
        assert compare(np.ones(60), np.zeros(60), groups=groups).credibly_better is found
        assert compare(np.zeros(60), np.ones(60), groups=groups).credibly_worse is found
        assert nearness(np.ones(60), np.full(60, 2), groups=groups).credibly_better is found
    told = compare(np.ones(60), np.zeros(60), "a coin", groups=np.arange(60) // 12)
    assert told.sentence() == "Too few groups (5) to call it better or worse than a coin: 60 against 0 of 60 right."


def test_worse_than_the_best_constant_must_be_surer():
    right = np.repeat([1, 0], [3, 11])  # 3 against 11, p = 0.035
    worse = compare(right, 1 - right)
    assert 0.025 < worse.p < 0.05 and worse.credibly_worse
    assert not compare(right, 1 - right, others_tried=2).credibly_worse
    assert compare(1 - right, right, others_tried=2).credibly_better
    labels = np.repeat([0, 1], [11, 3])
    assert not score(np.eye(2)[[1] * 14], labels, ("a", "b")).comparisons["majority"].credibly_worse


def test_the_same_rows_are_needed():
    with pytest.raises(InputError, match="on the same rows; got 3 and 4"):
        compare(np.ones(3), np.ones(4))


# Intervals


def test_rows_that_go_together_count_as_one():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(200), 10)
    alike, free = np.repeat(rng.random(200) < 0.8, 10), rng.random(2000) < 0.8
    few = 199 / 200 * 2000 / 1999 * (stats.t.ppf(0.975, 1999) / stats.t.ppf(0.975, 199)) ** 2
    assert independent_rows(alike, groups) == pytest.approx(200 * few, rel=1e-5)
    assert independent_rows(free, np.arange(2000)) == pytest.approx(2000)
    assert independent_rows(free, groups) > 1500
    assert independent_rows(free) == 2000
    assert independent_rows(np.ones(2000), groups) == pytest.approx(200 * few * 200 / 199 * 1999 / 2000, rel=1e-5)
    P = np.eye(2)[1 - alike.astype(int)]
    low, high = score(P, np.zeros(2000, int), ("a", "b"), groups=groups).interval
    assert (low, high) == pytest.approx(wilson_interval(alike.mean() * 200 * few, 200 * few))


def covered(intervals, truth):
    return np.mean([low <= truth <= high for low, high in intervals])


def test_the_interval_of_groups_covers_the_truth():
    rng, groups = np.random.default_rng(0), np.repeat(np.arange(40), 5)
    intervals, naive = [], []
    for _ in range(300):
        chance = rng.beta(2, 0.5, 40)  # of each group, 0.8 on average
        right = rng.random(200) < chance[groups]
        rows = independent_rows(right, groups)
        intervals.append(wilson_interval(right.mean() * rows, rows))
        naive.append(wilson_interval(right.sum(), 200))
    assert covered(intervals, 0.8) > 0.93 and covered(naive, 0.8) < 0.88


@pytest.mark.parametrize("freedom", [1, 1.5, 2, 5.3, 30, 1e4])
def test_the_quantile_is_that_of_student(freedom):
    assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-5)
    assert t_quantile(0.3) == t_quantile(1)


def test_a_large_group_is_no_more_than_a_few():
    assert effective_groups(np.repeat([0, 1, 2], [98, 1, 1])) < 1.1
    right = np.repeat([1, 0, 1], [98, 1, 1])
    assert independent_rows(right, np.repeat([0, 1, 2], [98, 1, 1])) < 3


@pytest.mark.parametrize(("p", "q"), [(0.1, 0.05), (0.02, 0.02), (0.3, 0.1)])
def test_the_interval_of_a_difference_covers_the_truth(p, q):
    drawn = np.random.default_rng(0).multinomial(100, [p, q, 1 - p - q], 2000)
    assert 0.93 < covered([difference_interval(b, c, 100) for b, c, _ in drawn], p - q) <= 0.995


# Regression


def test_regression_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    y = rng.normal(5, 2, 60)
    predicted = y + rng.normal(0, 1, 60)
    scores = score_regression(predicted, y, 4.0)
    assert scores.rmse == pytest.approx(metrics.root_mean_squared_error(y, predicted))
    assert scores.mae == pytest.approx(metrics.mean_absolute_error(y, predicted))
    assert scores.r2 == pytest.approx(metrics.r2_score(y, predicted))
    assert scores.baselines == {"mean": pytest.approx(metrics.root_mean_squared_error(y, np.full(60, 4.0)))}
    assert scores.credibly_better and scores.interval[0] < scores.rmse < scores.interval[1]


def test_the_interval_of_the_rmse_covers_the_truth():
    rng = np.random.default_rng(0)
    assert 0.93 < covered([rmse_interval(rng.normal(0, 3, 100)) for _ in range(400)], 3) < 0.98
    assert 0.93 < covered([rmse_interval(rng.standard_t(5, 100)) for _ in range(400)], (5 / 3) ** 0.5) < 0.98
    spread = (np.exp(0.49) * (np.exp(0.49) - 1)) ** 0.5
    prices = [rmse_interval(rng.lognormal(0, 0.7, 100) - np.exp(0.245)) for _ in range(400)]
    assert 0.93 < covered(prices, spread) < 0.985
    groups = np.repeat(np.arange(10), 8)
    errors = [rng.normal(0, 1, 10)[groups] + rng.normal(0, 0.5, 80) for _ in range(400)]
    assert covered([rmse_interval(e, groups) for e in errors], 1.25**0.5) > 0.93
    assert covered([rmse_interval(e) for e in errors], 1.25**0.5) < 0.75
    assert rmse_interval(errors[0], groups // 2) is None  # five groups


def test_regression_that_learned_nothing_is_called_so():
    y = np.random.default_rng(0).normal(0, 1, 40)
    scores = score_regression(np.where(np.arange(40) % 9 < 5, y / 2, 2.1 * y), y, 0.0)  # nearer on 23 rows of 40
    assert scores.rmse < scores.baselines["mean"] and not scores.credibly_better
    assert scores.sentence().endswith(", which is not credibly worse)")
    chosen = score_regression(y, y, 0.0, "choosing")
    assert (chosen.interval, chosen.credibly_better) == (None, None)
    assert "used for choosing" in chosen.sentence()


def test_predictors_are_compared_row_by_row_and_by_their_rmse():
    small, large = np.full(30, 0.1), np.full(30, -0.2)
    better, worse = nearness(small, large, "it"), nearness(large, small)
    assert (better.nearer, better.farther, better.credibly_better, better.credibly_worse) == (30, 0, True, False)
    assert (worse.nearer, worse.farther, worse.credibly_better, worse.credibly_worse) == (0, 30, False, True)
    assert better.sentence() == "Credibly better than it: rmse 0.1 against 0.2, nearer on 30 of 30 rows, p < 0.001."
    wild = np.where(np.arange(30) < 2, 50.0, small)  # nearer almost always, and far off twice
    assert nearness(wild, large).p < 0.001 and not nearness(wild, large).credibly_better
    assert nearness(large, wild).p < 0.001 and not nearness(large, wild).credibly_worse


def test_baselines_of_numbers():
    y = np.random.default_rng(0).normal(0, 1, 40)
    scores = score_regression(y + 0.1, y, 0.0, baselines={"no_hidden_layer": y - 1})
    assert scores.baselines["no_hidden_layer"] == pytest.approx(1) and scores.comparisons["mean"].than.endswith("mean")
    assert scores.comparisons["no_hidden_layer"].credibly_better
    assert score_regression(y, y, 0.0, "choosing", {"x": y}).comparisons == {}


def test_regression_without_spread_or_error():
    scores = score_regression(np.array([2.0, 2.0]), np.array([2.0, 2.0]), 1.0)
    assert (scores.r2, scores.interval, scores.rmse) == (None, None, 0)
    with pytest.raises(InputError, match=r"got \(2, 1\) and \(2,\)"):
        score_regression(np.zeros((2, 1)), np.zeros(2), 0.0)
