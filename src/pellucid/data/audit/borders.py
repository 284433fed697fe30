"""The borders of pictures: a frame that one class alone has, and a border that tells the class, as backgrounds do."""

from collections.abc import Iterator, Mapping

import numpy as np

from pellucid.data.audit.finding import Finding, few
from pellucid.data.audit.image_metadata import MetadataTable
from pellucid.data.audit.leaks import ALMOST_ALL, LEAST_ROWS, OF_THE_REST
from pellucid.data.audit.similarity import COLOURS, SIDE
from pellucid.data.dataset import Dataset

MOST_ROWS = 2_000  # pictures that are looked at
LEAST = 10  # of a class
FLAT = 4.0  # grey levels: a border that deviates less is a frame, or a plain ground
FRAMED, UNFRAMED = 0.9, 0.1  # shares of the pictures of a class and of all others
NEIGHBOURS = 5


def borders(parts: Mapping[str, Dataset], metadata: Mapping[str, MetadataTable]) -> Iterator[Finding]:
    """Yield that one class has a flat border, or that the outermost pixels of held-out pictures predict the class.

    The border is the outermost 32nd of a picture, its colour the outermost 8th.
    """
    train, table = parts["train"], metadata.get("train")
    if table is None or not train.class_names:
        return
    rows = np.flatnonzero(table.readable)
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_ROWS, replace=False))
    labels = train.labels[rows]
    if len(rows) < LEAST_ROWS or len(np.unique(labels)) < 2:
        return
    luma, colours = border_of(table.thumbnails[rows])
    flat, level = luma.std(axis=1) < FLAT, luma.mean(axis=1)
    for code, name in enumerate(train.class_names):
        here = labels == code
        if here.sum() < LEAST or flat[here].mean() < FRAMED or flat[~here].mean() > UNFRAMED:
            continue
        said = (
            f"{flat[here].mean():.0%} of the pictures of {name} have a flat border, {flat[~here].mean():.0%} of all "
            "others: a net may learn the border."
        )
        one_frame = level[here & flat].std() < FLAT  # plain grounds differ from picture to picture
        said += " Crop all pictures alike." if one_frame else ""
        examples = few(train.names[row] for row in rows[here & flat])
        yield Finding("problem" if one_frame else "watch", "frames", int(flat[here].sum()), said, examples)
        return
    accuracy, majority, n = nearest(
        np.column_stack([luma.mean(axis=1), luma.std(axis=1), *colours.mean(axis=2).T]), labels
    )
    if 1 - accuracy <= min(ALMOST_ALL, OF_THE_REST * (1 - majority)) and n >= LEAST_ROWS:
        said = (
            f"The borders of the pictures alone predict the class: accuracy {accuracy:.3f} on held-out ones, always "
            f"the majority {majority:.3f}. A net may learn the background."
        )
        yield Finding("watch", "borders-of-classes", len(rows), said)


def border_of(thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the brightness (n, 124) along the border of thumbnails (n, 1152), and both colours there (n, 2, 28)."""
    n = len(thumbnails)
    luma = thumbnails[:, : SIDE * SIDE].reshape(n, SIDE, SIDE).astype(np.float64)
    colours = thumbnails[:, SIDE * SIDE :].reshape(n, 2, COLOURS, COLOURS).astype(np.float64)
    return luma[:, _edge(SIDE)], colours[:, :, _edge(COLOURS)]


def nearest(F: np.ndarray, labels: np.ndarray) -> tuple[float, float, int]:
    """Return how often the nearest rows of one half of F (n, d) tell the labels of the other, the majority's share, n.

    >>> nearest(np.arange(100.0)[:, None], np.arange(100) // 50)[0] > 0.9
    True
    """
    F = (F - F.mean(axis=0)) / np.where(F.std(axis=0) > 0, F.std(axis=0), 1)
    shown = np.random.default_rng(0).permutation(len(F)) % 2 == 0
    apart = np.square(F[~shown]).sum(axis=1)[:, None] - 2 * F[~shown] @ F[shown].T + np.square(F[shown]).sum(axis=1)
    found = labels[shown][np.argpartition(apart, min(NEIGHBOURS, apart.shape[1] - 1), axis=1)[:, :NEIGHBOURS]]
    said = np.array([np.bincount(row).argmax() for row in found])
    held = labels[~shown]
    return float(np.mean(said == held)), float(np.bincount(held).max() / len(held)), len(held)


def _edge(side: int) -> np.ndarray:
    edge = np.ones((side, side), bool)
    edge[1:-1, 1:-1] = False
    return edge
