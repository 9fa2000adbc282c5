"""The coverage table of the documentation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools import coverage_table

TOOL = Path(coverage_table.__file__)


def test_the_table_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, TOOL, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_tests_that_the_table_names_exist() -> None:
    here = {path.stem for path in Path(__file__).parent.glob("test_*.py")}
    assert set(coverage_table.TESTS) <= here
