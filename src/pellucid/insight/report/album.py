"""Album: the pictures of a report. Each is embedded once, however often it is shown; the page's script puts it in."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from pellucid.data import Dataset
from pellucid.data.images import embedded, prepare_decoders
from pellucid.errors import PellucidError
from pellucid.html import escaped
from pellucid.system.threads import in_order

LARGEST = 8_500_000  # letters of all pictures together; a report of 10 MB still goes by mail


class Album:
    """Pictures by number, each of them held once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._letters = 0

    def add(self, dataset: Dataset, rows: Iterable[int]) -> list[int | None]:
        """Return the numbers of pictures of a data set; None for one that cannot be read, or has no room left."""
        prepare_decoders()
        pictures = (picture for block in dataset.blocks(np.array(list(rows), np.intp), 64) for picture in block)
        return [self.keep(address) for address in in_order(_embedded, pictures)]

    def keep(self, address: str | None) -> int | None:
        """Return the number of a picture that is an address already."""
        if address is None or address in self._numbers:
            return None if address is None else self._numbers[address]
        if self._letters + len(address) > LARGEST:
            return None
        self._letters += len(address)
        self._numbers[address] = len(self._numbers)
        return self._numbers[address]

    def html(self) -> str:
        """Return the element that holds all pictures: base64 alone, which has nothing that could end it early."""
        held = json.dumps(list(self._numbers))
        return f'<script type="application/json" id="pictures">{held}</script>'


def picture(number: int | None, alt: str) -> str:
    """Return the element that shows a picture of the album; its text where there is none."""
    if number is None:
        return f'<span class="picture missing" role="img" aria-label="{escaped(alt)}">not shown</span>'
    return f'<img class="picture" data-picture="{number}" alt="{escaped(alt)}">'


def _embedded(raw: Any) -> str | None:
    try:
        return embedded(raw)
    except PellucidError:  # the file changed since it was read
        return None
