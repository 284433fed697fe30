"""Prediction for one photograph: the answer, the region that decided it, and the numbers behind it."""

import base64
import secrets
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.data.images import PictureFile, as_pixels, embedded
from pellucid.explanation.saliency import OcclusionMap, mask_svg, occlusion_map
from pellucid.explanation.trace.page import page
from pellucid.explanation.trace.sample import Sample
from pellucid.model.model import Model
from pellucid.model.novelty import OF_ALL

SHOWN = 320  # pixels of the longer side, as it is shown
ROWS, COLUMNS = ("upper", "middle", "lower"), ("left", "centre", "right")


@dataclass(eq=False)
class Prediction:
    """A photograph as the model sees it.

    pixels: (h, w, c).  R: its raw row (1, n_row).  answer: as a page shows it.  key: by which a page asks for more.
    looking: how far `why` is, as (copies described, of how many).
    """

    model: Model
    pixels: np.ndarray
    R: np.ndarray
    answer: dict[str, Any]
    key: str = field(default_factory=lambda: secrets.token_hex(8))
    looking: tuple[int, int] | None = None

    @classmethod
    def of(cls, model: Model, name: str, data: bytes) -> "Prediction":
        """Show a model the bytes of a photograph.  Raises BadPictureError where they are none."""
        assert model.features.shape is not None
        picture = PictureFile(name, data)
        pixels = as_pixels(picture, model.features.shape)
        R = model.extract([pixels])
        return cls(model, pixels, R, _answer(model, R) | {"name": name, "shown": embedded(picture, SHOWN)})

    def why(self) -> dict[str, Any]:
        """Return where it looked: a sentence, and a veil to lay over the photograph, None where no region matters."""

        def told(done: int, total: int) -> None:
            self.looking = (done, total) if done < total else None

        found = occlusion_map(self.model, self.pixels, on_progress=told)
        drawn = base64.b64encode(mask_svg(found).encode()).decode()
        return {
            "sentence": sentence(found, self.model.class_names[found.code]),
            "veil": f"data:image/svg+xml;base64,{drawn}" if drawn else None,
        }

    def trace(self) -> str:
        """Return the way from the photograph's numbers to the answer, as an HTML document."""
        return page(Sample.of_row(self.model, self.R).step())


def sentence(found: OcclusionMap, name: str) -> str:
    """Return in words where a model looked that answers `name`, and how that is known.

    >>> falls = np.zeros((7, 7))
    >>> falls[3, 3] = 0.22
    >>> sentence(OcclusionMap(0, 0.93, falls), "cat")
    'Covering the framed region (middle centre) lowers "cat" from 0.93 to 0.71: the model looked there.'
    """
    if found.strongest is None:
        return (
            f'Covering any one region hardly changes "{name}": '
            "no single region decides; the evidence is spread over the photo."
        )
    row, column = (3 * place // len(found.falls) for place in found.strongest)
    border = " It touches the border: is that the object itself, or the background?" if found.at_border else ""
    return (
        f'Covering the framed region ({ROWS[row]} {COLUMNS[column]}) lowers "{name}" from '
        f"{found.change}: the model looked there.{border}"
    )


def _answer(model: Model, R: np.ndarray) -> dict[str, Any]:
    """Return what a model says of one raw row: the answer, and the probability of each class."""
    found = model.predictions(R)
    said, likeliest = str(found.classes[0]), model.class_names[int(found.codes[0])]
    p = dict(zip(model.class_names, found.outputs[0].astype(float).tolist(), strict=True))
    odd = str(model.unfamiliar(R)[0])
    if not found.rejected[0]:
        sure, why = f"It is {100 * p[said]:.0f}% sure" if p[said] < 0.995 else "It is more than 99% sure", ""
        sentence = f"{sure}, but the photograph is {odd}." if odd else f"{sure}."
        sentence += " Do not trust the answer." if odd.endswith(OF_ALL) else ""
    elif model.rejection is not None and float(found.novelty[0]) > model.rejection.novelty:
        why = "unlike"
        sentence = f"Unlike the training photographs, so the model gives no answer. Its best guess is {likeliest}."
    else:
        why = "unsure"
        sentence = f"Not sure enough to answer. Its best guess is {likeliest}, with {p[likeliest]:.2f}."
    return {"said": said, "why": why, "sentence": sentence, "likeliest": likeliest, "doubted": bool(why or odd),
            "probabilities": [[cls, p[cls]] for cls in sorted(p, key=lambda cls: -p[cls])]}  # fmt: skip
