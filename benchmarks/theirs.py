"""Install the published reference in a separate environment, on first use."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.published import ARCHIVES, FetchError, fetch

from benchmarks.processes import HERE, BenchmarkError

ENVIRONMENT = HERE / ".theirs"
PYTHON = ENVIRONMENT / "bin" / "python"
#: Written last, with what was installed: an interrupted installation starts again.
COMPLETE = ENVIRONMENT / "complete"

STAMP = "\n".join([*ARCHIVES, *ARCHIVES.values(), sys.version])


def prepare() -> Path:
    """Return the Python of the reference's environment, which is made if it is missing.

    :raises BenchmarkError: it cannot be made, as without a package index.
    """
    if COMPLETE.exists() and COMPLETE.read_text() == STAMP:
        return PYTHON
    print(f"Installing {' and '.join(ARCHIVES)} for comparison, once …", file=sys.stderr)
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    run(sys.executable, "-m", "venv", ENVIRONMENT)
    archives = [fetched(requirement) for requirement in ARCHIVES]
    run(PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", *archives)
    COMPLETE.write_text(STAMP)
    return PYTHON


def fetched(requirement: str) -> Path:
    """Return the archive of *requirement*, which is the one that is known by its hash.

    :raises BenchmarkError: it cannot be had.
    """
    folder = ENVIRONMENT / "archives" / requirement
    folder.mkdir(parents=True)
    target = folder / f"{requirement.replace('==', '-')}.tar.gz"
    try:
        fetch(requirement, folder, target)
    except (FetchError, ValueError) as error:
        raise BenchmarkError(str(error)) from None
    return target


def run(*command: str | Path) -> None:
    """Run a command.

    :raises BenchmarkError: it fails; the message is the last line that it wrote.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        raise BenchmarkError("took longer than ten minutes") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise BenchmarkError(lines[-1] if lines else f"exit status {done.returncode}")
