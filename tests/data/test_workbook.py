"""Workbooks: the same model as from the same table in CSV; sheets, formulas, dates and broken files."""

import csv
import datetime
import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pytest

import pellucid
from pellucid.cli.main import run
from pellucid.data import load
from pellucid.data.corrections import defused, read_corrections, restored
from pellucid.data.readers import workbook
from pellucid.errors import InputError, MissingExtraError, MissingFileError

QUICK = {"epochs": 3, "random_state": 1}


def book(path, **sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def rows(n=60):
    rng = np.random.default_rng(0)
    cells = [["size", "count", "colour", "fresh", "label"]]
    for k in range(n):
        size, count = round(float(rng.normal()), 3), int(rng.integers(0, 9))
        cells.append([size, count, ("red", "blue")[k % 2], k % 3 == 0, "ab"[k % 5 > 2]])
    cells[4][0] = cells[5][2] = None
    return cells


def told(source, error=InputError, **options):
    with pytest.raises(error) as caught:
        load(source, **options)
    return str(caught.value)


def test_a_workbook_gives_the_model_of_the_same_csv_file(tmp_path):
    cells = rows()
    (tmp_path / "t.csv").write_text(
        "\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in cells)
    )
    source = book(tmp_path / "t.xlsx", Data=cells)
    of_text, of_book = (pellucid.train(path, **QUICK) for path in (tmp_path / "t.csv", source))
    assert of_book.model.network.parameters.tobytes() == of_text.model.network.parameters.tobytes()
    assert of_book.splits.train.names[:2] == ["row 2", "row 3"]
    assert (of_book.model.predict(source) == of_text.model.predict(tmp_path / "t.csv")).all()


def test_numbers_are_as_stored_and_zeros_are_no_gaps(tmp_path):
    path = book(tmp_path / "t.xlsx", A=[["x", "y", "label"], *([n / 1000 + 1.234, 0, n % 2] for n in range(12))])
    data = load(path).train
    assert data.class_names == ("0", "1")
    assert data.read(np.arange(2)).tolist() == [[1.234, 0], [1.235, 0]]
    codes = book(tmp_path / "g.xlsx", A=[["x", "who", "label"], [1, 7, "a"], [2, 7.0, "b"], [3, None, "a"]])
    assert load(codes, groups="who").train.groups.tolist() == ["7", "7", "row 4"]


def test_blank_rows_and_columns_dates_errors_and_titles(tmp_path):
    day = datetime.datetime(2024, 3, 5)
    cells = [
        ["x", "when", "label", None],
        [1, day, "a"],
        [],
        ["#DIV/0!", day, "b"],
        [3, day.replace(hour=9), "a", None],
    ]
    data = load(book(tmp_path / "t.xlsx", A=cells), categorical=["when"]).train
    assert data.names == ["row 2", "row 4", "row 5"]
    X = data.read(np.arange(3))
    assert X[:, 1].tolist() == ["2024-03-05", "2024-03-05", "2024-03-05T09:00:00"]
    assert np.isnan(X[1, 0])
    titled = book(tmp_path / "title.xlsx", A=[["Trial of 2024"], [], ["x", "z", "label"], [1, 2, "a"], [3, 4, "b"]])
    assert "looks like the header (x, z, label): remove the lines above it" in told(titled)
    missing = book(tmp_path / "m.xlsx", A=[["x", "label"], [1, "a"], [2, None], [3, "b"]])
    assert "row 3, column 'label' is empty" in told(missing)
    assert len(load(missing, skip_bad=True).train) == 2


def test_several_sheets_are_asked_about(tmp_path):
    path = book(tmp_path / "t.xlsx", Data=rows(), Notes=[["made in May"]], Empty=[])
    assert told(path) == f"{path} has several sheets: 'Data', 'Notes'. Name the one to read: '{path}#Data'."
    named = pellucid.train(f"{path}#Data", **QUICK)
    assert len(named.splits.train) == 60
    assert len(named.model.predict(f"{path}#Data")) == 60
    assert "has no sheet 'Dat'; its sheets are Data, Notes, Empty" in told(f"{path}#Dat")
    hidden = openpyxl.load_workbook(path)
    hidden["Notes"].sheet_state = "hidden"
    hidden.save(path)
    assert len(load(path).train) == 60
    told(tmp_path / "none.xlsx#Data", MissingFileError)


def test_a_formula_without_its_value_is_refused(tmp_path):
    path = book(tmp_path / "t.xlsx", A=[["x", "label"], [1, "a"], ["=A2+1", "b"]])
    assert "row 3, column 1 is a formula (=A2+1) without a value" in told(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no workbook that can be read"),
        (b"x,label\n1,a\n", "is no workbook that can be read"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "has a password, or is of Excel before 2007"),
    ],
)
def test_broken_files(tmp_path, content, message):
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    assert message in told(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "no workbook")
    assert "is no workbook that can be read" in told(path)
    assert "holds no samples" in told(book(path, A=[]))
    assert "holds no samples" in told(book(path, A=[["x", "label"]]))


