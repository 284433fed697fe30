"""The scikit-learn face: networks that fit arrays of numbers, in pipelines, grid searches and cross-validation.

Parameters are those of `training.Settings`; everything is handed to `training.fit`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data

from pellucid._version import versions
from pellucid.errors import InputError, check_finite
from pellucid.features import Features, Numbers
from pellucid.model.model import Model
from pellucid.model.predictions import class_codes, with_both_classes
from pellucid.model.provenance import Provenance
from pellucid.nn.losses import Loss
from pellucid.training import Settings, fit, weights_by_code
from pellucid.training.diagnostics import Finding
from pellucid.training.diagnostics import diagnose as _diagnose
from pellucid.training.examples import turned

ROW_DTYPES = [np.float64, np.float32, np.uint8]


class _NeuralNetwork(BaseEstimator, ABC):
    """What both estimators share: the parameters, and the way to `training.fit` and back."""

    def __init__(
        self,
        *,
        hidden_layers: Sequence[Any] = (100,),
        activation: str = "relu",
        loss: Any = "auto",
        init: Any = "he",
        optimizer: Any = "adam",
        learning_rate: Any = 0.001,
        epochs: int = 200,
        batch_size: Any = "auto",
        l2: float = 0.0,
        dropout: float = 0.0,
        clip_norm: float | None = None,
        class_weight: Any = None,
        early_stopping: Any = False,
        restarts: int = 1,
        row_space: Any = "auto",
        dtype: Any = "auto",
        callbacks: Sequence[Any] = (),
        warm_start: bool = False,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden_layers = hidden_layers
        self.activation = activation
        self.loss = loss
        self.init = init
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.l2 = l2
        self.dropout = dropout
        self.clip_norm = clip_norm
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.restarts = restarts
        self.row_space = row_space
        self.dtype = dtype
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def _settings(self, **changed: Any) -> Settings:
        names = Settings.__dataclass_fields__
        return Settings(**{name: value for name, value in vars(self).items() if name in names} | changed)

    def _train(
        self,
        X: np.ndarray,
        y: np.ndarray,
        settings: Settings,
        loss: str | Loss,
        n_out: int,
        sample_weight: Any,
        validation_data: Any,
    ) -> None:
        if validation_data is not None and (not isinstance(validation_data, tuple | list) or len(validation_data) != 2):
            raise InputError(f"validation_data must be a pair (X, y), got {type(validation_data).__name__}.")
        validation = None if validation_data is None else self.as_network_data(*validation_data)
        start = getattr(self, "network_", None) if self.warm_start else None
        fitted = fit(
            X, y, settings, loss, n_out, sample_weight=_weights(sample_weight, X), validation=validation, start=start
        )
        self.network_, self.history_, self._seed = fitted.network, fitted.history, fitted.seed
        self.n_iter_ = len(self.history_.cost)
        self.loss_ = self.history_.cost[-1] if self.history_.cost else np.nan  # Ctrl-C in the first epoch

    def _rows(self, X: Any, y: Any, **checks: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return checked training rows and their targets."""
        if y is None:
            raise InputError("fit requires y to be passed, but the target y is None.")
        _check_no_dates(X)
        if hint := turned(X, y):
            raise InputError(f"X has {len(X)} rows but y has {len(y)}.{hint}")
        X, y = validate_data(self, X, y, dtype=ROW_DTYPES, ensure_all_finite=False, order="C", **checks)
        self._check_finite(X)
        return X, y

    def _inputs(self, X: Any) -> np.ndarray:
        """Return checked rows of as many features as training had."""
        _check_no_dates(X)
        X = validate_data(self, X, reset=False, dtype=ROW_DTYPES, ensure_all_finite=False, order="C")
        self._check_finite(X)
        return X

    def _check_finite(self, X: np.ndarray) -> None:
        check_finite(X, "Input X (NaN or inf)", getattr(self, "feature_names_in_", ()))

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Leave the estimator as it was where fitting fails: classes of a new fit must not meet an old network."""
        before = dict(vars(self))
        try:
            yield
        except BaseException:
            self.__dict__ = before
            raise

    def as_network_data(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return rows X (n, d) and targets as `network_` takes them: validation data, or data to check gradients on."""
        check_is_fitted(self, "n_features_in_")
        X = self._inputs(X)
        if len(X) != len(y):
            raise InputError(f"X has {len(X)} rows but y has {len(y)}.")
        return X, self._targets(y)

    @abstractmethod
    def _targets(self, y: Any) -> np.ndarray:
        """Return y as the loss takes it."""

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "network_")
        return self.network_.predict(self._inputs(X))

    def _model(self, class_names: tuple[str, ...], features: Features | None) -> Model:
        check_is_fitted(self, "network_")
        columns = tuple(str(name) for name in getattr(self, "feature_names_in_", ()))
        provenance = Provenance(
            data="arrays given to fit", seed=self._seed, settings=self._settings().described(), versions=versions()
        )
        features = features or Numbers(self.n_features_in_, columns)
        return Model(features, (self.network_,), class_names, {}, asdict(self.history_), provenance)


