"""Limits of which the service says that they exist but not how high they are: ours ([U])."""

from __future__ import annotations

COMMENTS = 500
"""Comments on one item."""
NOTES = 50
"""Notes on one picture."""
TAGS = 100
"""Tags on one document."""
ALBUM_DOCS = 5_000
"""Documents in one album."""
DOC_ALBUMS = 100
"""Albums of one document."""
DOC_GROUPS = 60
"""Groups of one document."""
FOLDER_ALBUMS = 500
"""Albums in one folder."""
