"""The one picture that ``--write`` uploads: grey, and another file in each run."""

from __future__ import annotations

from importlib.resources import files
from secrets import token_hex


def new_picture() -> bytes:
    """Return a JPEG of 320 by 240 pixels whose MD5 no other file has."""
    blank = (files("flask_ipernity") / "cli/compare/picture.jpg").read_bytes()
    comment = token_hex(16).encode()
    # A comment segment of JPEG: its marker, its length with these two bytes, its text.
    return blank[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + blank[2:]
