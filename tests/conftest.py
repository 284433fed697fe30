"""What every test gets: numerical mistakes raise, and the real data where it is at hand."""

import os
import signal
from importlib import import_module
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one test process a core: BLAS threads on top only wait

import numpy as np
import pytest

from browser import chromium as chromium  # fixtures
from browser import first_tab as first_tab
from browser import page as page
from pellucid.explanation import figure_style
from pellucid.explanation.saliency import GRID, occlusion_map, occlusion_maps


def pytest_configure(config):
    # small training sets make many samples unfamiliar; tests that are about this ask for the warning
    config.addinivalue_line("filterwarnings", "ignore::pellucid.errors.UnfamiliarWarning")


def pytest_collection_modifyitems(items):
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session", autouse=True)
def signals_of_a_terminal():
    """Take Ctrl-C and a hang-up as in a terminal, also where the tests run in the background, which ignores them."""
    usual = {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL}
    for name, handler in usual.items():
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) == signal.SIG_IGN:
            signal.signal(getattr(signal, name), handler)


@pytest.fixture(autouse=True)
def strict_numbers():
    with np.errstate(over="raise", divide="raise", invalid="raise", under="ignore"):
        yield


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Keep the user's cache out of the tests, and the tests out of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PELLUCID_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def few_trees():
    """Let the metadata baseline grow few trees: with all of them it takes half of a training on small pictures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("pellucid.evaluation.metadata_baseline"), "TREES", 2)
        yield


def set_default_grid(patch, grid):
    for function in (occlusion_map, occlusion_maps):
        patch.setattr(function, "__defaults__", (None, grid, None))


@pytest.fixture(scope="session", autouse=True)
def coarse_masks():
    """Cover 9 places of a picture, not 49, where a test does not give the grid: each is described anew."""
    with pytest.MonkeyPatch.context() as patch:
        set_default_grid(patch, 4)
        yield


@pytest.fixture
def fine_masks(coarse_masks, monkeypatch):
    """Cover as many places as a user sees."""
    set_default_grid(monkeypatch, GRID)


@pytest.fixture(scope="session")
def real_data():
    """Return the folder with the articles' data sets, or skip the test."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("PELLUCID_TEST_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"the articles' data is not at {folder}; set PELLUCID_TEST_DATA to its place")
    return folder


@pytest.fixture
def no_drawing(monkeypatch):
    """Write figures as empty files, in tests that do not look at them: drawing takes most of such a command."""
    monkeypatch.setattr(figure_style, "as_bytes", lambda figure, kind: b"")


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk():
    """Leave out fsync, which takes most of a small write; a process that is killed loses nothing by it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield
