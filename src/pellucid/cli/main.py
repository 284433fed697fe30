"""The command line: one command a file, loaded when it is called. Errors end in one message, never in a traceback.

Exit codes: 0 done, 1 failed with a message, 2 wrong usage.
"""

import io
import itertools
import os
import sys
import warnings
from importlib import import_module
from typing import Any

import click

from pellucid._version import __version__
from pellucid.cli.output import printable
from pellucid.errors import PellucidError, unknown_name

GROUPS = {
    "Your data": {
        "audit": ("pellucid.cli.audit", "Find copies, wrong labels and bad files in your data."),
        "train": ("pellucid.cli.train", "Train a classifier on your pictures or table."),
        "evaluate": ("pellucid.cli.evaluate", "Score a model on labelled data."),
        "predict": ("pellucid.cli.predict", "Say what pictures or rows show."),
        "fetch": ("pellucid.cli.fetch", "Fetch a data set of the articles."),
    },
    "Learn": {
        "explain": ("pellucid.cli.explain", "Show one training step with all its numbers."),
        "demo": ("pellucid.cli.demo", "Train on handwritten digits; needs no data."),
        "play": ("pellucid.cli.play", "Play with a small network in your browser."),
        "reproduce": ("pellucid.cli.reproduce", "Run a network of the four articles."),
        "check": ("pellucid.cli.inspect", "Prove a model's gradients on your data."),
    },
    "Files": {
        "inspect": ("pellucid.cli.inspect", "Show what is in a model file."),
    },
}
TWICE = {  # options of which a second one would silently take the place of the first -> what to do
    "--label": "A model learns one column: train one for each.",
    "--group-by": "Rows are grouped by one column.",
    **dict.fromkeys(("--drop", "--categorical", "--numeric"), "Name several columns in one option: a,b."),
}
COMMANDS = {name: home for group in GROUPS.values() for name, home in group.items()}


class Commands(click.Group):
    """A group that lists its commands in sections and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the sections."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(COMMANDS[cmd_name][0]), f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click does, with the nearest name for an unknown one, and an error for an option that must come once."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            ctx.fail(str(unknown_name("command", args[0], COMMANDS)))
        options = [arg.partition("=")[0] for arg in itertools.takewhile(lambda arg: arg != "--", args[1:])]
        for name, advice in TWICE.items():
            if options.count(name) > 1:
                ctx.fail(f"{name} is given twice. {advice}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the three sections of the help."""
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in commands.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: pellucid demo. Each command has its own --help with examples.",
)
@click.version_option(__version__, prog_name="pellucid")
def commands() -> None:
    """Neural networks you can see through: trained from formulas, on your own machine."""


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    warnings.showwarning = _show_warning
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may be anything
    try:
        commands.main(arguments, prog_name="pellucid", standalone_mode=False, obj=arguments)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted; nothing more was written.")
    except PellucidError as error:
        return _fail(str(error))
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - whoever read us is gone; let Python close quietly
        return 1
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}." if error.filename else str(error))
    except MemoryError:
        return _fail("out of memory. Try smaller pictures (--size), fewer hidden units (--layers), or less data.")
    except Exception as error:
        if os.environ.get("PELLUCID_DEBUG"):
            raise
        return _fail(
            f"a fault in pellucid: {type(error).__name__}: {error}. Please report it; PELLUCID_DEBUG=1 shows where."
        )
    return 0


def _fail(message: str) -> int:
    click.echo(f"Error: {printable(message)}", err=True)
    return 1


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    click.echo(f"Warning: {printable(str(message))}", err=True)
