"""The benchmarks measure what they say: turns, medians, verdicts, and peers that do the same work. No times here."""

import contextlib
import doctest
import importlib
import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("threadpoolctl")

from benchmarks import data, floor, machine, measure, ours, outcome, peers_article, peers_sklearn, table
from benchmarks.jobs import JOBS, fashion
from benchmarks.measure import Answer, Entrant
from benchmarks.outcome import Limit, Outcome
from pellucid.experiment.articles.cats import FOUR_LAYER
from pellucid.training import Settings

PERFORMANCE = Path(__file__).parents[1] / "docs" / "performance.md"
SETTINGS = Settings(
    hidden_layers=(5, 3), init="lecun", optimizer="gradient_descent", learning_rate=0.1, batch_size=None, epochs=30
)


@pytest.fixture(scope="module")
def small():
    rng = np.random.default_rng(0)
    X = rng.random((12, 40))
    return X, rng.integers(0, 2, 12), ours.start_of(SETTINGS, 40, 1, seed=1)


@pytest.fixture(scope="module")
def article(small):
    X, y, start = small
    return peers_article.train(X.T, y[None, :], start, rate=0.1, iterations=30)


def agree(answer, article):
    parameters, costs = article
    assert measure.difference(answer.costs, costs) < 1e-9 and len(answer.costs) == 30
    expected = [parameters[f"{symbol}{number}"] for number in (1, 2, 3) for symbol in "Wb"]
    expected = [array.reshape(w.shape) for array, w in zip(expected, answer.weights, strict=True)]
    assert measure.weights_difference(answer.weights, expected) < 1e-9


@pytest.mark.parametrize("row_space", [True, False])
def test_ours_and_the_article_do_the_same(small, article, row_space):
    X, y, _ = small
    fitted = ours.binary(X, y, replace(SETTINGS, random_state=1, row_space=row_space))()
    assert fitted.history.used_row_space is row_space
    agree(ours.answer(fitted), article)


def test_sklearn_and_the_article_do_the_same(small, article):
    X, y, start = small
    before = [W.copy() for W in start]
    agree(peers_sklearn.answer(peers_sklearn.training(X, y, start, 0.1, 30)()), article)
    assert all(np.array_equal(W, kept) for W, kept in zip(start, before, strict=True))  # others start from it too


@pytest.mark.parametrize("kind", ["foreach", "fused", "row space"])
def test_torch_and_the_article_do_the_same(small, article, kind):
    torch = pytest.importorskip("torch")
    from benchmarks import peers_torch

    X, y, start = small
    how = (torch.from_numpy(X), torch.from_numpy(y), start, 0.1, 30)
    run = peers_torch.row_space(*how) if kind == "row space" else peers_torch.full_batch(*how, kind)
    agree(peers_torch.full_batch_answer(run()), article)


def test_torch_learns_in_mini_batches():
    torch = pytest.importorskip("torch")
    from benchmarks import peers_torch

    X = np.random.default_rng(0).random((200, 4), np.float32)
    codes = X.argmax(1)
    start = ours.start_of(Settings(hidden_layers=(16,)), 4, 4, seed=0)
    how = (torch.from_numpy(X), torch.from_numpy(codes), start, "adam", 0.01, 32, 40, 0, "fused")
    model = peers_torch.mini_batches(*how)()
    assert np.mean(peers_torch.logits(model)(X).argmax(1) == codes) > 0.8


@pytest.mark.slow
def test_the_articles_loop_gives_the_published_costs(real_data):
    X, y = data.cats(real_data)
    start = ours.start_of(FOUR_LAYER.settings, X.shape[1], 1, FOUR_LAYER.seed)
    _, costs = peers_article.train(X.T, y[None, :], start, 0.0075, 101)
    assert [costs[0], costs[100]] == pytest.approx([0.771749, 0.672053], abs=6e-7)


