"""HDF5 files: arrays by name, read from the disk block by block.

One file may hold several parts (`train_set_x`, `test_set_x`), or a folder one file for each (`train*.h5`,
`test*.h5`); the cat pictures of the well-known course are laid out in both ways at once.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.dataset import SPLIT_WORDS, Splits
from pellucid.data.labels import LONGEST_LABEL
from pellucid.data.readers.arrays import Pair, find_pairs, splits_of
from pellucid.errors import InputError, PellucidError
from pellucid.system import memory

ENDINGS = (".h5", ".hdf5")
TEXTS_AT_A_TIME = 16
LARGEST_RATIO = 1032  # deflate makes at most this many bytes of one; what was never written takes none, but is no data


@dataclass(frozen=True)
class StoredArray:
    """One array of an HDF5 file, which is opened for each reading and closed after it."""

    path: Path
    key: str
    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, rows: Any) -> np.ndarray:
        import h5py

        try:
            with h5py.File(self.path) as file:
                return self._rows(file[self.key], rows)
        except PellucidError:
            raise
        except Exception as error:  # of damaged files: OSError, RuntimeError, KeyError, nearly anything
            raise InputError(f"{self.path}: {self.key} cannot be read, the file is damaged: {error}.") from error

    def _rows(self, stored: Any, rows: Any) -> np.ndarray:
        self._check_claims(stored)
        if isinstance(rows, slice) and rows == slice(None) and stored.dtype.kind == "O":
            return self._texts(stored)
        if isinstance(rows, slice):
            return stored[rows]
        if len(rows) == 0:
            return stored[:0]
        wanted, places = np.unique(rows, return_inverse=True)  # h5py takes rows ascending, each once
        first, last = wanted[0], wanted[-1]
        gapless = last - first == len(wanted) - 1
        return (stored[first : last + 1] if gapless else stored[wanted])[places]

    def _texts(self, stored: Any) -> np.ndarray:
        """Return labels of any length, a few at a time: in a small file all may be one text that is very long."""
        blocks = [np.empty(0, object)]
        for start in range(0, len(stored), TEXTS_AT_A_TIME):
            block = stored[start : start + TEXTS_AT_A_TIME]
            longest = max((len(text) for text in block.flat if isinstance(text, bytes | str)), default=0)
            if longest > 4 * LONGEST_LABEL:  # bytes: of one letter up to four
                raise InputError(
                    f"{self.path}: a label of {self.key} takes {longest:,} bytes; {LONGEST_LABEL:,} characters are the "
                    "most."
                )
            blocks.append(block.reshape(-1))
        return np.concatenate(blocks).reshape(stored.shape)

    def _check_claims(self, stored: Any) -> None:
        """Raise InputError where values lie in other files, or there are more than this file can hold."""
        if stored.external or stored.is_virtual:
            raise InputError(f"{self.path}: the values of {self.key} lie in other files, which are not read.")
        claimed, size = math.prod(stored.shape) * stored.dtype.itemsize, self.path.stat().st_size
        if claimed > LARGEST_RATIO * size:
            raise InputError(
                f"{self.path}: {self.key} claims to be {stored.shape}, more than a file of {size} bytes holds."
            )
        if stored.chunks:  # a chunk is read as a whole, whatever is wanted of it
            memory.check_memory(
                f"{self.path}: a chunk of {self.key}", math.prod(stored.chunks) * stored.dtype.itemsize, InputError
            )


def read(path: Path, keys: tuple[str, str] | None = None, regression: bool | None = None) -> Splits:
    """Return the data sets of an HDF5 file, or of a folder with one file for each part.

    Parameters
    ----------
    path : the file or the folder.
    keys : the names of samples and labels; by default the usual ones are looked for.
    regression : whether the labels are numbers to predict; None decides by how they look.

    Raises
    ------
    InputError : not HDF5, no such names (those there are listed), or shapes that do not fit.
    """
    if not path.is_dir():
        return splits_of(_pairs(path, keys), str(path), regression)
    pairs: dict[str, Pair] = {}
    for file in files_in(path):
        split = next((split for word, split in SPLIT_WORDS.items() if file.name.lower().startswith(word)), None)
        if split is None or split in pairs:
            raise InputError(
                f"{path} holds {file.name}, whose part is not clear; name one file each train*.h5, validation*.h5, "
                "test*.h5, or give one file."
            )
        found = _pairs(file, keys)
        pairs[split] = found.get(split) or next(iter(found.values()))
    return splits_of(pairs, str(path), regression)


def files_in(folder: Path) -> list[Path]:
    """Return the HDF5 files that lie in a folder."""
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in ENDINGS and file.name[0] != ".")


def _pairs(path: Path, keys: tuple[str, str] | None) -> dict[str, Pair]:
    import h5py

    arrays: dict[str, StoredArray] = {}

    def note(key: str | bytes, item: object) -> None:
        if isinstance(key, str) and isinstance(item, h5py.Dataset) and item.shape is not None:  # bytes: no text at all
            arrays[key] = StoredArray(path, key, item.shape, item.dtype)

    try:
        with h5py.File(path) as file:
            file.visititems(note)
    except Exception as error:  # as above
        raise InputError(f"{path} is not an HDF5 file, or it is damaged: {error}.") from error
    pairs = find_pairs(arrays, keys, str(path))
    for pair in pairs.values():
        pair.samples[:0]  # what they claim is checked before a name is made for each column
    return pairs
