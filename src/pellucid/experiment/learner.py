"""Learner: raw features in, a fitted model out, as often as needed: for each fold, for the whole, for a share.

It fits the features, trains one network or an ensemble from different starts, and bundles them.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from pellucid.data import split_rows
from pellucid.evaluation.cross_val_predict import NET, FitPredict
from pellucid.evaluation.task import Task
from pellucid.features import Features
from pellucid.model.model import Model
from pellucid.system.progress import SILENT, Progress
from pellucid.system.random_streams import seeds, stream
from pellucid.training import Checkpoints, History, Settings, fit, weights_by_code
from pellucid.training.diagnostics import Finding, diagnose

Callbacks = Callable[[Any, np.ndarray], Sequence[Callable[[Any], Any]]]
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

    def joined(self, others: "Samples") -> "Samples":
        """Return these samples with others behind them; nobody divides them any more, so groups are left out."""
        return Samples(np.concatenate([self.R, others.R]), np.concatenate([self.labels, others.labels]))

    def take(self, rows: Any) -> "Samples":
        """Return some of the rows."""
        return Samples(self.R[rows], self.labels[rows], None if self.groups is None else self.groups[rows])


@dataclass(frozen=True)
class Learned:
    """A model, the record of each of its networks, and the rows held out of the training samples for stopping early.

    examine: what the training doctor finds, given what cross-validation found as `diagnose` takes it, or None.
    """

    model: Model
    histories: tuple[History, ...]
    held: np.ndarray
    interrupted: bool = False
    examine: Callable[[tuple[float, float, float] | None], tuple[Finding, ...]] = lambda cross_validation: ()


@dataclass(frozen=True)
class Learner:
    """What to learn from raw rows, and how.

    features: not fitted yet.  seed: of the first start and of what is held out.  task: classes or a number.
    ensemble: the number of networks, each from its own start; their outputs are averaged.
    progress: hears of the training.  checkpoints: where each fit saves its progress and resumes from.
    aside: samples that teach in every fit but are never held out, as their labels are a model's own answers.
    """

    features: Features
    settings: Settings
    seed: int
    task: Task
    ensemble: int = 1
    progress: Progress = SILENT
    checkpoints: Checkpoints | None = None
    aside: Samples | None = None

    def learn(
        self,
        train: Samples,
        validation: Samples | None = None,
        label: str = "whole",
        callbacks: Callbacks | None = None,
    ) -> Learned:
        """Return what is learned from samples; all views of one sample are on one side of whatever is held out.

        validation: samples to measure on; without them, early stopping holds some out.
        label: the name of this fit among the checkpoints, such as "fold-3".
        callbacks: (X, y) of the training rows -> callbacks for the training loop.
        """
        settings, task = self.settings, self.task
        held = np.empty(0, np.intp)
        if validation is None and settings.stopping is not None:
            rng = stream(self.seed, "stopping")
            strata, fraction = task.strata(train.labels), settings.stopping.fraction
            kept, held = split_rows(strata, fraction, rng, train.groups, n=len(train))
            train, validation = train.take(kept), train.take(held)
        if self.aside is not None:
            train = train.joined(self.aside)
        features = self.features.fit(train.R)
        dtype = settings.training_dtype(np.empty(0, np.float32 if features.of_images else np.float64))
        target = task.target_scaler(train.labels)
        loss, n_out = task.loss(settings)

        def examples(samples: Samples) -> tuple[Any, np.ndarray]:
            labels = np.repeat(samples.labels, len(features.views))
            y = loss.targets(labels, dtype) if target is None else target.standardised(labels)
            return features.transform(samples.R, dtype), y

        X, y = examples(train)
        how = replace(settings, class_weight=weights_by_code(settings.class_weight, task.class_names))
        if callbacks is not None:
            how = replace(how, callbacks=(*how.callbacks, *callbacks(X, y)))
        measured = None if validation is None else examples(validation)
        starts = seeds(self.seed, "ensemble", self.ensemble)
        fits = []
        for member, seed in enumerate(starts):
            checkpoint = None if self.checkpoints is None else self.checkpoints.at(f"{label}-member-{member}")
            seeded = replace(how, random_state=seed)
            fits.append(fit(X, y, seeded, loss, n_out, validation=measured, checkpoint=checkpoint))
            if fits[-1].interrupted:
                break
        networks = tuple(f.network if target is None else target.in_units(f.network) for f in fits)
        model = Model(features, networks, task.class_names, history=asdict(fits[0].history), target=target)
        learned, histories = [f.network for f in fits], [f.history for f in fits]

        def examine(cross_validation: tuple[float, float, float] | None) -> tuple[Finding, ...]:
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

    def apart_from(self, held: Samples) -> "Learner":
        """Return the same without samples set aside that are of a group with held-out ones: copies would teach them."""
        if self.aside is None or held.groups is None or self.aside.groups is None:
            return self
        return replace(self, aside=self.aside.take(~np.isin(self.aside.groups, held.groups)))

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
        if not self.features.of_images:
            settings = replace(settings, **TO_THE_OPTIMUM, epochs=max(settings.epochs, ENOUGH))
        return replace(self, settings=settings, ensemble=1)

    def fit_predict(self, samples: Samples, with_baseline: bool = True) -> FitPredict:
        """Return what cross-validation asks for: training rows and held-out rows -> outputs for the held-out ones.

        with_baseline: also those of a network without hidden layers.  Ctrl-C raises KeyboardInterrupt, because a
        half-trained fold shows nothing.
        """
        simpler = self.without_hidden_layers if with_baseline else None
        learners = {NET: self} | ({} if simpler is None else {NO_HIDDEN_LAYER: simpler})

        def fold(training: np.ndarray, held: np.ndarray, where: str) -> dict[str, np.ndarray]:
            train, answers = samples.take(training), {}
            for name, learner in learners.items():
                learned = learner.apart_from(samples.take(held)).learn(train, label=f"{where}, {name}")
                if learned.interrupted:
                    raise KeyboardInterrupt
                answers[name] = learned.model.outputs(samples.R[held])
            return answers

        return fold
