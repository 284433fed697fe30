"""Outcome: what training came to, in sentences and files."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from pellucid.evaluation import Scores
from pellucid.experiment.recipe_file import write_recipe
from pellucid.experiment.result import Result
from pellucid.explain.report import report
from pellucid.explain.report.summary import sentence_of
from pellucid.features.extraction import Progress
from pellucid.system.files import atomic_write

AGAIN = "pellucid train FOLDER --recipe photographs.toml"


def told_of(result: Result, name: str) -> Result:
    """Return a result that says where its data are from by a name, not by the private folder they lay in."""
    model = replace(result.model, provenance={**result.model.provenance, "data": name})
    return replace(result, model=model, recipe=result.recipe | {"data": name})


def summary(result: Result, early: bool) -> dict[str, Any]:
    """Return what a result says in sentences, the headline first.

    early: whether training was stopped before it was judged as planned.
    """
    scores = result.headline
    lines = [comparison.sentence() for comparison in scores.comparisons.values()] if isinstance(scores, Scores) else []
    return {
        "headline": sentence_of(scores, result.cross_validation, "photographs", ""),
        "early": early,
        "networks": f"{len(result.model.networks)} of {result.recipe['ensemble']} networks",
        "sentences": lines,
    }


def saved(result: Result, folder: Path) -> dict[str, Path]:
    """Write the model and its recipe into a folder, and return where they are, by what they are."""
    places = {"model": folder / "photographs.pellucid", "recipe": folder / "photographs.toml"}
    result.model.save(places["model"], force=True)
    values = {name: value for name, value in result.recipe.items() if name != "data"}
    write_recipe(places["recipe"], values, f"{AGAIN} trains these weights again, FOLDER being the photographs.")
    return places


def reported(result: Result, folder: Path, progress: Progress) -> dict[str, Path]:
    """Write the report into a folder, as `saved` does; KeyboardInterrupt where `progress` ends it."""
    place = folder / "photographs-report.html"
    atomic_write(place, report(result, again=AGAIN, progress=progress).html.encode())
    return {"report": place}
