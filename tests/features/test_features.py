"""Features: training and prediction see the same numbers, whatever form a sample comes in."""

import numpy as np
import pytest
from PIL import Image

from inputs import inputs
from pellucid.data.images import PictureShape
from pellucid.errors import BadPictureError, InputError
from pellucid.features import FEATURES, Numbers, Pixels

RGB = Pixels(PictureShape(4, 6, 3))
PICTURE = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)


@pytest.mark.parametrize(
    "raw",
    [
        PICTURE,
        PICTURE[None],
        [PICTURE],
        PICTURE.astype(np.uint16) * 257,
        PICTURE / 255,
        PICTURE.ravel(),
        PICTURE.reshape(1, -1),
        Image.fromarray(PICTURE),
        [Image.fromarray(PICTURE)],
    ],
    ids=["array", "block", "list", "16 bit", "float", "flat", "flat block", "image", "images"],
)
def test_every_form_of_a_picture_gives_the_same_row(raw):
    X = inputs(RGB, raw, np.float64)
    assert X.shape == (1, 72) and X.dtype == np.float64
    np.testing.assert_allclose(X[0], PICTURE.ravel() / 255, atol=1e-12)


def test_files_and_grey_blocks(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "p.png")
    for raw in (tmp_path / "p.png", str(tmp_path / "p.png"), [tmp_path / "p.png"]):
        np.testing.assert_array_equal(inputs(RGB, raw), PICTURE.reshape(1, -1) / 255)
    grey = Pixels(PictureShape(4, 6, 1))
    block = PICTURE.transpose(2, 0, 1)
    np.testing.assert_array_equal(inputs(grey, block), block.reshape(3, -1) / 255)
    np.testing.assert_array_equal(inputs(grey, block[0]), block[:1].reshape(1, -1) / 255)


def test_a_fast_block_equals_single_pictures():
    block = np.random.default_rng(1).integers(0, 256, (9, 4, 6, 3), np.uint8)
    for dtype in (np.float32, np.float64):
        assert inputs(RGB, block, dtype).tobytes() == inputs(RGB, list(block), dtype).tobytes()


def test_bad_pictures_are_listed_or_raised(tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    raw = [PICTURE, tmp_path / "bad.jpg", PICTURE]
    with pytest.raises(BadPictureError, match=r"bad\.jpg"):
        inputs(RGB, raw)
    bad = []
    assert inputs(RGB, raw, bad=bad).shape == (2, 72)
    assert [(position, "bad.jpg" in str(error)) for position, error in bad] == [(1, True)]


def test_wrong_flat_length():
    with pytest.raises(InputError, match=r"a flat picture must have 72 values \(4 x 6 x 3\), got 71"):
        inputs(RGB, np.zeros(71))


def test_floats_outside_the_unit_interval():
    with pytest.raises(InputError, match="255"):
        inputs(RGB, PICTURE.astype(float))


def test_numbers_are_standardised_by_the_training_rows():
    X = np.array([[1.0, 7.0], [3.0, 7.0]])
    features = Numbers(2, ("age", "height")).fit(X)
    np.testing.assert_array_equal(inputs(features, X), [[-1, 0], [1, 0]])
    np.testing.assert_array_equal(inputs(features, [5.0, 8.0]), [[3, 0]])  # nothing was learned of the height
    assert features.notes(np.array([[5.0, 8.0]])) == [
        "'age' is 5 in 1 row, outside the training range of 1 to 3",
        "'height' was always 7 in training, so it has no influence; it is 8 in 1 row",
    ]
    unscaled = Numbers(2, standardize=False).fit(X)
    assert inputs(unscaled, X).tolist() == X.tolist() and inputs(unscaled, [5.0, 8.0]).tolist() == [[5, 7]]
    assert inputs(features, X, np.float32).dtype == np.float32


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([[1.0, 2.0, 3.0]], "this model takes rows of 2 numbers (age, height), got an array of shape (1, 3)."),
        ("cat.jpg", "this model takes rows of 2 numbers (age, height), got str."),
        ([[1.0, float("inf")]], "the input holds 1 value that is NaN or infinity: row 0, column 'height' is inf. "
         "Remove those rows or fill the values in."),
    ],
)  # fmt: skip
def test_numbers_refuse(raw, message):
    with pytest.raises(InputError) as error:
        inputs(Numbers(2, ("age", "height")), raw)
    assert str(error.value) == message


@pytest.mark.parametrize("features", [RGB, Numbers(3, ("a", "b", "c")).fit(np.eye(3)), Numbers(2)])
def test_restored_features_do_the_same(features):
    again = FEATURES[features.kind].restore(features.metadata(), features.arrays())
    raw = np.random.default_rng(3).random((5, features.n_out))
    assert inputs(again, raw).tobytes() == inputs(features, raw).tobytes()
    assert str(again) == str(features)


def test_a_jpeg_opened_by_pil_gives_the_bits_of_its_path(tmp_path):
    big = np.random.default_rng(5).integers(0, 256, (60, 80, 3), np.uint8)
    Image.fromarray(big).resize((800, 600)).save(tmp_path / "p.jpg")
    with Image.open(tmp_path / "p.jpg") as image:
        assert inputs(RGB, image).tobytes() == inputs(RGB, tmp_path / "p.jpg").tobytes()
    with Image.open(tmp_path / "p.jpg") as image:
        image.thumbnail((8, 8))  # changed in place: no longer what its file holds
        assert inputs(RGB, image).tobytes() != inputs(RGB, tmp_path / "p.jpg").tobytes()
