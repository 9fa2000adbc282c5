"""``tools/venv`` makes the environment of a checkout, whatever an earlier try has left."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "tools/venv"

#: What stands for a Python: it knows its version, and makes environments of itself.
FAKE = r"""#!/bin/sh
case "$*" in
*sys.exit*) exit $(( {minor} < 11 )) ;;
*print*) echo 3.{minor} ;;
*ensurepip*) exit {no_venv} ;;
*"import pip"*) [ -e "$(dirname "$0")/pip" ] ;;
"-m venv "*)
    mkdir -p "$3/bin" && cp "$0" "$3/bin/python" || exit
    {interrupted}
    touch "$3/bin/pip" ;;
"-m pip install"*) echo "$*" >> "$(dirname "$0")/installed"; exit {pip_fails} ;;
*) echo "not expected: $*" >&2; exit 9 ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "mit Lücke und Ä"
    (folder / "path").mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    return folder


def put(
    checkout: Path,
    name: str,
    minor: int,
    *,
    no_venv: bool = False,
    interrupted: str = ":",
    pip_fails: bool = False,
) -> Path:
    """Put a Python of version 3.*minor* on the path."""
    program = checkout / "path" / name
    program.write_text(
        FAKE.replace("{minor}", str(minor))
        .replace("{no_venv}", str(int(no_venv)))
        .replace("{interrupted}", interrupted)
        .replace("{pip_fails}", str(int(pip_fails)))
    )
    program.chmod(0o755)
    return program


def set_up(checkout: Path, python: str = "") -> subprocess.CompletedProcess[str]:
    tools = {name: shutil.which(name) for name in ("rm", "mv", "mkdir", "cp", "touch", "dirname")}
    for name, tool in tools.items():
        if tool and not (checkout / "path" / name).exists():
            (checkout / "path" / name).symlink_to(tool)
    return subprocess.run(
        ["/bin/sh", SCRIPT, ".venv", "dev.stamp", "--editable", ".[demo]"],
        cwd=checkout,
        env={"PATH": str(checkout / "path"), "PYTHON": python},
        capture_output=True,
        text=True,
        check=False,
    )


def version(checkout: Path) -> str:
    return subprocess.run(
        [checkout / ".venv/bin/python", "-c", "print"], capture_output=True, text=True, check=True
    ).stdout.strip()


def installed(checkout: Path) -> list[str]:
    return (checkout / ".venv/bin/installed").read_text().splitlines()


def test_an_environment_is_made_once_and_filled_again_when_the_requirements_change(
    checkout: Path,
) -> None:
    put(checkout, "python3", 11)
    for _ in range(2):
        done = set_up(checkout)
        assert (done.returncode, done.stderr) == (0, "")
    assert installed(checkout)[1:] == ["-m pip install --quiet --editable .[demo]"]
    os.utime(checkout / ".venv/dev.stamp", (0, 0))
    set_up(checkout)
    assert len(installed(checkout)) == 3


@pytest.mark.parametrize("newer", ["python3.11", "python3.13", "python3.15"])
def test_a_newer_python_of_the_path_is_taken_where_python3_is_too_old(
    checkout: Path, newer: str
) -> None:
    put(checkout, "python3", 9)
    put(checkout, newer, int(newer.rpartition(".")[2]))
    assert set_up(checkout).returncode == 0
    assert version(checkout) == newer.removeprefix("python")


@pytest.mark.parametrize(("minor", "told"), [(9, "3.9"), (10, "3.10"), (None, "not there")])
def test_one_sentence_tells_that_no_python_is_new_enough(
    checkout: Path, minor: int | None, told: str
) -> None:
    if minor:
        put(checkout, "python3", minor)
    done = set_up(checkout)
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (checkout / ".venv").exists()


def test_one_sentence_tells_which_package_has_the_missing_venv(checkout: Path) -> None:
    put(checkout, "python3", 12, no_venv=True)
    done = set_up(checkout)
    assert done.returncode == 1
    assert "apt install python3.12-venv" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "first",
    [{"interrupted": "exit 1"}, {"interrupted": "kill -KILL $PPID"}, {"pip_fails": True}],
    ids=["failed", "killed", "pip failed"],
)
def test_a_first_try_that_failed_does_not_spoil_the_second(
    checkout: Path, first: dict[str, object]
) -> None:
    put(checkout, "python3", 11, **first)  # type: ignore[arg-type]
    assert set_up(checkout).returncode
    put(checkout, "python3", 11)
    if "pip_fails" in first:
        put(checkout, "python3", 11).replace(checkout / ".venv/bin/python")
        put(checkout, "python3", 11)
    done = set_up(checkout)
    assert done.returncode == 0, done.stderr
    assert (checkout / ".venv/dev.stamp").exists()


@pytest.mark.parametrize(
    "left",
    [
        ["bin/python"],  # as `python3 -m venv` leaves it where Debian's ensurepip is missing
        ["bin/python", "bin/pip", "../.venv.unfinished"],
        ["dev.stamp"],
        [],
    ],
    ids=["no pip", "interrupted", "no python", "empty"],
)
def test_an_environment_that_is_half_made_is_made_anew(checkout: Path, left: list[str]) -> None:
    put(checkout, "python3", 11)
    (checkout / ".venv/bin").mkdir(parents=True)
    for name in left:
        target = checkout / ".venv" / name
        if name == "bin/python":
            shutil.copy(checkout / "path/python3", target)
        else:
            target.touch()
    done = set_up(checkout)
    assert done.returncode == 0, done.stderr
    assert installed(checkout)[-1].endswith(".[demo]")


def test_an_environment_of_a_python_that_is_too_old_is_made_anew(checkout: Path) -> None:
    old = put(checkout, "python3", 10)
    (checkout / ".venv/bin").mkdir(parents=True)
    shutil.copy(old, checkout / ".venv/bin/python")
    (checkout / ".venv/bin/pip").touch()
    put(checkout, "python3.13", 13)
    assert set_up(checkout).returncode == 0
    assert version(checkout) == "3.13"


def test_the_python_that_is_named_is_taken_also_where_an_environment_is_there(
    checkout: Path,
) -> None:
    put(checkout, "python3", 11)
    set_up(checkout)
    assert version(checkout) == "3.11"
    named = put(checkout, "my python", 13)
    for _ in range(2):
        assert set_up(checkout, str(named)).returncode == 0
        assert version(checkout) == "3.13"
    assert len(installed(checkout)) == 2
    done = set_up(checkout, str(put(checkout, "old", 9)))
    assert done.returncode == 1
    assert "is 3.9" in done.stderr
    assert version(checkout) == "3.13"
