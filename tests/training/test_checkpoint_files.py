"""The folder of checkpoints: what stands there is whole, is not overwritten, is trusted in nothing; disks may fail."""

import os
from contextlib import suppress

import numpy as np
import pytest

from checkpoint_runs import (
    AT_EVERY_UPDATE,
    CASES,
    KilledError,
    data,
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
from pellucid.training import Checkpoints, Every, fit, loop
from pellucid.training.checkpoints import checkpoints
from training_runs import LOSS

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


# the folder -------------------------------------------------------------------------------------------------------


def test_a_short_job_never_writes(tmp_path):
    trained(tmp_path / "c", every="60s", **CASES["adam"])
    assert list(tmp_path.iterdir()) == []


def test_every_so_many_epochs(tmp_path, monkeypatch):
    written = []
    real = checkpoints.write_sealed
    monkeypatch.setattr(checkpoints, "write_sealed", lambda path, *rest: written.append(path.name) or real(path, *rest))
    trained(tmp_path / "c", every="4 epochs", **CASES["lbfgs"] | {"epochs": 9})
    assert written == ["job.checkpoint", "a.1.checkpoint", "a.0.checkpoint", "a.1.checkpoint"]  # 4, 8 and the end


@pytest.mark.parametrize("text", ["", "0s", "off", "1.5 epochs", "-3", "3 hours", "s", "1e3s"])
def test_how_often_is_checked(text):
    with pytest.raises(InputError, match="30s, 5min or 10 epochs"):
        Every.parse(text)
    assert Every.parse(" 2.5 min ") == Every(seconds=150) and Every.parse("1epoch") == Every.parse("1") == Every(
        None, 1
    )


def test_a_folder_that_cannot_be_is_told_before_any_work(tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder, told in (("no/c", "there is no folder"), ("file", "is a file where a folder is needed")):
        with pytest.raises(InputError, match=told):
            Checkpoints(tmp_path / folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: False)
        with pytest.raises(InputError, match="is not writable"):
            Checkpoints(tmp_path / "c")


def test_what_stands_there_is_not_overwritten(tmp_path, monkeypatch):
    folder = tmp_path / "c"
    killed_after(9, folder, monkeypatch, **CASES["adam"])
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(OutputExistsError, match=r"was not finished\. Go on with it by --resume"):
        Checkpoints(folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    (folder / "notes").write_text("mine")
    Checkpoints(folder, force=True)
    assert [path.name for path in folder.iterdir()] == ["notes"]
    with pytest.raises(MissingFileError, match=r"there is no checkpoint in .* to go on from"):
        Checkpoints(folder, resume=True)


def test_discard_removes_all_of_it(tmp_path, monkeypatch):
    folder = tmp_path / "c"
    killed_after(9, folder, monkeypatch, **CASES["adam"])
    (folder / ".a.0.checkpoint.12ab34cd").write_bytes(b"half of a write that was killed")
    job = Checkpoints(folder, resume=True)
    job.discard()
    job.discard()
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_is_removed_and_no_leftover_is_taken_up(tmp_path, monkeypatch):
    """Where discarding was killed, the files of a fit stay without their job."""
    folder = tmp_path / "c"
    killed_after(29, folder, monkeypatch, **CASES["adam"])
    (folder / "job.checkpoint").unlink()
    for name in ("model.checkpoint", "a.2.checkpoint", "a.0.checkpoint.bak"):
        (folder / name).write_text("mine")
    killed_after(9, folder, monkeypatch, **CASES["adam"] | {"epochs": 21})
    assert outcome(trained(folder, resume=True, **CASES["adam"] | {"epochs": 21})) == outcome(
        trained(**CASES["adam"] | {"epochs": 21})
    )
    Checkpoints(folder, force=True)
    assert sorted(path.name for path in folder.iterdir()) == [
        "a.0.checkpoint.bak",
        "a.2.checkpoint",
        "model.checkpoint",
    ]


@pytest.mark.parametrize(
    ("error", "stays"), [(None, False), (DivergedError("x"), False), (InputError("x"), True), (KilledError(), True)]
)
def test_as_a_context_it_is_discarded_when_the_job_is_done(error, stays, tmp_path):
    with suppress(DivergedError, InputError, KilledError), Checkpoints(tmp_path / "c", "1") as job:
        fit(*data(), settings(**CASES["lbfgs"]), LOSS, 1, checkpoint=job.at("a"))
        if error is not None:
            raise error
    assert (tmp_path / "c").exists() == stays == job.begun


def test_each_fit_has_a_label_of_its_own(tmp_path):
    job = Checkpoints(tmp_path / "c", "1")
    fit(*data(), settings(**CASES["lbfgs"]), LOSS, 1, checkpoint=job.at("../Fold 3 of 5, member 0"))
    assert sorted(path.name for path in (tmp_path / "c").iterdir())[0] == "fold-3-of-5-member-0.0.checkpoint"
    for label in ("fold 3 of 5: member 0", "../", ""):
        with pytest.raises(InputError, match="a label of its own"):
            job.at(label)


def test_values_are_kept_over_a_kill(tmp_path, monkeypatch):
    job = Checkpoints(tmp_path / "c", AT_EVERY_UPDATE, {"size": (8, 8)})
    assert job.keep("seed", 5) == 5
    fit(*data(), settings(**CASES["lbfgs"]), LOSS, 1, checkpoint=job.at("a"))
    assert job.keep("later", "x") == "x"
    again = Checkpoints(tmp_path / "c", AT_EVERY_UPDATE, {"size": (8, 8)}, resume=True)
    assert (again.keep("seed", 6), again.keep("later", "y")) == (5, "x")
    with pytest.raises(InputError, match=r"of another training: size was \(8, 8\), now it is \(9, 9\)\. Resumed so"):
        Checkpoints(tmp_path / "c", about={"size": (9, 9)}, resume=True)
    monkeypatch.setattr(checkpoints, "blas_description", lambda: "64 threads")
    with pytest.raises(InputError, match=r"BLAS was .*, now it is 64 threads"):
        Checkpoints(tmp_path / "c", about={"size": (8, 8)}, resume=True)


X, Y = data()
OTHERS = {
    "epochs was 20, now it is 21": {"epochs": 21},
    "random_state was 7, now it is 8; the training rows are others; the validation rows are others": {
        "random_state": 8
    },
    "the training rows are others": {"rows": (np.where(np.isclose(X, X[3, 3]), 0, X), Y)},
    "dropout was 0.3, now it is 0.2": {"dropout": 0.2},
}


@pytest.mark.parametrize("told", OTHERS)
def test_another_training_cannot_go_on_from_it(told, tmp_path, monkeypatch):
    killed_after(9, tmp_path / "c", monkeypatch, **CASES["adam"])
    with pytest.raises(InputError, match=f"a.1.checkpoint is of another training: {told}. Resumed so, it would not"):
        trained(tmp_path / "c", resume=True, **CASES["adam"] | OTHERS[told])


def test_functions_among_the_settings_are_known_again(tmp_path, monkeypatch):
    """Their addresses change from process to process."""

    def of_address():
        def schedule(t, epochs):
            return 0.01

        return schedule

    kept = of_address()
    killed_after(9, tmp_path / "c", monkeypatch, **CASES["adam"] | {"learning_rate": kept})
    other_address = CASES["adam"] | {"learning_rate": of_address()}
    assert outcome(trained(tmp_path / "c", resume=True, **other_address)) == outcome(trained(**other_address))


PIXELS = np.random.default_rng(0).integers(0, 256, (40, 12), np.uint8)
W1, W2 = np.full((5, 60), 0.1), np.full((1, 5), 0.2)
OF_ITS_OWN = {
    "the training rows are others": ({"rows": (PIXELS, Y)}, {"rows": (np.maximum(PIXELS, 1), Y)}),
    "init was [0-9a-f]+, now it is [0-9a-f]+": ({"init": [W1, W2]}, {"init": [W1, 2 * W2]}),
}


@pytest.mark.parametrize("told", OF_ITS_OWN)
def test_bytes_and_arrays_to_start_from_count_by_their_values(told, tmp_path, monkeypatch):
    then, now = OF_ITS_OWN[told]
    how = CASES["adam"] | {"early_stopping": False}
    killed_after(9, tmp_path / "c", monkeypatch, **how | then)
    with pytest.raises(InputError, match=f"of another training: {told}. Resumed"):
        trained(tmp_path / "c", resume=True, **how | now)
    assert outcome(trained(tmp_path / "c", resume=True, **how | then)) == outcome(trained(**how | then))


def test_weights_and_a_start_of_ones_own_count(tmp_path, monkeypatch):
    start = trained(**CASES["lbfgs"]).network

    def run(folder=None, resume=False, weight=1.0, start=start):
        checkpoint = None if folder is None else Checkpoints(folder, AT_EVERY_UPDATE, resume=resume).at("a")
        w = np.full(len(Y), 1.0)
        w[0] = weight
        return fit(X, Y, settings(**CASES["adam"]), LOSS, 1, sample_weight=w, start=start, checkpoint=checkpoint)

    with monkeypatch.context() as patch:
        killed_at(9, patch, loop.Batches, "at")
        with pytest.raises(KilledError):
            run(tmp_path / "c")
    with pytest.raises(InputError, match="rows are others"):
        run(tmp_path / "c", True, weight=2.0)
    with pytest.raises(InputError, match="training: the network to begin from is another"):
        run(tmp_path / "c", True, start=None)
    assert outcome(run(tmp_path / "c", True)) == outcome(run())


def test_a_seed_must_be_known(tmp_path):
    with pytest.raises(InputError, match="needs random_state as a number"):
        trained(tmp_path / "c", random_state=None)


def test_row_space_stays_as_it_was_chosen(tmp_path, monkeypatch):
    """Another amount of memory may be free when it is resumed."""
    how = CASES["basis"] | {"row_space": "auto", "epochs": 200}
    expected = outcome(trained(**how))
    assert expected[1].used_row_space
    killed_after(9, tmp_path / "c", monkeypatch, **how)
    monkeypatch.setattr("pellucid.training.row_space.eligibility._free_memory", lambda: 1)
    assert outcome(trained(tmp_path / "c", resume=True, **how)) == expected


# damage -----------------------------------------------------------------------------------------------------------


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path, monkeypatch):
    expected = outcome(trained(**CASES["adam"]))
    killed_after(9, tmp_path / "c", monkeypatch, **CASES["adam"])
    flip(tmp_path / "c" / "a.1.checkpoint")
    with pytest.warns(
        TrainingWarning, match="a.1.checkpoint is damaged.* It goes on from a.0.checkpoint, written before"
    ) as told:
        assert outcome(trained(tmp_path / "c", resume=True, **CASES["adam"])) == expected
    assert len(told) == 1


def test_where_both_are_damaged_nothing_is_begun_anew_in_silence(tmp_path, monkeypatch):
    killed_after(9, tmp_path / "c", monkeypatch, **CASES["adam"])
    files = [tmp_path / "c" / f"a.{turn}.checkpoint" for turn in (0, 1)]
    for path in files:
        flip(path)
    with pytest.raises(ModelFileError, match=r"remove a\.0\.checkpoint and a\.1\.checkpoint to begin that fit anew"):
        trained(tmp_path / "c", resume=True, **CASES["adam"])
    for path in files:
        path.unlink()
    assert outcome(trained(tmp_path / "c", resume=True, **CASES["adam"])) == outcome(trained(**CASES["adam"]))


def test_a_damaged_job_is_an_error(tmp_path, monkeypatch):
    killed_after(9, tmp_path / "c", monkeypatch, **CASES["adam"])
    flip(tmp_path / "c" / "job.checkpoint")
    with pytest.raises(ModelFileError, match=r"job\.checkpoint"):
        Checkpoints(tmp_path / "c", resume=True)


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


@pytest.mark.parametrize("what", FORGERIES)
def test_what_does_not_fit_is_refused(what, tmp_path, monkeypatch):
    """Well made and sealed, by somebody else: an error, never a wrong continuation."""
    killed_after(9, tmp_path / "c", monkeypatch, **CASES["adam"])
    path = tmp_path / "c" / "a.1.checkpoint"
    arrays, content = checkpoints.read_sealed(path, checkpoints.KIND, checkpoints.FORMAT_VERSION)
    FORGERIES[what](arrays, content)
    checkpoints.write_sealed(path, checkpoints.KIND, checkpoints.FORMAT_VERSION, arrays, content)
    with pytest.raises(ModelFileError, match=r"a\.1\.checkpoint does not fit this training: "):
        trained(tmp_path / "c", resume=True, **CASES["adam"])


def test_the_time_of_all_processes_is_counted(tmp_path, monkeypatch):
    killed_after(9, tmp_path / "c", monkeypatch, **CASES["adam"])
    path = tmp_path / "c" / "a.1.checkpoint"
    arrays, content = checkpoints.read_sealed(path, checkpoints.KIND, checkpoints.FORMAT_VERSION)
    assert 0 < content["seconds"] < 1000
    content["seconds"] = 1000.0
    checkpoints.write_sealed(path, checkpoints.KIND, checkpoints.FORMAT_VERSION, arrays, content)
    assert 1000 < trained(tmp_path / "c", resume=True, **CASES["adam"]).history.seconds < 2000


@pytest.mark.parametrize("slot", [[0.0], "text", np.array([None])])
def test_a_rule_that_cannot_be_saved_is_told_before_training(slot, tmp_path):
    class Own(GradientDescent):
        def slots(self, parameters):
            return {"mine": slot}

    with pytest.raises(InputError, match=r"the optimizer keeps 'mine' as .* arrays of numbers"):
        trained(tmp_path / "c", optimizer=Own())


# a disk that fails ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recovers", [False, True])
def test_training_goes_on_where_the_disk_is_full(recovers, tmp_path, monkeypatch):
    expected, folder = outcome(trained(**CASES["adam"])), tmp_path / "c"
    real, calls = os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) >= 6 and not (recovers and len(calls) > 12):
            raise OSError(28, "No space left on device")
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.warns(TrainingWarning) as told:
            assert outcome(trained(folder, **CASES["adam"])) == expected
    assert [str(w.message) for w in told] == [
        f"no checkpoint could be written to {folder} (could not write {folder}/a.1.checkpoint: No space left on "
        "device. Nothing was changed there). Training goes on and will try again. Make room on that disk, or make the "
        "folder writable."
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["a.0.checkpoint", "a.1.checkpoint", "job.checkpoint"]
    _, content = checkpoints.read_sealed(folder / "a.0.checkpoint", checkpoints.KIND, 1)
    assert (content["history"] is not None) if recovers and content["number"] > 4 else content["number"] == 4
    assert outcome(trained(folder, resume=True, **CASES["adam"])) == expected


def test_training_goes_on_where_the_folder_is_gone(tmp_path, monkeypatch):
    how = CASES["adam"]
    (tmp_path / "place").mkdir()
    job = Checkpoints(tmp_path / "place" / "c", AT_EVERY_UPDATE)
    (tmp_path / "place").rmdir()
    with pytest.warns(TrainingWarning, match="no checkpoint could be written") as told:
        fitted = fit(*data(), settings(**how), LOSS, 1, checkpoint=job.at("a"))
    assert outcome(fitted) == outcome(trained(**how)) and len(told) == 1
