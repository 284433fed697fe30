"""Trace: one training step together with its checks, and the ways to show it: JSON, HTML, LaTeX and text."""

from functools import cached_property
from typing import Any

import numpy as np

from pellucid.explanation.trace import common_mistakes as mistakes
from pellucid.explanation.trace.attribution import speaking
from pellucid.explanation.trace.common_mistakes import Mistake
from pellucid.explanation.trace.finite_difference import FiniteDifference, finite_difference
from pellucid.explanation.trace.latex import latex_document
from pellucid.explanation.trace.page import fragment, page
from pellucid.explanation.trace.step import Step
from pellucid.explanation.trace.text import text

LARGEST_TOLD = 1000  # numbers of an array in JSON


class Trace(Step):
    """One training step, as `pellucid.trace` returns it."""

    @cached_property
    def finite_difference(self) -> FiniteDifference | None:
        """One weight's gradient, checked by a finite difference."""
        return None if self.cost is None else finite_difference(self)

    @cached_property
    def common_mistakes(self) -> tuple[Mistake, ...]:
        """The common mistakes, each with the cost it would have led to."""
        return () if self.cost is None else mistakes.common_mistakes(self)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON takes them; of an array of more than 1000 numbers its shape and 2-norm."""
        told: dict[str, Any] = {"n": len(self), "row": self.row, "yhat": _plain(self.yhat), "notes": list(self.notes)}
        if self.class_names or not self.network.loss.classes:
            told["answer"] = {name: _plain(value) for name, value in vars(speaking(self)).items()}
        told["layers"] = [
            {"activation": layer.activation.name}
            | {name: _plain(getattr(layer, name)) for name in ("A_in", "W", "b", "Z", "A")}
            | ({} if layer.back is None else {name: _plain(value) for name, value in vars(layer.back).items()})
            for layer in self.layers
        ]
        if self.cost is None or self.update is None or self.finite_difference is None:
            return told
        update, nudge = self.update, self.finite_difference
        return told | {
            "cost": {"J": self.cost.J, "l": _plain(self.cost.l), "penalty": self.cost.penalty, "after": self.after},
            "fall": self.fall,
            "promised": self.promised,
            "update": {"rule": str(update.rule), "rate": update.rate, "norm": update.norm}
            | {
                "gradient": _plain(self.network.named(update.gradient)),
                "after": _plain(self.network.named(update.after)),
            }
            | {"parts": {name: _plain(part) for name, part in update.parts.items()}},
            "nudge": vars(nudge) | {"name": nudge.name},
            "slips": [{"name": slip.name, "what": slip.sentence, "after": slip.after} for slip in self.common_mistakes],
        }

    def html(self) -> str:
        """Return the whole step as one HTML page that asks for nothing from outside."""
        return page(self)

    def _repr_html_(self) -> str:
        return fragment(self)

    def latex(self) -> str:
        """Return the step as a LaTeX document."""
        return latex_document(self)

    def __str__(self) -> str:
        return text(self)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray) and value.size > LARGEST_TOLD:
        return {"shape": list(value.shape), "norm": float(np.linalg.norm(value.astype(np.float64)))}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
