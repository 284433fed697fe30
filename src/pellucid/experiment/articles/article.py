"""An article: its network, its data, what it published, and what came out here.

Each article is a value; running one gives an `Outcome` with the figures side by side, and what pictures of it need.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from pellucid.data import Dataset
from pellucid.data.images import PictureShape
from pellucid.model.predictions import predicted_codes
from pellucid.nn import Network
from pellucid.nn.scaled_integers import Rows
from pellucid.system.progress import SILENT, Progress
from pellucid.training import Fitted, History, Settings, fit
from pellucid.training.diagnostics import Finding, diagnose


@dataclass(frozen=True)
class Article:
    """One network of the articles.

    every: costs are reported every so many iterations.  published: figures by name, as they were printed.
    published_costs: {iteration: cost} of the published run, where there is one.  seed: of its start.
    """

    name: str
    title: str
    settings: Settings
    seed: int
    every: int
    published: Mapping[str, str] = field(default_factory=dict)
    published_costs: Mapping[int, float] = field(default_factory=dict)

    def start(self, seed: int | None, init: str | None) -> Settings:
        """Return the settings of a run: from the published start, or from another seed or rule."""
        return replace(self.settings, random_state=self.seed if seed is None else seed, init=init or self.settings.init)

    def is_published(self, settings: Settings) -> bool:
        """Whether a run with these settings is the published one, so that figures can be compared."""
        return (settings.random_state, settings.init) == (self.seed, self.settings.init)

    def outcome(self, obtained: Mapping[str, float], history: History, settings: Settings) -> "Outcome":
        """Return the outcome of a run: what was obtained and the costs, beside what was published."""
        known = self.is_published(settings)
        costs = {iteration: history.cost[iteration] for iteration in range(0, len(history.cost), self.every)}
        figures = [
            (what, self.published.get(what, "-") if known else "(another start)", f"{value:.4f}")
            for what, value in obtained.items()
        ]
        for iteration, cost in costs.items():
            published = self.published_costs.get(iteration) if known else None
            figures.append((f"cost, iteration {iteration}", f"{published:.6f}" if published else "-", f"{cost:.6f}"))
        results = {
            "iterations": list(costs),
            "costs": list(costs.values()),
            "seconds": history.seconds,
            "row_space": history.row_space_reason,
            "seed": settings.random_state,
        }
        remarks = []
        if len(history.cost) < settings.epochs:
            remarks.append(f"Not the whole run: {history.stopped_because}.")
        return Outcome(
            results,
            figures,
            remarks,
            published_costs=self.published_costs if known else {},
            rate=settings.learning_rate,
        )


def train(settings: Settings, X: Rows, labels: np.ndarray, classes: int, progress: Progress = SILENT) -> Fitted:
    """Return the network trained on rows X with codes, while progress hears of it."""
    shown = progress.training(X, labels, settings.epochs)
    settings = replace(settings, callbacks=(*settings.callbacks, shown))
    loss, n_out = settings.classifier_loss(classes)
    return fit(X, loss.targets(labels, X.dtype), settings, loss, n_out)


class Images(NamedTuple):
    """The pictures that were learned from, others with their rows X, and the shape in which the network sees them."""

    train: Dataset
    unseen: Dataset
    X: Rows
    shape: PictureShape


@dataclass
class Outcome:
    """What a run of an article gave.

    results: plain values for JSON: iterations, costs, accuracies, seconds.
    figures: (what, published, obtained) to print.  remarks: sentences.  findings: of the training doctor.
    fits: the trained networks by name, "" the main one.  images: the pictures that it saw; None for points.
    published_costs: {iteration: cost} of the published run, where this is one.  rate: of learning.
    """

    results: dict[str, Any]
    figures: list[tuple[str, str, str]]
    remarks: list[str] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()
    fits: dict[str, Fitted] = field(default_factory=dict)
    images: "Images | None" = None
    published_costs: Mapping[int, float] = field(default_factory=dict)
    rate: Any = None

    def examine(
        self,
        fitted: Fitted,
        settings: Settings,
        train: tuple[Rows, np.ndarray],
        unseen: tuple[Rows, np.ndarray],
        cross_validation: tuple[float, float, float] | None = None,
    ) -> None:
        """Add what the training doctor finds; `train` and `unseen` are rows and class codes.

        cross_validation: as `diagnose` takes it.
        """
        targets = fitted.network.loss.targets
        (X, y), (X_unseen, y_unseen) = train, unseen
        self.findings = diagnose(
            fitted.network,
            fitted.history,
            settings,
            X,
            targets(y),
            validation=(X_unseen, targets(y_unseen)),
            cross_validation=cross_validation,
        )
        self.results["findings"] = [finding.as_dict() for finding in self.findings]


def accuracy(network: Network, X: Rows, labels: np.ndarray) -> float:
    """Return the share of rows X (n, d) whose code the network gets right."""
    return float(np.mean(predicted_codes(network, X) == labels))
