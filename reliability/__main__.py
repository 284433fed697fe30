"""The command: python -m reliability NAME prints the Markdown table of one measurement."""

import sys
from importlib import import_module

MEASUREMENTS = {
    "fuzz": "reliability.fuzz",
    "honesty": "reliability.honesty",
    "doctor": "reliability.doctor",
    "kill": "reliability.kill",
    "memory": "reliability.memory",
    "photographs": "reliability.photographs",
    "reject": "reliability.reject",
    "weights": "reliability.weights",
}


def main(arguments: list[str]) -> int:
    """Run the measurement that is named, with what follows the name as its own arguments."""
    if not arguments or arguments[0] not in MEASUREMENTS:
        print(f"usage: python -m reliability {{{','.join(MEASUREMENTS)}}} ...", file=sys.stderr)
        return 2
    return int(import_module(MEASUREMENTS[arguments[0]]).main(arguments[1:]) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