class Clock:
    """A time that passes only where work is done."""

    def __init__(self):
        self.now, self.turns = 0.0, []

    def __call__(self):
        return self.now

    def entrant(self, who, seconds, how="", scale=1.0, threads=None):
        lasting = iter(seconds)

        def prepare(number):
            self.now += 100  # getting ready is not timed

            def work():
                self.turns.append((number, who + how))
                self.now += next(lasting)
                return who

            return work

        return Entrant(who, prepare, lambda result: Answer(said=result, accuracy=0.5), how, threads, scale)


def test_turns_rotate_and_medians_count(monkeypatch):
    monkeypatch.setattr(measure.gc, "collect", lambda: 0)  # which goes through all that the tests have left
    clock, limits = Clock(), []
    entrants = [
        clock.entrant("a", [3, 1, 2], threads=1),
        clock.entrant("b", [9, 9, 9], "slow"),
        clock.entrant("b", [1, 7, 2], "fast", scale=10),
    ]

    def limited(threads):
        limits.append(threads)
        return contextlib.nullcontext()

    timings = measure.in_turn(entrants, 3, clock=clock, limited=limited)
    assert [name for _, name in clock.turns] == ["a", "bslow", "bfast", "bslow", "bfast", "a", "bfast", "a", "bslow"]
    assert [number for number, _ in clock.turns] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert limits.count(1) == 3 and limits.count(None) == 6
    assert [timing.median for timing in timings] == [2, 9, 20]
    assert timings[0].rounds == [3, 1, 2] and timings[0].answer.said == "a" and timings[0].accuracies == [0.5] * 3
    found = Outcome("")
    found.add_times(timings, "a", {"b": Limit(4, 5)}, per=2)
    a, b = found.rows
    assert (a.who, a.seconds, a.ratio, a.verdict) == ("a", 1, 1, "")
    assert (b.how, b.seconds, b.ratio, b.verdict) == ("slow", 4.5, 4.5, "met")
    assert [(row.how, row.rounds) for row in found.tried] == [("fast, per iteration x 10", [1, 7, 2])]


def test_threads_are_limited_and_given_back():
    from threadpoolctl import threadpool_info

    def blas():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = blas()
    with measure.limited_threads(1):
        assert set(blas()) == {1}
    assert blas() == before


@pytest.mark.parametrize(
    ("limit", "values"),
    [
        (Limit(2, 4), {1.99: "missed", 2: "met", 3.99: "met", 4: "met, goal too", float("nan"): "missed"}),
        (Limit(1e-9, at_most=True), {0: "met", 1e-9: "met", 2e-9: "missed", float("nan"): "missed"}),
    ],
)
def test_verdicts(limit, values):
    assert {value: limit.verdict(value) for value in values} == values


def test_only_checks_make_an_outcome_unsound():
    found = Outcome("")
    found.add_fact("memory", 3, Limit(2, at_most=True), "GB")
    assert found.sound and found.facts[0].verdict == "missed"
    found.add_fact("costs", float("nan"), Limit(1e-9, at_most=True), check=True)
    assert not found.sound and found.plain()["facts"][1]["measured"] is None
    json.dumps(found.plain(), allow_nan=False)


def test_tables_show_what_the_json_holds():
    found = Outcome("two of them, seconds a fit")
    clock = Clock()
    timings = measure.in_turn([clock.entrant("ours", [0.5]), clock.entrant("theirs", [0.75])], 1, clock=clock)
    found.add_times(timings, "ours", {"theirs": Limit(2, 3)})
    found.add_fact("costs apart", 1e-12, Limit(1e-9, at_most=True))
    about = {"machine": {"cores": 2, "cpu": "Some CPU", "load": 1.5}, "versions": {"numpy": "2"}}
    job = {**found.plain(), **about, "options": {"rounds": 1, "quick": True}}
    text = table.markdown(json.loads(json.dumps({"name": job})))
    assert "| theirs | as it comes | 0.75 s | 1.5 | 2 | 3 | missed |" in text
    assert "| costs apart | 1e-12 | 1e-09 |  | met |" in text
    assert "2 cores, Some CPU; numpy 2; 1 rounds, QUICK: not a result, on a BUSY machine (load 1.5)." in text


