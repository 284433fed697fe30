"""Labels as people write them - words, numbers, bytes - become integer codes and class names, or numbers to predict.

The training part decides which classes there are and in which order: numbers by their size, words by the
alphabet. Other parts of the data are then coded by its list.
"""

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from pellucid.data.readers.table_columns import plain
from pellucid.errors import InputError

LABEL_KINDS = "biufSUMO"  # NumPy's letters for numbers, texts, dates; of objects each is looked at
LONGEST_LABEL = 1000  # characters
MOST_NUMERIC_CLASSES = 50  # more different numbers than this, not all whole, are measurements and not classes,
FEW_NUMERIC_CLASSES = 10  # and so are more than this
LEAST_OF_A_CLASS = 5  # that come less often than this on average


def class_names_of(values: Any, source: str, regression: bool | None = None) -> tuple[str, ...]:
    """Return the class names among labels: numbers sorted by size, anything else by the alphabet.

    regression: True takes the labels as numbers to predict, which have no class names, (); None does where they look
    like measurements: more than 50 different numbers that are not all whole, or more than 10 that come less than 5
    times each on average.

    >>> class_names_of([10, 9, 10, 1], "an example")
    ('1', '9', '10')
    """
    values = flat(values, source)
    names = {_text(value, source) for value in np.unique(values)}
    if regression:
        return ()
    try:
        numbers = {name: float(name) for name in names}
    except ValueError:
        return tuple(sorted(names))
    if not all(map(math.isfinite, numbers.values())):
        raise InputError(f"the labels of {source} contain NaN or infinity; every sample needs a label.")
    if regression is None and are_measurements(numbers.values(), len(values)):
        return ()
    return tuple(sorted(names, key=lambda name: (numbers[name], name)))


def are_measurements(distinct: Collection[float], n: int) -> bool:
    """Whether n labels with these distinct numbers look like measurements, and not like classes.

    >>> are_measurements(range(100), 10_000), are_measurements(range(100), 200), are_measurements([1, 2, 3], 3)
    (False, True, False)
    """
    k = len(distinct)
    if k > MOST_NUMERIC_CLASSES and not all(float(number).is_integer() for number in distinct):
        return True
    return k > FEW_NUMERIC_CLASSES and n < LEAST_OF_A_CLASS * k


def codes_of(values: Any, class_names: Sequence[str], source: str) -> np.ndarray:
    """Return each label's position in the class names; the numbers themselves (n,) where there are none.

    >>> codes_of(["cat", "dog", "cat"], ("cat", "dog"), "an example").tolist()
    [0, 1, 0]
    """
    distinct, places = np.unique(flat(values, source), return_inverse=True)
    position = {name: code for code, name in enumerate(class_names)}
    names = [_text(value, source) for value in distinct]
    if not class_names:
        return np.array([_number(name, source) for name in names])[places]
    if strangers := [name for name in names if name not in position]:
        raise InputError(
            f"{source} has the class {strangers[0]!r}, which is not among those of the training part: "
            f"{', '.join(class_names)}."
        )
    return np.array([position[name] for name in names], dtype=np.int64)[places]


def checked_codes(values: Any, class_names: Sequence[str], source: str) -> np.ndarray:
    """Return labels that are positions in a given list of class names, or words of it, as codes."""
    values = flat(values, source)
    if values.dtype.kind not in "biuf":
        return codes_of(values, class_names, source)
    if not np.isin(values, np.arange(len(class_names))).all():
        raise InputError(
            f"the labels of {source} must be whole numbers from 0 to {len(class_names) - 1}, one for each of the "
            f"class names {', '.join(class_names)}; got {', '.join(map(str, np.unique(values)[:10]))}."
        )
    return values.astype(np.int64)


def flat(values: Any, source: str) -> np.ndarray:
    """Return labels of shape (n,), (n, 1) or (1, n) as (n,)."""
    words = isinstance(values, list | tuple) and all(isinstance(value, str) for value in values)
    values = np.asarray(values, object if words else None)  # else one long word would take its length for every row
    if values.dtype.kind not in LABEL_KINDS or (values.dtype == object and not all(map(_is_label, values.flat))):
        raise InputError(f"the labels of {source} are of type {values.dtype}; expected texts or numbers.")
    if values.ndim == 1 or (values.ndim == 2 and 1 in values.shape):
        return values.ravel()
    raise InputError(f"the labels of {source} have the shape {values.shape}; expected (n,), (n, 1) or (1, n).")


def _number(name: str, source: str) -> float:
    try:
        number = float(name)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"the labels of {source} are numbers to predict, but there is {name!r} among them.")
    return number


def _text(value: Any, source: str) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, bool | np.bool_ | float | np.floating) and float(value).is_integer():
        value = int(value)
    text = plain(str(value).strip())
    if not text:
        raise InputError(f"a label of {source} is empty; every sample needs a label.")
    if len(text) > LONGEST_LABEL:
        raise InputError(
            f"a label of {source} has {len(text):,} characters, {LONGEST_LABEL:,} are the most; it begins with "
            f"{text[:40]!r}."
        )
    return text


def _is_label(value: Any) -> bool:
    return isinstance(value, str | bytes | int | float | np.generic)
