"""Result: what one experiment gives: the model, its history, its scores, and the data as they were divided."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data import Splits
from pellucid.data.audit.audit import Audit
from pellucid.data.corrections import Corrected
from pellucid.evaluation import (
    ClassShift,
    CrossValidation,
    LearningCurve,
    MetadataBaseline,
    RegressionScores,
    RegressionValidation,
    Scores,
    SelectiveScores,
)
from pellucid.experiment.operating_point import Decision
from pellucid.html import escaped
from pellucid.model.model import Model
from pellucid.model.predictions import Predictions
from pellucid.training import History
from pellucid.training.diagnostics import Finding


@dataclass(frozen=True, repr=False)
class Result:
    """What a training gives.

    recipe: all its values, flat; `make_recipe` takes them and gives the same weights again.
    scores: by part ("train", "validation", "test").  histories: of each network.
    cross_validation: the headline when samples are few.  learning_curve: when asked for.
    audit: what was found in the data.  file_facts: how well file metadata alone predicts the class.  shift: how class
    shares differ between training and test.  findings: of the training doctor.
    decision: the chosen threshold and rejection.  answered: by part, coverage and selective accuracy.
    corrections: how many labels of each part were corrected; None without a list of corrections.
    skipped: pictures left out, as (name, reason).
    splits: the data as they were divided.  rows: their raw features by part.  predictions: of the model, by part.
    """

    model: Model
    recipe: dict[str, Any]
    histories: tuple[History, ...]
    scores: dict[str, Scores | RegressionScores]
    cross_validation: CrossValidation | RegressionValidation | None
    learning_curve: LearningCurve | None
    audit: Audit | None
    file_facts: MetadataBaseline | None
    shift: ClassShift | None
    findings: tuple[Finding, ...]
    splits: Splits
    rows: dict[str, np.ndarray]
    predictions: dict[str, Predictions]
    decision: Decision
    answered: dict[str, SelectiveScores]
    corrections: dict[str, Corrected] | None = None
    skipped: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"Result({self._expected()}; {self.model!r})"

    def _repr_html_(self) -> str:
        return f"<p>{escaped(self._expected())}</p>{self.history._repr_html_()}<p>{escaped(self.model)}</p>"

    def _expected(self) -> str:
        judged = self.headline if self.cross_validation is None else self.cross_validation
        return "no rows were held out, so nothing is known about new data" if judged is None else judged.sentence()

    @property
    def history(self) -> History:
        """The record of the network, or of the first of an ensemble."""
        return self.histories[0]

    @property
    def headline(self) -> Scores | RegressionScores | None:
        """The best estimate for new samples: of cross-validation, else of rows that nothing was chosen on."""
        if self.cross_validation is not None:
            return self.cross_validation.scores
        tested = (self.scores[part] for part in ("test", "validation") if part in self.scores)
        return next((scores for scores in tested if scores.used_for == "testing"), None)

    @property
    def notes(self) -> list[str]:
        """How the data were read, each sentence once; and what is odd about parts that training did not see."""
        of_data = dict.fromkeys(note for _, dataset in self.splits.items() for note in dataset.notes)
        of_parts = [
            f"{part}: {note}" for part, R in self.rows.items() if part != "train" for note in self.model.notes(R)
        ]
        return [*of_data, *of_parts]

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers, lists and texts, as `--json` writes them."""
        history = self.history
        return {
            "network": str(self.model.network),
            "features": str(self.model.features),
            "cross_validation": None if self.cross_validation is None else self.cross_validation.as_dict(),
            "learning_curve": None if self.learning_curve is None else self.learning_curve.as_dict(),
            "scores": {part: scores.as_dict() for part, scores in self.scores.items()},
            "decision": self.decision.as_dict() | {"used": self.model.threshold},
            "answered": {part: worth.as_dict() for part, worth in self.answered.items()},
            "audit": None if self.audit is None else self.audit.as_dict(),
            "file_facts": None if self.file_facts is None else self.file_facts.as_dict(),
            "findings": [finding.as_dict() for finding in self.findings],
            "shift": None if self.shift is None else self.shift.as_dict(),
            "epochs": len(history.cost),
            "cost": history.cost,
            "validation_cost": history.validation_cost,
            "best_epoch": history.best_epoch,
            "seconds": history.seconds,
            "stopped_because": history.stopped_because,
            "used_row_space": history.used_row_space,
            "row_space": history.row_space_reason,
            "notes": self.notes,
            "skipped": [{"name": name, "reason": reason} for name, reason in self.skipped],
            "provenance": self.model.provenance.as_dict(),
        }
