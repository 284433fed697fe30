"""Cross-validation against scikit-learn's, with predictors whose answers are known, and learning curves of them."""

import json
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from pellucid.errors import InputError
from pellucid.evaluation import cross_validate, cross_validate_regression, learning_curve, wilson_interval
from pellucid.evaluation.intervals import difference_interval
from pellucid.evaluation.learning_curve import nested_subsets
from pellucid.evaluation.regression import rmse_interval

RNG = np.random.default_rng(0)
LABELS = (RNG.random(120) < 0.35).astype(int)
X = RNG.normal(0, 1, (120, 3)) + LABELS[:, None] * [1.0, 0.5, 0.0]
NAMES = ("other", "cat")


def logistic(training, held, where, columns=slice(None)):
    fitted = LogisticRegression().fit(X[training][:, columns], LABELS[training])
    return fitted.predict_proba(X[held][:, columns])


def both(training, held, where):
    return {"net": logistic(training, held, where), "no_hidden_layer": logistic(training, held, where, slice(2, 3))}


def as_sklearn(held):
    return [(np.setdiff1d(np.arange(len(LABELS)), rows), rows) for rows in held]


def test_it_is_scikit_learns_on_the_same_folds():
    result = cross_validate(both, LABELS, NAMES, seed=3, repeats=1)
    expected = cross_val_predict(LogisticRegression(), X, LABELS, cv=as_sklearn(result.held), method="predict_proba")
    np.testing.assert_allclose(result.probabilities, expected)
    majority = cross_val_predict(DummyClassifier(), X, LABELS, cv=as_sklearn(result.held))
    assert result.baselines["majority"] == (majority == LABELS).mean()
    assert result.accuracy == result.scores.accuracy == (expected.argmax(axis=1) == LABELS).mean()
    assert result.interval == result.scores.interval == wilson_interval(result.accuracy * 120, 120)
    others = cross_val_predict(LogisticRegression(), X[:, 2:], LABELS, cv=as_sklearn(result.held)) == LABELS
    told = result.scores.comparisons["no_hidden_layer"]
    assert (told.right, told.others) == (result.accuracy * 120, others.sum())
    assert list(result.baselines) == ["no_hidden_layer", "majority"]


def test_repeats_have_folds_of_their_own_and_add_no_rows():
    seen, told = [], []

    def noted(training, held, where):
        assert set(training) | set(held) == set(range(120)) and not set(training) & set(held)
        seen.append((where, held.tolist()))
        return both(training, held, where)

    result = cross_validate(noted, LABELS, NAMES, seed=3, progress=lambda *numbers: told.append(numbers))
    assert [where for where, _ in seen][:6] == [
        *(f"fold {number} of 5, repeat 1 of 3" for number in range(1, 6)),
        "fold 1 of 5, repeat 2 of 3",
    ]
    assert seen[0][1] != seen[5][1]
    assert told == [(number, 15) for number in range(1, 16)]
    once = cross_validate(both, LABELS, NAMES, seed=3, repeats=1)
    np.testing.assert_array_equal(once.probabilities, result.probabilities)
    assert result.accuracies[0] == once.accuracy and len(result.accuracies) == 3
    assert result.accuracy == pytest.approx(np.mean(result.accuracies))
    assert result.interval == wilson_interval(result.accuracy * 120, 120)
    assert result.wrong.mean() == pytest.approx(1 - result.accuracy)
    assert result.sentence() == (
        f"{result.accuracy:.3f} in 5-fold cross-validation of 120 rows, 3 times (95% interval "
        f"{result.interval[0]:.3f} to {result.interval[1]:.3f}; always the majority: {1 - LABELS.mean():.3f}; "
        "row counts are from the first repeat)"
    )
    json.dumps(result.as_dict(), allow_nan=False)


def test_sure_mistakes_are_wrong_each_time_and_come_the_surest_first():
    P = np.eye(2)[LABELS] * 0.8 + 0.1
    P[[7, 30, 50]] = (np.eye(2)[1 - LABELS])[[7, 30, 50]] * [[0.2], [0.8], [0.5]] + [[0.4], [0.1], [0.25]]
    calls = iter(range(100))

    def mostly(training, held, where):
        answer = P[held]
        if next(calls) >= 5 and 50 in held:  # right from the second repeat on
            answer[held == 50] = P[50][::-1]
        return answer

    result = cross_validate(mostly, LABELS, NAMES, seed=0)
    assert result.sure_mistakes().tolist() == [30, 7]
    assert result.sure_mistakes(1).tolist() == [30]
    assert result.wrong[[7, 30, 50, 51]].tolist() == [1, 1, 1 / 3, 0]


