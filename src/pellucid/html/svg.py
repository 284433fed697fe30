"""SVG as text: elements, numbers, and the frame that every drawing has.

Colours are the theme's variables with fallbacks, so the same text works in a page, in a notebook and as a file.
"""

from collections.abc import Iterable

from pellucid.html.document import escaped

NAMESPACE = "http://www.w3.org/2000/svg"
LETTER = 0.62  # the width of a letter, as a share of the font's size, on average

INK = "var(--ink, currentColor)"
QUIET = "var(--quiet, #707a86)"
LINE = "var(--line, rgba(128, 136, 146, 0.35))"
POSITIVE = "var(--positive, #0072b2)"
NEGATIVE = "var(--negative, #d55e00)"
FONT = "var(--body, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif)"


def number(value: float) -> str:
    """Return a length or a position, to a hundredth.

    >>> number(12.0), number(0.333333)
    ('12', '0.33')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def element(tag: str, *content: str, **attributes: object) -> str:
    """Return an element. Its content must be SVG already; its attributes are escaped here.

    In an attribute name "_" becomes "-", and a final "_" is dropped: `class_`, `stroke_width`.

    >>> element("text", escaped("a < b"), x=1.5, class_="name")
    '<text x="1.5" class="name">a &lt; b</text>'
    >>> element("line", x1=0)
    '<line x1="0"/>'
    """
    named = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{number(value) if isinstance(value, float) else escaped(value)}"'
        for key, value in attributes.items()
    )
    inside = "".join(content)
    return f"<{tag}{named}>{inside}</{tag}>" if inside else f"<{tag}{named}/>"


def written(text: object, size: float = 12, room: float = 1000) -> str:
    """Return a text, escaped, and cut if it is longer than `room` units at font `size`.

    >>> written("a rather long name", room=60)
    'a rathe…'
    """
    letters = str(text)
    most = max(int(room / (LETTER * size)), 1)
    return escaped(letters if len(letters) <= most else letters[: most - 1].rstrip() + "…")


def frame(width: float, height: float, title: str, description: str, style: str, parts: Iterable[str]) -> str:
    """Return a whole SVG with a description in words.

    title, description: plain text for a screen reader.
    style: CSS rules, each for a class of this kind of drawing, because a page may contain several.
    """
    return element(
        "svg",
        element("title", escaped(title)),
        element("desc", escaped(description)) if description else "",
        element("style", style),
        *parts,
        xmlns=NAMESPACE,
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=number(width),
        height=number(height),
        role="img",
        style=f"max-width: 100%; height: auto; font-family: {FONT}",
    )
