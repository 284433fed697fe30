"""The page for photographs: dropped, checked, trained on, mistakes looked at, a photograph tried. No sockets here."""

from pellucid.web.photos.session import Session
from pellucid.web.photos.uploads import Album, Bounds

__all__ = ["Album", "Bounds", "Session"]
