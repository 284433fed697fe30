"""Files in, blocks of labelled samples out; this floor knows no network.

`load` picks the reader by what the source is; every reader makes a `Dataset` for each part of it.
"""

from pellucid.data.dataset import Dataset, Splits
from pellucid.data.folders import picture_files
from pellucid.data.folds import folds
from pellucid.data.load import load
from pellucid.data.split import split_rows
from pellucid.data.tables import read_columns
from pellucid.data.toy import flower

__all__ = ["Dataset", "Splits", "flower", "folds", "load", "picture_files", "read_columns", "split_rows"]
