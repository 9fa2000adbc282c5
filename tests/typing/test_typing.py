"""Type checkers find wrong calls in applications, and only those."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.needs import program

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
GOOD, BAD = HERE / "good.py", HERE / "bad.py"


def run(tool: str, *arguments: str) -> str:
    command = [program(str(Path(sys.executable).with_name(tool))), *arguments, str(GOOD), str(BAD)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr or done.stdout
    return done.stdout


def by_mypy() -> set[tuple[str, int]]:
    output = run("mypy", "--strict", "--hide-error-context", "--no-error-summary")
    found = re.findall(r"^(.+?):(\d+): error:", output, re.MULTILINE)
    return {(Path(path).name, int(line)) for path, line in found}


def by_pyright() -> set[tuple[str, int]]:
    report = json.loads(run("pyright", "--outputjson"))
    assert report["summary"]["filesAnalyzed"] == 2
    return {
        (Path(found["file"]).name, found["range"]["start"]["line"] + 1)
        for found in report["generalDiagnostics"]
        if found["severity"] == "error"
    }


@pytest.mark.slow
@pytest.mark.parametrize("checker", [by_mypy, by_pyright])
def test_wrong_calls_are_found_and_right_ones_accepted(checker: object) -> None:
    lines = BAD.read_text("utf-8").splitlines()
    wrong = {("bad.py", number) for number, line in enumerate(lines, 1) if "# wrong" in line}
    assert len(wrong) >= 20
    assert callable(checker)
    assert checker() == wrong
