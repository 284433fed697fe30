"""One pass over the image files of a data set: each file's bytes are read once, and all that is wanted is made of them.

All cores share the work. A file's bytes and pixels are dropped at once; only the results wait for their turn.
"""

from collections.abc import Callable, Sequence
from typing import Any

from pellucid.data.dataset import Dataset
from pellucid.data.images import PictureFile, prepare_decoders, read_file
from pellucid.errors import BadPictureError, MissingFileError
from pellucid.system.progress import SILENT, Progress
from pellucid.system.threads import in_order

REPORT_EVERY = 16  # images

Look = Callable[[PictureFile], Any]
Put = Callable[[int, Any], None]


def scan(dataset: Dataset, looks: Sequence[tuple[Look, Put]], progress: Progress = SILENT) -> None:
    """Read each image file once, and pass on what each look finds in it.

    Parameters
    ----------
    dataset : of image files.
    looks : pairs of functions. The first is given the file and runs in any thread. The second is given the row and
        what the first returned, or the BadPictureError that it raised; it runs in the caller's thread, row after row.
        A file that is gone is such an error too.
    progress : what shows how far the scan is.
    """

    def read(raw: Any) -> list[Any]:
        try:
            file = read_file(raw)
        except (BadPictureError, MissingFileError) as error:  # a file may be gone since its folder was listed
            return [BadPictureError(*error.args)] * len(looks)
        return [_attempt(look, file) for look, _ in looks]

    prepare_decoders()
    files = (raw for block in dataset.blocks() for raw in block)
    for row, results in enumerate(in_order(read, files)):
        for (_, put), result in zip(looks, results, strict=True):
            put(row, result)
        report(dataset, row + 1, progress)


def report(dataset: Dataset, done: int, progress: Progress) -> None:
    """Show how many samples are read, every few samples and at the end."""
    if done % REPORT_EVERY == 0 or done == len(dataset):
        progress.reading(dataset.source, done, len(dataset))


def _attempt(look: Look, file: PictureFile) -> Any:
    try:
        return look(file)
    except BadPictureError as error:
        return error.to_keep()
