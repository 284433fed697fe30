"""Altered copies: a picture again, mirrored, turned, cropped, shifted, blurred or in other colours.

Coarse gradients of each picture's windows find the candidates, in all 8 turns and mirrorings. Each pair is then laid
one upon the other by Gauss and Newton's method, and must agree in detail nearly everywhere.
"""

from collections.abc import Iterator

import numpy as np

from pellucid.data.audit.similarity import CLOSELY, COLOURS, SIDE, WAVES, alike, coarse, join

# Set on 1,034 photographs of leaves and 60 of them altered in 25 ways, 259 photographs of cats and 3,000 of garments.
# Detail that agrees: in copies above 0.8, in other photographs below 0.6.
WINDOWS = (
    (1.0, 0.0, 0.0),  # side, and its middle from -1 to 1 down and across
    *((0.88, y, x) for y in (-0.08, 0.08) for x in (-0.08, 0.08)),
    (0.78, 0.0, 0.0),
    *((0.78, y, x) for y in (-0.2, 0.2) for x in (-0.2, 0.2)),
)
TURNS = 8
MOST = 12_000  # pictures; the time grows with the square of their number
NEAREST = 2  # candidates of a picture that are looked at closely
LEAST = 0.45  # coarse, of a candidate
ROWS = 512  # pictures that are compared with all others at once
STEPS = (3, 6)  # of the alignment: of all candidates, and of those that then promise something
PROMISING = 0.4  # gradients
GRADIENTS, DETAIL = 0.75, 0.68  # correlations that copies reach
BACKGROUND, DEVIATIONS = 200, 6  # pairs by chance, and how far above theirs a copy must stand
ONE_KIND, KIND_FROM = 5, 30  # a fifth of so many pictures, or more, may be of one kind, or copies of one
OVERLAP = 0.55  # of the area
LARGER = 2.0  # times the area
BLOCKS = 5  # along each side; the detail of a block is compared by itself
TEXTURED = 0.8  # share of the blocks that show something
SPREAD = 0.08  # share of the area that carries the detail: outlines on plain ground carry it all on a few lines
UNMOVED, FIXED, CHANGED = 0.03, 0.95, 0.7  # a picture in place that agrees so well, but for a block: a fixed camera's
PLAIN = 0.99, 0.25  # plain pictures must agree as `alike` demands, but so closely: gradients, largest difference
WHOLE = np.array([[0, 1, 0], [0, 0, 1]], np.float32)  # the map that leaves all in its place

_middles = (2 * np.arange(SIDE) + 1) / SIDE - 1
_plane = np.meshgrid(_middles, _middles, indexing="ij")
POINTS = np.stack([np.ones(SIDE * SIDE), _plane[0].ravel(), _plane[1].ravel()]).astype(np.float32)


def altered_copies(thumbnails: np.ndarray) -> np.ndarray:
    """Return labels (n,): altered copies have the same one, the place of the first of them.

    thumbnails: (n, 1152) of pictures that are no plain copies of each other; of more than MOST, none is looked at.
    10,000 pictures take a minute or two, 1,000 a few seconds.
    """
    n = len(thumbnails)
    labels = np.arange(n)
    if not 2 <= n <= MOST:
        return labels
    first, second, windows, turns = _candidates(thumbnails)
    if not len(first):
        return labels
    luma = thumbnails[:, : SIDE * SIDE].reshape(n, SIDE, SIDE)
    least = max(GRADIENTS, _by_chance(thumbnails))
    for start in range(0, len(first), CLOSELY):
        at = slice(start, start + CLOSELY)
        i, j, g = first[at], second[at], turns[at]
        new = labels[i] != labels[j]
        i, j, g, window = i[new], j[new], g[new], windows[at][new]
        if not len(i):
            continue
        yes = same_but_altered(luma[i], turned(luma[j], g), window, least)
        whole = np.flatnonzero(~yes & (window == 0) & (g > 0))
        if len(whole):
            other = thumbnails[j[whole]]
            for plane in _planes(other):
                plane[:] = turned(plane, g[whole])
            yes[whole] = alike(thumbnails[i[whole]], other, *PLAIN)
        join(labels, i, j, yes)
    return labels


