"""The architecture: files import one way, without a circle; a room uses only rooms below it; packages have one home."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import pellucid

SOURCE = Path(pellucid.__file__).parent
FILES = {
    ".".join(("pellucid", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
}

FLOORS = {  # rooms of one floor do not know each other; docs/architecture.md tells their story
    "errors": 0,
    "_version": 0,
    "system": 1,
    "html": 1,
    "nn": 2,
    "data": 2,
    "features": 3,
    "training": 3,
    "model": 4,
    "evaluation": 5,
    "experiment": 6,
    "explanation": 7,
    "web": 8,
    "cli": 9,
    "__main__": 10,
    "": 10,
}
HOMES = {  # heavy or optional packages, and the only places that may import them
    "datasets": {"data/readers/huggingface.py"},
    "h5py": {"data/readers/hdf5.py"},
    "PIL": {
        "data/images/arrays.py",
        "data/images/data_uri.py",
        "data/images/decode.py",
        "data/images/resize.py",
        "explanation/animation.py",
    },
    "pillow_heif": {"data/images/decode.py"},
    "platformdirs": {"system/cache.py", "data/published/catalog.py"},
    "pooch": {"data/published/download.py"},
    "concurrent": {"system/threads.py", "web/server.py"},
    "skimage": {"features/photo.py", "web/photos/thumbnails.py"},
    "sklearn": {"model/estimator.py", "data/toy.py", "evaluation/metadata_baseline.py"},
    "matplotlib": {
        "explanation/animation.py",
        "explanation/figure_style.py",
        "explanation/plots.py",
        "explanation/sample_images.py",
        "cli/draw.py",
    },
    "safetensors": {"system/files.py"},
    "starlette": "web/",
    "uvicorn": {"web/server.py"},
    "playwright": set(),
    "tomli_w": {"experiment/recipe_file.py"},
    "click": "cli/",
    "rich": "cli/",
    "numba": {"nn/fast_updates.py"},
    "onnxruntime": {"features/onnx_backbone.py"},
    "onnx": set(),
    "torch": set(),
    "benchmarks": set(),
    "scipy": set(),
}


@cache
def imports(module):
    """Return the dotted names that a file imports, at any depth, those for type checkers alone left out."""
    tree = ast.parse(FILES[module].read_text("utf-8"))
    skipped = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names = []
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def used(module):
    """Return the files that a file needs: those it names, and the packages they lie in, which are imported first."""
    found = set()
    own = module.split(".")
    for name in imports(module):
        parts = name.split(".")
        if parts[0] != "pellucid":
            continue
        known = next(".".join(parts[:k]) for k in range(len(parts), 0, -1) if ".".join(parts[:k]) in FILES)
        found.add(known)
        packages = [known.split(".")[:k] for k in range(2, known.count(".") + 1)]
        found |= {".".join(package) for package in packages if own[: len(package)] != package}
    return found - {module}


def circle(graph):
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def room(module):
    return [*module.split("."), ""][1]


def test_no_circle_anywhere():
    assert circle({module: used(module) for module in FILES}) == []


def test_a_circle_would_be_found():
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}


@pytest.mark.parametrize("module", FILES)
def test_imports_go_down(module):
    here = room(module)
    for name in used(module):
        if (there := room(name)) != here:
            assert FLOORS[there] < FLOORS[here], f"{module} is on floor {FLOORS[here]} and imports {name}"


@pytest.mark.parametrize("module", FILES)
def test_packages_have_one_home(module):
    relative = FILES[module].relative_to(SOURCE).as_posix()
    for name in imports(module):
        homes = HOMES.get(name.split(".")[0])
        if isinstance(homes, str):
            assert relative.startswith(homes), f"{relative} imports {name}"
        elif homes is not None:
            assert relative in homes, f"{relative} imports {name}"


def test_every_room_has_a_floor():
    assert {room(module) for module in FILES} == set(FLOORS)


def test_the_listing_reads_at_a_glance():
    entries = [path.name for path in SOURCE.iterdir() if path.name != "__pycache__"]
    assert len(entries) <= 18, sorted(entries)


def test_files_have_one_noun():
    """Over 330 lines there is a second noun; under 40 it belongs to its neighbour, unless it is named here."""
    small = {"_version.py", "__main__.py", "memory.py", "progress.py", "undo.py"}
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in FILES.values()}
    assert {str(path): length for path, length in lengths.items() if length > 330} == {}
    short = {path for path, length in lengths.items() if length < 40 and path.name not in small | {"__init__.py"}}
    assert short == set()
