"""Photographs: what the default recipe, frozen before any test set was read, reaches on the cats and the bean leaves.

The recipe is that of docs/photographs.md; no option is given but the classes to join.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pellucid
from pellucid.data.published.catalog import usual_place
from pellucid.evaluation import CrossValidation, Scores

SICK = {"sick": ["angular_leaf_spot", "bean_rust"]}


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m reliability photographs", description=__doc__)
    parser.add_argument("--data", type=Path, help="the folder that holds cats and beans")
    parser.add_argument("--repeats", type=int, default=10, help="of the cross-validation of the cats")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)

    def place(name: str) -> Path:
        return usual_place(name) if options.data is None else options.data / name

    print("| data | part | accuracy | 95% interval | always the majority | balanced accuracy |")
    print("|---|---|---|---|---|---|")
    for what, name, how in (
        ("cats", "cats", {"cross_validate": options.repeats}),
        ("beans, healthy or sick", "beans", {"cross_validate": 0, "merge": SICK}),
        ("beans, three classes", "beans", {"cross_validate": 0}),
    ):
        result = pellucid.train(place(name), random_state=options.seed, **how)
        if isinstance(judged := result.cross_validation, CrossValidation):
            spread = f"{min(judged.accuracies):.3f} to {max(judged.accuracies):.3f}"
            part = f"{len(judged.accuracies)} x 5-fold cross-validation of the training part ({spread})"
            balanced = judged.scores.balanced_accuracy
            _line(what, part, judged.accuracy, judged.interval, judged.baselines["majority"], balanced)
        for part, scores in result.scores.items():
            if isinstance(scores, Scores) and scores.interval is not None:
                majority = scores.baselines["majority"]
                _line(what, part, scores.accuracy, scores.interval, majority, scores.balanced_accuracy)


def _line(
    what: str, part: str, accuracy: float, interval: tuple[float, float], majority: float, balanced: float
) -> None:
    low, high = interval
    told = f"{accuracy:.3f} | {low:.3f} to {high:.3f} | {majority:.3f} | {balanced:.3f}"
    print(f"| {what} | {part} | {told} |", flush=True)
