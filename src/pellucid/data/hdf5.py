"""HDF5 files: arrays by name, read from the disk block by block.

One file may hold several parts (`train_set_x`, `test_set_x`), or a folder one file for each (`train*.h5`,
`test*.h5`); the cat pictures of the well-known course are laid out in both ways at once.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.arrays import Pair, find_pairs, splits_of
from pellucid.data.dataset import SPLIT_WORDS, Splits
from pellucid.errors import InputError

ENDINGS = (".h5", ".hdf5")


@dataclass(frozen=True)
class StoredArray:
    """One array of an HDF5 file, which is opened for each reading and closed after it."""

    path: Path
    key: str
    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, rows: Any) -> np.ndarray:
        import h5py

        with h5py.File(self.path) as file:
            stored = file[self.key]
            if isinstance(rows, slice):
                return stored[rows]
            if len(rows) == 0:
                return stored[:0]
            wanted, places = np.unique(rows, return_inverse=True)  # h5py takes rows ascending, each once
            first, last = wanted[0], wanted[-1]
            gapless = last - first == len(wanted) - 1
            return (stored[first : last + 1] if gapless else stored[wanted])[places]


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

    def note(key: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            arrays[key] = StoredArray(path, key, item.shape, item.dtype)

    try:
        with h5py.File(path) as file:
            file.visititems(note)
        return find_pairs(arrays, keys, str(path))
    except (OSError, RuntimeError, KeyError) as error:
        raise InputError(f"{path} is not an HDF5 file, or it is damaged: {error}.") from error
