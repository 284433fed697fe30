"""History: what was recorded while a network learned, one entry an epoch.

Plain numbers and sentences, so that it can be plotted, printed and saved with the model.
"""

from dataclasses import dataclass, field


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
