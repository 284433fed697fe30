"""`pellucid` and `python -m pellucid` are the command line; Ctrl-C ends it without a traceback from its start on."""

import sys


def main() -> None:
    """Run the command line; the entry point of the `pellucid` program."""
    try:
        from pellucid.cli.main import run  # here, because most of a start's time goes into it

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("Error: interrupted; nothing was written.")
    sys.exit(code)


if __name__ == "__main__":
    main()