def turned(pictures: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Return square pictures (k, side, side), each turned or mirrored in its own way (k,), of 8: 0 leaves it as it is.

    >>> turned(np.arange(4).reshape(1, 2, 2), np.array([2])).tolist()
    [[[1, 0], [3, 2]]]
    """
    out = np.array(pictures)
    across, down, left = turns & 4 > 0, turns & 1 > 0, turns & 2 > 0
    out[across] = out[across].swapaxes(1, 2)
    out[down] = out[down][:, ::-1]
    out[left] = out[left][:, :, ::-1]
    return out


def same_but_altered(first: np.ndarray, second: np.ndarray, windows: np.ndarray, least: float) -> np.ndarray:
    """Return whether pictures (k, 32, 32) are copies, pair by pair; `windows` (k,) of the first are where to begin."""
    first, second = _smooth(first.astype(np.float32)), _smooth(second.astype(np.float32))
    maps = np.array([[[y, side, 0], [x, 0, side]] for side, y, x in WINDOWS], np.float32)[windows]
    maps = _aligned(first, second, maps, STEPS[0])
    yes = _agreement(first, second, maps)[0] >= PROMISING
    first, second = first[yes], second[yes]
    maps = _aligned(first, second, maps[yes], STEPS[1])
    gradients, blocks, spread, overlap = _agreement(first, second, maps)
    textured = np.isfinite(blocks)
    count = textured.sum(axis=1)
    ascending = np.sort(np.where(textured, blocks, 2), axis=1)
    low = ascending[np.arange(len(count)), (0.3 * count).astype(int)]  # 30% agree less
    unmoved = np.abs(maps - WHOLE).max(axis=(1, 2)) < UNMOVED
    larger = np.linalg.det(maps[:, :, 1:].astype(np.float64))
    yes[yes] = (
        (gradients >= least)
        & (low >= DETAIL)
        & ~(unmoved & (low >= FIXED) & (ascending[:, 0] < CHANGED))
        & (count >= TEXTURED * BLOCKS**2 * overlap)
        & (spread >= SPREAD)
        & (overlap >= OVERLAP)
        & (larger > 1 / LARGER)
        & (larger < LARGER)
    )
    return yes


def _candidates(thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, rows, windows of the first and turns of the second: the pairs that are most alike coarsely."""
    n = len(thumbnails)
    vectors = coarse(thumbnails)
    all_turns = _all_turns(vectors)
    found = []
    for start in range(0, n, ROWS):
        rows = np.arange(start, min(start + ROWS, n))
        at = np.arange(len(rows))
        best, nearest = [], []
        for window in range(len(WINDOWS)):
            seen = _window(thumbnails[rows], window)
            mine = vectors[rows] if window == 0 else coarse(seen)
            for others in all_turns:
                similarity = mine @ others
                similarity[at, rows] = -1
                nearest.append(similarity.argmax(axis=1))
                best.append(similarity[at, nearest[-1]])
        values, places = np.array(best).T, np.array(nearest).T
        order = np.argsort(-values, axis=1, kind="stable")[:, :NEAREST]
        for which in order.T:
            found.append(np.stack([values[at, which], rows, places[at, which], which // TURNS, which % TURNS]))
    similar, *pairs = np.concatenate(found, axis=1)
    best_first = np.argsort(-similar, kind="stable")[: int((similar >= LEAST).sum())]
    first, second, windows, turns = (column[best_first].astype(np.intp) for column in pairs)
    return first, second, windows, turns


def _all_turns(vectors: np.ndarray) -> list[np.ndarray]:
    """Return the coarse gradients (63, n) of pictures in all 8 turns, from those (n, 63) of the pictures."""
    waves = np.zeros((len(vectors), WAVES, WAVES), np.float32)
    waves.reshape(len(vectors), -1)[:, 1:] = vectors
    return [turned_waves(waves, turn)[:, 1:].T.copy() for turn in range(TURNS)]


def turned_waves(waves: np.ndarray, turn: int) -> np.ndarray:
    """Return the cosine transforms (n, 64) of pictures turned, from those (n, 8, 8) of the pictures."""
    sign = (-1.0) ** np.arange(WAVES, dtype=np.float32)
    waves = waves.swapaxes(1, 2) if turn & 4 else waves
    waves = waves * (sign[:, None] if turn & 1 else 1) * (sign if turn & 2 else 1)
    return waves.reshape(len(waves), WAVES**2)


def _window(thumbnails: np.ndarray, window: int) -> np.ndarray:
    if window == 0:
        return thumbnails
    side, y, x = WINDOWS[window]
    maps = np.broadcast_to(np.array([[y, side, 0], [x, 0, side]], np.float32), (len(thumbnails), 2, 3))
    return _sampled(thumbnails[:, : SIDE * SIDE].astype(np.float32), maps)[0]


def _planes(thumbnails: np.ndarray) -> Iterator[np.ndarray]:
    """Yield views of the three planes of thumbnails, each (n, side, side)."""
    luma, colours = thumbnails[:, : SIDE * SIDE], thumbnails[:, SIDE * SIDE :]
    yield luma.reshape(len(luma), SIDE, SIDE)
    half = colours.shape[1] // 2
    for plane in (colours[:, :half], colours[:, half:]):
        yield plane.reshape(len(plane), COLOURS, COLOURS)


def _by_chance(thumbnails: np.ndarray) -> float:
    """Return the correlation that copies must exceed here: far above that of pictures that are only of one kind.

    Each of some pictures is aligned with a random one, and with one that a fifth of all are more like: among drawings
    that is another of the same kind, and reaches what a copy does. Deviations are taken from the lower half, in which
    there are no copies.
    """
    rng, n = np.random.default_rng(0), len(thumbnails)
    i = rng.choice(n, min(n, BACKGROUND), replace=False)
    least = _reached(thumbnails, i, rng.integers(0, n, len(i)), np.zeros(len(i), np.intp))
    if n < KIND_FROM:
        return least
    vectors, k = coarse(thumbnails), np.arange(len(i))
    similarity = np.stack([vectors[i] @ others for others in _all_turns(vectors)])  # (8, k, n)
    best = similarity.max(axis=0)
    best[k, i] = 2
    j = np.argsort(-best, axis=1, kind="stable")[:, n // ONE_KIND]
    return max(least, _reached(thumbnails, i, j, similarity[:, k, j].argmax(axis=0)))


def _reached(thumbnails: np.ndarray, i: np.ndarray, j: np.ndarray, turns: np.ndarray) -> float:
    """Return what pairs of pictures that are no copies hardly ever reach; turns (k,) of the second."""
    luma = thumbnails[:, : SIDE * SIDE].reshape(-1, SIDE, SIDE)
    i, j, turns = (values[i != j] for values in (i, j, turns))
    first, second = _smooth(luma[i].astype(np.float32)), _smooth(turned(luma[j], turns).astype(np.float32))
    maps = _aligned(first, second, np.broadcast_to(WHOLE, (len(i), 2, 3)), STEPS[1])
    reached = np.arctanh(_agreement(first, second, maps)[0].clip(-0.999, 0.999))
    low, middle = np.quantile(reached, (0.16, 0.5)) if len(reached) else (0.0, 0.0)
    return float(np.tanh(middle + DEVIATIONS * (middle - low)))


def _aligned(first: np.ndarray, second: np.ndarray, maps: np.ndarray, steps: int) -> np.ndarray:
    """Return the affine maps (k, 2, 3) made better: the first, seen at the mapped points, is to be the second."""
    k = len(first)
    wanted = _normal(second.reshape(k, SIDE * SIDE), np.ones((k, SIDE * SIDE), np.float32)).reshape(second.shape)
    slopes = [np.gradient(wanted, axis=axis).reshape(k, 1, SIDE * SIDE) * (SIDE / 2) * POINTS for axis in (1, 2)]
    descent = np.concatenate(slopes, axis=1)
    H = descent @ descent.swapaxes(1, 2)
    H += np.eye(6, dtype=np.float32) * (1e-3 * np.trace(H, axis1=1, axis2=2)[:, None, None] + 1e-3)
    inverse = np.linalg.inv(H)
    pictures, others = first.reshape(k, SIDE * SIDE), second.reshape(k, SIDE * SIDE)
    for _ in range(steps):
        seen, inside = _sampled(pictures, maps)
        residual = (_normal(seen, inside) - _normal(others, inside)) * inside
        step = (inverse @ (descent @ residual[:, :, None])).clip(-0.2, 0.2).reshape(k, 2, 3)
        linear = maps[:, :, 1:] @ np.linalg.inv(step[:, :, 1:] + np.eye(2, dtype=np.float32))
        maps = np.concatenate([maps[:, :, :1] - linear @ step[:, :, :1], linear], axis=2)
    return maps


def _agreement(
    first: np.ndarray, second: np.ndarray, maps: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return how aligned pictures agree: the correlation of gradients (k,), that of fine detail in blocks (k, 25).

    A block without detail is NaN.  Then the share of the area that carries the detail, and that of the overlap.
    """
    k = len(first)
    seen, inside = _sampled(first.reshape(k, SIDE * SIDE), maps)
    seen = seen.reshape(first.shape)
    within = _smooth(inside.reshape(first.shape))[:, 1:-1, 1:-1] > 0.999
    products = [np.zeros_like(seen[:, 1:-1, 1:-1]) for _ in range(3)]
    for a, b in zip(_slopes(seen), _slopes(second), strict=True):
        for product, value in zip(products, (a * b, a * a, b * b), strict=True):
            product += value
    gradients = _relative(*((product * within).sum(axis=(1, 2)) for product in products))
    a, b = _fine(seen) * within, _fine(second) * within
    ab, aa, bb, area = (_in_blocks(values) for values in (a * b, a * a, b * b, within))
    energy = np.sqrt(aa * bb)
    mean = energy.sum(axis=1, keepdims=True) / np.maximum(area.sum(axis=1, keepdims=True), 1)
    textured = (area >= ((SIDE - 2) // BLOCKS) ** 2 / 2) & (energy > 0.1 * mean * area) & (energy > area)
    power = np.maximum(a * a, b * b)
    spread = power.sum(axis=(1, 2)) ** 2 / np.maximum((power**2).sum(axis=(1, 2)) * within.sum(axis=(1, 2)), 1e-9)
    return gradients, np.where(textured, _relative(ab, aa, bb), np.nan), spread, within.mean(axis=(1, 2))


def _sampled(pictures: np.ndarray, maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures (k, 1024) at mapped points, between the pixels, and 1 where a point is inside, else 0."""
    at = (maps @ POINTS + 1) * (SIDE / 2) - 0.5
    inside = ((at > -0.5) & (at < SIDE - 0.5)).all(axis=1)
    at = at.clip(0, SIDE - 1.001)
    whole = at.astype(np.int64)
    down, across = (at - whole).swapaxes(0, 1)
    corner = whole[:, 0] * SIDE + whole[:, 1] + np.arange(len(pictures))[:, None] * SIDE * SIDE
    flat = pictures.ravel()
    upper = flat[corner] * (1 - across) + flat[corner + 1] * across
    lower = flat[corner + SIDE] * (1 - across) + flat[corner + SIDE + 1] * across
    sampled: np.ndarray = (upper * (1 - down) + lower * down).astype(np.float32)
    return sampled, np.asarray(inside, np.float32)


def _normal(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    count = inside.sum(axis=1, keepdims=True) + 1e-6
    values = (values - (values * inside).sum(axis=1, keepdims=True) / count) * inside
    return values / np.sqrt((values * values).sum(axis=1, keepdims=True) / count + 1)


def _smooth(Y: np.ndarray) -> np.ndarray:
    Z = np.pad(Y, ((0, 0), (1, 1), (1, 1)), mode="edge")
    Z = (Z[:, :-2] + 2 * Z[:, 1:-1] + Z[:, 2:]) / 4
    return (Z[:, :, :-2] + 2 * Z[:, :, 1:-1] + Z[:, :, 2:]) / 4


def _slopes(Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return Y[:, 2:, 1:-1] - Y[:, :-2, 1:-1], Y[:, 1:-1, 2:] - Y[:, 1:-1, :-2]


def _fine(Y: np.ndarray) -> np.ndarray:
    return (Y - _smooth(_smooth(_smooth(Y))))[:, 1:-1, 1:-1]


def _in_blocks(values: np.ndarray) -> np.ndarray:
    size = (SIDE - 2) // BLOCKS
    return (
        values.reshape(len(values), BLOCKS, size, BLOCKS, size)
        .sum(axis=(2, 4), dtype=np.float32)
        .reshape(len(values), BLOCKS**2)
    )


def _relative(ab: np.ndarray, aa: np.ndarray, bb: np.ndarray) -> np.ndarray:
    return ab / np.sqrt(aa * bb + 1e-9)
