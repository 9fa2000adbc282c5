"""The files of a folder and its sub-folders, and what is left out of them and why."""

from __future__ import annotations

import logging
import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath

log = logging.getLogger("flask_ipernity.sandbox")

#: How many endings a summary names.
_NAMED = 6


def shown_name(path: str) -> str:
    """Return the last part of a path as text; names on a disk may be bytes of any encoding."""
    return os.fsencode(os.path.basename(path)).decode("utf-8", "replace")


class LeftOut:
    """Counts what is left out, each file once; the names go into the log at level INFO."""

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self._endings: Counter[str] = Counter()
        self._folders = 0
        self._hints: set[str] = set()

    def file(self, path: str, why: str, hint: str | None = None) -> None:
        """Leave a file out.

        :param hint: what would help; it is said once.
        """
        if self._is_new(path, why):
            self._endings[PurePath(shown_name(path)).suffix.lower() or "without an ending"] += 1
            self._hints.update([hint] if hint else [])

    def folder(self, path: str, why: str) -> None:
        """Leave a folder out."""
        if self._is_new(path, why):
            self._folders += 1

    def _is_new(self, path: str, why: str) -> bool:
        if path in self._paths:
            return False
        self._paths.add(path)
        log.info("Left out: %s: %s", _printable(path), why)
        return True

    def summary(self) -> str:
        """Return what was left out since the last time, in one line; empty if nothing was.

        For example ``412 files (.cr2 300, .xmp 112), 1 folder``.
        """
        parts = []
        if number := self._endings.total():
            ordered = sorted(self._endings.items(), key=lambda pair: (-pair[1], pair[0]))
            named = ordered[:_NAMED]
            endings = [f"{_printable(name)} {count}" for name, count in named]
            rest = number - sum(count for _, count in named)
            endings += [f"others {rest}"] * bool(rest)
            parts.append(f"{number} {'file' if number == 1 else 'files'} ({', '.join(endings)})")
        if self._folders:
            parts.append(f"{self._folders} {'folder' if self._folders == 1 else 'folders'}")
        line = "; ".join([", ".join(parts), *sorted(self._hints)])
        self._endings.clear()
        self._hints.clear()
        self._folders = 0
        return line


def _printable(path: str) -> str:
    """Return a path in one line, whatever its name."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def walk(root: str, left_out: LeftOut) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the path of each file below a folder, and what the system says about it.

    Hidden files and folders are none. Linked folders are not entered, which avoids circles.
    """
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            left_out.folder(folder, error.strerror or "it cannot be read")
            continue
        below = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    below.append(entry.path)
                    continue
                about = entry.stat()
            except OSError as error:
                left_out.file(entry.path, error.strerror or "it cannot be read")
                continue
            if stat.S_ISDIR(about.st_mode):
                left_out.folder(entry.path, "it is a link")
            elif not stat.S_ISREG(about.st_mode):
                left_out.file(entry.path, "it is no file")
            elif entry.is_symlink() and not is_below(root, entry.path):
                left_out.file(entry.path, "it is a link that leads out of the folder")
            elif not about.st_size:
                left_out.file(entry.path, "it is empty")
            else:
                yield entry.path, about
        folders += reversed(below)


def is_below(root: str, path: str) -> bool:
    """Return whether a path leads into the folder *root*, links followed."""
    return os.path.realpath(path).startswith(os.path.join(root, ""))
