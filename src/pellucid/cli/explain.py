"""`pellucid explain` shows one training step with formulas and numbers: of a tiny example net, or of your model."""

from pathlib import Path
from typing import Any

import click

from pellucid.cli.options import decimal_option
from pellucid.cli.output import check_json_file, json_option, progress_bars, say, write_json
from pellucid.errors import InputError, MissingFileError
from pellucid.system.files import atomic_write, check_different, check_output


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
@click.option("--label", help="True class or number of INPUT. Without it, only the forward pass is shown.")
@click.option("--row", type=click.IntRange(0), default=0, show_default=True, help="Row of the table, or of the batch.")
@decimal_option
@click.option("--at", type=At(), help="Show this update of the run, which is trained again from its recipe.")
@click.option("--recipe", "recipe_file", metavar="FILE.toml", help="Recipe of the run.  [default: MODEL.toml]")
@click.option("--html", "html_file", metavar="FILE", help="Write a page on which each number highlights its sources.")
@click.option("--latex", "latex_file", metavar="FILE", help="Write a LaTeX document.")
@click.option(
    "--worksheet", "sheet_file", metavar="FILE", help="Write an exercise with blanks and a key, as .html or text."
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed for the numbers of the worksheet."
)
@click.option("--force", is_flag=True, help="Replace existing files.")
@json_option
def explain_command(
    model_file: str | None,
    source: str | None,
    label: str | None,
    row: int,
    decimal: str | None,
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

    Without arguments, it is a net small enough to redo by hand. With MODEL and INPUT (a picture or a table with --row),
    it is the prediction of that network; add --label for the step that it would make. --at goes back to an update of
    the run that made the model; without INPUT, it shows the batch of that update.
    """
    from pellucid.explanation.trace.text import in_short
    from pellucid.explanation.trace.worksheet import example

    for written in filter(None, (html_file, latex_file, sheet_file)):
        check_output(written, force)
    check_json_file(json_file)
    check_different(html=html_file, latex=latex_file, worksheet=sheet_file, json=json_file)
    if sheet_file is not None:
        if model_file or html_file or latex_file:
            raise click.UsageError("--worksheet makes an exercise of its own: leave out MODEL, --html and --latex.")
        _write_sheet(sheet_file, seed, json_file)
        return
    if model_file is None:
        if label is not None or at is not None or row or recipe_file:
            raise click.UsageError("--label, --row, --at and --recipe need a model: give MODEL and INPUT.")
        step = example()
    else:
        step = _of_model(model_file, source, label, row, decimal, at, recipe_file)
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
    say(f"worksheet {seed}: {path}; the key is at the end")


def _of_model(
    model_file: str,
    source: str | None,
    label: str | None,
    row: int,
    decimal: str | None,
    at: int | None,
    recipe_file: str | None,
) -> Any:
    """Return the trace of a sample, or of an update of the run that made the model."""
    from pellucid.experiment.recipe import make_recipe
    from pellucid.experiment.recipe_file import read_recipe
    from pellucid.explanation.trace.replay import replay
    from pellucid.explanation.trace.sample import Sample
    from pellucid.model.model import load

    model = load(model_file)
    if source is None and (at is None or label is not None):
        raise click.UsageError("give INPUT, a picture or a table; or --at without --label for a batch of the run.")
    sample = None if source is None else Sample.of_file(model, source, row, decimal)
    if at is None:
        if recipe_file is not None:
            raise click.UsageError("--recipe needs --at: give --at start or a number too.")
        assert sample is not None
        return sample.step(label)
    if sample is not None and label is None:
        raise click.UsageError("--at shows a training step: give --label, the true class or number of INPUT.")
    recipe_file = recipe_file or f"{model_file}.toml"
    if not Path(recipe_file).is_file():
        raise MissingFileError(
            f"there is no {recipe_file}: --at trains again from the recipe beside the model. "
            "If it is elsewhere, give --recipe FILE.toml."
        )
    values = read_recipe(recipe_file)
    if "data" not in values:
        raise InputError(f"{recipe_file} names no data, so the run cannot be repeated.")
    with progress_bars() as bars:
        replayed = replay(make_recipe(**values), at, bars)
    return replayed.explained(model, sample, label, row)
