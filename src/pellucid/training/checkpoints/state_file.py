"""A State as arrays and plain values, and back; and the fingerprint of a fit, which decides what may resume it.

The fields of `State` are the list, so that a field added there is saved without another line here.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError
from pellucid.nn import Network
from pellucid.nn.losses import Loss
from pellucid.nn.scaled_integers import IntegerRows
from pellucid.training.examples import Examples
from pellucid.training.history import History
from pellucid.training.loop import State
from pellucid.training.settings import Settings

Array = NDArray[Any]
Fingerprint = dict[str, str]
StateParts = tuple[dict[str, Array], dict[str, Any]]  # arrays, and other values as JSON has them

SAVED = [f.name for f in fields(State) if f.name != "expand"]  # a function, made again from the initial weights
BLOCK_ROWS = 1024


def fit_fingerprint(
    settings: Settings,
    seed: int,
    loss: Loss,
    train: Examples,
    validation: Examples | None,
    start: Network | None,
) -> Fingerprint:
    """Return the settings, with the seed drawn, and SHA-256 digests of everything else that fit is given."""
    values = settings.described() | {"random_state": seed, "loss": loss.name}
    if isinstance(settings.init, list | tuple):
        values["init"] = _digest(*map(np.asarray, settings.init))
    return as_texts(values) | {
        "the training rows": _digest_of_examples(train),
        "the validation rows": "none" if validation is None else _digest_of_examples(validation),
        "the network to start from": "none" if start is None else _digest(start.parameters),
    }


def as_texts(values: Mapping[str, Any]) -> Fingerprint:
    """Return values as texts, without the memory addresses in Python's names of functions."""
    return {name: re.sub(r" at 0x[0-9a-fA-F]+", "", str(value)) for name, value in values.items()}


def differences(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return in words where two fingerprints differ, or "".

    >>> differences({"epochs": "5", "l2": "0.1"}, {"epochs": "6", "l2": "0.1"})
    'epochs was 5, now it is 6'
    """
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    return "; ".join(_difference(name, then.get(name, "not given"), now.get(name, "not given")) for name in names)


def _difference(name: str, then: str, now: str) -> str:
    if name.startswith("the "):  # the values are digests, which a reader cannot use
        return f"{name} {'differ' if name.endswith('rows') else 'differs'}"
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


def state_parts(state: State) -> StateParts:
    """Return the arrays of a state, not copied, and its other values as JSON has them, without those that are None."""
    arrays: dict[str, Array] = {}
    plain: dict[str, Any] = {}
    for name in SAVED:
        value = getattr(state, name)
        if isinstance(value, Network):
            arrays[name] = value.parameters
        elif isinstance(value, dict):
            arrays |= {f"{name}.{slot}": _checked(slot, array) for slot, array in value.items()}
        elif isinstance(value, np.ndarray):
            arrays[name] = value
        elif isinstance(value, np.random.Generator):
            plain[name] = value.bit_generator.state
        elif isinstance(value, History):
            plain[name] = asdict(value)
        elif value is not None:
            plain[name] = value
    return arrays, plain


def restore(state: State, parts: StateParts) -> None:
    """Restore saved parts into a state that is before its first update.

    Raises InputError where an array has the wrong shape or type for this training, KeyError, TypeError or ValueError
    where a value is missing or invalid.
    """
    import msgspec

    arrays, plain = parts
    types = {f.name: f.type for f in fields(State)}
    for name in SAVED:
        value = getattr(state, name)
        if isinstance(value, Network):
            value.parameters[:] = fitting(arrays[name], value.parameters, name)
        elif isinstance(value, dict):
            found = {key.removeprefix(f"{name}.") for key in arrays if key.startswith(f"{name}.")}
            if found != set(value):
                raise InputError(f"it has the {name} {sorted(found)}, but {sorted(value)} are needed")
            for slot, array in value.items():
                array[...] = fitting(arrays[f"{name}.{slot}"], array, slot)
        elif isinstance(value, np.random.Generator):
            value.bit_generator.state = plain[name]
        elif value is None:
            setattr(state, name, arrays.get(name))
        else:
            setattr(state, name, msgspec.convert(plain[name], types[name]))
    if state.best is not None:
        fitting(state.best, state.learned.parameters, "best")


def check_position(state: State, n: int, batches: int, epochs: int) -> None:
    """Raise InputError where n rows in so many batches and epochs cannot lead to a restored state."""
    order = state.order
    in_epoch = 0 < state.batch < batches and order is not None and np.array_equal(np.sort(order), np.arange(n))
    between = state.batch == 0 and order is None
    if not (in_epoch or between) or len(state.history.cost) != state.epoch or not 0 <= state.epoch <= epochs:
        raise InputError(f"its position is impossible for {n} rows in {epochs} epochs of {batches} batches")


def fitting(array: Array, place: Array, name: str) -> Array:
    """Return an array that is to replace another, or raise InputError where shape or type differ."""
    if array.shape != place.shape or array.dtype != place.dtype:
        raise InputError(
            f"{name} has shape {array.shape} and type {array.dtype}, but {place.shape} and {place.dtype} are needed"
        )
    return array


def _checked(slot: str, array: Any) -> Array:
    if not isinstance(array, np.ndarray | np.generic) or array.dtype.kind not in "fiub":
        raise InputError(
            f"the optimizer stores {slot!r} as {type(array).__name__}; to be saved in a checkpoint, all its slots "
            "must be arrays of numbers."
        )
    return np.asarray(array)