def test_groups_stay_together_and_widen_the_interval():
    groups = np.arange(120) // 6

    def by_group(training, held, where):
        assert not set(groups[training]) & set(groups[held])
        wrong = groups[held] % 4 == 0
        return np.eye(2)[np.where(wrong, 1 - LABELS[held], LABELS[held])]

    result = cross_validate(by_group, LABELS, NAMES, seed=0, groups=groups)
    assert result.accuracy == 0.75
    few = (
        20 * 19 / 20 * 120 / 119 * (stats.t.ppf(0.975, 119) / stats.t.ppf(0.975, 19)) ** 2
    )  # right or wrong as a whole
    assert result.effective_rows == result.scores.effective_rows == pytest.approx(few)
    assert result.interval == pytest.approx(wilson_interval(0.75 * few, few))
    assert ", 20 groups kept together (95%" in result.sentence() and result.scores.comparisons["majority"].groups == 20
    assert result.as_dict()["grouped"] and result.as_dict()["effective_rows"] == result.effective_rows


@pytest.mark.parametrize(
    "answer, told",
    [
        (lambda held: np.full((len(held), 2), np.nan), "net, fold 1 of 5, repeat 1 of 3: expected a finite answer"),
        (lambda held: np.zeros((len(held) - 1, 2)), "for each of 24 rows"),
    ],
)
def test_answers_that_cannot_be_scored(answer, told):
    with pytest.raises(InputError, match=told):
        cross_validate(lambda training, held, where: answer(held), LABELS, NAMES, seed=0)
    with pytest.raises(InputError, match="at least once, got repeats=0"):
        cross_validate(both, LABELS, NAMES, seed=0, repeats=0)


def test_regression_on_the_same_folds_as_scikit_learn():
    from sklearn.dummy import DummyRegressor
    from sklearn.linear_model import LinearRegression

    y = X @ [1.0, -2.0, 0.5] + RNG.normal(0, 1, 120)
    result = cross_validate_regression(
        lambda training, held, where: LinearRegression().fit(X[training], y[training]).predict(X[held]), y, seed=1
    )
    expected = cross_val_predict(LinearRegression(), X, y, cv=as_sklearn(result.held))
    np.testing.assert_allclose(result.predicted, expected)
    mean = cross_val_predict(DummyRegressor(), X, y, cv=as_sklearn(result.held))
    assert result.scores.baselines["mean"] == pytest.approx(np.sqrt(((mean - y) ** 2).mean()))
    assert result.rmses[0] == result.scores.rmse == pytest.approx(np.sqrt(((expected - y) ** 2).mean()))
    assert result.rmse == pytest.approx(np.sqrt(np.mean(np.square(result.rmses))))
    assert result.rmse == pytest.approx(np.sqrt((result.error**2).mean()))
    assert result.interval[0] < result.rmse < result.interval[1] < result.baselines["mean"]
    json.dumps(result.as_dict(), allow_nan=False)


def test_the_majority_is_not_understated_by_folds():
    labels = np.arange(20) % 2  # as many of each: whichever is held, the other one is more frequent in the rest
    result = cross_validate(lambda training, held, where: np.eye(2)[labels[held]], labels, NAMES, seed=0, folds=20)
    assert result.baselines["majority"] == result.scores.baselines["majority"] == 0.5
    assert result.scores.comparisons["majority"].others == 10


