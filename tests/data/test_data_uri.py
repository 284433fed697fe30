"""Pictures as addresses that hold them: upright, small, in their proportions, exact where they are small already."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from pellucid.data.images import address, embedded
from pellucid.errors import BadPictureError
from photographs import jpeg, photograph, turned_by_exif


def held(address):
    """Return the picture that an address holds."""
    kind, data = address.split(";base64,")
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert kind == f"data:image/{image.format.lower()}"
    return image


@pytest.mark.parametrize(("size", "small"), [((240, 180), (128, 96)), ((30, 600), (6, 128)), ((1000, 1), (128, 1))])
def test_the_longer_side_is_shortened_and_the_proportions_stay(tmp_path, size, small):
    path = tmp_path / "photo.jpg"
    photograph(1, size).save(path)
    image = held(embedded(path))
    assert image.size == small and image.format == "JPEG"
    assert held(embedded(np.asarray(photograph(1, size)))).size == small


def test_small_pictures_are_kept_exactly():
    for shape in ((8, 8), (8, 6, 1), (128, 90, 3)):
        pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
        image = held(embedded(pixels))
        assert image.format == "PNG"
        np.testing.assert_array_equal(np.asarray(image), pixels.reshape(shape[:2]) if shape[-1] == 1 else pixels)
    floats, wide = np.array([[0.0, 1.0]]), np.array([[0, 65535]], np.uint16)
    assert np.asarray(held(embedded(floats))).tolist() == np.asarray(held(embedded(wide))).tolist() == [[0, 255]]


def test_a_photo_turned_by_its_camera_stands_upright():
    picture = photograph(5, (240, 120))
    upright, turned = held(embedded(jpeg(picture))), held(embedded(turned_by_exif(picture)))
    assert upright.size == turned.size == (128, 64)
    assert np.abs(np.asarray(upright, float) - np.asarray(turned, float)).mean() < 8


def test_it_looks_like_the_picture_and_is_a_few_kilobytes():
    picture = photograph(2, (512, 512))
    small = embedded(jpeg(picture))
    assert len(small) < 12_000
    seen = np.asarray(held(small), float)
    assert np.abs(seen - np.asarray(picture.resize((128, 128), Image.Resampling.BOX), float)).mean() < 12


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "x.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(BadPictureError):
        embedded(tmp_path / "x.jpg")


def test_pixels_become_png_or_jpeg():
    pixels = np.zeros((3, 4, 3), np.uint8)
    assert held(address(pixels)).format == "PNG" and held(address(pixels, exact=False)).format == "JPEG"
