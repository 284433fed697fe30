"""Embeddings: from pictures through a backbone to a model file and back, with the same bits; or a plain refusal."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid
from backbones import W, onnx_graph, pooled_colours
from inputs import inputs
from pellucid.cli.main import run
from pellucid.data import load as load_data
from pellucid.data.images import as_pixels
from pellucid.errors import BadPictureError, InputError, MissingExtraError, MissingFileError, ModelFileError
from pellucid.experiment.recipe import make_recipe
from pellucid.experiment.run import train
from pellucid.features import NORMALIZATIONS, Embedding
from pellucid.features.extraction import described
from pellucid.features.onnx_backbone import Backbone
from pellucid.model.model_file import read_model, write_model

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (8, 6, 3), np.uint8)
HOW = {"size": (8, 6), "hidden_layers": (6,), "epochs": 30, "learning_rate": 0.03, "random_state": 1}
HOW |= {"cross_validate": 0}


def embedding(data=None, size=(8, 6), **options):
    return Embedding.of(Backbone("net.onnx", pooled_colours() if data is None else data), size, **options)


def make_photos():
    """Make photos/ of three classes and net.onnx here."""
    Path("net.onnx").write_bytes(pooled_colours())
    for level, name in zip((30, 120, 220), ("dark", "grey", "light"), strict=True):
        Path("photos", name).mkdir(parents=True)
        for number in range(10):
            pixels = level + RNG.integers(0, 30, (12, 10, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(Path("photos", name, f"{number}.png"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Make a working folder with photos/ of three classes and net.onnx, and go there."""
    monkeypatch.chdir(tmp_path)
    make_photos()
    return tmp_path


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """The same folder, with the model m.pellucid that learned the photos."""
    folder = tmp_path_factory.mktemp("learned")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        make_photos()
        train("photos", features="embedding:net.onnx", **HOW).model.save("m.pellucid")
    return folder


# Features --------------------------------------------------------------------------------------------------------


