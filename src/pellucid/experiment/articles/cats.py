"""Articles A and C on the cat pictures: one neuron, two layers, four layers, and a deep net that cannot learn.

Raw pixels, full-batch gradient descent, float64; with the published seed the published costs come out.
"""

from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import load
from pellucid.data.published.catalog import PUBLISHED
from pellucid.errors import DivergedError, MissingFileError
from pellucid.evaluation import cross_validate
from pellucid.experiment.articles.article import Article, Images, Outcome, accuracy, train
from pellucid.features import Pixels
from pellucid.features.extraction import assemble
from pellucid.model.predictions import with_both_classes
from pellucid.nn import Network
from pellucid.nn.scaled_integers import Rows, take
from pellucid.system.progress import Progress
from pellucid.training import Fitted, Settings

CATS = PUBLISHED["cats"]
DESCENT: dict[str, Any] = {"optimizer": "gradient_descent", "batch_size": None, "dtype": "float64"}

LOGISTIC_COSTS = (
    0.693147, 0.584508, 0.466949, 0.376007, 0.331463, 0.303273, 0.279880, 0.260042, 0.242941, 0.228004,
    0.214820, 0.203078, 0.192544, 0.183033, 0.174399, 0.166521, 0.159305, 0.152667, 0.146542, 0.140872,
)  # fmt: skip
TWO_LAYER_COSTS = (
    0.693049735659989, 0.6464320953428849, 0.6325140647912678, 0.6015024920354665, 0.5601966311605748,
    0.515830477276473, 0.4754901313943325, 0.43391631512257495, 0.4007977536203886, 0.3580705011323798,
    0.3394281538366413, 0.30527536361962654, 0.2749137728213015, 0.24681768210614827, 0.1985073503746611,
    0.17448318112556654, 0.17080762978096023, 0.11306524562164734, 0.09629426845937152, 0.08342617959726863,
    0.07439078704319081, 0.0663074813226793, 0.0591932950103817, 0.05336140348560556, 0.048554785628770206,
)  # fmt: skip
FOUR_LAYER_COSTS = (
    0.771749, 0.672053, 0.648263, 0.611507, 0.567047, 0.540138, 0.527930, 0.465477, 0.369126, 0.391747,
    0.315187, 0.272700, 0.237419, 0.199601, 0.189263, 0.161189, 0.148214, 0.137775, 0.129740, 0.121225,
    0.113821, 0.107839, 0.102855, 0.100897, 0.092878,
)  # fmt: skip


def _every_hundred(costs: tuple[float, ...]) -> dict[int, float]:
    return {100 * number: cost for number, cost in enumerate(costs)}


LOGISTIC = Article(
    "logistic",
    "one neuron on the cat pictures (article C, the course's figures)",
    Settings(hidden_layers=(), init="zeros", learning_rate=0.005, epochs=2000, **DESCENT),
    seed=1,
    every=100,
    published={"train accuracy": "0.990", "test accuracy": "0.70"},
    published_costs=_every_hundred(LOGISTIC_COSTS),
)
TWO_LAYER = Article(
    "cats-2-layer",
    "12288 - 7 relu - 1 on the cat pictures (article A)",
    Settings(hidden_layers=(7,), init="normal_0.01", learning_rate=0.0075, epochs=2500, **DESCENT),
    seed=1,
    every=100,
    published={"train accuracy": "1.0", "test accuracy": "0.72"},
    published_costs=_every_hundred(TWO_LAYER_COSTS),
)
FOUR_LAYER = Article(
    "cats-4-layer",
    "12288 - 20 - 7 - 5 relu - 1 on the cat pictures (article A)",
    Settings(hidden_layers=(20, 7, 5), init="lecun", learning_rate=0.0075, epochs=2500, **DESCENT),
    seed=1,
    every=100,
    published={"train accuracy": "0.986 (206 of 209)", "test accuracy": "0.80"},
    published_costs=_every_hundred(FOUR_LAYER_COSTS),
)
DEEP = Article(
    "deep",
    "12288 - 5 - 5 - 5 - 3 relu - 1 on the cat pictures (article C)",
    Settings(hidden_layers=(5, 5, 5, 3), init="uniform_0.01", learning_rate=0.01, epochs=1000, **DESCENT),
    seed=1,
    every=100,
    published={"train accuracy": "-", "test accuracy": "-"},
)


