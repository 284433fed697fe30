"""Article D: the petals of a flower in the plane, 2 - 4 tanh - 1, and the comparison of hidden sizes.

The flower and the start are those of the published run. Beside the article's accuracy on the training points stands
the accuracy on 400 fresh points of the same flower.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.data import flower
from pellucid.experiment.articles.article import Article, Outcome, accuracy, train
from pellucid.system.progress import Progress
from pellucid.training import Fitted, Settings
from pellucid.training.fit import Callback

COSTS = {
    0: 0.693048, 1000: 0.288083, 2000: 0.254385, 3000: 0.233864, 4000: 0.226792,
    5000: 0.222644, 6000: 0.219731, 7000: 0.217504, 8000: 0.219471, 9000: 0.218612,
}  # fmt: skip
SIZE_ACCURACIES = {1: 0.675, 2: 0.6725, 3: 0.9075, 4: 0.905, 5: 0.9125, 20: 0.9, 50: 0.9025}
SIZE_ITERATIONS = 5000  # of the comparison

PLANAR = Article(
    "planar",
    "2 - 4 tanh - 1 on the flower (article D)",
    Settings(
        hidden_layers=(4,),
        activation="tanh",
        init="normal_0.01",
        optimizer="gradient_descent",
        learning_rate=1.2,
        epochs=10_000,
        batch_size=None,
    ),
    seed=2,
    every=1000,
    published={"train accuracy": "0.90", "linear classifier": "0.47"},
    published_costs=COSTS,
)


def run(
    hidden_sizes: list[int],
    seed: int | None,
    init: str | None,
    progress: Progress,
    callbacks: Sequence[Callback] = (),
) -> Outcome:
    """Run the article's network, or one for each hidden size and compare them; `callbacks` watch it learn."""
    X, y = flower(seed=1)
    X_new, y_new = flower(seed=2)
    settings = PLANAR.start(seed, init)
    if hidden_sizes:
        return _compared(hidden_sizes, settings, (X, y), (X_new, y_new), progress)
    linear = train(replace(settings, hidden_layers=(), init="zeros", optimizer="lbfgs", epochs=100), X, y, 2)
    main = train(replace(settings, callbacks=callbacks), X, y, 2, progress)
    results = {
        "train_accuracy": accuracy(main.network, X, y),
        "test_accuracy": accuracy(main.network, X_new, y_new),
        "linear_accuracy": accuracy(linear.network, X, y),
    }
    obtained = {
        "train accuracy": results["train_accuracy"],
        "accuracy on 400 fresh points": results["test_accuracy"],
        "linear classifier": results["linear_accuracy"],
    }
    outcome = PLANAR.outcome(obtained, main.history, settings)
    outcome.results |= results
    outcome.examine(main, settings, (X, y), (X_new, y_new))
    if PLANAR.is_published(settings):
        outcome.remarks.append(
            "From iteration 8000 on, published runs differ among each other in the fifth digit: at this learning rate "
            "the descent jumps there, which makes the rounding of each machine visible."
        )
    outcome.fits = {"": main, "linear": linear}
    return outcome


def _compared(
    sizes: list[int],
    settings: Settings,
    points: tuple[np.ndarray, np.ndarray],
    fresh: tuple[np.ndarray, np.ndarray],
    progress: Progress,
) -> Outcome:
    runs: list[Fitted] = []
    for size in sizes:
        runs.append(train(replace(settings, hidden_layers=(size,), epochs=SIZE_ITERATIONS), *points, 2, progress))
        if runs[-1].interrupted:
            sizes = sizes[: len(runs)]
            break
    on_train = [accuracy(run.network, *points) for run in runs]
    on_fresh = [accuracy(run.network, *fresh) for run in runs]
    best = int(np.argmax(on_fresh))
    outcome = PLANAR.outcome({}, runs[best].history, replace(settings, epochs=SIZE_ITERATIONS))
    published = SIZE_ACCURACIES if PLANAR.is_published(settings) else {}
    outcome.figures = [
        (f"{size} hidden units, train accuracy", f"{published[size]:.4f}" if size in published else "-", f"{got:.4f}")
        for size, got in zip(sizes, on_train, strict=True)
    ]
    outcome.results |= {
        "train_accuracy": on_train[best],
        "test_accuracy": on_fresh[best],
        "seconds": sum(run.history.seconds for run in runs),
        "comparison": [
            {"hidden_size": size, "train_accuracy": a, "fresh_accuracy": f}
            for size, a, f in zip(sizes, on_train, on_fresh, strict=True)
        ],
    }
    outcome.fits = {str(size): run for size, run in zip(sizes, runs, strict=True)}
    outcome.remarks.append(
        f"Costs and accuracies in the JSON are those of {sizes[best]} hidden units, the best on fresh points."
    )
    return outcome
