"""`pellucid train`: samples in, a model file out, with the truth about how good it is."""

import contextlib
import itertools
import shlex
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, ClassVar

import click

from pellucid.cli.options import (
    GROUP_BY,
    LABEL_FROM,
    PICTURES_FROM,
    BatchSize,
    Copies,
    Keys,
    Layers,
    Merge,
    Sectioned,
    Share,
    Size,
    cache_option,
    column_options,
)
from pellucid.cli.output import (
    Bars,
    check_json_file,
    json_option,
    picture_folder,
    printable,
    progress_bars,
    say,
    typed,
    write_json,
)
from pellucid.cli.training_output import print_training
from pellucid.errors import OutputExistsError, PellucidError
from pellucid.experiment.recipe import Recipe, default_in_words, make_recipe
from pellucid.experiment.recipe_file import read_recipe, write_recipe
from pellucid.experiment.result import Result
from pellucid.experiment.run import run
from pellucid.system.files import check_different, check_output, claimed
from pellucid.training import Checkpoints, EarlyStopping
from pellucid.training.checkpoints.checkpoints import require_finished

DEFAULT_OUT, NEXT_OUT = "model.pellucid", "model-{}.pellucid"


class TrainCommand(Sectioned):
    """`train`, with its many options in sections; defaults of settings are written from the recipe."""

    begins: ClassVar[dict[str, str]] = {
        "validation": "Data",
        "features": "Features",
        "cross_validate": "Evaluation",
        "hidden_layers": "Network",
        "optimizer": "Training",
        "out": "Output",
    }
    with_default = (
        *("copies", "hidden_layers", "activation", "init", "ensemble", "restarts", "optimizer", "learning_rate"),
        *("epochs", "batch_size", "l2", "dropout", "clip_norm"),
    )

    def default_of(self, name: str) -> str:
        """Return the default of a setting, as the recipe has it."""
        return default_in_words(name)


