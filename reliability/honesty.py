"""Honesty: how often "credibly better" is said where there is nothing to learn, and how often intervals hold the truth.

Each run draws new data, trains as `pellucid train` does and reads what it says. The truth is that of fresh rows, of new
groups, drawn alike: known where labels are chance, else the mean score of all runs' models.
"""

import argparse
import os
import tempfile
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.evaluation.regression import rmse_interval

SMALL: dict[str, Any] = {"hidden_layers": (4,), "activation": "tanh", "optimizer": "lbfgs", "epochs": 12, "l2": 0.1}
COLUMNS, WITHIN = 6, 0.15  # of a table; the deviation of a row from the centre of its group
FRESH = 2000  # rows that tell the truth


@dataclass(frozen=True, eq=False)
class Drawn:
    """Rows X (n, d), or pictures (n, height, width, 3), their labels y (n,), and groups (n,) or None."""

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None = None


@dataclass(frozen=True)
class Case:
    """One line of the table.

    truth: what the interval must hold; None where fresh rows tell it.  null: the baselines that nothing can beat here.
    how: settings of the training.
    """

    name: str
    draw: Callable[[np.random.Generator], Drawn]
    truth: float | None = None
    null: tuple[str, ...] = ()
    how: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What one run said: an interval, a verdict against each baseline, and the score on fresh rows, if asked."""

    interval: tuple[float, float] | None
    verdicts: dict[str, tuple[bool, bool]]
    fresh: float | None


def centres(rng: np.random.Generator, groups: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows (groups * size, COLUMNS) near the centre of their group, and their groups."""
    members = np.repeat(np.arange(groups), size)
    X = rng.normal(size=(groups, COLUMNS))[members]
    return X + rng.normal(0, WITHIN, X.shape), members


def chance(rng: np.random.Generator, groups: int, size: int, within: bool = False, grouped: bool = True) -> Drawn:
    """Return labels by chance: one for each group, of each class as many, or `within` one for each row."""
    X, members = centres(rng, groups, size)
    y = rng.integers(0, 2, len(X)) if within else rng.permutation(np.arange(groups) % 2)[members]
    return Drawn(X, y, members if grouped else None)


def learnable(rng: np.random.Generator, groups: int, size: int) -> Drawn:
    """Return labels that the first column tells in part, alike in most rows of a group."""
    X, members = centres(rng, groups, size)
    own = rng.normal(0, 0.7, groups)[members]
    y = (X[:, 0] + own + rng.normal(0, 0.5, len(X)) > 0).astype(int)
    if min(len(set(members[y == code])) for code in (0, 1)) < 3:  # too few groups of a class to divide
        return learnable(rng, groups, size)
    return Drawn(X, y, members if size > 1 else None)


def numbers(rng: np.random.Generator, groups: int, size: int, noise: str = "normal", slope: float = 1.0) -> Drawn:
    """Return numbers that the first column tells in part; the noise is of rows, or of groups where there are such."""
    X, members = centres(rng, groups, size)
    own = NOISE[noise](rng, groups)[members]
    y = slope * X[:, 0] + own + (rng.normal(0, 0.5, len(X)) if size > 1 else 0)
    return Drawn(X, y, members if size > 1 else None)


NOISE: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "t5": lambda rng, n: rng.standard_t(5, n),
    "t3": lambda rng, n: rng.standard_t(3, n),
    "log-normal": lambda rng, n: rng.lognormal(0, 0.7, n),
}


def pictures(rng: np.random.Generator, groups: int) -> Drawn:
    """Return pictures of 8 x 8 with labels by chance, each of them once to three times, the repeats a little noisy."""
    coarse = rng.integers(0, 256, (groups, 4, 4, 3)).repeat(2, axis=1).repeat(2, axis=2)
    often = rng.integers(1, 4, groups)
    X = np.clip(coarse.repeat(often, axis=0) + rng.normal(0, 3, (often.sum(), 8, 8, 3)), 0, 255).astype(np.uint8)
    return Drawn(X, rng.permutation(np.arange(groups) % 2).repeat(often))


SIMPLER = ("majority", "no_hidden_layer")
CASES = (
    Case("classes by chance, 100 rows", partial(chance, groups=100, size=1, grouped=False), 0.5, SIMPLER),
    Case("classes by chance, 300 rows", partial(chance, groups=300, size=1, grouped=False), 0.5, SIMPLER),
    Case("6 groups of 12, a class for each by chance", partial(chance, groups=6, size=12), 0.5, SIMPLER),
    Case("8 groups of 12, a class for each by chance", partial(chance, groups=8, size=12), 0.5, SIMPLER),
    Case("10 groups of 12, a class for each by chance", partial(chance, groups=10, size=12), 0.5, SIMPLER),
    Case("20 groups of 6, a class for each by chance", partial(chance, groups=20, size=6), 0.5, SIMPLER),
    Case("15 groups of 8, classes mixed by chance", partial(chance, groups=15, size=8, within=True), 0.5, SIMPLER),
    Case(
        "60 pictures by chance, each up to 3 times, mirrored in training",
        partial(pictures, groups=60),
        0.5,
        SIMPLER,
        {"features": "pixels", "copies": ["mirrored"], "audit": True},
    ),
    Case("numbers by chance, 10 groups of 12", partial(numbers, groups=10, size=12, slope=0), None, ("mean",)),
    Case("classes to learn, 100 rows", partial(learnable, groups=100, size=1)),
    Case("classes to learn, 100 rows, answers of `--reject auto`", partial(learnable, groups=100, size=1), None, (),
         {"reject": "auto"}),
    Case("classes to learn, 15 groups of 8", partial(learnable, groups=15, size=8)),
    Case("numbers, 100 rows", partial(numbers, groups=100, size=1)),
    Case("numbers, 100 rows, noise t5", partial(numbers, groups=100, size=1, noise="t5")),
    Case("numbers, 100 rows, noise log-normal", partial(numbers, groups=100, size=1, noise="log-normal")),
    Case("numbers, 8 groups of 12", partial(numbers, groups=8, size=12)),
    Case("numbers, 15 groups of 8", partial(numbers, groups=15, size=8)),
)  # fmt: skip
SPREAD = {"normal": 1.0, "t5": 5 / 3, "t3": 3.0, "log-normal": float(np.exp(0.49) * np.expm1(0.49))}  # variances


