"""Ranges of pixels that no picture uses, and brightness that tells parts or classes apart, are reported."""

import numpy as np
import pytest

from pellucid.data import load
from pellucid.data.audit.audit import audit, metadata_by_part
from pellucid.data.audit.brightness import brightness
from photographs import photograph, png, put

N = 40


def found(splits):
    return {finding.kind: finding for finding in brightness(dict(splits.items()), metadata_by_part(splits))}


def arrays(tmp_path, X, y=None, **parts):
    np.savez(tmp_path / "x.npz", **(parts or {"X": X, "y": np.arange(len(X)) % 2 if y is None else y}))
    return load(tmp_path / "x.npz")


@pytest.fixture
def X():
    return np.random.default_rng(0).integers(0, 256, (N, 8, 8))


@pytest.mark.parametrize(
    ("scaled", "said"),
    [
        (lambda X: (16 * X).astype(np.uint16), "uint16 and use 0 to 4080 of 0 to 65,535"),
        (lambda X: (X // 200).astype(np.uint8), "uint8 and use 0 to 1 of 0 to 255: nearly all detail is lost. Multiply "
         "them by 255."),
        (lambda X: X / 255 / 255, "float64 and use 0 to 0.00392157 of 0 to 1"),
        (lambda X: X // 200, "int64 and use 0 to 1 of 0 to 255"),
    ],
)  # fmt: skip
def test_unused_ranges(tmp_path, X, scaled, said):
    watch = found(arrays(tmp_path, scaled(X)))["unused-range"]
    assert watch.level == "watch"
    assert said in watch.sentence


@pytest.mark.parametrize(
    "scaled",
    [
        lambda X: X.astype(np.uint8),
        lambda X: (257 * X).astype(np.uint16),
        lambda X: X / 255,
        lambda X: X > 200,
        lambda X: X // 3,
        lambda X: np.zeros_like(X),
        lambda X: np.eye(8)[None] * np.ones((N, 1, 1)),
    ],
)
def test_used_ranges(tmp_path, X, scaled):
    assert found(arrays(tmp_path, scaled(X))) == {}


def test_dark_files(tmp_path):
    for k in range(8):
        put(tmp_path / f"{'ab'[k % 2]}/{k}.png", png(photograph(k).point(lambda value: value // 16)))
    watch = found(load(tmp_path))["unused-range"]
    assert watch.sentence.startswith("No picture of train is brighter anywhere than ")


def test_a_darker_part(tmp_path, X):
    y = np.arange(N) % 2
    dark = arrays(tmp_path, X, x_train=X, y_train=y, x_test=X[:10] // 2, y_test=y[:10])
    watch = found(dark)["brightness-of-test"]
    assert watch.sentence.startswith("The pictures of test are darker than those of train: median brightness 0.2")
    assert "brighter" in found(arrays(tmp_path, X, x_train=X // 2, y_train=y, x_test=X, y_test=y)
                              )["brightness-of-test"].sentence  # fmt: skip
    assert found(arrays(tmp_path, X, x_train=X, y_train=y, x_test=X[:10], y_test=y[:10])) == {}


def test_classes_of_other_light(tmp_path, X):
    y = np.arange(N) % 2
    watch = found(arrays(tmp_path, np.where(y[:, None, None] == 1, X, X // 2), y))["brightness-of-classes"]
    assert watch.level == "watch"
    assert "accuracy 1.000 on held-out rows" in watch.sentence
    assert {finding.kind for finding in audit(load(tmp_path / "x.npz")).findings} == {
        "brightness-of-classes",
        "borders-of-classes",
    }
    assert found(arrays(tmp_path, X, np.arange(N) * 1.5)) == {}  # numbers to predict