@click.command(
    "train",
    cls=TrainCommand,
    epilog="""\b
Examples:
  pellucid train photos/                        a folder with one folder a class
  pellucid train photos.zip --size 100 --merge sick=rust+spot --out leaves.pellucid
  pellucid train labels.csv --pictures-from photos/
  pellucid train photos/ --label-from '(cat|dog)'
  pellucid train table.csv --label species --layers 16:tanh --seed 1
  pellucid train houses.csv --label price --drop id,address
  pellucid train fashion_mnist/ --layers 128 --optimizer adam --epochs 10
  pellucid train toy:flower --layers 4:tanh --optimizer lbfgs --pictures pictures/""",
)
@click.argument("data", required=False)
@click.option("--validation", metavar="DATA", help="Data to measure on after each epoch.")
@click.option("--test", metavar="DATA", help="Data to score on at the end.")
@click.option("--label", metavar="COLUMN", help="The column of a table to learn: classes, or numbers.")
@click.option("--label-from", metavar="PATTERN", help=LABEL_FROM)
@click.option("--pictures-from", metavar="DIR", help=PICTURES_FROM)
@column_options
@click.option("--keys", type=Keys(), help="The keys of samples and labels in an HDF5 or NPZ file.")
@click.option("--merge", "merges", type=Merge(), multiple=True, help="Join classes; may be repeated.")
@click.option("--corrections", metavar="FILE.csv", help="Labels put right: columns file and class, as predict --csv.")
@click.option("--group-by", metavar="WAY", help=GROUP_BY)
@click.option("--audit/--no-audit", default=None, help="Check the data first.  [default: on]")
@click.option("--drop-leaks", is_flag=True, default=None, help="Leave out training duplicates of test samples.")
@click.option("--skip-bad", is_flag=True, default=None, help="Leave out unreadable pictures, or rows without a label.")
@cache_option(default=None)
@click.option("--features", metavar="KIND", help="photo, pixels or embedding:FILE.onnx.  [default: photo]")
@click.option("--copies", type=Copies(), help="Augmentation: mirrored,shifted or none.")
@click.option("--size", type=Size(), help="Picture size, 64 or 100x80.  [default: the data's or backbone's, else 64]")
@click.option("--grey", is_flag=True, default=None, help="Drop the colours of pictures.")
@click.option("--normalize", metavar="HOW", help="Pixel scaling of the backbone: imagenet, signed, unit or bytes.")
@click.option("--embedding-output", metavar="NAME", help="The backbone's output to use.  [default: the first]")
@click.option("--external", is_flag=True, default=None, help="Keep the backbone out of the model file.")
@click.option("--standardize/--no-standardize", default=None, help="Scale the columns of a table.  [default: on]")
@click.option(
    "--cross-validate",
    type=click.IntRange(0),
    metavar="REPEATS",
    help="Of 5 folds, 0: none.  [default: 1 to 3 below 2000 samples, else 0]",
)
@click.option("--learning-curve", is_flag=True, default=None, help="Also measure whether more samples would help.")
@click.option("--holdout", type=float, help="Share held out for testing.  [default: 0.2 if nothing else measures]")
@click.option(
    "--reject", type=Share(), help='Answer "unknown" below this accuracy, or for inputs unlike the training data.'
)
@click.option("--threshold", type=Share(), help="Predict the second of two classes above this p.  [default: 0.5]")
@click.option("--layers", "hidden_layers", type=Layers(), help="20:relu,7:relu, say, or none.")
@click.option("--activation", help="For hidden layers that name none.")
@click.option("--init", help="How weights start.")
@click.option("--ensemble", type=click.IntRange(1), help="How many networks to average.")
@click.option("--restarts", type=int, help="Starts to try; the one with the lowest cost wins.")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), help="Precision.  [default: float32 for pictures]")
@click.option("--optimizer", help="The optimizer.")
@click.option("--learning-rate", type=float, help="The rate.")
@click.option("--schedule", type=click.Choice(["constant", "step", "exponential", "cosine"]), help="Of the rate.")
@click.option("--warm-up", type=float, metavar="EPOCHS", help="Epochs in which the rate rises to its full value.")
@click.option("--epochs", type=int, help="Passes over the training data.")
@click.option("--batch-size", type=BatchSize(), help="Rows an update: a number, auto or full.")
@click.option("--l2", type=float, help="Weight of the L2 penalty.")
@click.option("--dropout", type=float, help="Probability of dropping a hidden unit.")
@click.option("--clip-norm", type=float, help="Largest norm of a gradient.")
@click.option("--class-weight", type=click.Choice(["balanced"]), help="Give rare classes more weight.")
@click.option("--early-stopping", is_flag=True, default=None, help="Stop when the validation cost no longer falls.")
@click.option("--patience", type=int, help="Epochs to wait before stopping early.  [default: 10]")
@click.option(
    "--row-space/--no-row-space",
    default=None,
    help="Exact training in row space.  [default: when faster]",
)
@click.option("--seed", "random_state", type=click.IntRange(0, 2**32 - 1), help="Makes the run repeatable.")
@click.option("--out", metavar="MODEL", help=f"Where the model goes.  [default: {DEFAULT_OUT}]")
@click.option("--force", is_flag=True, help="Replace outputs that exist.")
@click.option("--recipe", "recipe_file", metavar="FILE.toml", help="Settings from a file; options here override it.")
@click.option("--resume", is_flag=True, help="Resume a stopped training; give the same options.")
@click.option(
    "--checkpoint-every",
    metavar="TIME",
    default="60s",
    show_default=True,
    help="How often to save a checkpoint: 30s, 5min, 10 epochs or off.",
)
@click.option(
    "--report/--no-report", "reported", default=True, help="Also write OUT.html, a report to look at.  [default: on]"
)
@click.option("--pictures", metavar="DIR", help="Also draw examples, cost curve, confusion, weights, mistakes.")
@click.option("--quiet", is_flag=True, help="No progress bars.")
@json_option
def train_command(
    data: str | None,
    recipe_file: str | None,
    out: str | None,
    force: bool,
    merges: Sequence[tuple[str, list[str]]],
    resume: bool,
    checkpoint_every: str,
    reported: bool,
    pictures: str | None,
    quiet: bool,
    json_file: str | None,
    **options: Any,
) -> None:
    """Train a classifier on DATA, or a predictor of numbers, and write it to one model file.

    DATA is a folder of class folders (children named train, validation, test are parts), a .zip of one, .h5, .csv,
    .npz, a folder of IDX files, hf:NAME or toy:flower.
    """
    out = click.get_current_context().with_resource(_place_of(out, force or resume))
    if not (force or resume):
        require_finished(f"{out}.checkpoint")  # whose model may stand at `out`, left unfinished by Ctrl-C
    check_output(out, force or resume)
    recipe_out = check_output(f"{out}.toml", force or resume)
    report_out = check_output(f"{out}.html", force or resume) if reported else None
    check_json_file(json_file)
    beside = {"out's recipe": recipe_out, "out's report": report_out}
    check_different(out=out, json=json_file, pictures=pictures, **beside)
    values = read_recipe(recipe_file) if recipe_file else {}
    values |= _as_settings({name: value for name, value in options.items() if value is not None}, values)
    if merges:
        values["merge"] = {}
        for new, olds in merges:
            values["merge"].setdefault(new, []).extend(olds)
    if data is None and "data" not in values:
        raise click.UsageError("Missing argument 'DATA': give a folder, a file or a name, or a --recipe that has data.")
    values |= {} if data is None else {"data": data}
    recipe = make_recipe(**values)
    drawn = picture_folder(pictures, force or resume)
    if not quiet:  # at once, and not where answers go: that may be a pipe which is closed
        click.echo(f"learning from {printable(str(recipe.data))}", err=True)
    with _checkpoints(out, checkpoint_every, values, resume, force) as checkpoints:
        with progress_bars(quiet) as bars:
            result = _carried_out(recipe, bars, checkpoints)
        if checkpoints is not None:
            checkpoints.begin()  # a kill from here on costs neither report nor scores: --resume makes them
        result.model.save(out, force or resume)  # before anything is told: a closed pipe must not cost it
        write_recipe(
            recipe_out,
            result.recipe,
            f"pellucid train --recipe {recipe_out} --force trains the weights of {out} again.",
        )
        write_json(json_file, "train", result.as_dict() | {"model": out})
        print_training(result)
        say(f"model: {out}, and the recipe that makes it: {recipe_out} (seed {result.recipe['random_state']})")
        if checkpoints is not None and checkpoints.interrupted:
            say(f"{_interrupted(checkpoints)} and then replaces the model")
        if report_out is not None:
            from pellucid.explanation.report import report

            with progress_bars(quiet) as bars, _report_alone(out, checkpoints):
                again = shlex.join(["pellucid", "train", "--recipe", str(recipe_out), "--out", out, "--force"])
                report(result, command=typed(), again=again, progress=bars).save(report_out, force=True)
            say(f"report: {report_out}, opens in any browser")
        if drawn is not None:
            from pellucid.cli.draw import draw_training

            draw_training(result, drawn)
            say(f"pictures: {drawn}")


