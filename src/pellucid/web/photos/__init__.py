"""The photo page: upload, check, train, review mistakes, try a photo. Only `routes` knows HTTP."""

from pellucid.web.photos.session import Session
from pellucid.web.photos.uploads import UploadLimits, Uploads

__all__ = ["Session", "UploadLimits", "Uploads"]
