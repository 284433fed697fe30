"""The folder of checkpoints: files always whole, never overwritten by another job, never trusted; disks may fail."""

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from checkpoint_runs import (
    AT_EVERY_UPDATE,
    CASES,
    KilledError,
    data,
    dying_at,
    killed_after,
    killed_at,
    outcome,
    settings,
    trained,
)
from pellucid.errors import (
    DivergedError,
    InputError,
    MissingFileError,
    ModelFileError,
    OutputExistsError,
    TrainingWarning,
)
from pellucid.nn import GradientDescent
from pellucid.training import Checkpoints, Every, fit
from pellucid.training.checkpoints import checkpoints
from training_runs import LOSS

ADAM = CASES["adam"]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "c"


@pytest.fixture
def killed(folder):
    """A folder whose job, ADAM, was killed after 9 updates."""
    killed_after(9, folder, **ADAM)
    return folder


# the folder -------------------------------------------------------------------------------------------------------


def test_a_short_job_never_writes(folder, tmp_path):
    trained(folder, every="60s", **ADAM)
    assert list(tmp_path.iterdir()) == []


def test_every_so_many_epochs(folder, monkeypatch):
    written = []
    real = checkpoints.write_checksummed
    monkeypatch.setattr(
        checkpoints, "write_checksummed", lambda path, *rest: written.append(path.name) or real(path, *rest)
    )
    trained(folder, every="4 epochs", **CASES["lbfgs"] | {"epochs": 9})
    assert written == ["job.checkpoint", *["a.fit.checkpoint"] * 3]  # 4, 8 and the end


@pytest.mark.parametrize("text", ["", "0s", "off", "1.5 epochs", "-3", "3 hours", "s", "1e3s"])
def test_how_often_is_checked(text):
    with pytest.raises(InputError, match=f"must be like 30s, 5min or 10 epochs; got {text!r}"):
        Every.parse(text)
    assert Every.parse(" 2.5 min ") == Every(seconds=150)
    assert Every.parse("1epoch") == Every.parse("1") == Every(None, 1)


