"""Proves fit: weights of rows, held-out rows, restarts, Ctrl-C, divergence, and words for what cannot be used."""

import os
import signal
import threading

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from pellucid.data.split import split_rows
from pellucid.errors import DivergedError, InputError, TrainingWarning
from pellucid.nn import Network
from pellucid.randomness import stream, weight_stream
from pellucid.training import EarlyStopping, Settings, fit
from pellucid.training.fit import _seeds

LOSS = "binary_cross_entropy"


@pytest.fixture(autouse=True)
def ctrl_c_interrupts():
    """As in a terminal; a job in the background inherits a SIGINT that is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def rows(n=40, seed=0, positive=0.3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, (X[:, :1] + rng.normal(0, 0.5, (n, 1)) > np.quantile(X[:, 0], 1 - positive)).astype(float)


def settings(**changed):
    usual = {"hidden_layers": (4,), "activation": "tanh", "learning_rate": 0.05, "epochs": 12, "random_state": 5}
    return Settings(**usual | changed)


def trained(X, y, sample_weight=None, validation=None, start=None, loss=LOSS, n_out=1, **changed):
    return fit(X, y, settings(**changed), loss, n_out, sample_weight=sample_weight, validation=validation, start=start)


def bits(fitted):
    return fitted.network.parameters.tobytes()


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


# weights of rows -------------------------------------------------------------------------------------------------


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
    seeds = _seeds(5, 4)
    runs = [trained(X, y, validation=V, random_state=seed) for seed in seeds]
    final = [(run.history.validation_cost or run.history.cost)[-1] for run in runs]
    best = trained(X, y, validation=V, restarts=4)
    assert len(set(seeds)) == 4
    assert seeds[0] == 5
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


# stopping --------------------------------------------------------------------------------------------------------


def test_a_callback_stops():
    seen = []

    def third(state):
        seen.append(state.epoch)
        return state.epoch == 3

    X, y = rows()
    fitted = trained(X, y, callbacks=(third,), batch_size=7)
    assert seen == [1, 2, 3]
    assert fitted.history.stopped_because == "a callback stopped it after 3 epochs"
    assert bits(fitted) == bits(trained(X, y, epochs=3, batch_size=7))
    assert trained(X, y).history.stopped_because == "all 12 epochs done"


def press_ctrl_c(at, times=1):
    """A callback that presses Ctrl-C when that many epochs are done."""
    assert threading.current_thread() is threading.main_thread()

    def callback(state):
        if state.epoch == at:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)

    return callback


def test_ctrl_c_keeps_what_was_learned():
    before = signal.getsignal(signal.SIGINT)
    X, y = rows()
    fitted = trained(X, y, callbacks=(press_ctrl_c(3),), batch_size=None)
    assert fitted.history.stopped_because == "interrupted in epoch 4; what was learned until then is kept"
    assert bits(fitted) == bits(trained(X, y, epochs=4, batch_size=None))
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_in_the_middle_of_an_epoch():
    X, y = rows()
    fitted = trained(X, y, callbacks=(press_ctrl_c(3),), batch_size=7)
    assert fitted.history.stopped_because == "interrupted in epoch 3; what was learned until then is kept"
    assert len(fitted.history.cost) == 3
    assert bits(fitted) != bits(trained(X, y, epochs=3, batch_size=7))


def test_a_second_ctrl_c_interrupts():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        trained(*rows(), callbacks=(press_ctrl_c(3, times=2),))
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_with_early_stopping_gives_back_the_lowest():
    X, y = rows()
    fitted = trained(
        X, y, validation=rows(20, seed=1), learning_rate=0.5, epochs=300, callbacks=(press_ctrl_c(40),),
        early_stopping=EarlyStopping(patience=300),
    )  # fmt: skip
    assert fitted.history.stopped_because.startswith("interrupted in epoch 41")
    assert fitted.history.best_epoch == np.argmin(fitted.history.validation_cost) < 30
    assert fitted.network.data_cost(*rows(20, seed=1)) == min(fitted.history.validation_cost)


def test_one_ctrl_c_ends_all_restarts():
    epochs = []
    X, y = rows()
    fitted = trained(X, y, restarts=5, callbacks=(press_ctrl_c(3), lambda state: epochs.append(state.epoch)))
    assert epochs == [1, 2, 3, 4]
    assert fitted.history.stopped_because.startswith("interrupted in epoch 4")


def test_fit_works_in_a_thread_of_its_own():
    found = []
    thread = threading.Thread(target=lambda: found.append(trained(*rows())))
    thread.start()
    thread.join()
    assert bits(found[0]) == bits(trained(*rows()))


# divergence ------------------------------------------------------------------------------------------------------

ONE = np.ones((1, 1))
PLAIN = {"hidden_layers": (), "init": [ONE], "optimizer": "gradient_descent", "loss": "squared_error"}
ADVICE = "clip_norm=1, or inputs scaled to about 0 to 1."


@pytest.mark.parametrize(
    ("X", "rate", "epochs", "message", "costs"),
    [
        (
            ONE, 1e200, 5,
            "Training diverged: the cost became inf in epoch 1; the last finite cost was 0.5. Try a smaller learning "
            f"rate (it was 1e+200; try 1e+199), {ADVICE}", 1,
        ),
        (
            1e200 * ONE, 0.5, 5,
            "Training diverged: the cost became inf in epoch 0; no cost was finite before it. Try a smaller learning "
            f"rate (it was 0.5; try 0.05), {ADVICE}", 0,
        ),
        (
            1e100 * ONE, 1e300, 1,
            "Training diverged: the last update gave weights that are not finite. Try a smaller rate.", 1,
        ),
    ],
)  # fmt: skip
def test_divergence_is_told_with_what_to_try(X, rate, epochs, message, costs):
    with pytest.raises(DivergedError) as error:
        trained(X, 0 * ONE, learning_rate=rate, epochs=epochs, **PLAIN)
    assert str(error.value) == message
    assert len(error.value.history.cost) == costs


def test_divergence_with_early_stopping_gives_back_the_best_and_warns():
    """On x = 1, y = 0 a rate of 3 makes w + b = 1 into -5, 25, -125, ...; the validation row wants 30, so epoch 1."""
    patient = EarlyStopping(patience=10**6)
    with pytest.warns(TrainingWarning) as warned:
        fitted = trained(
            ONE, 0 * ONE, validation=(ONE, 30 * ONE), learning_rate=3.0, epochs=2000, early_stopping=patient, **PLAIN
        )
    assert fitted.network.parameters.sum() == 25
    assert fitted.history.best_epoch == 1
    assert fitted.history.validation_cost[:3] == [35**2 / 2, 5**2 / 2, 155**2 / 2]
    assert str(warned[0].message) == (
        f"Training diverged: the cost became inf in epoch {len(fitted.history.cost)}; the last finite cost was "
        f"{fitted.history.cost[-1]:.4g}. Try a smaller learning rate (it was 3; try 0.3), {ADVICE} "
        "The best weights, of epoch 1, came back."
    )


def test_a_restart_that_converges_saves_one_that_diverges():
    """The start is 3 or 0.1 by the draw; only the far one overflows."""

    def start(rng, n_out, n_in):
        return np.full((n_out, n_in), 1e200 if rng.random_sample() < 0.5 else 0.1)

    firsts = [np.random.RandomState(seed).random_sample() < 0.5 for seed in _seeds(5, 6)]
    assert len(set(firsts)) == 2
    fitted = trained(ONE, 0 * ONE, **PLAIN | {"init": start, "restarts": 6})
    assert np.isfinite(fitted.network.parameters).all()
    assert fitted.history.stopped_because == "all 12 epochs done"


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
