"""Outcome: what training came to, in sentences and files, and what the model says of one more photograph."""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from pellucid.assembly import Progress
from pellucid.evaluation import Scores
from pellucid.files import atomic_write
from pellucid.insight.report import report
from pellucid.insight.report.headline import sentence_of
from pellucid.job import Result
from pellucid.model import Model, class_codes
from pellucid.novelty import UNKNOWN
from pellucid.pictures import PictureFile, embedded
from pellucid.recipe_file import write_recipe

AGAIN = "pellucid train FOLDER --recipe photographs.toml"
SHOWN = 320  # pixels of a tried photograph, as it is shown


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


def saved(result: Result, folder: Path, progress: Progress) -> dict[str, Path]:
    """Write the model, its recipe and its report into a folder, and return where they are, by what they are.

    The report is left out where `progress` ends it by KeyboardInterrupt.
    """
    places = {"model": folder / "photographs.pellucid", "recipe": folder / "photographs.toml"}
    result.model.save(places["model"], force=True)
    values = {name: value for name, value in result.recipe.items() if name != "data"}
    write_recipe(places["recipe"], values, f"{AGAIN} trains these weights again, FOLDER being the photographs.")
    with contextlib.suppress(KeyboardInterrupt):
        html = report(result, again=AGAIN, progress=progress).html
        places["report"] = folder / "photographs-report.html"
        atomic_write(places["report"], html.encode())
    return places


def answer(model: Model, name: str, data: bytes) -> dict[str, Any]:
    """Return what a model says of the bytes of one photograph: the answer, and the probability of each class.

    Raises BadPictureError where they are none.
    """
    picture = PictureFile(name, data)
    R = model.rows([picture])
    P, far = model.probabilities(R), float(model.novelty(R)[0])
    said, likeliest = (
        str(model.said(P, model.novelty(R))[0]),
        model.class_names[int(class_codes(P, model.threshold)[0])],
    )
    p = dict(zip(model.class_names, P[0].astype(float).tolist(), strict=True))
    if said != UNKNOWN:
        sentence, why = f"By its reckoning with a probability of {p[said]:.2f}.", ""
    elif model.rejection is not None and far > model.rejection.novelty:
        why = "unlike"
        sentence = f"Unlike anything it knows, so it gives no answer. Made to choose, it would say {likeliest}."
    else:
        why = "unsure"
        sentence = f"Not sure enough to answer. It leans to {likeliest}, with {p[likeliest]:.2f}."
    return {"name": name, "said": said, "why": why, "sentence": sentence, "likeliest": likeliest,
            "probabilities": [[cls, p[cls]] for cls in sorted(p, key=lambda cls: -p[cls])],
            "shown": embedded(picture, SHOWN)}  # fmt: skip
