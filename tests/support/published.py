"""Test-suites that others have published, fetched as source archives from the package index."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.support import needs

#: The archives by name and version, with their SHA-256.
ARCHIVES = {
    "PyIpernity==0.3.1": "cbc10154d0942d6d480937805087918a272cdf28fa9836b3102ab773b846d703",
    "Flask-Ipernity==0.1.0": "1518cc98ffaab96b3866b2492a0cb3f7273b78dc5ed61ee13c839e6ba7e4a9e2",
}

#: Options of pytest for these suites, which rely on the order of their tests.
WITHOUT = ("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly")


def unpacked(requirement: str, config: pytest.Config, folder: Path) -> Path:
    """Return where an archive is unpacked, in *folder*; it is fetched once, and kept.

    Where the index cannot be reached the test is skipped, or fails in CI. Where the index has
    another file under this version, it fails everywhere.
    """
    needs.marker("network")
    cache: pytest.Cache | None = getattr(config, "cache", None)  # None with -p no:cacheprovider
    kept = (cache.mkdir("archives") if cache else folder) / f"{requirement}.tar.gz"
    if not kept.exists() or sha256(kept) != ARCHIVES[requirement]:
        try:
            fetch(requirement, folder, kept)
        except FetchError as error:
            needs.missing(f"the source archive of {requirement} could not be fetched: {error}")
    with tarfile.open(kept) as content:
        content.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


class FetchError(Exception):
    """An archive could not be fetched; the message says why."""


def fetch(requirement: str, folder: Path, target: Path) -> None:
    """Fetch an archive by way of *folder*.

    :raises FetchError: the index cannot be reached.
    :raises ValueError: the index has another file under this version.
    """
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{requirement} --hash=sha256:{ARCHIVES[requirement]}", "utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--no-binary", ":all:", "--dest", str(folder), "--requirement", str(wanted)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env=plain_environment(),
        )
    except subprocess.TimeoutExpired:
        raise FetchError("it took longer than five minutes") from None
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise ValueError(done.stderr)
    found = list(folder.glob("*.tar.gz"))
    if not found:
        raise FetchError(done.stderr.strip().rpartition("\n")[2])
    # Another process of the tests may fetch or read it at this moment.
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.move(found[0], partial)
    os.replace(partial, target)


def sha256(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def plain_environment() -> dict[str, str]:
    """Return the environment without what makes warnings errors in programs of ours."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