def _check_no_dates(X: Any) -> None:
    """Raise InputError for dates, which would silently become nanoseconds, numbers of about 1e18."""
    kinds = getattr(X, "dtypes", None) if hasattr(X, "columns") else getattr(X, "dtype", None)
    kinds = kinds if isinstance(kinds, Iterable) else [kinds]
    if dates := [kind for kind in kinds if getattr(kind, "kind", "") in ("M", "m")]:
        raise InputError(
            f"X has a column of dates ({dates[0]}); make numbers of it first, such as the year, the month or the days "
            "since a date."
        )


def _weights(sample_weight: Any, X: np.ndarray) -> np.ndarray | None:
    return None if sample_weight is None else _check_sample_weight(sample_weight, X, dtype=np.float64)


class NeuralNetworkClassifier(ClassifierMixin, _NeuralNetwork):
    """A dense network that classifies rows of numbers: softmax, or one logit for two classes.

    All parameters are by keyword and have the meaning of `pellucid.training.Settings`.

    Learned: classes_, network_ (`pellucid.nn.Network`), history_, n_features_in_, n_iter_ (epochs), loss_ (last cost).
    Of two classes the positive one is classes_[1]; it is predicted where p > 0.5 strictly.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NeuralNetworkClassifier(hidden_layers=(8,), learning_rate=0.05, random_state=0).fit(X, y)
    >>> float(net.score(X, y)) > 0.95
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None, validation_data: Any = None) -> "NeuralNetworkClassifier":
        """Train on rows X (n, d) with labels y (n,); return the estimator.

        sample_weight: (n,), 0 or more.  validation_data: (X, y) whose cost is recorded after each epoch, and that
        early stopping judges by.
        """
        with self._all_or_nothing():
            X, y = self._rows(X, y)
            check_classification_targets(y)
            y = column_or_1d(y, warn=True)
            classes = np.unique(y)
            before = vars(self).get("classes_", classes) if self.warm_start else classes
            if not np.array_equal(classes, before):
                raise InputError(
                    f"a warm start goes on with the classes of the fit before, {before.tolist()}; y has "
                    f"{classes.tolist()}. Give y of the same classes, or set warm_start=False."
                )
            self.classes_ = classes
            if len(self.classes_) < 2:
                raise InputError(
                    f"a classifier needs at least two classes; y has 1 class only, {self.classes_.tolist()[0]!r}."
                )
            settings = self._settings(class_weight=weights_by_code(self.class_weight, self.classes_.tolist()))
            self._loss, n_out = settings.classifier_loss(len(self.classes_))
            self._train(X, self._targets(y), settings, self._loss, n_out, sample_weight, validation_data)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities (n, k), columns in the order of classes_."""
        return with_both_classes(self._outputs(X))

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest class of each row (n,)."""
        codes = class_codes(self.predict_proba(X))
        return self.classes_[codes]

    def to_model(self, class_names: Sequence[str] | None = None, features: Features | None = None) -> Model:
        """Return the fitted network as a `Model`, which can be saved and used without its data.

        class_names: texts for classes_.  features: how raw samples became the rows of X, `Numbers` as they are by
        default; `Pixels(shape)` where the rows are flattened pictures.
        """
        check_is_fitted(self, "network_")
        names = tuple(str(name) for name in (self.classes_ if class_names is None else class_names))
        if len(names) != len(self.classes_):
            raise InputError(f"class_names must have {len(self.classes_)} names, got {len(names)}.")
        return self._model(names, features)

    def _targets(self, y: Any) -> np.ndarray:
        y = column_or_1d(y)
        codes = np.searchsorted(self.classes_, y).clip(max=len(self.classes_) - 1)
        unknown = np.unique(y[self.classes_[codes] != y])
        if len(unknown):
            raise InputError(
                f"y has labels that training never saw: {', '.join(map(repr, unknown[:5].tolist()))}; "
                f"known are {', '.join(map(repr, self.classes_[:10].tolist()))}."
            )
        return self._loss.targets(codes)


class NeuralNetworkRegressor(RegressorMixin, _NeuralNetwork):
    """A dense network that predicts numbers, one or several a row.

    All parameters are by keyword and have the meaning of `pellucid.training.Settings`; loss may be "squared_error",
    "absolute_error" or "huber".

    Learned: network_ (`pellucid.nn.Network`), history_, n_features_in_, n_iter_ (epochs), loss_ (last cost).

    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> net = NeuralNetworkRegressor(activation="tanh", optimizer="lbfgs", random_state=0).fit(X, X[:, 0] ** 2)
    >>> float(net.score(X, X[:, 0] ** 2)) > 0.99
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None, validation_data: Any = None) -> "NeuralNetworkRegressor":
        """Train on rows X (n, d) with targets y (n,) or (n, k); return the estimator.

        sample_weight: (n,), 0 or more.  validation_data: (X, y) whose cost is recorded after each epoch, and that
        early stopping judges by.
        """
        with self._all_or_nothing():
            X, y = self._rows(X, y, multi_output=True, y_numeric=True)
            self._one_column = y.ndim == 1
            targets, settings = self._targets(y), self._settings()
            self._train(
                X, targets, settings, settings.regressor_loss(), targets.shape[1], sample_weight, validation_data
            )
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted values: (n,), or (n, k) where training had k columns."""
        values = self._outputs(X)
        return values[:, 0] if self._one_column else values

    def to_model(self, features: Features | None = None) -> Model:
        """Return the fitted network as a `Model`, which can be saved and used without its data."""
        return self._model((), features)

    def _targets(self, y: Any) -> np.ndarray:
        return np.asarray(y, np.float64).reshape(len(y), -1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def diagnose(estimator: _NeuralNetwork, X: Any, y: Any, validation_data: Any = None) -> tuple[Finding, ...]:
    """Return what the training doctor finds in a fitted estimator: what went wrong, the number, the option to change.

    X, y: what `fit` was given.  validation_data: (X, y) that it has not learned from: then overfitting is told too.
    Findings have level ("problem", "watch", "note"), name, sentence, advice and numbers; the problems come first.

    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> net = NeuralNetworkRegressor(init="zeros", random_state=0).fit(X, X[:, 0] ** 2)
    >>> [finding.name for finding in diagnose(net, X, X[:, 0] ** 2)]
    ['dead layer', 'units that stay identical', 'always the majority']
    """
    rows = estimator.as_network_data(X, y)
    validation = None if validation_data is None else estimator.as_network_data(*validation_data)
    class_weight = weights_by_code(estimator.class_weight, list(getattr(estimator, "classes_", ())))
    settings = estimator._settings(random_state=estimator._seed, class_weight=class_weight)
    return _diagnose(estimator.network_, estimator.history_, settings, *rows, validation=validation)