def run(article: Article, data: Path, seed: int | None, init: str | None, progress: Progress) -> Outcome:
    """Run one of the networks on the folder of the two HDF5 files."""
    CATS.require(data, tuple(CATS.sums))
    splits = load(data)
    if splits.test is None or splits.train.shape is None:
        raise MissingFileError(f"{data} must hold a training file and a test file of pictures of one size.")
    features = Pixels(splits.train.shape)
    X, train_set = assemble(splits.train, features)
    X_test, test_set = assemble(splits.test, features)
    y, y_test = train_set.labels, test_set.labels
    settings = article.start(seed, init)
    fitted = train(settings, X, y, 2, progress)
    network, history = fitted.network, fitted.history
    results = {"train_accuracy": accuracy(network, X, y), "test_accuracy": accuracy(network, X_test, y_test)}
    outcome = article.outcome({what.replace("_", " "): value for what, value in results.items()}, history, settings)
    outcome.results |= results
    if wrong := CATS.differing(data):
        outcome.remarks.append(f"Not the published files, by their sha256: {', '.join(wrong)}.")
    majority = float(max(np.mean(y_test), 1 - np.mean(y_test)))
    outcome.remarks.append(f"Always saying the majority of the {len(y_test)} test pictures gives {majority:.2f}.")
    if article is DEEP:
        outcome.remarks += diagnosis(network, network_at_start(settings, X.shape[1]), X, history.cost)
    cross_validation = None if fitted.interrupted else cross_validated(settings, X, y)
    outcome.examine(fitted, settings, (X, y), (X_test, y_test), cross_validation)
    outcome.fits = {"": fitted}
    outcome.images = Images(train_set, test_set, X_test, features.shape)
    return outcome


def cross_validated(settings: Settings, X: Rows, y: np.ndarray) -> tuple[float, float, float] | None:
    """Return what 5-fold cross-validation of the training pictures found, as `diagnose` takes it.

    None where one of the five nets diverged, or Ctrl-C ended it.
    """
    fits: list[Fitted] = []

    def fit_predict(training: np.ndarray, held: np.ndarray, where: object) -> np.ndarray:
        fits.append(train(settings, take(X, training), y[training], 2))
        return with_both_classes(fits[-1].network.predict(take(X, held)))

    try:
        judged = cross_validate(fit_predict, y, ("non-cat", "cat"), seed=0, repeats=1)
    except DivergedError:
        return None
    if any(fitted.interrupted for fitted in fits):
        return None
    return judged.accuracy, judged.baselines["majority"], judged.scores.balanced_accuracy


def network_at_start(settings: Settings, n_in: int) -> Network:
    """Return the network before its first update."""
    seed = settings.random_state
    assert isinstance(seed, int)
    return settings.network(n_in, 1, "binary_cross_entropy").initialize(settings.init, seed)


def diagnosis(network: Network, start: Network, X: Rows, cost: list[float]) -> list[str]:
    """Return in sentences whether the deep net learned, and the measured reason if it did not."""
    P = network.predict(X)[:, 0]
    if P.max() > 0.5 > P.min() and cost[-1] < 0.9 * cost[0]:
        return [f"It learns: the cost falls from {cost[0]:.3f} to {cost[-1]:.3f}, its lowest is {min(cost):.3f}."]
    Z, tape = start.forward(X[:], keep=True)
    spread = [f"{float(np.std(saved.A, axis=0).mean()):.1e}" for saved in tape.dense[:-1] if saved.A is not None]
    why = [
        f"What tells pictures apart shrinks in every layer: mean deviation over the pictures {' -> '.join(spread)}, of "
        f"the logit {float(Z.std()):.1e}. No gradient of use comes back. Try --init he."
    ]
    if start.dense[0].W.min() >= 0 and tape.dense[0].A is not None and Z.std() > 0:
        units = np.corrcoef(tape.dense[0].A.T)
        alike = float(units[np.triu_indices(len(units), 1)].min())
        why.insert(
            0,
            f"Why: all starting weights are positive, about {start.dense[0].W.mean():.3f}, so every unit of layer 1 "
            f"measures one thing, brightness: their outputs correlate by at least {alike:.4f} over the pictures.",
        )
    return [
        f"It does not learn: the cost goes from {cost[0]:.4f} to {cost[-1]:.4f} and stays there, the cost of knowing "
        f"only how frequent cats are. It says {P.min():.3f} to {P.max():.3f} of every picture.",
        *why,
    ]
