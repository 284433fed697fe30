"""What photographs are described by: each part against a count by hand, and what must not matter to it."""

import numpy as np
import pytest
from skimage.feature import hog

from pellucid.data.images import PictureShape
from pellucid.errors import InputError
from pellucid.features import FEATURES, Photo, Pixels, copies_of, views_of
from pellucid.features.augmentation import VIEWS
from pellucid.features.photo import COLOURS, SHAPE, SIZE, _counts, _gradients, _halved, _maps, _means, _numbers

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, SHAPE.as_tuple, dtype=np.uint8)


def smooth(rng=RNG):
    coarse = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((SIZE // 6, SIZE // 6, 1), np.uint8))


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_counts_and_means_by_hand(n):
    codes, area = RNG.integers(0, 5, (12, 10)), RNG.random((12, 10, 2))
    counts, means = [], []
    for i in range(n):
        for j in range(n):
            rows = [r for r in range(12) if r * n // 12 == i]
            columns = [c for c in range(10) if c * n // 10 == j]
            cell = codes[np.ix_(rows, columns)]
            counts += [np.mean(cell == code) for code in range(5)]
            values = area[np.ix_(rows, columns)].reshape(-1, 2)
            means += [*values.mean(axis=0), *values.std(axis=0)]
    np.testing.assert_allclose(_counts(codes, 5, n), counts)
    np.testing.assert_allclose(_means(area, n), means)


def test_halving_and_gradients():
    area = RNG.random((8, 6, 3)).astype(np.float32)
    expected = [[area[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean(axis=(0, 1)) for j in range(3)] for i in range(4)]
    np.testing.assert_allclose(_halved(area), expected, rtol=1e-6)
    quarter = _halved(_halved(smooth() / np.float32(255)))
    assert quarter.shape == (48, 48, 3)
    cells = {"pixels_per_cell": (12, 12), "cells_per_block": (2, 2), "transform_sqrt": True, "channel_axis": -1}
    np.testing.assert_array_equal(_gradients(quarter), hog(quarter, 9, **cells))


def test_the_parts_are_where_they_belong():
    """Red, then the same red darker: hue stays, value moves; the pattern of a flat picture is one alone."""
    red, dark = (np.full(SHAPE.as_tuple, 0, np.uint8) for _ in range(2))
    red[..., 0], dark[..., 0] = 255, 120
    kinds = [kind for kind, _ in _maps(red)]
    assert kinds == ["gradients", *["colours"] * 3, "means", *["textures"] * 12]
    hue, value = _maps(red)[1][1], _maps(red)[3][1]
    assert (hue == 0).all() and (value == COLOURS - 1).all()
    assert (_maps(dark)[1][1] == 0).all() and (_maps(dark)[3][1] == 7).all()
    assert all(len(np.unique(codes[4:-4, 4:-4])) == 1 for kind, codes in _maps(red) if kind == "textures")
    assert len(_numbers(_maps(red))) == Photo().n_out == 1344


@pytest.mark.parametrize(
    "pixels", [np.zeros((3, 2, 3), np.uint8), np.full((1, 1), 255, np.uint8), NOISE, smooth().astype(np.float32) / 255]
)
def test_any_picture_gives_finite_shares(pixels):
    R = Photo().extract(pixels)
    assert R.shape == (1, 2 * 1344) and R.dtype == np.float32 and np.isfinite(R).all()
    counted = _numbers([part for part in _maps(NOISE) if part[0] in ("colours", "textures")])
    assert (counted >= 0).all() and counted.sum() == pytest.approx(15 * (1 + 4), rel=1e-5)


def test_a_mirrored_photograph_is_described_by_its_mirrored_maps():
    for pixels in (NOISE, smooth()):
        plain, mirrored = Photo().describe_views(pixels).reshape(2, -1)
        np.testing.assert_array_equal(plain, Photo().describe(pixels))
        np.testing.assert_allclose(mirrored, Photo().describe(pixels[:, ::-1]), atol=2e-3)
        assert np.abs(plain - mirrored).max() > 0.01
        views = Photo(views=views_of(["shifted"])).describe_views(pixels).reshape(5, -1)
        np.testing.assert_array_equal(views[1], Photo().describe(VIEWS["shifted-left"](pixels)))


def test_light_matters_little_to_edges():
    edges = Photo().n_out - 1344 + 324
    bright = smooth()
    full, half = (Photo().describe(pixels)[:edges] for pixels in (bright, bright // 2))
    other = Photo().describe(smooth(np.random.default_rng(7)))[:edges]
    assert np.linalg.norm(full - half) < 0.2 * np.linalg.norm(full - other)


def test_restored_photo_features_do_the_same():
    R = Photo().extract([NOISE, smooth(), smooth()])
    features = Photo().fit(R)
    X = features.transform(R, np.float64)
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-6)
    again = FEATURES["photo"].restore(features.metadata(), features.arrays())
    assert again.transform(R, np.float32).tobytes() == features.transform(R, np.float32).tobytes()
    assert "scikit-image" in features.made_with() and "Pillow" in features.made_with()


def test_views():
    pixels = np.arange(32 * 16).reshape(32, 16, 1)
    assert VIEWS["mirrored"](pixels)[3, 0] == pixels[3, -1]
    assert (VIEWS["shifted-down"](pixels)[2:] == pixels[:-2]).all()
    assert (VIEWS["shifted-down"](pixels)[:2] == pixels[0]).all()
    assert (VIEWS["shifted-up"](pixels)[:-2] == pixels[2:]).all()
    assert (VIEWS["shifted-right"](pixels)[:, 1:] == pixels[:, :-1]).all()
    assert (VIEWS["shifted-left"](pixels)[:, :-1] == pixels[:, 1:]).all()
    assert copies_of(views_of(["mirrored", "shifted"])) == ["mirrored", "shifted"] and copies_of(("plain",)) == []
    for copies, message in ((["miror"], "did you mean 'mirrored'"), (["shifted", "shifted"], "named twice")):
        with pytest.raises(InputError, match=message):
            views_of(copies)


def test_pixels_in_views():
    features = Pixels(PictureShape(2, 3, 1), views_of(["mirrored"]))
    R = features.extract(np.arange(12, dtype=np.uint8).reshape(2, 2, 3, 1))
    assert R.tolist() == [[0, 1, 2, 3, 4, 5, 2, 1, 0, 5, 4, 3], [6, 7, 8, 9, 10, 11, 8, 7, 6, 11, 10, 9]]
    X = features.transform(R, np.float64)
    assert X.integers[1].tolist() == [2, 1, 0, 5, 4, 3] and X.shape == (4, 6)
