"""What the answers are worth: on the training rows, on rows held out, and what the rows themselves allow."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.training.diagnostics import findings as at
from pellucid.training.diagnostics.findings import Finding, counted
from pellucid.training.diagnostics.observed_run import Patient, passed
from pellucid.training.examples import Examples

Array = NDArray[Any]


CrossValidated = tuple[float, float]  # accuracy of rows held out in turn, and that of always the majority


def unscaled_inputs(patient: Patient) -> Finding | None:
    """Columns of large numbers, or of small ones only."""
    sizes = np.sqrt(np.mean(np.square(patient.rows.X, dtype=np.float64), axis=0))
    largest = float(sizes.max())
    if at.SMALL <= largest <= at.LARGE or largest == 0:
        return None
    many = f"{counted(int(np.sum(sizes > at.LARGE)), 'column')} of {len(sizes)} above {at.LARGE:g}"
    return Finding(
        "problem" if patient.learned_share < at.HALF else "watch",
        "unscaled inputs",
        f"The root mean square of the largest input column is {largest:.3g}"
        + (f" ({many})." if largest > at.LARGE else "."),
        "Bring the inputs to about -1 to 1: --standardize for tables, pixels divided by their largest value.",
        {"largest": largest},
    )


def too_few_examples(patient: Patient, counts: Array | None) -> Finding | None:
    """So few rows that a class, or a curve, cannot be known from them. counts: training rows of each class."""
    least = (patient.n if counts is None else int(counts.min())) // patient.views
    few, very_few = (at.FEW_ROWS, at.VERY_FEW_ROWS) if counts is None else (at.FEW, at.VERY_FEW)
    if least >= few:
        return None
    where = "There are" if counts is None else "The smallest class has"
    return Finding(
        "problem" if least < very_few else "watch",
        "too few examples",
        f"{where} {counted(least, 'training row')}.",
        f"Collect at least {few}" + ("." if counts is None else " of each class, or join classes (--merge)."),
        {"rows": least},
    )


def always_the_majority(patient: Patient) -> Finding | None:
    """One answer for every row."""
    y, Z = patient.rows.y, patient.ended.Z
    if not _single_label(patient):
        spread = float(np.std(Z, axis=0).max() / max(np.std(y, axis=0).max(), np.finfo(np.float64).tiny))
        if patient.loss.classes or spread > 1 - at.ONE_ANSWER or np.ptp(y) == 0:
            return None
        return Finding(
            "problem",
            "always the majority",
            f"Every row gets about the same value: the deviation over the rows is {spread:.1e} of that of the targets.",
            _why_one_answer(patient, None),
            {"deviation": spread},
        )
    codes, answers = _codes(y), _answers(Z)
    share = float(np.bincount(answers).max() / len(answers))
    present = np.unique(codes)
    balanced = float(np.mean([np.mean(answers[codes == code] == code) for code in present]))
    if len(present) < 2 or share < at.ONE_ANSWER or balanced > 1 / len(present) + at.BARELY_BETTER:
        return None
    most = float(np.bincount(codes).max() / len(codes))
    return Finding(
        "problem",
        "always the majority",
        f"{share:.1%} of the {len(codes)} training rows looked at get one answer; balanced accuracy {balanced:.3f}.",
        _why_one_answer(patient, most),
        {"share": share, "balanced_accuracy": balanced, "majority": most},
    )


def overfits(patient: Patient, held: Examples | None, cross: CrossValidated | None) -> Finding | None:
    """It knows its training rows far better than others."""
    if patient.learned_share < at.LITTLE:  # what has learned nothing differs for other reasons, such as other shares
        return None
    own, _ = _score(patient, patient.rows)
    what = "accuracy" if _single_label(patient) else "share learned"
    if held is not None:
        other, error = _score(patient, held)
        where = f"{counted(len(held) // patient.views, 'row')} held out"
    elif cross is not None:
        other, error = cross[0], _error(cross[0], patient.n // patient.views)
        where = "rows held out in cross-validation"
    else:
        return None
    costs = patient.history.validation_cost if patient.history.best_epoch is None else []
    lost = patient.learned(min(costs)) - patient.learned(costs[-1]) if costs else 0.0
    gap = at.GAP if _single_label(patient) else at.GAP_LEARNED
    if own - other < max(gap, at.GAP_ERRORS * error) and lost < at.LOST:
        return None
    l2 = 3 * patient.settings.l2 or 0.01
    tries = [] if patient.settings.stopping else ["early_stopping=True (--early-stopping)"]
    tries += [f"l2={l2:g} (--l2 {l2:g})", *(["fewer units"] if patient.settings.layers else [])]
    sentence = f"{what.capitalize()} {own:.3f} on the training rows, {other:.3f} on {where}"
    if lost >= at.LOST:
        lowest = f"lowest after epoch {int(np.argmin(costs))}, {min(costs):.3g}"
        sentence += f"; the validation cost was {lowest}, and rose to {costs[-1]:.3g}"
    return Finding(
        "watch",
        "overfits",
        sentence + ".",
        f"Try {' or '.join(tries)}; more examples help most.",
        {"training": own, "held_out": other, "lost_since_lowest_cost": lost},
    )


def no_better_than_the_majority(
    patient: Patient, held: Examples | None, cross: CrossValidated | None
) -> Finding | None:
    """On rows that it has not seen, knowing only what is most frequent would do as well."""
    if cross is not None:
        (got, known), n = cross, patient.n // patient.views
        error = _error(known, n)
        where = f"In cross-validation on {counted(n, 'training row')}"
    elif held is None:
        return None
    else:
        n = max(1, len(held) // patient.views)
        where = f"On {counted(n, 'row')} held out"
        if _single_label(patient):
            got, _ = _score(patient, held)
            known = float(np.bincount(_codes(held.y)).max() / len(held))
            error = _error(known, n)
        else:
            gains = patient.ignorant_losses(held) - patient.loss.value(passed(patient.network, held).Z, held.y)
            scale = float(patient.ignorant_losses(held).mean()) or 1.0
            got, known, error = float(gains.mean()) / scale, 0.0, float(gains.std()) / np.sqrt(n) / scale
    if got >= known + at.GAP_ERRORS * error:
        return None
    what, majority = (
        ("accuracy", "always the majority") if cross or _single_label(patient) else ("share learned", "the mean")
    )
    return Finding(
        "problem" if got <= known else "watch",
        "no better than the majority",
        f"{where} the {what} is {got:.3f}, that of {majority} {known:.3f} (standard error {error:.3f}).",
        "What the inputs show does not carry over to new rows: try other features, or more examples.",
        {"score": got, "majority": known, "standard_error": float(error)},
    )


def _single_label(patient: Patient) -> bool:
    return patient.loss.codes or (patient.loss.classes and patient.network.n_out == 1)


def _codes(y: Array) -> Array:
    return y.reshape(len(y)).astype(np.intp)


def _answers(Z: Array) -> Array:
    return Z.argmax(axis=1) if Z.shape[1] > 1 else (Z[:, 0] > 0).astype(np.intp)


def _score(patient: Patient, rows: Examples) -> tuple[float, float]:
    """Return accuracy, or the share learned where there are no classes to count, and its standard error."""
    Z, n = patient.ended.Z if rows is patient.rows else passed(patient.network, rows).Z, len(rows) // patient.views
    if _single_label(patient):
        accuracy = float(np.mean(_answers(Z) == _codes(rows.y)))
        return accuracy, _error(accuracy, max(1, n))
    l, ignorant = patient.loss.value(Z, rows.y), float(patient.ignorant_losses(rows).mean()) or 1.0
    return 1 - float(l.mean()) / ignorant, float(l.std()) / np.sqrt(max(1, n)) / ignorant


def _error(share: float, n: int) -> float:
    return float(np.sqrt(share * (1 - share) / n))


def _why_one_answer(patient: Patient, most: float | None) -> str:
    if patient.settings.l2 > 0:
        return f"Try a weaker penalty: l2={patient.settings.l2 / 10:.2g} (--l2 {patient.settings.l2 / 10:.2g})."
    if most is not None and most > at.UNEVEN:
        return "Give rare classes more weight: class_weight='balanced' (--class-weight balanced)."
    return "See what else is found here; if nothing is, try other starts, restarts=5 (--restarts 5), or other inputs."
