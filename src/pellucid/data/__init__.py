"""Files in, blocks of labelled samples out; this floor knows no network.

`load` picks the reader by what the source is; every reader makes a `Dataset` for each part of it.
"""

from pellucid.data.audit.image_metadata import Facts, PictureFacts, facts_of, picture_facts
from pellucid.data.dataset import Dataset, Splits
from pellucid.data.groups import grouped, grouped_splits, joined
from pellucid.data.load import load, rows_of_table
from pellucid.data.readers.image_folders import picture_files
from pellucid.data.splitting import folds, split_rows
from pellucid.data.toy import flower

__all__ = [
    "Dataset",
    "Facts",
    "PictureFacts",
    "Splits",
    "facts_of",
    "flower",
    "folds",
    "grouped",
    "grouped_splits",
    "joined",
    "load",
    "picture_facts",
    "picture_files",
    "rows_of_table",
    "split_rows",
]
