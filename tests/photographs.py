"""Pictures made for the tests of audit and groups: as unlike each other as photographs are, and their copies."""

import io
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

ORIENTATION, MAKE, MODEL, MODIFIED, PHOTO, TAKEN, DIGITIZED = (0x0112, 0x010F, 0x0110, 0x0132, 0x8769, 0x9003, 0x9004)


@cache
def photograph(seed, size=(240, 180)):
    """Return a picture of blobs and grain at all scales; another seed gives another scene."""
    rng = np.random.default_rng(seed)
    scene = np.zeros((size[1], size[0], 3))
    for cells in (3, 6, 12, 24, 48):
        noise = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        scene += np.asarray(noise.resize(size, Image.Resampling.BICUBIC), float) - 128
    return Image.fromarray(np.clip(128 + scene * 0.6, 0, 255).astype(np.uint8))


@cache
def tinted(seed, colour, size=(96, 72)):
    """Return the bytes of a small JPEG of a scene that is mostly of one colour: 0 red, 1 green, 2 blue."""
    scene = np.asarray(photograph(seed, size), float) * 0.6
    scene[..., colour] += 90
    return jpeg(Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8)))


def exif_of(taken=None, camera=("", ""), orientation=1, tag=TAKEN):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    if camera[1]:
        exif[MAKE], exif[MODEL] = camera
    if taken and tag == TAKEN:
        exif.get_ifd(PHOTO)[TAKEN] = taken
    elif taken and tag == DIGITIZED:
        exif.get_ifd(PHOTO)[DIGITIZED] = taken
    elif taken:
        exif[tag] = taken
    return exif


def jpeg(image, quality=90, **options):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, **options)
    return file.getvalue()


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def turned_by_exif(image):
    """Return a copy that lies on its side, with the EXIF tag that sets it upright."""
    return jpeg(image.transpose(Image.Transpose.ROTATE_90), exif=exif_of(orientation=6))


COPIES = {
    "recompressed": lambda image: jpeg(image, 40),
    "another format": png,
    "half the size": lambda image: jpeg(image.resize((image.width // 2, image.height // 2)), 80),
    "twice the size": lambda image: jpeg(image.resize((image.width * 2, image.height * 2)), 80),
    "squeezed": lambda image: jpeg(image.resize((image.width // 2, image.height)), 80),
    "brighter": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(1.1)),
    "too bright": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(1.2)),
    "darker": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(0.7)),
    "less contrast": lambda image: jpeg(ImageEnhance.Contrast(image).enhance(0.7)),
    "turned by EXIF": turned_by_exif,
}


def drawing(draw, background="white", size=(200, 200)):
    image = Image.new("RGB", size, background)
    draw(ImageDraw.Draw(image))
    return image


def textured(seed):
    """Return blobs that are always the same, with a faint texture of its own on them."""
    blobs = np.asarray(
        Image.fromarray(np.uint8([[0, 200, 90], [255, 30, 160], [60, 220, 0]])).resize((192, 192)), float
    )
    texture = np.kron(np.random.default_rng(seed).choice([-7, 7], (32, 32)), np.ones((6, 6)))
    return Image.fromarray(np.clip(blobs * 0.8 + 25 + texture, 0, 255).astype(np.uint8)).convert("RGB")


def night(seed):
    """Return darkness with noise and one lamp somewhere."""
    rng = np.random.default_rng(seed)
    pixels = np.abs(rng.normal(0, 4, (180, 240, 3)))
    x, y = rng.integers(20, 160, 2)
    pixels[y : y + 8, x : x + 8] += 200
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def sky(seed, top, bottom):
    rng = np.random.default_rng(seed)
    rows = np.linspace(top, bottom, 180)[:, None, None] * np.array([0.8, 0.9, 1])
    return Image.fromarray(np.clip(rows + rng.normal(0, 2, (180, 240, 3)), 0, 255).astype(np.uint8))


def with_an_object(image, seed):
    """Return the same scene, as a camera on a stand sees it, with something small that was not there before."""
    image, rng = image.copy(), np.random.default_rng(seed)
    x, y = (int(v) for v in rng.integers(20, 140, 2))
    ImageDraw.Draw(image).rectangle((x, y, x + 18, y + 18), fill=(250, 20, 20))
    return image


NO_COPIES = {
    "photographs": (photograph(1), photograph(2)),
    "mirrored": (photograph(1), photograph(1).transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "negative": (photograph(1), Image.eval(photograph(1), lambda v: 255 - v)),
    "flat": (Image.new("RGB", (90, 90), (200, 30, 30)), Image.new("RGB", (90, 90), (30, 30, 200))),
    "nearly the same flat": (Image.new("RGB", (90, 90), (99, 99, 99)), Image.new("RGB", (90, 90), (100, 100, 100))),
    "nights": (night(1), night(2)),
    "skies": (sky(1, 220, 90), sky(2, 250, 100)),
    "circle and octagon": (
        drawing(lambda d: d.ellipse((40, 40, 160, 160), fill="black")),
        drawing(lambda d: d.regular_polygon((100, 100, 62), 8, fill="black")),
    ),
    "ring and disc": (
        drawing(lambda d: d.ellipse((40, 40, 160, 160), fill="black")),
        drawing(lambda d: d.ellipse((40, 40, 160, 160), fill="black", outline="black") or
                d.ellipse((80, 80, 120, 120), fill="white")),
    ),
    "red logo, blue logo": (
        drawing(lambda d: d.rectangle((40, 60, 150, 120), fill=(220, 20, 20))),
        drawing(lambda d: d.rectangle((40, 60, 150, 120), fill=(20, 20, 220))),
    ),
    "one letter of a page": tuple(
        drawing(lambda d, text=text: [d.text((10, 12 * k), line, fill="black") for k, line in enumerate(text)])
        for text in (["the same line again"] * 14, ["the same line again"] * 13 + ["another"])
    ),
    "two textures, lit alike": (textured(1), textured(2)),
    "a scene with something in it": (with_an_object(photograph(3), 1), with_an_object(photograph(3), 2)),
}  # fmt: skip


def write_pictures(folder, classes=("dark", "light", "grey"), n=12, size=(12, 10)):
    rng = np.random.default_rng(0)
    for level, name in zip((30, 220, 120), classes, strict=False):
        (folder / name).mkdir(parents=True)
        for number in range(n):
            noise = rng.integers(0, 30, (*size, 3))
            Image.fromarray((level + noise).astype(np.uint8)).save(folder / name / f"{number:02}.png")
    return folder
