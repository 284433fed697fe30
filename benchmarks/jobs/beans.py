"""beans and beans-full: article B's network on bean leaves, as 100 x 100 pixels and as whole photographs."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import data, ours
from benchmarks.floor import add_floor, row_space_once, row_space_update, update
from benchmarks.jobs.full_batch import add_agreement, torch_entrants
from benchmarks.measure import Answer, Entrant, in_turn
from benchmarks.options import NO_TORCH, Options, has_torch
from benchmarks.outcome import Limit, Outcome
from pellucid.experiment.articles.beans import BEANS

OURS, DIRECT, TORCH = "pellucid, float32", "pellucid without row space, float32", "PyTorch, float32"
WIDTHS = (30000, 4, 3, 2, 1)
MEMORY, SAME_SPEED = Limit(2.0, at_most=True), Limit(1.15, at_most=True)
ROOT = Path(__file__).parents[2]


def run(options: Options) -> Outcome:
    """Time the article's run from a start that does not die; reading the pictures is not counted."""
    X, y = data.beans(options.data)
    iterations = 20 if options.quick else BEANS.settings.epochs
    part = iterations if options.whole else iterations // 2 if options.quick else 201
    settings = replace(BEANS.settings, random_state=BEANS.seed, epochs=iterations)
    direct = replace(settings, epochs=part, row_space=False)
    start = ours.start_of(settings, X.shape[1], 1, BEANS.seed)
    rate = ours.rate_of(settings)
    entrants = [
        Entrant(OURS, lambda number: ours.binary(X, y, settings), ours.answer),
        Entrant(DIRECT, lambda number: ours.binary(X, y, direct), ours.answer, scale=iterations / part),
    ]
    if has_torch():
        entrants += torch_entrants(TORCH, X, y, start, rate, part, iterations / part)
    measured = in_turn(entrants, options.rounds, tell=options.tell)
    outcome = Outcome(f"30000-4-3-2-1, {len(X)} rows, {iterations} epochs of gradient descent, seconds a whole fit")
    timings = outcome.add_times(measured, OURS, {TORCH: Limit(20, 40)})
    row_space = [(iterations, row_space_update(len(X), WIDTHS)), (1, row_space_once(len(X), WIDTHS))]
    add_floor(outcome, ", row space", row_space, "float64", timings[OURS].median)
    add_floor(outcome, ", direct", [(iterations, update(len(X), WIDTHS))], "float32", timings[OURS].median)
    add_agreement(outcome, timings, timings[OURS], (), (DIRECT, TORCH))
    costs = timings[OURS].answer.costs
    outcome.notes = [
        *(f"{who}: {timings[who].answer.said}." for who in (OURS, DIRECT)),
        f"Start {BEANS.seed}: the cost falls from {costs[0]:.4f} to {costs[-1]:.4f}, so this start lives.",
        *(() if has_torch() else (NO_TORCH,)),
    ]
    return outcome


def full(options: Options) -> Outcome:
    """Train on the whole photographs in a process of its own, and on 100 x 100 pixels, in turn."""
    large, small = (60, 20) if options.quick else (500, 100)
    epochs = 5 if options.quick else 300
    who = {size: f"{size} x {size} pixels, {size * size * 3:,} inputs" for size in (large, small)}
    measured: dict[str, list[dict[str, Any]]] = {name: [] for name in who.values()}

    def child(size: int) -> Callable[[int], Callable[[], dict[str, Any]]]:
        command = [sys.executable, "-m", "benchmarks.full_size", str((options.data / "beans").resolve())]
        return lambda number: lambda: _told([*command, str(size), str(epochs)])

    def judge(told: dict[str, Any]) -> Answer:
        measured[who[told["size"]]].append(told)
        return Answer(said=told["said"])

    entrants = [Entrant(name, child(size), judge, "whole process") for size, name in who.items()]
    timings = in_turn(entrants, options.rounds, tell=options.tell)
    outcome = Outcome(
        f"bean leaves from the JPEGs, {epochs} epochs through pellucid.train, seconds the whole process", who[small]
    )
    outcome.add_times(timings, who[small])
    epoch = {name: statistics.median(told["epoch"] for told in runs) for name, runs in measured.items()}
    for name, runs in measured.items():
        once = statistics.median(told["train"] - told["epoch"] * epochs for told in runs)
        outcome.add_fact(f"{name}: an epoch, without the first", 1000 * epoch[name], unit="ms")
        outcome.add_fact(f"{name}: all but the epochs (reading, setting up, scoring)", once, unit="s")
    peak = max(told["peak"] for told in measured[who[large]]) / 1e9
    outcome.add_fact(f"{who[large]}: peak memory of the process", peak, MEMORY, "GB")
    ratio = epoch[who[large]] / epoch[who[small]]
    outcome.add_fact("an epoch of whole photographs over one of 100 x 100 pixels", ratio, SAME_SPEED)
    outcome.notes = [f"{timing.entrant.who}: {timing.answer.said}." for timing in timings]
    outcome.notes.append("An epoch is the median of the epochs of a run, and of the rounds.")
    return outcome


def _told(command: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as empty:  # decoded pictures are cached: an empty cache makes it decode them
        environment = {**os.environ, "PELLUCID_CACHE": empty}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told
