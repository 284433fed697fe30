"""Proves what a row counts: sample weights, class weights, and rows of weight zero."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from training_runs import LOSS, bits, rows, settings, trained


@pytest.mark.parametrize("changed", [{"batch_size": None}, {"batch_size": 7, "dropout": 0.2, "l2": 0.1}])
def test_rows_of_weight_zero_are_rows_removed(changed):
    X, y = rows()
    for highest in (1, 3):
        w = np.random.default_rng(1).integers(0, highest, 40, endpoint=True).astype(float)
        some = w > 0
        with_zeros, removed = trained(X, y, w, **changed), trained(X[some], y[some], w[some], **changed)
        assert bits(with_zeros) == bits(removed)
        assert with_zeros.history.cost == removed.history.cost
    start = settings().network(3, 1, LOSS).initialize("he", 5)
    J = (w * start.loss.value(start.forward(X)[0], y)).sum() / w.sum()
    if not changed.get("dropout"):
        assert with_zeros.history.cost[0] == pytest.approx(J, rel=1e-13)


@pytest.mark.parametrize("batch_size", [None, 7])
def test_only_the_proportions_of_weights_count(batch_size):
    X, y = rows()
    w = np.random.default_rng(1).uniform(0, 2, 40)
    one, ten = trained(X, y, w, batch_size=batch_size), trained(X, y, 10 * w, batch_size=batch_size)
    np.testing.assert_allclose(ten.network.parameters, one.network.parameters, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ten.history.cost, one.history.cost, rtol=1e-12)
    assert bits(trained(X, y, np.full(40, 3.0), batch_size=batch_size)) == bits(trained(X, y, batch_size=batch_size))


def test_a_weight_of_two_is_a_row_twice():
    X, y = rows()
    w = np.random.default_rng(1).integers(1, 4, 40)
    full = {"batch_size": None, "optimizer": "gradient_descent", "l2": 0.1}
    twice = trained(np.repeat(X, w, axis=0), np.repeat(y, w, axis=0), **full)
    weighted = trained(X, y, w, **full)
    np.testing.assert_allclose(weighted.network.parameters, twice.network.parameters, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(weighted.history.cost, twice.history.cost, rtol=1e-12)


def test_balanced_is_scikit_learns():
    """As class weights, as sample weights, and as the cost before the first step: each class counts alike."""
    X, y = rows()
    codes = y[:, 0].astype(int)
    by_class = dict(enumerate(compute_class_weight("balanced", classes=np.array([0, 1]), y=codes)))
    balanced = trained(X, y, class_weight="balanced", batch_size=None)
    for other in (
        trained(X, y, class_weight=by_class, batch_size=None),
        trained(X, y, compute_sample_weight("balanced", codes), batch_size=None),
    ):
        np.testing.assert_allclose(other.network.parameters, balanced.network.parameters, rtol=1e-10, atol=1e-12)
    l = np.logaddexp(0, np.where(y, -1, 1) * settings().network(3, 1, LOSS).initialize("he", 5).forward(X)[0])
    assert balanced.history.cost[0] == pytest.approx((l[y == 1].mean() + l[y == 0].mean()) / 2, rel=1e-13)


def test_balanced_counts_sample_weights_and_softmax_codes():
    X, codes = rows()[0], np.repeat([0, 1, 2], [20, 15, 5])
    w = np.random.default_rng(1).uniform(0, 2, 40)
    w[codes == 1] = 0  # a class of no weight is as good as absent
    total = {c: w[codes == c].sum() for c in (0, 2)}
    by_hand = w * np.array([1 / total.get(c, 1) for c in codes])
    options = {"loss": "softmax_cross_entropy", "n_out": 3, "batch_size": None}
    balanced = trained(X, codes, w, class_weight="balanced", **options)
    np.testing.assert_allclose(
        balanced.network.parameters, trained(X, codes, by_hand, **options).network.parameters, rtol=1e-10, atol=1e-12
    )


def test_class_weights_by_code_and_one_for_those_not_named():
    X, y = rows()
    w = np.where(y[:, 0] == 1, 3.0, 1.0)
    assert bits(trained(X, y, class_weight={1: 3.0})) == bits(trained(X, y, w))
    assert bits(trained(X, y, 2 * w, class_weight={1: 3.0})) == bits(trained(X, y, 2 * w * w))
