"""A cell of a table, from a file or from Python, as a number or as a category; either may be missing.

Training and prediction read cells by the same functions, so they cannot differ.
"""

import math
import re
from typing import Any

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "<na>", "nat"})  # in lower case; the last two: pandas
NUMERAL = re.compile(r"(?P<whole>[+-]?\d+)(?P<mark>[.,])(?P<fraction>\d+)")


def is_missing(cell: Any) -> bool:
    """Whether a cell stands for a missing value: empty, NA, N/A, NaN, null, None or ?, in any case.

    >>> [is_missing(cell) for cell in (" n/a", None, float("nan"), 0, "no")]
    [True, True, True, False, False]
    """
    return _text(cell).casefold() in MISSING


def as_number(cell: Any, decimal: str = ".") -> float:
    """Return a cell as a finite number, NaN where it is missing; raise ValueError where it is no number.

    >>> as_number("-2,5", decimal=","), as_number("NA"), as_number(3)
    (-2.5, nan, 3.0)
    """
    plainly = cell.replace(decimal, ".").replace("_", "?") if isinstance(cell, str) else cell  # 1_000 is Python's own
    try:
        number = float(plainly)
    except (TypeError, ValueError, OverflowError):
        if is_missing(cell):
            return math.nan
        raise ValueError(f"{cell} is no number") from None
    if math.isinf(number):
        raise ValueError(f"{cell} is not finite")
    return number


def as_category(cell: Any, decimal: str = ".") -> str | None:
    """Return a cell as the text of a category, None where it is missing; 1.0 and 1 are one category.

    >>> as_category(" red"), as_category("1.0"), as_category(1), as_category("01"), as_category("?")
    ('red', '1', '1', '01', None)
    """
    return None if is_missing(cell) else plain(_text(cell), decimal)


def plain(text: str, decimal: str = ".") -> str:
    """Return a text as it is, but for numerals: without a fraction of zeros, and with a point for the decimal mark.

    >>> plain("3.0"), plain("3,50", decimal=","), plain("3,50")
    ('3', '3.50', '3,50')
    """
    match = NUMERAL.fullmatch(text)
    if match is None or match["mark"] not in (".", decimal):
        return text
    return f"{match['whole']}.{match['fraction']}" if match["fraction"].strip("0") else match["whole"]


def _text(cell: Any) -> str:
    return (cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)).strip()
