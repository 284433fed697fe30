"""Features: from a raw sample to an input vector, fitted on training rows only, kept with the model.

A sample is described by a raw row, which knows nothing of others; `fitted` looks at the raw rows of the training
samples; `finished` makes of raw rows what a network takes. One class and one row of `FEATURES` each.
"""

from typing import TypeAlias

from pellucid.features.augmentation import COPIES, copies_of, views_of
from pellucid.features.embedding import NORMALIZATIONS, Embedding
from pellucid.features.images import PictureFeatures, StandardizedPictures
from pellucid.features.photo import Photo
from pellucid.features.pixels import Pixels
from pellucid.features.scaling import Numbers
from pellucid.features.table import Table

Features: TypeAlias = PictureFeatures | Numbers | Table

FEATURES: dict[str, type[Pixels] | type[Photo] | type[Embedding] | type[Numbers] | type[Table]] = {
    "photo": Photo,
    "pixels": Pixels,
    "embedding": Embedding,
    "numbers": Numbers,
    "table": Table,
}

__all__ = [
    "COPIES",
    "FEATURES",
    "NORMALIZATIONS",
    "Embedding",
    "Features",
    "Numbers",
    "Photo",
    "PictureFeatures",
    "Pixels",
    "StandardizedPictures",
    "Table",
    "copies_of",
    "views_of",
]
