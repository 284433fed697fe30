"""History: what was recorded while a network learned, one entry an epoch.

Plain numbers and sentences, so that it can be plotted, printed and saved with the model.
"""

import math
from dataclasses import dataclass, field

from pellucid.html import escaped
from pellucid.html.line_chart import curves


@dataclass
class History:
    """The record of one training run.

    cost[e]: the objective J; full batch: before epoch e's update; mini-batches: the row-weighted mean of the batches'
    objectives, each before its update.
    validation_cost[e]: the data term alone, without dropout, after epoch e; rows held out of the training rows keep
    their weights, validation data has none.
    best_epoch: the epoch whose weights came back (early stopping only), else None.
    seconds: wall time of the training itself.  stopped_because: one sentence.
    used_row_space, row_space_reason: whether training went through the span of the rows, and why or why not.
    """

    cost: list[float] = field(default_factory=list)
    validation_cost: list[float] = field(default_factory=list)
    best_epoch: int | None = None
    seconds: float = 0.0
    stopped_because: str = ""
    used_row_space: bool = False
    row_space_reason: str = ""

    def _repr_html_(self) -> str:
        epochs = range(len(self.cost))
        recorded = {"training": self.cost, "validation": self.validation_cost}
        series = {name: (epochs, costs) for name, costs in recorded.items() if any(map(math.isfinite, costs))}
        counted = "epoch" if len(epochs) == 1 else "epochs"
        told = escaped(f"{len(epochs):,} {counted} in {self.seconds:.2g} s; {self.stopped_because}".removesuffix("; "))
        if not series:
            return f"<p>{told}</p>"
        best = {} if self.best_epoch is None else {"best epoch": self.best_epoch}
        chart = curves(series, "epoch", "cost", "Cost while it learned", log=None, moments=best)
        return f"<figure>{chart}<figcaption>{told}</figcaption></figure>"
