"""Findings: what is wrong, or worth knowing, in one sentence with its measured number, and which option to change."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

LEVELS = ("problem", "watch", "note")  # the worst first

NAMES = (  # in the order they are told: what may cause others comes first
    "unscaled inputs",
    "too few examples",
    "diverged",
    "rate too high",
    "rate too low",
    "dead layer",
    "units that stay identical",
    "exploding gradients by layer",
    "vanishing gradients by layer",
    "saturated output",
    "silent units",
    "always the majority",
    "stopped too early",
    "overfits",
    "no better than the majority",
)
ROWS = 1000  # training rows looked at, at most,
BYTES = 2**26  # and fewer where they are long
TRIAL_PARTS = 4  # of a sample of more rows than that, one part in so many measures what the others taught

# trial runs at other rates: updates they may take, and what they must learn more than the whole run did
FINISHED = 0.95  # learned: nothing to be gained by another rate or more epochs
HIGHER_RATES = (30, 100, 300, 1000)  # times the rate, in the same number of updates,
UPDATES_HIGHER = 100  # at most
LOWER_RATES = (10, 100, 1000)  # times lower, likewise,
UPDATES_LOWER = 200  # at most
ABOUT = 0.05  # a rate nearer to the run's own is advised where it learns at most so much less
RATE_GAIN = 0.15  # healthy at most -0.05, a rate 100 times off at least 0.35
UPDATES_MORE = 100, 300  # more training: as long again, within these bounds
MORE_GAIN = 0.08  # on training rows; healthy at most 0.04, a twentieth of the epochs at least 0.14
GAIN_HELD = 0.05  # on rows held out, where there are any; healthy at most 0.04, sick at least 0.09
MULTIPLICATIONS = 1e10  # that all trials of one kind may take together

SAME = 1e-6  # relative: outputs over the rows, or weights of two units, this near are the same
ROWS_FOR_UNITS = 20  # on fewer rows a healthy unit may well be silent
MANY_SILENT = 0.5  # of a layer: to watch; relu nets that learn well have up to a third
VANISHING = 1e-3  # ||dJ/dZ_1|| / ||dJ/dZ_L|| at the start: healthy 0.4 to 2, two layers of N(0, 0.01^2) 0.02, sick 1e-4
EXPLODING = 30.0  # sick 600 and more
LITTLE = 0.1  # learned less than this: what was found kept it from learning
HALF = 0.5  # learned less than this: what was found has probably cost a good deal

SURE_AND_WRONG = 6.9  # l of a row whose right class gets less than 1 in 1,000
MANY_SURE_AND_WRONG = 0.05  # of the rows
LARGE = 30.0  # root mean square of an input column: pixels as 0 to 255 have 100 and more, toy data up to 8
SMALL = 0.01  # of the largest column
ONE_ANSWER = 0.99  # of the rows are given it
BARELY_BETTER = 0.05  # balanced accuracy above that of one answer

FEW, VERY_FEW = 10, 5  # rows of the smallest class
FEW_ROWS, VERY_FEW_ROWS = 20, 10  # for a regression
GAP = 0.1  # of accuracy between training and other rows; healthy at most 0.06, a tenth of the rows 0.1 to 0.3
GAP_LEARNED = 0.25  # of the share learned, in a regression; 0.15 and 0.44
GAP_ERRORS = 2.0  # a difference is told from so many standard errors on
LOST = 0.1  # of the share learned on rows held out, since it was highest
UNEVEN = 0.8  # of the rows are of one class


@dataclass(frozen=True)
class Finding:
    """One thing that the doctor found.

    level: "problem" (what was learned is of little use), "watch" (it may cost accuracy) or "note" (worth knowing).
    name: one of NAMES.  sentence: what was measured.  advice: what to change.  numbers: the measured ones, by name.

    >>> print(Finding("watch", "overfits", "0.99 on the training rows, 0.80 on others.", "Try l2=0.01 (--l2 0.01)."))
    watch: overfits. 0.99 on the training rows, 0.80 on others. Try l2=0.01 (--l2 0.01).
    """

    level: str
    name: str
    sentence: str
    advice: str
    numbers: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON takes them."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.level}: {self.name}. {self.sentence} {self.advice}"


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings with the problems first, and causes before what they may cause."""
    return tuple(sorted(findings, key=lambda found: (LEVELS.index(found.level), NAMES.index(found.name))))


def told_once(by_network: Sequence[Sequence[Finding]]) -> list[Finding]:
    """Return each finding of several networks once, the worst of its name, told with how many of them have it."""
    of_name: dict[str, list[Finding]] = {}
    for findings in by_network:
        for found in findings:
            of_name.setdefault(found.name, []).append(found)
    several = len(by_network)
    told = []
    for alike in of_name.values():
        worst = min(alike, key=lambda found: LEVELS.index(found.level))
        if several > 1:
            worst = replace(
                worst,
                sentence=f"In {len(alike)} of {several} networks, for one: {worst.sentence}",
                numbers={**worst.numbers, "networks": len(alike)},
            )
        told.append(worst)
    return told


def counted(number: int, what: str) -> str:
    """Return "1 epoch", "2,500 epochs".

    >>> counted(1, "epoch"), counted(2500, "epoch")
    ('1 epoch', '2,500 epochs')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"