def test_sheets_that_spread_far(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_CELLS", 1000)
    path = book(tmp_path / "t.xlsx", A=[["x", "label"], [1, "a"], [2, "b"]])
    spread = openpyxl.load_workbook(path)
    spread["A"]["XFD3"] = 1
    spread.save(path)
    assert "spreads over more than 1,000 cells" in told(path)


def test_without_openpyxl(tmp_path, monkeypatch):
    path = book(tmp_path / "t.xlsx", A=rows())
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    assert 'pip install "pellucid[excel]"' in told(path, MissingExtraError)


def test_answers_as_a_workbook_and_back_as_corrections(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    source = book(Path("t.xlsx"), Data=rows())
    pellucid.train(source, **QUICK).model.save("m")
    assert run(["predict", "m", "t.xlsx", "--csv", "answers.xlsx", "--json", "a.json"]) == 0
    assert run(["predict", "m", "t.xlsx", "--csv", "answers.csv"]) == 0
    first = next(openpyxl.load_workbook("answers.xlsx").active.iter_rows(min_row=2, values_only=True))
    assert first[0] == "t.xlsx, row 0"
    probability = json.loads(Path("a.json").read_text())["results"]["predictions"][0]["probabilities"][first[1]]
    assert first[2] == pytest.approx(probability, abs=1e-6)
    of_book, of_text = read_corrections("answers.xlsx"), read_corrections("answers.csv")
    assert [(c.name, c.class_name, c.own) for c in of_book] == [(c.name, c.class_name, c.own) for c in of_text]
    assert all(c.own for c in of_book)


def test_written_tables_are_for_spreadsheets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"a": "=1+1", "b": "-1"}
    lines = [
        f"{'' if row[0] is None else row[0]},{row[1]},{names[row[-1]]}" for row in rows()[1:] if row[1] is not None
    ]
    text = "\n".join(["size,count,label", *lines])
    Path("t.csv").write_text(text)
    pellucid.train("t.csv", **QUICK).model.save("m")
    assert run(["predict", "m", "t.csv", "--csv", "answers.csv"]) == 0
    content = Path("answers.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbffile,class,")
    assert b"p('=1+1)" not in content and b"p(=1+1)" in content
    written = {row["class"] for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))}
    assert written and written <= {"'=1+1", "-1"}
    answers = {c.class_name for c in read_corrections("answers.csv")}
    assert answers <= {"=1+1", "-1"} and all(c.own for c in read_corrections("answers.csv"))


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+x", "-x", "'=1", "''+a", "-1.5", "+", "-", "plain", "'quoted'", ""]
)
def test_defusing_is_undone(text):
    safe = defused(text)
    assert restored(safe) == text
    assert safe[:1] not in ("=", "@") and (safe[:1] not in ("+", "-") or safe in ("+", "-", "-1.5"))
