"""docs/mathematics.md: every example on it runs, and every name it points to exists."""

import ast
import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "mathematics.md"
POINTERS = sorted(set(re.findall(r"`([\w/]+\.py)::([\w.]+)`", PAGE.read_text("utf-8"))))


def test_every_example_runs():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried > 50 and failed == 0


def test_the_page_points_into_the_source():
    assert len(POINTERS) > 30


@pytest.mark.parametrize(("file", "name"), POINTERS)
def test_every_name_exists(file, name):
    body = ast.parse((ROOT / "src" / "pellucid" / file).read_text("utf-8")).body
    for part in name.split("."):
        found = [node for node in body if part in _defined(node)]
        assert found, f"{file} has no {name}"
        body = getattr(found[0], "body", [])


def _defined(node):
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]
