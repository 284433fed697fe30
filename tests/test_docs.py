"""The documents: every block of the README runs, docs/cli.md is the real help, links lead somewhere."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("number", range(len(re.findall(r"```python\n", README))))
def test_readme_examples_run(number, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    block = re.findall(r"```python\n(.*?)```", README, re.S)[number]
    exec(compile(block, f"README block {number}", "exec"), {})
    assert capsys.readouterr().out


def test_readme_commands_exist():
    from pellucid.cli.main import COMMANDS

    used = set(re.findall(r"pellucid ([a-z]+)[ `]", README)) - {"reproduce", "demo"}
    assert {"train", "evaluate", "predict", "inspect", "check"} <= used | set(COMMANDS)
    for line in re.findall(r"^\$ pellucid (\S+)", README, re.M):
        assert line in COMMANDS


def test_cli_document_is_the_real_help():
    spec = importlib.util.spec_from_file_location("make_cli", ROOT / "docs" / "make_cli.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == module.cli_markdown(), "run: python docs/make_cli.py"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    text = (ROOT / document).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith("http"):
            assert ((ROOT / document).parent / target).exists(), target


@pytest.mark.parametrize("document", ["docs/architecture.md", "CONTRIBUTING.md", "README.md"])
def test_named_files_exist(document):
    text = (ROOT / document).read_text("utf-8")
    for path in re.findall(r"`((?:src/pellucid/|docs/|tests/)?[a-z_]+(?:/[a-z_]+)*\.(?:py|md))`", text):
        assert (ROOT / path).exists() or list((ROOT / "src" / "pellucid").rglob(path)), path


def test_the_comparison_names_tests_that_exist_and_parameters_that_are_missing():
    from sklearn.neural_network import MLPClassifier

    text = (ROOT / "docs" / "comparison.md").read_text("utf-8")
    named = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", text)
    assert len(named) > 25
    for path, test in named:
        assert f"def {test or 'test_'}" in (ROOT / path).read_text("utf-8"), f"{path}::{test}"
    lacking = {"class_weight", "dropout", "validation_data", "clip_norm", "init", "restarts", "callbacks"}
    assert not lacking & set(MLPClassifier().get_params())
