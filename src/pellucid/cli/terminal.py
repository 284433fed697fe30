"""What reaches a terminal is text: nothing from a file or its name may steer the terminal itself."""

CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def printable(text: str) -> str:
    """Return the text without characters that would steer a terminal: names in a file may be anything.

    >>> printable("red " + chr(27) + "[31m")
    'red \\\\x1b[31m'
    """
    return text.translate(CONTROLS)
