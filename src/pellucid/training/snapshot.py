"""A State as arrays and plain values, and back: nothing of it is lost, and nothing that does not fit is taken.

It goes by the fields of `State`, so that a field added there is saved without another line here.
"""

from dataclasses import asdict, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError
from pellucid.nn import Network
from pellucid.training.history import History
from pellucid.training.loop import State

Array = NDArray[Any]
Snapshot = tuple[dict[str, Array], dict[str, Any]]

NOT_SAVED = ("expand",)  # a function, made anew from the start of the weights


def snapshot(state: State) -> Snapshot:
    """Return the arrays of a state, not copied, and its other values as JSON has them; what is None is left out."""
    arrays: dict[str, Array] = {}
    plain: dict[str, Any] = {}
    for name in _saved():
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


def restore(state: State, saved: Snapshot) -> None:
    """Bring a state, as it is before its first update, to where the snapshot was taken.

    Raises InputError where an array has another shape or type than this training has, KeyError, TypeError or ValueError
    where a value is missing or is none.
    """
    import msgspec

    arrays, plain = saved
    types = {f.name: f.type for f in fields(State)}
    for name in _saved():
        value = getattr(state, name)
        if isinstance(value, Network):
            value.parameters[:] = fitting(arrays[name], value.parameters, name)
        elif isinstance(value, dict):
            found = {key.removeprefix(f"{name}.") for key in arrays if key.startswith(f"{name}.")}
            if found != set(value):
                raise InputError(f"it has the {name} {sorted(found)}, where {sorted(value)} are needed")
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


def refuse_impossible(state: State, n: int, batches: int, epochs: int) -> None:
    """Raise InputError where a restored state cannot have come from n rows in so many batches and epochs."""
    order = state.order
    in_epoch = 0 < state.batch < batches and order is not None and np.array_equal(np.sort(order), np.arange(n))
    between = state.batch == 0 and order is None
    if not (in_epoch or between) or len(state.history.cost) != state.epoch or not 0 <= state.epoch <= epochs:
        raise InputError(f"no training of {n} rows in {epochs} epochs of {batches} batches stands as it says")


def fitting(array: Array, place: Array, name: str) -> Array:
    """Return an array that is to go to a place, or raise InputError where shape or type differ."""
    if array.shape != place.shape or array.dtype != place.dtype:
        raise InputError(
            f"{name} is an array {array.shape} of {array.dtype}, where {place.shape} of {place.dtype} is needed"
        )
    return array


def _saved() -> list[str]:
    return [f.name for f in fields(State) if f.name not in NOT_SAVED]


def _checked(slot: str, array: Any) -> Array:
    if not isinstance(array, np.ndarray | np.generic) or array.dtype.kind not in "fiub":
        raise InputError(
            f"the optimizer keeps {slot!r} as {type(array).__name__}; to be saved in a checkpoint, all slots of a rule "
            "must be arrays of numbers."
        )
    return np.asarray(array)
