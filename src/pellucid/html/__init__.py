"""What is shown in a browser or a notebook, as text: whole documents, curves, network drawings. One look for all.

Plain numbers, arrays and texts in, HTML or SVG out; nothing here knows of models or data.
"""

from pellucid.html.document import document, escaped, isolated, theme

__all__ = ["document", "escaped", "isolated", "theme"]
