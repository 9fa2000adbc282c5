"""What a photo file says about itself: read from its header, not from its pixels."""

from __future__ import annotations

from .dates import from_unix, to_unix
from .photo import PhotoMetadata, read_photo, read_raw

__all__ = ["PhotoMetadata", "from_unix", "read_photo", "read_raw", "to_unix"]
