"""Settings: how a network is built and trained, one frozen value for estimator, recipe and command line alike.

Its fields are the estimators' parameters and the recipe's keys. What is impossible raises here, when the value is
made, and not after an hour of training.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid.errors import InputError
from pellucid.nn import AdamW, Dense, Dropout, Network
from pellucid.nn.activations import get_activation
from pellucid.nn.initializers import get_initializer
from pellucid.nn.losses import Loss, get_loss
from pellucid.nn.optimizers import Optimizer, get_optimizer, is_rotation_invariant
from pellucid.nn.scaled_integers import Rows
from pellucid.nn.schedules import Schedule, get_schedule

LARGEST_AUTO_BATCH = 200


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the validation cost has not fallen by `min_delta` for `patience` epochs; the best weights come back.

    fraction: the share of the training rows held out for it when no validation data is given.
    """

    patience: int = 10
    min_delta: float = 1e-4
    fraction: float = 0.1

    def __post_init__(self) -> None:
        _raise_if(self.patience < 1, "patience", "at least 1 epoch", self.patience)
        _raise_if(self.min_delta < 0, "min_delta", "0 or more", self.min_delta)
        _raise_if(not 0 < self.fraction < 1, "fraction", "between 0 and 1", self.fraction)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to build and train a network; every default is the estimators' default.

    hidden_layers: widths, or (width, activation) pairs; () is logistic or linear regression.
    loss: "auto" = cross-entropy for classes, squared error for numbers; else a name or a `Loss`.
    init: a rule's name or function, or a list of arrays.  optimizer: a name or an object.
    learning_rate: a number or a schedule.  batch_size: "auto" = min(200, n), None = all rows.
    l2: weight of the penalty.  dropout: probability of dropping, after every hidden activation.
    clip_norm: largest 2-norm of a gradient.  class_weight: None, "balanced" or {class: weight}.
    early_stopping: False, True or an `EarlyStopping`.  restarts: starts tried, the lowest (validation) cost wins.
    row_space: "auto", True or False: exact training in the span of the rows, at a cost that does not depend on the
    number of inputs; for rotation-invariant rules (gradient_descent, momentum, nesterov, lbfgs).
    dtype: "auto" = float32 for float32 and uint8 rows, else float64.
    callbacks: functions of the loop's State, called after every epoch; a true answer stops training.
    warm_start: start from the weights of the last fit.  random_state: the seed.  verbose: print costs to stderr.

    >>> Settings(hidden_layers=(4, (3, "tanh"))).network(2, 1, "binary_cross_entropy")
    Network(2-4 relu-3 tanh-1, binary_cross_entropy, 31 parameters)
    """

    hidden_layers: Sequence[int | tuple[int, str]] = (100,)
    activation: str = "relu"
    loss: str | Loss = "auto"
    init: Any = "he"
    optimizer: str | Optimizer = "adam"
    learning_rate: float | Schedule = 0.001
    epochs: int = 200
    batch_size: int | str | None = "auto"
    l2: float = 0.0
    dropout: float = 0.0
    clip_norm: float | None = None
    class_weight: Any = None
    early_stopping: bool | EarlyStopping = False
    restarts: int = 1
    row_space: bool | str = "auto"
    dtype: Any = "auto"
    callbacks: Sequence[Callable[[Any], Any]] = ()
    warm_start: bool = False
    random_state: int | np.random.RandomState | None = None
    verbose: bool = False

    def __post_init__(self) -> None:
        for name in (self.activation, *(activation for _, activation in self.layers)):
            get_activation(name)
        good_callbacks = isinstance(self.callbacks, list | tuple) and all(map(callable, self.callbacks))
        _raise_if(not good_callbacks, "callbacks", "a list or tuple of functions", self.callbacks)
        if isinstance(self.init, str) or callable(self.init):
            get_initializer(self.init)
        else:
            _raise_if(
                not isinstance(self.init, list | tuple), "init", "a name, a function or a list of arrays", self.init
            )
        if self.loss != "auto":
            get_loss(self.loss)
        get_schedule(self.learning_rate)
        _raise_if(not is_whole(self.epochs, 1), "epochs", "a whole number, at least 1", self.epochs)
        _raise_if(not is_whole(self.restarts, 1), "restarts", "a whole number, at least 1", self.restarts)
        good_batch = self.batch_size in ("auto", None) or is_whole(self.batch_size, 1)
        _raise_if(not good_batch, "batch_size", "'auto', None or a whole number, at least 1", self.batch_size)
        _raise_if(not _weight(self.l2), "l2", "0 or more", self.l2)
        good_dropout = _weight(self.dropout) and self.dropout < 1
        _raise_if(not good_dropout, "dropout", "a probability, at least 0 and below 1", self.dropout)
        good_clip = self.clip_norm is None or (_weight(self.clip_norm) and self.clip_norm > 0)
        _raise_if(not good_clip, "clip_norm", "None or positive", self.clip_norm)
        good_stop = isinstance(self.early_stopping, bool | EarlyStopping)
        _raise_if(not good_stop, "early_stopping", "True, False or an EarlyStopping", self.early_stopping)
        good_weight = self.class_weight in (None, "balanced") or isinstance(self.class_weight, dict)
        _raise_if(not good_weight, "class_weight", "None, 'balanced' or {class: weight}", self.class_weight)
        weights = self.class_weight.values() if isinstance(self.class_weight, dict) else ()
        _raise_if(not all(map(_weight, weights)), "class_weight", "of weights that are 0 or more", self.class_weight)
        _raise_if(self.row_space not in ("auto", True, False), "row_space", "'auto', True or False", self.row_space)
        in_vain = self.row_space is True and not is_rotation_invariant(self.rule)
        _raise_if(in_vain, "row_space", f"'auto' or False with {self.rule_name}, which is coordinate-wise", True)
        good_dtype = self.dtype in ("auto", "float32", "float64", np.float32, np.float64)
        _raise_if(not good_dtype, "dtype", "'auto', 'float32' or 'float64'", self.dtype)
        if isinstance(self.optimizer, AdamW) and self.optimizer.weight_decay is not None:
            _raise_if(self.l2 > 0, "l2", "0 where AdamW has a weight_decay of its own", self.l2)
        if self.rule.full_batch_only:
            _raise_if(callable(self.learning_rate), "learning_rate", "left alone with lbfgs", self.learning_rate)
            _raise_if(self.batch_size not in ("auto", None), "batch_size", "None or 'auto' with lbfgs", self.batch_size)
            _raise_if(self.dropout > 0, "dropout", "0 with lbfgs (a line search needs a fixed cost)", self.dropout)
            _raise_if(self.clip_norm is not None, "clip_norm", "None with lbfgs (it chooses its steps)", self.clip_norm)

    @property
    def layers(self) -> list[tuple[int, str]]:
        """The hidden layers, each as (width, activation)."""
        if self.hidden_layers is None or isinstance(self.hidden_layers, int | float | str):
            raise InputError(f"hidden_layers must be a sequence such as (20, 7, 5), got {self.hidden_layers!r}.")
        pairs: list[Any] = [(layer, self.activation) if np.ndim(layer) == 0 else layer for layer in self.hidden_layers]
        for pair in pairs:
            good = len(pair) == 2 and is_whole(pair[0], 1)
            _raise_if(not good, "a hidden layer", "a width, at least 1, or a pair (width, activation)", pair)
        return [(int(width), activation) for width, activation in pairs]

    @property
    def rule(self) -> Optimizer:
        """The optimizer as an object; AdamW takes `l2` as its decay unless it has one of its own."""
        rule = get_optimizer(self.optimizer)
        if isinstance(rule, AdamW) and rule.weight_decay is None:
            return replace(rule, weight_decay=self.l2)
        return rule

    @property
    def rule_name(self) -> str:
        """The optimizer's name for messages: as given, or the name of its class."""
        return self.optimizer if isinstance(self.optimizer, str) else type(self.optimizer).__name__

    def classifier_loss(self, n_classes: int) -> tuple[Loss, int]:
        """Return the loss, and how many logits it takes: one for two classes, else one a class."""
        if self.loss == "auto":
            loss = get_loss("binary_cross_entropy" if n_classes == 2 else "softmax_cross_entropy")
        else:
            loss = get_loss(self.loss)
        _raise_if(not loss.classes, "loss", "one that gives probabilities, a cross-entropy, for classes", loss.name)
        _raise_if(not loss.codes and n_classes > 2, "loss", f"softmax_cross_entropy for {n_classes} classes", loss.name)
        return loss, n_classes if loss.codes else 1

    def regressor_loss(self) -> Loss:
        """Return the loss for numbers."""
        if self.class_weight is not None:
            raise InputError("class_weight is for classes; weigh rows of a regression with sample_weight.")
        loss = get_loss("squared_error" if self.loss == "auto" else self.loss)
        _raise_if(loss.classes, "loss", "one of values, such as squared_error, for a regression", loss.name)
        return loss

    @property
    def stopping(self) -> EarlyStopping | None:
        """The early stopping asked for, if any."""
        return EarlyStopping() if self.early_stopping is True else self.early_stopping or None

    def batch_rows(self, n: int) -> int:
        """Return how many rows a batch has when there are n in all."""
        if self.batch_size is None or self.rule.full_batch_only:
            return n
        return min(n, LARGEST_AUTO_BATCH if self.batch_size == "auto" else int(self.batch_size))

    def training_dtype(self, X: Rows) -> np.dtype:
        """Return the precision to train in on these rows."""
        if str(self.dtype) == "auto":
            return np.dtype(np.float32 if X.dtype in (np.float32, np.uint8) else np.float64)
        return np.dtype(self.dtype)

    def described(self) -> dict[str, Any]:
        """Return the settings as plain values, objects as their text: for a model's provenance."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("callbacks", "verbose")}
        return {name: _plain(value) for name, value in values.items()}

    def network(self, n_in: int, n_out: int, loss: str | Loss, dtype: DTypeLike = np.float64) -> Network:
        """Return the network these settings describe, its weights still 0."""
        layers: list[Dense | Dropout] = []
        width = n_in
        for n_hidden, activation in self.layers:
            layers.append(Dense(width, n_hidden, activation))
            if self.dropout:
                layers.append(Dropout(self.dropout))
            width = n_hidden
        layers.append(Dense(width, n_out))
        l2 = 0.0 if isinstance(self.rule, AdamW) else self.l2
        return Network(layers, loss, l2, dtype)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return f"array {value.shape}"
    return value if isinstance(value, str | int | float | None) else str(value)


def is_whole(value: object, least: int) -> bool:
    """Whether the value is a whole number, not a truth value, and not below `least`."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= least)


def _weight(value: object) -> bool:
    return isinstance(value, int | float | np.number) and bool(0 <= value < np.inf)


def _raise_if(wrong: bool, name: str, expected: str, got: object) -> None:
    if wrong:
        raise InputError(f"{name} must be {expected}; got {got!r}.")
