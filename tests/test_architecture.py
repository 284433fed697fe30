"""The house: a room uses only the floors below it, and optional packages live in one room each."""

import ast
from pathlib import Path

import pytest

import pellucid

SOURCE = Path(pellucid.__file__).parent

FLOORS = {  # docs/architecture.md tells their story; rooms of one floor do not know each other
    "errors": 0,
    "memory": 0,
    "parallel": 0,
    "version": 0,
    "cache": 1,
    "cells": 1,
    "files": 1,
    "pages": 1,
    "pictures": 1,
    "randomness": 1,
    "rows": 1,
    "sorting": 1,
    "data": 2,
    "features": 2,
    "nn": 2,
    "sealed": 2,
    "training": 3,
    "model_file": 3,
    "target": 3,
    "reading": 3,
    "audit": 3,
    "novelty": 3,
    "model": 4,
    "evaluation": 5,
    "estimator": 5,
    "assembly": 5,
    "learner": 6,
    "decision": 6,
    "recipe": 5,
    "recipe_file": 6,
    "preparation": 6,
    "division": 7,
    "judging": 7,
    "job": 8,
    "insight": 9,
    "articles": 10,
    "web": 10,
    "cli": 11,
    "__main__": 12,
    "__init__": 12,
}
HOMES = {  # heavy or optional packages, and the only places that may import them
    "datasets": {"data/huggingface.py"},
    "h5py": {"data/hdf5.py"},
    "PIL": {"insight/animation.py", "pictures/pixels.py", "pictures/arrays.py", "pictures/embedded.py"},
    "pillow_heif": {"pictures/pixels.py"},
    "platformdirs": {"cache.py", "data/published.py"},
    "pooch": {"data/fetch.py"},
    "concurrent": {"parallel.py", "web/server.py"},
    "skimage": {"features/photo.py", "web/photographs/sample.py"},
    "sklearn": {"estimator.py", "data/toy.py", "evaluation/file_facts.py"},
    "matplotlib": {
        "insight/animation.py",
        "insight/figures.py",
        "insight/plane.py",
        "insight/plots.py",
        "insight/samples.py",
        "articles/article.py",
        "articles/planar.py",
        "cli/draw.py",
    },
    "safetensors": {"files.py"},
    "starlette": "web/",
    "uvicorn": {"web/server.py"},
    "playwright": set(),
    "tomli_w": {"recipe_file.py"},
    "click": "cli/",
    "rich": "cli/",
    "numba": {"nn/fused.py"},
    "onnxruntime": {"features/backbone.py"},
    "onnx": set(),
    "torch": set(),
    "benchmarks": set(),
    "scipy": set(),
}


def imports(path):
    """Yield the dotted names that a file imports, at any depth, those for type checkers alone left out."""
    tree = ast.parse(path.read_text("utf-8"))
    skipped = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(relative):
    return relative.parts[0].removesuffix(".py")


FILES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))


@pytest.mark.parametrize("relative", FILES, ids=str)
def test_imports_go_down(relative):
    here = room(relative)
    for name in imports(SOURCE / relative):
        if name.startswith("pellucid.") and (there := name.split(".")[1]) != here:
            assert FLOORS[there] < FLOORS[here], f"{relative} is on floor {FLOORS[here]} and imports {name}"


@pytest.mark.parametrize("relative", FILES, ids=str)
def test_packages_have_one_home(relative):
    for name in imports(SOURCE / relative):
        homes = HOMES.get(name.split(".")[0])
        if isinstance(homes, str):
            assert str(relative).startswith(homes), f"{relative} imports {name}"
        elif homes is not None:
            assert str(relative) in homes, f"{relative} imports {name}"


def test_every_room_has_a_floor():
    assert {room(relative) for relative in FILES} == set(FLOORS)


def test_files_are_short_and_well_named():
    lengths = {str(relative): len((SOURCE / relative).read_text("utf-8").splitlines()) for relative in FILES}
    assert {name: length for name, length in lengths.items() if length > 330} == {}
    assert not [name for name in lengths if Path(name).stem in {"utils", "helpers", "common", "misc", "core", "base"}]


def test_public_names_exist_and_are_told():
    assert sorted(pellucid.__all__) == dir(pellucid)
    for name in pellucid.__all__:
        thing = getattr(pellucid, name)
        assert isinstance(thing, str) or thing.__doc__, name


def test_import_is_light():
    import subprocess
    import sys

    code = """import sys, pellucid, pellucid.cli.main
heavy = "sklearn matplotlib h5py scipy skimage PIL platformdirs concurrent pooch onnxruntime".split()
print([name for name in heavy if name in sys.modules])"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
