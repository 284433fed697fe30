"""fashion: mini-batches on Fashion-MNIST, four networks x three batch sizes x gradient descent and Adam, float32."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from benchmarks import data, ours, peers_sklearn
from benchmarks.floor import add_floor, update
from benchmarks.measure import THREADS, Answer, Entrant, Timing, in_turn
from benchmarks.options import NO_TORCH, Options, has_torch
from benchmarks.outcome import Limit, Outcome
from pellucid.training import Fitted, Settings, fit

OURS, FAST, TORCH, SKLEARN = "pellucid", "pellucid with fast", "PyTorch", "scikit-learn"
NETS = ((32,), (128,), (256, 128), (512, 512))
BATCHES = (32, 128, 256)
RATES = {"gradient_descent": 0.1, "adam": 0.001}
KINDS = {"gradient_descent": ("foreach", "fused"), "adam": ("fused",)}  # of PyTorch's optimizers, the quick ones
WIDE, SMALL = (512, 512), (32,)
NEVER_SLOWER = 1.0  # the goal against PyTorch, with the extra `fast`


class Work(NamedTuple):
    """One group of the table."""

    hidden: tuple[int, ...]
    batch: int
    optimizer: str

    @property
    def name(self) -> str:
        """784-32-10, batch 32, adam."""
        return f"{'-'.join(map(str, self.widths))}, batch {self.batch}, {self.optimizer.replace('_', ' ')}"

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs, hidden units, classes."""
        return (784, *self.hidden, 10)

    @property
    def limits(self) -> dict[str, Limit]:
        """How much slower PyTorch and scikit-learn have to be."""
        if self.hidden == WIDE:
            least = 0.6 if self.optimizer == "adam" else 0.8
        else:
            least = 2.0 if self.hidden == SMALL and self.optimizer == "gradient_descent" else 1.0
        return {TORCH: Limit(least, max(least, NEVER_SLOWER)), SKLEARN: Limit(1.5)}


def run(options: Options) -> Outcome:
    """Time everybody on every group; the accuracy on the test set shows that they learn the same."""
    rows, epochs = (2000, 1) if options.quick else (options.rows, options.epochs)
    X, y, X_test, y_test = data.fashion(options.data, rows)
    outcome = Outcome(f"Fashion-MNIST, {len(X):,} rows, float32, seconds an epoch ({epochs} epochs a run)")
    works = [Work(*parts) for parts in product(NETS, BATCHES, RATES)]
    for work in (work for work in works if options.only in work.name):
        options.tell(work.name)
        entrants = list(_entrants(work, X, y, X_test, y_test, epochs))
        measured = in_turn(entrants, options.rounds, tell=options.tell)
        timings = outcome.add_times(measured, OURS, work.limits, work.name, per=epochs)
        whole, rest = divmod(len(X), work.batch)
        parts = [(epochs * whole, update(work.batch, work.widths))]
        parts += [(epochs, update(rest, work.widths))] if rest else []
        add_floor(outcome, "", parts, "float32", timings[OURS].median, work.name, per=epochs)
        if FAST in timings and TORCH in timings:
            ratio = timings[TORCH].median / timings[FAST].median
            outcome.add_fact(f"{work.name}: PyTorch's time over ours with the extra fast", ratio, work.limits[TORCH])
        _add_accuracies(outcome, work, timings, len(X_test))
    outcome.notes = [
        f"Accuracies after {epochs} epoch(s) are medians of the rounds, each with a start and an order of its own; "
        "they differ by no more than noise where it is under 1.96 standard errors, of the test rows and of the rounds.",
        *(() if has_torch() else (NO_TORCH,)),
    ]
    return outcome


def _entrants(
    work: Work, X: np.ndarray, y: np.ndarray, X_test: np.ndarray, y_test: np.ndarray, epochs: int
) -> Iterator[Entrant]:
    """Yield all entrants; in each round they have the same start."""
    rate = RATES[work.optimizer]

    def settings(number: int) -> Settings:
        return Settings(
            hidden_layers=work.hidden,
            init=start(number),
            optimizer=work.optimizer,
            learning_rate=rate,
            batch_size=work.batch,
            epochs=epochs,
            random_state=number,
        )

    def start(number: int) -> list[np.ndarray]:
        return ours.start_of(Settings(hidden_layers=work.hidden), 784, 10, number)

    def prepare_fast(number: int) -> Callable[[], Any]:
        how = settings(number)
        return lambda: fit(X, y, how, "softmax_cross_entropy", 10)

    def prepare_ours(number: int) -> Callable[[], Any]:
        return ours.plain_numpy()(prepare_fast(number))

    def prepare_sklearn(number: int) -> Callable[[], Any]:
        return peers_sklearn.training(
            X, y, start(number), rate, epochs, optimizer=work.optimizer, batch=work.batch, seed=number
        )

    def right(codes: np.ndarray) -> Answer:
        return Answer(accuracy=float(np.mean(codes == y_test)))

    def judge(fitted: Fitted) -> Answer:
        return right(fitted.network.predict(X_test).argmax(1))

    yield Entrant(OURS, prepare_ours, judge)
    if work.optimizer == "adam" and ours.has_numba():
        yield Entrant(FAST, prepare_fast, judge)
    for threads in THREADS:
        yield Entrant(SKLEARN, prepare_sklearn, lambda model: right(model.predict(X_test)), threads=threads)
    if has_torch():
        yield from _torch(work, X, y, start, epochs, lambda logits: right(logits(X_test).argmax(1)))


def _torch(
    work: Work,
    X: np.ndarray,
    y: np.ndarray,
    start: Callable[[int], Sequence[np.ndarray]],
    epochs: int,
    judge: Callable[[Callable[[np.ndarray], np.ndarray]], Answer],
) -> Iterator[Entrant]:
    import torch

    from benchmarks import peers_torch

    X_torch, y_torch = torch.from_numpy(X), torch.from_numpy(np.asarray(y, np.int64))

    def entrant(kind: str, threads: int) -> Entrant:
        def prepare(number: int) -> Callable[[], Any]:
            return peers_torch.mini_batches(
                X_torch, y_torch, start(number), work.optimizer, RATES[work.optimizer], work.batch, epochs, number, kind
            )

        return Entrant(TORCH, prepare, lambda model: judge(peers_torch.logits(model)), kind, threads)

    for kind, threads in product(KINDS[work.optimizer], THREADS):
        yield entrant(kind, threads)


def _add_accuracies(outcome: Outcome, work: Work, timings: dict[str, Timing], n: int) -> None:
    accuracy = {who: statistics.median(timing.accuracies) for who, timing in timings.items()}
    told = ", ".join(f"{who} {value:.3f}" for who, value in accuracy.items())
    p = accuracy[OURS]
    by_rounds = max(float(np.var(timing.accuracies)) for timing in timings.values())
    noise = Limit(1.96 * (2 * (p * (1 - p) / n + by_rounds)) ** 0.5, at_most=True)
    apart = max(abs(value - p) for value in accuracy.values())
    outcome.add_fact(f"{work.name}: test accuracy {told}; largest difference from ours", apart, noise)
