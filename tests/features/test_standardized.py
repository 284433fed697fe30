"""Picture features of floats: standardised by the training rows alone, all views together, and without waste."""

import tracemalloc

import numpy as np
import pytest

from pellucid.data.images import PictureShape
from pellucid.errors import InputError
from pellucid.features import images
from pellucid.features.images import StandardizedPictures

RNG = np.random.default_rng(0)


class Described(StandardizedPictures):
    """As many numbers a picture as its width."""

    @property
    def n_out(self):
        return self.shape.width

    def describe(self, pixels):
        return pixels[0, :, 0]


def features(width, views=("plain", "mirrored")):
    return Described(PictureShape(1, width), views)


def test_mean_and_scale_are_those_of_all_views_together():
    R = RNG.normal(50, 3, (40, 6)).astype(np.float32)
    fitted = features(3).fit(R)
    views = R.reshape(80, 3).astype(np.float64)
    np.testing.assert_allclose(fitted.mean, views.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(fitted.scale, views.std(axis=0), rtol=1e-12)
    X = fitted.transform(R, np.float64)
    np.testing.assert_allclose(X, (views - views.mean(axis=0)) / views.std(axis=0), rtol=1e-12)
    new = fitted.transform(R[:1] + 1, np.float64)  # by the training rows, not by its own
    np.testing.assert_allclose(new, ((R[:1] + 1).reshape(2, 3) - fitted.mean) / fitted.scale)


def test_before_fitting_rows_are_as_they_are():
    R = RNG.normal(size=(4, 6)).astype(np.float32)
    X = features(3).transform(R, np.float64)
    np.testing.assert_array_equal(X, R.reshape(8, 3))
    assert features(3).arrays() == {}


def test_what_is_constant_but_for_rounding_keeps_its_scale():
    R = RNG.normal(size=(50, 4)).astype(np.float32)
    R[:, 0] = np.float32(0.1)
    R[:, 1] = np.where(np.arange(50) % 2, np.float32(-1000), np.nextafter(np.float32(-1000), np.float32(0)))
    R[:, 2] = 0
    R[7, 2] = 1  # rare is not constant
    fitted = features(4, ("plain",)).fit(R)
    assert fitted.scale[:2].tolist() == [1, 1]
    assert fitted.scale[2] == pytest.approx(np.sqrt(0.02 * 0.98)) and fitted.scale[3] > 0.5
    assert np.abs(fitted.transform(R, np.float32)[:, :2]).max() < 1e-4


@pytest.mark.parametrize("block", [1, 7, 10**6])
def test_the_size_of_blocks_changes_no_bit_of_the_rows(monkeypatch, block):
    R = RNG.normal(size=(31, 10)).astype(np.float32)
    fitted = features(5).fit(R)
    expected = fitted.transform(R, np.float32).tobytes()
    monkeypatch.setattr(images, "BLOCK", block)
    assert fitted.transform(R, np.float32).tobytes() == expected
    np.testing.assert_allclose(features(5).fit(R).scale, fitted.scale, rtol=1e-12)


def test_rows_cost_one_copy():
    R = RNG.random((5000, 2 * 500), np.float32)
    tracemalloc.start()
    try:
        fitted = features(500).fit(R)
        assert tracemalloc.get_traced_memory()[1] < 0.5 * R.nbytes
        tracemalloc.reset_peak()
        X = fitted.transform(R, np.float32)
        assert X.nbytes <= tracemalloc.get_traced_memory()[1] < 1.3 * X.nbytes
    finally:
        tracemalloc.stop()


def test_a_picture_too_far_from_training_is_told():
    R = np.array([[0.0], [1e-30]], np.float32)
    fitted = features(1, ("plain",)).fit(R)
    with pytest.raises(InputError, match=r"what describes the pictures, standardised, holds 1 value .*: row 1"):
        fitted.transform(np.array([[0], [3e38]], np.float32), np.float32)


def test_the_fit_goes_through_arrays():
    fitted = features(3).fit(RNG.random((4, 6), np.float32))
    again = Described(fitted.shape, fitted.views, **Described.fit_of(fitted.arrays()))
    R = RNG.random((4, 6), np.float32)
    assert again.transform(R, np.float32).tobytes() == fitted.transform(R, np.float32).tobytes()
    assert Described.fit_of({}) == {}
    with pytest.raises(KeyError, match="scale"):
        Described.fit_of({"mean": np.zeros(3)})
