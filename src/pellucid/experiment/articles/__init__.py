"""The four articles, each a network with its data and figures; `run_article` runs one by name."""

from collections.abc import Sequence
from pathlib import Path

from pellucid.data.published.catalog import usual_place
from pellucid.errors import InputError, unknown_name
from pellucid.experiment.articles import beans, cats, planar
from pellucid.experiment.articles.article import Article, Outcome
from pellucid.system.progress import SILENT, Progress
from pellucid.training.fit import Callback

ARTICLES = {
    article.name: article
    for article in (cats.LOGISTIC, cats.TWO_LAYER, cats.FOUR_LAYER, beans.BEANS, cats.DEEP, planar.PLANAR)
}


def run_article(
    name: str,
    data: Path | None = None,
    *,
    seed: int | None = None,
    init: str | None = None,
    classes: int = 2,
    seeds: int | None = None,
    hidden_sizes: list[int] | None = None,
    callbacks: Sequence[Callback] = (),
    cache: bool = True,
    progress: Progress = SILENT,
) -> Outcome:
    """Run an article's network and return its figures beside the published ones.

    data: the folder of its data, by default where `pellucid fetch` puts it.
    seed: of the start, the published run's by default.  init: another start rule.
    classes, seeds: beans with 2 or 3 classes, from that many starts.  hidden_sizes: planar, compared.
    callbacks: planar, functions of the loop's State that watch it learn.
    cache: keep decoded pictures in the user's cache folder.
    """
    if name not in ARTICLES:
        raise unknown_name("article", name, ARTICLES)
    for option, given, owner in (
        ("--classes", classes != 2, "beans"),
        ("--seeds", seeds is not None, "beans"),
        ("--hidden-sizes", bool(hidden_sizes), "planar"),
        ("--animation", bool(callbacks), "planar"),
    ):
        if given and name != owner:
            raise InputError(f"{option} belongs to {owner}, not to {name}.")
    if name == "planar":
        if data is not None:
            raise InputError("--data has no meaning for planar: its points are drawn by their formula.")
        if callbacks and hidden_sizes:
            raise InputError("--animation shows one network learning; leave --hidden-sizes out.")
        return planar.run(hidden_sizes or [], seed, init, progress, callbacks)
    data = data or usual_place("beans" if name == "beans" else "cats")
    if name == "beans":
        first = 0 if seeds is not None else beans.BEANS.seed
        start = first if seed is None else seed
        return beans.run(data, classes, list(range(start, start + (seeds or 1))), init, progress, cache)
    return cats.run(ARTICLES[name], data, seed, init, progress)


__all__ = ["ARTICLES", "Article", "Outcome", "run_article"]
