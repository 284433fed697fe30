"""The training doctor, measured: sick runs that it names, and healthy ones in which it sees a problem.

A sick run counts as named where its sickness is among the findings as a "problem" or to "watch". Where a rate is too
high, "diverged" and "rate too high" both count: it depends on the start whether numbers become infinite; a start that
is too large may diverge as well. A healthy run counts against it where any finding is a "problem".
"""

import argparse
from collections.abc import Iterable
from dataclasses import replace

from pellucid.training.diagnostics import Finding
from reliability.sick_runs import CASES, HELD_OUT, SETTING, Case, DataSet, findings_of

SEEDS_SET, SEEDS_MEASURED = range(10), range(10, 30)


def main(arguments: list[str]) -> None:
    """Print the table: how many of the sick were named, how many of the healthy were called sick."""
    parser = argparse.ArgumentParser(prog="python -m reliability doctor")
    parser.add_argument("--setting", action="store_true", help="seeds 0 to 9, on which the thresholds were set")
    parser.add_argument("--held-out", action="store_true", help="only the data not used for setting")
    parser.add_argument("--only", default="", help="only cases with this in their name or change")
    parser.add_argument("--each", action="store_true", help="also print what was found in each run")
    options = parser.parse_args(arguments)
    seeds = SEEDS_SET if options.setting else SEEDS_MEASURED
    data_sets = HELD_OUT if options.held_out else SETTING if options.setting else {**SETTING, **HELD_OUT}
    print(f"Seeds {seeds[0]} to {seeds[-1]}.\n\n| sickness | the one change | {' | '.join(data_sets)} |")
    print(f"|---|---|{'---:|' * len(data_sets)}")
    for case in (case for case in CASES if options.only in f"{case.name}, {case.change}"):
        cells = [_sick(case, name, data, seeds, options.each) for name, data in data_sets.items()]
        print(f"| {case.name} | {case.change} | {' | '.join(cells)} |", flush=True)
    healthy = {name: _healthy(name, data, seeds, options.each) for name, data in data_sets.items()}
    for level, what in (("problem", "healthy, a problem seen"), ("watch", "healthy, something to watch")):
        print(f"| {what} | none | {' | '.join(_counted(level, found) for found in healthy.values())} |")


def _sick(case: Case, name: str, data: DataSet, seeds: Iterable[int], each: bool) -> str:
    if case.name in data.without:
        return "-"
    found = [findings_of(case.make(data.run(seed))) for seed in seeds]
    if each:
        _tell(f"{name}, {case.change}", found)
    named = [any(_names(case, finding) for finding in findings) for findings in found]
    return f"{sum(named)} of {len(named)}"


def _names(case: Case, finding: Finding) -> bool:
    return finding.name in (case.name, *case.also) and finding.level != "note"


def _healthy(name: str, data: DataSet, seeds: Iterable[int], each: bool) -> list[tuple[Finding, ...]]:
    """Return the findings in the healthy runs of all the healthy recipes."""
    found: list[tuple[Finding, ...]] = []
    for changed in ({}, *data.others):
        runs = [data.run(seed) for seed in seeds]
        found += [findings_of(replace(run, settings=replace(run.settings, **changed))) for run in runs]
        if each:
            _tell(f"{name}, healthy {changed}", found[-len(runs) :])
    return found


def _counted(level: str, found: list[tuple[Finding, ...]]) -> str:
    having = sum(any(finding.level == level for finding in findings) for findings in found)
    return f"{having} of {len(found)}"


def _tell(what: str, found: list[tuple[Finding, ...]]) -> None:
    for number, findings in enumerate(found):
        print(f"# {what}, {number}: " + "; ".join(f"{finding.level} {finding.name}" for finding in findings))
