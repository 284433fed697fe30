"""What is unlike training is noted by default: pictures by novelty and brightness, rows by ranges and categories."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pellucid.cli.main import run
from pellucid.errors import ModelFileError, UnfamiliarWarning
from pellucid.experiment.run import train
from pellucid.model.model import load
from pellucid.model.novelty import ReferenceSet, conformal, unfamiliar_notes
from photographs import png, put

QUICK = {"epochs": 2, "cross_validate": 0, "audit": False, "ensemble": 1, "random_state": 0}
MOST = "unlike most training pictures"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("data") / "photos", {"dark": 40, "grey": 120}, 30)


@pytest.fixture(scope="module")
def model(folder):
    return train(folder, features="pixels", size=(6, 6), **QUICK).model


def write(folder, levels, n):
    for name, level in levels.items():
        for number, block in enumerate(pixels(level, n)):
            put(folder / name / f"{number}.png", png(Image.fromarray(block)))
    return folder


def pixels(level, n=1, noise=8):
    return (level + np.random.default_rng(1).integers(0, noise, (n, 6, 6, 3))).astype(np.uint8)


def test_pictures_unlike_training_are_noted_and_warned_of(model):
    assert set(model.unfamiliar(model.extract(pixels(40, 5)))) <= {"", "darker than most training pictures", MOST}
    striped = np.tile(np.where(np.arange(6) % 2, 0, 160).astype(np.uint8)[:, None, None], (1, 1, 6, 3))
    found = model.unfamiliar(
        model.extract(np.concatenate([pixels(40), pixels(250, noise=5), pixels(0, noise=3), striped]))
    )
    assert found[1:].tolist() == [
        "brighter than all training pictures",
        "darker than all training pictures",
        "unlike all training pictures",
    ]
    with pytest.warns(UnfamiliarWarning, match="1 of 1 pictures is brighter than all training pictures"):
        answer = model.predict(pixels(250, noise=5))
    with pytest.warns(UnfamiliarWarning, match="however sure it looks"):
        model.predict_proba(pixels(250, noise=5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UnfamiliarWarning)  # the one option that makes it quiet
        assert model.predict(pixels(250, noise=5)) == answer


def test_few_that_are_unlike_most_are_nothing_special():
    few, many = ["", *[MOST] * 9], [*[""] * 20, *[MOST] * 10]
    assert unfamiliar_notes(np.array(few, object)) == []
    assert unfamiliar_notes(np.array(many, object)) == [
        "10 of 30 pictures are unlike most training pictures: their answers may be wrong, however sure they look"
    ]
    assert unfamiliar_notes(np.array([*many, *[""] * 10], object)) == []  # a quarter


def test_about_one_in_a_hundred_new_pictures_of_the_same_kind_is_called_unlike_all(model):
    rng, shares = np.random.default_rng(0), []
    for seed in range(20):
        R = rng.normal(size=(300, model.features.n_row))
        reference = ReferenceSet.fit_with_limits(model.features, R, None, seed)
        new = reference.novelty(model.features, rng.normal(size=(200, model.features.n_row)))
        shares.append([(new > limit).mean() for limit in reference.limits])
    most, all_ = np.mean(shares, axis=0)
    assert 0.05 < most < 0.13 and 0.001 < all_ < 0.02


def test_copies_of_one_group_do_not_make_the_limits_small(model):
    R = np.repeat(np.random.default_rng(0).normal(size=(8, model.features.n_row)), 60, axis=0)
    alone = ReferenceSet.fit_with_limits(model.features, R, None, 0).limits
    grouped = ReferenceSet.fit_with_limits(model.features, R, np.repeat(np.arange(8), 60), 0).limits
    assert alone[1] < 0.1 * grouped[0]  # without groups each row lies among its own copies


def test_one_group_alone_has_no_limits(model):
    R = np.random.default_rng(0).normal(size=(5, model.features.n_row))
    assert ReferenceSet.fit_with_limits(model.features, R, np.zeros(5), 0).limits is None


def test_the_conformal_rank():
    assert conformal(np.arange(1.0, 100), 0.99) == 99 and conformal(np.arange(1.0, 11), 0.99) == 10
    assert conformal(np.arange(1.0, 100), 0.9) == 90


def test_limits_are_saved(model, tmp_path):
    again = load(model.save(tmp_path / "m"))
    R = model.extract(pixels(120, 7, noise=120))
    assert (
        again.unfamiliar(R).tolist() == model.unfamiliar(R).tolist()
        and again.reference.limits == model.reference.limits
    )
    for wrong in ((1.0,), (1.0, float("inf")), (1, "2")):
        bad = replace(model, reference=replace(model.reference, limits=wrong))
        with pytest.raises(ModelFileError):
            load(bad.save(tmp_path / "bad", force=True))


def test_the_commands_note_it(folder, model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model.save("m")
    new = write(tmp_path / "new", {"dark": 41, "light": 240}, 2)
    assert run(["predict", "m", str(new)]) == 0
    out = capsys.readouterr().out
    assert out.count(", but brighter than all training pictures") == 2
    assert "note: 2 of 4 pictures are brighter than all training pictures: their answers may be wrong" in out
    new = (new / "light").rename(new / "grey").parent
    assert run(["evaluate", "m", str(new)]) == 0
    assert "note: 2 of 4 pictures are brighter than all training pictures" in capsys.readouterr().out


@pytest.mark.parametrize("standardize", [True, False])
def test_a_column_that_never_varied_has_no_influence(tmp_path, standardize):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=60), "year": 2023, "place": "here"})
    table.assign(label=np.where(table.a > 0, "up", "down")).to_csv(tmp_path / "t.csv", index=False)
    model = train(tmp_path / "t.csv", **QUICK).model
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answers = model.predict_proba(table)
    for change in ({"year": 2030}, {"year": -1e9}, {"year": None}, {"place": "there"}, {"place": None}):
        with pytest.warns(UnfamiliarWarning, match=next(iter(change))):
            assert np.array_equal(model.predict_proba(table.assign(**change)), answers)


def test_an_answer_never_depends_on_its_neighbours(folder):
    how = {"epochs": 2, "cross_validate": 0, "audit": False, "ensemble": 5, "copies": ("mirrored",), "random_state": 0}
    model = train(folder, features="pixels", size=(6, 6), **how).model
    R = model.extract(pixels(80, 40, noise=120))
    together = model.outputs(R)
    assert all(model.outputs(R[row : row + 1]).tobytes() == together[row].tobytes() for row in range(len(R)))
