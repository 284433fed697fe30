"""`pellucid reproduce`: the networks of the four articles, their figures beside the ones obtained, and pictures."""

from pathlib import Path
from typing import Any

import click

from pellucid.cli.options import Numbers, cache_option
from pellucid.cli.output import (
    check_json_file,
    findings,
    json_option,
    picture_folder,
    progress_bars,
    say,
    table,
    write_json,
)
from pellucid.errors import InputError

NAMES = ("logistic", "cats-2-layer", "cats-4-layer", "beans", "deep", "planar")


@click.command(
    "reproduce",
    epilog="""\b
Examples:
  pellucid reproduce planar
  pellucid reproduce planar --hidden-sizes 1,2,3,4,5,20,50
  pellucid reproduce planar --animation flower.gif
  pellucid reproduce cats-4-layer --data data/cats
  pellucid reproduce deep --data data/cats --init he
  pellucid reproduce beans --data data/beans --seeds 20
  pellucid reproduce beans --data data/beans --classes 3""",
)
@click.argument("name", metavar="NAME", type=click.Choice(NAMES))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the article's data.  [default: where `pellucid fetch` puts it, or data/cats, data/beans]",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Seed of the start.  [default: the published run's]")
@click.option("--init", help="Another rule for the start, such as he.")
@click.option("--classes", type=int, default=2, help="beans: 2 (healthy, sick) or 3 with softmax.  [default: 2]")
@click.option("--seeds", type=click.IntRange(1), help="beans: how many starts to train, from seed 0 on.")
@click.option("--hidden-sizes", type=Numbers(), help="planar: compare these numbers of hidden units.")
@click.option(
    "--animation",
    type=click.Path(path_type=Path),
    metavar="FILE.gif",
    help="planar: write how the boundary moved while it learned; an earlier file is replaced.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="For the pictures.  [pellucid-output/NAME]")
@cache_option()
@click.option("--quiet", is_flag=True, help="No progress bars.")
@json_option
def reproduce_command(
    name: str,
    data: Path | None,
    animation: Path | None,
    out: Path | None,
    quiet: bool,
    json_file: str | None,
    **options: Any,
) -> None:
    """Train NAME, a network of the four articles, and put its figures beside the published ones.

    NAME is logistic, cats-2-layer, cats-4-layer, beans, deep or planar. The folder for pictures is made where it is
    missing; pictures of an earlier run in it are replaced.
    """
    from pellucid.cli.draw import article_figures, write_figures
    from pellucid.data import flower
    from pellucid.experiment.articles import ARTICLES, run_article
    from pellucid.experiment.articles.planar import PLANAR
    from pellucid.explanation.animation import Film, learning_gif
    from pellucid.system.files import atomic_write, check_output

    if animation is not None:
        if animation.suffix.lower() != ".gif":
            raise InputError(f"--animation: expected a name ending in .gif, got {animation.name}.")
        check_output(animation, force=True)
    check_json_file(json_file)
    folder = out or Path("pellucid-output") / name
    picture_folder(folder, force=True)
    say(ARTICLES[name].title)
    film = None if animation is None else Film(PLANAR.settings.epochs)
    with progress_bars(quiet) as bars:
        outcome = run_article(name, data, callbacks=() if film is None else (film,), progress=bars, **options)
    write_json(json_file, f"reproduce {name}", outcome.results)  # first: a closed pipe must not cost the results
    table(["", "published", "here"], [list(figure) for figure in outcome.figures])
    for remark in outcome.remarks:
        say(remark)
    findings(outcome.findings)
    say(f"{outcome.results['seconds']:.1f} s of training; {outcome.results['row_space']}")
    figures = article_figures(outcome)
    write_figures(figures, folder)
    if animation is not None and film is not None:
        atomic_write(animation, learning_gif(film, outcome.fits[""].history.cost, *flower(seed=1), classes=2))
        say(f"animation: {animation}")
    say(f"pictures, each also as .svg: {folder}: {', '.join(figures)}")
