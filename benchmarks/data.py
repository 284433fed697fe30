"""The data of the jobs as plain arrays, so that everybody gets the same."""

from pathlib import Path

import numpy as np

from pellucid.data import Dataset, load
from pellucid.experiment.articles.beans import SHAPE, SICK
from pellucid.features import Pixels
from pellucid.features.extraction import assemble


def cats(data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the training pictures (209, 12288) from 0 to 1 in float64, and 1 for a cat."""
    train = load(data / "cats").train
    return _pixels(train) / 255, train.labels


def beans(data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the training leaves (1034, 30000) from 0 to 1 in float32, and 1 for a sick one."""
    train = load(data / "beans").train.merged(SICK)
    X, _ = assemble(train, Pixels(SHAPE), np.float32)
    return np.asarray(X, np.float32), train.labels


def fashion(data: Path, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the first training rows (rows, 784) from 0 to 1 in float32 and their codes, then those of the test set."""
    splits = load(data / "fashion_mnist")
    assert splits.test is not None
    X, X_test = (_pixels(part).astype(np.float32) / np.float32(255) for part in (splits.train, splits.test))
    return X[:rows], splits.train.labels[:rows], X_test, splits.test.labels


def _pixels(dataset: Dataset) -> np.ndarray:
    return np.concatenate([np.asarray(block) for block in dataset.blocks()]).reshape(len(dataset), -1)
