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


def better_rate(patient: Patient, factors: Sequence[float], updates: int) -> tuple[float, float] | None:
    """Return the rate, of the run's times each factor, whose trial learns most, and the share it learns.

    None where the run itself, with all its updates, learned about as much or more.
    """
    taught, measured = _divided(patient)
    updates = _afforded(patient, updates, len(factors))
    rates = [patient.rate * factor for factor in factors]
    learned = [_learned(patient, _after(patient, taught, updates, rate), measured) for rate in rates]
    best = int(np.argmax(learned))
    itself = _learned(patient, patient.network if patient.finite else None, measured)
    return (rates[best], learned[best]) if learned[best] >= max(itself, 0) + at.RATE_GAIN else None


def trained_on(patient: Patient, held: Examples | None, updates: int) -> tuple[float, float, float]:
    """Return what the run learned, what it had learned after so many more updates, and the gain on held rows.

    Without held rows the gain on them is infinite.
    """
    taught, measured = _divided(patient)
    updates = _afforded(patient, updates, 1)
    more = _after(patient, taught, updates, patient.rate, patient.network)
    shares = [_learned(patient, network, measured) for network in (patient.network, more)]
    if held is None:
        return shares[0], shares[1], np.inf
    gain = _learned(patient, more, held) - _learned(patient, patient.network, held)
    return shares[0], shares[1], gain


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
    J = np.inf if network is None else passed(network, rows).J
    return patient.learned(J) if np.isfinite(J) else -np.inf


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
