"""Install the published reference in a separate environment, on first use."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.processes import HERE, BenchmarkError

REQUIREMENTS = ("Flask-Ipernity==0.1.0", "PyIpernity==0.3.1")
ENVIRONMENT = HERE / ".theirs"
PYTHON = ENVIRONMENT / "bin" / "python"
#: Written last, with what was installed: an interrupted installation starts again.
COMPLETE = ENVIRONMENT / "complete"

STAMP = "\n".join([*REQUIREMENTS, sys.version])


def prepare() -> Path:
    """Return the Python of the reference's environment, which is made if it is missing.

    :raises BenchmarkError: it cannot be made, as without a package index.
    """
    if COMPLETE.exists() and COMPLETE.read_text() == STAMP:
        return PYTHON
    print(f"Installing {' and '.join(REQUIREMENTS)} for comparison, once …", file=sys.stderr)
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    run(sys.executable, "-m", "venv", ENVIRONMENT)
    run(PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", *REQUIREMENTS)
    COMPLETE.write_text(STAMP)
    return PYTHON


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
