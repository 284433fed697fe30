"""Shown: small pictures by their addresses: "album/class/name", "sample/class/name", or "part/row" of checked data."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pellucid.data import Splits
from pellucid.data.images import embedded
from pellucid.errors import PellucidError

MOST = 100  # that one message may ask for


def shown(asked: object, album: Mapping[str, Path], kept: Mapping[str, bytes], splits: Splits | None) -> dict[str, str]:
    """Return pictures by address as what an image takes; what cannot be shown is left out.

    album, kept: photographs by "class/name".  splits: the data, once they were checked.
    """
    found = {}
    for address in map(str, asked[:MOST] if isinstance(asked, list) else ()):
        room, _, place = address.partition("/")
        with contextlib.suppress(PellucidError, LookupError, ValueError):
            if room == "album":
                found[address] = embedded(album[place])
            elif room == "sample":
                found[address] = embedded(kept[place])
            elif splits is not None:
                found[address] = embedded(_of_data(splits, address))
    return found


def _of_data(splits: Splits, address: str) -> Any:
    part, _, row = address.partition("/")
    dataset = dict(splits.items())[part]
    return next(iter(next(dataset.blocks([range(len(dataset))[int(row)]]))))
