"""Did it learn; and if it did not, would another rate or more epochs have helped? Trials answer that."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.errors import DivergedError
from pellucid.nn import Network
from pellucid.training.diagnostics import findings as at
from pellucid.training.diagnostics.findings import Finding, counted
from pellucid.training.diagnostics.observed_run import Patient, passed
from pellucid.training.examples import Examples
from pellucid.training.fit import fit

EXPLAINS_SLOWNESS = ("rate too high", "rate too low", "dead layer")  # more epochs are no remedy for these


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


def diverged(patient: Patient) -> Finding | None:
    """Numbers became infinite."""
    history = patient.history
    if not history.stopped_because.startswith("diverged"):
        return None
    epochs = len(history.cost)
    sentence = f"After {counted(epochs, 'epoch')} the cost was no longer a finite number."
    if not patient.diverged:
        sentence += f" The weights of epoch {history.best_epoch} came back."
    advice = "Try a lower rate, clip_norm=1 (--clip-norm 1), or inputs scaled to about 0 to 1."
    return Finding("problem" if patient.diverged else "watch", "diverged", sentence, advice, {"epochs": epochs})


def rate_too_high(patient: Patient, held: Examples | None) -> Finding | None:
    """A lower rate learns more, in no more updates."""
    if not _could_learn_more(patient):
        return None
    updates = min(patient.updates, at.UPDATES_LOWER)
    return _at_another_rate(patient, held, "rate too high", [1 / by for by in at.LOWER_RATES], updates)


def rate_too_low(patient: Patient, held: Examples | None) -> Finding | None:
    """A far higher rate learns more, in no more updates."""
    if not _could_learn_more(patient) or patient.diverged:
        return None
    updates = min(patient.updates, at.UPDATES_HIGHER)
    return _at_another_rate(patient, held, "rate too low", at.HIGHER_RATES, updates)


def stopped_too_early(patient: Patient, held: Examples | None) -> Finding | None:
    """More of the same training learns clearly more, on rows held out too."""
    judged = held is None and patient.history.best_epoch is not None  # by rows that early stopping held out itself
    if not patient.finite or patient.learned_share >= at.FINISHED or judged:
        return None
    updates = min(max(patient.updates, at.UPDATES_MORE[0]), at.UPDATES_MORE[1])
    learned = trained_on(patient, held, updates)
    if learned is None:
        return None
    before, after = learned
    epochs = len(patient.history.cost)
    return Finding(
        "problem" if before < at.HALF else "watch",
        "stopped too early",
        f"{counted(epochs, 'epoch')} learned {before:.2f} of what there is to learn; "
        f"at most {counted(updates, 'update')} more, in a trial, bring it to {after:.2f}.",
        f"Try epochs={4 * max(1, epochs)} (--epochs {4 * max(1, epochs)})"
        + (", or more patience (--patience)." if patient.history.best_epoch is not None else "."),
        {"learned": before, "learned_after_more": after},
    )


def _could_learn_more(patient: Patient) -> bool:
    has_rate = not patient.settings.rule.full_batch_only  # L-BFGS looks for its step itself
    return has_rate and patient.learned_share < at.FINISHED


def _at_another_rate(
    patient: Patient, held: Examples | None, name: str, factors: tuple[float, ...] | list[float], updates: int
) -> Finding | None:
    better = better_rate(patient, held, factors, updates)
    if better is None:
        return None
    rate, learned = better
    itself = f"learned {patient.learned_share:.2f} of what there is to learn" if patient.finite else "diverged"
    alone = f"at most {counted(updates, 'update')} learn {learned:.2f}"
    return Finding(
        "problem" if patient.learned_share < at.HALF else "watch",
        name,
        f"With {patient.rate:.3g} the run {itself}; with {rate:.3g}, {alone}.",
        f"Try learning_rate={rate:.3g} (--learning-rate {rate:.3g}).",
        {"rate": patient.rate, "better_rate": rate, "learned": patient.learned_share, "learned_with_it": learned},
    )
