"""What is published: the oldest versions that CI tries, the Pythons it runs, the citation, the types."""

import re
import tomllib
from pathlib import Path

import pellucid

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")


def test_the_oldest_versions_are_the_lower_bounds():
    extras = [PROJECT["optional-dependencies"][extra] for extra in ("datasets", "excel", "fast", "heic", "onnx")]
    bounds = sorted(bound for bounds in (PROJECT["dependencies"], *extras) for bound in bounds)
    assert all(re.fullmatch(r"[\w-]+>=[\d.]+", bound) for bound in bounds)
    pinned = (ROOT / "tests" / "oldest.txt").read_text("utf-8").split()
    assert pinned == [bound.replace(">=", "==") for bound in bounds]


def test_ci_runs_every_python_that_is_named():
    named = [name.split()[-1] for name in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", name)]
    assert re.findall(r'"(3\.\d+)"', re.search(r"python: (\[.+\])", WORKFLOW)[1]) == named
    assert PROJECT["requires-python"] == f">={named[0]}"


def test_ci_runs_the_script_that_runs_here():
    assert "run: bash .ci/run\n" in WORKFLOW and (ROOT / ".ci" / "run").is_file()
    assert re.search(r"os: \[ubuntu-latest, windows-latest, macos-latest\]", WORKFLOW)


def test_the_citation_names_this_version():
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert re.search(r"^version: (.+)$", citation, re.M)[1] == pellucid.__version__
    assert re.search(r"^license: (.+)$", citation, re.M)[1] == PROJECT["license"]


def test_the_package_is_typed():
    assert (Path(pellucid.__file__).parent / "py.typed").is_file()
    assert "Typing :: Typed" in PROJECT["classifiers"]
