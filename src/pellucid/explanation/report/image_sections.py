"""Where it looked: a few pictures with what mattered lit, and how often that was at the border."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from pellucid.data import Dataset
from pellucid.data.images import address, embedded, prepare_decoders
from pellucid.errors import PellucidError
from pellucid.explanation.report.predictions import Judged
from pellucid.explanation.saliency import Occluded, border_share, gradient_times_input, occlusion, veil
from pellucid.features import PictureFeatures, Pixels
from pellucid.html import escaped
from pellucid.model.model import Model
from pellucid.system.threads import in_order

MOST = {"pixels": 12, "photo": 6, "embedding": 4}  # pictures; each has to be described 50 times, which is seconds
Told = Callable[[int, int], None]
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


def looked_html(model: Model, judged: Judged, album: Album, told: Told | None = None) -> str:
    """Return pictures, the surest mistakes and the least sure right answers, with what the answer depended on lit.

    What is told of each is what the model says of it, not what networks of folds said.
    told: called as (pictures done, pictures).
    """
    assert isinstance(model.features, PictureFeatures)
    rows = _looked_at(judged, MOST[model.features.kind])
    raws = [raw for block in judged.dataset.blocks(rows) for raw in block]
    try:
        found = occlusion(model, raws, told=told)
    except PellucidError as error:  # a file changed since it was read
        return f"<p>Not shown: {escaped(error)}</p>"
    codes = np.array([one.code for one in found])
    of_pixels = isinstance(model.features, Pixels)
    pushed = gradient_times_input(model, model.features.extract(raws), codes) if of_pixels else None
    numbers = album.add(judged.dataset, rows.tolist())
    items = []
    for place, (row, one) in enumerate(zip(rows.tolist(), found, strict=True)):
        name, names = judged.dataset.names[row], judged.dataset.class_names
        said, labelled = names[one.code], names[judged.dataset.labels[row]]
        is_right = "rightly" if said == labelled else f"wrongly, it is named {labelled}"
        plain = picture(numbers[place], name)
        seen = "" if pushed is None else picture(album.keep(_grey(pushed[place])), f"gradient x input of {name}")
        says = f'says <b>{escaped(said)}</b> <span class="number">{one.p:.2f}</span>'
        caption = f"{says}, {escaped(is_right)}. {_where(one)}"
        items.append(
            f'<li><span class="pair">{plain}{_lit(numbers[place], name, one)}{seen}</span>'
            f'<p class="says">{caption}</p><p class="file">{escaped(name)}</p></li>'
        )
    return (
        f'<p>{_borders(found)}</p><p class="quiet">{_how(model)}</p><ul class="looked" data-shown>{"".join(items)}</ul>'
    )


def _looked_at(judged: Judged, most: int) -> np.ndarray:
    """Return the surest mistakes and the least sure right answers, half of each where there are so many."""
    right = judged.right
    wrong = judged.mistakes[: max(most // 2, most - len(right))]
    return np.concatenate([wrong, right[: most - len(wrong)]])


def _borders(found: list[Occluded]) -> str:
    """Return how often the strongest region touches the border, beside what chance would give."""
    touching = [one.at_border for one in found if one.at_border is not None]
    if not touching:
        return "No single region of these pictures decides the answer: what it goes by is spread over them."
    n, at_border, chance = len(touching), sum(touching), border_share()
    told = (
        f"In {at_border} of {n} pictures the region that matters most touches the border; by chance it would be "
        f"{chance:.0%} of them."
    )
    return told + (" It may look at the background." if n >= 4 and at_border / n > (1 + chance) / 2 else "")


def _where(one: Occluded) -> str:
    if one.strongest is None:
        return "No single region decides."
    return f'Covering the framed region takes p from <span class="number">{one.change}</span>.'


def _how(model: Model) -> str:
    told = (
        "A grey patch was slid over each picture. Bright is where it made the answer less sure: there the net looked. "
        "Where an answer is nearly certain, one patch changes little. All of this is the finished model: where it says "
        "other than above, the mistake was one of a net that had not seen the picture."
    )
    if isinstance(model.features, Pixels):
        return (
            f"{told} Beside it gradient x input: how each pixel pushes the answer by itself, light for, dark against. "
            "It is exact at this picture, but noisy, and blind where a unit is saturated."
        )
    return (
        f"{told} Gradient x input, the quicker way, is for models of pixels alone: here the gradient ends at "
        f"{model.features.n_out:,} numbers that describe the picture, and those have no place in it."
    )


def _lit(number: int | None, name: str, one: Occluded) -> str:
    """Return a picture under its veil; nothing where no region matters."""
    drawn = veil(one)
    return f'<span class="lit">{picture(number, f"where it looked in {name}")}{drawn}</span>' if drawn else ""


def _grey(pushed: np.ndarray) -> str:
    """Return a map (h, w) as a picture: grey is nothing, light pushes for the answer, dark against it."""
    top = max(float(np.abs(pushed).max()), float(np.finfo(pushed.dtype).tiny))
    return address(np.rint(127.5 + 127.5 * pushed / top).astype(np.uint8))
