"""Labels in a table beside the pictures: how files are named, and what does not fit."""

import io
from pathlib import Path

import pytest
from PIL import Image

from command_line import QUICK, results
from data_reading import told
from pellucid.cli.main import run
from pellucid.data import load
from photographs import put


@pytest.fixture(autouse=True)
def pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, level in enumerate((20, 220, 30, 210)):
        file = io.BytesIO()
        Image.new("RGB", (8, 8), (level, level, level)).save(file, "PNG")
        put(tmp_path / f"photos/{number}.png", file.getvalue())


def table(text, name="labels.csv"):
    Path(name).write_text(text)
    return name


def listed(text, **options):
    return load(table(text), pictures_from="photos", **options).train


@pytest.mark.parametrize("form", ["{}.png", "{}", "photos/{}.png", "C:\\data\\photos\\{}.png", "./{}.png"])
@pytest.mark.parametrize("head, between", [("image,label", ","), ("id;class", ";"), ("File Name\tspecies", "\t")])
def test_files_are_named_in_many_ways(form, head, between):
    rows = [f"{form.format(number)}{between}{word}" for number, word in ((3, "light"), (0, "dark"), (1, "light"))]
    data = listed("\n".join([head, *rows, f"{form.format(2)}{between}dark"]))
    assert list(data.names) == ["3.png", "0.png", "1.png", "2.png"]
    assert [data.class_names[code] for code in data.labels] == ["light", "dark", "light", "dark"]
    assert data.kind == "pictures"
    assert [raw.name for raw in data.read([1, 0])] == ["0.png", "3.png"]


def test_what_is_missing_or_not_named_is_told():
    data = listed("id,label\n0,dark\n1,light\n17,light\n")
    assert data.notes[1:] == (
        "1 rows of labels.csv name no picture in photos, such as 17",
        "4 files: 2 used, 2 passed over (2 not in labels.csv)",
    )
    assert listed("id,level\n0,10\n1,9\n").class_names == ("9", "10")


@pytest.mark.parametrize(
    "text, message",
    [
        ("image,label\n0,dark\n0.png,light\n", "gives 0.png two labels: 'dark' in line 2, 'light' in line 3."),
        ("image,label\n0,dark\n1,\n", "line 3: the label of 1 is empty"),
        ("image,label\n8,dark\n9,light\n", "none of the 2 files that labels.csv names in column 'image' is in photos"),
        ("what,label\n8,dark\n", "none is named like one of files"),
        ("image,a b,c\n0,dark,1\n", "which one holds the classes? Give --label 'a b' or --label c."),
        ("image,label\n0,dark,1\n", "line 2: 3 cells, expected 2"),
        ("image,label\n", "has no rows"),
    ],
)
def test_tables_that_do_not_fit(text, message):
    assert message in told(table(text), pictures_from="photos")


def test_a_name_that_fits_two_pictures():
    put(Path("photos/more/0.png"), Path("photos/1.png").read_bytes())
    put(Path("photos/0.jpg"), Path("photos/1.png").read_bytes())
    text = "image,label\n0,dark\n1,light\n"
    assert "0 may be 0.jpg or 0.png in photos" in told(table(text), pictures_from="photos")
    assert list(listed("image,label\nmore/0.png,dark\n0.png,light\n").names) == ["more/0.png", "0.png"]


def test_a_folder_takes_no_table():
    assert "pictures_from= has no meaning there" in told("photos", pictures_from="photos")


def test_train_audit_and_evaluate(capsys):
    labels = table("image,label\n0,dark\n1,light\n2,dark\n3,light\n")
    how = ["--pictures-from", "photos"]
    assert run(["train", labels, *how, *QUICK, "--epochs", "2", "--out", "m", "--no-report", "--holdout", "0.5"]) == 0
    assert "note: files are named by column 'image', classes by 'label'" in capsys.readouterr().out
    assert run(["audit", labels, *how]) == 0
    assert run(["evaluate", "m", labels, *how, "--json", "r.json"]) == 0
    assert results("r.json", "evaluate")["n"] == 4
