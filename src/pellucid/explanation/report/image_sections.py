"""Images in the report: all of them embedded once, and the section that shows where the network looked."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from pellucid.data import Dataset
from pellucid.data.images import address, embedded, prepare_decoders
from pellucid.errors import PellucidError
from pellucid.explanation.report.predictions import ScoredPart
from pellucid.explanation.saliency import (
    OcclusionMap,
    OnProgress,
    border_share,
    gradient_times_input,
    mask_svg,
    occlusion_maps,
)
from pellucid.html import escaped
from pellucid.model.model import Model
from pellucid.system.threads import in_order

MOST = {"pixels": 12, "photo": 6, "embedding": 4}  # pictures; each is described 50 times, which takes seconds
LARGEST = 8_500_000  # characters of all pictures together; a report of 10 MB can still be mailed


class EmbeddedImages:
    """The pictures of a report by number; the page holds each of them once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._characters = 0

    def add(self, dataset: Dataset, rows: Iterable[int]) -> list[int | None]:
        """Return the numbers of pictures of a data set; None for one that is unreadable, or if there is no room."""
        prepare_decoders()
        pictures = (picture for block in dataset.blocks(np.array(list(rows), np.intp), 64) for picture in block)
        return [self.keep(uri) for uri in in_order(_embedded, pictures)]

    def keep(self, uri: str | None) -> int | None:
        """Return the number of a picture that is a data URI already."""
        if uri is None or uri in self._numbers:
            return None if uri is None else self._numbers[uri]
        if self._characters + len(uri) > LARGEST:
            return None
        self._characters += len(uri)
        self._numbers[uri] = len(self._numbers)
        return self._numbers[uri]

    def html(self) -> str:
        """Return the element that holds all pictures, as base64, which cannot close the element early."""
        held = json.dumps(list(self._numbers))
        return f'<script type="application/json" id="pictures">{held}</script>'


def _embedded(raw: Any) -> str | None:
    try:
        return embedded(raw)
    except PellucidError:  # the file changed since it was read
        return None


def image_html(number: int | None, alt: str) -> str:
    """Return the element that shows an embedded picture, or its text if there is none."""
    if number is None:
        return f'<span class="picture missing" role="img" aria-label="{escaped(alt)}">not shown</span>'
    return f'<img class="picture" data-picture="{number}" alt="{escaped(alt)}">'


def saliency_html(model: Model, part: ScoredPart, images: EmbeddedImages, on_progress: OnProgress | None = None) -> str:
    """Return the most confident mistakes and the least confident correct pictures, with what decided highlighted.

    The predictions shown are those of the model, not of the networks of cross-validation.
    on_progress: called with (pictures done, pictures).
    """
    rows = _chosen(part, MOST[model.features.kind])
    raws = [raw for block in part.dataset.blocks(rows) for raw in block]
    try:
        maps = occlusion_maps(model, raws, on_progress=on_progress)
    except PellucidError as error:  # a file changed since it was read
        return f"<p>Not shown: {escaped(error)}</p>"
    codes = np.array([one.code for one in maps])
    pushed = None
    if model.features.inputs_are_pixels:
        pushed = gradient_times_input(model, model.features.extract(raws), codes)
    numbers = images.add(part.dataset, rows.tolist())
    items = []
    for place, (row, one) in enumerate(zip(rows.tolist(), maps, strict=True)):
        name, names = part.dataset.names[row], part.dataset.class_names
        predicted, label = names[one.code], names[part.dataset.labels[row]]
        verdict = "correct" if predicted == label else f"wrong, the label is {label}"
        plain = image_html(numbers[place], name)
        seen = "" if pushed is None else image_html(images.keep(_grey(pushed[place])), f"gradient x input of {name}")
        caption = f'predicted <b>{escaped(predicted)}</b> <span class="number">{one.p:.2f}</span>, {escaped(verdict)}.'
        items.append(
            f'<li><span class="pair">{plain}{_masked(numbers[place], name, one)}{seen}</span>'
            f'<p class="prediction">{caption} {_where(one)}</p><p class="file">{escaped(name)}</p></li>'
        )
    pictures = f'<ul class="saliency" data-shown>{"".join(items)}</ul>'
    return f'<p>{_borders(maps)}</p><p class="quiet">{_how(model)}</p>{pictures}'


def _chosen(part: ScoredPart, most: int) -> np.ndarray:
    """Return the most confident mistakes and the least confident correct rows, half of each if there are enough."""
    right = part.right
    wrong = part.mistakes[: max(most // 2, most - len(right))]
    return np.concatenate([wrong, right[: most - len(wrong)]])


def _borders(maps: list[OcclusionMap]) -> str:
    """Return how often the strongest region touches the border, compared with chance."""
    touching = [one.at_border for one in maps if one.at_border is not None]
    if not touching:
        return "No single region decides; the evidence is spread over the pictures."
    n, at_border, chance = len(touching), sum(touching), border_share()
    counted = (
        f"In {at_border} of {n} pictures the region that matters most touches the border. Chance alone would give "
        f"{chance:.0%}."
    )
    return counted + (
        " The net may be looking at the background." if n >= 4 and at_border / n > (1 + chance) / 2 else ""
    )


def _where(one: OcclusionMap) -> str:
    if one.strongest is None:
        return "No single region decides."
    return f'Covering the framed region changes p from <span class="number">{one.change}</span>.'


def _how(model: Model) -> str:
    how = (
        "A grey patch was slid over each picture. Bright regions made the prediction less certain when covered: there "
        "the net looked. If a prediction is nearly certain, one patch changes little. All predictions here are by the "
        "finished model, so they may differ from those of cross-validation."
    )
    if model.features.inputs_are_pixels:
        return (
            f"{how} Beside it is gradient x input: how each pixel alone contributes, light for the prediction and dark "
            "against it. It is exact for this picture, but noisy, and blind to saturated units."
        )
    return (
        f"{how} Gradient x input, a quicker method, needs a model of pixels. Here the gradient ends at the "
        f"{model.features.n_out:,} features of the picture; most of them have no exact place in it."
    )


def _masked(number: int | None, name: str, one: OcclusionMap) -> str:
    """Return a picture under its mask; nothing if no region matters."""
    mask = mask_svg(one)
    return f'<span class="masked">{image_html(number, f"where it looked in {name}")}{mask}</span>' if mask else ""


def _grey(pushed: np.ndarray) -> str:
    """Return a map (h, w) as a picture: grey is 0, light is for the prediction, dark against it."""
    top = max(float(np.abs(pushed).max()), float(np.finfo(pushed.dtype).tiny))
    return address(np.rint(127.5 + 127.5 * pushed / top).astype(np.uint8))
