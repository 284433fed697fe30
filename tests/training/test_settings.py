"""Proves Settings: what is impossible is refused in words when the value is made; defaults are the contract."""

import dataclasses

import numpy as np
import pytest

from pellucid import NeuralNetworkClassifier
from pellucid.errors import InputError
from pellucid.nn import Adam, AdamW, Cosine, Dropout, GradientDescent
from pellucid.training import EarlyStopping, Settings

KNOWN = {
    "activation": "elu, gelu, leaky_relu, linear, relu, sigmoid, softplus, tanh",
    "initializer": "he, lecun, normal_0.01, uniform_0.01, xavier, zeros",
    "loss": "absolute_error, binary_cross_entropy, huber, softmax_cross_entropy, squared_error",
    "optimizer": "adam, adamw, gradient_descent, lbfgs, momentum, nesterov, rmsprop",
}
PAIR = "a hidden layer must be a width, at least 1, or a pair (width, activation); got "
RATE = "learning_rate must be a positive number or a schedule such as Cosine(0.01), got "

REFUSALS = [
    ({"hidden_layers": 5}, "hidden_layers must be a sequence such as (20, 7, 5), got 5."),
    ({"hidden_layers": "20,7"}, "hidden_layers must be a sequence such as (20, 7, 5), got '20,7'."),
    ({"hidden_layers": None}, "hidden_layers must be a sequence such as (20, 7, 5), got None."),
    ({"hidden_layers": (4, 0)}, PAIR + "(0, 'relu')."),
    ({"hidden_layers": (4, 2.5)}, PAIR + "(2.5, 'relu')."),
    ({"hidden_layers": (True,)}, PAIR + "(True, 'relu')."),
    ({"hidden_layers": ("tanh",)}, PAIR + "('tanh', 'relu')."),
    ({"hidden_layers": ((4, "relu", 1),)}, PAIR + "(4, 'relu', 1)."),
    (
        {"hidden_layers": ((4, "tan"),)},
        f"unknown activation 'tan': did you mean 'tanh'? Known: {KNOWN['activation']}.",
    ),
    ({"activation": "rleu"}, f"unknown activation 'rleu': did you mean 'relu'? Known: {KNOWN['activation']}."),
    ({"activation": "xyz"}, f"unknown activation 'xyz'. Known: {KNOWN['activation']}."),
    ({"init": "zero"}, f"unknown initializer 'zero': did you mean 'zeros'? Known: {KNOWN['initializer']}."),
    ({"loss": "hubber"}, f"unknown loss 'hubber': did you mean 'huber'? Known: {KNOWN['loss']}."),
    ({"optimizer": "Adam"}, f"unknown optimizer 'Adam': did you mean 'adam'? Known: {KNOWN['optimizer']}."),
    ({"optimizer": None}, "optimizer must be a name or an object like GradientDescent(momentum=0.9), got None."),
    ({"learning_rate": 0}, RATE + "0."),
    ({"learning_rate": -1e-3}, RATE + "-0.001."),
    ({"learning_rate": float("nan")}, RATE + "nan."),
    ({"learning_rate": "fast"}, RATE + "'fast'."),
    ({"epochs": 0}, "epochs must be a whole number, at least 1; got 0."),
    ({"epochs": 1.5}, "epochs must be a whole number, at least 1; got 1.5."),
    ({"epochs": True}, "epochs must be a whole number, at least 1; got True."),
    ({"restarts": 0}, "restarts must be a whole number, at least 1; got 0."),
    ({"batch_size": 0}, "batch_size must be 'auto', None or a whole number, at least 1; got 0."),
    ({"batch_size": "all"}, "batch_size must be 'auto', None or a whole number, at least 1; got 'all'."),
    ({"l2": -0.1}, "l2 must be 0 or more; got -0.1."),
    ({"l2": float("inf")}, "l2 must be 0 or more; got inf."),
    ({"l2": float("nan")}, "l2 must be 0 or more; got nan."),
    (
        {"optimizer": AdamW(weight_decay=0.3), "l2": 0.1},
        "l2 must be 0 where AdamW has a weight_decay of its own; got 0.1.",
    ),
    ({"l2": "0.1"}, "l2 must be 0 or more; got '0.1'."),
    ({"dropout": "no"}, "dropout must be a probability, at least 0 and below 1; got 'no'."),
    ({"clip_norm": "1"}, "clip_norm must be None or positive; got '1'."),
    ({"dropout": 1}, "dropout must be a probability, at least 0 and below 1; got 1."),
    ({"dropout": -0.5}, "dropout must be a probability, at least 0 and below 1; got -0.5."),
    ({"clip_norm": 0}, "clip_norm must be None or positive; got 0."),
    ({"clip_norm": float("nan")}, "clip_norm must be None or positive; got nan."),
    ({"early_stopping": 10}, "early_stopping must be True, False or an EarlyStopping; got 10."),
    ({"class_weight": "equal"}, "class_weight must be None, 'balanced' or {class: weight}; got 'equal'."),
    ({"class_weight": {0: -1.0}}, "class_weight must be of weights that are 0 or more; got {0: -1.0}."),
    ({"class_weight": {0: float("nan")}}, "class_weight must be of weights that are 0 or more; got {0: nan}."),
    ({"row_space": "yes"}, "row_space must be 'auto', True or False; got 'yes'."),
    ({"row_space": True}, "row_space must be 'auto' or False with adam, which is coordinate-wise; got True."),
    ({"dtype": "float16"}, "dtype must be 'auto', 'float32' or 'float64'; got 'float16'."),
    ({"dtype": "flaot32"}, "dtype must be 'auto', 'float32' or 'float64'; got 'flaot32'."),
    ({"dtype": np.int64}, "dtype must be 'auto', 'float32' or 'float64'; got <class 'numpy.int64'>."),
    ({"optimizer": "lbfgs", "batch_size": 32}, "batch_size must be None or 'auto' with lbfgs; got 32."),
    (
        {"optimizer": "lbfgs", "dropout": 0.1},
        "dropout must be 0 with lbfgs (a line search needs a fixed cost); got 0.1.",
    ),
    ({"optimizer": "lbfgs", "clip_norm": 1}, "clip_norm must be None with lbfgs (it chooses its steps); got 1."),
]


