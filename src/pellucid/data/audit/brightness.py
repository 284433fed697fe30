"""The brightness of pictures: ranges of pixels that no picture uses, parts and classes that are darker than others."""

from collections.abc import Iterator, Mapping

import numpy as np

from pellucid.data.audit.columns import Column
from pellucid.data.audit.finding import Finding
from pellucid.data.audit.image_metadata import MetadataTable
from pellucid.data.audit.leaks import LEAST_ROWS, guess_of
from pellucid.data.audit.similarity import SIDE
from pellucid.data.dataset import Dataset

UNUSED = 0.25  # of the range of pixels, that the brightest one of all pictures stays below
BETWEEN = (0.01, 0.99)  # quantiles of the training part's brightness, that other parts should lie between
OUTSIDE = 0.5  # of the pictures of a part are brighter or darker than that
LEAST = 5  # pictures of a part


def brightness(parts: Mapping[str, Dataset], metadata: Mapping[str, MetadataTable]) -> Iterator[Finding]:
    """Yield unused ranges, parts of another brightness than train, and classes that brightness alone tells apart."""
    train, of_train = parts["train"], metadata.get("train")
    if of_train is None or not of_train.readable.any():
        return
    yield from _unused(train, of_train)
    bright = {part: table.brightness[table.readable] for part, table in metadata.items()}
    low, high = np.quantile(bright["train"], BETWEEN)
    for part, values in bright.items():
        if len(values) >= LEAST and np.mean((values < low) | (values > high)) > OUTSIDE:
            how = "darker" if np.median(values) < np.median(bright["train"]) else "brighter"
            said = (
                f"The pictures of {part} are {how} than those of train: median brightness {np.median(values):.2f} "
                f"against {np.median(bright['train']):.2f}, of 1. A score there is about other light too."
            )
            yield Finding("watch", f"brightness-of-{part}", len(values), said)
    if train.class_names and len(bright["train"]) >= LEAST_ROWS and np.ptp(bright["train"]) > 0:
        rows = np.flatnonzero(of_train.readable)
        guess = guess_of(Column("brightness", bright["train"], train.labels[rows], rows), of_classes=True)
        if guess.is_strong:
            said = f"Mean brightness alone predicts the class: {guess.in_words}. A net may learn the light."
            yield Finding("watch", "brightness-of-classes", len(rows), said)


def _unused(train: Dataset, metadata: MetadataTable) -> Iterator[Finding]:
    seen = int(metadata.thumbnails[:, : SIDE * SIDE].max())
    if seen > UNUSED * 255:  # of a mean over pixels; the brightest pixel is no darker
        return
    if train.of_files:
        said = f"No picture of train is brighter anywhere than {seen} of 255: scale them, or nearly all is lost."
        yield Finding("watch", "unused-range", len(train), said)
        return
    dtype, brightest = np.asarray(train.read(np.arange(1))).dtype, 0.0
    for block in train.blocks():
        brightest = max(brightest, float(np.max(block)))
    limit = 65535 if dtype == np.uint16 else 255 if dtype.kind in "iu" else 1
    if not 0 < brightest <= UNUSED * limit:
        return
    said = (
        f"The pixels of train are of type {dtype} and use 0 to {brightest:g} of 0 to {limit:,}: nearly all detail is "
        f"lost. Multiply them by {limit / brightest:.4g}."
    )
    yield Finding("watch", "unused-range", len(train), said)
