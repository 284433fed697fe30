"""A Finding: what is wrong, or worth knowing, in one sentence with its measured number, and which option to change.

Below it, the thresholds of all checks. Each is far from what healthy runs measure and from what sick ones do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

LEVELS = ("problem", "watch", "note")  # the worst first

NAMES = (  # causes before what they may cause, the order in which findings are reported
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
    "penalty too strong",
    "poor start",
    "too few units",
    "always the majority",
    "stopped too early",
    "overfits",
    "copies that hurt",
    "no better than the majority",
)

NOTHING_LEARNED = ("diverged", "dead layer", "vanishing gradients by layer")  # beside these, scores need no advice


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


# Thresholds: the sample
ROWS = 1000  # training rows examined, at most,
BYTES = 2**26  # and fewer where rows are long
TRIAL_PARTS = 4  # if there are more rows: trials learn from all parts of the sample but one, and are measured on that

# Thresholds: of several checks
LITTLE = 0.1  # learned less than this: the finding kept the run from learning
HALF = 0.5  # learned less than this: the finding probably cost much

# Thresholds: trials at other rates, and of more epochs
FINISHED = 0.95  # learned: neither another rate nor more epochs can gain much
HIGHER_RATES = (30, 100, 300, 1000)  # times the run's rate, in at most as many updates,
UPDATES_HIGHER = 100  # and at most so many
LOWER_RATES = (10, 100, 1000)  # times lower, in at most as many updates,
UPDATES_LOWER = 200  # and at most so many
ABOUT = 0.05  # of the rates that learn at most this much less than the best, the nearest to the run's own is advised
RATE_GAIN = 0.15  # more learned than the whole run did; healthy at most -0.05, a rate 100 times off at least 0.35
UPDATES_MORE = 100, 300  # more training: as long again, within these bounds
MORE_GAIN = 0.08  # on training rows; healthy at most 0.04, a twentieth of the epochs at least 0.14
GAIN_HELD_OUT = 0.05  # on held-out rows, where there are any; healthy at most 0.04, sick at least 0.09
UPDATES_FREE = 1500  # of a trial without a penalty, on three quarters of the sample
FREE_RATES = (1, 10)  # times the run's rate
FREE_GAIN = 0.15  # more learned of the last quarter than the whole run learned of its own rows
SMALL_NETWORK = 32  # hidden units, up to which trials of other starts and of more units are made,
OTHER_STARTS, MORE_UNITS = 2, (3, 12)  # so many starts; so many times the units, and at least so many in a layer
EPOCHS_SMALL, PENALTY_SMALL = 100, 1e-3  # of L-BFGS, and what keeps such a trial from learning its rows by heart
UNITS_GAIN = 0.2  # more learned of the last quarter than the whole run learned of its own rows
MULTIPLICATIONS = 1e10  # that all trials of one kind may take together

# Thresholds: layers
SAME = 1e-6  # relative: outputs over the rows, or weights of two units, are the same up to this difference
ROWS_FOR_UNITS = 20  # on fewer rows a healthy unit may well be silent
MANY_SILENT = 0.5  # of a layer: to watch; relu networks that learn well have up to a third
VANISHING = 1e-3  # ||dJ/dZ_1|| / ||dJ/dZ_L|| at the start: healthy 0.4 to 2, two layers of N(0, 0.01^2) 0.02, sick 1e-4
EXPLODING = 30.0  # sick 600 and more
SURE_AND_WRONG = 6.9  # loss of a row whose right class gets a probability below 1 in 1,000
MANY_SURE_AND_WRONG = 0.05  # of the rows

# Thresholds: inputs and scores
LARGE = 30.0  # root mean square of an input column: pixels as 0 to 255 have 100 and more, toy data up to 8
SMALL = 0.01  # of the largest column
ONE_ANSWER = 0.99  # of the rows get the same class
BARELY_BETTER = 0.05  # balanced accuracy above that of a constant prediction
FEW, VERY_FEW = 10, 5  # rows of the smallest class
FEW_ROWS, VERY_FEW_ROWS = 20, 10  # for a regression
GAP = 0.1  # of accuracy between training and other rows; healthy at most 0.06, a tenth of the rows 0.1 to 0.3
GAP_LEARNED = 0.25  # of the share learned, in a regression; healthy 0.15, sick 0.44
GAP_ERRORS = 2.0  # standard errors: a smaller difference is not reported
LOST = 0.1  # of the share learned on held-out rows, since it was highest
UNEVEN = 0.8  # of the rows are of one class


def merge_networks(by_network: Sequence[Sequence[Finding]]) -> list[Finding]:
    """Return the findings of several networks, each name once: the worst one, and how many networks have it."""
    of_name: dict[str, list[Finding]] = {}
    for finding in (finding for found in by_network for finding in found):
        of_name.setdefault(finding.name, []).append(finding)
    merged, several = [], len(by_network)
    for alike in of_name.values():
        worst = min(alike, key=lambda finding: LEVELS.index(finding.level))
        if several > 1:
            sentence = f"In {len(alike)} of {several} networks, for example: {worst.sentence}"
            worst = replace(worst, sentence=sentence, numbers={**worst.numbers, "networks": len(alike)})
        merged.append(worst)
    return merged


def counted(number: int, what: str) -> str:
    """Return "1 epoch", "2,500 epochs".

    >>> counted(1, "epoch"), counted(2500, "epoch")
    ('1 epoch', '2,500 epochs')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"
