"""The command line: what people type, what they read, and that nothing ends in a traceback."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid
from command_line import QUICK, results
from pellucid.cli.main import COMMANDS, GROUPS, run
from pellucid.cli.output import write_json
from pellucid.experiment.recipe_file import read_recipe
from pellucid.explanation import plots
from pellucid.training import EarlyStopping
from photographs import write_pictures


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_pictures(tmp_path / "photos")


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A folder with photos/ and the model m that learned them."""
    folder = tmp_path_factory.mktemp("learned")
    write_pictures(folder / "photos")
    how = ["--layers", "8", "--optimizer", "lbfgs", "--seed", "1"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(["train", "photos", *QUICK, "--size", "8", "--out", "m", *how]) == 0
    return folder


@pytest.fixture
def model(learned, tmp_path, monkeypatch):
    shutil.copytree(learned, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return "m"


def test_help_has_three_groups_and_every_command_has_examples(capsys):
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    for title in GROUPS:
        assert f"\n{title}:\n" in text
    for name in COMMANDS:
        assert run([name, "--help"]) == 0
        assert "Example" in capsys.readouterr().out


def test_train_tells_and_writes(pictures, capsys):
    assert run(["train", "photos", *QUICK, "--epochs", "30", "--size", "10x8", "--seed", "1", "--json", "r.json"]) == 0
    out, err = capsys.readouterr()
    assert err == "learning from photos\n"  # no progress bar in a pipe
    assert "photos: pixels of pictures 10 x 8, RGB, 0 to 1" in out
    assert "accuracy, test: " in out and "95% interval" in out and "always the majority: 0.333" in out
    assert "model: model.pellucid" in out
    told = results("r.json", "train")
    assert told["epochs"] == 30 == len(told["cost"]) and told["scores"]["test"]["n"] == 6
    assert pellucid.load("model.pellucid").features.shape.width == 10


def test_outputs_are_not_overwritten_and_refused_before_training(model, capsys):
    before = Path(model).read_bytes()
    assert run(["train", "nowhere", "--out", "m"]) == 1  # told before the missing data is looked at
    assert (
        "Error: m exists and was left as it is; choose another name, or give --force (force=True)."
        in capsys.readouterr().err
    )
    Path("notes.json").write_text('{"schema": 1}')
    assert run(["train", "photos", *QUICK, "--out", "m2", "--json", "notes.json"]) == 1
    assert Path("notes.json").read_text() == '{"schema": 1}' and Path(model).read_bytes() == before
    assert run(["train", "photos", *QUICK, "--epochs", "1", "--out", "m", "--force"]) == 0


def test_predict_prints_and_writes_a_table(model, capsys):
    assert run(["predict", model, "photos/light/00.png", "photos/dark", "--csv", "a.csv", "--json", "p.json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("photos/light/00.png: light (")
    rows = list(csv.reader(Path("a.csv").read_text("utf-8-sig").splitlines()))
    assert rows[0] == ["file", "class", "probability", "p(dark)", "p(grey)", "p(light)"] and len(rows) == 14
    assert {row[1] for row in rows[2:]} == {"dark"}
    assert len(results("p.json", "predict")["predictions"]) == 13
    assert run(["predict", model, "photos", "--csv", "a.csv"]) == 1  # exists
    assert "a.csv exists" in capsys.readouterr().err


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_predict_takes_a_photo_of_any_kind(model, mode, capsys):
    picture = Image.fromarray(np.full((90, 70, 3), 225, np.uint8))
    if mode in ("I;16", "I"):
        picture = Image.fromarray(np.full((90, 70), 225 * 257, np.uint16)).convert(mode)
    elif mode == "F":
        picture = picture.convert("L").convert(mode)
    else:
        picture = picture.convert(mode)
    name = "x.tif" if mode in ("CMYK", "F", "I", "I;16") else "x.png"
    picture.save(name)
    assert run(["predict", model, name]) == 0
    assert capsys.readouterr().out.startswith(f"{name}: light (")


def test_bad_pictures_are_named_and_can_be_skipped(model, capsys):
    Path("photos/dark/broken.jpg").write_bytes(b"\xff\xd8\xff")
    assert run(["predict", model, "photos"]) == 1
    assert "broken.jpg" in capsys.readouterr().err
    assert run(["predict", model, "photos", "--skip-bad"]) == 0
    assert "left out: photos/dark/broken.jpg" in capsys.readouterr().out
    assert run(["train", "photos", *QUICK, "--out", "n", "--epochs", "1"]) == 1
    assert run(["train", "photos", *QUICK, "--out", "n", "--epochs", "1", "--skip-bad", "--json", "r.json"]) == 0
    assert "left out as unreadable: 1" in capsys.readouterr().out
    assert [bad["name"] for bad in results("r.json", "train")["skipped"]] == ["dark/broken.jpg"]


def test_evaluate(model, capsys):
    assert run(["evaluate", model, "photos", "--json", "e.json"]) == 0
    out = capsys.readouterr().out
    assert "photos, part train: accuracy " in out and "expect less on new data" in out
    assert "interval" not in out.splitlines()[0] and "interval" in out.splitlines()[2]  # that of the 6 others
    told = results("e.json", "evaluate")
    assert set(told) >= {"accuracy", "interval", "balanced_accuracy", "confusion", "classes", "baselines", "n"}
    assert (
        told["interval"] is None
        and told["used_for"] == "training"
        and told["n"] == 36
        and np.sum(told["confusion"]) == 36
        and told["accuracy"] > 0.9
    )
    assert run(["evaluate", model, "photos", "--part", "test"]) == 1
    assert "photos has no part test; it has train." in capsys.readouterr().err


def test_check_and_inspect(model, capsys):
    assert run(["check", model, "photos", "--rows", "6", "--json", "c.json"]) == 0
    assert "Every gradient agrees with the cost." in capsys.readouterr().out
    assert [t["name"] for t in results("c.json", "check")["tensors"]] == ["W1", "b1", "W2", "b2"]
    assert run(["inspect", model, "--json", "i.json", "--pictures", "drawn"]) == 0
    out = capsys.readouterr().out
    assert "in torch: Sequential(Linear(192, 8), ReLU(), Linear(8, 3))" in out and "seed: 1" in out
    assert "used for: test testing, train training" in out and "{" not in out and "None" not in out
    assert results("i.json", "inspect")["classes"] == ["dark", "grey", "light"]


def test_what_is_drawn_was_not_learned_from(tmp_path, monkeypatch, no_drawing):
    monkeypatch.chdir(tmp_path)
    for number in range(24):  # noise, which can be learned by heart only
        folder = tmp_path / "noise" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    drawn, confusion = [], plots.confusion
    monkeypatch.setattr(plots, "confusion", lambda counts, names: drawn.append(counts) or confusion(counts, names))
    how = ["--features", "pixels", "--cross-validate", "1", "--size", "8", "--optimizer", "lbfgs", "--seed", "1"]
    assert run(["train", "noise", *how, "--pictures", "drawn", "--json", "r.json"]) == 0
    told = results("r.json", "train")
    assert drawn == [told["cross_validation"]["confusion"]] != [told["scores"]["train"]["confusion"]]


@pytest.mark.slow
def test_training_pictures_are_drawn(pictures):
    assert run(["train", "photos", *QUICK, "--epochs", "2", "--size", "8", "--out", "m", "--pictures", "drawn"]) == 0
    drawn = {path.name for path in (pictures.parent / "drawn").iterdir()}
    stems = ("confusion", "cost", "examples", "first-layer", "misclassified")
    assert drawn == {f"{stem}.{kind}" for stem in stems for kind in ("png", "svg")}
    assert run(["train", "photos", "--out", "n", "--pictures", "drawn"]) == 1  # not over earlier pictures


def test_tables_and_points(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(f"{i};{i % 5},5;{'a' if i < 20 else 'b'}" for i in range(40))
    (tmp_path / "t.csv").write_text("size;weight;kind\n" + rows)
    assert run(["train", "t.csv", "--out", "m"]) == 1
    assert "--label" in capsys.readouterr().err
    how = ["--layers", "none", "--optimizer", "lbfgs", "--seed", "0"]
    assert run(["train", "t.csv", "--label", "kind", "--out", "m", *how, "--pictures", "d"]) == 0
    assert (tmp_path / "d" / "boundary.png").exists()
    capsys.readouterr()
    (tmp_path / "new.csv").write_text("weight;size\n2,5;3\n2,5;37\n")
    assert run(["predict", "m", "new.csv"]) == 0
    assert [line.split(" (")[0] for line in capsys.readouterr().out.splitlines()] == [
        "new.csv, row 0: a",
        "new.csv, row 1: b",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["trian"], 2, "unknown command 'trian': did you mean 'train'?"),
        (["train"], 2, "Missing argument 'DATA'"),
        (["train", "toy:flower", "--layers", "20:"], 0, ""),
        (["train", "toy:flower", "--layers", "x"], 2, "'x' is not WIDTH or WIDTH:ACTIVATION"),
        (["train", "toy:flower", "--layers", "5:reul"], 1, "unknown activation 'reul': did you mean 'relu'?"),
        (["train", "toy:flower", "--size", "0"], 2, "'0' is not a size such as 64 or 100x80"),
        (["train", "toy:flower", "--batch-size", "-3"], 2, "'-3' is not a number of rows, auto or full."),
        (["train", "toy:flower", "--merge", "a"], 2, "'a' is not NEW=OLD+OLD"),
        (["train", "toy:flower", "--keys", "a"], 2, "'a' is not two names, such as images,labels."),
        (["train", "toy:rose"], 1, "unknown toy data set 'rose'"),
        (["train", "nowhere"], 1, "there is no file or folder nowhere"),
        (["train", "toy:flower", "--optimizer", "adm"], 1, "unknown optimizer 'adm': did you mean 'adam'?"),
        (["train", "toy:flower", "--epochs", "0"], 1, "epochs must be a whole number, at least 1; got 0."),
        (["train", "toy:flower", "--recipe", "no.toml"], 1, "there is no recipe no.toml"),
        (["train", "nowhere", "--out", "no/where/m"], 1, "no/where/m cannot be written: there is no folder no/where."),
        (["train", "nowhere", "--out", "."], 1, ". is a folder; give the name of a file."),
        (["train", "nowhere", "--json", "no/r.json"], 1, "there is no folder no"),
        (["train", "toy:flower", "--seed", "-1"], 2, "--seed"),
        (["train", "toy:flower", "--optimizer", "gradient_descent", "--learning-rate", "1e200"], 1, "diverged"),
        (["predict", "nothing", "x.jpg"], 1, "there is no file nothing."),
        (["predict", "nothing"], 2, "Missing argument"),
        (["evaluate", "nothing", "toy:flower"], 1, "there is no file nothing."),
        (["inspect", "."], 1, "cannot be read"),
        (["reproduce", "cats"], 2, "is not one of"),
        (["reproduce", "planar", "--classes", "3"], 1, "--classes belongs to beans, not to planar."),
        (["reproduce", "planar", "--animation", "x.png"], 1, "expected a name ending in .gif, got x.png."),
        (["reproduce", "planar", "--hidden-sizes", "0"], 2, "is not a list of numbers such as 1,2,3."),
        (["reproduce", "logistic", "--data", "nowhere"], 1, "fbe56ab67c3ae28d564e3a644189117976d6b31af0a3ce9bb17"),
        (["reproduce", "beans", "--data", "nowhere"], 1, "storage.googleapis.com/ibeans/"),
    ],
)
def test_mistakes_end_in_a_message(tmp_path, monkeypatch, capsys, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    short = ["--epochs", "2"] if arguments[:2] == ["train", "toy:flower"] and "--epochs" not in arguments else []
    assert run([*arguments, *short]) == code
    out, err = capsys.readouterr()
    assert message in err and "Traceback" not in out + err


def test_a_fault_of_ours_is_told_without_a_traceback(monkeypatch, capsys):
    def broken(*_, **__):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("pellucid.cli.train.check_output", broken)
    assert run(["train", "toy:flower"]) == 1
    assert "Error: a fault in pellucid: ZeroDivisionError: oops. Please report it" in capsys.readouterr().err


def test_interrupt_outside_training(monkeypatch, capsys):
    def pressed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("pellucid.cli.train.check_output", pressed)
    assert run(["train", "toy:flower"]) == 1
    assert capsys.readouterr().err.strip() == "Error: interrupted; nothing more was written."


def test_json_has_no_nan(tmp_path):
    write_json(str(tmp_path / "j"), "x", {"a": [float("nan"), np.float32("inf"), np.int64(3)], 1: (np.eye(1),)})
    assert results(tmp_path / "j", "x") == {"a": [None, None, 3], "1": [[[1.0]]]}


@pytest.mark.slow
def test_the_program_itself(tmp_path, monkeypatch, capsys, no_drawing):
    def call(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "pellucid", *arguments], cwd=tmp_path, capture_output=True, text=True
        )

    assert call("--version").stdout == f"pellucid, version {pellucid.__version__}\n"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pellucid-demo").mkdir()
    (tmp_path / "pellucid-demo" / "digits.pellucid").write_bytes(b"of the last time")
    assert run(["demo", "--json", "d.json"]) == 0  # over its own files
    demo = capsys.readouterr()
    assert demo.err == "" and "the network says" in demo.out
    assert results(tmp_path / "d.json", "demo")["scores"]["test"]["accuracy"] > 0.95
    assert "pellucid explain pellucid-demo/digits.pellucid pellucid-demo/digit.png --label" in demo.out
    explained = call("explain", "pellucid-demo/digits.pellucid", "pellucid-demo/digit.png", "--label", "3")
    assert explained.returncode == 0 and explained.stderr == "" and "Loss" in explained.stdout
    assert call("predict", "pellucid-demo/digits.pellucid", "nothing.png").returncode == 1


def test_results_do_not_replace_the_recipe(pictures, capsys):
    assert run(["train", "photos", "--out", "m", "--json", "m.toml", *QUICK]) == 1
    assert "--json and --out's recipe both name m.toml" in capsys.readouterr().err


def test_early_stopping_of_a_recipe_is_kept(pictures):
    Path("r.toml").write_text('data = "photos"\nearly_stopping = {patience = 3, fraction = 0.3}\n')
    assert run(["train", "--recipe", "r.toml", "--early-stopping", "--out", "m", "--epochs", "1", *QUICK]) == 0
    assert read_recipe("m.toml")["early_stopping"] == EarlyStopping(3, fraction=0.3)


def test_predict_answers_or_counts_every_file(model, capsys):
    Path("new").mkdir()
    for name in ("a.jpg", "b", "c.jpe"):
        Image.new("RGB", (8, 8)).save(f"new/{name}", "JPEG")
    Path("new/d.mp4").write_bytes(b"...")
    Path("new/e.jpg").write_bytes(b"...")
    shutil.make_archive("new", "zip", "new")
    for source in ("new", "new.zip"):
        assert run(["predict", model, source, "--skip-bad", "--json", "p.json"]) == 0
        said = capsys.readouterr().out
        assert "5 files: 3 answered, 1 skipped as unreadable, 1 passed over (1 .mp4)" in said
        found = results("p.json", "predict")
        assert [answer["name"] for answer in found["predictions"]] == [f"{source}/{n}" for n in ("a.jpg", "b", "c.jpe")]
        assert found["passed_over"] == [[f"{source}/d.mp4", ".mp4"]]
        assert [name for name, _ in found["skipped"]] == [f"{source}/e.jpg"]
        Path("p.json").unlink()
    assert run(["predict", model, "new.zip", "--sort-into", "sorted"]) == 1
    assert "new.zip is a zip, whose pictures cannot be sorted; unpack it first" in capsys.readouterr().err


def test_predict_notes_pages_after_the_first(model, capsys):
    pages = [Image.new("L", (8, 8), level) for level in (9, 99)]
    pages[0].save("many.tif", save_all=True, append_images=pages[1:])
    pages[0].save("one.tif")
    assert run(["predict", model, "one.tif", "many.tif"]) == 0
    assert "note: only the first page or frame was looked at of many.tif\n" in capsys.readouterr().out
