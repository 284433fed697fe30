"""`pellucid explain` shows one training step with formula and numbers: of an example for the pencil, or of a model."""

from pathlib import Path
from typing import Any

import click

from pellucid.cli.output import json_option, progress_bars, refuse_foreign_json, say, write_json
from pellucid.errors import InputError, MissingFileError
from pellucid.system.files import atomic_write, refuse_existing, refuse_same


class At(click.ParamType):
    """An update of a run: start, or a number from 0."""

    name = "start|N"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Return the number."""
        if value == "start" or isinstance(value, int):
            return 0 if value == "start" else value
        if not value.isdigit():
            self.fail(f"{value!r} is neither start nor a number of updates, 0 or more.", param, ctx)
        return int(value)


@click.command(
    "explain",
    epilog="""\b
Examples:
  pellucid explain
  pellucid explain --worksheet sheet.html --seed 3
  pellucid explain model.pellucid cat.jpg
  pellucid explain model.pellucid cat.jpg --label cat --at start --html step.html
  pellucid explain model.pellucid --at 100""",
)
@click.argument("model_file", metavar="[MODEL", required=False)
@click.argument("source", metavar="[INPUT]]", required=False)
@click.option("--label", help="What INPUT is: a class, or a number. Without it, only the way forward is shown.")
@click.option(
    "--row", type=click.IntRange(0), default=0, show_default=True, help="The row of a table, or of the batch."
)
@click.option("--at", type=At(), help="Look at the run before this update, trained again by its recipe.")
@click.option("--recipe", "recipe_file", metavar="FILE.toml", help="Of the run.  [default: MODEL.toml]")
@click.option("--html", "html_file", metavar="FILE", help="Write it as a page whose numbers light their sources.")
@click.option("--latex", "latex_file", metavar="FILE", help="Write it as a LaTeX document.")
@click.option(
    "--worksheet", "sheet_file", metavar="FILE", help="Write an exercise with blanks and a key: .html or text."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the worksheet's numbers.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@json_option
def explain_command(
    model_file: str | None,
    source: str | None,
    label: str | None,
    row: int,
    at: int | None,
    recipe_file: str | None,
    html_file: str | None,
    latex_file: str | None,
    sheet_file: str | None,
    seed: int,
    force: bool,
    json_file: str | None,
) -> None:
    """Show one training step with all its numbers: forward, loss, backward, update, and the cost before and after.

    Without arguments it is a net that one can redo by hand. With MODEL and INPUT, a picture or a table (--row), it is
    what that network makes of it, and with --label the step that it would make. --at looks at an update of the run that
    made the model; without INPUT at the very batch of that update.
    """
    from pellucid.explanation.trace.text import in_short
    from pellucid.explanation.trace.worksheet import example

    for written in filter(None, (html_file, latex_file, sheet_file)):
        refuse_existing(written, force)
    refuse_foreign_json(json_file)
    refuse_same(html=html_file, latex=latex_file, worksheet=sheet_file, json=json_file)
    if sheet_file is not None:
        if model_file or html_file or latex_file:
            raise click.UsageError("--worksheet makes an exercise of its own: leave MODEL, --html and --latex out.")
        _write_sheet(sheet_file, seed, json_file)
        return
    if model_file is None:
        if label is not None or at is not None or row or recipe_file:
            raise click.UsageError("--label, --row, --at and --recipe are of a model: give MODEL and INPUT.")
        step = example()
    else:
        step = _of_model(model_file, source, label, row, at, recipe_file)
    write_json(json_file, "explain", step.as_dict())
    documents = [(path, made) for path, made in ((html_file, step.html), (latex_file, step.latex)) if path is not None]
    say("\n\n".join(in_short(step)) if documents else str(step))
    for path, made in documents:
        atomic_write(path, made().encode("utf-8"))
        say(f"written: {path}")


def _write_sheet(path: str, seed: int, json_file: str | None) -> None:
    from pellucid.explanation.trace.worksheet import worksheet, worksheet_text

    made = worksheet if Path(path).suffix.lower() in (".html", ".htm") else worksheet_text
    atomic_write(path, made(seed).encode("utf-8"))
    write_json(json_file, "explain", {"worksheet": path, "seed": seed})
    say(f"worksheet {seed}: {path}; its key is at the end")


def _of_model(
    model_file: str, source: str | None, label: str | None, row: int, at: int | None, recipe_file: str | None
) -> Any:
    """Return the trace that is asked for."""
    from pellucid.experiment.recipe import make_recipe
    from pellucid.experiment.recipe_file import read_recipe
    from pellucid.explanation.trace.replay import moment
    from pellucid.explanation.trace.sample import Subject
    from pellucid.model.model import load

    model = load(model_file)
    if source is None and (at is None or label is not None):
        raise click.UsageError("give INPUT, a picture or a table; or --at without --label for a batch of the run.")
    subject = None if source is None else Subject.of_file(model, source, row)
    if at is None:
        if recipe_file is not None:
            raise click.UsageError("--recipe is of a run: give --at start or a number too.")
        assert subject is not None
        return subject.step(label)
    if subject is not None and label is None:
        raise click.UsageError("--at shows a training step: give --label, what INPUT is.")
    recipe_file = recipe_file or f"{model_file}.toml"
    if not Path(recipe_file).is_file():
        raise MissingFileError(
            f"there is no {recipe_file}: --at trains again by the recipe that stands beside a model. "
            "Where it is elsewhere, give --recipe FILE.toml."
        )
    values = read_recipe(recipe_file)
    if "data" not in values:
        raise InputError(f"{recipe_file} names no data, so that nothing can be trained again.")
    with progress_bars() as bars:
        then = moment(make_recipe(**values), at, bars)
    return then.explained(model, subject, label, row)
