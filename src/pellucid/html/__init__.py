"""HTML and SVG as text, for browsers and notebooks: whole documents, line charts, network drawings, one theme.

Plain numbers, arrays and texts go in, HTML or SVG comes out; nothing here knows models or data.
"""

from pellucid.html.document import document, escaped, isolated, theme

__all__ = ["document", "escaped", "isolated", "theme"]
