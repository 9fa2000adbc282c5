"""The commands as processes of their own, and within this one."""

from __future__ import annotations

import atexit
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import signature
from threading import Timer

from click.testing import CliRunner

from flask_ipernity.cli import cli

COMMAND = (sys.executable, "-c", "from flask_ipernity.cli import main; main()")
WAIT = 30


_CACHES = tempfile.TemporaryDirectory(prefix="flask-ipernity-tests-")
atexit.register(_CACHES.cleanup)


def environment(**extra: str) -> dict[str, str]:
    """Return this process's environment without any keys of the service, and with *extra*.

    Its folder of caches is one of the tests.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IPERNITY_")}
    return {**kept, "XDG_CACHE_HOME": _CACHES.name, **extra}


def runner() -> CliRunner:
    """Return what runs commands within this process, and keeps their two outputs apart.

    From 8.2 on click always does so.
    """
    if "mix_stderr" in signature(CliRunner).parameters:
        return CliRunner(mix_stderr=False)  # type: ignore[call-arg]
    return CliRunner()


@dataclass
class Running:
    """A command that runs; ``text`` is what it has printed."""

    process: subprocess.Popen[str]
    text: str
    rest: str = field(default="", init=False)

    def address(self, name: str) -> str:
        """Return the address that is printed after *name*, without a slash at the end."""
        found = re.search(rf"{name}.*?(http://\S+?)/?(\s|$)", self.text)
        assert found, self.text
        return found[1]

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Send a signal; return the exit code, and keep the rest of the output in ``rest``."""
        self.process.send_signal(how)
        self.rest = self.process.communicate(timeout=WAIT)[0]
        return self.process.returncode


@contextmanager
def running(*arguments: str, **extra: str) -> Iterator[Running]:
    """Run the command until it says how to stop it; end it at the end if it still runs."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(**extra),
    )
    watchdog = Timer(WAIT, process.kill)
    watchdog.start()
    with process:
        try:
            assert process.stdout
            lines: list[str] = []
            for line in process.stdout:
                lines.append(line)
                if "Ctrl-C" in line:
                    break
            text = "".join(lines)
            assert "Ctrl-C" in text, text
            watchdog.cancel()
            yield Running(process, text)
        finally:
            watchdog.cancel()
            if process.poll() is None:
                process.kill()


def failing(*arguments: str, **extra: str) -> tuple[int, str]:
    """Run a command that ends by itself; return its exit code and what it printed."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(**extra),
        timeout=WAIT,
    )
    return done.returncode, done.stdout


def refused(*arguments: str, **extra: str) -> tuple[int, str]:
    """Do as :func:`failing`, within this process, where a traceback is an error of the test."""
    unset = {name: None for name in os.environ if name.startswith("IPERNITY_")}
    done = CliRunner().invoke(
        cli,
        arguments,
        env={**unset, "XDG_CACHE_HOME": _CACHES.name, **extra},
        prog_name="flask-ipernity",
    )
    if not isinstance(done.exception, SystemExit):
        raise done.exception or AssertionError(done.output)
    return done.exit_code, done.output
