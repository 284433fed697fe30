"""Thumbnails by address ("album/class/name", "sample/class/name", "part/row" of checked data), and the sample."""

import contextlib
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import Splits
from pellucid.data.images import address, embedded
from pellucid.errors import PellucidError

MOST = 100  # that one message may ask for
FACES = 100  # come first, then as many cuts without one
KEPT = 6  # of each class, held out to be tried after training


def sample(kept: bool = False) -> dict[str, bytes]:
    """Return PNG files by "class/name": those to learn from, or those held out to be tried.

    >>> len(sample()), len(sample(kept=True))
    (188, 12)
    """
    from skimage.data import lfw_subset

    found = {}
    for number, picture in enumerate(np.rint(255 * lfw_subset()).astype(np.uint8)):
        name, place = ("face", number) if number < FACES else ("no face", number - FACES)
        if (place >= FACES - KEPT) == kept:
            found[f"{name}/{place + 1:03}.png"] = b64decode(address(picture).partition(",")[2])
    return found


def thumbnails(
    asked: object, album: Mapping[str, Path], kept: Mapping[str, bytes], splits: Splits | None
) -> dict[str, str]:
    """Return data URIs by address; pictures that cannot be shown are left out.

    album, kept: photographs by "class/name".  splits: the data, once checked.
    """
    found = {}
    for wanted in map(str, asked[:MOST] if isinstance(asked, list) else ()):
        room, _, place = wanted.partition("/")
        with contextlib.suppress(PellucidError, LookupError, ValueError):
            if room == "album":
                found[wanted] = embedded(album[place])
            elif room == "sample":
                found[wanted] = embedded(kept[place])
            elif splits is not None:
                found[wanted] = embedded(_of_data(splits, wanted))
    return found


def _of_data(splits: Splits, wanted: str) -> Any:
    part, _, row = wanted.partition("/")
    dataset = dict(splits.items())[part]
    return next(iter(next(dataset.blocks([range(len(dataset))[int(row)]]))))
