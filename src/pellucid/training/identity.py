"""What decides the outcome of a fit, as plain values that can be compared: settings, and digests of rows and start.

Two fits of one identity give the same weights on one machine; where two differ, the names say in what.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.nn import Network
from pellucid.nn.losses import Loss
from pellucid.nn.scaled_integers import IntegerRows
from pellucid.training.examples import Examples
from pellucid.training.settings import Settings

BLOCK_ROWS = 1024

Identity = dict[str, str]


def fit_identity(
    settings: Settings,
    seed: int,
    loss: Loss,
    train: Examples,
    validation: Examples | None,
    start: Network | None,
) -> Identity:
    """Return the settings, with the seed drawn, and sha256 digests of everything else that fit is given."""
    told = settings.described() | {"random_state": seed, "loss": loss.name}
    if isinstance(settings.init, list | tuple):
        told["init"] = _digest(*map(np.asarray, settings.init))
    return plain_identity(told) | {
        "the training rows": _digest_of_examples(train),
        "the validation rows": "none" if validation is None else _digest_of_examples(validation),
        "the network to begin from": "none" if start is None else _digest(start.parameters),
    }


def plain_identity(values: Mapping[str, Any]) -> Identity:
    """Return values as texts, without the addresses that Python puts into those of functions."""
    return {name: re.sub(r" at 0x[0-9a-fA-F]+", "", str(value)) for name, value in values.items()}


def differences(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return in words what differs, or "".

    >>> differences({"epochs": "5", "l2": "0.1"}, {"epochs": "6", "l2": "0.1"})
    'epochs was 5, now it is 6'
    """
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    return "; ".join(_difference(name, then.get(name, "not given"), now.get(name, "not given")) for name in names)


def _difference(name: str, then: str, now: str) -> str:
    if name.startswith("the "):  # a digest, which tells nobody anything
        return f"{name} are others" if name.endswith("rows") else f"{name} is another"
    return f"{name} was {then}, now it is {now}"


def _digest_of_examples(examples: Examples) -> str:
    weight = np.empty(0) if examples.weight is None else examples.weight
    X = examples.X
    if isinstance(X, IntegerRows):
        return _digest(X.integers, np.array(X.divisor), examples.y, weight)
    return _digest(X, examples.y, weight)


def _digest(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode())
        rows = np.atleast_1d(array)
        for start in range(0, len(rows), BLOCK_ROWS):  # not all at once: they may be mapped from a file
            digest.update(np.ascontiguousarray(rows[start : start + BLOCK_ROWS]).tobytes())
    return digest.hexdigest()
