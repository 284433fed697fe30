"""Digests of training rows, kept with a model: they show whether other data hold samples that it has learned from.

A score on such samples says nothing about new ones, whatever folder they lie in.
"""

from hashlib import sha256

import numpy as np

from pellucid.data.images import to_unit

BLOCK = 4096  # rows that are converted at a time
MOSTLY = 0.5  # a larger share of known rows makes a score one on training rows


def row_digests(R: np.ndarray) -> np.ndarray:
    """Return a digest (n,) of each raw row of R (n, n_row): the first 8 bytes of its SHA-256, as uint64.

    Numbers count as float32, integer pixels as their share of the largest: the types of R do not matter.

    >>> bool((row_digests(np.array([[255]], np.uint8)) == row_digests(np.array([[1.0]]))).all())
    True
    """
    digests = np.empty(len(R), np.uint64)
    for start in range(0, len(R), BLOCK):
        block = R[start : start + BLOCK]
        if block.dtype != object:
            block = to_unit(block, np.float32) if block.dtype.kind == "u" else block.astype(np.float32) + 0  # -0 is 0
        for row, values in enumerate(block, start):
            content = (
                repr(values.tolist()).encode("utf-8", "surrogatepass") if block.dtype == object else values.tobytes()
            )
            digests[row] = int.from_bytes(sha256(content).digest()[:8], "little")
    return digests


def learned_sentence(known: np.ndarray) -> str | None:
    """Return what to say of rows (n,) of which some were learned from; None where none was.

    >>> learned_sentence(np.array([True, False, False]))
    '1 of 3 samples equals a training sample; the score counts it as new'
    """
    count, n = int(known.sum()), len(known)
    if not count:
        return None
    if count > MOSTLY * n:
        return f"{count:,} of {n:,} samples were used for training: expect less on new data"
    equal, it = ("equals a training sample", "it") if count == 1 else ("equal training samples", "them")
    return f"{count:,} of {n:,} samples {equal}; the score counts {it} as new"
