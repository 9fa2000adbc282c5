"""Test-suites that others have published, fetched as source archives from the package index."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest


def unpacked(requirement: str, folder: Path) -> Path:
    """Fetch the source archive of *requirement* into *folder* and return where it is unpacked.

    Where the index cannot be reached the test is skipped, or fails in CI.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", ":all:", "--dest", str(folder), requirement]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        reason = done.stderr.strip().rpartition("\n")[2]
    except subprocess.TimeoutExpired:
        reason = "it took longer than five minutes"
    found = list(folder.glob("*.tar.gz"))
    if not found:
        text = f"the source archive of {requirement} could not be fetched: {reason}"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    with tarfile.open(found[0]) as content:
        content.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())
