"""What a table leaves open is settled by the same options in every command, and every command says how it was read."""

import pytest

import pellucid
from command_line import results
from pellucid.cli.main import run
from pellucid.errors import InputError
from pellucid.web.playground.problem import OwnTable

QUICK = ["--epochs", "1", "--cross-validate", "0", "--layers", "none", "--seed", "0", "--no-report", "--quiet"]


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{1000 + 37 * i:,}\t{i % 7 or '-'}\t{'NA' if i == 5 else 'no' if i % 2 else 'yes'}\n" for i in range(40)]
    (tmp_path / "t.tsv").write_text("income\trooms\tlabel\n" + "".join(rows))


def test_thousands_and_missing_labels_in_every_command(capsys):
    asked = "line 2, column 'income' is '1,000', which may be 1000 or 1.000"
    for command in (["audit", "t.tsv"], ["train", "t.tsv", *QUICK, "--skip-bad"]):
        assert run(command) == 1
        assert asked in capsys.readouterr().err
    assert run(["train", "t.tsv", *QUICK, "--decimal", "."]) == 1
    assert "line 7, column 'label' is 'NA', which stands for a missing label." in capsys.readouterr().err
    assert run(["train", "t.tsv", *QUICK, "--decimal", ".", "--skip-bad", "--json", "t.json"]) == 0
    out = capsys.readouterr().out
    assert [f"note: {note}" for note in results("t.json", "train")["notes"]] == [
        line for line in out.splitlines() if line.startswith("note: ")
    ]
    assert "learning: classes of column 'label' (2 classes)\n" in out
    assert "note: no label: 1 row left out, as --skip-bad does (line 7)\n" in out
    assert "note: 'rooms' is a dash or a dot in 6 of 39 rows, taken for missing\n" in out
    assert run(["train", "--recipe", "model.pellucid.toml", "--force", "--quiet", "--no-report"]) == 0
    assert (
        run(["evaluate", "model.pellucid", "t.tsv", "--skip-bad"]) == 1 == run(["predict", "model.pellucid", "t.tsv"])
    )
    assert capsys.readouterr().err.count(asked) == 2
    assert run(["evaluate", "model.pellucid", "t.tsv", "--decimal", ".", "--skip-bad"]) == 0
    assert "note: no label: 1 row left out" in capsys.readouterr().out
    assert run(["explain", "model.pellucid", "t.tsv", "--row", "3", "--decimal", "."]) == 0
    assert run(["check", "model.pellucid", "t.tsv", "--rows", "3", "--decimal", "."]) == 0
    capsys.readouterr()
    assert run(["predict", "model.pellucid", "t.tsv", "--decimal", ".", "--json", "p.json"]) == 0
    assert "note: 'rooms' is a dash or a dot in 6 of 40 rows, taken for missing\n" in capsys.readouterr().out
    assert results("p.json", "predict")["notes"] == ["'rooms' is a dash or a dot in 6 of 40 rows, taken for missing"]


def test_the_audit_looks_past_missing_labels(capsys):
    assert run(["audit", "t.tsv", "--decimal", ".", "--json", "a.json"]) == 0
    out = capsys.readouterr().out
    assert "learning: classes of column 'label' (2 classes)\n" in out
    assert "note:    no label: 1 row left out, as --skip-bad does (line 7)\n" in out and "t.tsv: 2 notes" in out
    assert len(results("a.json", "audit")["notes"]) == 2


def test_a_word_for_missing_may_be_a_class(tmp_path, capsys):
    rows = [f"{i},{('None', 'vegan', 'halal')[i % 3]}\n" for i in range(30)]
    (tmp_path / "d.csv").write_text("x,diet\n" + "".join(rows))
    how = ["--label", "diet", "--categorical", "diet", "--validation", "d2.csv"]
    (tmp_path / "d2.csv").write_text("x,diet\n" + "".join(rows[:9]))
    assert run(["train", "d.csv", *QUICK, *how]) == 0
    assert run(["evaluate", "model.pellucid", "d.csv"]) == 0
    assert "(3 classes)" in capsys.readouterr().out


def test_a_column_with_a_comma_is_named_as_in_a_file(tmp_path, capsys):
    (tmp_path / "c.csv").write_text('"x, mm",z,label\n' + "".join(f"{i},{i},{'pq'[i % 2]}\n" for i in range(30)))
    assert run(["train", "c.csv", *QUICK, "--drop", '"x, mm"']) == 0
    assert "1 column, 1 of numbers (z)" in capsys.readouterr().out
    assert run(["train", "c.csv", *QUICK, "--drop", "x, mm", "--force"]) == 1
    assert 'Known: "x, mm", label, z.' in capsys.readouterr().err


def test_the_playground_takes_the_options_too():
    table = OwnTable.read("t.tsv", None, decimal=".", skip_bad=True, drop=None)
    assert table.R[:2, 0].tolist() == [1000, 1037] and table.options == {"decimal": ".", "skip_bad": True}


@pytest.mark.parametrize("option", ["--label", "--drop", "--categorical", "--numeric", "--group-by"])
@pytest.mark.parametrize("command", ["train", "audit"])
def test_an_option_that_must_come_once(command, option, capsys):
    for given in ([option, "income", option, "rooms"], [f"{option}=income", option, "rooms"]):
        assert run([command, "t.tsv", *given]) == 2
        assert f"{option} is given twice." in capsys.readouterr().err


def test_several_labels_are_named():
    with pytest.raises(InputError, match="label must be one column, got 'a', 'b'; train a model for each"):
        pellucid.train("t.tsv", label=["a", "b"], decimal=".")
