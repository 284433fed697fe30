"""What a hunt for bad inputs found: none of it may be lost, wrong in silence, or a fault."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import pellucid
from inputs import inputs
from models import make
from pellucid.cli.main import run
from pellucid.errors import InputError, ModelFileError
from pellucid.features import Numbers
from pellucid.model.model import Model, load
from pellucid.model.model_file import write_model
from pellucid.nn import Dense, Network
from pellucid.system.files import atomic_write, check_different
from photographs import write_pictures


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# outputs ---------------------------------------------------------------------------------------------------------


def test_two_outputs_of_one_name_are_refused(capsys):
    assert run(["train", "toy:flower", "--epochs", "2", "--out", "same", "--json", "./same"]) == 1
    assert "--out and --json both name ./same; give two names." in capsys.readouterr().err
    assert not Path("same").exists()
    with pytest.raises(InputError):
        check_different(csv="a", json="a")
    check_different(csv="a", json=None, out="b")


def test_links_stay_links_and_devices_stay_devices(tmp_path):
    Path("target").write_text("old")
    Path("link").symlink_to("target")
    atomic_write("link", b"new")
    assert Path("link").is_symlink() and Path("target").read_text() == "new"
    atomic_write(os.devnull, b"gone")
    assert not Path(os.devnull).is_file()


def test_a_closed_pipe_costs_no_output():
    command = f"{sys.executable} -m pellucid train toy:flower --epochs 2 --out m --json r.json | true"
    subprocess.run(command, shell=True, check=True, capture_output=True)
    assert load("m").class_names == ("0", "1") and json.loads(Path("r.json").read_text())["command"] == "train"


@pytest.mark.slow
def test_ctrl_c_keeps_the_model():
    code = (
        "import os, signal, sys; from pellucid.cli.main import run; import pellucid.cli.output as output\n"
        "press = lambda state: os.kill(os.getpid(), signal.SIGINT) if state.epoch == 3 else None\n"
        "output.Bars.training = lambda *_: press\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "how = ['--epochs', '500', '--no-report', '--cross-validate', '0']\n"
        "sys.exit(run(['train', 'toy:flower', '--out', 'm', *how]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and "what was learned until then is kept" in done.stdout, done.stderr
    assert 3 <= len(load("m").history["cost"]) < 500
    assert signal.getsignal(signal.SIGINT) is not None


# model files -----------------------------------------------------------------------------------------------------


def hostile(**changes):
    """Write a model file whose checksum is right but whose parts are not."""
    model = make()
    metadata = {
        "features": model.features.metadata(),
        "class_names": list(model.class_names),
        "merge": {},
        "history": {},
        "provenance": {},
    }
    networks, arrays = changes.pop("networks", model.networks), changes.pop("arrays", {})
    write_model("m", networks, arrays, metadata | changes)
    return "m"


def spoiled(value):
    network = make().network.copy()
    network.parameters[3] = value
    return (network,)


HOSTILE = {
    "nan weight": {"networks": spoiled(np.nan)},
    "infinite weight": {"networks": spoiled(np.inf)},
    "no network": {"networks": ()},
    "values, not classes": {"networks": (Network([Dense(12, 2)], "squared_error"),)},
    "too few class names": {"class_names": ["a", "b"]},
    "class names twice": {"class_names": ["a", "a", "b"]},
    "class names of numbers": {"class_names": [1, 2, 3]},
    "class names nested": {"class_names": [["a"], ["b"], ["c"]]},
    "history of text": {"history": "none"},
    "merge of null": {"merge": None},
    "unknown features": {"features": {"kind": "foo"}},
    "features of text": {"features": "pixels"},
    "picture of another size": {"features": {"kind": "pixels", "shape": {"height": 3, "width": 3, "channels": 3}}},
    "picture of no size": {"features": {"kind": "pixels", "shape": {"height": 0, "width": 2, "channels": 3}}},
    "picture of half a pixel": {"features": {"kind": "pixels", "shape": {"height": 2.5, "width": 2, "channels": 3}}},
    "scale of zero": {
        "features": {"kind": "numbers", "n_out": 12, "columns": []},
        "arrays": {"mean": np.zeros(12), "scale": np.zeros(12)},
    },
    "mean of another shape": {
        "features": {"kind": "numbers", "n_out": 12, "columns": []},
        "arrays": {"mean": np.zeros(5), "scale": np.ones(5)},
    },
}


@pytest.mark.parametrize("changes", HOSTILE.values(), ids=HOSTILE)
def test_hostile_model_files_are_refused(changes, capsys):
    with pytest.raises(ModelFileError):
        load(hostile(**changes))
    assert run(["inspect", "m"]) == 1
    assert "fault" not in capsys.readouterr().err


def test_the_frame_of_the_hostile_files_is_sound():
    assert load(hostile()).class_names == ("a", "b", "c")


# data ------------------------------------------------------------------------------------------------------------


def test_links_in_a_circle_are_not_followed():
    write_pictures(Path("photos"), n=3)
    for name in ("one", "two"):
        Path("photos", "dark", name).symlink_to("..")
    assert pellucid.data.load("photos").train.counts()["dark"] == 3


@pytest.mark.parametrize("entry", ["/", "//", "./cat/0.png"])
def test_strange_names_in_a_zip(entry, capsys):
    with zipfile.ZipFile("z.zip", "w") as file:
        file.writestr(entry, b"")
    assert run(["train", "z.zip"]) == 1
    assert "fault" not in capsys.readouterr().err


def test_scalars_instead_of_arrays(capsys):
    np.savez("s.npz", X=np.zeros((4, 2)), y=3)
    assert run(["train", "s.npz"]) == 1
    assert "y is a single value; expected one for each sample" in capsys.readouterr().err


def test_the_test_data_is_not_the_training_data(capsys):
    write_pictures(Path("photos"), n=3)
    assert run(["train", "photos", "--test", "./photos"]) == 1
    assert "the test data is the training data itself" in capsys.readouterr().err


def test_parts_beside_classes_are_not_taken_for_classes(capsys):
    for part in ("train", "test"):
        write_pictures(Path("photos", part), n=2)
    Path("photos", "single_prediction").mkdir()
    assert run(["train", "photos"]) == 1
    assert "which name parts of the data, beside single_prediction" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["[x]br", "sick :cat:", "né e", "a\u2028b", "[red]"])
def test_class_names_are_only_text(name, capsys):
    write_pictures(Path("photos"), (name, "other"), n=3)
    assert run(["train", "photos", "--features", "pixels", "--epochs", "1", "--size", "2"]) == 0
    assert run(["evaluate", "model.pellucid", "photos"]) == 0
    assert name.split("\u2028")[0] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", ""], "the name of the data is empty"),
        (["train", "~nosuch/x"], "there is no file or folder ~nosuch/x"),
        (["train", "toy:flower", "--layers", "²"], "'²' is not WIDTH or WIDTH:ACTIVATION"),
        (["train", "toy:flower", "--optimizer", "lbfgs", "--schedule", "cosine"], "left alone with lbfgs"),
        (["train", "huge.csv"], "column 'a' cannot be standardised: its numbers are too large or too small"),
        (["train", "under.csv"], "column 'a' is '1_5', expected a finite number"),
    ],
)
def test_more_mistakes_end_in_a_message(arguments, message, capsys):
    Path("huge.csv").write_text("a,label\n" + "\n".join(f"{(-1) ** i}e308,{i % 2}" for i in range(20)))
    Path("under.csv").write_text("a,label\n1_5,x\n2,y\n")
    assert run(arguments) in (1, 2)
    error = capsys.readouterr().err
    assert message in error and "fault" not in error and "Warning" not in error


# Python ----------------------------------------------------------------------------------------------------------


def test_a_failed_fit_leaves_the_estimator_as_it_was():
    X = np.random.default_rng(0).normal(size=(30, 2))
    net = pellucid.NeuralNetworkClassifier(epochs=2, random_state=0).fit(X, np.array(["a", "b"] * 15))
    before = net.predict(X)
    with pytest.raises(InputError):
        net.fit(X[:, :1], np.array(["cat", "dog"] * 15), sample_weight=-np.ones(30))
    assert list(net.predict(X)) == list(before) and list(net.classes_) == ["a", "b"]


def test_warm_start_wants_the_same_layers_not_the_same_number_of_weights():
    X, y = np.random.default_rng(0).normal(size=(30, 2)), np.array([0, 1] * 15)
    net = pellucid.NeuralNetworkClassifier(hidden_layers=(3,), warm_start=True, epochs=1).fit(X, y)
    with pytest.raises(InputError, match="warm start needs the same layers"):
        net.set_params(hidden_layers=(4,)).fit(X[:, :1], y)  # 13 parameters both


def test_numbers_too_large_for_the_network_are_told():
    X, y = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32), np.array([0, 1] * 15)
    net = pellucid.NeuralNetworkClassifier(epochs=1).fit(X, y)
    with pytest.raises(InputError, match=r"X, in float32, holds 60 values"):
        net.predict_proba(X.astype(float) * 1e200)


@pytest.mark.parametrize("y", [[-1, -1], [0.7, 0.7], [9, 0]])
def test_targets_that_are_no_codes_prove_nothing(y):
    network = Network([Dense(2, 3)], "softmax_cross_entropy").initialize("he", 0)
    with pytest.raises(InputError, match="must lie in 0 to 2"):
        pellucid.check_gradients(network, np.eye(2), np.array(y))


def test_a_constant_column_keeps_its_scale():
    X = np.column_stack([np.full(1000, 0.1), np.arange(1000.0)])  # whose deviation comes out as 1e-15
    np.testing.assert_array_equal(Numbers(2).fit(X).scale[0], 1.0)
    assert abs(inputs(Numbers(2).fit(X), [[0.100001, 0.0]])[0, 0]) < 1e-5


def test_a_model_of_numbers_is_told_apart():
    network = Network([Dense(2, 1)], "squared_error").initialize("he", 1)
    Model(Numbers(2), (network,)).save("m")
    assert run(["evaluate", "m", "toy:flower"]) == 1 == run(["check", "m", "toy:flower"])


def test_the_test_data_is_not_the_validation_data(capsys):
    write_pictures(Path("photos"), n=3)
    write_pictures(Path("others"), n=3)
    assert run(["train", "photos", "--validation", "others", "--test", "./others"]) == 1
    assert "the test data is the validation data itself" in capsys.readouterr().err
