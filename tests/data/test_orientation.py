"""One photo stored in the eight EXIF orientations, without loss: the same probabilities to the last bit."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.cli.main import run
from pellucid.data.images import PictureShape
from pellucid.features import Pixels
from pellucid.model.model import Model
from pellucid.nn import Dense, Network

ORIENTATION = 0x0112
STORED = {  # by orientation: how the upright pixels lie in the file (EXIF 2.32, 4.6.4: where row 0 and column 0 are)
    1: lambda A: A,
    2: lambda A: A[:, ::-1],
    3: lambda A: A[::-1, ::-1],
    4: lambda A: A[::-1],
    5: lambda A: A.swapaxes(0, 1),
    6: lambda A: A.swapaxes(0, 1)[::-1],
    7: lambda A: A.swapaxes(0, 1)[::-1, ::-1],
    8: lambda A: A.swapaxes(0, 1)[:, ::-1],
}
FORMS = {"png": {}, "tiff": {}, "tiff, deflate": {"compression": "tiff_adobe_deflate"}, "webp": {"lossless": True}}


def photo(height=157, width=211, channels=3):
    """Return an upright picture without any symmetry, smooth with some noise, as photos are."""
    y, x, _ = np.mgrid[:height, :width, :channels]
    noise = np.random.default_rng(0).normal(0, 12, (height, width, channels))
    A = 128 + 60 * np.sin(x / 19) + 50 * np.cos((x + 3 * y) / 31) + 25 * y / height + noise
    return A.clip(0, 255).astype(np.uint8)


def model(shape):
    network = Network([Dense(shape.height * shape.width * shape.channels, 8, "tanh"), Dense(8, 3)],
                      "softmax_cross_entropy", dtype=np.float32).initialize("he", 2)  # fmt: skip
    return Model(Pixels(shape), (network,), ("a", "b", "c"))


def store(A, orientation, name, **options):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    image = Image.fromarray(np.ascontiguousarray(STORED[orientation](A)))
    image.save(name, exif=exif, **options)
    return name


SHAPES = [PictureShape(24, 32), PictureShape(31, 17, 1), PictureShape(157, 211)]
PAIRS = [(form, 3 + (n + m) % 2, shape) for n, form in enumerate(FORMS) for m, shape in enumerate(SHAPES)]


@pytest.mark.parametrize(("form", "channels", "shape"), PAIRS, ids=str)
def test_probabilities_are_the_same_to_the_last_bit(tmp_path, form, channels, shape):
    A = photo(channels=channels)
    ending, options = form.split(",")[0], FORMS[form]
    files = [store(A, number, tmp_path / f"{number}.{ending}", **options) for number in STORED]
    P = model(shape).predict_proba(files)
    assert np.ptp(P, axis=0).max() == 0 and len(P) == 8
    without = tmp_path / f"plain.{ending}"
    Image.fromarray(A).save(without, **options)
    assert P[0].tobytes() == model(shape).predict_proba(without).tobytes()
    if channels == 3:
        assert P[0].tobytes() == model(shape).predict_proba(A).tobytes()
        turned = model(shape).predict_proba([STORED[number](A) for number in STORED])
        assert np.ptp(turned, axis=0).min() > 1e-4  # so a picture that is not turned back would be seen


@pytest.mark.parametrize("form", ["png", "tiff"])
def test_the_command_says_the_same(tmp_path, monkeypatch, form):
    monkeypatch.chdir(tmp_path)
    model(PictureShape(20, 30)).save("m")
    names = [store(photo(), number, f"{number}.{form}") for number in STORED]
    assert run(["predict", "m", *names, "--json", "p.json", "--csv", "p.csv"]) == 0
    told = json.loads(Path("p.json").read_text())["results"]["predictions"]
    assert len(told) == 8 and len({tuple(answer["probabilities"].values()) for answer in told}) == 1
    rows = [line.split(",")[1:] for line in Path("p.csv").read_text().splitlines()[1:]]
    assert all(row == rows[0] for row in rows)


def test_a_real_photo(real_data, tmp_path):
    with Image.open(next((real_data / "beans/train/healthy").glob("*.jpg"))) as image:
        A = np.asarray(image)[:, :401]
    files = [store(A, number, tmp_path / f"{number}.png") for number in STORED]
    P = model(PictureShape(64, 64)).predict_proba(files)
    assert np.ptp(P, axis=0).max() == 0
