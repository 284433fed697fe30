"""Checks of layers and units: constant or identical units, the gradient from layer to layer, saturated outputs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Network
from pellucid.training.diagnostics import findings
from pellucid.training.diagnostics.findings import Finding, counted
from pellucid.training.diagnostics.observed_run import ObservedRun, Pass

Array = NDArray[Any]


def dead_layer(run: ObservedRun) -> Finding | None:
    """Every unit of a layer has the same output for all rows: nothing passes it, forward or back."""
    silent = _silent(run.at_end)
    dead = [number for number, units in enumerate(silent, 1) if units.all()]
    if not dead:
        return None
    layer, count = dead[0], len(silent[dead[0] - 1])
    at_start = _silent(run.at_start)[layer - 1].all()
    if at_start:
        advice = "Try several starts and keep the best: restarts=5 (--restarts 5)."
    else:
        advice = f"Try learning_rate={run.rate / 10:.2g} (--learning-rate {run.rate / 10:.2g}), or --restarts 5."
    return Finding(
        "problem",
        "dead layer",
        f"All {counted(count, 'unit')} of layer {layer} give the same output for all {len(run.rows)} rows, "
        + ("already at the start." if at_start else "though not at the start."),
        advice,
        {"layer": layer, "units": count},
    )


def silent_units(run: ObservedRun) -> Finding | None:
    """Some units of a layer, not all, have the same output for all rows."""
    if len(run.rows) < findings.ROWS_FOR_UNITS:
        return None
    silent = {n: units for n, units in enumerate(_silent(run.at_end), 1) if units.any() and not units.all()}
    if not silent:
        return None
    total = sum(int(units.sum()) for units in silent.values())
    worst = max(float(units.mean()) for units in silent.values())
    where = "; ".join(f"layer {n}: {int(units.sum())} of {len(units)}" for n, units in silent.items())
    return Finding(
        "watch" if worst >= findings.MANY_SILENT else "note",
        "silent units",
        f"{counted(total, 'unit')} {'gives' if total == 1 else 'give'} the same output for all {len(run.rows)} rows "
        f"examined ({where}).",
        "They cost time, not accuracy. If accuracy is low, try --activation leaky_relu or --restarts 5.",
        {"units": total, "largest_share": worst},
    )


def identical_units(run: ObservedRun) -> Finding | None:
    """Units that start with the same weights and keep them, because they get the same gradient."""
    for number, (first, last) in enumerate(zip(_weights(run.start), _weights(run.network), strict=True), 1):
        _, group, sizes = np.unique(first, axis=0, return_inverse=True, return_counts=True)
        group = group.reshape(-1)
        leaders = np.array([np.flatnonzero(group == kind)[0] for kind in range(len(sizes))])[group]
        apart = np.abs(last - last[leaders]).max(axis=1) > findings.SAME * np.abs(last).max()
        alike = (sizes[group] > 1) & ~apart
        if alike.sum() > 1:
            return Finding(
                "problem",
                "units that stay identical",
                f"{int(alike.sum())} of {len(last)} units of layer {number} started with the same weights as another "
                "unit, and still have the same.",
                "Start from random weights: init='he' (--init he).",
                {"layer": number, "units": int(alike.sum())},
            )
    return None


def gradients_by_layer(run: ObservedRun) -> Finding | None:
    """The error signal vanishes, or explodes, on its way from the last layer to the first."""
    signals = run.at_start.signals
    if len(signals) < 2 or not np.isfinite(signals).all() or signals[-1] == 0:
        return None
    ratio = signals[0] / signals[-1]
    if 0 < ratio < findings.VANISHING:
        name = "vanishing gradients by layer"
        advice = "Try init='he' with relu (--init he --activation relu), or fewer layers (--layers)."
    elif ratio > findings.EXPLODING:
        name = "exploding gradients by layer"
        advice = "Try init='he' (--init he), and clip_norm=1 (--clip-norm 1)."
    else:
        return None
    at_start, at_end = (", ".join(f"{s:.1e}" for s in seen.signals) for seen in (run.at_start, run.at_end))
    return Finding(
        "problem" if run.learned_share < findings.LITTLE else "watch",
        name,
        f"At the start the error signal |dJ/dZ| of layer 1 is {ratio:.1e} times that of the last layer "
        f"(by layer: {at_start}; at the end: {at_end}).",
        advice,
        {"first_over_last": ratio},
    )


def saturated_output(run: ObservedRun) -> Finding | None:
    """Probabilities that are about 0 or 1, and wrong."""
    if not run.loss.classes:
        return None
    start, end = (_sure_and_wrong(run, seen) for seen in (run.at_start, run.at_end))
    if max(start, end) < findings.MANY_SURE_AND_WRONG:
        return None
    return Finding(
        "problem" if end >= findings.MANY_SURE_AND_WRONG or run.learned_share < findings.HALF else "watch",
        "saturated output",
        f"The right answer gets less than 0.001 for {start:.0%} of the rows at the start, for {end:.0%} at the end.",
        "Use smaller initial weights and scale the inputs: init='he' (--init he), --standardize; or clip_norm=1 "
        "(--clip-norm 1).",
        {"start": start, "end": end},
    )


def _silent(seen: Pass) -> list[Array]:
    """Return for each hidden layer which of its units have the same output for all rows."""
    ranges = [
        (np.ptp(saved.A, axis=0), np.abs(saved.A).max(axis=0)) for saved in seen.layers[:-1] if saved.A is not None
    ]
    return [spread <= findings.SAME * np.maximum(1, largest) for spread, largest in ranges]


def _weights(network: Network) -> list[Array]:
    """Return [W, b] of each hidden layer, one row a unit."""
    return [np.column_stack([layer.W, layer.b]) for layer in network.dense[:-1]]


def _sure_and_wrong(run: ObservedRun, seen: Pass) -> float:
    return float(np.mean(run.loss.value(seen.Z, run.rows.y) > findings.SURE_AND_WRONG))
