"""What the full-batch jobs share: PyTorch with its settings, and the check that everybody's costs agree."""

from collections.abc import Sequence

import numpy as np

from benchmarks.measure import THREADS, Entrant, Timing, difference
from benchmarks.outcome import Limit, Outcome

SAME_FLOAT64, SAME_FLOAT32 = Limit(1e-9, at_most=True), Limit(1e-5, at_most=True)
LOOKED_AT = (0, 100, 200)  # float32 costs drift apart later, in every program


def torch_entrants(
    who: str, X: np.ndarray, y: np.ndarray, start: Sequence[np.ndarray], rate: float, iterations: int, scale: float
) -> list[Entrant]:
    """Return PyTorch with each of its kinds of optimizer and numbers of threads."""
    import torch

    from benchmarks import peers_torch

    X_torch, y_torch = torch.from_numpy(X), torch.from_numpy(y)

    def entrant(kind: str, threads: int) -> Entrant:
        return Entrant(
            who,
            lambda number: peers_torch.full_batch(X_torch, y_torch, start, rate, iterations, kind),
            peers_torch.full_batch_answer,
            kind,
            threads,
            scale,
        )

    return [entrant(kind, threads) for kind in ("foreach", "fused") for threads in THREADS]


def add_agreement(
    outcome: Outcome,
    timings: dict[str, Timing],
    reference: Timing,
    float64: Sequence[str],
    float32: Sequence[str],
) -> None:
    """Add how far everybody's costs are from the reference's, as checks: without it the times mean nothing."""
    costs = reference.answer.costs
    against = f"of costs from {reference.entrant.who}"
    for who in (who for who in float64 if who in timings):
        n = min(len(costs), len(timings[who].answer.costs))
        apart = difference(timings[who].answer.costs, costs)
        outcome.add_fact(f"{who}: difference {against}, {n} iterations", apart, SAME_FLOAT64, check=True)
    for who in (who for who in float32 if who in timings):
        theirs = timings[who].answer.costs
        at = [i for i in LOOKED_AT if i < min(len(costs), len(theirs))]
        said = f"{who}: difference {against}, iterations {', '.join(map(str, at))}"
        outcome.add_fact(said, difference(theirs, costs, at), SAME_FLOAT32, check=True)
