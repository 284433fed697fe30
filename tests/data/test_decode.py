"""Pictures in every form become the same pixels, and those that cannot be used are named."""

import io
import re
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.images import PictureShape, as_pixels, decode, to_unit
from pellucid.errors import BadPictureError, InputError, MissingFileError

COLOUR = (200, 100, 40)
SMALL = PictureShape(4, 6, 3)


def noise(height=64, width=48, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def smooth(height=80, width=120):
    y, x = np.mgrid[:height, :width]
    return np.stack([255 * y // height, 255 * x // width, 128 + 0 * x], axis=2).astype(np.uint8)


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


# Forms


def test_all_forms_of_one_picture_are_the_same_pixels(tmp_path):
    array = noise()
    data = encoded(Image.fromarray(array), "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("in/a.png", data)
    member = zipfile.Path(tmp_path / "a.zip", "in/a.png")
    for shape in (SMALL, PictureShape(9, 5, 1), PictureShape(64, 48, 3), PictureShape(100, 90, 1)):
        expected = as_pixels(array, shape)
        assert expected.shape == shape.as_tuple
        assert expected.dtype == np.uint8
        for raw in (path, str(path), data, Image.fromarray(array), member, member):
            np.testing.assert_array_equal(as_pixels(raw, shape), expected)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "CMYK", "YCbCr", "HSV", "LAB"]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_white_stays_white_in_every_mode(mode, channels):
    step = {"La": "LA", "PA": "LA", "HSV": "RGB"}.get(mode, "RGB")
    if mode == "LAB":
        image = Image.new("LAB", (8, 8), (255, 128, 128))
    elif mode == "PA":
        image = Image.new("P", (8, 8), 0)
        image.putpalette([255, 255, 255])
        image.putalpha(255)
    else:
        image = Image.new("RGB", (8, 8), "white").convert(step).convert(mode)
    pixels = as_pixels(image, PictureShape(4, 6, channels))
    assert pixels.dtype == np.uint8
    assert pixels.min() >= 254


@pytest.mark.parametrize("alpha, expected", [(0, (255, 255, 255)), (255, COLOUR), (51, (244, 224, 212))])
def test_transparency_is_over_white(alpha, expected):
    image = Image.new("RGBA", (8, 8), (*COLOUR, alpha))
    array = np.array(image)
    for raw in (image, array, encoded(image, "PNG")):
        np.testing.assert_array_equal(as_pixels(raw, SMALL)[0, 0], expected)
    as_float = as_pixels(array / 255, SMALL)
    np.testing.assert_allclose(as_float[0, 0] * 255, np.array(COLOUR) * alpha / 255 + 255 - alpha, atol=1e-4)


def test_palette_with_transparency_is_over_white():
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, *COLOUR])
    data = encoded(image, "PNG", transparency=bytes([255, 0]))
    assert Image.open(io.BytesIO(data)).mode == "P"
    np.testing.assert_array_equal(as_pixels(data, SMALL)[0, 0], (255, 255, 255))


@pytest.mark.parametrize("value, expected", [(0, 0), (65535, 255), (257 * 100, 100), (257 * 100 + 200, 101)])
def test_sixteen_bit_grey_is_scaled(value, expected):
    array = np.full((8, 8), value, dtype=np.uint16)
    image = Image.fromarray(array)
    assert image.mode == "I;16"
    for raw in (image, encoded(image, "PNG"), image.convert("I")):
        np.testing.assert_array_equal(as_pixels(raw, SMALL)[0, 0], [expected] * 3)


@pytest.mark.parametrize("value, expected", [(0.5, 128), (1.0, 255), (100.4, 100), (255, 255)])
def test_float_images_are_of_unit_range_or_bytes(value, expected):
    image = Image.new("F", (8, 8), value)
    for raw in (image, encoded(image, "TIFF")):
        assert as_pixels(raw, PictureShape(4, 6, 1))[0, 0, 0] == expected


@pytest.mark.parametrize("value", [-0.5, 300.0, float("nan"), float("inf")])
def test_float_images_out_of_range_are_refused(value):
    with pytest.raises(BadPictureError, match=r"its values lie in .* expected 0 to"):
        as_pixels(Image.new("F", (8, 8), value), SMALL)


def test_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(as_pixels(data, SMALL)[0, 0], (255, 0, 0))


def test_grey_is_luma():
    pixels = as_pixels(np.full((4, 6, 3), COLOUR, dtype=np.uint8), PictureShape(4, 6, 1))
    assert pixels[0, 0, 0] == round(0.299 * 200 + 0.587 * 100 + 0.114 * 40)


# Orientation and size


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_exif_orientation_comes_first(orientation, kind):
    upright = Image.fromarray(smooth())
    undo = [None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
            Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_90, Image.Transpose.TRANSVERSE,
            Image.Transpose.ROTATE_270][orientation - 1]  # fmt: skip
    stored = upright if undo is None else upright.transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 98, "subsampling": 0} if kind == "JPEG" else {}
    data = encoded(stored, kind, exif=exif, **options)
    for shape in (PictureShape(8, 12, 3), PictureShape(30, 5, 3), PictureShape(80, 120, 3)):
        expected = as_pixels(upright, shape).astype(int)
        assert np.abs(as_pixels(data, shape) - expected).max() <= 6


