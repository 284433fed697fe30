"""Features: from a raw sample to an input vector, fitted on training rows only, kept with the model.

`extract` describes each sample by raw features, independent of the others; `fit` looks at those of all training
samples; `transform` makes network inputs of them. Each kind is a class and a row of `FEATURES`.
"""

from pellucid.features.augmentation import COPIES, copies_of, views_of
from pellucid.features.embedding import NORMALIZATIONS, Embedding
from pellucid.features.features import Features
from pellucid.features.images import PictureFeatures, StandardizedPictures
from pellucid.features.photo import Photo
from pellucid.features.pixels import Pixels
from pellucid.features.scaling import Numbers
from pellucid.features.table import Table

FEATURES: dict[str, type[Features]] = {
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
