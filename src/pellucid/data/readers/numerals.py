"""Numerals: how people write numbers, with signs, marks, percents and currencies, and which cells are missing values.

A cell is read by its marks; which mark is the decimal one, `decimal_marks` finds out for a whole table.
"""

import math
import re
import unicodedata
from typing import Any, NamedTuple

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "<na>", "nat", "#nv", "#n/a", "#n/a n/a", "\\n"})
# in lower case; <na> and nat are pandas' words, #nv is German Excel's, \N is that of databases
EXCEL_ERROR = re.compile(r"#\S+[!?]")  # #DIV/0!, #NAME?
DASHES = frozenset({"-", "--", "\u2013", "\u2014", "."})  # missing among numbers; among texts it may be a category
TRUTHS = {"true": "True", "false": "False"}  # as pandas and NumPy write what a spreadsheet writes in capitals
MINUS = "\u2212"  # the typographic one
MARKS = {"\u066b": ".", "\u066c": ",", "\uff0e": ".", "\uff0c": ",", "\uff0d": "-"}  # Arabic and full-width
EXACT = 2**53  # whole numbers above it have no exact float

GAPS = " \u00a0\u2009\u202f'\u2019"  # between groups of thousands
GAPS_SET = frozenset(GAPS)
MONEY = r"[A-Z]{0,2}\$|[\u00a2\u00a3\u00a5\u20a0-\u20cf]|EUR|USD|GBP|CHF"
NUMERAL = re.compile(
    rf"(?P<sign>[-+\u2212]?)\s?(?P<before>(?:{MONEY})?)\s?(?P<inner>[-+\u2212]?)"
    rf"(?P<body>[0-9.,](?:[0-9.,]|[{GAPS}](?=[0-9]{{3}}(?![0-9])))*)(?P<exponent>(?:[eE][-+\u2212]?[0-9]+)?)"
    rf"\s?(?P<unit>(?:[%\u2030]|{MONEY})?)"
)
WITH_UNIT = re.compile(
    r"(?P<number>.*[0-9])\s*(?P<unit>[^\W\d_]{1,5}(?:/[^\W\d_]{1,5})?[23\u00b2\u00b3]?|\u00b0\s?[CF]?|[\"'\u2032\u2033])"
)
GAPPED = re.compile(rf"[0-9]{{1,3}}([{GAPS}])[0-9]{{3}}(?:\1[0-9]{{3}})*(?:[.,][0-9]*)?")
BODY = re.compile(r"[0-9]*[.,]?[0-9]*|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?|[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]*)?")
UNCLEAR = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")  # 1,234 is 1234 or 1.234
CODE = re.compile(r"[0-9]+[eE][0-9]+")  # programs write 1e+05
SIMPLE = re.compile(r"(?P<whole>[+-]?\d+)(?P<mark>[.,])(?P<fraction>\d+)")


class Marks(NamedTuple):
    """The mark before decimals, and the one between groups of thousands; "" where there are no such groups."""

    decimal: str
    thousands: str


PLAIN, POINT, COMMA = Marks(".", ""), Marks(".", ","), Marks(",", ".")


class Numeral(NamedTuple):
    """A number as it is written: its digits and marks without gaps, its exponent, its unit."""

    negative: bool
    body: str
    exponent: str
    unit: str

    @property
    def unclear(self) -> bool:
        """Whether its only mark may be that of decimals or that of thousands."""
        return not self.exponent and UNCLEAR.fullmatch(self.body) is not None

    @property
    def decimal(self) -> str:
        """The mark that can only be the decimal one; "" where there are no marks, or one that may be either."""
        if self.unclear:
            return ""
        last = max(self.body.rfind("."), self.body.rfind(","))
        if last < 0:
            return ""
        mark = self.body[last]
        other = "," if mark == "." else "."
        return mark if self.body.count(mark) == 1 else other  # a mark that comes twice is between thousands


def numeral(text: str) -> Numeral | None:
    """Return a text as a numeral, None where it is no number.

    >>> numeral("1,207.50 %").unit, numeral("$-3").negative, numeral("1,2").decimal, numeral("3rd")
    ('%', True, ',', None)
    """
    match = NUMERAL.fullmatch(text)
    if match is None or (match["sign"] and match["inner"]) or (match["before"] and match["unit"]):
        return None
    body, sign = match["body"], match["sign"] or match["inner"]
    if not GAPS_SET.isdisjoint(body):
        if GAPPED.fullmatch(body) is None:
            return None
        body = "".join(letter for letter in body if letter not in GAPS)
    if BODY.fullmatch(body) is None or body in ".,":
        return None
    return Numeral(sign in ("-", MINUS), body, match["exponent"].replace(MINUS, "-"), match["before"] or match["unit"])


def in_western_digits(text: str) -> str:
    """Return a number in other digits, such as Arabic or full-width ones, in those of ASCII; any other text as it is.

    >>> [in_western_digits(text) for text in ("\u0662\u0662\u066b\u0663", "\uff12\uff12.\uff13", "caf\u00e9 7")]
    ['22.3', '22.3', 'caf\u00e9 7']
    """
    if text.isascii():
        return text
    plain = "".join(MARKS.get(letter) or str(unicodedata.decimal(letter, letter)) for letter in text)
    return plain if plain != text and numeral(plain) is not None else text


