"""Trace: one training step together with its checks, and the ways to show it: JSON, HTML, LaTeX and text."""

from functools import cached_property
from typing import Any

import numpy as np

from pellucid.explanation.trace import common_mistakes as mistakes
from pellucid.explanation.trace.attribution import attribution
from pellucid.explanation.trace.common_mistakes import Mistake
from pellucid.explanation.trace.finite_difference import FiniteDifference, finite_difference
from pellucid.explanation.trace.latex import latex_document
from pellucid.explanation.trace.page import fragment, page
from pellucid.explanation.trace.step import Step
from pellucid.explanation.trace.text import text

LARGEST_ARRAY = 1000  # numbers of an array that JSON holds whole


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
        """Return plain values for JSON; an array of more than 1000 numbers is given by its shape and 2-norm."""
        values: dict[str, Any] = {"n": len(self), "row": self.row, "yhat": self.yhat, "notes": list(self.notes)}
        if self.class_names or not self.network.loss.classes:
            values["answer"] = attribution(self).as_dict()
        values["layers"] = [
            {"activation": layer.activation.name}
            | {name: getattr(layer, name) for name in ("A_in", "W", "b", "Z", "A")}
            | ({} if layer.back is None else vars(layer.back))
            for layer in self.layers
        ]
        cost, update, check, named = self.cost, self.update, self.finite_difference, self.network.named
        if cost is not None and update is not None and check is not None:
            values |= {
                "cost": {"J": cost.J, "l": cost.l, "penalty": cost.penalty, "after": self.after},
                "fall": self.fall,
                "promised": self.promised,
                "update": {
                    "rule": str(update.rule),
                    "rate": update.rate,
                    "norm": update.norm,
                    "gradient": named(update.gradient),
                    "after": named(update.after),
                    "parts": update.parts,
                },
                "nudge": vars(check) | {"name": check.name},
                "slips": [{"name": one.name, "what": one.sentence, "after": one.after} for one in self.common_mistakes],
            }
        plain: dict[str, Any] = _plain(values)
        return plain

    def html(self) -> str:
        """Return the whole step as one HTML page that loads nothing from outside."""
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
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, np.ndarray) and value.size > LARGEST_ARRAY:
        return {"shape": list(value.shape), "norm": float(np.linalg.norm(value.astype(np.float64)))}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
