"""Learner: raw rows in, a fitted model out, as often as it is asked: for each fold, for the whole, for a share.

It fits the features, trains one network or an ensemble of some that differ in their start, and bundles them.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from pellucid.data import split_rows
from pellucid.evaluation.cross_val_predict import NET, FitPredict
from pellucid.features import Features, PictureFeatures
from pellucid.features.scaling import Target
from pellucid.model.model import Model
from pellucid.system.random_streams import seeds, stream
from pellucid.training import Checkpoints, History, Settings, fit, weights_by_code
from pellucid.training.diagnostics import Finding, diagnose

NO_HIDDEN_LAYER = "no_hidden_layer"  # the baseline, as `evaluation.comparison` knows it
TO_THE_OPTIMUM: dict[str, Any] = {
    "optimizer": "lbfgs",
    "learning_rate": 0.001,
    "batch_size": "auto",
    "dropout": 0.0,
    "clip_norm": None,
    "restarts": 1,
}
ENOUGH = 200  # epochs of it

Callbacks = Callable[[Any, np.ndarray], Sequence[Callable[[Any], Any]]]


@dataclass(frozen=True)
class Samples:
    """Raw rows R (n, n_row) with their labels (n,): codes of classes, or numbers to predict.

    groups: rows of one group are never parted.
    """

    R: np.ndarray
    labels: np.ndarray
    groups: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Any) -> "Samples":
        """Return some of the rows."""
        return Samples(self.R[rows], self.labels[rows], None if self.groups is None else self.groups[rows])


@dataclass(frozen=True)
class Learned:
    """A model, the record of each of its networks, and the rows held out of the training samples for stopping early.

    examine: what the training doctor finds, given accuracy and majority in cross-validation, or None.
    """

    model: Model
    histories: tuple[History, ...]
    held: np.ndarray
    interrupted: bool = False
    examine: Callable[[tuple[float, float] | None], tuple[Finding, ...]] = lambda cross_validation: ()


@dataclass(frozen=True)
class Learner:
    """What to learn from raw rows, and how.

    features: not fitted yet.  seed: of the first start and of what is held out.  ensemble: how many networks, each from
    a start of its own; their answers are averaged.  class_names: () where numbers are predicted, called `target`.
    """

    features: Features
    settings: Settings
    seed: int
    class_names: tuple[str, ...]
    ensemble: int = 1
    target: str = "value"

    def learn(
        self,
        train: Samples,
        validation: Samples | None = None,
        callbacks: Callbacks | None = None,
        checkpoints: Checkpoints | None = None,
        label: str = "whole",
    ) -> Learned:
        """Return what is learned from samples; all views of one sample are on one side of whatever is held out.

        validation: samples to measure on; where there are none and the settings stop early, some are held out.
        callbacks: (X, y) of the training rows -> callbacks for the training loop.
        checkpoints, label: where to write how far it is, and what this learning is called there: "fold-3", say.
        """
        settings, names = self.settings, self.class_names
        held = np.empty(0, np.intp)
        if validation is None and settings.stopping is not None:
            rng = stream(self.seed, "stopping")
            strata = train.labels if names else None
            kept, held = split_rows(strata, settings.stopping.fraction, rng, train.groups, n=len(train))
            train, validation = train.take(kept), train.take(held)
        features = self.features.fitted(train.R)
        dtype = settings.training_dtype(np.empty(0, np.float32 if isinstance(features, PictureFeatures) else float))
        target = None if names else Target.fitted(self.target, train.labels)
        loss, n_out = settings.classifier_loss(len(names)) if names else (settings.regressor_loss(), 1)

        def examples(samples: Samples) -> tuple[Any, np.ndarray]:
            labels = np.repeat(samples.labels, len(features.views))
            y = loss.targets(labels, dtype) if target is None else target.standardised(labels)
            return features.finished(samples.R, dtype), y

        X, y = examples(train)
        how = replace(settings, class_weight=weights_by_code(settings.class_weight, names))
        if callbacks is not None:
            how = replace(how, callbacks=(*how.callbacks, *callbacks(X, y)))
        measured = None if validation is None else examples(validation)
        starts = seeds(self.seed, "ensemble", self.ensemble)
        fits = []
        for member, seed in enumerate(starts):
            checkpoint = None if checkpoints is None else checkpoints.at(f"{label}-member-{member}")
            seeded = replace(how, random_state=seed)
            fits.append(fit(X, y, seeded, loss, n_out, validation=measured, checkpoint=checkpoint))
            if fits[-1].interrupted:
                break
        networks = tuple(f.network if target is None else target.in_units(f.network) for f in fits)
        model = Model(features, networks, names, history=asdict(fits[0].history), target=target)
        learned, histories = [f.network for f in fits], [f.history for f in fits]

        def examine(cross_validation: tuple[float, float] | None) -> tuple[Finding, ...]:
            return diagnose(
                learned,
                histories,
                how,
                X,
                y,
                validation=measured,
                cross_validation=cross_validation,
                seeds=starts[: len(fits)],
                views=len(features.views),
            )

        return Learned(model, tuple(histories), held, fits[-1].interrupted, examine)

    @property
    def without_hidden_layers(self) -> "Learner | None":
        """The same with one network that has no hidden layer; None where this one has none either.

        On tables it is trained to its optimum: its cost is convex, and it must not lose by too few steps.
        """
        if not self.settings.layers:
            return None
        init = self.settings.init
        init = "he" if isinstance(init, list | tuple) else init  # given arrays fit the layers they were given for
        settings = replace(self.settings, hidden_layers=(), init=init)
        if not isinstance(self.features, PictureFeatures):
            settings = replace(settings, **TO_THE_OPTIMUM, epochs=max(settings.epochs, ENOUGH))
        return replace(self, settings=settings, ensemble=1)

    def fit_predict(
        self, samples: Samples, checkpoints: Checkpoints | None = None, with_baseline: bool = True
    ) -> FitPredict:
        """Return what cross-validation asks for: rows to learn from and held rows -> answers to the held ones.

        with_baseline: also those of a network without hidden layer.  Ctrl-C ends it by KeyboardInterrupt: a fold that
        is half learned says nothing.
        """
        simpler = self.without_hidden_layers if with_baseline else None
        learners = {NET: self} | ({} if simpler is None else {NO_HIDDEN_LAYER: simpler})

        def fold(training: np.ndarray, held: np.ndarray, where: str) -> dict[str, np.ndarray]:
            train, answers = samples.take(training), {}
            for name, learner in learners.items():
                learned = learner.learn(train, checkpoints=checkpoints, label=f"{where}, {name}")
                if learned.interrupted:
                    raise KeyboardInterrupt
                answers[name] = learned.model.answers(samples.R[held])
            return answers

        return fold
