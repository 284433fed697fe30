"""Corrections: labels put right by name, by path, by row; every mistake in the list is told with its line."""

import csv
from pathlib import Path

import numpy as np
import pytest

from pellucid.cli.main import run
from pellucid.data import load
from pellucid.data.corrections import Corrected, corrected, read_corrections
from pellucid.errors import InputError, MissingFileError
from pellucid.experiment.run import train
from photographs import write_pictures

QUICK = {"size": (4, 4), "hidden_layers": (), "epochs": 1, "cross_validate": 0, "random_state": 0}


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_pictures(tmp_path / "photos", n=3)


def put_right(text, source="photos", merge=None, parts=None):
    Path("fixes.csv").write_text(text)
    parts = parts or dict(load(source).items())
    merge = merge or {}
    parts = {part: dataset.merged(merge) for part, dataset in parts.items()}
    result, made = corrected(parts, read_corrections("fixes.csv"), merge)
    return parts, result, made


def told(text, **how):
    with pytest.raises(InputError) as error:
        put_right(text, **how)
    return str(error.value)


def labels(dataset):
    names = [dataset.class_names[code] for code in dataset.labels]
    return dict(zip(dataset.names, names, strict=True))


def test_names_as_the_data_has_them_and_paths_as_predict_writes_them(photos):
    absolute = photos / "grey" / "02.png"
    before, after, made = put_right(
        f"file,class,probability\ndark/00.png,light,0.9\nphotos/dark/01.png,grey,0.8\n{absolute},dark,0.7\n"
        "./photos/light/00.png,light,1\nphotos/light/01.png,-,1\nlight/02.png,,1\n"
    )
    expected = labels(before["train"]) | {"dark/00.png": "light", "dark/01.png": "grey", "grey/02.png": "dark"}
    assert labels(after["train"]) == {k: v for k, v in expected.items() if k not in ("light/01.png", "light/02.png")}
    assert made == {"train": Corrected(changed=3, added=0, dropped=2, confirmed=1)}
    assert made["train"].sentence() == "labels changed 3, samples added 0, left out 2, as they were 1"
    assert labels(load("photos").train) == labels(before["train"])  # nothing at the source


def test_the_samples_stay_with_their_labels(photos):
    before, after, _ = put_right("name;class\ndark/01.png;-\nlight/00.png;dark\n")
    assert [Path(file).parent.name + "/" + Path(file).name for file in after["train"].read(np.arange(8))] == list(
        after["train"].names
    )
    assert len(after["train"]) == len(before["train"]) - 1


def test_files_elsewhere_are_added(photos):
    more = write_pictures(photos.parent / "more", ("dark",), n=2)
    link = photos.parent / "link.png"
    link.symlink_to(photos / "dark" / "00.png")
    _, after, made = put_right(f"file,class\nmore/dark/00.png,light\n{more}/dark/01.png,-\nlink.png,grey\n")
    assert made["train"] == Corrected(changed=1, added=1)  # the link is one of the data; dropping a stranger is nothing
    assert labels(after["train"])["more/dark/00.png"] == "light" and labels(after["train"])["dark/00.png"] == "grey"
    mixed = after["train"].read(np.array([9, 0, 9, 3]))
    assert [Path(file).name for file in mixed] == ["00.png"] * 4
    assert [Path(file).parts[-3] for file in mixed] == ["more", "photos", "more", "photos"]
    result = train("photos", corrections="fixes.csv", holdout=0, **QUICK)
    assert len(result.splits.train) == 10
    expected = result.model.extract([Path("more/dark/00.png")])
    np.testing.assert_array_equal(result.rows["train"][9:], np.rint(expected * 255))
    assert result.model.provenance.corrections["train"] == {
        "changed": 1, "added": 1, "dropped": 0, "confirmed": 0, "ignored": 0, "self_labelled": 0,
    }  # fmt: skip


def test_a_link_among_the_data_is_known_by_its_own_place(photos):
    original = write_pictures(photos.parent / "album", ("dark",), n=1) / "dark" / "00.png"
    (photos / "dark" / "link.png").symlink_to(original)
    _, after, made = put_right("file,class\nphotos/dark/link.png,light\n")
    assert made["train"] == Corrected(changed=1) and labels(after["train"])["dark/link.png"] == "light"


