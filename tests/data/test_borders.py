"""Frames and backgrounds that tell the class are found; pictures whose borders are alike are not accused."""

import numpy as np
import pytest

from pellucid.data import Dataset, Splits
from pellucid.data.audit.audit import audit, metadata_by_part
from pellucid.data.audit.borders import borders
from pellucid.data.images import PictureShape

N, SHAPE = 60, PictureShape(64, 64, 3)


def pictures(make, classes=("a", "b")):
    rng = np.random.default_rng(0)
    labels = np.arange(N) % len(classes)
    X = np.stack([make(rng, label) for label in labels]).astype(np.uint8)
    names = [f"{k}.png" for k in range(N)]
    return Splits(Dataset(lambda rows: X[rows], labels, classes, "pictures", names, "photos", shape=SHAPE))


def noise(rng):
    return rng.integers(0, 256, (8, 8, 3)).repeat(8, axis=0).repeat(8, axis=1)


def found(splits):
    return next(borders(dict(splits.items()), metadata_by_part(splits)), None)


@pytest.mark.parametrize("frame", [0, 255])
@pytest.mark.parametrize("width", [2, 6])
def test_a_frame_of_one_class(frame, width):
    def make(rng, label):
        picture = noise(rng)
        if label:
            picture[:width] = picture[-width:] = picture[:, :width] = picture[:, -width:] = frame
        return picture

    splits = pictures(make)
    problem = found(splits)
    assert (problem.level, problem.kind, problem.count) == ("problem", "frames", N // 2)
    assert problem.sentence == (
        "100% of the pictures of b have a flat border, 0% of all others: a net may learn the border. "
        "Crop all pictures alike."
    )
    assert any("border" in caution for caution in audit(splits).cautions())


def test_a_background_that_tells_the_class():
    def make(rng, label):
        picture = noise(rng) / 8 + (150 if label else 60)
        picture[20:44, 20:44] = rng.integers(0, 256, (24, 24, 3))
        return picture

    watch = found(pictures(make))
    assert (watch.level, watch.kind) == ("watch", "borders-of-classes")
    assert "accuracy 1.000 on held-out ones, always the majority 0." in watch.sentence


@pytest.mark.parametrize("ground", ["noise", "black"])
def test_borders_that_are_alike(ground):
    """The classes differ in the middle alone, on noise or on the black ground of digits."""

    def make(rng, label):
        picture = noise(rng) if ground == "noise" else np.zeros((64, 64, 3))
        picture[20:44, 20:44] = 200 * label
        return picture

    assert found(pictures(make)) is None


def test_few_pictures_and_one_class():
    def make(rng, label):
        return np.zeros((64, 64, 3)) if label else noise(rng)

    def plain(rng, label):
        return np.full((64, 64, 3), rng.integers(0, 256)) if label else noise(rng)

    assert (found(pictures(make)).kind, found(pictures(make)).level) == ("frames", "problem")
    assert found(pictures(plain)).level == "watch"  # plain grounds, each of its own
    few = pictures(make).train
    assert found(Splits(few.take(np.arange(12)))) is None
    assert found(Splits(few.take(few.labels == 0))) is None
