"""diagnose: what is wrong with a training run, in findings. Every number comes from the network's own passes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Network
from pellucid.nn.scaled_integers import Rows, take
from pellucid.system.random_streams import as_seed, stream
from pellucid.training.diagnostics import findings as at
from pellucid.training.diagnostics import layer_checks, learning_checks, score_checks
from pellucid.training.diagnostics.findings import Finding, ordered, told_once
from pellucid.training.diagnostics.observed_run import Patient
from pellucid.training.diagnostics.score_checks import CrossValidated
from pellucid.training.examples import Examples, checked_examples, codes_of
from pellucid.training.history import History
from pellucid.training.settings import Settings

Array = NDArray[Any]

OF_LAYERS: tuple[Callable[[Patient], Finding | None], ...] = (
    layer_checks.dead_layer,
    layer_checks.silent_units,
    layer_checks.identical_units,
    layer_checks.vanishing_gradients,
    layer_checks.exploding_gradients,
    layer_checks.saturated_output,
    score_checks.always_the_majority,
)


def diagnose(
    networks: Network | Sequence[Network],
    histories: History | Sequence[History],
    settings: Settings,
    X: Rows,
    y: Array,
    *,
    validation: tuple[Rows, Array] | None = None,
    cross_validation: CrossValidated | None = None,
    seeds: Sequence[int] = (),
    views: int = 1,
) -> tuple[Finding, ...]:
    """Return what is wrong with a training run, or worth knowing, the problems first.

    networks, histories: as trained, one or several (an ensemble).  settings: as given to `fit`.
    X, y: the training rows and targets as given to `fit`; about 1,000 of them are looked at.
    validation: (X, y) that were not learned from.  cross_validation: (accuracy, majority) where it was done.
    seeds: of each network's start; by default that of the settings.  views: how many rows of X are one sample.

    Of a run that diverged, with the history of its DivergedError, the network is `settings.network(...)`.
    Where more could have been learned, short trials at other rates, and of more epochs, tell by which change.

    >>> from pellucid.training import fit
    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> settings = Settings(hidden_layers=(8,), init="zeros", activation="tanh", random_state=0)
    >>> fitted = fit(X, X**2, settings, "squared_error", 1)
    >>> [finding.name for finding in diagnose(fitted.network, fitted.history, settings, X, X**2)]
    ['dead layer', 'units that stay identical', 'always the majority']
    """
    if isinstance(networks, Network):
        networks = [networks]
    if isinstance(histories, History):
        histories = [histories]
    seeds = seeds or [as_seed(settings.random_state)] * len(networks)
    loss, n = networks[0].loss, len(X)
    rows = _sample(X, y, settings.class_weight, networks[0], "the training rows")
    held = None if validation is None else _sample(*validation, None, networks[0], "the validation rows")
    single = loss.codes or (loss.classes and networks[0].n_out == 1)
    counts = np.unique(codes_of(y), return_counts=True)[1] if single else None
    patients = [
        Patient(network, history, settings, seed, rows, n, views)
        for network, history, seed in zip(networks, histories, seeds, strict=True)
    ]
    of_data = [score_checks.unscaled_inputs(patients[0]), score_checks.too_few_examples(patients[0], counts)]
    of_networks = told_once([_examined(patient, held, cross_validation) for patient in patients])
    return ordered([found for found in (*of_data, *of_networks) if found])


def _examined(patient: Patient, held: Examples | None, cross: CrossValidated | None) -> list[Finding]:
    """Return the findings of one network."""
    with np.errstate(over="ignore", invalid="ignore"):  # what exploded is told in words
        found = [
            learning_checks.diverged(patient),
            learning_checks.rate_too_high(patient, held),
            learning_checks.rate_too_low(patient, held),
        ]
        if patient.finite:
            found += [check(patient) for check in OF_LAYERS]
            found += [
                score_checks.overfits(patient, held, cross),
                score_checks.no_better_than_the_majority(patient, held, cross),
            ]
            if not any(finding and finding.name in learning_checks.EXPLAINS_SLOWNESS for finding in found):
                found.append(learning_checks.stopped_too_early(patient, held))
    return [finding for finding in found if finding]


def _sample(X: Rows, y: Array, class_weight: Any, network: Network, what: str) -> Examples:
    """Return at most ROWS of the rows, always the same ones, as floats."""
    most = min(at.ROWS, max(1, at.BYTES // (8 * X.shape[1])))
    if len(X) > most:
        chosen = np.sort(stream(0, "probe").choice(len(X), most, replace=False))
        X, y = take(X, chosen), y[chosen]
    examples = checked_examples(X, y, None, class_weight, network.loss, what)
    examples = examples.of_precision(network.parameters.dtype)
    return replace(examples, X=np.asarray(examples.X, network.parameters.dtype))
