"""A whole HTML document in one string; it loads nothing from outside, so it opens anywhere, even years later."""

import re
import unicodedata
from collections.abc import Sequence
from html import escape
from importlib.resources import files

# a page with untrusted file names and pictures runs only its own scripts, and loads nothing
POLICY = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

# bidirectional classes of letters that run from right to left, or make others do so
TURNING = {"R", "AL", "AN", "RLE", "RLO", "RLI"}
ISOLATE, ISOLATED = "\u2068", "\u2069"
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # an SVG with one of these is not displayed


def escaped(value: object) -> str:
    """Return any value as text that is safe between tags and inside quoted attributes.

    >>> escaped("<img src=x onerror='alert(1)'>")
    '&lt;img src=x onerror=&#x27;alert(1)&#x27;&gt;'
    """
    text = str(value).encode("utf-8", "replace").decode()  # file names may contain lone surrogates
    return escape(NOT_XML.sub("\ufffd", text), quote=True)


def isolated(name: str) -> str:
    """Return a name for a line of text, isolated if it runs right to left, so that it does not reorder its neighbours.

    >>> isolated("cat"), len(isolated("\\u202ecat")) - len("\\u202ecat")
    ('cat', 2)
    """
    if not any(unicodedata.bidirectional(letter) in TURNING for letter in name):
        return name
    return ISOLATE + name.replace(ISOLATED, "") + ISOLATED


def theme() -> str:
    """Return the style sheet that all pages share."""
    return (files(__package__) / "theme.css").read_text("utf-8")


def document(title: str, body: str, *, styles: Sequence[str] = (), scripts: Sequence[str] = ()) -> str:
    """Return a document with the shared theme and no links to anything outside.

    title: plain text.  body: HTML of the main part, its texts `escaped`.  styles, scripts: CSS and JavaScript as text.

    >>> document("A < B", "<p>three</p>").count("A &lt; B")
    1
    """
    css = "\n".join([theme(), *styles])
    code = "".join(f"<script>{script}</script>\n" for script in scripts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="generator" content="pellucid">\n<title>{escaped(title)}</title>\n<style>\n{css}\n</style>\n'
        f"</head>\n<body>\n<main>\n{body}\n</main>\n{code}</body>\n</html>\n"
    )
