"""Writes docs/cli.md from the real --help texts: `python docs/make_cli.py`. A test compares the two."""

from pathlib import Path

import click

from pellucid.cli.main import COMMANDS, commands


def cli_markdown() -> str:
    """Return the help of the program and of every command as Markdown."""
    parent = click.Context(commands, info_name="pellucid", terminal_width=100, **commands.context_settings)
    parts = ["# The command line", "", "Made by `python docs/make_cli.py` from the program itself.", ""]
    parts += ["```", commands.get_help(parent), "```", ""]
    for name in COMMANDS:
        command = commands.get_command(parent, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=parent)
        parts += [f"## {name}", "", "```", command.get_help(context), "```", ""]
    return "\n".join(line.rstrip() for line in "\n".join(parts).splitlines()) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("cli.md").write_text(cli_markdown(), "utf-8")
