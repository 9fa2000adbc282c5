"""Limits that the service has, but whose values are not known ([U]); these are the sandbox's."""

from __future__ import annotations

#: Comments on one item.
COMMENTS = 500
#: Notes on one picture.
NOTES = 50
#: Tags on one document.
TAGS = 100
#: Documents in one album.
ALBUM_DOCS = 5_000
#: Albums of one document.
DOC_ALBUMS = 100
#: Groups of one document.
DOC_GROUPS = 60
#: Albums in one folder.
FOLDER_ALBUMS = 500
