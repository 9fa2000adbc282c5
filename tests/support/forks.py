"""Forks of the process, as Python makes them and as C code does."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import warnings
from collections.abc import Callable

#: ``os.fork``, and C's ``fork``, as uWSGI uses it: Python calls no at-fork hooks then. A child that
#: C has forked must start no thread if its parent had several: Python knows nothing of the fork.
FORKS: dict[str, Callable[[], int]] = {"Python": os.fork, "C": ctypes.PyDLL(None).fork}


def holds_in_a_child(check: Callable[[], bool], fork: Callable[[], int] = os.fork) -> bool:
    """Return what *check* returns in a process that is forked now, within ten seconds."""
    interval = sys.getswitchinterval()
    # A child that C has forked would wait for a thread that waits for the interpreter.
    sys.setswitchinterval(60)
    try:
        with warnings.catch_warnings():
            # Python 3.12 and later warn of other threads, which are what is tested.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = fork()
        if child == 0:
            try:
                signal.alarm(10)
                os._exit(0 if check() else 1)
            finally:
                os._exit(2)
    finally:
        sys.setswitchinterval(interval)
    return os.waitpid(child, 0)[1] == 0