@pytest.mark.parametrize(
    "size, turned, wanted, decoded",
    [
        ((800, 400), False, PictureShape(50, 50), (200, 100)),
        ((800, 400), True, PictureShape(50, 50), (200, 100)),
        ((800, 400), True, PictureShape(100, 50), (200, 100)),
        ((800, 400), False, PictureShape(100, 50), (400, 200)),
    ],
)
def test_jpeg_is_decoded_no_larger_than_needed(size, turned, wanted, decoded, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = 6 if turned else 1
    data = encoded(Image.new("RGB", size, COLOUR), "JPEG", exif=exif)
    seen = []
    load = Image.Image.load
    monkeypatch.setattr(Image.Image, "load", lambda self: (seen.append(self.size), load(self))[1])
    as_pixels(data, wanted)
    assert seen[0] == decoded
    height, width = decoded[::-1] if not turned else decoded
    assert height >= 2 * wanted.height and width >= 2 * wanted.width


def test_a_picture_given_is_not_changed():
    image = Image.open(io.BytesIO(encoded(Image.fromarray(smooth(400, 400)), "JPEG")))
    as_pixels(image, SMALL)
    assert image.size == (400, 400)
    assert image.mode == "RGB"


# Arrays


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(4, 6, 3), (9, 5, 3), (64, 48, 1), (7, 7, 1)])
def test_arrays_keep_their_type_and_agree_with_bytes(dtype, shape):
    array = smooth(64, 48)
    typed = to_unit(array, dtype) if np.issubdtype(dtype, np.floating) else array.astype(dtype) * (
        257 if dtype == np.uint16 else 1)  # fmt: skip
    pixels = as_pixels(typed, PictureShape(*shape))
    assert pixels.dtype == dtype
    assert pixels.shape == shape
    np.testing.assert_allclose(to_unit(pixels, np.float64), as_pixels(array, PictureShape(*shape)) / 255, atol=0.008)


@pytest.mark.parametrize("array", [noise(4, 6), noise(4, 6).astype(np.uint16), noise(4, 6) / 255], ids=str)
def test_an_array_that_fits_comes_back_as_it_is(array):
    assert as_pixels(array, SMALL) is array


@pytest.mark.parametrize(
    "array, expected",
    [
        (np.array([[True, False]]), [0xFF, 0]),
        (np.array([[7, 255]], dtype=np.int64), [7, 255]),
        (np.array([[7, 0]], dtype=np.int8), [7, 0]),
    ],
)
def test_other_integers_become_bytes(array, expected):
    pixels = as_pixels(array, PictureShape(1, 2, 1))
    assert pixels.dtype == np.uint8
    assert pixels.ravel().tolist() == expected


def test_resized_floats_stay_in_range():
    edge = np.zeros((40, 40, 1))
    edge[:, 20:] = 1
    pixels = as_pixels(edge, PictureShape(97, 97, 1))
    assert pixels.min() == 0
    assert pixels.max() == 1
    assert ((pixels > 0) & (pixels < 1)).any()


@pytest.mark.parametrize(
    "array, message",
    [
        (
            np.array([[0.0, 255.0]]),
            "float pixels must lie in [0, 1], got 0 to 255; divide by 255, or pass them as uint8.",
        ),
        (
            np.array([[-0.5, 1.0]]),
            "float pixels must lie in [0, 1], got -0.5 to 1; divide by 255, or pass them as uint8.",
        ),
        (np.array([[0.0, np.nan]]), "pixels must be finite, got NaN or infinity among them."),
        (np.array([[0.0, np.inf]]), "pixels must be finite, got NaN or infinity among them."),
        (
            np.array([[0, 256]]),
            "pixels of type int64 must lie in 0 to 255, got 0 to 256; pass uint8 or uint16.",
        ),
        (np.array([["a"]]), "pixels are integers or floats, got an array of type <U1."),
        (
            np.zeros((3, 64, 64), np.uint8),
            "a picture given as an array has the shape (height, width) or (height, width, 1, 3 or 4), channels last; "
            "got (3, 64, 64).",
        ),
        (
            np.zeros((0, 4), np.uint8),
            "a picture given as an array has the shape (height, width) or (height, width, 1, 3 or 4), channels last; "
            "got (0, 4).",
        ),
    ],
)
def test_arrays_that_cannot_be_pictures(array, message):
    with pytest.raises(InputError) as caught:
        as_pixels(array, PictureShape(1, 2, 1))
    assert str(caught.value) == message


