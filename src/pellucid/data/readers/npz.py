"""NumPy's .npz files: samples and labels under the usual names, without pickle.

Files with parts (`x_train`, `y_train`, `x_test`, `y_test`) are read as parts.
"""

import math
import zipfile
from pathlib import Path

import numpy as np

from pellucid.data.dataset import Splits
from pellucid.data.readers.arrays import find_pairs, splits_of
from pellucid.errors import InputError
from pellucid.system import memory

HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read(path: Path, keys: tuple[str, str] | None = None, regression: bool | None = None) -> Splits:
    """Return the data sets of a .npz file.

    Parameters
    ----------
    path : the file.
    keys : the names of samples and labels; by default the usual ones (X and y, images and labels, ...).
    regression : whether the labels are numbers to predict; None decides by how they look.

    Raises
    ------
    InputError : not an .npz file, no such names (those there are listed), or shapes that do not fit.
    """
    try:
        claimed = _claimed(path)
    except Exception as error:  # of damaged files: BadZipFile, ValueError, EOFError, struct.error, nearly anything
        raise _damaged(path, error) from error
    memory.check_memory(path, claimed, InputError)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as error:  # as above
        raise _damaged(path, error) from error
    return splits_of(find_pairs(arrays, keys, str(path)), str(path), regression)


def _claimed(path: Path) -> int:
    """Return how many bytes the arrays say they are, or raise where one is not a plain array or not of that size."""
    total = 0
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{member.filename} is packed in a way that NumPy does not use")
            with archive.open(member) as file:
                version = np.lib.format.read_magic(file)
                read_header = HEADERS[version]
                shape, _, dtype = read_header(file)
                values = math.prod(shape) * dtype.itemsize
                if dtype.hasobject:
                    raise ValueError(f"{member.filename} holds Python objects, which are never loaded")
                if file.tell() + values != member.file_size:
                    raise ValueError(f"{member.filename} says that it is {shape}, and has {member.file_size} bytes")
                total += values
    return total


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"{path} is not a .npz file of plain arrays, or it is damaged: {error}.")
