"""Trials: short runs on the sample, to see whether another rate or more epochs would have learned more. No guessing.

Where the sample is not all there is, a trial learns from most of it, and run and trial are both measured on the rest.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.errors import DivergedError
from pellucid.nn import Network
from pellucid.training.doctor import thresholds as at
from pellucid.training.doctor.patient import Patient, passed
from pellucid.training.examples import Examples
from pellucid.training.fit import fit


def better_rate(
    patient: Patient, held: Examples | None, factors: Sequence[float], updates: int
) -> tuple[float, float] | None:
    """Return a rate, the run's times one of the factors, and the share that a trial with it learns.

    Of the rates that learn clearly more than the run with all its updates, on held rows too, and about as much as the
    best of them, it is the first; None where there is none.
    """
    taught, measured = _divided(patient)
    updates = _afforded(patient, updates, len(factors))
    itself = patient.network if patient.finite else None
    before, better = _learned(patient, itself, measured), []
    for factor in factors:
        after = _after(patient, taught, updates, patient.rate * factor)
        learned = _learned(patient, after, measured)
        enough = learned >= max(before, 0) + at.RATE_GAIN and _lower(patient, itself, after, measured)
        if enough and _gain(patient, itself, after, held) >= at.GAIN_HELD:
            better.append((patient.rate * factor, learned))
    best = max((learned for _, learned in better), default=0)
    return next(((rate, learned) for rate, learned in better if learned >= best - at.ABOUT), None)


def trained_on(patient: Patient, held: Examples | None, updates: int) -> tuple[float, float] | None:
    """Return what the run learned, and what it had learned after so many more updates.

    None where that is not clearly more, on held rows too.
    """
    taught, measured = _divided(patient)
    more = _after(patient, taught, _afforded(patient, updates, 1), patient.rate, patient.network)
    before, after = (_learned(patient, network, measured) for network in (patient.network, more))
    gained = after >= before + at.MORE_GAIN and _gain(patient, patient.network, more, held) >= at.GAIN_HELD
    return (before, after) if gained else None


def _after(patient: Patient, rows: Examples, updates: int, rate: float, start: Network | None = None) -> Network | None:
    """Return the network after at most so many updates at a constant rate, or None where it diverged."""
    batch = patient.settings.batch_rows(len(rows))
    rows = rows.take(np.arange(min(len(rows), updates * batch)))
    an_epoch = -(-len(rows) // batch)
    settings = replace(
        patient.settings,
        learning_rate=rate,
        epochs=max(1, updates // an_epoch),
        early_stopping=False,
        restarts=1,
        callbacks=(),
        verbose=False,
        random_state=patient.seed,
    )
    try:
        return fit(rows.X, rows.y, settings, patient.loss, patient.network.n_out, start=start).network
    except DivergedError:
        return None


def _learned(patient: Patient, network: Network | None, rows: Examples) -> float:
    cost = np.inf if network is None else passed(network, rows).cost
    return patient.learned(cost) if np.isfinite(cost) else -np.inf


def _lower(patient: Patient, before: Network | None, after: Network | None, rows: Examples) -> bool:
    """Whether J, which is what training lowers, fell too: else a penalty is what holds the run back."""
    if before is None or after is None or patient.network.l2 == 0:
        return True
    return passed(after, rows).J < passed(before, rows).J


def _gain(patient: Patient, before: Network | None, after: Network | None, held: Examples | None) -> float:
    """Return what is learned more of held rows; infinite where there are none, or where nothing was before."""
    if held is None or before is None:
        return np.inf
    return _learned(patient, after, held) - _learned(patient, before, held)


def _afforded(patient: Patient, updates: int, trials: int) -> int:
    """Return how many updates each of so many trials may take, so that looking stays cheaper than learning."""
    rows = patient.settings.batch_rows(len(patient.rows))
    return max(1, min(updates, int(at.MULTIPLICATIONS / (3 * trials * rows * patient.network.parameters.size))))


def _divided(patient: Patient) -> tuple[Examples, Examples]:
    """Return the rows to learn from, and those to measure on."""
    rows = patient.rows
    if len(rows) == patient.n:
        return rows, rows
    measures = np.arange(len(rows)) % at.TRIAL_PARTS == 0
    return rows.take(np.flatnonzero(~measures)), rows.take(np.flatnonzero(measures))
