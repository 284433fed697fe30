"""The page for photographs: dropped, checked, trained on, mistakes looked at, a photograph tried. No sockets here."""

from pellucid.web.photographs.album import Album, Bounds
from pellucid.web.photographs.session import Session

__all__ = ["Album", "Bounds", "Session"]