def test_a_folder_that_cannot_be_written_is_an_error_before_any_work(tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder, error in (("no/c", "there is no folder"), ("file", "is a file where a folder is needed")):
        with pytest.raises(InputError, match=error):
            Checkpoints(tmp_path / folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: False)
        with pytest.raises(InputError, match="is not writable"):
            Checkpoints(tmp_path / "c")


def test_an_unfinished_training_is_not_overwritten(killed):
    before = {path: path.read_bytes() for path in killed.iterdir()}
    with pytest.raises(OutputExistsError, match=r"holds an unfinished training\. Resume it with --resume"):
        Checkpoints(killed)
    assert {path: path.read_bytes() for path in killed.iterdir()} == before
    (killed / "notes").write_text("mine")
    Checkpoints(killed, force=True)
    assert [path.name for path in killed.iterdir()] == ["notes"]
    with pytest.raises(MissingFileError, match="has no checkpoint to resume from"):
        Checkpoints(killed, resume=True)


def test_discard_removes_all_of_it(tmp_path, killed):
    (killed / ".a.fit.checkpoint.12ab34cd").write_bytes(b"half of a write that was killed")
    job = Checkpoints(killed, resume=True)
    job.discard()
    job.discard()
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_is_removed_and_no_leftover_is_resumed(folder):
    """When a kill comes while the folder is deleted, the files of a fit stay without their job."""
    killed_after(29, folder, **ADAM)
    (folder / "job.checkpoint").unlink()
    mine = ["a.2.checkpoint", "a.fit.checkpoint.bak", "model.checkpoint"]
    for name in mine:
        (folder / name).write_text("mine")
    how = ADAM | {"epochs": 21}
    killed_after(9, folder, **how)
    assert outcome(trained(folder, resume=True, **how)) == outcome(trained(**how))
    Checkpoints(folder, force=True)
    assert sorted(path.name for path in folder.iterdir()) == mine


@pytest.mark.parametrize(
    ("error", "stays"), [(None, False), (DivergedError("x"), False), (InputError("x"), True), (KilledError(), True)]
)
def test_as_a_context_it_is_discarded_when_the_job_is_done(error, stays, folder):
    with suppress(DivergedError, InputError, KilledError), Checkpoints(folder, "1") as job:
        fit(*data(), settings(**CASES["lbfgs"]), LOSS, 1, checkpoint=job.at("a"))
        if error is not None:
            raise error
    assert folder.exists() == stays == job.exists


def test_each_fit_has_a_label_of_its_own(folder):
    job = Checkpoints(folder, "1")
    fit(*data(), settings(**CASES["lbfgs"]), LOSS, 1, checkpoint=job.at("../Fold 3 of 5, member 0"))
    assert sorted(path.name for path in folder.iterdir())[0] == "fold-3-of-5-member-0.fit.checkpoint"
    for label in ("fold 3 of 5: member 0", "../", ""):
        with pytest.raises(InputError, match="a label of its own"):
            job.at(label)


def test_stored_values_survive_a_kill(folder, monkeypatch):
    job = Checkpoints(folder, AT_EVERY_UPDATE, {"size": (8, 8)})
    assert job.keep("seed", 5) == 5
    fit(*data(), settings(**CASES["lbfgs"]), LOSS, 1, checkpoint=job.at("a"))
    assert job.keep("later", "x") == "x"
    again = Checkpoints(folder, AT_EVERY_UPDATE, {"size": (8, 8)}, resume=True)
    assert (again.keep("seed", 6), again.keep("later", "y")) == (5, "x")
    with pytest.raises(
        InputError, match=r"a different training: size was \(8, 8\), now it is \(9, 9\); resuming would give"
    ):
        Checkpoints(folder, fingerprint={"size": (9, 9)}, resume=True)
    monkeypatch.setattr(checkpoints, "blas_description", lambda: "64 threads")
    with pytest.raises(InputError, match=r"BLAS was .*, now it is 64 threads"):
        Checkpoints(folder, fingerprint={"size": (8, 8)}, resume=True)


X, Y = data()
OTHERS = {
    "epochs was 20, now it is 21": {"epochs": 21},
    "random_state was 7, now it is 8; the training rows differ; the validation rows differ": {"random_state": 8},
    "the training rows differ": {"rows": (np.where(np.isclose(X, X[3, 3]), 0, X), Y)},
    "dropout was 0.3, now it is 0.2": {"dropout": 0.2},
}


@pytest.mark.parametrize("difference", OTHERS)
def test_a_different_training_cannot_resume(difference, killed):
    with pytest.raises(InputError, match=f"a.fit.checkpoint belongs to a different training: {difference}; resuming"):
        trained(killed, resume=True, **ADAM | OTHERS[difference])


def test_functions_in_the_settings_have_a_stable_fingerprint(folder):
    """Their addresses change from process to process."""

    def of_address():
        def schedule(t, epochs):
            return 0.01

        return schedule

    kept = of_address()
    killed_after(9, folder, **ADAM | {"learning_rate": kept})
    other_address = ADAM | {"learning_rate": of_address()}
    assert outcome(trained(folder, resume=True, **other_address)) == outcome(trained(**other_address))


PIXELS = np.random.default_rng(0).integers(0, 256, (40, 12), np.uint8)
W1, W2 = np.full((5, 60), 0.1), np.full((1, 5), 0.2)
OF_ITS_OWN = {
    "the training rows differ": ({"rows": (PIXELS, Y)}, {"rows": (np.maximum(PIXELS, 1), Y)}),
    "init was [0-9a-f]+, now it is [0-9a-f]+": ({"init": [W1, W2]}, {"init": [W1, 2 * W2]}),
}


@pytest.mark.parametrize("difference", OF_ITS_OWN)
def test_bytes_and_initial_arrays_count_by_their_values(difference, folder):
    then, now = OF_ITS_OWN[difference]
    how = ADAM | {"early_stopping": False}
    killed_after(9, folder, **how | then)
    with pytest.raises(InputError, match=f"a different training: {difference}; resuming"):
        trained(folder, resume=True, **how | now)
    assert outcome(trained(folder, resume=True, **how | then)) == outcome(trained(**how | then))


def test_sample_weights_and_a_warm_start_count(folder):
    start = trained(**CASES["lbfgs"]).network

    def run(folder=None, resume=False, weight=1.0, start=start):
        checkpoint = None if folder is None else Checkpoints(folder, AT_EVERY_UPDATE, resume=resume).at("a")
        w = np.full(len(Y), 1.0)
        w[0] = weight
        return fit(X, Y, settings(**ADAM), LOSS, 1, sample_weight=w, start=start, checkpoint=checkpoint)

    with dying_at(9):
        run(folder)
    with pytest.raises(InputError, match="the training rows differ; the validation rows differ; resuming"):
        run(folder, True, weight=2.0)
    with pytest.raises(InputError, match="training: the network to start from differs; resuming"):
        run(folder, True, start=None)
    assert outcome(run(folder, True)) == outcome(run())


def test_a_seed_must_be_known(folder):
    with pytest.raises(InputError, match="needs random_state as a number"):
        trained(folder, random_state=None)


def test_row_space_stays_as_it_was_decided(folder, monkeypatch):
    """Another amount of memory may be free when it is resumed."""
    how = CASES["basis"] | {"row_space": "auto", "epochs": 200}
    expected = outcome(trained(**how))
    assert expected[1].used_row_space
    killed_after(9, folder, **how)
    monkeypatch.setattr("pellucid.training.row_space.eligibility._free_memory", lambda: 1)
    assert outcome(trained(folder, resume=True, **how)) == expected


# damage -----------------------------------------------------------------------------------------------------------


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def test_a_damaged_checkpoint_is_an_error_and_without_it_the_fit_restarts(killed):
    path = killed / "a.fit.checkpoint"
    flip(path)
    with pytest.raises(
        ModelFileError, match=r"a\.fit\.checkpoint is damaged.* Delete a\.fit\.checkpoint to restart that fit\.$"
    ):
        trained(killed, resume=True, **ADAM)
    path.unlink()
    assert outcome(trained(killed, resume=True, **ADAM)) == outcome(trained(**ADAM))


@pytest.mark.parametrize("before_fsync", [True, False])
def test_a_kill_in_the_write_leaves_the_last_whole_file(before_fsync, monkeypatch, killed):
    whole = (killed / "a.fit.checkpoint").read_bytes()
    with monkeypatch.context() as patch:
        killed_at(1, patch, os, "fsync", before_fsync)
        patch.setattr(Path, "unlink", lambda self: None)  # a process that ends cleans nothing up
        with pytest.raises(KilledError):
            trained(killed, resume=True, **ADAM)
    names = sorted(path.name for path in killed.iterdir())
    assert names[0].startswith(".a.fit.checkpoint.") and names[1:] == ["a.fit.checkpoint", "job.checkpoint"]
    assert (killed / "a.fit.checkpoint").read_bytes() == whole
    assert outcome(trained(killed, resume=True, **ADAM)) == outcome(trained(**ADAM))


def test_an_unfinished_training_of_an_earlier_release_is_a_clear_error(folder):
    """Format version 1 wrote two files a fit, in turn."""
    folder.mkdir()
    for name in ("job", "a.0", "a.1"):
        checkpoints.write_checksummed(folder / f"{name}.checkpoint", checkpoints.KIND, 1, {}, {"about": {}, "kept": {}})
    (folder / ".a.1.checkpoint.12ab34cd").write_bytes(b"half of a write that was killed")
    with pytest.raises(
        ModelFileError, match=r"job\.checkpoint has format version 1; this release reads 2\. An earlier"
    ):
        Checkpoints(folder, resume=True)
    with pytest.raises(OutputExistsError, match="holds an unfinished training"):
        Checkpoints(folder)
    Checkpoints(folder, force=True)
    assert not folder.exists()


def test_a_damaged_job_is_an_error(killed):
    flip(killed / "job.checkpoint")
    with pytest.raises(ModelFileError, match=r"job\.checkpoint"):
        Checkpoints(killed, resume=True)


def set_in(name, value):
    def change(arrays, content):
        place = content
        *way, last = name.split("/")
        for step in way:
            place = place[step]
        assert last in place
        place[last] = value

    return change


def reshaped(arrays, content):
    arrays["state.learned"] = arrays["state.learned"][:-1]


FORGERIES = {
    "other shape": reshaped,
    "other type": lambda arrays, _: arrays.update({"state.best": arrays["state.best"].astype(np.float32)}),
    "no weights": lambda arrays, _: arrays.pop("state.learned"),
    "no slot": lambda arrays, _: arrays.pop("state.slots.mean"),
    "a slot too many": lambda arrays, _: arrays.update({"state.slots.x": np.zeros(3)}),
    "an order that repeats": lambda arrays, _: arrays.update({"state.order": np.zeros(36, np.int64)}),
    "an order too long": lambda arrays, _: arrays.update({"state.order": np.arange(37)}),
    "no order": lambda arrays, _: arrays.pop("state.order"),
    "batch": set_in("state/batch", 10**9),
    "negative batch": set_in("state/batch", -1),
    "epoch": set_in("state/epoch", 3),
    "costs": set_in("state/history", {"cost": "x"}),
    "a text for a number": set_in("state/waited", "3"),
    "another generator": set_in("state/shuffle", {"bit_generator": "MT19937", "state": {}}),
    "bits beyond": set_in("state/shuffle/state/state", 2**200),
    "a start too far": set_in("start", 1),
    "a negative start": set_in("start", -1),
    "no state": set_in("state", None),
    "best": set_in("best_start", 0),
    "no number": lambda _, content: content.pop("seconds"),
}


def forge(folder, change):
    """Change the checkpoint and seal it again."""
    path = folder / "a.fit.checkpoint"
    arrays, content = checkpoints.read_checksummed(path, checkpoints.KIND, checkpoints.FORMAT_VERSION)
    change(arrays, content)
    checkpoints.write_checksummed(path, checkpoints.KIND, checkpoints.FORMAT_VERSION, arrays, content)


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_checkpoint_is_an_error(what, killed):
    """Well made and sealed, but by somebody else: an error, never wrong weights."""
    forge(killed, FORGERIES[what])
    with pytest.raises(ModelFileError, match=r"a\.fit\.checkpoint does not fit this training: ") as error:
        trained(killed, resume=True, **ADAM)
    if what in ("batch", "no order", "epoch"):
        assert "its position is impossible for 36 rows in 20 epochs of 4 batches. Start again" in str(error.value)


def test_the_time_of_all_processes_is_counted(killed):

    def change(_, content):
        assert 0 < content["seconds"] < 1000
        content["seconds"] = 1000.0

    forge(killed, change)
    assert 1000 < trained(killed, resume=True, **ADAM).history.seconds < 2000


@pytest.mark.parametrize("slot", [[0.0], "text", np.array([None])])
def test_a_rule_that_cannot_be_saved_is_an_error_before_training(slot, folder):
    class Own(GradientDescent):
        def slots(self, parameters):
            return {"mine": slot}

    with pytest.raises(InputError, match=r"the optimizer stores 'mine' as .* arrays of numbers"):
        trained(folder, optimizer=Own())


# a disk that fails ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recovers", [False, True])
def test_training_continues_where_the_disk_is_full(recovers, folder, monkeypatch):
    expected, folder = outcome(trained(**ADAM)), folder
    real, calls = os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) >= 6 and not (recovers and len(calls) > 12):
            raise OSError(28, "No space left on device")
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.warns(TrainingWarning) as warned:
            assert outcome(trained(folder, **ADAM)) == expected
    assert [str(w.message) for w in warned] == [
        f"no checkpoint could be written to {folder} (could not write {folder}/a.fit.checkpoint: No space left on "
        "device. Nothing was changed there). Training continues and will try again. Free some space on that disk, or "
        "make the folder writable."
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["a.fit.checkpoint", "job.checkpoint"]
    _, content = checkpoints.read_checksummed(folder / "a.fit.checkpoint", checkpoints.KIND, checkpoints.FORMAT_VERSION)
    assert (
        (content["history"] is not None)
        if recovers
        else (content["state"]["epoch"], content["state"]["batch"]) == (1, 0)
    )
    assert outcome(trained(folder, resume=True, **ADAM)) == expected


def test_training_continues_where_the_folder_is_gone(tmp_path):
    how = ADAM
    (tmp_path / "place").mkdir()
    job = Checkpoints(tmp_path / "place" / "c", AT_EVERY_UPDATE)
    (tmp_path / "place").rmdir()
    with pytest.warns(TrainingWarning, match="no checkpoint could be written") as warned:
        fitted = fit(*data(), settings(**how), LOSS, 1, checkpoint=job.at("a"))
    assert outcome(fitted) == outcome(trained(**how)) and len(warned) == 1
