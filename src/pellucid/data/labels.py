"""Labels as people write them - words, numbers, bytes - become integer codes and class names, or numbers to predict.

The training part decides which classes there are and in which order: numbers by their size, words by the
alphabet. Other parts of the data are then coded by its list.
"""

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from pellucid.data.readers.numerals import TRUTHS, is_missing, plain
from pellucid.errors import InputError

LABEL_KINDS = "biufSUMO"  # NumPy's letters for numbers, texts, dates; of objects each is looked at
LONGEST_LABEL = 1000  # characters
MOST_NUMERIC_CLASSES = 50  # more different numbers than this, not all whole, are measurements and not classes,
FEW_NUMERIC_CLASSES = 10  # and so are more than this
MOST_WHOLE_CLASSES = 30  # more different whole numbers in a table may be ages, or numbers of classes: we ask
RARE = 3  # ... and so if most classes have no more samples than this
LEAST_OF_A_CLASS = 5  # that come less often than this on average


def class_names_of(values: Any, source: str, regression: bool | None = None, words: bool = False) -> tuple[str, ...]:
    """Return the class names among labels: numbers sorted by size, anything else by the alphabet.

    regression: True takes the labels as numbers to predict, which have no class names, (); None does where they look
    like measurements: more than 50 different numbers that are not all whole, or more than 10 that come less than 5
    times each on average.  words: whether NA, None and ? are classes; else they stand for missing labels.

    >>> class_names_of([10, 9, 10, 1], "an example")
    ('1', '9', '10')
    """
    values = flat(values, source)
    names = {_text(value, source) for value in np.unique(values)}
    if regression:
        return ()
    numbers = {name: number for name in names if (number := _number(name)) is not None}
    if len(numbers) == len(names) and not words and not all(map(math.isfinite, numbers.values())):
        raise InputError(f"the labels of {source} contain NaN or infinity; every sample needs a label.")
    if not words and (missing := sorted(filter(is_missing, names))):
        raise InputError(
            f"the labels of {source} contain {missing[0]!r}, which stands for a missing label. "
            "Leave such samples out, or rename the class."
        )
    if len(numbers) < len(names) or not all(map(math.isfinite, numbers.values())):
        return tuple(sorted(names))
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


def check_whole_numbers(numbers: np.ndarray, what: str) -> None:
    """Raise InputError where whole numbers (n,) may be measurements as well as classes: the user must say which.

    what: what they are, for the message.
    """
    distinct, counts = np.unique(numbers, return_counts=True)
    k, rare = len(distinct), int((counts <= RARE).sum())
    if k <= FEW_NUMERIC_CLASSES or (k <= MOST_WHOLE_CLASSES and 2 * rare <= k):
        return
    raise InputError(
        f"{what} holds {k} different numbers, {distinct[0]:g} to {distinct[-1]:g}, as labels. Are they numbers to "
        "predict? Then give --regression (regression=True). Are they classes? Then give --classify (regression=False)."
    )


def class_texts(cells: Sequence[str], decimal: str, column: str) -> tuple[list[str], list[str]]:
    """Return labels of a table as the names of their classes, and notes; True and 1 are one where both occur.

    >>> class_texts(["TRUE", "1", "0", "True"], ".", "sick")[0]
    ['True', 'True', 'False', 'True']
    """
    texts = [plain(cell, decimal) for cell in cells]
    found, digits = set(texts), {"1": "True", "0": "False"}
    if found <= {*digits, *TRUTHS.values()} and found & {*digits} and found & {*TRUTHS.values()}:
        note = f"{column!r} has 1 and 0 beside True and False; they are taken for the same"
        return [digits.get(text, text) for text in texts], [note]
    return texts, []


def few_lines(lines: Sequence[int], word: str = "line") -> str:
    """Return the first few of some lines, in words.

    >>> few_lines([3]), few_lines(range(20))
    ('line 3', 'lines 0, 1, 2, 3, 4, ...')
    """
    named = ", ".join(map(str, lines[:5])) + (", ..." if len(lines) > 5 else "")
    return f"{word} {named}" if len(lines) == 1 else f"{word}s {named}"


def counted(rows: int) -> str:
    """Return a number of rows in words.

    >>> counted(1), counted(2)
    ('1 row', '2 rows')
    """
    return "1 row" if rows == 1 else f"{rows} rows"


def codes_of(values: Any, class_names: Sequence[str], source: str) -> np.ndarray:
    """Return each label's position in the class names; the numbers themselves (n,) where there are none.

    >>> codes_of(["cat", "dog", "cat"], ("cat", "dog"), "an example").tolist()
    [0, 1, 0]
    """
    distinct, places = np.unique(flat(values, source), return_inverse=True)
    names = [_text(value, source) for value in distinct]
    if not class_names:
        return np.array([_to_predict(name, source) for name in names])[places]
    position = {name: code for code, name in enumerate(class_names)}
    position = {plain(name): code for name, code in position.items()} | position
    names = [raw if (raw := str(value)) in position else name for value, name in zip(distinct, names, strict=True)]
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


def _number(name: str) -> float | None:
    try:
        return float(name)
    except ValueError:
        return None


def _to_predict(name: str, source: str) -> float:
    number = _number(name)
    if number is None or not math.isfinite(number):
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
