"""Proves fit: the same again, held-out rows, restarts, and words for what cannot be used."""

import numpy as np
import pytest

from pellucid.data.splitting import split_rows
from pellucid.errors import InputError
from pellucid.model.estimator import NeuralNetworkClassifier
from pellucid.nn import Network
from pellucid.system.random_streams import seeds, stream, weight_stream
from pellucid.training import EarlyStopping, Settings, fit
from training_runs import LOSS, bits, rows, settings, trained

# the same again --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changed", [{}, {"dropout": 0.3, "batch_size": 7}, {"early_stopping": True}, {"restarts": 3}])
def test_a_refit_is_identical(changed):
    one, two = trained(*rows(), **changed), trained(*rows(), **changed)
    assert bits(one) == bits(two)
    assert one.history.cost == two.history.cost
    assert bits(trained(*rows(), **changed, random_state=6)) != bits(one) if "restarts" not in changed else True


def test_the_seed_that_was_drawn_gives_the_run_again():
    one = trained(*rows(), random_state=None, dropout=0.2, batch_size=7)
    assert bits(trained(*rows(), random_state=one.seed, dropout=0.2, batch_size=7)) == bits(one)
    assert trained(*rows(), random_state=None).seed != one.seed
    given = trained(*rows(), random_state=np.random.RandomState(1)).seed
    assert given == np.random.RandomState(1).randint(2**31 - 1)


def test_the_start_is_drawn_from_the_weight_stream():
    """A rate of almost nothing leaves the start where it was, whatever else is switched on."""
    X, y = rows()
    start = settings().network(3, 1, LOSS).initialize("he", weight_stream(5)).parameters
    for changed in ({}, {"dropout": 0.5}, {"early_stopping": True}, {"batch_size": 3}, {"l2": 1.0}):
        fitted = trained(X, y, optimizer="gradient_descent", learning_rate=1e-300, epochs=1, **changed)
        np.testing.assert_allclose(fitted.network.parameters, start, rtol=0, atol=1e-290)


def test_what_is_given_is_left_alone():
    X, y = rows()
    w = np.linspace(0, 1, 40)
    kept = X.copy(), y.copy(), w.copy()
    trained(X, y, w, (X, y), early_stopping=True, batch_size=7, class_weight="balanced")
    for now, before in zip((X, y, w), kept, strict=True):
        np.testing.assert_array_equal(now, before)


# validation, early stopping, restarts ----------------------------------------------------------------------------


def test_validation_data_alone_is_only_recorded():
    X, y = rows()
    fitted = trained(X, y, validation=rows(20, seed=1), learning_rate=1.0)
    assert bits(fitted) == bits(trained(X, y, learning_rate=1.0))
    assert fitted.history.best_epoch is None
    assert len(fitted.history.validation_cost) == 12


def test_early_stopping_gives_back_the_lowest():
    X, y = rows()
    V = rows(20, seed=1)
    fitted = trained(X, y, validation=V, learning_rate=0.5, epochs=200, early_stopping=EarlyStopping(patience=5))
    costs = fitted.history.validation_cost
    assert fitted.history.best_epoch == np.argmin(costs)
    assert fitted.network.data_cost(*V) == min(costs)
    assert len(costs) < 200
    assert min(costs) < costs[-1]
    assert bits(trained(X, y, learning_rate=0.5, epochs=fitted.history.best_epoch + 1)) == bits(fitted)


@pytest.mark.parametrize("loss", [LOSS, "softmax_cross_entropy"])
def test_rows_are_held_out_class_by_class_from_their_own_stream(loss):
    X, y = rows(positive=0.2)
    codes, n_out = y[:, 0].astype(int), 1 if loss == LOSS else 2
    kept, held = split_rows(codes, 0.25, stream(5, "split"))
    targets = y if loss == LOSS else codes
    options = {"loss": loss, "n_out": n_out, "early_stopping": EarlyStopping(50, 0.0, 0.25), "batch_size": None}
    fitted = trained(X, targets, **options)
    assert codes[held].tolist().count(1) == 2
    assert fitted.network.data_cost(X[held], targets[held]) == min(fitted.history.validation_cost)
    same = trained(X[kept], targets[kept], validation=(X[held], targets[held]), **options)
    assert bits(same) == bits(fitted)