@pytest.mark.parametrize(("changed", "message"), REFUSALS, ids=[str(r[0]) for r in REFUSALS])
def test_refusals(changed, message):
    with pytest.raises(InputError) as error:
        Settings(**changed)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"patience": 0}, "patience must be at least 1 epoch; got 0."),
        ({"min_delta": -1e-4}, "min_delta must be 0 or more; got -0.0001."),
        ({"fraction": 0}, "fraction must be between 0 and 1; got 0."),
        ({"fraction": 1}, "fraction must be between 0 and 1; got 1."),
    ],
)
def test_early_stopping_refusals(changed, message):
    with pytest.raises(InputError) as error:
        EarlyStopping(**changed)
    assert str(error.value) == message


def test_defaults_are_the_contract_and_the_estimators():
    contract = {
        "hidden_layers": (100,), "activation": "relu", "init": "he", "optimizer": "adam", "learning_rate": 0.001,
        "epochs": 200, "batch_size": "auto", "l2": 0.0, "dropout": 0.0, "clip_norm": None, "class_weight": None,
        "early_stopping": False, "restarts": 1, "row_space": "auto", "dtype": "auto", "callbacks": (),
        "warm_start": False, "random_state": None, "verbose": False, "loss": "auto",
    }  # fmt: skip
    assert vars(Settings()) == contract
    assert NeuralNetworkClassifier().get_params() == contract
    assert dataclasses.astuple(EarlyStopping()) == (10, 1e-4, 0.1)


def test_a_setting_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().epochs = 3


