"""The scikit-learn face: its own conformance checks, and what the contracts promise beyond them."""

import os
import pickle
import signal

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris, make_moons
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.estimator_checks import parametrize_with_checks

from pellucid import EarlyStopping, NeuralNetworkClassifier, NeuralNetworkRegressor
from pellucid.errors import DivergedError, InputError
from pellucid.nn import Adam, Cosine, GradientDescent


@parametrize_with_checks([NeuralNetworkClassifier(), NeuralNetworkRegressor()])
def test_scikit_learn_conformance(estimator, check):
    check(estimator)


def moons(n=80, names=("no", "yes"), dtype=np.float64):
    X, codes = make_moons(n, noise=0.15, random_state=0)
    return X.astype(dtype), np.array(names)[codes]


def classifier(**changed):
    usual = {"hidden_layers": (8,), "activation": "tanh", "learning_rate": 0.05, "epochs": 60, "random_state": 0}
    return NeuralNetworkClassifier(**usual | changed)


def regressor(**changed):
    return NeuralNetworkRegressor(**{"hidden_layers": (8,), "activation": "tanh", "random_state": 0} | changed)


# among scikit-learn's tools --------------------------------------------------------------------------------------


def test_pipeline_and_cross_validation():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), classifier())
    assert cross_val_score(pipeline, X, y, cv=3).min() > 0.9
    assert pipeline.fit(X, y).predict_proba(X).shape == (150, 3)


def test_grid_search_over_parameters_and_objects():
    X, y = moons()
    grid = {"hidden_layers": [(), (8,)], "learning_rate": [Cosine(0.05), 0.05], "optimizer": ["adam", Adam(beta1=0.8)]}
    search = GridSearchCV(classifier(), grid, cv=3).fit(X, y)
    assert search.best_params_["hidden_layers"] == (8,)
    assert search.best_score_ > 0.9
    linear = [s for s, p in zip(search.cv_results_["mean_test_score"], search.cv_results_["params"], strict=True)
              if p["hidden_layers"] == ()]  # fmt: skip
    assert max(linear) < search.best_score_


def test_clone_has_the_parameters_and_nothing_learned():
    rule = GradientDescent(0.9)
    one = classifier(optimizer=rule, early_stopping=EarlyStopping(3)).fit(*moons())
    two = clone(one)
    assert repr(two.get_params()) == repr(one.get_params())
    assert not hasattr(two, "network_")
    two.fit(*moons())
    assert two.network_.parameters.tobytes() == one.network_.parameters.tobytes()
    assert one.set_params(epochs=7).fit(*moons()).n_iter_ == 7


def test_a_pickled_estimator_answers_with_the_same_bits():
    X, y = moons()
    one = classifier(dropout=0.2).fit(X, y)
    two = pickle.loads(pickle.dumps(one))
    assert two.predict_proba(X).tobytes() == one.predict_proba(X).tobytes()


# what is learned -------------------------------------------------------------------------------------------------


def test_learned_attributes():
    X, y = moons()
    net = classifier().fit(X, y)
    assert net.classes_.tolist() == ["no", "yes"]
    assert (net.n_features_in_, net.n_iter_, net.loss_) == (2, 60, net.history_.cost[-1])
    assert net.loss_ < 0.15 < net.history_.cost[0]
    assert repr(net.network_) == "Network(2-8 tanh-1, binary_cross_entropy, 33 parameters)"
    assert net.score(X, y) > 0.95
    three = classifier(epochs=3).fit(*load_iris(return_X_y=True))
    assert repr(three.network_) == "Network(4-8 tanh-3, softmax_cross_entropy, 67 parameters)"


