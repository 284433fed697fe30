"""Altered copies are found in any of the 8 positions, cropped, shifted or in grey; other pictures are not."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from pellucid.data import load, read_metadata
from pellucid.data.audit import altered_copies as room
from pellucid.data.audit.altered_copies import altered_copies, turned, turned_waves
from pellucid.data.audit.audit import audit
from pellucid.data.audit.similarity import coarse, duplicates
from photographs import NO_COPIES, drawing, photograph, png


def seen(*images):
    return np.stack([read_metadata(png(image)).thumbnail for image in images])


def cropped(image, share, down=0.5, across=0.5):
    width, height = image.size
    left, top = width * (1 - share) * across, height * (1 - share) * down
    return image.crop((int(left), int(top), int(left + width * share), int(top + height * share)))


ALTERED = {
    "mirrored": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "half a turn": lambda image: image.rotate(180),
    "a quarter": lambda image: image.rotate(90, expand=True),
    "three quarters": lambda image: image.rotate(270, expand=True),
    "5 degrees": lambda image: cropped(image.rotate(5, Image.Resampling.BICUBIC), 0.95),
    "95%": lambda image: cropped(image, 0.95),
    "90%": lambda image: cropped(image, 0.9, 0, 1),
    "80%": lambda image: cropped(image, 0.8),
    "80% in a corner": lambda image: cropped(image, 0.8, 1, 0),
    "grey": lambda image: image.convert("L"),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(3)),
    "mirrored, cropped, grey": lambda image: cropped(ImageOps.mirror(image).convert("L"), 0.9),
}


@pytest.mark.parametrize("kind", ALTERED)
def test_altered_copies_are_found(kind):
    images = [photograph(77), photograph(5), photograph(78), ALTERED[kind](photograph(5))]
    assert altered_copies(seen(*images)).tolist() == [0, 1, 2, 1]


# A circle and an octagon, drawn large, are the same to a thumbnail that is laid upon another.
@pytest.mark.parametrize("kind", sorted(set(NO_COPIES) - {"mirrored", "circle and octagon"}))
def test_what_is_no_copy_is_not_called_one(kind):
    assert altered_copies(seen(*NO_COPIES[kind])).tolist() == [0, 1]


@pytest.mark.parametrize("kinds", [("disc", "stripes"), ("disc", "square")])
def test_drawings_of_two_kinds_are_not_grouped(kinds):
    """Another disc, or other stripes, is as near as a copy: what half of all pictures do is no sign of one."""
    rng = np.random.default_rng(0)
    drawings = []
    for number in range(60):
        ground, ink = (tuple(rng.integers(low, high, 3).tolist()) for low, high in ((150, 240), (10, 110)))
        image = Image.new("RGB", (64, 64), ground)
        draw, kind = ImageDraw.Draw(image), kinds[number % 2]
        y, x, r = *(32 + rng.integers(-8, 9, 2)).tolist(), int(rng.integers(12, 22))
        if kind == "stripes":
            for left in range(int(rng.integers(0, 8)), 64, 10):
                draw.rectangle((left, 0, left + 4, 64), ink)
        else:
            (draw.ellipse if kind == "disc" else draw.rectangle)((x - r, y - r, x + r, y + r), ink)
        noise = rng.normal(0, 12, (64, 64, 3))
        drawings.append(Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)))
    labels = altered_copies(seen(*drawings))
    assert len(labels) - len(set(labels.tolist())) <= 3
    mirrored = seen(
        *drawings[:3], *(photograph(k) for k in range(30)), *(ImageOps.mirror(photograph(k)) for k in range(9))
    )
    labels = altered_copies(mirrored)
    assert labels[33:].tolist() == list(range(3, 12))


def test_plain_pictures_of_one_kind_are_not_grouped():
    rng = np.random.default_rng(0)
    shirts = []
    for _ in range(30):
        x, y, length, grey = (int(v) for v in (*rng.integers(30, 60, 2), rng.integers(80, 110), rng.integers(0, 120)))
        shirts.append(drawing(lambda d, box=(x, y, 200 - x, y + length), grey=grey: d.rectangle(box, (grey,) * 3)))
    thumbnails = seen(*shirts)
    assert len(set(altered_copies(thumbnails).tolist())) >= 28


def test_turned_waves_are_those_of_the_turned_picture():
    thumbnail = seen(photograph(1))
    waves = np.zeros((1, 64), np.float32)
    waves[:, 1:] = coarse(thumbnail)
    for turn in range(8):
        other = thumbnail.copy()
        other[:, :1024] = turned(thumbnail[:, :1024].reshape(1, 32, 32), np.array([turn])).reshape(1, 1024)
        np.testing.assert_allclose(turned_waves(waves.reshape(1, 8, 8), turn)[:, 1:], coarse(other), atol=1e-5)


def test_too_many_pictures_are_not_looked_at(monkeypatch):
    thumbnails = seen(photograph(1), ImageOps.mirror(photograph(1)))
    monkeypatch.setattr(room, "MOST", 1)
    assert altered_copies(thumbnails).tolist() == duplicates(thumbnails).tolist() == [0, 1]


def test_tiny_pictures_are_left_alone(tmp_path):
    rng = np.random.default_rng(0)
    digits = rng.integers(0, 256, (20, 8, 8), dtype=np.uint8)
    X, y = np.concatenate([digits, digits[:, :, ::-1]]), np.arange(40) % 2
    for scale, found in ((1, 40), (8, 20)):
        large = X.repeat(scale, axis=1).repeat(scale, axis=2)
        np.savez(tmp_path / "x.npz", X=large, y=y)
        groups = audit(load(tmp_path / "x.npz")).duplicate_groups()
        assert len(np.unique(groups)) == found
