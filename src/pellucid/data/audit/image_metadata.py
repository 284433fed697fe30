"""What an image file tells besides its image: size, camera, time; and what finds it again: a digest, a thumbnail.

All from one reading and one quick decoding, small enough to be held for every image of a data set.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.data.audit.similarity import SIDE, THUMBNAIL, thumbnails
from pellucid.data.dataset import Dataset
from pellucid.data.image_scan import report, scan
from pellucid.data.images import (
    ORIENTATION,
    TURNED,
    PictureShape,
    as_pixels,
    decoded,
    has_several,
    is_file,
    opened,
    read_file,
    to_unit,
)
from pellucid.errors import BadPictureError
from pellucid.system.progress import SILENT, Progress

if TYPE_CHECKING:
    from PIL.Image import Exif

MAKE, MODEL, MODIFIED = 0x010F, 0x0110, 0x0132  # EXIF tags
PHOTO, TAKEN, DIGITIZED = 0x8769, 0x9003, 0x9004
SMALL = PictureShape(SIDE, SIDE)


@dataclass(frozen=True, eq=False)
class ImageMetadata:
    """What is known of one image besides its pixels.

    width, height: in pixels, upright.  size: of the file in bytes; 0 for an array.  format, mode: as Pillow names
    them, "JPEG" and "RGB"; empty for an array.  camera: make and model, or empty.  taken: by its clock, or None.
    digest: SHA-256 of the file's bytes, or of an array's pixels.  thumbnail: (1152,) bytes, see `similarity`.
    several: whether pages or frames follow the first, which nobody looks at.
    """

    width: int
    height: int
    size: int
    format: str
    mode: str
    camera: str
    taken: datetime | None
    digest: bytes = field(repr=False)
    thumbnail: np.ndarray = field(repr=False)
    several: bool = False

    @property
    def brightness(self) -> float:
        """The mean brightness, 0 for black to 1 for white."""
        return float(self.thumbnail[: SIDE * SIDE].mean()) / 255


def read_metadata(image: Any) -> ImageMetadata:
    """Return the metadata of an image file (a path, bytes, a member of a zip) or of an array.

    Raises BadPictureError, with the reason, where it cannot be read; MissingFileError where it is not there.
    """
    if not is_file(image):
        return next(_of_arrays(np.asarray(image)[None]))
    file = read_file(image)
    with opened(file) as undecoded:
        exif = undecoded.getexif()
        width, height = undecoded.size[::-1] if exif.get(ORIENTATION) in TURNED else undecoded.size
        format, mode = undecoded.format or "", undecoded.mode
        camera, taken = _camera(exif), _taken(exif)
        several = has_several(undecoded)
        thumbnail = thumbnails(decoded(undecoded, SMALL)[None])[0]
    return ImageMetadata(width, height, len(file.data), format, mode, camera, taken, file.digest, thumbnail, several)


def _of_arrays(block: np.ndarray) -> Iterator[ImageMetadata]:
    plain = block.dtype == np.uint8 and (block.ndim == 3 or block.shape[3] != 4)
    small = block if plain else np.stack([_bytes(as_pixels(pixels, SMALL)) for pixels in block])
    for pixels, thumbnail in zip(block, thumbnails(small), strict=True):
        digest = sha256(pixels.tobytes()).digest()
        yield ImageMetadata(pixels.shape[1], pixels.shape[0], 0, "", "", "", None, digest, thumbnail)


def _bytes(pixels: np.ndarray) -> np.ndarray:
    return np.rint(to_unit(pixels, np.float64) * 255).astype(np.uint8)


def _camera(exif: "Exif") -> str:
    make, model = _text(exif.get(MAKE)), _text(exif.get(MODEL))
    return model if model.startswith(make) else f"{make} {model}".strip()


def _taken(exif: "Exif") -> datetime | None:
    try:
        photo = exif.get_ifd(PHOTO)
    except Exception:  # a damaged part raises anything; the image itself may be whole
        photo = {}
    for value in (photo.get(TAKEN), photo.get(DIGITIZED), exif.get(MODIFIED)):
        try:
            return datetime.strptime(_text(value), "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
    return None


def _text(value: Any) -> str:
    return str(value or "").strip("\0 ")


@dataclass(frozen=True, eq=False)
class MetadataTable:
    """The metadata of a data set's images, column by column (n,); zeros, empty or NaT where one cannot be read.

    thumbnails: (n, 1152).  digests: (n, 32).  taken: datetime64[s].  bad: (row, reason) of those that cannot be read.
    several: rows of those with pages or frames after the first.
    """

    widths: np.ndarray
    heights: np.ndarray
    sizes: np.ndarray
    formats: list[str]
    modes: list[str]
    cameras: list[str]
    taken: np.ndarray
    digests: np.ndarray
    thumbnails: np.ndarray
    bad: list[tuple[int, str]]
    several: list[int] = field(default_factory=list)

    @classmethod
    def empty(cls, n: int) -> Self:
        """Return a table of n rows to be filled by `put`."""
        widths, heights, sizes = np.zeros((3, n), np.int64)
        formats, modes, cameras = ([""] * n for _ in range(3))
        taken, digests = np.full(n, "NaT", "datetime64[s]"), np.zeros((n, sha256().digest_size), np.uint8)
        thumbnails = np.zeros((n, THUMBNAIL), np.uint8)
        return cls(widths, heights, sizes, formats, modes, cameras, taken, digests, thumbnails, [])

    def put(self, row: int, one: ImageMetadata | BadPictureError) -> None:
        """Fill a row, or list it as bad."""
        if isinstance(one, BadPictureError):
            self.bad.append((row, str(one)))
            return
        self.widths[row], self.heights[row], self.sizes[row] = one.width, one.height, one.size
        self.formats[row], self.modes[row], self.cameras[row] = one.format, one.mode, one.camera
        self.taken[row] = np.datetime64("NaT") if one.taken is None else np.datetime64(one.taken, "s")
        self.digests[row] = np.frombuffer(one.digest, np.uint8)
        self.thumbnails[row] = one.thumbnail
        if one.several:
            self.several.append(row)

    def __len__(self) -> int:
        return len(self.widths)

    def __getitem__(self, row: int) -> ImageMetadata:
        """Return the metadata of one image; zeros and nothing where it cannot be read."""
        return ImageMetadata(
            width=int(self.widths[row]),
            height=int(self.heights[row]),
            size=int(self.sizes[row]),
            format=self.formats[row],
            mode=self.modes[row],
            camera=self.cameras[row],
            taken=self.taken[row].item(),
            digest=self.digests[row].tobytes(),
            thumbnail=self.thumbnails[row],
            several=row in self.several,
        )

    @property
    def readable(self) -> np.ndarray:
        """Which images can be read, (n,) of booleans."""
        return self.widths > 0

    @property
    def brightness(self) -> np.ndarray:
        """The mean brightness of each, 0 to 1; 0 where it cannot be read."""
        return self.thumbnails[:, : SIDE * SIDE].mean(axis=1) / 255


def metadata_of(dataset: Dataset, progress: Progress = SILENT) -> MetadataTable:
    """Return the metadata of all images of a data set, about 1.3 kB each."""
    table = MetadataTable.empty(len(dataset))
    if dataset.of_files:
        scan(dataset, [(read_metadata, table.put)], progress)
        return table
    for row, one in enumerate(one for block in dataset.blocks() for one in _of_arrays(np.asarray(block))):
        table.put(row, one)
        report(dataset, row + 1, progress)
    return table
