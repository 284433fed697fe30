"""`pellucid fetch`: the articles' data sets from where they are published, every file held against its sha256."""

from pathlib import Path

import click

from pellucid.cli.output import check_json_file, json_option, progress_bars, say, table, write_json

NAMES = ("cats", "beans", "fashion-mnist")


@click.command(
    "fetch",
    epilog="""\b
Examples:
  pellucid fetch beans
  pellucid fetch fashion-mnist --to data/
  pellucid fetch cats --from ~/Downloads/course/""",
)
@click.argument("name", metavar="NAME", type=click.Choice(NAMES))
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Where its folder goes.")
@click.option("--from", "source", metavar="DIR_OR_URL", help="A folder that has the files, or another address.")
@click.option("--force", is_flag=True, help="Replace files that are not the published ones.")
@click.option("--quiet", is_flag=True, help="No progress bars.")
@json_option
def fetch_command(
    name: str, to: Path | None, source: str | None, force: bool, quiet: bool, json_file: str | None
) -> None:
    """Fetch NAME, a data set of the articles: cats, beans or fashion-mnist.

    It goes to DIR, by default to $PELLUCID_DATA or your system's folder for data. Files that are there already are
    verified and not fetched again. The cats have no public place: --from says where you have them.
    """
    from pellucid.data.published.catalog import PUBLISHED
    from pellucid.data.published.download import fetch

    check_json_file(json_file)
    with progress_bars(quiet) as bars:
        fetched = fetch(name, to, source, force, bars.fetching)
    sums = PUBLISHED[name].sums
    files = [{"name": file, "state": state, "sha256": sums.get(file)} for file, state in fetched.done.items()]
    write_json(json_file, "fetch", {"data": name, "folder": str(fetched.folder), "files": files})
    table(["", ""], [[file, state] for file, state in fetched.done.items()])
    say(f"{PUBLISHED[name].what}: {fetched.folder}")
