"""Odd values of a table are named with column, value, number and option; honest columns are left in peace."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

from pellucid.data import Dataset, load
from pellucid.data.audit.values import values

N = 600


def found(*columns, categorical=(), kind="table"):
    X = np.empty((len(columns[0]), len(columns)), object if categorical else np.float64)
    for place, column in enumerate(columns):
        X[:, place] = column
    names = tuple(f"x{place}" for place in range(len(columns)))
    lines = [f"line {row + 2}" for row in range(len(X))]
    data = Dataset(X.__getitem__, np.zeros(len(X), int), ("a", "b"), kind, lines, "t.csv", names, categorical)
    findings = list(values({"train": data}))
    assert len({finding.kind for finding in findings}) == len(findings)
    return {finding.kind: finding for finding in findings}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_number_that_stands_for_missing(rng):
    x = rng.normal(size=N).round(2)
    x[: N // 10] = -999
    watch = found(x, rng.normal(size=N))["missing-as-number"]
    assert (watch.level, watch.count, watch.examples) == ("watch", 60, ())
    low, high = x[60:].min(), x[60:].max()
    assert watch.sentence == (
        "Column 'x0' has a value that seems to stand for missing (-999 60 times, the others in "
        f"{low:g} to {high:g}); if so, empty these cells, or --drop x0."
    )


def test_several_columns_make_one_finding(rng):
    X = np.where(rng.random((N, 3)) < 0.1, 9999, rng.normal(size=(N, 3)))
    watch = found(*X.T)["missing-as-number"]
    assert watch.sentence.startswith("3 columns have a value that seems to stand for missing ('x0': 9999 ")
    assert watch.sentence.endswith("--drop x0,x1,x2.")
    assert [example.partition(":")[0] for example in watch.examples] == ["x0", "x1", "x2"]
    assert watch.count == (X == 9999).sum()
    assert "leave x0, x1, x2 out of the array" in found(*X.T, kind="numbers")["missing-as-number"].sentence


@pytest.mark.parametrize(
    ("marker", "rest"),
    [
        (-1, lambda rng: rng.integers(18, 80, N)),
        (-1, lambda rng: rng.integers(0, 400, N)),
        (99, lambda rng: rng.integers(18, 80, N)),
        (999, lambda rng: rng.integers(18, 80, N)),
        (9, lambda rng: rng.integers(1, 6, N)),
        (99, lambda rng: rng.integers(1, 6, N)),
        (-32768, lambda rng: rng.normal(0, 100, N)),
        (1000, lambda rng: rng.normal(0, 100, N)),
    ],
)
def test_markers(rng, marker, rest):
    assert set(found(np.where(rng.random(N) < 0.1, marker, rest(rng)))) == {"missing-as-number"}


def test_a_zero_that_stands_for_missing_is_only_noted(rng):
    note = found(np.where(rng.random(N) < 0.05, 0, rng.normal(120, 20, N)))["missing-as-zero"]
    assert note.level == "note"


def test_typing_errors(rng):
    x = rng.normal(size=N)
    x[[3, 50, 70]] = 1e6
    watch = found(x)["extremes"]
    assert (watch.level, watch.count) == ("watch", 3)
    assert watch.sentence.startswith(
        "Column 'x0' has values far from all others (3, as 1e+06 in line 5, the others in "
    )
    assert watch.sentence.endswith("; correct these cells or empty them, or --drop x0.")
    year = rng.integers(1920, 2020, N)
    year[7] = 19280
    assert "1, as 19280 in line 9, the others in 1920 to 2019" in found(year)["extremes"].sentence


def test_a_long_tail(rng):
    watch = found(np.exp(2 * rng.normal(size=N)))["long-tail"]
    assert watch.level == "watch"
    assert "spreads from the median" in watch.sentence


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.normal(size=N),
        lambda rng: rng.exponential(size=N),
        lambda rng: np.exp(rng.normal(size=N)),
        lambda rng: rng.poisson(0.3, N),
        lambda rng: rng.integers(1, 6, N),
        lambda rng: rng.integers(-1, 35, N),
        lambda rng: rng.random(N) < 0.01,
        lambda rng: np.where(rng.random(N) < 0.8, 0, rng.exponential(1000, N)),
        lambda rng: np.where(np.arange(N) < N / 2, rng.normal(0, 1, N), rng.normal(100, 1, N)),
        lambda rng: np.where(rng.random(N) < 0.01, 5, 1),
        lambda rng: rng.choice([3, 4, 5, 6, 8], N),
        lambda rng: np.full(N, np.nan),
        lambda rng: np.where(np.arange(N) < 5, 1e6, np.nan),
        lambda rng: np.r_[1e6, rng.normal(size=10)],
    ],
)
def test_honest_columns(rng, draw):
    assert found(draw(rng)) == {}


@pytest.mark.parametrize("read", [load_iris, load_breast_cancer, load_wine])
def test_honest_tables(read):
    assert found(*read().data.T) == {}


def test_pictures_have_no_columns():
    assert list(values({"train": Dataset(list, np.zeros(30, int), ("a",), "pictures", [], "p")})) == []
    assert list(values({"train": load("toy:moons").train})) == []


TENS = [str(k) for k in range(10, 60)]


@pytest.mark.parametrize(
    "texts",
    [
        [f"{k}%" for k in TENS],
        [f"${k},{k}0.5" for k in TENS],
        [f"{k},5 €" for k in TENS],
        [f"{k}.5 kg" for k in TENS],
        [*TENS[:45], *["#DIV/0!"] * 5],
        [None, *(f"{k} %" for k in TENS)],
    ],
)
def test_dressed_numbers(texts):
    watch = found(texts, categorical=("x0",))["dressed-numbers"]
    assert watch.level == "watch"
    odd = next(text for text in texts if text and text not in TENS)
    assert f"has numbers that are read as categories (such as {odd!r}, " in watch.sentence
    assert watch.sentence.endswith(" categories): --numeric x0.")


@pytest.mark.parametrize("text", ["A{}", "{}-99", "2020-01-{}", "{}:30", "1.{}.0", "{}", "word {}", "00{}", "1E{}"])
def test_texts_that_are_no_numbers(text):
    assert found([text.format(k) for k in TENS], categorical=("x0",)) == {}


def test_codes_are_no_numbers():
    assert found([f"{k}{'ABC'[int(k) % 3]}" for k in TENS], categorical=("x0",)) == {}
