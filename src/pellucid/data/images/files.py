"""Picture files: a path, a member of a zip or bytes, read whole and never more than a picture needs."""

import lzma
import threading
import zipfile
import zlib
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from pellucid.errors import BadPictureError, MissingFileError

LARGEST_FILE = 2**29  # bytes: 89 million pixels, each of three 16-bit numbers, unpacked
PIECE = 2**22  # bytes read at a time

_ZIP_LOCK = threading.Lock()  # the members of a zip share one file, and Python does not guard the count of its users


@dataclass(frozen=True)
class PictureFile:
    """The bytes of a picture file, and the name it goes by in messages."""

    name: str
    data: bytes = field(repr=False)

    @cached_property
    def digest(self) -> bytes:
        """The SHA-256 of the bytes."""
        return sha256(self.data).digest()


def is_file(raw: Any) -> bool:
    """Whether a picture is a file: a path, anything with `.open("rb")` such as a member of a zip, or its bytes."""
    return isinstance(raw, str | bytes | PictureFile) or hasattr(raw, "open")


def read_file(raw: Any) -> PictureFile:
    """Return the contents of a picture file; raise MissingFileError, or BadPictureError if it cannot be read."""
    if isinstance(raw, PictureFile):
        return raw
    if isinstance(raw, bytes):
        return PictureFile("the picture given as bytes", raw)
    return PictureFile(str(raw), _contents(Path(raw) if isinstance(raw, str) else raw))


def _contents(path: Any) -> bytes:
    if isinstance(path, Path) and path.exists() and not path.is_file():
        raise BadPictureError(f"{path} is not a file.")
    try:
        with _ZIP_LOCK if isinstance(path, zipfile.Path) else nullcontext(), path.open("rb") as file:
            return _read(file, path)
    except FileNotFoundError:
        raise MissingFileError(f"there is no picture {path}.") from None
    except (OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError) as error:
        # RuntimeError is how zipfile says that a member is encrypted or packed in a way it does not know
        raise BadPictureError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def _read(file: IO[bytes], path: Any) -> bytes:
    """Return all bytes of an open file; a member of a zip may become far more than the zip has."""
    pieces, size = [], 0
    while piece := file.read(PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_FILE:
            raise BadPictureError(f"{path} has more than {LARGEST_FILE:,} bytes, which no picture needs.")
    return b"".join(pieces)