def test_pixels_are_normalised_as_asked():
    u = PIXELS / 255
    expected = {
        "imagenet": (u - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225],
        "signed": 2 * u - 1,
        "unit": u,
        "bytes": PIXELS.astype(float),
    }
    assert set(expected) == set(NORMALIZATIONS)
    for name, x in expected.items():
        row = embedding(normalize=name).describe(PIXELS)
        np.testing.assert_allclose(row, x.mean(axis=(0, 1)) @ W, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(embedding().describe(PIXELS), embedding(normalize="imagenet").describe(PIXELS))


def test_bytes_go_to_a_graph_that_takes_bytes():
    nodes = [("Cast", ["x"], ["c"], {"to": 1}), ("Flatten", ["c"], ["y"], {})]
    features = embedding(onnx_graph(nodes, gives=("n", "d"), elem="UINT8", weights={}))
    assert features.normalize == "bytes" and features.n_out == 144
    np.testing.assert_array_equal(features.describe(PIXELS), PIXELS.transpose(2, 0, 1).ravel())
    wide = PIXELS.astype(np.uint16) * 257
    np.testing.assert_array_equal(features.describe(wide), features.describe(PIXELS))
    assert set(features.describe(np.full((8, 6, 3), 400, np.uint16))) == {2}  # 1.56 rounded
    with pytest.raises(InputError, match="takes bytes, which are not normalised"):
        embedding(onnx_graph(nodes, gives=("n", "d"), elem="UINT8", weights={}), normalize="unit")


def test_the_size_is_the_graphs_or_asked_for_or_224():
    assert embedding(size=None).shape.as_tuple == (224, 224, 3)
    fixed = pooled_colours(takes=("n", 3, 10, "w"))
    assert embedding(fixed, size=None).shape.as_tuple == (10, 224, 3)
    assert embedding(fixed, size=(10, 7)).shape.as_tuple == (10, 7, 3)
    with pytest.raises(InputError, match=r"net\.onnx takes pictures of 10 x any x 3 .*, not 8 x 6 x 3"):
        embedding(fixed)
    with pytest.raises(InputError, match=r"not 8 x 6 x 1"):
        embedding(grey=True)
    with pytest.raises(InputError, match="a backbone is given at most 67,108,864 numbers"):
        embedding(size=(100_000, 100_000))


def test_grey_pictures():
    nodes = [("Flatten", ["x"], ["y"], {})]
    grey = embedding(onnx_graph(nodes, ("n", 1, "h", "w"), ("n", "d"), weights={}))
    assert grey.shape.channels == 1 and grey.normalize == "unit"
    np.testing.assert_allclose(grey.describe(PIXELS[..., :1]), PIXELS[..., 0].ravel() / 255, rtol=1e-6)
    with pytest.raises(InputError, match="imagenet is for three channels"):
        replace(grey, normalize="imagenet")


def test_an_answer_never_depends_on_its_neighbours(folder):
    files = sorted(folder.glob("photos/*/*.png"))
    features = embedding(views=("plain", "mirrored"))
    R = features.extract(files)
    assert R.dtype == np.float32 and R.shape == (30, 10)
    arrays = [as_pixels(file, features.shape) for file in files]
    for raw in (files[::-1], arrays[::-1], np.stack(arrays)[::-1]):
        assert features.extract(raw)[::-1].tobytes() == R.tobytes()
    assert np.concatenate([features.extract(file) for file in files]).tobytes() == R.tobytes()


def test_views_are_described_each():
    flat = embedding(onnx_graph([("Flatten", ["x"], ["y"], {})], gives=("n", "d"), weights={}), normalize="unit",
                     views=("plain", "mirrored"))  # fmt: skip
    plain, mirrored = flat.extract(PIXELS).reshape(2, 3, 8, 6)
    np.testing.assert_array_equal(mirrored, plain[..., ::-1])


def test_a_picture_that_gives_nan_is_left_out_or_named(folder):
    nodes = [("ReduceMean", ["x"], ["m"], {}), ("Div", ["x", "m"], ["d"], {}), ("Flatten", ["d"], ["y"], {})]
    data = onnx_graph(nodes, gives=("n", "d"), weights={})  # divides by the brightness
    features = embedding(data, normalize="unit")
    black = np.zeros_like(PIXELS)
    bad = []
    assert len(features.extract([PIXELS, black, PIXELS], bad=bad)) == 2
    assert [place for place, _ in bad] == [1]
    with pytest.raises(BadPictureError, match=r"the backbone net\.onnx makes NaN or infinity of it"):
        features.extract([PIXELS, black])
    Image.fromarray(black).save("photos/dark/black.png")
    Path("div.onnx").write_bytes(data)
    how = HOW | {"features": "embedding:div.onnx", "normalize": "unit", "epochs": 1}
    with pytest.raises(BadPictureError, match=r"1 picture cannot be read.*\n  dark/black\.png: the backbone"):
        train("photos", **how)
    assert [name for name, _ in train("photos", **how, skip_bad=True).skipped] == ["dark/black.png"]


def test_a_backbone_that_always_gives_nan_is_refused():
    nodes = [("Log", ["x"], ["l"], {}), ("GlobalAveragePool", ["l"], ["y"], {})]
    with pytest.raises(InputError, match="NaN or infinity of a picture, normalised as imagenet; choose another of"):
        embedding(onnx_graph(nodes, gives=("n", 3, 1, 1), weights={}))


# Rows that are kept ----------------------------------------------------------------------------------------------


def test_kept_rows_are_those_of_this_backbone(folder, monkeypatch):
    monkeypatch.setenv("PELLUCID_CACHE", str(folder / "cache"))
    dataset = load_data("photos").train

    def kept():
        return sorted(folder.glob("cache/*.rows"))

    one, two = embedding(), embedding(pooled_colours(weights={"W": 2 * W}))
    first, _ = described(dataset, one, cache=True)
    assert len(kept()) == 1
    again, _ = described(dataset, one, cache=True)
    assert len(kept()) == 1 and again.tobytes() == first.tobytes()
    other, _ = described(dataset, two, cache=True)
    assert len(kept()) == 2
    np.testing.assert_allclose(other, 2 * first, rtol=1e-5)
    assert one.made_with().startswith("Pillow ")
    runtime = sys.modules["onnxruntime"].__version__
    assert one.made_with().endswith(f", onnxruntime {runtime}, sha256 {hashlib.sha256(pooled_colours()).hexdigest()}")


# A whole job -----------------------------------------------------------------------------------------------------

FRESH = """import sys, pellucid
print(pellucid.load(sys.argv[1]).predict_proba(sys.argv[2]).tobytes().hex())"""


def test_a_model_file_holds_the_backbone(folder):
    result = train("photos", features="embedding:net.onnx", copies=["mirrored"], **HOW)
    assert result.scores["test"].accuracy == 1.0
    P = result.model.predict_proba("photos/light")
    path = result.model.save("m.pellucid")
    assert not np.array_equal(P, np.round(P))
    Path("net.onnx").unlink()
    again = pellucid.load(path)
    assert again.predict_proba("photos/light").tobytes() == P.tobytes()
    assert str(again.features) == str(result.model.features) and "kept with the model" in str(again.features)
    assert again.features.metadata() == result.model.features.metadata()
    here = os.environ | {"PYTHONPATH": str(Path(pellucid.__file__).parents[1])}
    asked = [sys.executable, "-c", FRESH, path, "photos/light"]
    told = subprocess.run(asked, capture_output=True, text=True, env=here)
    assert (told.stdout.strip(), told.stderr) == (P.tobytes().hex(), "")
    with pytest.raises(ModelFileError, match="needs no backbone from outside"):
        pellucid.load(path, backbone="net.onnx")


def test_the_network_takes_standardised_numbers(folder):
    features = train("photos", features="embedding:net.onnx", holdout=0, **HOW).model.features
    X = inputs(features, sorted(folder.glob("photos/*/*.png")))
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(X.std(axis=0), 1, rtol=1e-5)


def test_a_backbone_kept_outside(folder):
    result = train("photos", features="embedding:net.onnx", external=True, **HOW)
    P = result.model.predict_proba("photos/light").tobytes()
    Path("away").mkdir()
    here, away = result.model.save("m.pellucid"), result.model.save("away/m.pellucid")
    assert b"GlobalAveragePool" not in here.read_bytes()
    assert "kept outside" in str(pellucid.load(here).features)
    assert pellucid.load(away).predict_proba("photos/light").tobytes() == P  # where it was in training

    shutil.move("net.onnx", "away/net.onnx")
    assert pellucid.load(away).predict_proba("photos/light").tobytes() == P  # beside the model
    assert pellucid.load(here, backbone="away/net.onnx").predict_proba("photos/light").tobytes() == P
    with pytest.raises(MissingFileError) as error:
        pellucid.load(here)
    size, sha256 = len(pooled_colours()), hashlib.sha256(pooled_colours()).hexdigest()
    assert str(error.value) == (
        f"the backbone of m.pellucid, an ONNX file of {size} bytes with sha256 {sha256}, is not at net.onnx; "
        "put it beside the model, or give its place as backbone=."
    )
    with pytest.raises(MissingFileError, match=r"is not at gone\.onnx"):
        pellucid.load(away, backbone="gone.onnx")


@pytest.mark.parametrize("change", ["same size", "longer", "empty"])
def test_another_file_in_the_place_of_the_backbone(folder, change):
    path = train("photos", features="embedding:net.onnx", external=True, **HOW).model.save("m.pellucid")
    data = pooled_colours()
    changed = pooled_colours(weights={"W": W + 1})
    assert len(changed) == len(data)
    Path("net.onnx").write_bytes({"same size": changed, "longer": data + b"\0", "empty": b""}[change])
    with pytest.raises(ModelFileError, match=r"^net\.onnx: not the backbone of m\.pellucid, .* but another file"):
        pellucid.load(path)
    Path("away").mkdir()
    Path("away/net.onnx").write_bytes(data)
    shutil.move(path, "away/m.pellucid")
    assert pellucid.load("away/m.pellucid").class_names == ("dark", "grey", "light")  # the right one, beside it


@pytest.mark.slow
def test_the_command_line(folder, capsys, no_drawing):
    options = ["--features", "embedding:net.onnx", "--size", "6x8", "--normalize", "signed", "--seed", "0"]
    training = ["--epochs", "30", "--layers", "6", "--learning-rate", "0.03", "--ensemble", "2"]
    assert run(["train", "photos", *options, *training, "--pictures", "drawn", "--external"]) == 0
    sha256 = hashlib.sha256(pooled_colours()).hexdigest()
    told = f"5 numbers by net.onnx (sha256 {sha256[:12]}..., {len(pooled_colours())} bytes, kept outside)"
    assert told in capsys.readouterr().out
    assert run(["inspect", "model.pellucid"]) == 0
    assert f"{told} of pictures 6 x 8, RGB, signed, standardised" in capsys.readouterr().out
    assert run(["evaluate", "model.pellucid", "photos"]) == 0 == run(["check", "model.pellucid", "photos"])
    assert run(["predict", "model.pellucid", "photos/dark/0.png"]) == 0
    assert "dark" in capsys.readouterr().out
    Path("net.onnx").write_bytes(b"something else")
    assert run(["predict", "model.pellucid", "photos/dark/0.png"]) == 1
    assert "not the backbone of model.pellucid" in capsys.readouterr().err


@pytest.mark.slow
def test_a_recipe_file(folder):
    Path("r.toml").write_text('features = "embedding:net.onnx"\nnormalize = "unit"\nembedding_output = "y"\n'
                              "size = [8, 6]\nepochs = 1\ncross_validate = 0\nexternal = true")  # fmt: skip
    assert run(["train", "photos", "--recipe", "r.toml"]) == 0
    features = pellucid.load("model.pellucid").features
    assert (features.normalize, features.external, features.backbone.output) == ("unit", True, "y")
    assert features.shape.as_tuple == (8, 6, 3)
    assert run(["train", "--recipe", "model.pellucid.toml", "--out", "again.pellucid"]) == 0
    one, two = pellucid.load("model.pellucid"), pellucid.load("again.pellucid")
    assert one.network.parameters.tobytes() == two.network.parameters.tobytes()
    assert one.features.metadata() == two.features.metadata()


def test_a_recipe_in_full_names_what_was_chosen(folder):
    used = train("photos", features="embedding:net.onnx", cross_validate=0, epochs=1, ensemble=1).recipe
    assert (used["features"], used["normalize"], used["size"]) == ("embedding:net.onnx", "imagenet", (224, 224))


# What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"features": "embedding"}, "features embedding needs a backbone: embedding:FILE.onnx."),
        ({"features": "embedding:"}, "features embedding needs a backbone: embedding:FILE.onnx."),
        ({"features": "embeding:net.onnx"}, "unknown kind of features 'embeding:net.onnx'"),
        ({"features": "pixels:net.onnx"}, "unknown kind of features 'pixels:net.onnx'"),
        ({"external": True}, "external is for features embedding:FILE.onnx alone."),
        ({"features": "pixels", "normalize": "unit"}, "normalize is for features embedding:FILE.onnx alone."),
        ({"features": "embedding:n.onnx", "normalize": "imgenet"}, "unknown normalization 'imgenet': did you mean"),
    ],
)
def test_recipes_that_cannot_be(settings, message):
    with pytest.raises(InputError) as error:
        make_recipe(data="photos", **settings)
    assert str(error.value).startswith(message)