@contextmanager
def _place_of(out: str | None, replaces: bool) -> Iterator[str]:
    """Hold the place of the outputs while they are made: the one that is named, or the first that no training holds."""
    if out is not None:
        with claimed(out):
            yield out
        return
    names = itertools.chain([DEFAULT_OUT], (NEXT_OUT.format(number) for number in itertools.count(2)))
    with contextlib.ExitStack() as held:
        for name in names:
            try:
                held.enter_context(claimed(name))
            except OutputExistsError:
                if replaces:
                    raise
                continue
            if name != DEFAULT_OUT:
                click.echo(f"another training will write {DEFAULT_OUT}; this one writes {name}", err=True)
            yield name
            return


def _checkpoints(
    out: str, every: str, values: dict[str, Any], resume: bool, force: bool
) -> AbstractContextManager[Checkpoints | None]:
    """Return the checkpoints of the job, beside its model; which of its options it was given is part of them."""
    if every == "off":
        if resume:
            raise click.UsageError("--resume goes on from checkpoints; leave --checkpoint-every off out.")
        return nullcontext()
    about = {name: value for name, value in values.items() if name not in ("data", "cache")}  # rows are known by digest
    return Checkpoints(f"{out}.checkpoint", every, about, resume=resume, force=force and not resume)


def _carried_out(recipe: Recipe, bars: Bars, checkpoints: Checkpoints | None) -> Result:
    try:
        return run(recipe, bars, checkpoints)
    except KeyboardInterrupt:
        if checkpoints is None or not checkpoints.exists:
            raise
        raise PellucidError(f"{_interrupted(checkpoints)}.") from None


@contextmanager
def _report_alone(out: str, checkpoints: Checkpoints | None) -> Iterator[None]:
    """Tell, where Ctrl-C comes only now, that the model is there."""
    try:
        yield
    except KeyboardInterrupt:
        again = (
            "The same command with --resume makes the report."
            if checkpoints is not None and checkpoints.exists
            else f"pellucid evaluate {out} DATA --report FILE.html makes a report of labelled samples."
        )
        raise PellucidError(f"interrupted while the report was made; {out} is written. {again}") from None


def _interrupted(checkpoints: Checkpoints) -> str:
    return f"interrupted: the same command with --resume goes on from {checkpoints.folder}"


def _as_settings(options: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return options as recipe values: a full batch is None, patience is part of early stopping, which a recipe has."""
    if options.get("early_stopping") and values.get("early_stopping"):
        del options["early_stopping"]
    if options.get("batch_size") == "full":
        options["batch_size"] = None
    if "patience" in options:
        stopping = values.get("early_stopping")
        stopping = stopping if isinstance(stopping, EarlyStopping) else EarlyStopping()
        options["early_stopping"] = replace(stopping, patience=options.pop("patience"))
    return options