def test_groups_of_numbers_are_few_rows():
    groups = np.arange(120) // 12
    y = np.repeat(RNG.normal(0, 1, 10), 12)

    def rest(training, held, where):
        assert not set(groups[training]) & set(groups[held])
        return np.full(len(held), y[training].mean() / 2)

    result = cross_validate_regression(rest, y, seed=0, repeats=1, groups=groups)
    assert result.effective_rows == result.scores.effective_rows == 10
    assert np.ptp(result.interval) > 2 * np.ptp(rmse_interval(result.error))
    assert result.interval == result.scores.interval == rmse_interval(result.error, groups)
    few = cross_validate_regression(rest, y, seed=0, repeats=1, groups=groups // 2)
    for scored in (few, few.scores):
        assert scored.interval is None and "(too few groups for an interval; always the mean" in scored.sentence()
    assert ", 10 groups kept together (" in result.sentence() and result.scores.comparisons["mean"].groups == 10
    json.dumps(result.as_dict(), allow_nan=False)


# Learning curves


@pytest.mark.parametrize("grouped", [False, True])
def test_subsets_are_nested_stratified_and_whole(grouped):
    rng = np.random.default_rng(2)
    groups = np.arange(200) // 4
    labels = (groups % 5 == 0).astype(int)  # a fifth
    shares = (0.01, 0.25, 0.5, 0.75, 1.0)
    subsets = nested_subsets(labels, groups if grouped else None, shares, rng)
    for smaller, larger in pairwise(subsets):
        assert set(smaller) < set(larger)
    assert [len(rows) for rows in subsets[2:]] == [100, 152 if grouped else 150, 200]
    for rows in subsets:
        assert set(labels[rows]) == {0, 1}
        assert len(rows) < 10 or abs(labels[rows].mean() - 0.2) < 0.05
        assert not grouped or set(np.bincount(groups[rows])) <= {0, 4}


def learner(labels, curve):
    """Right on a share of the held rows that depends on the number of training rows; the same rows first."""
    order = np.random.default_rng(5).permutation(len(labels)) / len(labels)

    def fit_predict(training, held, where):
        right = order[held] < curve(len(training))
        return np.eye(2)[np.where(right, labels[held], 1 - labels[held])]

    return fit_predict


@pytest.mark.parametrize(
    "n, curve, answer",
    [
        (1000, lambda rows: 0.5 + rows / 2000, "More pictures would probably help: learning from 800 instead of 600 "),
        (1000, lambda rows: 0.9, "More pictures of the same kind would hardly help: "),
        (1000, lambda rows: 0.9 if rows < 700 else 0.7, "More pictures of the same kind would hardly help: "),
        (60, lambda rows: 0.9, "It is unclear whether more pictures would help: learning from 48 instead of 36 "),
    ],
)
def test_would_more_help(n, curve, answer):
    labels = np.arange(n) % 2
    result = learning_curve(learner(labels, curve), labels, seed=0)
    assert result.sentence("pictures").startswith(answer)
    assert result.gain == pytest.approx(curve(0.8 * n) - curve(0.6 * n), abs=2 / n)
    assert [point.share for point in result.points] == [0.25, 0.5, 0.75, 1.0]
    for point in result.points:
        assert point.rows == pytest.approx(point.share * 0.8 * n, abs=1)
        assert point.accuracy == pytest.approx(curve(point.rows), abs=1 / n + 1e-9)
        assert point.interval == pytest.approx(wilson_interval(point.accuracy * n, n))
    json.dumps(result.as_dict(), allow_nan=False)


def test_the_gain_is_that_of_the_same_rows():
    result = learning_curve(logistic, LABELS, seed=3, shares=(0.2, 1))
    small, large = (point.accuracy for point in result.points)
    assert result.gain == large - small
    subsets = learning_curve(logistic, LABELS, seed=3, shares=(0.1, 0.2))
    assert subsets.points[1].accuracy == small  # nested: another share before it changes nothing
    rising = np.arange(200) % 2
    told = learning_curve(learner(rising, lambda rows: 0.5 + rows / 400), rising, seed=0)
    assert told.gain_interval == pytest.approx(difference_interval(20, 0, 200))


def test_cross_validation_gives_the_last_point():
    fits, told = [], []
    whole = cross_validate(logistic, LABELS, NAMES, seed=3)

    def counted(training, held, where):
        fits.append(where)
        return {"net": logistic(training, held, where)}

    known = learning_curve(
        counted, LABELS, seed=3, whole=whole.probabilities, progress=lambda *numbers: told.append(numbers)
    )
    assert fits[0] == "fold 1 of 5, 25% of the rows" and len(fits) == 15 and told[-1] == (15, 15)
    assert known == learning_curve(logistic, LABELS, seed=3)
    assert known.points[-1].accuracy == whole.accuracies[0]


@pytest.mark.parametrize("shares", [(1.0,), (0.5, 0.25), (0.0, 1.0), (0.5, 1.1)])
def test_shares_rise(shares):
    with pytest.raises(InputError, match="rise from above 0 to at most 1"):
        learning_curve(logistic, LABELS, seed=0, shares=shares)
