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
