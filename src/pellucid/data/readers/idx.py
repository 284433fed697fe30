"""IDX files, the format of MNIST and Fashion-MNIST: a pair of files, pictures and labels, often gzipped.

A folder of them is read as parts (`train-images-idx3-ubyte.gz`, `t10k-...`). What a header claims is held
against the size of the file before any memory is taken for it.
"""

import gzip
import math
import os
import re
import struct
import zlib
from pathlib import Path

import numpy as np

from pellucid.data.dataset import SPLIT_WORDS, Splits
from pellucid.data.readers.arrays import Pair, splits_of
from pellucid.errors import InputError, MissingFileError
from pellucid.system import memory

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
PARTS = {**SPLIT_WORDS, "t10k": "test"}
NAME = re.compile(r"(\.idx|[-.]idx\d-\w+|-ubyte)(\.gz)?$", re.IGNORECASE)
LARGEST_RATIO = 1032  # deflate makes at most this many bytes of one
MOST_AXES = 4


def read(source: Path | tuple[Path, Path]) -> Splits:
    """Return the data sets of a folder of IDX files, of a pair (pictures, labels), or of pictures alone.

    Raises
    ------
    InputError : a file that is not IDX, is truncated, or claims another size than it has.
    MissingFileError : no labels lie beside the pictures.
    """
    if isinstance(source, tuple):
        return splits_of({"train": _pair(*source)}, str(source[0]))
    if not source.is_dir():
        return splits_of({"train": _pair(source, _labels_beside(source))}, str(source))
    pairs: dict[str, Pair] = {}
    for images in (file for file in files_in(source) if "images" in file.name):
        part = next((part for word, part in PARTS.items() if images.name.lower().startswith(word)), "train")
        if part in pairs:
            raise InputError(f"{source} holds two files of pictures for the part {part}, one is {images.name}.")
        pairs[part] = _pair(images, _labels_beside(images))
    return splits_of(pairs, str(source))


def is_idx(path: Path) -> bool:
    """Return whether a file is named as IDX files are."""
    return NAME.search(path.name) is not None and path.name[0] != "."


def files_in(folder: Path) -> list[Path]:
    """Return the IDX files that lie in a folder."""
    return sorted(file for file in folder.iterdir() if is_idx(file))


def _pair(images: Path, labels: Path) -> Pair:
    return Pair(read_array(images), read_array(labels), str(images))


def _labels_beside(images: Path) -> Path:
    name = re.sub(r"idx\d", "idx1", images.name.replace("images", "labels"))
    plain = name.removesuffix(".gz")
    for candidate in (name, plain, f"{plain}.gz"):
        if candidate != images.name and (images.parent / candidate).exists():
            return images.parent / candidate
    raise MissingFileError(f"there are no labels for {images}: looked for {name} beside it; or give both files.")


def read_array(path: Path) -> np.ndarray:
    """Return the array of one IDX file, gzipped or not."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            zipped = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            with gzip.open(file) if zipped else file as stream:
                start = stream.read(4)
                if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES or not 0 < start[3] <= MOST_AXES:
                    raise InputError(f"{path} is not an IDX file: it begins with {start.hex(' ')}.")
                dtype, rank = np.dtype(TYPES[start[2]]), start[3]
                lengths = stream.read(4 * rank)
                if len(lengths) < 4 * rank:
                    raise EOFError("the header ends early")
                shape = struct.unpack(f">{rank}I", lengths)
                claimed = math.prod(shape) * dtype.itemsize
                if claimed > size * (LARGEST_RATIO if zipped else 1):
                    raise InputError(
                        f"{path} is truncated: its header says {shape}, more than a file of {size} bytes holds."
                    )
                memory.check_memory(path, claimed, InputError)
                data = stream.read(claimed + 1)
    except (EOFError, zlib.error, OSError) as error:
        raise InputError(f"{path} is truncated or damaged: {error}.") from error
    if len(data) != claimed:
        kind = "is truncated" if len(data) < claimed else "holds more than it should"
        raise InputError(f"{path} {kind}: its header says {shape}, {claimed} bytes of values.")
    return np.frombuffer(data, dtype).reshape(shape)
