"""Did it learn; and if it did not, would another rate or more epochs have helped? Trials answer that."""

from pellucid.training.doctor import thresholds as at
from pellucid.training.doctor.finding import Finding, counted
from pellucid.training.doctor.patient import Patient
from pellucid.training.doctor.trial import better_rate, trained_on
from pellucid.training.examples import Examples

EXPLAINS_SLOWNESS = ("rate too high", "rate too low", "dead layer")  # more epochs are no remedy for these


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
