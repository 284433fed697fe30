"""Samples that a model has learned from are recognised, whatever they are called and wherever they lie."""

import shutil

import numpy as np
import pandas as pd
import pytest

from pellucid.cli.main import run
from pellucid.experiment.run import train
from pellucid.model.model import load
from pellucid.model.row_digests import learned_sentence, row_digests
from photographs import write_pictures

QUICK = {"epochs": 2, "cross_validate": 0, "holdout": 0, "audit": False, "random_state": 0}


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_types_do_not_matter(kind):
    numbers = np.arange(np.iinfo(kind).max + 1, dtype=kind)[:, None]
    shares = numbers / np.iinfo(kind).max
    assert np.array_equal(row_digests(numbers), row_digests(shares))
    assert np.array_equal(row_digests(numbers), row_digests(shares.astype(np.float32)))
    assert len(np.unique(row_digests(numbers))) == len(numbers)


def test_rows_of_cells():
    cells = np.array([[1.0, "red"], [1.0, None], [1.0, "red"]], object)
    first, second, third = row_digests(cells)
    assert first == third != second
    assert row_digests(np.array([[0.0]])) == row_digests(np.array([[-0.0]]))


def test_sentences():
    assert learned_sentence(np.zeros(5, bool)) is None
    assert (
        learned_sentence(np.array([1, 1, 0], bool)) == "2 of 3 samples were used for training: expect less on new data"
    )
    assert learned_sentence(np.array([1, 1, 0, 0], bool)) == (
        "2 of 4 samples equal training samples; the score counts them as new"
    )


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=120).round(3), "colour": rng.choice(["red", "blue"], 120)})
    return table.assign(label=np.where(table.a > 0, "up", "down"))


def test_a_copy_of_the_training_table_is_recognised(rows, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows[:80].to_csv("t.csv", index=False)
    train("t.csv", **QUICK).model.save("m")
    rows[:80].sample(frac=1, random_state=0)[["label", "colour", "a"]].to_csv("copy.csv", index=False)
    assert run(["evaluate", "m", "copy.csv"]) == 0
    out = capsys.readouterr().out
    assert "80 of 80 samples were used for training: expect less on new data." in out and "interval" not in out
    rows[75:].to_csv("new.csv", index=False)
    assert run(["evaluate", "m", "new.csv"]) == 0
    out = capsys.readouterr().out
    assert "5 of 45 samples equal training samples; the score counts them as new." in out and "interval" in out
    unseen = next(line for line in out.splitlines() if line.startswith("without them: accuracy"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    rows[80:].to_csv("t.csv", index=False)  # other data of the same name
    assert run(["evaluate", "../m", "t.csv"]) == 0
    out = capsys.readouterr().out
    assert "training" not in out and "interval" in out
    assert unseen.removeprefix("without them: ") in out  # as if only the new rows were there


@pytest.mark.parametrize("features", ["pixels", "photo"])
def test_training_pictures_under_other_names(features, tmp_path, capsys):
    folder = write_pictures(tmp_path / "photos", ("dark", "light"), n=6)
    size = {"size": (6, 6)} if features == "pixels" else {}
    load(train(folder, features=features, ensemble=1, **size, **QUICK).model.save(tmp_path / "m"))
    for number, path in enumerate(sorted(folder.rglob("*.png"))):
        new = tmp_path / "other" / path.parent.name / f"photo {number}.png"
        new.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, new)
    assert run(["evaluate", str(tmp_path / "m"), str(tmp_path / "other")]) == 0
    assert "12 of 12 samples were used for training" in capsys.readouterr().out
