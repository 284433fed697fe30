"""One seed, several independent streams of random numbers.

The weights are drawn from `RandomState(seed)`, the published convention. Everything else that is random has a
child stream of its own, so that switching one thing on (dropout, say) never changes another (the split).
"""

import numpy as np

from pellucid.errors import InputError

STREAMS = (
    "split",
    "shuffle",
    "dropout",
    "augmentation",
    "restart",
    "probe",
    "stopping",
    "ensemble",
    "folds",
    "curve",
    "shift",
    "novelty",
)


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the generator of one purpose: a child of `seed` that depends on nothing else.

    >>> bool(stream(1, "split").random() == stream(1, "split").random())
    True
    >>> bool(stream(1, "split").random() == stream(1, "dropout").random())
    False
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAMS.index(name),)))


def seeds(seed: int, name: str, n: int) -> list[int]:
    """Return n seeds: the seed itself, then others drawn from its stream of one purpose.

    >>> seeds(7, "restart", 3)[:2] == seeds(7, "restart", 2)
    True
    """
    return [seed, *map(int, stream(seed, name).integers(2**31, size=n - 1))]


def weight_stream(seed: int) -> np.random.RandomState:
    """Return the legacy generator that initial weights are drawn from, layer by layer.

    >>> weight_stream(1).standard_normal(2).round(4).tolist()
    [1.6243, -0.6118]
    """
    return np.random.RandomState(seed)


def as_seed(random_state: int | np.random.RandomState | None) -> int:
    """Return one integer seed from scikit-learn's `random_state`: an int as it is, else one drawn.

    >>> as_seed(7)
    7
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0] >> 1)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if (
        isinstance(random_state, bool)
        or not isinstance(random_state, int | np.integer)
        or not 0 <= random_state < 2**32
    ):
        raise InputError(
            f"the seed (random_state) must be a whole number from 0 to {2**32 - 1}, a RandomState or None; "
            f"got {random_state!r}."
        )
    return int(random_state)
