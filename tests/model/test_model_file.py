"""A model file: the same bits in a fresh process, whole or absent, and nothing in it is trusted."""

import json
import os
import struct
import subprocess
import sys

import numpy as np
import pytest

import pellucid
from models import make
from pellucid.data.images import PictureShape
from pellucid.errors import InputError, MissingFileError, ModelFileError, OutputExistsError, PellucidError
from pellucid.features import Numbers, Pixels
from pellucid.model.estimator import NeuralNetworkClassifier
from pellucid.model.model import Model, load
from pellucid.model.model_file import read_model, write_model
from pellucid.model.provenance import Provenance
from pellucid.nn import Activation, Dense, Dropout, Network

PICTURES = np.random.default_rng(0).integers(0, 256, (50, 2, 2, 3), np.uint8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("networks", [1, 3])
def test_round_trip_keeps_everything(tmp_path, dtype, networks):
    model = make(dtype, networks)
    path = model.save(tmp_path / "m.pellucid")
    again = load(path)
    assert again.predict_proba(PICTURES).tobytes() == model.predict_proba(PICTURES).tobytes()
    assert again.predict_proba(PICTURES).dtype == dtype
    assert (again.class_names, dict(again.merge), again.history, again.provenance) == (
        ("a", "b", "c"),
        {"c": ["x", "y"]},
        {"cost": [1.0]},
        Provenance(seed=7),
    )
    assert str(again.network) == str(model.network) and again.network.l2 == 0.1
    assert [repr(layer) for layer in again.network.layers] == [repr(layer) for layer in model.network.layers]


def test_the_same_model_gives_the_same_bytes(tmp_path):
    first, second = make().save(tmp_path / "1"), make().save(tmp_path / "2")
    assert first.read_bytes() == second.read_bytes()


def test_a_fresh_process_gives_the_same_bits(tmp_path):
    model = make()
    model.save(tmp_path / "m.pellucid")
    np.save(tmp_path / "x.npy", PICTURES)
    code = """import numpy, pellucid
print(pellucid.load("m.pellucid").predict_proba(numpy.load("x.npy")).tobytes().hex())"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == model.predict_proba(PICTURES).tobytes().hex()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_row_alone_gives_the_bits_it_has_among_fifty(dtype):
    model = make(dtype)
    together = model.predict_proba(PICTURES)
    alone = np.concatenate([model.predict_proba(picture) for picture in PICTURES])
    assert alone.tobytes() == together.tobytes()


def test_standardised_numbers_survive(tmp_path):
    X = np.random.default_rng(1).normal(5, 3, (20, 2))
    features = Numbers(2, ("age", "height")).fit(X)
    model = Model(features, (Network([Dense(2, 1)], "squared_error").initialize("he", 1),))
    model.save(tmp_path / "m")
    assert load(tmp_path / "m").predict(X).tobytes() == model.predict(X).tobytes()
    assert load(tmp_path / "m").features.columns == ("age", "height")


def test_an_existing_file_is_left_alone(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(b"precious")
    with pytest.raises(OutputExistsError, match=f"{path} exists and was left as it is"):
        make().save(path)
    assert path.read_bytes() == b"precious"
    make().save(path, force=True)
    assert load(path).class_names == ("a", "b", "c")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = make().save(tmp_path / "m")
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PellucidError, match="No space left on device"):
        make(networks=2).save(path, force=True)
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["m"]


def test_every_flipped_byte_is_noticed(tmp_path):
    path = make().save(tmp_path / "m")
    data = path.read_bytes()
    for place in np.random.default_rng(2).choice(len(data), 400, replace=False):
        broken = bytearray(data)
        broken[place] ^= 1 << int(place % 8)
        path.write_bytes(broken)
        with pytest.raises(ModelFileError):
            load(path)


@pytest.mark.parametrize("kept", [0, 7, 8, 100, -1])
def test_truncated_files_are_refused(tmp_path, kept):
    path = make().save(tmp_path / "m")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ModelFileError):
        load(path)


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04" + bytes(100),
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 100_000) + b"[" * 100_000,
        struct.pack("<Q", 2) + b"{}",
        json.dumps({"a": 1}).encode(),
    ],
    ids=["zip", "huge header", "nested", "no metadata", "json"],
)
def test_other_files_are_refused(tmp_path, data):
    (tmp_path / "m").write_bytes(data)
    with pytest.raises(ModelFileError):
        load(tmp_path / "m")


def test_a_newer_format_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("pellucid.model.model_file.FORMAT_VERSION", 99)
    path = make().save(tmp_path / "m")
    monkeypatch.undo()
    with pytest.raises(ModelFileError, match="has format version 99; this release reads 1"):
        load(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(MissingFileError, match="there is no file"):
        load(tmp_path / "nothing")
    with pytest.raises(ModelFileError, match="cannot be read"):
        load(tmp_path)


def test_an_activation_of_ones_own_is_not_saved_in_silence(tmp_path):
    own = Activation("cube", lambda Z, out=None: Z**3, lambda Z, out=None: 3 * Z**2, slope_from="Z")
    network = Network([Dense(2, 3, own), Dense(3, 1)], "squared_error").initialize("he", 1)
    with pytest.raises(InputError, match="'cube' is your own"):
        Model(Numbers(2), (network,)).save(tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_torch_predicts_the_same(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from safetensors.torch import load_file

    hidden = ["relu", "leaky_relu", "elu", "gelu", "tanh", "sigmoid", "softplus"]
    widths = [12, 6, 5, 7, 6, 5, 8, 6]
    dense = [Dense(a, b, act) for a, b, act in zip(widths, widths[1:], hidden, strict=False)]
    network = Network([*dense, Dropout(0.5), Dense(6, 3)], "softmax_cross_entropy", dtype=np.float32).initialize(
        "he", 3
    )
    model = Model(Pixels(PictureShape(2, 2, 3)), (network,), ("a", "b", "c"))
    path = model.save(tmp_path / "m.safetensors")
    nn = torch.nn
    kinds = [nn.ReLU(), nn.LeakyReLU(), nn.ELU(), nn.GELU(approximate="tanh"), nn.Tanh(), nn.Sigmoid(), nn.Softplus()]
    layers = [x for a, b, kind in zip(widths, widths[1:], kinds, strict=False) for x in (nn.Linear(a, b), kind)]
    sequential = nn.Sequential(*layers, nn.Linear(6, 3))
    sequential.load_state_dict(load_file(path))
    X = torch.tensor(PICTURES.reshape(50, 12) / 255, dtype=torch.float32)
    theirs = torch.softmax(sequential(X), dim=1).detach().numpy()
    np.testing.assert_allclose(model.predict_proba(PICTURES), theirs, atol=1e-6, rtol=0)


GOLDEN = "tests/golden/format-1.pellucid"


def test_the_golden_file_of_format_1_is_read(request):
    model = pellucid.load(request.config.rootpath / GOLDEN)
    assert model.class_names == ("0", "1") and str(model.network).startswith("Network(2-4 tanh-1, binary_cross_entropy")
    p = model.predict_proba([[0.5, -1.0], [2.0, 2.0]])
    np.testing.assert_allclose(p, [[0.2124199, 0.7875801], [0.9999999, 8.4748e-08]], rtol=1e-4)


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("history", "cost"), 3),
        (("history", "seconds"), "long"),
        (("history", "stopped_because"), None),
        (("merge",), {"a": 1}),
        (("provenance", "data"), 3),
        (("provenance", "versions"), [1]),
        (("provenance", "recipe"), "r"),
        (("provenance", "recipe", "categorical"), 3),
        (("provenance", "counts"), 7),
        (("features", "columns"), [1, 2]),
    ],
)
def test_every_field_of_a_stranger_is_checked(tmp_path, place, wrong):
    """Resealed by who changed it, so that the checksum holds: an error that says so, never a fault later."""
    X = np.random.default_rng(0).normal(size=(30, 2))
    model = NeuralNetworkClassifier(epochs=2, random_state=0).fit(X, X[:, 0] > 0).to_model(["no", "yes"])
    networks, arrays, metadata = read_model(model.save(tmp_path / "m"))
    *way, last = place
    part = metadata
    for name in way:
        part = part.setdefault(name, {})
    part[last] = wrong
    write_model(tmp_path / "resealed", networks, arrays, metadata)
    with pytest.raises(ModelFileError):
        load(tmp_path / "resealed")