def test_mistakes_are_told(folder):
    with pytest.raises(MissingFileError, match=r"there is no backbone gone\.onnx"):
        train("photos", features="embedding:gone.onnx")
    Path("text.onnx").write_text("this is no network")
    with pytest.raises(InputError, match=r"text\.onnx is not an ONNX file, or it is damaged"):
        train("photos", features="embedding:text.onnx")
    with pytest.raises(InputError, match="features is for pictures"):
        train("toy:flower", features="embedding:net.onnx")


def test_without_onnxruntime(folder, monkeypatch, capsys):
    path = train("photos", features="embedding:net.onnx", **HOW).model.save("m.pellucid")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r'pip install "pellucid\[onnx\]"'):
        train("photos", features="embedding:net.onnx", **HOW)
    with pytest.raises(MissingExtraError, match=r'pip install "pellucid\[onnx\]"'):
        pellucid.load(path).predict(PIXELS)
    assert run(["inspect", "m.pellucid"]) == 0  # which runs nothing of the backbone


def changed(path, metadata=(), arrays=()):
    """Write a model file anew, sound but for what is changed in its features; {name: value}."""
    networks, kept, content = read_model(path)
    for name, value in dict(metadata).items():
        content["features"] |= {name: value}
    write_model("changed.pellucid", networks, kept | dict(arrays), content)
    return "changed.pellucid"