def outcome(case: Case, run: int, folder: Path) -> Outcome:
    """Return what one run of a case says."""
    from pellucid import train

    seed = zlib.crc32(case.name.encode())
    rng = np.random.default_rng([seed, run])
    drawn = case.draw(rng)
    how: dict[str, Any] = SMALL | {"audit": False, "random_state": run} | case.how
    if drawn.groups is not None:
        how["group_by"] = "unit"
    result = train(written(drawn, folder / f"{seed}-{run}"), **how)
    judged = result.cross_validation
    assert judged is not None
    verdicts = {name: (c.credibly_better, c.credibly_worse) for name, c in judged.scores.comparisons.items()}
    interval = judged.interval if result.decision.worth is None else result.decision.worth.interval
    fresh = None
    if case.truth is None:
        new = [case.draw(rng) for _ in range(-(-FRESH // len(drawn.y)))]
        fresh = fresh_score(result.model, np.concatenate([d.X for d in new]), np.concatenate([d.y for d in new]))
    return Outcome(interval, verdicts, fresh)


def written(drawn: Drawn, place: Path) -> Path:
    """Write a table or pictures and return where."""
    if drawn.X.ndim == 4:
        np.savez(place.with_suffix(".npz"), x=drawn.X, y=drawn.y)
        return place.with_suffix(".npz")
    units = [] if drawn.groups is None else [np.char.add("u", drawn.groups.astype(str))]
    label = np.char.add("c", drawn.y.astype(str)) if drawn.y.dtype.kind == "i" else drawn.y.astype(str)
    header = ["label", *["unit"][: len(units)], *(f"x{column}" for column in range(drawn.X.shape[1]))]
    lines = [",".join(header), *map(",".join, np.column_stack([label, *units, drawn.X.astype(str)]))]
    place = place.with_suffix(".csv")
    place.write_text("\n".join(lines))
    return place


def fresh_score(model: Any, X: np.ndarray, y: np.ndarray) -> float:
    """Return the accuracy of the answers given, or the mean squared error, on fresh rows."""
    found = model.predictions(X)
    if y.dtype.kind != "i":
        return float(((found.outputs - y) ** 2).mean())
    given = np.ones(len(y), bool) if found.rejected is None else ~found.rejected
    return float((found.codes == y)[given].mean())


def main(arguments: Sequence[str]) -> None:
    """Print the tables: of whole trainings, and of the interval of an rmse on errors drawn alone."""
    parser = argparse.ArgumentParser(prog="python -m reliability honesty", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--only", default="", help="only cases with this in their name")
    options = parser.parse_args(arguments)
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # of the processes below
    print("| data | better than a constant | worse | better than no hidden layer | worse | interval holds the truth |")
    print("|---|---:|---:|---:|---:|---:|")
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool,
    ):
        for case in (case for case in CASES if options.only in case.name):
            one = partial(outcome, case, folder=Path(folder))
            print(line(case, list(pool.map(one, range(options.runs), chunksize=5))), flush=True)
    print(f"\n| errors | {' | '.join(SPREAD)} |\n|---|{'---:|' * len(SPREAD)}")
    for name, groups, size in (("100 rows", 100, 1), ("1000 rows", 1000, 1), *GROUPS):
        cells = [f"{rmse_coverage(noise, groups, size, 10 * options.runs):.1%}" for noise in SPREAD]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


GROUPS = tuple((f"{groups} groups of 12", groups, 12) for groups in (6, 8, 15, 30))


def line(case: Case, outcomes: list[Outcome]) -> str:
    """Return one line of the table of trainings."""
    of_numbers = "mean" in outcomes[0].verdicts
    cells = []
    for name in ("mean" if of_numbers else "majority", "no_hidden_layer"):
        if name not in case.null:
            cells += ["-", "-"]
        else:
            cells += [f"{np.mean([o.verdicts[name][side] for o in outcomes]):.1%}" for side in (0, 1)]
    fresh = np.array([o.fresh for o in outcomes if o.fresh is not None])
    truth = case.truth if case.truth is not None else float(fresh.mean()) ** (0.5 if of_numbers else 1)
    held = np.mean([o.interval is not None and o.interval[0] <= truth <= o.interval[1] for o in outcomes])
    return f"| {case.name} | {' | '.join(cells)} | {held:.1%} of {truth:.3g} |"


def rmse_coverage(noise: str, groups: int, size: int, draws: int) -> float:
    """Return how often `rmse_interval` holds the truth: errors of groups are shared but for a part of their rows."""
    rng, members = np.random.default_rng(groups), np.repeat(np.arange(groups), size)
    own, held = (0.5 if size > 1 else 0.0), 0
    centre = float(np.exp(0.245)) if noise == "log-normal" else 0.0
    for _ in range(draws):
        error = NOISE[noise](rng, groups)[members] - centre + rng.normal(0, own, len(members))
        interval = rmse_interval(error, members if size > 1 else None)
        held += interval is not None and interval[0] <= (SPREAD[noise] + own**2) ** 0.5 <= interval[1]
    return held / draws
