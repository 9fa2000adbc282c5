"""The form in which texts are compared."""

from __future__ import annotations

from unicodedata import normalize


def folded(text: str) -> str:
    """Return a text without what makes no difference: its case, and how its accents are written.

    An accent may be a character of its own, as in names of files from macOS.
    """
    return normalize("NFC", normalize("NFC", text).casefold())
