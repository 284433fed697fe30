"""None of these: how many pictures unlike all of training are called "unknown", and how many of the known kind.

Cats and bean leaves, their training pictures alone: in each of five rounds a fifth of them is held back as the known.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import load
from pellucid.experiment.result import Result
from pellucid.experiment.run import train

DATA = Path(__file__).parents[2] / "shared" / "data"
SOURCES = {"cats": Path("cats", "train_catvnoncat.h5"), "beans": Path("beans", "train")}
ROUNDS = 5
MOST = 200  # pictures of a kind
SIDE = 96  # pixels of those that are made here

HEADER = """\
| trained on | features | shown | pictures | unlike training | "unknown" in all |
|---|---|---|---:|---:|---:|"""


def main(arguments: list[str]) -> int:
    """Print the table.  arguments: the folder of the data, and which features, where it is not shared/data and both."""
    data = Path(arguments[0]) if arguments else DATA
    print(HEADER)
    for features in arguments[1:] or ("photo", "pixels"):
        for name in SOURCES:
            for shown, pictures, unlike, unknown in shares(data, name, features):
                print(f"| {name} | {features} | {shown} | {pictures} | {unlike:.1%} | {unknown:.1%} |", flush=True)
    return 0


def shares(data: Path, name: str, features: str) -> Iterator[tuple[str, int, float, float]]:
    """Yield what is shown, how many pictures, and the mean shares over the rounds that are "unknown".

    The first share is that of pictures too unlike training; the second also has those the network is unsure of.
    """
    rounds = [
        train(data / SOURCES[name], features=features, holdout=0.2, cross_validate=1, reject="auto", random_state=seed)
        for seed in range(ROUNDS)
    ]
    yield from [_shares("held out, known", [r.rows["test"] for r in rounds], rounds)]
    others = {f"{other}, training": _of(data / SOURCES[other]) for other in SOURCES if other != name}
    for shown, pictures in (others | _fashion(data) | MADE).items():
        R = rounds[0].model.extract(pictures())
        yield _shares(shown, [R] * ROUNDS, rounds)


def _shares(shown: str, rows: list[np.ndarray], rounds: list[Result]) -> tuple[str, int, float, float]:
    unlike, unknown = [], []
    for R, result in zip(rows, rounds, strict=True):
        model, novelty = result.model, result.model.novelty(R)
        assert model.rejection is not None
        unlike.append(float(np.mean(novelty > model.rejection.novelty)))
        unknown.append(float(np.mean(model.predictions(R).rejected)))
    return shown, len(rows[0]), float(np.mean(unlike)), float(np.mean(unknown))


Pictures = Callable[[], Any]


def _of(source: Path) -> Pictures:
    """Return pictures of a data set, evenly spread over it."""

    def pictures() -> list[Any]:
        part = load(source).train
        rows = np.unique(np.linspace(0, len(part) - 1, MOST).astype(int))
        return [picture for block in part.blocks(rows) for picture in block]

    return pictures


def _fashion(data: Path) -> dict[str, Pictures]:
    return {"Fashion-MNIST, training": _of(data / "fashion_mnist")}


def _noise() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8) for _ in range(MOST)]


def _grey() -> list[np.ndarray]:
    return [np.full((SIDE, SIDE, 3), level, np.uint8) for level in range(0, 256, 5)]


def _digits() -> list[np.ndarray]:
    from sklearn.datasets import load_digits

    return [(digit * 15.9).astype(np.uint8) for digit in load_digits().images[:MOST]]


def _crops() -> list[np.ndarray]:
    from sklearn.datasets import load_sample_images

    corners = [(y, x) for y in range(0, 400, 80) for x in range(0, 600, 80)]
    return [image[y : y + SIDE, x : x + SIDE] for image in load_sample_images().images for y, x in corners]


MADE: dict[str, Pictures] = {
    "pure noise": _noise,
    "flat grey": _grey,
    "handwritten digits (had no say in the measure)": _digits,
    "cuttings of a temple and a flower (had no say in the measure)": _crops,
}
