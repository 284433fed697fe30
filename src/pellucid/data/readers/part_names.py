"""Which folders are parts of the data, as people name them: train, training_set, seg_train, Val2017."""

import re
from collections.abc import Sequence

from pellucid.data.dataset import SPLIT_WORDS

FILLERS = (
    "",
    "set",
    "sets",
    "data",
    "dataset",
    "images",
    "image",
    "imgs",
    "img",
    "pictures",
    "photos",
    "folder",
    "split",
)
WORD = re.compile(r"[A-Z]?[^\W\dA-Z_]+|[A-Z]+|\d+")


def parts_of(names: Sequence[str]) -> dict[str, str]:
    """Return the part of each folder that is named like one; other folders are left out.

    Words such as "set" and "images" do not count. Other words may stand beside, if all such folders have the same ones.

    >>> parts_of(["training_set", "TestData", "extra"]), parts_of(["seg_train", "seg_test"])
    ({'training_set': 'train', 'TestData': 'test'}, {'seg_train': 'train', 'seg_test': 'test'})
    >>> parts_of(["test_tube", "train_station", "test positive", "test negative"])
    {}
    """
    found: dict[str, str] = {}
    families: dict[tuple[str, ...], dict[str, str]] = {}
    for name in names:
        parts, rest = _split(name)
        if len(parts) != 1:
            continue
        if not rest:
            found[name] = parts[0]
        else:
            families.setdefault(rest, {})[name] = parts[0]
    for family in families.values():
        if len(set(family.values())) > 1:
            found |= family
    return {name: found[name] for name in names if name in found}


def _split(name: str) -> tuple[list[str], tuple[str, ...]]:
    """Return the parts that a name names, and the other words in it, without fillers."""
    parts, rest = [], []
    for word in (word.lower() for word in WORD.findall(name)):
        part = next((SPLIT_WORDS[word.removesuffix(filler)] for filler in FILLERS
                     if word.endswith(filler) and word.removesuffix(filler) in SPLIT_WORDS), None)  # fmt: skip
        if part is not None:
            parts.append(part)
        elif word not in FILLERS:
            rest.append(word)
    return parts, tuple(rest)
