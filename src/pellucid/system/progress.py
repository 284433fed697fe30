"""Progress: who wants to know how far a job is. This one keeps silent; the command line and the page derive from it."""

from collections.abc import Callable
from typing import Any


class Progress:
    """The listener of one job, held by whoever runs it."""

    def reading(self, source: str, done: int, total: int) -> None:
        """Note that `done` of `total` samples of a source are read."""

    def fits(self, what: str, done: int, total: int) -> None:
        """Note that `done` of `total` fits are done; what: "cross-validation" or another name."""

    def training(self, X: Any, y: Any, epochs: int) -> Callable[[Any], Any]:
        """Return a callback for the training loop; X and codes y are the training rows."""
        return lambda state: None

    def counting(self, what: str) -> Callable[[int, int], None]:
        """Return a function of (done, total) that notes fits of one kind."""
        return lambda done, total: self.fits(what, done, total)


SILENT = Progress()
