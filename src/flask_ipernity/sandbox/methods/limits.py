"""Limits that the service has, but whose values are not known ([U]); these are the sandbox's."""

from __future__ import annotations

#: Comments on one item.
MAX_COMMENTS = 500
#: Notes on one picture.
MAX_NOTES = 50
#: Tags on one document.
MAX_DOC_TAGS = 100
#: Documents in one album.
MAX_ALBUM_DOCS = 5_000
#: Albums of one document.
MAX_DOC_ALBUMS = 100
#: Groups of one document.
MAX_DOC_GROUPS = 60
#: Albums in one folder.
MAX_FOLDER_ALBUMS = 500