def test_added_files_are_groups_of_their_own(photos):
    write_pictures(photos.parent / "more", ("dark",), n=2)
    part = load("photos").train
    grouped = {"train": part.take(slice(None))}
    object.__setattr__(grouped["train"], "groups", np.arange(9) // 3)
    _, after, _ = put_right("file,class\nmore/dark/00.png,light\nmore/dark/01.png,light\n", parts=grouped)
    groups = after["train"].groups
    assert len(groups) == 11 and len(np.unique(groups)) == 5 and groups[0] == groups[2] != groups[3]


def test_merged_classes_may_be_named_before_and_after(photos):
    merge = {"not grey": ["dark", "light"]}
    _, after, made = put_right("file,class\ngrey/00.png,light\ngrey/01.png,not grey\ndark/00.png,light\n", merge=merge)
    assert labels(after["train"])["grey/00.png"] == labels(after["train"])["grey/01.png"] == "not grey"
    assert made["train"] == Corrected(changed=2, confirmed=1)


def test_parts_are_corrected_too_and_told(photos, capsys):
    for part in ("train", "test"):
        write_pictures(photos.parent / "data" / part, n=3)
    text = "file,class\ntest/dark/00.png,light\ntrain/dark/00.png,grey\ndata/test/dark/01.png,light\n"
    _, after, made = put_right(text, source="data")
    assert made == {"train": Corrected(changed=1), "test": Corrected(changed=2)}
    assert after["test"].counts() == {"dark": 1, "grey": 3, "light": 5}
    how = ["--size", "4", "--layers", "none", "--epochs", "1", "--cross-validate", "0"]
    assert run(["train", "data", "--out", "m", "--corrections", "fixes.csv", *how]) == 0
    out = capsys.readouterr().out
    assert "corrections, test: labels changed 2, samples added 0, left out 0, as they were 0" in out
    assert "corrections, train: labels changed 1," in out
    assert run(["train", "--recipe", "m.toml", "--out", "n"]) == 0
    assert "corrections, test: labels changed 2," in capsys.readouterr().out


def test_rows_of_a_table_and_of_arrays(photos):
    Path("t.csv").write_text("a,label\n1,x\n2,y\n3,x\n4,y\n")
    _, after, _ = put_right('file,class\n"t.csv, row 1",x\nline 5,x\nline 2,y\n', source="t.csv")
    assert after["train"].labels.tolist() == [1, 0, 0, 0]
    arrays = {"X_train": np.zeros((4, 2)), "y_train": [0, 1, 0, 1], "X_test": np.zeros((2, 2)), "y_test": [0, 1]}
    np.savez("a.npz", **arrays)
    _, after, _ = put_right("file,class\ntest/row 0,1\ntrain/row 0,1\nrow 3,0\n", source="a.npz")
    assert after["test"].labels.tolist() == [1, 1] and after["train"].labels.tolist() == [1, 1, 0, 0]
    assert "several samples are named 'row 1'; write the part before it, as in 'train/row 1'" in told(
        "file,class\nrow 1,0\n", source="a.npz"
    )
    Path("x.png").write_bytes(b"")
    assert "line 2: a.npz has no sample named 'x.png'" in told("file,class\nx.png,0\n", source="a.npz")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,class\ndark/00.png,light\ndark/01.png,lihgt\n", "line 3: unknown class 'lihgt': did you mean 'light'?"),
        ("file,class\ndark/00.png,unknown\n", "Give the sample its class, or leave the cell empty to drop it."),
        ("file,class\ndark/0.png,light\n", "line 2: 'dark/0.png' is neither a sample of photos nor a file"),
        ("file,class\n,light\n", "fixes.csv, line 2 names no file"),
        ("file,class\ndark/00.png\n", "fixes.csv, line 2 has 1 cells, too few"),
        (
            "file,klass\ndark/00.png,light\n",
            "expected columns file and class, as predict --csv writes them; got file, k",
        ),
        ("", "expected columns file and class, as predict --csv writes them; got nothing."),
        (
            "file,class\ndark/00.png,light\ndark/00.png,grey\n",
            "line 3 says 'grey' of dark/00.png, but fixes.csv, line 2",
        ),
        (
            "file,class\ndark/00.png,light\nphotos/dark/00.png,grey\n",
            "line 3 and fixes.csv, line 2 name the same sample",
        ),
        ("file,class\n" + "".join(f"dark/0{n}.png,-\n" for n in range(3)), "no sample of class 'dark' is left"),
        ('file,class\n"dark/00.png,light\n', "cannot be read: unexpected end of data"),
    ],
)
def test_mistakes_in_the_list(photos, text, message):
    assert message in told(text)


