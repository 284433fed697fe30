"""Article D: the petals of a flower in the plane, 2 - 4 tanh - 1, and the comparison of hidden sizes.

The flower and the start are those of the published run. Beside the article's accuracy on the training points stands
the accuracy on 400 fresh points of the same flower.
"""

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from pellucid.articles.article import Article, Outcome, accuracy, predicted
from pellucid.assembly import Progress
from pellucid.data import flower
from pellucid.insight import plots
from pellucid.training import Fitted, Settings, fit

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
CLASS_NAMES = ("class 0", "class 1")


def run(hidden_sizes: list[int], seed: int | None, init: str | None, progress: Progress | None) -> Outcome:
    """Run the article's network, or one for each hidden size and compare them."""
    X, y = flower(seed=1)
    X_new, y_new = flower(seed=2)
    settings = replace(PLANAR.settings, random_state=PLANAR.seed if seed is None else seed)
    settings = replace(settings, init=init or settings.init)

    def fitted(settings: Settings) -> Fitted:
        if progress is not None:
            settings = replace(settings, callbacks=(progress.training(X, y, settings.epochs),))
        return fit(X, y[:, None].astype(float), settings, "binary_cross_entropy", 1)

    linear = fitted(replace(settings, hidden_layers=(), init="zeros", optimizer="lbfgs", epochs=100))
    linear_accuracy = accuracy(linear.network, X, y)
    if hidden_sizes:
        sized = [fitted(replace(settings, hidden_layers=(size,), epochs=SIZE_ITERATIONS)) for size in hidden_sizes]
        return _compared(hidden_sizes, sized, (X, y), (X_new, y_new), as_published=seed is None and init is None)

    main = fitted(settings)
    costs = PLANAR.reported(main.history)
    results = {
        "iterations": list(costs),
        "costs": list(costs.values()),
        "train_accuracy": accuracy(main.network, X, y),
        "test_accuracy": accuracy(main.network, X_new, y_new),
        "linear_accuracy": linear_accuracy,
        "seconds": main.history.seconds,
        "seed": settings.random_state,
    }
    as_published = seed in (None, PLANAR.seed) and init is None
    published_costs = COSTS if as_published else {}
    figures = [
        ("train accuracy", PLANAR.published["train accuracy"], f"{results['train_accuracy']:.4f}"),
        ("accuracy on 400 fresh points", "-", f"{results['test_accuracy']:.4f}"),
        ("linear classifier, train accuracy", PLANAR.published["linear classifier"], f"{linear_accuracy:.4f}"),
    ]
    figures += [
        (f"cost, iteration {iteration}", f"{published_costs[iteration]:.6f}" if published_costs else "-", f"{cost:.6f}")
        for iteration, cost in costs.items()
    ]
    pictures = {
        "boundary.png": _boundary(main, X, y),
        "linear-boundary.png": _boundary(linear, X, y),
        "cost.png": plots.cost_curve(
            main.history.cost, learning_rate=settings.learning_rate, published=published_costs or None
        ),
    }
    remarks = []
    if as_published:
        remarks.append(
            "From iteration 8000 on, published runs differ among each other in the fifth digit: at this learning rate "
            "the descent jumps there, which makes the rounding of each machine visible."
        )
    return Outcome(results, figures, remarks, pictures)


def _compared(
    sizes: list[int],
    runs: list[Fitted],
    train: tuple[np.ndarray, np.ndarray],
    fresh: tuple[np.ndarray, np.ndarray],
    as_published: bool,
) -> Outcome:
    on_train = [accuracy(run.network, *train) for run in runs]
    on_fresh = [accuracy(run.network, *fresh) for run in runs]
    published = SIZE_ACCURACIES if as_published else {}
    figures = [
        (f"{size} hidden units, train accuracy", f"{published[size]:.4f}" if size in published else "-", f"{got:.4f}")
        for size, got in zip(sizes, on_train, strict=True)
    ]
    best = int(np.argmax(on_fresh))
    main = runs[best]
    costs = PLANAR.reported(main.history)
    results = {
        "iterations": list(costs),
        "costs": list(costs.values()),
        "train_accuracy": on_train[best],
        "test_accuracy": on_fresh[best],
        "seconds": sum(run.history.seconds for run in runs),
        "comparison": [
            {"hidden_size": size, "train_accuracy": a, "fresh_accuracy": f}
            for size, a, f in zip(sizes, on_train, on_fresh, strict=True)
        ],
    }
    pictures = {f"boundary-{size}.png": _boundary(run, *train) for size, run in zip(sizes, runs, strict=True)}
    pictures["hidden-sizes.png"] = plots.accuracy_by(
        sizes, {"train": on_train, "400 fresh points": on_fresh}, "hidden units"
    )
    remark = f"Costs and accuracies in the JSON are those of {sizes[best]} hidden units, the best on fresh points."
    return Outcome(results, figures, [remark], pictures)


def _boundary(run: Fitted, X: np.ndarray, y: np.ndarray) -> Figure:
    return plots.decision_boundary(lambda points: predicted(run.network, points), X, y, CLASS_NAMES)