def test_layers_and_network():
    s = Settings(hidden_layers=(4, (3, "tanh")), activation="elu", dropout=0.25, l2=0.5)
    assert s.layers == [(4, "elu"), (3, "tanh")]
    net = s.network(2, 1, "huber", np.float32)
    assert repr(net.layers) == (
        "[Dense(2, 4, 'elu'), Dropout(0.25), Dense(4, 3, 'tanh'), Dropout(0.25), Dense(3, 1, 'linear')]"
    )
    assert (net.l2, net.parameters.dtype) == (0.5, np.float32)
    assert not any(isinstance(layer, Dropout) for layer in Settings().network(2, 1, "huber").layers)
    assert repr(Settings(hidden_layers=()).network(2, 3, "huber").layers) == "[Dense(2, 3, 'linear')]"


def test_adamw_takes_l2_as_its_decay():
    s = Settings(optimizer="adamw", l2=0.1)
    assert s.rule == AdamW(weight_decay=0.1)
    assert s.network(2, 1, "huber").l2 == 0
    assert Settings(optimizer=AdamW(weight_decay=0.3)).rule.weight_decay == 0.3
    assert Settings(optimizer="adam", l2=0.1).rule == Adam()
    assert Settings(optimizer="adam", l2=0.1).network(2, 1, "huber").l2 == 0.1
    assert Settings(optimizer=GradientDescent(0.5)).rule == GradientDescent(0.5)


@pytest.mark.parametrize(
    ("batch_size", "optimizer", "n", "rows"),
    [
        ("auto", "adam", 50, 50),
        ("auto", "adam", 1000, 200),
        (None, "adam", 1000, 1000),
        (32, "adam", 1000, 32),
        (32, "adam", 10, 10),
        (np.int64(32), "adam", 99, 32),
        ("auto", "lbfgs", 1000, 1000),
    ],
)
def test_batch_rows(batch_size, optimizer, n, rows):
    assert Settings(batch_size=batch_size, optimizer=optimizer).batch_rows(n) == rows


@pytest.mark.parametrize(
    ("dtype", "given", "used"),
    [
        ("auto", np.float32, np.float32),
        ("auto", np.uint8, np.float32),
        ("auto", np.float64, np.float64),
        ("auto", np.int64, np.float64),
        ("auto", np.float16, np.float64),
        ("float32", np.float64, np.float32),
        (np.float64, np.float32, np.float64),
        (np.dtype("float32"), np.float64, np.float32),
    ],
)
def test_precision(dtype, given, used):
    assert Settings(dtype=dtype).training_dtype(np.zeros((1, 1), given)) == used


@pytest.mark.parametrize(
    ("loss", "n_classes", "name", "logits"),
    [
        ("auto", 2, "binary_cross_entropy", 1),
        ("auto", 3, "softmax_cross_entropy", 3),
        ("softmax_cross_entropy", 2, "softmax_cross_entropy", 2),
    ],
)
def test_the_loss_of_a_classifier(loss, n_classes, name, logits):
    found, n_out = Settings(loss=loss).classifier_loss(n_classes)
    assert (found.name, n_out) == (name, logits)


def test_a_loss_that_does_not_fit_the_task_is_refused():
    with pytest.raises(InputError, match="gives probabilities, a cross-entropy, for classes; got 'squared_error'"):
        Settings(loss="squared_error").classifier_loss(2)
    with pytest.raises(InputError, match="one of values, such as squared_error, for a regression; got 'softmax"):
        Settings(loss="softmax_cross_entropy").regressor_loss()


def test_more_classes_need_softmax():
    with pytest.raises(InputError) as error:
        Settings(loss="binary_cross_entropy").classifier_loss(3)
    assert str(error.value) == "loss must be softmax_cross_entropy for 3 classes; got 'binary_cross_entropy'."


def test_schedules_and_objects_are_taken():
    Settings(learning_rate=Cosine(0.1), init=[np.zeros((1, 1))], early_stopping=EarlyStopping(3), class_weight={0: 0})
    assert Settings().regressor_loss().name == "squared_error"
    assert Settings(loss="huber").regressor_loss().name == "huber"
    assert (Settings().stopping, Settings(early_stopping=True).stopping) == (None, EarlyStopping())
