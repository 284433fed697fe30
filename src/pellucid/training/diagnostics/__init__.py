"""The training doctor: what is wrong with a training run, with the measured number and the option to change.

observed_run       a run on a sample of its rows: one pass at its start, one at its end
layer_checks       units that are silent, dead or identical; gradients by layer
learning_checks    divergence; trials at other rates, and of more epochs
score_checks       the inputs, and the predictions on training rows and on others
findings           a Finding; the thresholds
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Network
from pellucid.nn.scaled_integers import Rows, take
from pellucid.system.random_streams import as_seed, stream
from pellucid.training.diagnostics import findings, layer_checks, learning_checks, score_checks
from pellucid.training.diagnostics.findings import LEVELS, NAMES, Finding, merge_networks
from pellucid.training.diagnostics.observed_run import ObservedRun
from pellucid.training.examples import Examples, checked_examples, codes_of
from pellucid.training.history import History
from pellucid.training.settings import Settings

__all__ = ["LEVELS", "NAMES", "Finding", "diagnose"]

Array = NDArray[Any]
Check = Callable[[ObservedRun], Finding | None]

OF_DATA: tuple[Check, ...] = (score_checks.unscaled_inputs, score_checks.too_few_examples)
OF_RUN: tuple[Check, ...] = (learning_checks.diverged, learning_checks.rate_too_high, learning_checks.rate_too_low)
OF_NETWORK: tuple[Check, ...] = (
    layer_checks.dead_layer,
    layer_checks.silent_units,
    layer_checks.identical_units,
    layer_checks.gradients_by_layer,
    layer_checks.saturated_output,
    learning_checks.penalty_too_strong,
    score_checks.always_the_majority,
    score_checks.overfits,
    score_checks.no_better_than_the_majority,
)


def diagnose(
    networks: Network | Sequence[Network],
    histories: History | Sequence[History],
    settings: Settings,
    X: Rows,
    y: Array,
    *,
    validation: tuple[Rows, Array] | None = None,
    cross_validation: tuple[float, float, float] | None = None,
    seeds: Sequence[int] = (),
    views: int = 1,
) -> tuple[Finding, ...]:
    """Return what is wrong with a training run, or worth knowing, the problems first.

    networks, histories: as trained, one or several (an ensemble).  settings: as given to `fit`.
    X, y: the training rows and targets as given to `fit`; at most 1,000 of them are examined.
    validation: (X, y) that training did not see.
    cross_validation: (accuracy, that of the majority, balanced accuracy) where it was done.
    seeds: of each network's start; by default that of the settings.  views: how many rows of X are one sample.

    For a run that diverged, with the history of its DivergedError, the network is `settings.network(...)`.
    Where more can be learned, short trials at other rates, of more epochs, and without a penalty, show by which change.
    Where classes are weighted, or one class has most rows, balanced accuracy counts in place of accuracy.

    >>> from pellucid.training import fit
    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> settings = Settings(hidden_layers=(8,), init="zeros", activation="tanh", random_state=0)
    >>> fitted = fit(X, X**2, settings, "squared_error", 1)
    >>> [finding.name for finding in diagnose(fitted.network, fitted.history, settings, X, X**2)]
    ['dead layer', 'units that stay identical', 'always the majority']
    """
    networks = [networks] if isinstance(networks, Network) else networks
    histories = [histories] if isinstance(histories, History) else histories
    seeds = seeds or [as_seed(settings.random_state)] * len(networks)
    sample = _sample(X, y, settings.class_weight, networks[0], "the training rows")
    held_out = None if validation is None else _sample(*validation, None, networks[0], "the validation rows")
    runs = [
        ObservedRun(network, history, settings, seed, sample, len(X), held_out, cross_validation, views)
        for network, history, seed in zip(networks, histories, seeds, strict=True)
    ]
    if runs[0].single_label:
        counts = np.unique(codes_of(y), return_counts=True)[1]
        balanced = settings.class_weight is not None or bool(counts.max() > findings.UNEVEN * counts.sum())
        runs = [replace(run, class_counts=counts, balanced=balanced) for run in runs]
    found = [check(runs[0]) for check in OF_DATA] + merge_networks([_findings(run) for run in runs])
    if any(finding and finding.level == "problem" and finding.name in findings.NOTHING_LEARNED for finding in found):
        found = [finding for finding in found if finding is None or finding.name != "no better than the majority"]
    return tuple(sorted(filter(None, found), key=lambda f: (LEVELS.index(f.level), NAMES.index(f.name))))


def _findings(run: ObservedRun) -> list[Finding]:
    with np.errstate(over="ignore", invalid="ignore"):  # what exploded becomes a finding
        found = [check(run) for check in OF_RUN]
        if run.finite:
            found += [check(run) for check in OF_NETWORK]
            if not any(finding and finding.name in learning_checks.EXPLAINS_SLOWNESS for finding in found):
                found.append(learning_checks.stopped_too_early(run))
            if not any(finding and finding.level != "note" for finding in found):
                found.append(learning_checks.poor_start_or_too_few_units(run))
    return [finding for finding in found if finding]


def _sample(X: Rows, y: Array, class_weight: Any, network: Network, what: str) -> Examples:
    """Return at most findings.ROWS of the rows, always the same ones, as floats."""
    most = min(findings.ROWS, max(1, findings.BYTES // (8 * X.shape[1])))
    if len(X) > most:
        chosen = np.sort(stream(0, "probe").choice(len(X), most, replace=False))
        X, y = take(X, chosen), y[chosen]
    examples = checked_examples(X, y, None, class_weight, network.loss, what)
    examples = examples.of_precision(network.parameters.dtype)
    return replace(examples, X=np.asarray(examples.X, network.parameters.dtype))
