"""The measurement of honesty: a small version, and one line of its table."""

from dataclasses import replace
from functools import partial

import numpy as np

from reliability.honesty import CASES, Case, Outcome, chance, line, outcome, rmse_coverage

QUICK = {"epochs": 2, "cross_validate": 1}


def test_a_run_of_groups_by_chance(tmp_path):
    case = next(case for case in CASES if case.name.startswith("8 groups"))
    found = outcome(replace(case, how=QUICK), 0, tmp_path)
    assert set(found.verdicts) == set(case.null) and found.fresh is None
    assert found.interval[1] - found.interval[0] > 0.4  # eight groups are few, though they have 96 rows


def test_answers_are_scored_on_fresh_rows(tmp_path):
    case = next(case for case in CASES if "reject" in case.how)
    found = outcome(replace(case, how=case.how | QUICK), 0, tmp_path)
    assert 0.3 < found.fresh < 1 and found.interval[0] < found.interval[1]


def test_one_line():
    right, wrong = {"majority": (False, True)}, {"majority": (True, False)}
    case = Case("coins", partial(chance, groups=8, size=2), 0.5, ("majority",))
    outcomes = [Outcome((0.4, 0.6), right, None)] * 3 + [Outcome((0.6, 0.8), wrong, None)]
    assert line(case, outcomes) == "| coins | 25.0% | 75.0% | - | - | 75.0% of 0.5 |"


def test_a_class_for_each_group():
    drawn = chance(np.random.default_rng(0), 8, 3)
    assert drawn.y.sum() == 12 and all(len(set(drawn.y[drawn.groups == group])) == 1 for group in range(8))
    assert len(set(chance(np.random.default_rng(0), 8, 30, within=True).y[:30])) == 2


def test_coverage_of_drawn_errors():
    assert rmse_coverage("normal", 100, 1, 100) > 0.9 < rmse_coverage("normal", 8, 12, 100)