@pytest.mark.parametrize("dtype, top", [(np.uint8, 255), (np.uint16, 65535)])
@pytest.mark.parametrize("wanted", [np.float32, np.float64])
def test_unit_divides_by_the_types_maximum(dtype, top, wanted):
    unit = to_unit(np.array([0, 17, top], dtype=dtype), wanted)
    assert unit.dtype == wanted
    np.testing.assert_array_equal(unit, np.array([0, 17, top], dtype=wanted) / wanted(top))


def test_unit_casts_floats_only():
    assert to_unit(np.array([0.25]), np.float32).dtype == np.float32
    assert to_unit(np.array([0.25]), np.float32)[0] == 0.25


# What cannot be used


def test_broken_files_are_named_with_the_reason(tmp_path):
    whole = {kind: encoded(Image.fromarray(noise()), kind) for kind in ("JPEG", "PNG")}
    unknown = "it is not a picture in a known format, or its beginning is damaged"
    cases = {
        "cut.jpg": (whole["JPEG"][: len(whole["JPEG"]) // 2], "it is truncated, the file ends before the picture does"),
        "cut.png": (whole["PNG"][: len(whole["PNG"]) // 2], "it is truncated, the file ends before the picture does"),
        "text.jpg": (b"not a picture", unknown),
        "empty.png": (b"", "the file is empty"),
    }
    for name, (data, reason) in cases.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(BadPictureError) as caught:
            as_pixels(path, SMALL)
        assert str(caught.value) == f"{path} cannot be used as a picture: {reason}."


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_damage_anywhere_gives_a_picture_or_the_one_error(kind):
    data = bytearray(encoded(Image.fromarray(noise(16, 16)), kind))
    rng = np.random.default_rng(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(120):
            damaged = bytearray(data)
            for place in rng.integers(0, min(len(data), 120), 3):
                damaged[place] = rng.integers(256)
            try:
                assert as_pixels(bytes(damaged[: rng.integers(1, len(data) + 1)]), SMALL).shape == SMALL.as_tuple
            except BadPictureError as error:
                assert str(error).startswith("the picture given as bytes cannot be used as a picture: ")


@pytest.mark.parametrize("limit", [100, 1000], ids=["error", "warning"])
def test_too_many_pixels(limit, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)  # Pillow warns beyond it and raises beyond its double
    with pytest.raises(BadPictureError, match=re.escape(f"it has too many pixels (more than {limit:,})")):
        as_pixels(encoded(Image.new("L", (40, 40)), "PNG"), SMALL)


def test_photographs_of_large_phones(monkeypatch):
    monkeypatch.setattr(decode, "PILLOWS_LIMIT", 1000)
    monkeypatch.setattr(decode, "MOST_PIXELS", 3000)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert as_pixels(encoded(Image.new("L", (50, 50)), "PNG"), SMALL).shape == SMALL.as_tuple
    assert Image.MAX_IMAGE_PIXELS == 1000
    with pytest.raises(BadPictureError, match="more than 3,000"):
        as_pixels(encoded(Image.new("L", (60, 60)), "PNG"), SMALL)


def test_pillows_warnings_do_not_leak(monkeypatch):
    convert = Image.Image.convert

    def warning(self, *args, **kwargs):
        warnings.warn_explicit("from Pillow", UserWarning, "PIL/Image.py", 1, module="PIL.Image")
        return convert(self, *args, **kwargs)

    monkeypatch.setattr(Image.Image, "convert", warning)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        as_pixels(encoded(Image.fromarray(noise()), "PNG"), SMALL)
    assert seen == []


def test_missing_file_folder_and_strange_objects(tmp_path):
    with pytest.raises(MissingFileError, match=re.escape(f"there is no picture {tmp_path / 'a.jpg'}.")):
        as_pixels(tmp_path / "a.jpg", SMALL)
    with pytest.raises(BadPictureError, match="is not a file"):
        as_pixels(tmp_path, SMALL)
    with pytest.raises(
        InputError, match="a picture is a path, bytes, a PIL image or an array; got an object of type int"
    ):
        as_pixels(3, SMALL)


def test_damaged_zip_member_is_named(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.png", encoded(Image.fromarray(noise()), "PNG"))
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(BadPictureError, match=r"a\.zip/a\.png cannot be read: Bad CRC-32"):
        as_pixels(zipfile.Path(path, "a.png"), SMALL)


@pytest.mark.parametrize("size", [(0, 4, 3), (4, -1, 1), (4, 4, 2), (4, 4, 4)])
def test_shapes_are_checked(size):
    with pytest.raises(InputError, match="1 or more and 1 or 3 channels"):
        PictureShape(*size)


def test_real_photo_is_close_to_a_full_resize(real_data):
    path = next(Path(real_data / "beans/train/healthy").glob("*.jpg"))
    shape = PictureShape(100, 100, 3)
    exact = np.asarray(Image.open(path).resize((100, 100), Image.Resampling.BICUBIC)).astype(int)
    assert np.abs(as_pixels(path, shape) - exact).mean() < 3


# Ranges


def tiff(samples, bits, data, photometric, planes=1, size=(4, 4)):
    """Return the bytes of an uncompressed TIFF, its samples in planes or not."""
    many = samples > 1
    tags = [
        (256, 4, [size[0]]),
        (257, 4, [size[1]]),
        (258, 3, [bits] * samples),
        (259, 3, [1]),
        (262, 3, [photometric]),
    ]
    length = len(data) // (samples if planes == 2 else 1)
    start = 8 + 2 + 12 * 10 + 4
    counts = samples if planes == 2 else 1
    strips = start + 100
    tags += [(273, 4, [strips + k * length for k in range(counts)]), (277, 3, [samples]), (278, 4, [size[1]])]
    tags += [(279, 4, [length] * counts), (284, 3, [planes])]
    extra, entries = b"", b""
    for tag, kind, values in tags:
        packed = struct.pack(f"<{len(values)}{'HI'[kind == 4]}", *values)
        place = packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack("<I", start + len(extra))
        extra += packed if len(packed) > 4 else b""
        entries += struct.pack("<HHI", tag, kind, len(values)) + place
    assert many or not extra
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4) + extra.ljust(100, b"\0") + data


@pytest.mark.parametrize("photometric, expected", [(0, 255 - 100), (1, 100)])
def test_white_is_zero_of_sixteen_bits(photometric, expected):
    data = np.full((4, 4), 257 * 100, "<u2").tobytes()
    assert as_pixels(tiff(1, 16, data, photometric), PictureShape(1, 1, 1)).item() == expected


def test_sixteen_bit_colours_in_planes_are_rejected():
    data = np.full((3, 4, 4), 257 * 100, "<u2").tobytes()
    with pytest.raises(BadPictureError, match="its 16-bit colours lie in planes"):
        as_pixels(tiff(3, 16, data, 2, planes=2), PictureShape(1, 1))
    assert as_pixels(tiff(3, 16, data, 2), PictureShape(1, 1)).tolist() == [[[100] * 3]]
    assert as_pixels(tiff(3, 8, bytes([100]) * 48, 2, planes=2), PictureShape(1, 1)).tolist() == [[[100] * 3]]


@pytest.mark.parametrize("low, high, expected", [(0, 1.002, 255), (-0.002, 1, 255), (-3, 256, 255)])
def test_a_small_overshoot_is_clipped(low, high, expected):
    image = Image.fromarray(np.array([[low, high]], np.float32))
    assert as_pixels(image, PictureShape(1, 2, 1)).ravel().tolist() == [0, expected]
    if high < 2:
        array = np.array([[low, high]])
        assert as_pixels(array, PictureShape(1, 2, 1)).ravel().tolist() == [0, 1]
        assert array.ravel().tolist() == [low, high]


def test_floats_of_an_unclear_range_are_rejected():
    with pytest.raises(BadPictureError, match="expected 0 to 1, or 0 to 255; scale them"):
        as_pixels(Image.fromarray(np.array([[0, 1.5]], np.float32)), PictureShape(1, 2, 1))


def test_sixteen_bits_that_hold_eight_are_rejected():
    with pytest.raises(
        BadPictureError, match="its 16-bit values lie in 0 to 200 of 65535, so it is black; save it with"
    ):
        as_pixels(Image.fromarray(np.array([[0, 200]], np.uint16)), PictureShape(1, 2, 1))
