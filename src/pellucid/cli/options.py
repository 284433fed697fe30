"""What people type as the value of an option, turned into values, or into a usage error with an example."""

import csv
from collections.abc import Callable
from typing import Any, ClassVar

import click

GROUP_BY = (
    "What belongs together: a column of a table, or row-blocks where rows are in the order of time; of pictures "
    "parent, burst, date, none or a pattern in their names."
)


class Sectioned(click.Command):
    """A command whose help lists its options in sections.

    begins: option -> the title of the section that it begins.  with_default: options whose help ends with `default_of`.
    """

    begins: ClassVar[dict[str, str]] = {}
    with_default: ClassVar[tuple[str, ...]] = ()

    def default_of(self, name: str) -> str:
        """Return the default of an option, in words."""
        return ""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        sections: dict[str, list[tuple[str, str]]] = {}
        title = "Options"
        for param in self.get_params(ctx):
            title = self.begins.get(param.name or "", title)
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)) is not None:
                option, text = record
                if param.name in self.with_default:
                    text = f"{text}  [default: {self.default_of(param.name)}]"
                sections.setdefault(title, []).append((option, text))
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def cache_option(default: bool | None = True) -> Callable[[Any], Any]:
    """Return the option that says whether decoded pictures are kept in the user's cache folder."""
    text = "Keep decoded pictures in your cache folder.  [default: on]"
    return click.option("--cache/--no-cache", default=default, help=text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()  # "²" is a digit to Python


class Layers(click.ParamType):
    """Hidden layers as text: 20:relu,7:relu or 20,7 or none."""

    name = "LAYERS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return ((20, "relu"), (7, "relu")); () for "none"."""
        if not isinstance(value, str):
            return value
        layers: list[Any] = []
        for part in [] if value.strip() in ("", "none") else value.split(","):
            width, _, activation = part.strip().partition(":")
            if not _is_number(width) or int(width) < 1:
                self.fail(f"{part!r} is not WIDTH or WIDTH:ACTIVATION, as in 20:relu (none = no hidden layer).", param)
            layers.append((int(width), activation) if activation else int(width))
        return tuple(layers)


class Size(click.ParamType):
    """Picture size as text: 64 or 100x80 (width x height)."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return (height, width)."""
        if not isinstance(value, str):
            return value
        width, _, height = value.lower().partition("x")
        if not (_is_number(width) and _is_number(height or width)) or 0 in (int(width), int(height or width)):
            self.fail(f"{value!r} is not a size such as 64 or 100x80 (width x height, in pixels).", param)
        return int(height or width), int(width)


class BatchSize(click.ParamType):
    """A number of rows, "auto" or "full"."""

    name = "ROWS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return an integer, "auto", or "full"."""
        if value in ("auto", "full") or not isinstance(value, str):
            return value
        if not _is_number(value) or int(value) < 1:
            self.fail(f"{value!r} is not a number of rows, auto or full.", param)
        return int(value)


class Keys(click.ParamType):
    """Two names with a comma between them."""

    name = "X,Y"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return (samples, labels)."""
        if not isinstance(value, str):
            return value
        names = tuple(name.strip() for name in value.split(","))
        if len(names) != 2 or not all(names):
            self.fail(f"{value!r} is not two names, such as images,labels.", param)
        return names


class Columns(click.ParamType):
    """Names of columns with commas between them."""

    name = "COLUMN,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a list of names."""
        if not isinstance(value, str):
            return value
        names = [name.strip() for name in next(csv.reader([value], skipinitialspace=True), [])]
        if not names or not all(names):
            self.fail(f"{value!r} is not a list of columns, such as colour,shape.", param)
        return names


decimal_option = click.option(
    "--decimal", type=click.Choice([".", ","]), help="The decimal mark of a table, where its cells leave it open."
)


def column_options(command: Any) -> Any:
    """Add the options that say what the columns of a table hold, and whether its labels are classes or numbers."""
    for option in (
        click.option(
            "--regression/--classify",
            default=None,
            help="Predict numbers, or classes.  [default: numbers where the labels look like measurements]",
        ),
        decimal_option,
        click.option("--drop", type=Columns(), help='Columns of a table to leave out; "x, mm" in quotes is one.'),
        click.option(
            "--numeric", type=Columns(), help="Columns of a table that hold numbers, though some cells do not."
        ),
        click.option(
            "--categorical",
            type=Columns(),
            help="Columns of a table that hold categories, though of numbers; the label too, if NA is a class.",
        ),
    ):
        command = option(command)
    return command


class Copies(click.ParamType):
    """Kinds of copies with a comma between them, or none."""

    name = "KINDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a list of names; [] for "none"."""
        if not isinstance(value, str):
            return value
        return [] if value.strip() == "none" else [name.strip() for name in value.split(",")]


LABEL_FROM = "A pattern that finds the class in each picture's name, such as '(cat|dog)' or '([a-z]+)_\\d+'."
PICTURES_FROM = "The folder or zip of the pictures that DATA, a table of file names and labels, is about."


class Merge(click.ParamType):
    """A new class and those it joins."""

    name = "NEW=OLD+OLD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return ("sick", ["rust", "spot"]) for "sick=rust+spot"."""
        if not isinstance(value, str):
            return value
        new, _, olds = (part.strip() for part in value.partition("="))
        names = [old.strip() for old in olds.split("+")]
        if not new or not all(names):
            self.fail(f"{value!r} is not NEW=OLD+OLD, such as sick=bean_rust+angular_leaf_spot.", param)
        return new, names


class Numbers(click.ParamType):
    """Whole numbers with commas between them."""

    name = "N,N,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a list of integers of at least 1."""
        if not isinstance(value, str):
            return value
        if not all(_is_number(part.strip()) and int(part) > 0 for part in value.split(",")):
            self.fail(f"{value!r} is not a list of numbers such as 1,2,3.", param)
        return [int(part) for part in value.split(",")]


class Share(click.ParamType):
    """A number between 0 and 1, or "auto"."""

    name = "auto|SHARE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a float, or "auto"."""
        if value == "auto" or not isinstance(value, str):
            return value
        try:
            share = float(value)
        except ValueError:
            share = -1
        if not 0 < share < 1:
            self.fail(f"{value!r} is not auto or a number between 0 and 1, such as 0.9.", param)
        return share