def test_a_line_twice_counts_once(photos):
    _, _, made = put_right("file,class\ndark/00.png,light\nphotos/dark/00.png,light\ndark/00.png,light\n")
    assert made["train"] == Corrected(changed=1)


def test_a_list_that_is_not_there(tmp_path):
    with pytest.raises(MissingFileError, match="there is no list of corrections"):
        read_corrections(tmp_path / "none.csv")


def test_from_predict_to_train_and_back(photos):
    how = ["--size", "4", "--layers", "none", "--optimizer", "lbfgs", "--cross-validate", "0"]
    assert run(["train", "photos", "--out", "m", *how]) == 0
    assert run(["predict", "m", "photos", "--csv", "answers.csv"]) == 0
    rows = list(csv.reader(Path("answers.csv").read_text("utf-8-sig").splitlines()))
    rows[1][1] = "light"
    with Path("answers.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)  # as a spreadsheet may write it
    parts = dict(load("photos").items())
    after, made = corrected(parts, read_corrections("answers.csv"), {})
    assert made["train"] == Corrected(changed=1, confirmed=8)
    assert labels(after["train"])[str(Path(rows[1][0]).relative_to("photos"))] == "light"


def test_a_models_own_answers_teach_but_do_not_judge(tmp_path, monkeypatch, capsys):
    """As the guide has it: train, predict new pictures to a list, train with the list, here without an edit."""
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / "photos", ("dark", "light"), n=8)
    write_pictures(tmp_path / "new", ("dark", "light"), n=5, size=(15, 11))
    how = {"features": "pixels", "size": (4, 4), "epochs": 3, "audit": False, "random_state": 0}
    first = train("photos", **how)
    first.model.save("m")
    assert run(["predict", "m", "new", "--csv", "list.csv"]) == 0
    assert run(["predict", "m", "photos", "--csv", "known.csv"]) == 0
    second = train("photos", corrections="list.csv", **how)
    made = second.model.provenance.corrections["train"]
    assert (made["added"], made["self_labelled"]) == (10, 10)
    assert len(second.cross_validation.wrong) == len(second.splits.train) == 16  # those that people labelled
    assert second.model.has_learned(second.model.extract("new")).all()  # yet they taught
    assert not first.model.has_learned(first.model.extract("new")).any()
    assert not np.array_equal(first.model.network.parameters, second.model.network.parameters)
    again = train("photos", corrections="known.csv", **how)
    assert again.model.network.parameters.tobytes() == first.model.network.parameters.tobytes()  # labels stay
    made = again.model.provenance.corrections["train"]
    assert made["changed"] == 0 and made["confirmed"] + made["ignored"] == 16

    rows = list(csv.DictReader(Path("list.csv").read_text("utf-8-sig").splitlines()))
    for row in rows[:3]:
        row["class"] = "light" if row["class"] == "dark" else "dark"  # edited by hand
    with Path("list.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    third = train("photos", corrections="list.csv", **how)
    assert third.model.provenance.corrections["train"]["self_labelled"] == 7
    assert len(third.cross_validation.wrong) == 19
    assert run(["train", "photos", "--corrections", "list.csv", "--out", "n", "--epochs", "1", "--no-report"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "7 of those added have the model's own answer as their label: they teach, but no score counts them" in out
