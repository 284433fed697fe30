"""Sorting: copies with the bytes and times of their originals; nothing is moved, nothing is overwritten."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from pellucid.cli.main import run
from pellucid.data.sort_into_folders import check_sorting_folder, folder_names, sort_into
from pellucid.errors import InputError, OutputExistsError, PellucidError
from photographs import write_pictures


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def files(tmp_path):
    made = []
    for number, name in enumerate(["a/1.jpg", "a/2.jpg", "b/1.jpg", "c/1.jpg"]):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([min(number, 2)]) * 9)  # the last two alike
        os.utime(path, ns=(10**18 + number, 10**18 + 7 * number))
        made.append(path)
    return made


def test_copies_have_bytes_and_times_and_numbers(files, tmp_path):
    before = contents(tmp_path / "in")
    done = sort_into(tmp_path / "out", files, ["x", "y", "x", "x"])
    names = [str(copy.relative_to(tmp_path / "out")) for copy in done.copies]
    assert names == ["x/1.jpg", "y/2.jpg", "x/1 (2).jpg", "x/1 (3).jpg"] and done.already == 0
    for file, copy in zip(files, done.copies, strict=True):
        assert copy.read_bytes() == file.read_bytes() and copy.stat().st_mtime_ns == file.stat().st_mtime_ns
    assert contents(tmp_path / "in") == before


def test_again_copies_nothing_and_overwrites_nothing(files, tmp_path):
    out = tmp_path / "out"
    first = sort_into(out, files, ["x", "y", "x", "x"])
    before = contents(out)
    again = sort_into(out, files, ["x", "y", "x", "x"])
    assert again.already == 4 and again.copies == first.copies and contents(out) == before
    files[0].write_bytes(b"new")
    assert sort_into(out, files[:1], ["x"]).copies == [out / "x" / "1 (4).jpg"]
    assert contents(out) == before | {"x/1 (4).jpg": b"new"}


def test_whatever_is_in_the_way_stays(files, tmp_path):
    out = tmp_path / "out" / "x"
    (out / "1.jpg").mkdir(parents=True)
    (out / "1 (2).jpg").symlink_to("nowhere")
    assert sort_into(tmp_path / "out", files[:1], ["x"]).copies == [out / "1 (3).jpg"]
    assert (out / "1 (2).jpg").is_symlink() and not (out / "nowhere").exists()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_leaves_whole_copies_alone(files, tmp_path, monkeypatch, error):
    copy2, out = shutil.copy2, tmp_path / "out"

    def failing(source, target):
        if Path(source) == files[2]:
            Path(target).write_bytes(b"half")
            raise error
        return copy2(source, target)

    monkeypatch.setattr("pellucid.data.sort_into_folders.shutil.copy2", failing)
    with pytest.raises((PellucidError, KeyboardInterrupt)) as caught:
        sort_into(out, files, ["x", "y", "x", "x"])
    assert set(contents(out)) == {"x/1.jpg", "y/2.jpg"}
    if isinstance(error, OSError):
        assert str(caught.value).startswith(
            f"could not copy {files[2]} into {out / 'x'}: No space left on device. 2 of 4"
        )
    monkeypatch.undo()
    assert sort_into(out, files, ["x", "y", "x", "x"]).already == 2  # it goes on from there
    assert len(contents(out)) == 4


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a folder that is not writable")
def test_a_folder_that_may_not_be_written_to(files, tmp_path):
    out = tmp_path / "out"
    out.mkdir(mode=0o555)
    with pytest.raises(PellucidError, match=r"Permission denied. 0 of 4 are copied"):
        sort_into(out, files, ["x", "y", "x", "x"])


def test_names_of_folders():
    unsafe = ["a/b", "a:b", "..", ".", "con", "Lpt1.x", "end. ", "tab\t", "\udcff", "x" * 300, " ", "Ä", "plain"]
    names = folder_names(unsafe)
    assert names["plain"] == "plain" and names["Ä"] == "Ä" and names["con"] == "_con" and names["Lpt1.x"] == "_Lpt1.x"
    assert (names["a/b"], names["a:b"], names["end. "], names["\udcff"]) == ("a_b", "a_b (2)", "end", "_ (3)")
    assert len({name.casefold() for name in names.values()}) == len(unsafe)
    for name in names.values():
        assert name and not set(name) & set('/\\:*?"<>|\t') and name.strip(" .") == name and len(name.encode()) < 255
    assert folder_names(["cat", "Cat"]) == {"cat": "cat", "Cat": "Cat (2)"}
    assert folder_names(["Cat", "cat", "cat (2)"]) == {"Cat": "Cat", "cat": "cat (2)", "cat (2)": "cat (2) (2)"}


def test_folders_that_are_refused(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out" / "cat").mkdir(parents=True)
    sources, known = [str(tmp_path / "in")], ["cat", "dog"]
    assert check_sorting_folder(tmp_path / "out", sources, known) == tmp_path / "out"
    assert check_sorting_folder(tmp_path / "inner", sources, known) == tmp_path / "inner"
    for inside in (tmp_path / "in", tmp_path / "in" / "sorted", tmp_path / "out" / ".." / "in" / "x"):
        with pytest.raises(InputError, match="where the copies would be found again"):
            check_sorting_folder(inside, sources, known, force=True)
    (tmp_path / "out" / "notes.txt").write_text("")
    with pytest.raises(OutputExistsError, match=r"holds 'notes.txt', which is no class of this model"):
        check_sorting_folder(tmp_path / "out", sources, known)
    assert check_sorting_folder(tmp_path / "out", sources, known, force=True) == tmp_path / "out"
    with pytest.raises(InputError, match="is a file; give a folder"):
        check_sorting_folder(tmp_path / "out" / "notes.txt", sources, known, force=True)


def test_predict_sorts(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    photos = write_pictures(tmp_path / "photos", ("dark", "light", "a:b"))
    how = ["--size", "8", "--layers", "none", "--optimizer", "lbfgs", "--cross-validate", "0", "--seed", "1"]
    assert run(["train", "photos", "--out", "m", *how]) == 0
    (photos / "dark" / "bad.png").write_bytes(b"no picture")
    before = contents(photos)
    assert run(["predict", "m", "photos", "--sort-into", "photos/sorted", "--skip-bad"]) == 1
    assert run(["predict", "m", "photos", "--sort-into", "out"]) == 1 and not Path("out").exists()  # bad.png
    capsys.readouterr()
    assert (
        run(["predict", "m", "photos", "--sort-into", "out", "--skip-bad", "--csv", "a.csv", "--json", "p.json"]) == 0
    )
    out = capsys.readouterr().out
    assert "left out: photos/dark/bad.png" in out and "sorted into out: 36 copies" in out
    assert "the folder of 'a:b' is named 'a_b', which every system takes" in out
    assert contents(photos) == before
    made = contents(Path("out"))
    assert {name.split("/")[0] for name in made} == {"a_b", "dark", "light"} and len(made) == 36
    assert sorted(made.values()) == sorted(data for name, data in before.items() if name != "dark/bad.png")
    copies = {p["name"]: p["copy"] for p in pellucid_json("p.json")["predictions"]}
    assert all(Path(copy).read_bytes() == Path(name).read_bytes() for name, copy in copies.items())
    assert run(["predict", "m", "photos", "--sort-into", "out", "--skip-bad"]) == 0
    assert "36 copies, 36 of them already there" in capsys.readouterr().out and contents(Path("out")) == made


def pellucid_json(path):
    import json

    return json.loads(Path(path).read_text())["results"]


def test_tables_are_not_sorted(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("a,label\n" + "".join(f"{i % 2},{'xy'[i % 2]}\n" for i in range(20)))
    assert run(["train", "t.csv", "--epochs", "1", "--cross-validate", "0", "--out", "m"]) == 0
    assert run(["predict", "m", "t.csv", "--sort-into", "out"]) == 1
    assert "m takes tables, whose rows cannot be sorted into folders; use --csv." in capsys.readouterr().err