def read_number(text: str, marks: Marks = PLAIN, with_unit: bool = False) -> tuple[float, str]:
    """Return the number that a text is, NaN where it is missing, and its unit; raise ValueError where it is no number.

    with_unit: whether a unit of letters may follow, as in "12 kg".

    >>> read_number("1.207,5 \u20ac", COMMA), read_number("\u221212", POINT), read_number("12 kg", POINT, True)
    ((1207.5, '\u20ac'), (-12.0, ''), (12.0, 'kg'))
    """
    try:  # what most cells are, in a tenth of the time
        if (marks.decimal == "." and "," not in text) or (marks.decimal == "," and "." not in text):
            number = float(text.replace(",", "."))
            if math.isfinite(number) and "_" not in text:
                return number, ""
    except ValueError:
        pass
    found = numeral(text)
    if found is None:
        if text.casefold() in MISSING or text in DASHES or EXCEL_ERROR.fullmatch(text):
            return math.nan, ""
        match = WITH_UNIT.fullmatch(text) if with_unit else None
        if match is None or (found := numeral(match["number"])) is None or found.unit:
            raise ValueError(f"{text} is no number")
        found = found._replace(unit=match["unit"])
    if found.decimal not in ("", marks.decimal):
        raise ValueError(f"{text} has another decimal mark than {marks.decimal}")
    body = found.body
    if marks.decimal == ".":
        if found.unclear and "," in body and not marks.thousands:
            raise ValueError(f"{text} has a mark of thousands, or another one of decimals")
        body = body.replace(",", "")
    else:
        body = body.replace(".", "").replace(",", ".")
    number = float(body + found.exponent)
    if math.isinf(number):
        raise ValueError(f"{text} is not finite")
    return (-number if found.negative else number), found.unit


def as_number(cell: Any, marks: Marks = PLAIN) -> float:
    """Return a cell as a finite number, NaN where it is missing; raise ValueError where it is no number.

    >>> as_number("-2,5", COMMA), as_number("NA"), as_number(3), as_number("45%")
    (-2.5, nan, 3.0, 45.0)
    """
    if isinstance(cell, str):
        return read_number(cell.strip(), marks)[0]
    try:
        number = float(cell)
    except (TypeError, ValueError, OverflowError):
        if is_missing(cell):
            return math.nan
        raise ValueError(f"{cell} is no number") from None
    if math.isinf(number):
        raise ValueError(f"{cell} is not finite")
    return number


def is_missing(cell: Any) -> bool:
    """Whether a cell stands for a missing value: empty, NA, N/A, NaN, null, None or ?, in any case; an Excel error.

    >>> [is_missing(cell) for cell in (" n/a", None, float("nan"), "#DIV/0!", 0, "no")]
    [True, True, True, True, False, False]
    """
    text = as_text(cell)
    return text.casefold() in MISSING or EXCEL_ERROR.fullmatch(text) is not None


def as_category(cell: Any, decimal: str = ".") -> str | None:
    """Return a cell as the text of a category, None where it is missing; 1.0 and 1 are one, TRUE and True too.

    >>> as_category(" red"), as_category("1.0"), as_category(1), as_category("01"), as_category("TRUE")
    ('red', '1', '1', '01', 'True')
    """
    return None if is_missing(cell) else plain(as_text(cell), decimal)


def plain(text: str, decimal: str = ".") -> str:
    """Return a text as it is, but True and False in one spelling, and numerals with a point and no fraction of zeros.

    decimal: the decimal mark of the table, "" where it is not known; a numeral that may have thousands stays as it is.

    >>> plain("3.0"), plain("3,50", decimal=","), plain("3,50"), plain("1.000", decimal=","), plain("false")
    ('3', '3.50', '3,50', '1.000', 'False')
    """
    match = SIMPLE.fullmatch(text)
    if match is None:
        return TRUTHS.get(text.casefold(), text)
    if match["mark"] not in (".", decimal) or (match["mark"] != decimal and UNCLEAR.fullmatch(text.lstrip("+-"))):
        return text
    return f"{match['whole']}.{match['fraction']}" if match["fraction"].strip("0") else match["whole"]


def is_money(unit: str) -> bool:
    """Whether the unit of a numeral is a currency."""
    return re.fullmatch(MONEY, unit) is not None


def looks_like_a_code(cell: Any) -> bool:
    """Whether a number may well be the name of something: 007, 1E5, or a whole number that no float has exactly.

    >>> [looks_like_a_code(cell) for cell in ("007", "1E5", "0.7", "1e-05", "9007199254740993")]
    [True, True, False, False, True]
    """
    if isinstance(cell, str):
        if not cell.isdecimal():
            return ("e" in cell or "E" in cell) and CODE.fullmatch(cell) is not None
        return (cell[0] == "0" and len(cell) > 1) or (len(cell) > 15 and int(cell) > EXACT)
    return isinstance(cell, int) and abs(cell) > EXACT


def as_text(cell: Any) -> str:
    """Return a cell as text, without blanks around it."""
    return (cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)).strip()
