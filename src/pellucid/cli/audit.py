"""`pellucid audit`: what is wrong with data, before anything is learned from it."""

from typing import Any

import click

from pellucid.cli.options import GROUP_BY, LABEL_FROM, PICTURES_FROM, Keys, column_options
from pellucid.cli.output import check_json_file, json_option, print_counts, progress_bars, say, write_json
from pellucid.data import grouped_splits, load
from pellucid.data.audit.audit import audit, metadata_by_part
from pellucid.data.load import takes


@click.command(
    "audit",
    epilog="""\b
Examples:
  pellucid audit photos/                        copies, leaks, bad files, wrong labels, ...
  pellucid audit photos.zip --json audit.json
  pellucid audit photos/ --group-by burst       are bursts of photographs in two parts?
  pellucid audit photos/ --group-by 'plant(\\d+)'
  pellucid audit visits.csv --label diagnosis --group-by patient""",
)
@click.argument("data")
@click.option("--label", metavar="COLUMN", help="The label column of a table.")
@click.option("--label-from", metavar="PATTERN", help=LABEL_FROM)
@click.option("--pictures-from", metavar="DIR", help=PICTURES_FROM)
@column_options
@click.option("--keys", type=Keys(), help="The keys of samples and labels in an HDF5 or NPZ file.")
@click.option("--group-by", "groups", metavar="WAY", help=GROUP_BY)
@click.option("--quiet", is_flag=True, help="No progress bars.")
@json_option
def audit_command(data: str, groups: str | None, quiet: bool, json_file: str | None, **options: Any) -> None:
    """Look through DATA for what spoils a model or its score: copies, wrong labels, bad files and more.

    DATA is as for train. Each finding is a problem, a thing to watch, or a note. The exit code is 0 whatever is found.
    """
    check_json_file(json_file)
    of_table = takes(data, "groups") and not options["pictures_from"]
    splits = load(data, **options, groups=groups if of_table else None, least_classes=1, usual={"skip_bad": True})
    with progress_bars(quiet) as bars:
        metadata = metadata_by_part(splits, bars)
    if groups and not of_table:
        splits = grouped_splits(splits, groups, metadata)
    found = audit(splits, metadata=metadata)
    write_json(json_file, "audit", found.as_dict() | ({"notes": list(splits.train.notes)} if of_table else {}))
    if splits.train.kind == "table":
        say(f"learning: {splits.train.learned}")
    print_counts(splits)
    numbers = found.numbers()
    numbers["note"] += len(splits.train.notes)
    told = ", ".join(f"{count} {level if count == 1 or level == 'watch' else level + 's'}"
                     for level, count in numbers.items() if count)  # fmt: skip
    say(f"{data}: {told or 'no problems found'}")
    for note in splits.train.notes:
        say(f"note:    {note}")
    for line in found.lines():
        say(line)
