"""cats-4-layer and exact: article A's network, 12288-20-7-5-1, on 209 pictures, 2500 iterations of all rows.

The whole fit is timed, with all that ours does before the first iteration; peers get their data and weights ready
beforehand.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from benchmarks import data, ours, peers_article, peers_sklearn
from benchmarks.floor import add_floor, rates, row_space_once, row_space_update, update
from benchmarks.jobs.full_batch import SAME_FLOAT64, add_agreement, torch_entrants
from benchmarks.measure import THREADS, Answer, Entrant, difference, in_turn, weights_difference
from benchmarks.options import NO_TORCH, Options, has_torch
from benchmarks.outcome import Limit, Outcome
from pellucid.experiment.articles.cats import FOUR_LAYER

ARTICLE = "the article's loop, NumPy float64"
OURS, DIRECT = "pellucid, float64", "pellucid without row space, float64"
TORCH, TORCH_ROW_SPACE = "PyTorch, float32", "PyTorch given row space, float64"
SKLEARN = "scikit-learn, float32"
LIMITS = {ARTICLE: Limit(60, 100), TORCH: Limit(15, 25), SKLEARN: Limit(20, 30)}
WIDTHS = (12288, 20, 7, 5, 1)


def run(options: Options) -> Outcome:
    """Time everybody on the same start, and hold their costs against those of the article's loop."""
    X, y = data.cats(options.data)
    iterations = 60 if options.quick else FOUR_LAYER.settings.epochs
    part = iterations if options.whole else iterations // 2 if options.quick else 300
    measured = in_turn(entrants(X, y, iterations, part), options.rounds, tell=options.tell)
    outcome = Outcome(f"12288-20-7-5-1, 209 rows, {iterations} iterations of gradient descent, seconds a whole fit")
    timings = outcome.add_times(measured, OURS, LIMITS)
    row_space = [(iterations, row_space_update(len(X), WIDTHS)), (1, row_space_once(len(X), WIDTHS))]
    add_floor(outcome, ", row space", row_space, "float64", timings[OURS].median)
    direct = update(len(X), WIDTHS)
    add_floor(outcome, ", direct", [(iterations, direct)], "float64", timings[OURS].median)
    add_floor(outcome, ", direct", [(iterations, direct)], "float32", timings[OURS].median)
    add_agreement(outcome, timings, timings[ARTICLE], (DIRECT, OURS, TORCH_ROW_SPACE), (TORCH, SKLEARN))
    outcome.notes = [
        *(f"{who}: {timings[who].answer.said}." for who in (OURS, DIRECT)),
        *(() if has_torch() else (NO_TORCH,)),
        *rates(row_space[0][1][:1], "float64"),
        *rates(direct[:1], "float32"),
    ]
    return outcome


def entrants(X: np.ndarray, y: np.ndarray, iterations: int, part: int) -> list[Entrant]:
    """Return all entrants: ours, and whoever has row space, run all iterations, the others a part of them."""
    settings = replace(FOUR_LAYER.settings, random_state=FOUR_LAYER.seed, epochs=iterations)
    start = ours.start_of(settings, X.shape[1], 1, FOUR_LAYER.seed)
    rate, scale = ours.rate_of(settings), iterations / part
    columns, Y = X.reshape(len(X), -1).T, y[None, :]  # the article divides the transposed pictures: same layout

    def article(number: int) -> Callable[[], Answer]:
        return lambda: Answer(peers_article.train(columns, Y, start, rate, part)[1])

    direct = replace(settings, epochs=part, row_space=False)
    found = [
        Entrant(OURS, lambda number: ours.binary(X, y, settings), ours.answer),
        Entrant(DIRECT, lambda number: ours.binary(X, y, direct), ours.answer, scale=scale),
    ]
    single = X.astype(np.float32)
    for threads in THREADS:
        found += [
            Entrant(ARTICLE, article, lambda answer: answer, threads=threads, scale=scale),
            Entrant(
                SKLEARN,
                lambda number: peers_sklearn.training(single, y, start, rate, part),
                peers_sklearn.answer,
                threads=threads,
                scale=scale,
            ),
        ]
    if has_torch():
        found += torch_entrants(TORCH, single, y, start, rate, part, scale)
        found += _torch_row_space(X, y, start, rate, iterations)
    return found


def _torch_row_space(
    X: np.ndarray, y: np.ndarray, start: Sequence[np.ndarray], rate: float, iterations: int
) -> list[Entrant]:
    import torch

    from benchmarks import peers_torch

    X_torch, y_torch = torch.from_numpy(X), torch.from_numpy(y)
    return [
        Entrant(
            TORCH_ROW_SPACE,
            lambda number: peers_torch.row_space(X_torch, y_torch, start, rate, iterations),
            peers_torch.full_batch_answer,
            threads=threads,
        )
        for threads in THREADS
    ]


def exact(options: Options) -> Outcome:
    """Hold row space against the direct form: costs at every iteration, and the weights at the end."""
    X, y = data.cats(options.data)
    iterations = 60 if options.quick else FOUR_LAYER.settings.epochs
    settings = replace(FOUR_LAYER.settings, random_state=FOUR_LAYER.seed, epochs=iterations)
    used = ours.answer(ours.binary(X, y, replace(settings, row_space=True))())
    direct = ours.answer(ours.binary(X, y, replace(settings, row_space=False))())
    outcome = Outcome(f"row space against the direct form, 12288-20-7-5-1, float64, {iterations} iterations")
    taken = float(bool(used.row_space))
    outcome.add_fact("row space was used (1 = yes)", taken, Limit(1), check=True)
    apart = difference(used.costs, direct.costs)
    outcome.add_fact("largest relative difference of a cost, every iteration", apart, SAME_FLOAT64, check=True)
    apart = weights_difference(used.weights, direct.weights)
    said = "largest difference of final weights and biases, relative to the largest of the array"
    outcome.add_fact(said, apart, SAME_FLOAT64, check=True)
    published = {i: cost for i, cost in FOUR_LAYER.published_costs.items() if i < iterations}
    apart = max(abs(used.costs[i] - cost) for i, cost in published.items())
    said = f"largest difference from the {len(published)} published costs (they have six digits)"
    outcome.add_fact(said, apart, Limit(5.1e-7, at_most=True), check=True)
    outcome.notes = [f"Compared: {used.said}.", f"With: {direct.said}."]
    return outcome
