"""How alike two pictures are, told from thumbnails: by their gradients, which know nothing of brightness.

Coarse gradients find the candidates among all pairs; fine ones decide, with the largest difference and the colours.
"""

from collections.abc import Iterator

import numpy as np

from pellucid.data.images import LUMA

SIDE, COLOURS = 32, 8  # of a thumbnail's brightness (32, 32), and of its two planes of colour (8, 8)
THUMBNAIL = SIDE * SIDE + 2 * COLOURS * COLOURS  # bytes
WAVES = 8  # cosines along each side that the coarse gradients are made of

# Set on the training pictures of beans, cats and Fashion-MNIST, and on copies made of them. Copies (JPEG of quality 50
# or more, 0.3 to 2 times the size, a fifth brighter, 0.6 of the contrast): coarse above 0.96, gradients above 0.95, the
# largest difference below 0.5. Different photographs: coarse below 0.77, gradients below 0.4; different garments reach
# 0.97 in gradients, but are further apart somewhere. The detail of a photograph is 19 or more, that of an empty sky 1.
COARSE = 0.95
GRADIENTS = 0.95
LARGEST_DIFFERENCE = 0.5  # in deviations of the picture
BRIGHT = 200  # where both are brighter, a picture made brighter has lost its differences
COLOUR = 0.5  # difference of colours, relative to the more colourful of the two
DETAIL = 3.0  # grey levels; plainer pictures are all alike
BURST = 0.8  # coarse: the same scene seen again, a step aside

TILE = (512, 4096)  # pictures that are compared with each other at once
MOST = 4096  # pairs of a tile that are looked at closely, the most alike first
CLOSELY = 256  # pairs at once


def thumbnails(pictures: np.ndarray) -> np.ndarray:
    """Return pictures (n, h, w), (n, h, w, 1) or (n, h, w, 3) of bytes as (n, 1152): brightness, then blue and red.

    Each cell is the mean of what it covers.
    """
    n, height, width = pictures.shape[:3]
    grey = pictures.reshape(n, height, width, -1).shape[3] == 1
    planes = np.moveaxis(pictures.reshape(n, height, width, -1), 3, 0).astype(np.float32)
    R, G, B = np.broadcast_to(_covering(height) @ planes @ _covering(width).T, (3, n, SIDE, SIDE))
    luma = R if grey else LUMA[0] * R + LUMA[1] * G + LUMA[2] * B
    block = SIDE // COLOURS
    colours = [(plane - luma).reshape(n, COLOURS, block, COLOURS, block).mean(axis=(2, 4)) for plane in (B, R)]
    cells = [luma.reshape(n, -1), *(plane.reshape(n, -1) / 2 + 128 for plane in colours)]  # from -255..255
    return np.rint(np.concatenate(cells, axis=1)).astype(np.uint8)


def _covering(length: int) -> np.ndarray:
    """Return the matrix (SIDE, length) that gives the mean of the pixels that each of SIDE cells covers."""
    starts, pixels = np.arange(SIDE)[:, None] * length / SIDE, np.arange(length)
    ends = starts + length / SIDE
    covered = np.minimum(ends, pixels + 1) - np.maximum(starts, pixels)
    return (covered.clip(0) * SIDE / length).astype(np.float32)


def coarse(thumbnails: np.ndarray) -> np.ndarray:
    """Return the coarse gradients (n, 63), float32 and of length 1; of a picture without detail, zeros.

    The scalar product of two is the correlation of their gradients, waves shorter than a quarter of the side left out.
    """
    wave = np.arange(WAVES)
    C = np.cos(np.pi * (np.arange(SIDE) + 0.5) * wave[:, None] / SIDE)  # (WAVES, SIDE): the cosine transform
    C[0] /= np.sqrt(2)
    of_gradient = np.hypot(wave[:, None], wave)
    out = np.empty((len(thumbnails), WAVES * WAVES - 1), np.float32)
    for rows in _slices(len(thumbnails), CLOSELY):
        Y = _luma(thumbnails[rows])
        waves = (C @ Y @ C.T * of_gradient).reshape(len(Y), -1)[:, 1:]
        length = np.linalg.norm(waves, axis=1, keepdims=True)
        detailed = (_detail(Y) >= DETAIL)[:, None] & (length > 0)
        out[rows] = np.divide(waves, length, out=np.zeros_like(waves), where=detailed)
    return out


