"""One thing an audit found: how grave it is, a sentence with the number and what to do, and a few examples."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

LEVELS = ("problem", "watch", "note")  # the score or the model is wrong; look at it; good to know
MOST_EXAMPLES = 20


@dataclass(frozen=True)
class Finding:
    """What was found.

    level: one of LEVELS.  kind: a word for programs, such as "leaks".  count: of what the sentence counts.
    examples: at most MOST_EXAMPLES of them, in words.
    """

    level: str
    kind: str
    count: int
    sentence: str
    examples: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as plain values."""
        return {**vars(self), "examples": list(self.examples)}


def few(examples: Iterable[str]) -> tuple[str, ...]:
    """Return the first MOST_EXAMPLES."""
    return tuple(islice(examples, MOST_EXAMPLES))


def number(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun.

    >>> number(1, "picture"), number(20000, "picture"), number(2, "class", "classes")
    ('1 picture', '20,000 pictures', '2 classes')
    """
    return f"1 {one}" if count == 1 else f"{count:,} {many or one + 's'}"