def test_held_out_rows_keep_their_weights():
    X, y = rows()
    w = np.random.default_rng(1).uniform(0, 2, 40)
    fitted = trained(X, y, w, early_stopping=EarlyStopping(50, 0.0, 0.25))
    _, held = split_rows(y[:, 0].astype(int), 0.25, stream(5, "split"))
    v = w[held] / w[held].mean()
    assert fitted.network.data_cost(X[held], y[held], v) == pytest.approx(min(fitted.history.validation_cost), 1e-12)


def test_numbers_are_held_out_too():
    X, _y = rows()
    fitted = trained(X, X[:, :2], loss="squared_error", n_out=2, early_stopping=EarlyStopping(50, 0.0, 0.25))
    _, held = split_rows(None, 0.25, stream(5, "split"), n=40)
    assert len(held) == 10
    assert fitted.network.data_cost(X[held], X[held, :2]) == min(fitted.history.validation_cost)


@pytest.mark.parametrize("validated", [False, True])
def test_restarts_keep_the_lowest_cost(validated):
    X, y = rows()
    V = rows(20, seed=4) if validated else None
    starts = seeds(5, "restart", 4)
    runs = [trained(X, y, validation=V, random_state=seed) for seed in starts]
    final = [(run.history.validation_cost or run.history.cost)[-1] for run in runs]
    best = trained(X, y, validation=V, restarts=4)
    assert len(set(starts)) == 4
    assert starts[0] == 5
    assert bits(best) == bits(runs[int(np.argmin(final))])
    by_training = np.argmin([run.history.cost[-1] for run in runs])
    assert by_training == 2
    assert np.argmin(final) == (0 if validated else 2)  # the two costs disagree on the best start here


def test_warm_start_goes_on_from_the_weights():
    X, y = rows()
    first = trained(X, y, batch_size=None, optimizer="gradient_descent")
    kept = bits(first)
    second = trained(X, y, batch_size=None, optimizer="gradient_descent", start=first.network)
    whole = trained(X, y, batch_size=None, optimizer="gradient_descent", epochs=24)
    assert bits(second) == bits(whole)
    assert bits(first) == kept
    with pytest.raises(InputError) as error:
        trained(X, y, start=first.network, hidden_layers=(5,))
    assert str(error.value) == (
        "warm start needs the same layers: the last fit made Network(3-4 tanh-1, binary_cross_entropy, 21 parameters), "
        "these settings Network(3-5 tanh-1, binary_cross_entropy, 26 parameters)."
    )


# what cannot be trained on ---------------------------------------------------------------------------------------

X5, Y5 = np.arange(15.0).reshape(5, 3), np.array([[0.0], [1], [0], [1], [0]])


def spoiled(array, *places):
    array = array.copy()
    for place, value in places:
        array[place] = value
    return array


