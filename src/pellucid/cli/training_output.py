"""What came of a training, as plain values: what `--json` writes."""

from typing import Any

from pellucid.experiment.result import Result


def training_results(result: Result) -> dict[str, Any]:
    """Return the results of a training run as plain values."""
    history = result.history
    return {
        "network": str(result.model.network),
        "features": str(result.model.features),
        "cross_validation": None if result.cross_validation is None else result.cross_validation.as_dict(),
        "learning_curve": None if result.learning_curve is None else result.learning_curve.as_dict(),
        "scores": {part: scores.as_dict() for part, scores in result.scores.items()},
        "decision": result.decision.as_dict() | {"used": result.model.threshold},
        "answered": {part: worth.as_dict() for part, worth in result.answered.items()},
        "audit": None if result.audit is None else result.audit.as_dict(),
        "file_facts": None if result.file_facts is None else result.file_facts.as_dict(),
        "findings": [finding.as_dict() for finding in result.findings],
        "shift": None if result.shift is None else result.shift.as_dict(),
        "epochs": len(history.cost),
        "cost": history.cost,
        "validation_cost": history.validation_cost,
        "best_epoch": history.best_epoch,
        "seconds": history.seconds,
        "stopped_because": history.stopped_because,
        "used_row_space": history.used_row_space,
        "row_space": history.row_space_reason,
        "skipped": [{"name": name, "reason": reason} for name, reason in result.skipped],
        "provenance": dict(result.model.provenance),
    }
