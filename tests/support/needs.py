"""What some tests need and not every machine has."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

#: Programs, and the marker that each test that starts them must have.
MARKERS = {
    "apache2": "apache",
    "caddy": "caddy",
    "chromium": "browser",
    "exiftool": "exiftool",
    "nginx": "nginx",
    "redis-server": "redis",
}

#: A value of ``PYTHONWARNINGS``, by which deprecated calls fail in other processes, too.
STRICT_WARNINGS = "error::DeprecationWarning,error::PendingDeprecationWarning"

#: The markers of the running test.
markers: set[str] = set()


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it where CI is set: there nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def marker(name: str) -> None:
    """Fail if the running test lacks a marker, without which nobody can leave it out."""
    if name not in markers:
        pytest.fail(f"this test lacks @pytest.mark.{name}")


def program(*names: str) -> str:
    """Return the path of a program; without it the test is skipped, or fails where CI is set.

    :param names: its names on different systems; the first one is told.
    """
    if names[0] in MARKERS:
        marker(MARKERS[names[0]])
    places = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin"
    found = (shutil.which(name, path=places) for name in names)
    return next(filter(None, found), None) or missing(f"{names[0]} is not installed")