FILL = "Remove those rows or fill the values in."
REFUSALS = {
    "nan": (
        {"X": spoiled(X5, ((2, 1), np.nan))},
        f"X of the training rows holds 1 value that is NaN or infinity: row 2, column 1 is nan. {FILL}",
    ),
    "several": (
        {"X": spoiled(X5, ((0, 0), np.inf), ((1, 2), -np.inf), ((3, 0), np.nan), ((4, 1), np.nan))},
        "X of the training rows holds 4 values that are NaN or infinity: row 0, column 0 is inf; row 1, column 2 is "
        f"-inf; row 3, column 0 is nan; .... {FILL}",
    ),
    "y": (
        {"y": spoiled(Y5, ((4, 0), np.inf))},
        f"y of the training rows holds 1 value that is NaN or infinity: row 4, column 0 is inf. {FILL}",
    ),
    "validation": (
        {"validation": (spoiled(X5, ((0, 2), np.nan)), Y5)},
        f"X of the validation rows holds 1 value that is NaN or infinity: row 0, column 2 is nan. {FILL}",
    ),
    "weight": (
        {"sample_weight": np.array([1, 1, np.nan, 1, 1])},
        f"sample_weight holds 1 value that is NaN or infinity: row 2 is nan. {FILL}",
    ),
    "lengths": ({"y": Y5[:4]}, "the training rows: X has 5 rows but y has 4."),
    "validation lengths": ({"validation": (X5[:2], Y5)}, "the validation rows: X has 2 rows but y has 5."),
    "one dimension": (
        {"X": X5[:, 0]},
        "the training rows: X must have shape (n, d) with n and d at least 1; got (5,).",
    ),
    "no rows": (
        {"X": X5[:0], "y": Y5[:0]},
        "the training rows: X must have shape (n, d) with n and d at least 1; got (0, 3).",
    ),
    "weights' length": (
        {"sample_weight": np.ones(4)},
        "the training rows: sample_weight must have shape (5,), got (4,).",
    ),
    "negative": (
        {"sample_weight": np.array([1, 1, 1, 1, -1.0])},
        "sample_weight must be 0 or more, and above 0 somewhere.",
    ),
    "all zero": ({"sample_weight": np.zeros(5)}, "sample_weight must be 0 or more, and above 0 somewhere."),
    "no class left": (
        {"class_weight": {0: 0, 1: 0}},
        "sample_weight x class_weight is 0 in every row: nothing is left to learn from.",
    ),
    "flat y": (
        {"y": Y5[:, 0]},
        "y for binary_cross_entropy must have shape (5, 1), got (5,).",
    ),
}


@pytest.mark.parametrize(("changed", "message"), REFUSALS.values(), ids=REFUSALS)
def test_refusals(changed, message):
    with pytest.raises(InputError) as error:
        trained(**{"X": X5, "y": Y5} | changed)
    assert str(error.value) == message


def test_large_values_whose_sum_overflows_are_not_refused():
    X = np.array([[3e38], [3e38]], np.float32)
    fitted = trained(X, np.zeros((2, 1)), learning_rate=1e-300, epochs=1, hidden_layers=(), init="zeros")
    assert fitted.network.parameters.dtype == np.float32


@pytest.mark.parametrize(("given", "used"), [(np.uint8, np.float32), (np.float32, np.float32), (np.int64, np.float64)])
def test_precision_of_the_weights(given, used):
    X = (rows()[0] * 50 + 128).clip(0, 255).astype(given)
    assert trained(X, rows()[1]).network.parameters.dtype == used
    assert trained(X, rows()[1], dtype="float64").network.parameters.dtype == np.float64


def test_verbose_writes_costs_to_stderr(capsys):
    trained(*rows(), verbose=True, epochs=20, batch_size=None, validation=rows(10))
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert [line.split("  ")[0] for line in lines] == [f"epoch {e}" for e in (0, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)]
    history = trained(*rows(), epochs=20, batch_size=None, validation=rows(10)).history
    trained(*rows(), verbose=True, epochs=20, callbacks=(lambda state: state.epoch == 5,))
    assert [line.split("  ")[0] for line in capsys.readouterr().err.splitlines()] == [
        f"epoch {e}" for e in (0, 1, 3, 4)
    ]
    assert lines[0] == f"epoch 0  cost {history.cost[0]:.6f}  validation cost {history.validation_cost[0]:.6f}"


def test_history_is_plain_numbers():
    history = trained(*rows(), validation=rows(10)).history
    assert all(type(cost) is float for cost in history.cost + history.validation_cost)
    assert 0 < history.seconds < 60
    assert history.used_row_space is False
    assert isinstance(trained(*rows()).network, Network)


def test_examples_in_columns_are_named():
    X, y = np.zeros((2, 40)), np.arange(40) % 2
    for make in (
        lambda: NeuralNetworkClassifier().fit(X, y),
        lambda: fit(X, y[:, None], Settings(), "binary_cross_entropy", 1),
    ):
        with pytest.raises(InputError, match=r"X has 2 rows but y has 40\. Transpose it, X\.T: a row is an example\."):
            make()
    fitted = NeuralNetworkClassifier(epochs=1).fit(X.T, y)
    with pytest.raises(InputError, match=r"must have shape \(n, 2\), got \(2, 40\)\. Transpose it"):
        fitted.network_.predict(X)
