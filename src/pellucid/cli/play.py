"""`pellucid play`: the playground in a browser, served by this machine to itself."""

import signal
import threading
import webbrowser
from pathlib import Path
from typing import Any

import click

from pellucid.cli.options import column_options
from pellucid.cli.output import say
from pellucid.errors import InputError, MissingFileError


@click.command(
    "play",
    epilog="\b\nExamples:\n  pellucid play\n  pellucid play flowers.csv --label species\n  pellucid play photos/\n"
    "  pellucid play --host 0.0.0.0 --allow-host room12.school.example",
)
@click.argument("data", required=False)
@click.option("--label", metavar="COLUMN", help="The column of a table that holds the classes.")
@column_options
@click.option("--skip-bad", is_flag=True, default=None, help="Leave out rows without a label.")
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen.  [default: 8420, or the next free one]")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="A host name by which others reach this machine.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def play_command(
    data: str | None,
    label: str | None,
    port: int | None,
    host: str,
    allow_host: tuple[str, ...],
    no_browser: bool,
    **options: Any,
) -> None:
    """Play with a small network on points in the plane, or on your own table. Press Ctrl-C to stop.

    A folder or .zip of photographs opens the photo page: check, train, look at mistakes, try a photo.

    Nothing leaves this machine. Only this machine can open the page, unless --host and --allow-host let others in.
    """
    from pellucid.web.photos.routes import PhotoRoutes
    from pellucid.web.playground.problem import OwnTable
    from pellucid.web.playground.routes import PlaygroundRoutes
    from pellucid.web.server import Routes, application, listening_socket, serve

    photographs = data if data is not None and (Path(data).is_dir() or data.lower().endswith(".zip")) else None
    table = data if photographs is None else None
    if table is None and (given := [name for name, value in {"label": label, **options}.items() if value is not None]):
        raise InputError(f"--{given[0].replace('_', '-')} is for the columns of a table; give the table too.")
    if photographs is not None and not Path(photographs).exists():
        raise MissingFileError(f"there is no file {photographs}.")
    closing = threading.Event()
    rooms: list[Routes] = [
        PlaygroundRoutes(closing, None if table is None else OwnTable.read(table, label, **options)),
        PhotoRoutes(closing, photographs),
    ]
    names = [*allow_host, *([] if host in ("0.0.0.0", "::") else [host])]
    app = application(rooms, names)
    with listening_socket(host, port) as listener:
        shown = allow_host[0] if allow_host else "127.0.0.1" if host in ("0.0.0.0", "::") else host
        address = f"http://{f'[{shown}]' if ':' in shown else shown}:{listener.getsockname()[1]}/"
        if photographs is None:
            say(f"The playground is at {address}")
            say(f"The photo page is at {address}photos/")
        else:
            address += "photos/"
            say(f"The photographs of {photographs} are at {address}")
        say("Open it in a browser. Press Ctrl-C here to stop.")
        if not no_browser:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        closed = getattr(signal, "SIGHUP", None)  # the terminal's window: what was given is deleted then too
        if closed is not None and signal.getsignal(closed) is not signal.SIG_IGN:
            signal.signal(closed, lambda *_: closing.set())
        try:
            serve(app, listener, closing)
        except KeyboardInterrupt:
            say("ended.")
