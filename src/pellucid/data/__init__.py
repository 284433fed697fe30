"""Files in, blocks of labelled samples out; this floor knows no network.

`load` picks the reader by what the source is; every reader makes a `Dataset` for each part of it.
"""

from pellucid.data.audit.image_metadata import ImageMetadata, MetadataTable, metadata_of, read_metadata
from pellucid.data.dataset import Dataset, Splits
from pellucid.data.groups import grouped, grouped_splits, joined
from pellucid.data.load import load, rows_of_table
from pellucid.data.readers.folder_layout import census
from pellucid.data.readers.image_folders import picture_files, pictures_and_others
from pellucid.data.splitting import folds, split_rows
from pellucid.data.toy import flower

__all__ = [
    "Dataset",
    "ImageMetadata",
    "MetadataTable",
    "Splits",
    "census",
    "flower",
    "folds",
    "grouped",
    "grouped_splits",
    "joined",
    "load",
    "metadata_of",
    "picture_files",
    "pictures_and_others",
    "read_metadata",
    "rows_of_table",
    "split_rows",
]
