"""The order of rows: whether rows beside each other are alike, as measurements in time are.

Such rows share more than their label. With a neighbour of each held-out row among the training rows, a score is about
the moments that were recorded, and not about new ones.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from pellucid.data.audit.columns import columns_of
from pellucid.data.audit.finding import Finding
from pellucid.data.dataset import Dataset

LEAST_ROWS, MOST_ROWS = 100, 2_000  # that are looked at; of more, stretches of consecutive ones
STRETCHES = 20  # of those; a row further away than the length of one is no neighbour
MOST_COLUMNS, MOST_CATEGORIES = 200, 20
IN_ORDER = 0.99  # of the steps of a column go one way: it counts the rows, and every neighbour is near in it
ALIKE = 0.7  # of the rows are nearer to the next row than to a far one of their class; without order, half are
ALL_ALIKE = 0.9  # of them, where each class is one run of rows, so that nothing else can be measured
IN_A_PLANE = 2  # columns: points on a curve, as toys are
LOST, SOME_LOST = 0.1, 0.05  # of the score of the nearest row, where it must be no neighbour
ERRORS = 4  # standard errors, at least


def row_order(parts: Mapping[str, Dataset], same: np.ndarray) -> Iterator[Finding]:
    """Yield that the score of the training rows depends on their order, unless they have groups.

    same: labels of the training rows that are equal for copies, which the audit reports by themselves.
    """
    train = parts["train"]
    if train.kind == "pictures" or train.groups is not None or len(train) < LEAST_ROWS:
        return
    rows = stretches(len(train))
    X, labels = in_spreads(train, rows), train.labels[rows]
    if X.shape[1] == 0:
        return
    alike = neighbours_alike(X, labels if train.class_names else np.zeros(len(X)))
    if alike < ALIKE:
        return
    how = f"{alike:.0%} of the rows are nearer to the next row than to a far one"
    if train.class_names and (np.diff(labels) != 0).sum() < len(np.unique(labels)):
        said = (
            f"Rows beside each other are alike ({how}), and each class is one run of rows. Whether a net learns the "
            "class or the moment stays open: record each class several times, and give a column of the runs "
            "as --group-by."
        )
        if alike >= ALL_ALIKE and X.shape[1] > IN_A_PLANE:
            yield Finding("watch", "row-order", len(train), said)
        return
    near, far, lost, error = with_and_without_neighbours(X, labels, same[rows], bool(train.class_names))
    if lost < max(SOME_LOST, ERRORS * error):
        return
    right = "the label of the nearest row is right for" if train.class_names else "the nearest row explains"
    said = (
        f"Rows beside each other are alike, as measurements in time are: {right} {near:.0%}, but for {far:.0%} without "
        "neighbours. --group-by row-blocks keeps neighbours on one side of a split; better is a column of the "
        "recordings."
    )
    yield Finding("problem" if lost >= LOST else "watch", "row-order", len(train), said)


def stretches(n: int) -> np.ndarray:
    """Return the rows to look at: all, or of many some stretches of consecutive ones."""
    if n <= MOST_ROWS:
        return np.arange(n)
    length = MOST_ROWS // STRETCHES
    starts = np.linspace(0, n - length, STRETCHES).astype(np.intp)
    return (starts[:, None] + np.arange(length)).ravel()


def in_spreads(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Return the columns (rows, d) in units of their spread, categories one-hot, without those that count the rows."""
    found = list[np.ndarray]()
    for column in columns_of(dataset, rows=rows):
        if not column.of_numbers:
            if column.different <= MOST_CATEGORIES:
                found.extend((column.codes[:, None] == np.arange(column.different)).T.astype(np.float64))
            continue
        known = column.values[column.known]
        values = np.where(column.known, column.values, np.median(known) if len(known) else 0.0)
        steps = np.sign(np.diff(values))
        if max((steps >= 0).mean(), (steps <= 0).mean()) >= IN_ORDER:
            continue
        low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
        if spread := (high - low) or values.std():
            found.append(np.clip((values - middle) / spread, -3, 3))
    if len(found) > MOST_COLUMNS:
        found = [found[place] for place in np.random.default_rng(0).choice(len(found), MOST_COLUMNS, replace=False)]
    return np.stack(found, axis=1) if found else np.empty((len(rows), 0))


def neighbours_alike(X: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of rows (of those followed by one of their label) nearer to it than to a far one of the label.

    >>> X = np.random.default_rng(0).normal(size=(1000, 3))
    >>> round(neighbours_alike(X, np.zeros(1000)), 1), round(neighbours_alike(X.cumsum(axis=0), np.zeros(1000)), 1)
    (0.5, 1.0)
    """
    rng, n = np.random.default_rng(0), len(X)
    rows = np.flatnonzero(labels[:-1] == labels[1:])
    others = rng.integers(n, size=(len(rows), 20))
    fits = (labels[others] == labels[rows, None]) & (np.abs(others - rows[:, None]) > n / STRETCHES)
    rows, others = rows[fits.any(axis=1)], others[fits.any(axis=1)]
    if len(rows) < LEAST_ROWS / 4:
        return 0.0
    others = others[np.arange(len(rows)), fits[fits.any(axis=1)].argmax(axis=1)]
    to_next, to_far = (np.square(X[rows] - X[to]).sum(axis=1) for to in (rows + 1, others))
    return float(np.mean((to_next < to_far) + 0.5 * (to_next == to_far)))


def with_and_without_neighbours(
    X: np.ndarray, labels: np.ndarray, same: np.ndarray, of_classes: bool
) -> tuple[float, float, float, float]:
    """Return how well the nearest row tells the label, among all and among far ones; what is lost, its standard error.

    For classes the accuracy; for numbers 1 - mean |y - y of the nearest| / mean |y - y of any|.
    """
    n = len(X)
    squares = np.square(X).sum(axis=1)
    apart = squares - 2 * X @ X.T  # but for the square of each row
    apart[same[:, None] == same] = np.inf
    nearest = apart.argmin(axis=1)
    places = np.arange(n)
    apart[np.abs(places[:, None] - places) <= n / STRETCHES] = np.inf
    further = apart.argmin(axis=1)
    if of_classes:
        score_near, score_far = ((labels == labels[to]).astype(float) for to in (nearest, further))
    else:
        any_row = np.random.default_rng(0).permutation(n)
        scale = np.abs(labels - labels[any_row]).mean() or 1.0
        score_near, score_far = (1 - np.abs(labels - labels[to]) / scale for to in (nearest, further))
    lost = score_near - score_far
    return float(score_near.mean()), float(score_far.mean()), float(lost.mean()), float(lost.std() / np.sqrt(n))
