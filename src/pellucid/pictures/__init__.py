"""A picture in any form - file, bytes, PIL image, array - becomes an array of pixels of one shape.

Training and prediction both come through `as_pixels`, so a photo is seen in the same way by both.
"""

from pellucid.pictures.arrays import to_unit
from pellucid.pictures.files import PictureFile, is_file, read_file
from pellucid.pictures.pixels import as_pixels, decoder_version, prepare_decoders
from pellucid.pictures.shape import PictureShape

__all__ = [
    "PictureFile",
    "PictureShape",
    "as_pixels",
    "decoder_version",
    "is_file",
    "prepare_decoders",
    "read_file",
    "to_unit",
]