def test_the_positive_class_is_the_second_and_half_is_not_enough():
    """With all weights 0 p is exactly 1/2: the answer is classes_[0]; the smallest step above it is classes_[1]."""
    X, y = moons()
    net = classifier(epochs=1).fit(X, y)
    net.network_.parameters[:] = 0
    assert set(net.predict_proba(X).ravel()) == {0.5}
    assert set(net.predict(X)) == {"no"}
    net.network_.named()["b2"][:] = 1e-15
    assert set(net.predict(X)) == {"yes"}
    assert net.predict_proba(X)[0, 1] == 0.5 + 2.0**-52
    net.network_.named()["b2"][:] = np.log(3)
    np.testing.assert_allclose(net.predict_proba(X), np.tile([0.25, 0.75], (80, 1)), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_float32_and_uint8_train_and_answer_in_float32(dtype):
    X, y = moons()
    X = (X * 40 + 100).astype(dtype)
    net = classifier(epochs=2).fit(X, y)
    assert net.network_.parameters.dtype == net.predict_proba(X).dtype == np.float32
    assert classifier(epochs=2, dtype="float64").fit(X, y).network_.parameters.dtype == np.float64
    assert classifier(epochs=2).fit(*moons()).predict_proba(X).dtype == np.float64


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber"])
def test_several_outputs_are_summed_not_averaged(loss):
    """k equal columns: k times the cost, and a first step k times as long in the hidden layer as for one."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    W1, W2 = rng.normal(size=(4, 3)), rng.normal(size=(1, 4))
    steps = []
    for k in (1, 3):
        init = [W1, np.repeat(W2, k, axis=0)]
        net = regressor(hidden_layers=(4,), init=init, loss=loss, optimizer="gradient_descent", learning_rate=1e-6,
                        epochs=1, batch_size=None)  # fmt: skip
        net.fit(X, np.repeat(y[:, None], k, axis=1) if k > 1 else y)
        steps.append((net.loss_, net.network_.named()["W1"] - W1, net.network_.named()["W2"][0] - W2[0]))
    assert steps[1][0] == pytest.approx(3 * steps[0][0], rel=1e-12)
    np.testing.assert_allclose(steps[1][1], 3 * steps[0][1], rtol=1e-5, atol=1e-14)
    np.testing.assert_allclose(steps[1][2], steps[0][2], rtol=1e-5)


def test_a_linear_regression_is_least_squares():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(60, 3)), rng.normal(size=(60, 2))
    net = regressor(hidden_layers=(), optimizer="lbfgs").fit(X, Y)
    exact = np.linalg.lstsq(np.hstack([X, np.ones((60, 1))]), Y, rcond=None)[0]
    np.testing.assert_allclose(np.vstack([net.network_.named()["W1"].T, net.network_.named()["b1"]]), exact, atol=1e-6)
    assert net.predict(X).shape == (60, 2)
    assert net.fit(X, Y[:, 0]).predict(X).shape == (60,)
    assert net.fit(X, Y[:, :1]).predict(X).shape == (60, 1)


# options ---------------------------------------------------------------------------------------------------------


def test_warm_start_goes_on_from_the_weights():
    X, y = moons()
    options = {"optimizer": "gradient_descent", "batch_size": None}
    whole = classifier(epochs=20, **options).fit(X, y)
    halves = classifier(epochs=10, warm_start=True, **options).fit(X, y)
    assert halves.fit(X, y).network_.parameters.tobytes() == whole.network_.parameters.tobytes()
    assert halves.history_.cost == whole.history_.cost[10:]
    cold = classifier(epochs=10, **options).fit(X, y)
    assert cold.fit(X, y).history_.cost == whole.history_.cost[:10]


def test_validation_data_has_labels_of_its_own():
    X, y = moons()
    V, v = X[::-4], y[::-4]
    net = classifier().fit(X, y, validation_data=(V, v))
    Z = net.network_.forward(V)[0]
    assert net.history_.validation_cost[-1] == pytest.approx(
        np.logaddexp(0, np.where(v == "yes", -1, 1) * Z[:, 0]).mean(), rel=1e-12
    )
    assert len(net.history_.validation_cost) == 60
    assert net.network_.parameters.tobytes() == classifier().fit(X, y).network_.parameters.tobytes()
    only_yes = classifier(epochs=2).fit(X, y, validation_data=(X[y == "yes"], y[y == "yes"]))
    assert len(only_yes.history_.validation_cost) == 2
    values = regressor(epochs=3).fit(X, X, validation_data=(V, V))
    assert values.history_.validation_cost[-1] == pytest.approx(
        0.5 * ((values.predict(V) - V) ** 2).sum(axis=1).mean(), rel=1e-12
    )


def test_early_stopping_on_validation_data():
    X, y = moons()
    V = moons(200)[0] + 0.3, moons(200)[1]
    net = classifier(early_stopping=EarlyStopping(5, 0), epochs=500, learning_rate=0.5).fit(X, y, validation_data=V)
    assert net.n_iter_ < 500
    targets = (V[1] == "yes")[:, None].astype(float)
    assert net.network_.data_cost(V[0], targets) == min(net.history_.validation_cost)


def test_class_weights_by_label():
    X, y = moons()
    by_label = classifier(class_weight={"yes": 5.0}).fit(X, y)
    by_row = classifier().fit(X, y, sample_weight=np.where(y == "yes", 5.0, 1.0))
    assert by_label.network_.parameters.tobytes() == by_row.network_.parameters.tobytes()
    assert (by_label.predict(X) == "yes").sum() > (classifier().fit(X, y).predict(X) == "yes").sum()
    some = (y == "yes") | (np.arange(80) < 20)
    balanced = classifier(class_weight="balanced").fit(X[some], y[some])
    by_hand = classifier().fit(X[some], y[some], sample_weight=compute_sample_weight("balanced", y[some]))
    np.testing.assert_allclose(balanced.network_.parameters, by_hand.network_.parameters, rtol=1e-9)


def test_ctrl_c_in_the_first_epoch_keeps_the_estimator_usable():
    X, y = moons()

    def schedule(t, epochs):
        if t > 0.3:
            os.kill(os.getpid(), signal.SIGINT)
        return 0.05

    net = classifier(batch_size=10, learning_rate=schedule).fit(X, y)
    assert net.history_.stopped_because == "interrupted in epoch 0; what was learned until then is kept"
    assert (net.n_iter_, str(net.loss_)) == (0, "nan")
    assert net.predict(X).shape == (80,)


def test_to_model_answers_as_the_estimator_does():
    X, y = moons()
    net = classifier().fit(X, y)
    model = net.to_model()
    assert model.predict(X).tolist() == net.predict(X).tolist()
    assert model.predict_proba(X).tobytes() == net.predict_proba(X).tobytes()
    assert net.to_model(["nein", "ja"]).class_names == ("nein", "ja")
    values = regressor(epochs=3).fit(X, X)
    assert values.to_model().predict(X).tobytes() == values.predict(X).tobytes()
    column = regressor(epochs=3).fit(X, X[:, 0])
    assert column.to_model().predict(X).tobytes() == column.predict(X).tobytes()


# what cannot be used ---------------------------------------------------------------------------------------------

IRIS_X, IRIS_Y = load_iris(return_X_y=True)
HOLE = np.where(np.arange(8).reshape(4, 2) == 5, np.nan, 1.0)
REFUSALS = {
    "one class": (
        lambda: classifier().fit(IRIS_X[:50], ["only"] * 50),
        "a classifier needs at least two classes; y has 1 class only, 'only'.",
    ),
    "unknown label in validation": (
        lambda: classifier().fit(*moons(), validation_data=(moons()[0][:2], ["yes", "maybe"])),
        "y has labels that training never saw: 'maybe'; known are 'no', 'yes'.",
    ),
    "validation of another length": (
        lambda: classifier().fit(*moons(), validation_data=(moons()[0][:3], ["yes", "no"])),
        "X has 3 rows but y has 2.",
    ),
    "validation that is no pair": (
        lambda: classifier().fit(*moons(), validation_data=moons()[0]),
        "validation_data must be a pair (X, y), got ndarray.",
    ),
    "class_weight of an unknown label": (
        lambda: classifier(class_weight={"yes": 2, "maybe": 1}).fit(*moons()),
        "unknown class in class_weight 'maybe'. Known: no, yes.",
    ),
    "class_weight of a regression": (
        lambda: regressor(class_weight="balanced").fit(IRIS_X, IRIS_Y),
        "class_weight is for classes; weigh rows of a regression with sample_weight.",
    ),
    "class names too few": (
        lambda: classifier(epochs=1).fit(IRIS_X, IRIS_Y).to_model(["a", "b"]),
        "class_names must have 3 names, got 2.",
    ),
    "a hole": (
        lambda: classifier().fit(HOLE, [0, 1, 0, 1]),
        "Input X (NaN or inf) holds 1 value that is NaN or infinity: row 2, column 1 is nan. "
        "Remove those rows or fill the values in.",
    ),
    "three classes, one logit": (
        lambda: classifier(loss="binary_cross_entropy").fit(IRIS_X, IRIS_Y),
        "loss must be softmax_cross_entropy for 3 classes; got 'binary_cross_entropy'.",
    ),
    "a setting": (
        lambda: classifier(epochs=0).fit(*moons()),
        "epochs must be a whole number, at least 1; got 0.",
    ),
}


@pytest.mark.parametrize(("act", "message"), REFUSALS.values(), ids=REFUSALS)
def test_refusals(act, message):
    with pytest.raises(InputError) as error:
        act()
    assert str(error.value) == message


def test_a_hole_is_named_by_its_column():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(InputError, match="row 2, column 'height' is nan"):
        classifier().fit(pandas.DataFrame(HOLE, columns=["age", "height"]), [0, 1, 0, 1])


def test_divergence_reaches_the_caller():
    with pytest.raises(DivergedError, match=r"Training diverged: the cost became (inf|nan) in epoch \d+"):
        regressor(optimizer="gradient_descent", activation="relu", learning_rate=1e6).fit(IRIS_X, IRIS_X)


def test_a_warm_start_with_other_classes_is_refused():
    X = np.random.default_rng(0).normal(size=(20, 2))
    y = np.where(X[:, 0] > 0, "dog", "cat")
    net = NeuralNetworkClassifier(warm_start=True, epochs=2, random_state=0).fit(X, y)
    before = net.network_.parameters.tobytes()
    with pytest.raises(InputError, match=r"classes of the fit before, \['cat', 'dog'\]; y has \['dog', 'fox'\]"):
        net.fit(X, np.where(y == "cat", "fox", "dog"))
    assert net.classes_.tolist() == ["cat", "dog"] and net.network_.parameters.tobytes() == before
    net.fit(X, y)


@pytest.mark.parametrize("made", [lambda days: pd.DataFrame({"day": days}), lambda days: days.to_numpy()[:, None]])
def test_dates_are_refused(made):
    X, y = made(pd.Series(pd.date_range("2020", periods=10))), np.arange(10) % 2
    with pytest.raises(InputError, match=r"X has a column of dates \(datetime64"):
        NeuralNetworkClassifier(epochs=2).fit(X, y)


def test_a_frame_is_matched_by_name():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 4)), columns=list("abcd"))
    model = NeuralNetworkClassifier(epochs=20, random_state=0).fit(frame, frame.a > 0).to_model(["no", "yes"])
    assert np.array_equal(model.predict_proba(frame[list("dcba")].assign(id=1)), model.predict_proba(frame.to_numpy()))
    with pytest.raises(InputError, match="the data frame has no 'b'"):
        model.predict(frame.drop(columns="b"))