def alike(
    a: np.ndarray, b: np.ndarray, gradients: float = GRADIENTS, largest: float = LARGEST_DIFFERENCE
) -> np.ndarray:
    """Return whether the detailed pictures of thumbnails a and b (k, 1152) are copies of each other, pair by pair.

    gradients: the least correlation.  largest: the largest difference, in deviations of the picture.
    """
    yes = _correlation(_gradients(_luma(a)), _gradients(_luma(b))) >= gradients
    a, b = a[yes], b[yes]
    A, B = _luma(a), _luma(b)
    apart = np.abs(_standardized(A) - _standardized(B))
    apart[(A >= BRIGHT) & (B >= BRIGHT)] = 0
    yes[yes] = (apart.max(axis=(1, 2)) < largest) & _same_colours(a, b)
    return yes


def duplicates(thumbnails: np.ndarray) -> np.ndarray:
    """Return labels (n,): copies, and copies of copies, have the same one, the place of the first of them.

    Pairs are compared tile by tile, so that 20,000 pictures take seconds and a few megabytes.
    """
    labels = np.arange(len(thumbnails))
    vectors = coarse(thumbnails)
    for i, j in _candidates(vectors, labels):
        join(labels, i, j, alike(thumbnails[i], thumbnails[j]))
    return labels


def join(labels: np.ndarray, i: np.ndarray, j: np.ndarray, which: np.ndarray | None = None) -> None:
    """Give i[k] and j[k], and all that are labelled like them, one label, in place: that of the first.

    >>> labels = np.arange(5)
    >>> join(labels, np.array([0, 3]), np.array([3, 4]))
    >>> labels.tolist()
    [0, 1, 2, 0, 0]
    """
    if which is not None:
        i, j = i[which], j[which]
    while (differ := labels[i] != labels[j]).any():
        i, j = i[differ], j[differ]
        of_i, of_j = labels[i], labels[j]
        lower = np.minimum(of_i, of_j)
        np.minimum.at(labels, of_i, lower)
        np.minimum.at(labels, of_j, lower)
        while (labels[labels] != labels).any():
            labels[:] = labels[labels]


def _candidates(vectors: np.ndarray, labels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs of different labels that are alike coarsely, a few hundred at a time; labels may change meanwhile."""
    n, (height, width) = len(vectors), TILE
    for top in range(0, n, height):
        for left in range(top, n, width):
            similarity = vectors[top : top + height] @ vectors[left : left + width].T
            rows, columns = labels[top : top + height], labels[left : left + width]
            similarity[rows[:, None] == columns] = 0
            found = similarity[similarity >= COARSE]
            least = np.partition(found, -MOST)[-MOST] if len(found) > MOST else COARSE
            i, j = np.nonzero(similarity >= least)
            i, j = i + top, j + left
            while len(i):
                yield i[:CLOSELY], j[:CLOSELY]
                i, j = i[CLOSELY:], j[CLOSELY:]
                new = labels[i] != labels[j]
                i, j = i[new], j[new]


def _luma(thumbnails: np.ndarray) -> np.ndarray:
    return thumbnails[:, : SIDE * SIDE].reshape(-1, SIDE, SIDE).astype(np.float32)


def _gradients(Y: np.ndarray) -> np.ndarray:
    """Return the differences to the left and upper neighbours, (n, 2 x 31 x 31)."""
    here = Y[:, 1:, 1:]
    return np.stack([here - Y[:, 1:, :-1], here - Y[:, :-1, 1:]], axis=1).reshape(len(Y), -1)


def _correlation(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(A, axis=1) * np.linalg.norm(B, axis=1)
    products = np.einsum("kd,kd->k", A, B)
    return np.divide(products, lengths, out=np.zeros_like(lengths), where=lengths > 0)


def _detail(Y: np.ndarray) -> np.ndarray:
    """Return by how many grey levels a cell differs from the mean of its four neighbours, times 4, at the root mean."""
    sides = Y[:, :-2, 1:-1] + Y[:, 2:, 1:-1] + Y[:, 1:-1, :-2] + Y[:, 1:-1, 2:]
    return np.sqrt(((4 * Y[:, 1:-1, 1:-1] - sides) ** 2).mean(axis=(1, 2)))


def _standardized(Y: np.ndarray) -> np.ndarray:
    deviation = Y.std(axis=(1, 2), keepdims=True)
    return (Y - Y.mean(axis=(1, 2), keepdims=True)) / np.maximum(deviation, 1)


def _same_colours(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    A, B = (2 * (thumbnails[:, SIDE * SIDE :].astype(np.float32) - 128) for thumbnails in (a, b))
    most = np.sqrt(np.maximum((A**2).mean(axis=1), (B**2).mean(axis=1)))
    return np.sqrt(((A - B) ** 2).mean(axis=1)) <= COLOUR * most + 2  # the 2 is for what JPEG does to grey


def _slices(n: int, step: int) -> Iterator[slice]:
    return (slice(start, start + step) for start in range(0, n, step))
