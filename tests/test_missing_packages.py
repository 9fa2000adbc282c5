"""What is not installed is named, with the same words from Python and from the command line."""

from __future__ import annotations

import shlex
import subprocess
import sys
from importlib.metadata import version

import pytest
from click.testing import CliRunner

from flask_ipernity.cli import cli
from flask_ipernity.errors import missing_package
from tests.support.commands import COMMAND, environment

WITHOUT = "import sys; sys.modules['PIL'] = None; "


@pytest.mark.slow
def test_the_sandbox_says_what_it_needs_in_python_and_in_a_shell() -> None:
    python = WITHOUT + "from flask_ipernity.sandbox import Sandbox"
    said = [
        subprocess.run(
            [sys.executable, "-c", *arguments],
            capture_output=True,
            text=True,
            env=environment(),
            timeout=30,
        ).stderr
        for arguments in ((python,), (WITHOUT + COMMAND[2], "sandbox", "--port", "0"))
    ]
    in_python, in_shell = (text.strip().splitlines()[-1].partition(": ")[2] for text in said)
    assert in_python == in_shell
    assert in_shell.startswith("The sandbox needs Pillow")


def test_what_is_to_be_typed_is_one_word_for_every_shell() -> None:
    text = missing_package("IPERNITY_LOGIN", "Flask-Login", "login")
    assert text.startswith("IPERNITY_LOGIN needs Flask-Login")
    command = text.partition("installed: ")[2]
    assert shlex.split(command) == ["pip", "install", "Flask-Ipernity[login]"]
    assert '"Flask-Ipernity[login]"' in command


def test_the_command_tells_its_version() -> None:
    done = CliRunner().invoke(cli, ["--version"])
    assert (done.exit_code, done.output) == (0, f"Flask-Ipernity {version('Flask-Ipernity')}\n")
