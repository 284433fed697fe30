"""Checks of learning: divergence, and whether another rate or more epochs would have helped. Trials answer that."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.errors import DivergedError
from pellucid.nn import Network
from pellucid.training.diagnostics import findings
from pellucid.training.diagnostics.findings import Finding, counted
from pellucid.training.diagnostics.observed_run import ObservedRun, passed
from pellucid.training.examples import Examples
from pellucid.training.fit import fit
from pellucid.training.settings import Settings

EXPLAINS_SLOWNESS = ("rate too high", "rate too low", "dead layer")  # more epochs do not cure these


def diverged(run: ObservedRun) -> Finding | None:
    """The cost became infinite or undefined."""
    history = run.history
    if not history.stopped_because.startswith("diverged"):
        return None
    epochs = len(history.cost)
    sentence = f"After {counted(epochs, 'epoch')} the cost was no longer finite."
    if not run.diverged:
        sentence += f" The weights of epoch {history.best_epoch} were restored."
    advice = "Try a lower learning rate, clip_norm=1 (--clip-norm 1), or inputs scaled to about 0 to 1."
    return Finding("problem" if run.diverged else "watch", "diverged", sentence, advice, {"epochs": epochs})


def rate_too_high(run: ObservedRun) -> Finding | None:
    """A lower rate learns more, in no more updates."""
    return _at_another_rate(run, "rate too high", [1 / by for by in findings.LOWER_RATES], findings.UPDATES_LOWER)


def rate_too_low(run: ObservedRun) -> Finding | None:
    """A far higher rate learns more, in no more updates."""
    if run.diverged:
        return None
    return _at_another_rate(run, "rate too low", findings.HIGHER_RATES, findings.UPDATES_HIGHER)


def stopped_too_early(run: ObservedRun) -> Finding | None:
    """More of the same training learns clearly more, on held-out rows too."""
    measured = run.held_out is None and run.history.best_epoch is not None  # by the rows early stopping held out itself
    if not run.finite or run.learned_share >= findings.FINISHED or measured:
        return None
    updates = min(max(run.updates, findings.UPDATES_MORE[0]), findings.UPDATES_MORE[1])
    learned = trained_on(run, updates)
    if learned is None:
        return None
    before, after = learned
    epochs = len(run.history.cost)
    return Finding(
        "problem" if before < findings.HALF else "watch",
        "stopped too early",
        f"{counted(epochs, 'epoch')} learned {before:.2f} of what can be learned; "
        f"in a trial, at most {counted(updates, 'further update')} brought it to {after:.2f}.",
        f"Try epochs={4 * max(1, epochs)} (--epochs {4 * max(1, epochs)})"
        + (", or more patience (--patience)." if run.history.best_epoch is not None else "."),
        {"learned": before, "learned_after_more": after},
    )


def penalty_too_strong(run: ObservedRun) -> Finding | None:
    """Without the penalty, rows that the trial has not seen are learned far better than the run learned its own."""
    l2, itself = run.network.l2, run.learned_share
    if l2 == 0 or not run.finite or itself >= findings.HALF or run.settings.rule.full_batch_only:
        return None
    rows = run.rows
    measures = np.arange(len(rows)) // run.views % findings.TRIAL_PARTS == 0  # all views of a sample on one side
    taught, measured = rows.take(np.flatnonzero(~measures)), rows.take(np.flatnonzero(measures))
    if not len(taught) or not len(measured):
        return None
    updates = _affordable(run, findings.UPDATES_FREE, len(findings.FREE_RATES))
    freed = [(_after(run, taught, updates, run.rate * by, l2=0.0), by) for by in findings.FREE_RATES]
    learned, by = max((_learned(run, network, measured), by) for network, by in freed)
    if learned < max(itself, 0) + findings.FREE_GAIN:
        return None
    rate = run.rate * by
    epochs = max(1, updates // -(-len(taught) // run.settings.batch_rows(len(taught))))
    return Finding(
        "problem",
        "penalty too strong",
        f"With the penalty l2={l2:.3g} the run learned {itself:.2f} of what can be learned, of its own rows; "
        f"in a trial without it, {learned:.2f} of rows that the trial had not seen.",
        f"Try l2=0 with learning_rate={rate:.3g}, epochs={epochs}: "
        f"--l2 0 --learning-rate {rate:.3g} --epochs {epochs}.",
        {"l2": l2, "learned": itself, "learned_without": learned},
    )


def poor_start_or_too_few_units(run: ObservedRun) -> Finding | None:
    """A small network of another start, or of more units, learns far more, of rows that its trial has not seen."""
    widths = [layer.n_out for layer in run.network.dense[:-1]]
    itself, rows = run.learned_share, run.rows
    if not widths or sum(widths) > findings.SMALL_NETWORK or not run.finite or itself >= findings.FINISHED:
        return None
    measures = np.arange(len(rows)) // run.views % findings.TRIAL_PARTS == 0  # all views of a sample on one side
    taught, measured = rows.take(np.flatnonzero(~measures)), rows.take(np.flatnonzero(measures))
    if not len(taught) or not len(measured):
        return None

    def trial(widths: Sequence[int], start: int) -> float:
        layers = [(n, layer.activation.name) for n, layer in zip(widths, run.network.dense[:-1], strict=True)]
        settings = Settings(
            hidden_layers=layers,
            optimizer="lbfgs",
            epochs=findings.EPOCHS_SMALL,
            l2=max(run.settings.l2, findings.PENALTY_SMALL),
            class_weight=run.settings.class_weight,
            dtype=run.settings.dtype,
            random_state=run.seed + start,
        )
        with contextlib.suppress(DivergedError):
            return _learned(run, fit(taught.X, taught.y, settings, run.loss, run.network.n_out).network, measured)
        return -np.inf

    enough = max(itself, 0) + findings.UNITS_GAIN
    starts = max(trial(widths, start) for start in range(1, findings.OTHER_STARTS + 1))
    times, least = findings.MORE_UNITS
    more = [max(times * width, least) for width in widths]
    level = "problem" if itself < findings.HALF else "watch"
    itself_in_words = f"The run learned {itself:.2f} of what can be learned, of its own rows"
    if starts >= enough:
        return Finding(
            level,
            "poor start",
            f"{itself_in_words}; from another start, the same network learned {starts:.2f} of rows that its trial had "
            "not seen.",
            "Try several starts and keep the best: restarts=5 (--restarts 5), init='he' (--init he).",
            {"learned": itself, "learned_from_another": starts},
        )
    larger = trial(more, 1)
    if larger < enough:
        return None
    layers = ",".join(map(str, more))
    return Finding(
        level,
        "too few units",
        f"{itself_in_words}; with {layers} units, a trial learned {larger:.2f} of rows that it had not seen.",
        f"Try hidden_layers=({layers}{',' if len(more) == 1 else ''}) (--layers {layers}).",
        {"learned": itself, "learned_with_more": larger},
    )


def _at_another_rate(run: ObservedRun, name: str, factors: Sequence[float], most_updates: int) -> Finding | None:
    chooses_its_step = run.settings.rule.full_batch_only  # L-BFGS
    if chooses_its_step or run.learned_share >= findings.FINISHED:
        return None
    updates = min(run.updates, most_updates)
    better = better_rate(run, factors, updates)
    if better is None:
        return None
    rate, learned = better
    itself = f"learned {run.learned_share:.2f} of what can be learned" if run.finite else "diverged"
    return Finding(
        "problem" if run.learned_share < findings.HALF else "watch",
        name,
        f"With learning rate {run.rate:.3g} the run {itself}; "
        f"with {rate:.3g}, at most {counted(updates, 'update')} learned {learned:.2f} in a trial.",
        f"Try learning_rate={rate:.3g} (--learning-rate {rate:.3g}).",
        {"rate": run.rate, "better_rate": rate, "learned": run.learned_share, "learned_with_it": learned},
    )


def better_rate(run: ObservedRun, factors: Sequence[float], updates: int) -> tuple[float, float] | None:
    """Return a rate, the run's times one of the factors, and the share that a trial with it learns.

    Candidates learn clearly more than the run with all its updates, on held-out rows too. Returns the first that learns
    about as much as the best of them; None where there is no candidate.
    """
    taught, measured = _divided(run)
    updates = _affordable(run, updates, len(factors))
    itself = run.network if run.finite else None
    before, better = _learned(run, itself, measured), []
    for factor in factors:
        after = _after(run, taught, updates, run.rate * factor)
        learned = _learned(run, after, measured)
        enough = learned >= max(before, 0) + findings.RATE_GAIN and _lowers_J(run, itself, after, measured)
        if enough and _held_out_gain(run, itself, after) >= findings.GAIN_HELD_OUT:
            better.append((run.rate * factor, learned))
    best = max((learned for _, learned in better), default=0)
    return next(((rate, learned) for rate, learned in better if learned >= best - findings.ABOUT), None)


def trained_on(run: ObservedRun, updates: int) -> tuple[float, float] | None:
    """Return the shares learned by the run and after so many more updates.

    None where the gain is not clear, on held-out rows too.
    """
    taught, measured = _divided(run)
    more = _after(run, taught, _affordable(run, updates, 1), run.rate, run.network)
    before, after = (_learned(run, network, measured) for network in (run.network, more))
    gained = after >= before + findings.MORE_GAIN
    gained = gained and _held_out_gain(run, run.network, more) >= findings.GAIN_HELD_OUT
    return (before, after) if gained else None


def _after(
    run: ObservedRun,
    rows: Examples,
    updates: int,
    rate: float,
    start: Network | None = None,
    l2: float | None = None,
) -> Network | None:
    """Return the network after at most so many updates at a constant rate, or None where it diverged.

    l2: of the penalty; by default that of the run.
    """
    batch = run.settings.batch_rows(len(rows))
    rows = rows.take(np.arange(min(len(rows), updates * batch)))
    an_epoch = -(-len(rows) // batch)
    settings = replace(
        run.settings,
        learning_rate=rate,
        l2=run.settings.l2 if l2 is None else l2,
        epochs=max(1, updates // an_epoch),
        early_stopping=False,
        restarts=1,
        callbacks=(),
        verbose=False,
        random_state=run.seed,
    )
    try:
        return fit(rows.X, rows.y, settings, run.loss, run.network.n_out, start=start).network
    except DivergedError:
        return None


def _learned(run: ObservedRun, network: Network | None, rows: Examples) -> float:
    cost = np.inf if network is None else passed(network, rows).cost
    return run.learned(cost) if np.isfinite(cost) else -np.inf


def _lowers_J(run: ObservedRun, before: Network | None, after: Network | None, rows: Examples) -> bool:
    """Whether J, which training minimises, fell too. If not, a penalty holds the run back."""
    if before is None or after is None or run.network.l2 == 0:
        return True
    return passed(after, rows).J < passed(before, rows).J


def _held_out_gain(run: ObservedRun, before: Network | None, after: Network | None) -> float:
    """Return the gain in the share learned of held-out rows; infinite without such rows or without a network before."""
    if run.held_out is None or before is None:
        return np.inf
    return _learned(run, after, run.held_out) - _learned(run, before, run.held_out)


def _affordable(run: ObservedRun, updates: int, trials: int) -> int:
    """Return how many updates each of so many trials may take, so that the trials stay cheaper than training."""
    rows = run.settings.batch_rows(len(run.rows))
    return max(1, min(updates, int(findings.MULTIPLICATIONS / (3 * trials * rows * run.network.parameters.size))))


def _divided(run: ObservedRun) -> tuple[Examples, Examples]:
    """Return the rows to learn from, and those to measure on: all, or parts of the sample where it is not all."""
    rows = run.rows
    if len(rows) == run.n:
        return rows, rows
    measures = np.arange(len(rows)) % findings.TRIAL_PARTS == 0
    return rows.take(np.flatnonzero(~measures)), rows.take(np.flatnonzero(measures))
