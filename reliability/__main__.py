"""The command: python -m reliability NAME [OPTIONS]. Runs one measurement and prints its table in Markdown."""

import sys
from importlib import import_module

MEASUREMENTS = {
    "fuzz": "reliability.fuzz",
}


def main(arguments: list[str]) -> None:
    """Run the measurement that the first argument names, with the rest as its options."""
    if not arguments or arguments[0] not in MEASUREMENTS:
        sys.exit(f"usage: python -m reliability NAME [OPTIONS]; NAME is one of {', '.join(MEASUREMENTS)}")
    import_module(MEASUREMENTS[arguments[0]]).main(arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
