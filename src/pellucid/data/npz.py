"""NumPy's .npz files: samples and labels under the usual names, without pickle.

Files with parts (`x_train`, `y_train`, `x_test`, `y_test`) are read as parts.
"""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from pellucid.data.arrays import find_pairs, splits_of
from pellucid.data.dataset import Splits
from pellucid.errors import InputError


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
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (
        OSError,
        ValueError,
        EOFError,
        AttributeError,
        NotImplementedError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        # AttributeError: np.load gives a bare array, not a file of several, for a .npy file under this name
        raise InputError(f"{path} is not a .npz file of plain arrays, or it is damaged: {error}.") from error
    return splits_of(find_pairs(arrays, keys, str(path)), str(path), regression)
