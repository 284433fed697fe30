"""What a picture file tells besides its picture: size, camera, time; and what finds it again: a digest, a thumbnail.

All from one reading and one quick decoding, small enough to be held for every picture of a data set.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.audit.similarity import SIDE, THUMBNAIL, thumbnails
from pellucid.data.dataset import Dataset
from pellucid.data.images import (
    ORIENTATION,
    TURNED,
    PictureShape,
    as_pixels,
    decoded,
    is_file,
    opened,
    prepare_decoders,
    read_file,
    to_unit,
)
from pellucid.errors import BadPictureError
from pellucid.system.threads import in_order

if TYPE_CHECKING:
    from PIL.Image import Exif

MAKE, MODEL, MODIFIED = 0x010F, 0x0110, 0x0132  # EXIF tags
PHOTO, TAKEN, DIGITIZED = 0x8769, 0x9003, 0x9004
SMALL = PictureShape(SIDE, SIDE)
TOLD_EVERY = 16  # pictures
Told = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class PictureFacts:
    """What is known of one picture.

    width, height: in pixels, upright.  size: of the file in bytes; 0 for an array.  format, mode: as Pillow names
    them, "JPEG" and "RGB"; empty for an array.  camera: make and model, or empty.  taken: by its clock, or None.
    digest: SHA-256 of the file's bytes, or of an array's pixels.  thumbnail: (1152,) bytes, see `likeness`.
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

    @property
    def brightness(self) -> float:
        """The mean brightness, 0 for black to 1 for white."""
        return float(self.thumbnail[: SIDE * SIDE].mean()) / 255


def picture_facts(picture: Any) -> PictureFacts:
    """Return the facts of a picture file (a path, bytes, a member of a zip) or of an array.

    Raises BadPictureError, with the reason, where it cannot be read; MissingFileError where it is not there.
    """
    if not is_file(picture):
        return next(_facts_of_arrays(np.asarray(picture)[None]))
    file = read_file(picture)
    digest = hashlib.sha256(file.data).digest()
    with opened(file) as image:
        exif = image.getexif()
        width, height = image.size[::-1] if exif.get(ORIENTATION) in TURNED else image.size
        format, mode = image.format or "", image.mode
        camera, taken = _camera(exif), _taken(exif)
        small = decoded(image, SMALL)
    return PictureFacts(width, height, len(file.data), format, mode, camera, taken, digest, thumbnails(small[None])[0])


def _facts_of_arrays(block: np.ndarray) -> Iterator[PictureFacts]:
    plain = block.dtype == np.uint8 and (block.ndim == 3 or block.shape[3] != 4)
    small = block if plain else np.stack([_bytes(as_pixels(picture, SMALL)) for picture in block])
    for picture, seen in zip(block, thumbnails(small), strict=True):
        digest = hashlib.sha256(picture.tobytes()).digest()
        yield PictureFacts(picture.shape[1], picture.shape[0], 0, "", "", "", None, digest, seen)


def _bytes(pixels: np.ndarray) -> np.ndarray:
    return np.rint(to_unit(pixels, np.float64) * 255).astype(np.uint8)


def _camera(exif: "Exif") -> str:
    make, model = _text(exif.get(MAKE)), _text(exif.get(MODEL))
    return model if model.startswith(make) else f"{make} {model}".strip()


def _taken(exif: "Exif") -> datetime | None:
    try:
        photo = exif.get_ifd(PHOTO)
    except Exception:  # of a damaged part, as anything; the picture itself may be whole
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
class Facts:
    """The facts of a data set's pictures, column by column (n,); zeros, empty or NaT where one cannot be read.

    thumbnails: (n, 1152).  digests: (n, 32).  taken: datetime64[s].  bad: (row, reason) of those that cannot be read.
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

    def __len__(self) -> int:
        return len(self.widths)

    def __getitem__(self, row: int) -> PictureFacts:
        """Return the facts of one picture; of one that cannot be read, zeros and nothing."""
        return PictureFacts(
            width=int(self.widths[row]),
            height=int(self.heights[row]),
            size=int(self.sizes[row]),
            format=self.formats[row],
            mode=self.modes[row],
            camera=self.cameras[row],
            taken=self.taken[row].item(),
            digest=self.digests[row].tobytes(),
            thumbnail=self.thumbnails[row],
        )

    @property
    def readable(self) -> np.ndarray:
        """Which pictures can be read, (n,) of booleans."""
        return self.widths > 0

    @property
    def brightness(self) -> np.ndarray:
        """The mean brightness of each, 0 to 1; 0 where it cannot be read."""
        return self.thumbnails[:, : SIDE * SIDE].mean(axis=1) / 255


def facts_of(dataset: Dataset, told: Told = lambda done, total: None) -> Facts:
    """Return the facts of all pictures of a data set, read by all cores; about 1.3 kB each.

    told: is called with how many are done, and of how many.

    Raises MissingFileError for a file that is gone.
    """
    n = len(dataset)
    facts = Facts(
        widths=np.zeros(n, np.int64),
        heights=np.zeros(n, np.int64),
        sizes=np.zeros(n, np.int64),
        formats=[""] * n,
        modes=[""] * n,
        cameras=[""] * n,
        taken=np.full(n, "NaT", "datetime64[s]"),
        digests=np.zeros((n, hashlib.sha256().digest_size), np.uint8),
        thumbnails=np.zeros((n, THUMBNAIL), np.uint8),
        bad=[],
    )
    for row, one in enumerate(_each(dataset)):
        if isinstance(one, BadPictureError):
            facts.bad.append((row, str(one)))
        else:
            facts.widths[row], facts.heights[row], facts.sizes[row] = one.width, one.height, one.size
            facts.formats[row], facts.modes[row], facts.cameras[row] = one.format, one.mode, one.camera
            facts.taken[row] = np.datetime64("NaT") if one.taken is None else np.datetime64(one.taken, "s")
            facts.digests[row] = np.frombuffer(one.digest, np.uint8)
            facts.thumbnails[row] = one.thumbnail
        if (row + 1) % TOLD_EVERY == 0 or row + 1 == n:
            told(row + 1, n)
    return facts


def _each(dataset: Dataset) -> Iterator[PictureFacts | BadPictureError]:
    def attempt(picture: Any) -> PictureFacts | BadPictureError:
        try:
            return picture_facts(picture)
        except BadPictureError as error:
            return error

    if not dataset.of_files:
        return (facts for block in dataset.blocks() for facts in _facts_of_arrays(np.asarray(block)))
    prepare_decoders()
    return in_order(attempt, (picture for block in dataset.blocks() for picture in block))
