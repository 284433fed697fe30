"""Layers and units: those that say the same of every row, those that are alike, and what becomes of the gradient."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Network
from pellucid.training.diagnostics import findings as at
from pellucid.training.diagnostics.findings import Finding, counted
from pellucid.training.diagnostics.observed_run import Pass, Patient

Array = NDArray[Any]


def dead_layer(patient: Patient) -> Finding | None:
    """Every unit of a layer says the same of every row: nothing gets past it, forward or back."""
    silent = _silent(patient.ended)
    dead = [number for number, units in enumerate(silent, 1) if units.all()]
    if not dead:
        return None
    layer = dead[0]
    units = silent[layer - 1]
    at_start = _silent(patient.begun)[layer - 1].all()
    return Finding(
        "problem",
        "dead layer",
        f"All {counted(len(units), 'unit')} of layer {layer} give one answer to all {len(patient.rows)} rows"
        + (", at the start already." if at_start else "; at the start they did not."),
        "Try other starts, the best is kept: restarts=5 (--restarts 5)."
        if at_start
        else f"Try learning_rate={patient.rate / 10:.2g} (--learning-rate {patient.rate / 10:.2g}), or --restarts 5.",
        {"layer": layer, "units": len(units)},
    )


def silent_units(patient: Patient) -> Finding | None:
    """Some units of a layer, not all, say the same of every row."""
    if len(patient.rows) < at.ROWS_FOR_UNITS:
        return None
    silent = {n: units for n, units in enumerate(_silent(patient.ended), 1) if units.any() and not units.all()}
    if not silent:
        return None
    total = sum(int(units.sum()) for units in silent.values())
    worst = max(float(units.mean()) for units in silent.values())
    where = "; ".join(f"layer {n}: {int(units.sum())} of {len(units)}" for n, units in silent.items())
    one_answer = "gives one answer" if total == 1 else "give one answer"
    return Finding(
        "watch" if worst >= at.MANY_SILENT else "note",
        "silent units",
        f"{counted(total, 'unit')} {one_answer} to all {len(patient.rows)} rows looked at ({where}).",
        "They cost time, not accuracy; where that is low, try --activation leaky_relu or --restarts 5.",
        {"units": total, "largest_share": worst},
    )


def identical_units(patient: Patient) -> Finding | None:
    """Units that start alike and never part: they get the same gradient."""
    for number, (first, last) in enumerate(zip(_weights(patient.start), _weights(patient.network), strict=True), 1):
        _, group, sizes = np.unique(first, axis=0, return_inverse=True, return_counts=True)
        group = group.reshape(-1)
        leaders = np.array([np.flatnonzero(group == kind)[0] for kind in range(len(sizes))])[group]
        apart = np.abs(last - last[leaders]).max(axis=1) > at.SAME * np.abs(last).max()
        alike = (sizes[group] > 1) & ~apart
        if alike.sum() > 1:
            return Finding(
                "problem",
                "units that stay identical",
                f"{int(alike.sum())} of {len(last)} units of layer {number} started with the same weights as another, "
                "and still have them.",
                "Start from random weights: init='he' (--init he).",
                {"layer": number, "units": int(alike.sum())},
            )
    return None


def vanishing_gradients(patient: Patient) -> Finding | None:
    """The error signal is lost on its way from the last layer to the first."""
    shrinks = _first_over_last(patient.begun)
    if shrinks is None or not 0 < shrinks < at.VANISHING:
        return None
    return _by_layer(
        patient,
        "vanishing gradients by layer",
        shrinks,
        "Try init='he' with relu (--init he --activation relu), or fewer layers (--layers).",
    )


def exploding_gradients(patient: Patient) -> Finding | None:
    """The error signal grows on its way from the last layer to the first."""
    grows = _first_over_last(patient.begun)
    if grows is None or grows <= at.EXPLODING:
        return None
    return _by_layer(
        patient,
        "exploding gradients by layer",
        grows,
        "Try init='he' (--init he), and clip_norm=1 (--clip-norm 1).",
    )


def saturated_output(patient: Patient) -> Finding | None:
    """Probabilities that are 0 or 1, and wrong."""
    if not patient.loss.classes:
        return None
    begun, ended = _sure_and_wrong(patient, patient.begun), _sure_and_wrong(patient, patient.ended)
    if max(begun, ended) < at.MANY_SURE_AND_WRONG:
        return None
    return Finding(
        "problem" if ended >= at.MANY_SURE_AND_WRONG or patient.learned_share < at.HALF else "watch",
        "saturated output",
        f"Less than 0.001 is given to what is right in {begun:.0%} of the rows at the start, {ended:.0%} at the end.",
        "Start smaller and scale the inputs: init='he' (--init he), --standardize; or clip_norm=1 (--clip-norm 1).",
        {"start": begun, "end": ended},
    )


def _silent(seen: Pass) -> list[Array]:
    """Return for each hidden layer which of its units say the same of every row."""
    spans = [(np.ptp(saved.A, axis=0), np.abs(saved.A).max(axis=0)) for saved in seen.hidden if saved.A is not None]
    return [span <= at.SAME * np.maximum(1, largest) for span, largest in spans]


def _weights(network: Network) -> list[Array]:
    """Return [W, b] of each hidden layer, one row a unit."""
    return [np.column_stack([layer.W, layer.b]) for layer in network.dense[:-1]]


def _first_over_last(seen: Pass) -> float | None:
    signals = seen.signals
    return signals[0] / signals[-1] if len(signals) > 1 and np.isfinite(signals).all() and signals[-1] > 0 else None


def _by_layer(patient: Patient, name: str, ratio: float, advice: str) -> Finding:
    at_start = ", ".join(f"{signal:.1e}" for signal in patient.begun.signals)
    at_end = ", ".join(f"{signal:.1e}" for signal in patient.ended.signals)
    return Finding(
        "problem" if patient.learned_share < at.LITTLE else "watch",
        name,
        f"At the start the error signal |dJ/dZ| in layer 1 is {ratio:.1e} of that in the last "
        f"(by layer: {at_start}; at the end {at_end}).",
        advice,
        {"first_over_last": ratio},
    )


def _sure_and_wrong(patient: Patient, seen: Pass) -> float:
    return float(np.mean(patient.loss.value(seen.Z, patient.rows.y) > at.SURE_AND_WRONG))
