"""A picture in any form - file, bytes, PIL image, array - becomes an array of pixels of one shape.

Training and prediction both come through `as_pixels`, so a photo is seen in the same way by both.
"""

from pellucid.data.images.arrays import LUMA, PictureShape, to_unit
from pellucid.data.images.data_uri import address, embedded, encoded
from pellucid.data.images.decode import (
    ORIENTATION,
    TURNED,
    as_pixels,
    decoded,
    decoder_version,
    has_several,
    heic_is_readable,
    opened,
    prepare_decoders,
)
from pellucid.data.images.files import PictureFile, is_file, read_file

__all__ = [
    "LUMA",
    "ORIENTATION",
    "TURNED",
    "PictureFile",
    "PictureShape",
    "address",
    "as_pixels",
    "decoded",
    "decoder_version",
    "embedded",
    "encoded",
    "has_several",
    "heic_is_readable",
    "is_file",
    "opened",
    "prepare_decoders",
    "read_file",
    "to_unit",
]