@pytest.fixture
def saved(learned, tmp_path, monkeypatch):
    """Go to a copy of the folder, and return its model."""
    shutil.copytree(learned, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Path("m.pellucid")


@pytest.mark.parametrize(
    ("metadata", "arrays", "message"),
    [
        ({"n_out": 6}, {}, "mean and scale do not fit the features"),
        ({"n_out": "many"}, {}, "lacks a part of a model, or has a wrong one"),
        ({"normalize": "imagnet"}, {}, "unknown normalization 'imagnet'"),
        ({"normalize": ["unit"]}, {}, "lacks a part of a model, or has a wrong one"),
        ({"shape": {"height": 10**6, "width": 10**6, "channels": 3}}, {}, "a backbone is given at most"),
        ({"views": ["plain", "moon"]}, {}, "views must be different ones of plain, mirrored, .*; got plain, moon"),
        ({"views": ["plain", "plain"]}, {}, "views must be different ones"),
        ({"views": []}, {}, "views must be different ones"),
        ({"backbone": {}}, {}, "lacks a part of a model, or has a wrong one"),
        ({"backbone": {}, "external": True}, {}, "lacks a part of a model, or has a wrong one"),
        ({}, {"mean": np.zeros(4)}, "mean and scale do not fit the features"),
        ({}, {"scale": np.full(5, np.nan)}, "does not fit together"),
        ({}, {"scale": np.zeros(5)}, "does not fit together"),
    ],
)
def test_model_files_whose_features_do_not_fit(saved, metadata, arrays, message):
    with pytest.raises(ModelFileError, match=message):
        pellucid.load(changed(saved, metadata, arrays))


def test_a_model_file_with_a_damaged_backbone(saved):
    for data in (b"", b"random bytes", pooled_colours()[:100], pooled_colours(takes=("n", 3, 9, 9))):
        model = pellucid.load(changed(saved, arrays={"onnx": np.frombuffer(data, np.uint8)}))
        with pytest.raises(InputError, match=r"net\.onnx"):
            model.predict(PIXELS)
    for n in (4, 1):  # a single number must not stand for all
        data = pooled_colours(weights={"W": W[:, :n]}, gives=("n", n))
        model = pellucid.load(changed(saved, arrays={"onnx": np.frombuffer(data, np.uint8)}))
        with pytest.raises(InputError, match=rf"net\.onnx gives {n} numbers, expected 5"):
            model.predict(PIXELS)


def test_a_claimed_sha256_counts_for_nothing(saved):
    own = {"path": "net.onnx", "sha256": "0" * 64, "size": 1, "output": None}
    features = pellucid.load(changed(saved, {"backbone": own})).features
    assert features.metadata()["backbone"]["sha256"] == hashlib.sha256(pooled_colours()).hexdigest()
    assert "0" * 64 not in features.made_with()


@pytest.mark.parametrize("path", [r"\\host\share\net.onnx", "//host/share/net.onnx"])
def test_a_stranger_cannot_make_this_machine_call_another(saved, path):
    Path("net.onnx").unlink()
    own = {"path": path, "sha256": "0" * 64, "size": 1, "output": None}
    with pytest.raises(MissingFileError, match=r"is not at net\.onnx;"):
        pellucid.load(changed(saved, {"backbone": own, "external": True}))