def test_the_document_holds_the_tables_of_its_json():
    text, recorded = PERFORMANCE.read_text("utf-8"), PERFORMANCE.with_suffix(".json")
    assert text.count(table.MARK) == 1
    if recorded.exists():
        assert table.placed(text, table.markdown(json.loads(recorded.read_text("utf-8"))["jobs"])) == text
    with pytest.raises(ValueError, match="lacks the line"):
        table.placed("another document", "")


def test_products_of_an_update_are_counted():
    widths, n = (40, 5, 3, 1), 12
    forward = sum(2 * n * a * b for a, b in itertools.pairwise(widths))
    assert sum(p.operations for p in floor.update(n, widths)) == 3 * forward - 2 * n * 40 * 5
    in_row_space = sum(p.operations for p in floor.row_space_update(n, widths))
    assert in_row_space == 2 * n * n * 5 + 3 * (forward - 2 * n * 40 * 5)
    assert [p.operations for p in floor.row_space_once(n, widths)] == [n * n * 40, 2 * n * 40 * 5, 2 * n * 40 * 5]


@pytest.mark.parametrize("form", ["forward", "weights", "inputs", "gram"])
def test_products_can_be_computed(form):
    product = floor.Product(form, 6, 6, 4)
    assert np.shape(product.function("float32")()) == (6, 6)
    assert floor.floor([(3, [product])], "float32") > 0


def test_fashion_limits():
    assert fashion.Work((32,), 32, "gradient_descent").limits["PyTorch"].required == 2
    assert fashion.Work((32,), 32, "adam").limits["PyTorch"].required == 1
    assert fashion.Work((512, 512), 256, "adam").limits == {"PyTorch": Limit(0.6, 1), "scikit-learn": Limit(1.5)}
    assert fashion.Work((256, 128), 128, "adam").name == "784-256-128-10, batch 128, adam"


def test_peak_memory_is_that_of_this_process():
    before = machine.peak_memory()
    held = np.ones(30_000_000 // 8)
    assert before / 2 < machine.peak_memory() < before + 10 * held.nbytes
    assert 1e7 < before < 1e11


def test_nothing_told_identifies_the_host():
    import platform

    told = json.dumps(machine.machine())
    assert platform.node() not in told and str(Path.home()) not in told


def test_command_prints_a_recorded_run(tmp_path):
    from click.testing import CliRunner

    from benchmarks.__main__ import SCHEMA, main

    job = Outcome("nothing was done").plain() | {"machine": {"cores": 2, "cpu": "Some CPU", "load": 0}, "versions": {}}
    job["options"] = {"rounds": 5, "quick": False}
    recorded, document = tmp_path / "run.json", tmp_path / "document.md"
    recorded.write_text(json.dumps({"schema": SCHEMA, "jobs": {"exact": job}}))
    shown = CliRunner().invoke(main, ["--markdown", str(recorded)])
    assert shown.exit_code == 0 and shown.output.startswith("### exact\n\nnothing was done. 2 cores, Some CPU")
    document.write_text(f"Before.\n{table.MARK}old tables")
    CliRunner().invoke(main, ["--markdown", str(recorded), "--into", str(document)])
    assert document.read_text() == f"Before.\n{table.MARK}\n{shown.output}"
    refused = CliRunner().invoke(main, ["no-such-job"])
    assert refused.exit_code == 2 and all(name in refused.output for name in JOBS)


@pytest.mark.parametrize("module", [measure, outcome, floor, table], ids=lambda module: module.__name__)
def test_examples_run(module):
    result = doctest.testmod(importlib.import_module(module.__name__))
    assert result.attempted and not result.failed
