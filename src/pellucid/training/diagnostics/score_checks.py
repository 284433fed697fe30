"""Checks of the inputs, and of the predictions on training rows and on others."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.training.diagnostics import findings
from pellucid.training.diagnostics.findings import Finding, counted
from pellucid.training.diagnostics.observed_run import ObservedRun, passed
from pellucid.training.examples import Examples, codes_of

Array = NDArray[Any]


def unscaled_inputs(run: ObservedRun) -> Finding | None:
    """Columns of large numbers, or of small ones only."""
    sizes = np.sqrt(np.mean(np.square(run.rows.X, dtype=np.float64), axis=0))
    largest = float(sizes.max())
    if findings.SMALL <= largest <= findings.LARGE or largest == 0:
        return None
    many = f"{counted(int(np.sum(sizes > findings.LARGE)), 'column')} of {len(sizes)} above {findings.LARGE:g}"
    return Finding(
        "problem" if run.learned_share < findings.HALF else "watch",
        "unscaled inputs",
        f"The root mean square of the largest input column is {largest:.3g}"
        + (f" ({many})." if largest > findings.LARGE else "."),
        "Scale the inputs to about -1 to 1: --standardize for tables, or divide pixels by their largest value.",
        {"largest": largest},
    )


def too_few_examples(run: ObservedRun) -> Finding | None:
    """Too few rows to learn a class, or a regression, from."""
    if run.class_counts is None:
        least, few, very_few = run.n // run.views, findings.FEW_ROWS, findings.VERY_FEW_ROWS
        where, end = "There are", "."
    else:
        least, few, very_few = int(run.class_counts.min()) // run.views, findings.FEW, findings.VERY_FEW
        where, end = "The smallest class has", " of each class, or join classes (--merge)."
    if least >= few:
        return None
    return Finding(
        "problem" if least < very_few else "watch",
        "too few examples",
        f"{where} {counted(least, 'training row')}.",
        f"Collect at least {few}{end}",
        {"rows": least},
    )


def always_the_majority(run: ObservedRun) -> Finding | None:
    """The same prediction for every row."""
    y, Z = run.rows.y, run.at_end.Z
    if not run.single_label:
        spread = float(np.std(Z, axis=0).max() / max(np.std(y, axis=0).max(), np.finfo(np.float64).tiny))
        if run.loss.classes or spread > 1 - findings.ONE_ANSWER or np.ptp(y) == 0:
            return None
        return Finding(
            "problem",
            "always the majority",
            f"Every row gets about the same value: the predictions deviate {spread:.1e} times as much as the targets.",
            _why_constant(run, None),
            {"deviation": spread},
        )
    codes, predicted = codes_of(y), _predicted(Z)
    share = float(np.bincount(predicted).max() / len(predicted))
    present = np.unique(codes)
    balanced = float(np.mean([np.mean(predicted[codes == code] == code) for code in present]))
    if len(present) < 2 or share < findings.ONE_ANSWER or balanced > 1 / len(present) + findings.BARELY_BETTER:
        return None
    most = float(np.bincount(codes).max() / len(codes))
    return Finding(
        "problem",
        "always the majority",
        f"{share:.1%} of the {len(codes)} training rows examined get the same class; balanced accuracy {balanced:.3f}.",
        _why_constant(run, most),
        {"share": share, "balanced_accuracy": balanced, "majority": most},
    )


def overfits(run: ObservedRun) -> Finding | None:
    """It predicts its training rows far better than others."""
    if run.learned_share < findings.LITTLE:  # a run that learned nothing differs for other reasons
        return None
    own, _ = _score(run, run.rows)
    if run.held_out is not None:
        other, error = _score(run, run.held_out)
        where = counted(len(run.held_out) // run.views, "held-out row")
    elif run.cross_validation is not None:
        other, _ = _cross_validated(run, run.cross_validation)
        error, where = _standard_error(run, other, run.n // run.views), "held-out rows in cross-validation"
    else:
        return None
    costs = run.history.validation_cost if run.history.best_epoch is None else []
    lost = run.learned(min(costs)) - run.learned(costs[-1]) if costs else 0.0
    gap = findings.GAP if run.single_label else findings.GAP_LEARNED
    if own - other < max(gap, findings.GAP_ERRORS * error) and lost < findings.LOST:
        return None
    l2 = 3 * run.settings.l2 or 0.01
    tries = [] if run.settings.stopping else ["early_stopping=True (--early-stopping)"]
    tries += [f"l2={l2:g} (--l2 {l2:g})", *(["fewer units"] if run.settings.layers else [])]
    what = _name(run).capitalize()
    sentence = f"{what} {own:.3f} on the training rows, {other:.3f} on {where}"
    if lost >= findings.LOST:
        lowest = f"lowest after epoch {int(np.argmin(costs))} ({min(costs):.3g})"
        sentence += f"; the validation cost was {lowest} and rose to {costs[-1]:.3g}"
    return Finding(
        "watch",
        "overfits",
        sentence + ".",
        f"Try {' or '.join(tries)}; more examples help most.",
        {"training": own, "held_out": other, "lost_since_lowest_cost": lost},
    )


def no_better_than_the_majority(run: ObservedRun) -> Finding | None:
    """On unseen rows, always predicting the most frequent class, or the mean, scores as well."""
    held_out, what, constant = run.held_out, _name(run), "the majority"
    if run.cross_validation is not None:
        (score, baseline), n = _cross_validated(run, run.cross_validation), run.n // run.views
        error = _standard_error(run, baseline, n)
        where = f"In cross-validation on {counted(n, 'training row')}"
    elif held_out is None:
        return None
    else:
        n = max(1, len(held_out) // run.views)
        where = f"On {counted(n, 'held-out row')}"
        if run.single_label:
            score, baseline = _of_held_out(run, held_out)
            error = _standard_error(run, baseline, n)
        else:
            gains = run.ignorant_losses(held_out) - run.loss.value(passed(run.network, held_out).Z, held_out.y)
            scale = float(run.ignorant_losses(held_out).mean()) or 1.0
            score, baseline, error = float(gains.mean()) / scale, 0.0, float(gains.std()) / np.sqrt(n) / scale
            constant = "the mean"
    if score >= baseline + findings.GAP_ERRORS * error:
        return None
    sentence = (
        f"{where} the {what} is {score:.3f}; always predicting {constant} gives {baseline:.3f} "
        f"(standard error {error:.3f})."
    )
    advice = "What the network learned does not carry over to new rows: try other features, or more examples."
    level = "problem" if score <= baseline else "watch"
    if run.cross_validation is not None and held_out is not None and run.single_label:
        own, most = _of_held_out(run, held_out)
        if own > most:
            rows = counted(max(1, len(held_out) // run.views), "held-out row")
            sentence += f" On {rows} it is {own:.3f} against {most:.3f}."
            level, advice = (
                "watch",
                "Only more held-out rows can tell which of the two holds; do not rely on the higher.",
            )
    numbers = {"score": score, "majority": baseline, "standard_error": float(error)}
    return Finding(level, "no better than the majority", sentence, advice, numbers)


def _of_held_out(run: ObservedRun, held_out: Examples) -> tuple[float, float]:
    """Return the accuracy, or balanced accuracy, on held-out rows, and that of always predicting the majority."""
    counts = np.bincount(codes_of(held_out.y))
    majority = 1 / np.count_nonzero(counts) if run.balanced else float(counts.max() / len(held_out))
    return _score(run, held_out)[0], majority


def _predicted(Z: Array) -> Array:
    return Z.argmax(axis=1) if Z.shape[1] > 1 else (Z[:, 0] > 0).astype(np.intp)


def _score(run: ObservedRun, rows: Examples) -> tuple[float, float]:
    """Return the accuracy, or the share learned where rows have no single class, and its standard error."""
    Z, n = run.at_end.Z if rows is run.rows else passed(run.network, rows).Z, len(rows) // run.views
    if run.single_label:
        codes, right = codes_of(rows.y), _predicted(Z) == codes_of(rows.y)
        shares = [right[codes == code].mean() for code in np.unique(codes)] if run.balanced else [right.mean()]
        score = float(np.mean(shares))
        return score, _standard_error(run, score, max(1, n))
    l, ignorant = run.loss.value(Z, rows.y), float(run.ignorant_losses(rows).mean()) or 1.0
    return 1 - float(l.mean()) / ignorant, float(l.std()) / np.sqrt(max(1, n)) / ignorant


def _name(run: ObservedRun) -> str:
    if not run.single_label:
        return "share learned"
    return "balanced accuracy" if run.balanced else "accuracy"


def _cross_validated(run: ObservedRun, known: tuple[float, float, float]) -> tuple[float, float]:
    """Return the score of cross-validation, and that of a constant prediction."""
    accuracy, majority, balanced = known
    if run.balanced and run.class_counts is not None:
        return balanced, 1 / len(run.class_counts)
    return accuracy, majority


def _standard_error(run: ObservedRun, share: float, n: int) -> float:
    """Return the standard error of a share of n rows, or of the mean of such shares over the classes."""
    if run.balanced and run.class_counts is not None:
        k, rows = len(run.class_counts), n * run.class_counts / run.class_counts.sum()
        return float(np.sqrt(share * (1 - share) * (1 / rows).sum()) / k)
    return float(np.sqrt(share * (1 - share) / n))


def _why_constant(run: ObservedRun, most: float | None) -> str:
    if run.settings.l2 > 0:
        return f"Try a weaker penalty: l2={run.settings.l2 / 10:.2g} (--l2 {run.settings.l2 / 10:.2g})."
    if most is not None and most > findings.UNEVEN:
        return "Give rare classes more weight: class_weight='balanced' (--class-weight balanced)."
    return (
        "Look at the other findings. If there are none, try several starts, restarts=5 (--restarts 5), or other inputs."
    )
