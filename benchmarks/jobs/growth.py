"""growth: the time of an epoch against rows (it should be linear) and, in row space, against inputs (constant)."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks import ours
from benchmarks.measure import Answer, Entrant, Timing, in_turn
from benchmarks.options import Options
from benchmarks.outcome import Limit, Outcome, Row
from pellucid.training import Settings

ROWS, INPUTS = (7_500, 15_000, 30_000, 60_000), (1_000, 10_000, 100_000, 1_000_000)
QUICK_ROWS, QUICK_INPUTS = (500, 1_000, 2_000), (1_000, 10_000)
FEW_ROWS = 200
LINEAR, CONSTANT = Limit(1.1, at_most=True), Limit(0.1, at_most=True)  # exponents; these limits are ours


def run(options: Options) -> Outcome:
    """Time epochs on random rows; what is done once, before and after them, is shown apart."""
    outcome = Outcome(
        "random rows, pellucid alone, seconds an epoch (the median epoch of a run, without the first)", "the first"
    )
    batches = Settings(hidden_layers=(128,), batch_size=128, epochs=4, random_state=0)
    _grow(outcome, options, "rows, 784-128-1, adam, batch 128, float32", batches, [
        (f"{n:,} rows", n, (n, 784)) for n in (QUICK_ROWS if options.quick else ROWS)
    ], LINEAR)  # fmt: skip
    every = Settings(
        hidden_layers=(20, 7, 5),
        optimizer="gradient_descent",
        learning_rate=0.0075,
        batch_size=None,
        row_space=True,
        epochs=10 if options.quick else 300,
        random_state=0,
    )
    _grow(outcome, options, f"inputs, {FEW_ROWS} rows, -20-7-5-1, gradient descent, all rows, float32", every, [
        (f"{d:,} inputs", d, (FEW_ROWS, d)) for d in (QUICK_INPUTS if options.quick else INPUTS)
    ], CONSTANT)  # fmt: skip
    return outcome


def _grow(
    outcome: Outcome,
    options: Options,
    what: str,
    settings: Settings,
    sizes: Sequence[tuple[str, int, tuple[int, int]]],
    limit: Limit,
) -> None:
    """Add a row for each size, and the exponent e of seconds ~ size^e."""
    epochs: dict[str, list[float]] = {name: [] for name, _, _ in sizes}
    once: dict[str, list[float]] = {name: [] for name, _, _ in sizes}

    def entrant(name: str, shape: tuple[int, int]) -> Entrant:
        def prepare(number: int) -> Callable[[], Any]:
            rng = np.random.default_rng(number)
            X, y = rng.random(shape, np.float32), rng.integers(0, 2, shape[0])
            noted = ours.Epochs()
            fit = ours.binary(X, y, replace(settings, callbacks=(noted,)))

            def work() -> Any:
                began = time.perf_counter()
                fitted = fit()
                return fitted, noted.seconds, noted.once(began, time.perf_counter())

            return work

        def judge(result: Any) -> Answer:
            fitted, epoch, besides = result
            epochs[name].append(epoch)
            once[name].append(besides)
            return Answer(said=ours.answer(fitted).said)

        return Entrant(name, prepare, judge)

    timings: dict[str, Timing] = {
        timing.entrant.who: timing
        for timing in in_turn([entrant(name, shape) for name, _, shape in sizes], options.rounds, tell=options.tell)
    }
    first = statistics.median(epochs[sizes[0][0]])
    for name in epochs:
        seconds = statistics.median(epochs[name])
        besides = f"besides the epochs {statistics.median(once[name]):.3g} s"
        outcome.rows.append(Row(what, name, besides, seconds, epochs[name], ratio=seconds / first))
    medians = [statistics.median(found) for found in epochs.values()]
    exponent = float(np.polyfit(np.log([size for _, size, _ in sizes]), np.log(medians), 1)[0])
    outcome.add_fact(f"{what}: exponent of the time an epoch", exponent, limit)
    outcome.notes += [f"{name}: {timing.answer.said}." for name, timing in timings.items()]
