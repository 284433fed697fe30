"""Results: the audit before training as the page shows it, and the sentences and files after training."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import Splits
from pellucid.data.audit.audit import Audit
from pellucid.data.audit.duplicates import clusters_of
from pellucid.evaluation import Scores
from pellucid.experiment.recipe_file import write_recipe
from pellucid.experiment.result import Result
from pellucid.explanation.report import report
from pellucid.explanation.report.summary import headline
from pellucid.system.files import atomic_write
from pellucid.system.progress import Progress

AGAIN = "pellucid train FOLDER --recipe photographs.toml"
MOST_CLUSTERS, MOST_COPIES, MOST_BROKEN = 12, 6, 200
FOR_THE_COMMAND_LINE = re.compile(r"[;.] --[a-z][^.;]*")


def audit_view(splits: Splits, found: Audit) -> dict[str, Any]:
    """Return the findings of an audit as plain values for the page, before anything is learned.

    Pictures are addressed as "part/row", which `thumbnails` takes.
    """
    broken = [
        {"name": splits_part.names[row], "why": _reason(why)}
        for part, splits_part in splits.items()
        for row, why in found.metadata[part].bad
    ]
    numbers = found.numbers()
    return {
        "counts": found.counts,
        "classes": list(splits.train.class_names),
        "total": sum(len(dataset) for _, dataset in splits.items()),
        "findings": [
            {"level": finding.level, "kind": finding.kind, "sentence": _without_options(finding.sentence),
             "examples": list(finding.examples)}
            for finding in found.findings
            if finding.kind != "unreadable"
        ],
        "problems": numbers["problem"],
        "broken": broken[:MOST_BROKEN],
        "n_broken": len(broken),
        **_copies(splits, found),
    }  # fmt: skip


def _copies(splits: Splits, found: Audit) -> dict[str, Any]:
    parts, copies = dict(splits.items()), found.duplicates
    places = [(part, row) for part, dataset in parts.items() for row in range(len(dataset))]
    clusters = clusters_of(copies.together)

    def shown(rows: np.ndarray) -> dict[str, Any]:
        pictures = []
        for part, row in (places[row] for row in rows[:MOST_COPIES].tolist()):
            dataset = parts[part]
            said = dataset.class_names[dataset.labels[row]]
            pictures.append({"address": f"{part}/{row}", "name": dataset.names[row], "class": said})
        exact, near = (len(np.unique(labels[rows])) == 1 for labels in (copies.same, copies.alike))
        how = "The same file" if exact else "Nearly the same" if near else "The same, altered"
        contradict = near and len({p["class"] for p in pictures}) > 1
        how += ", perhaps in two classes" if not near and len({p["class"] for p in pictures}) > 1 else ""
        return {"pictures": pictures, "how": how, "contradict": contradict, "more": max(0, len(rows) - MOST_COPIES)}

    told = sorted(map(shown, clusters), key=lambda cluster: not cluster["contradict"])
    return {"copies": told[:MOST_CLUSTERS], "n_copies": len(clusters)}


def _without_options(sentence: str) -> str:
    """Return a sentence without its advice on options of the command line.

    >>> _without_options("2 pictures in 1 burst; --group-by burst keeps each on one side of a split.")
    '2 pictures in 1 burst.'
    """
    return FOR_THE_COMMAND_LINE.sub("", sentence)


def _reason(why: str) -> str:
    """Return why a file cannot be read, without its path, which the name tells."""
    return re.sub(r".* cannot be (used as a picture|read): ", "", why, flags=re.DOTALL)


def with_data_name(result: Result, name: str) -> Result:
    """Return the result with `name` as its data source, in place of the private upload folder."""
    model = replace(result.model, provenance=replace(result.model.provenance, data=name))
    return replace(result, model=model, recipe=result.recipe | {"data": name})


def summary(result: Result, early: bool) -> dict[str, Any]:
    """Return a result in sentences, the headline first.

    early: whether training was stopped before the planned scoring.
    """
    scores = result.headline
    lines = [comparison.sentence() for comparison in scores.comparisons.values()] if isinstance(scores, Scores) else []
    return {
        "headline": headline(scores, result.cross_validation, "photographs", ""),
        "early": early,
        "networks": f"{len(result.model.networks)} of {result.recipe['ensemble']} networks",
        "sentences": lines,
    }


def save_model(result: Result, folder: Path) -> dict[str, Path]:
    """Write the model and its recipe into a folder. Return their paths by kind."""
    places = {"model": folder / "photographs.pellucid", "recipe": folder / "photographs.toml"}
    result.model.save(places["model"], force=True)
    values = {name: value for name, value in result.recipe.items() if name != "data"}
    write_recipe(places["recipe"], values, f"{AGAIN} trains these weights again, where FOLDER holds the photographs.")
    return places


def save_report(result: Result, folder: Path, progress: Progress) -> dict[str, Path]:
    """Write the report into a folder. Return its path by kind. Raises KeyboardInterrupt when `progress` stops it."""
    place = folder / "photographs-report.html"
    atomic_write(place, report(result, again=AGAIN, progress=progress).html.encode())
    return {"report": place}
