"""Compares what the sandbox makes of files of all kinds with other programs.

    .venv/bin/python -m tools.corpus PART FOLDER…

``facts``: titles, captions, dates and EXIF values, with ExifTool's (Debian:
libimage-exiftool-perl). The folders may hold any files (``tools.fetch_corpus`` fetches some); what
is no picture is left out. It prints each difference, and fails if more than one value in two
hundred differs.

``pictures``: every page and picture of the gallery of the files, and the drawn sizes with what
Chromium makes of the originals. It fails if a page or picture is missing, or if more than one
picture in a hundred differs by more than 6 of 255.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.support import exiftool

from flask_ipernity.sandbox.metadata import PhotoMetadata, read_photo

#: The share of facts that must be equal.
EQUAL = 0.995


def files_of(folders: Iterable[str]) -> Iterator[Path]:
    """Yield the files below some folders."""
    for folder in folders:
        for path, _, names in sorted(os.walk(folder)):
            yield from (Path(path, name) for name in sorted(names))


def facts(files: list[Path]) -> bool:
    """Compare what files say with ExifTool; return whether enough is equal."""
    program = shutil.which("exiftool")
    if program is None:
        sys.exit("exiftool is not installed")
    read: dict[Path, PhotoMetadata] = {}
    began = time.perf_counter()
    for file in files:
        try:
            read[file] = read_photo(file)
        except (OSError, ValueError):
            continue
    seconds = time.perf_counter() - began
    records = exiftool.read(program, list(read))
    total, different = Counter[str](), Counter[str]()
    for file, metadata in read.items():
        record = records.get(file, {})
        total.update(exiftool.compared(metadata, record))
        for name, mine, theirs in exiftool.differences(metadata, record):
            different[name] += 1
            print(f"{file}: {name}: {mine[:100]!r}, ExifTool {theirs[:100]!r}")
    print()
    for name in sorted(total):
        print(f"{name:24} {total[name]:6} compared {different[name]:5} different")
    count, wrong = total.total(), different.total()
    share = 1 - wrong / max(1, count)
    print(
        f"\n{len(files)} files, {len(read)} photos read in {seconds:.1f} s;"
        f" {count - wrong} of {count} facts equal to ExifTool's: {share:.2%}"
    )
    return share >= EQUAL


def pictures(files: list[Path]) -> bool:
    """Draw the pictures, and compare them with Chromium's; return whether enough are alike."""
    from tools.corpus_pictures import pictures

    return pictures(files)


PARTS: dict[str, Callable[[list[Path]], bool]] = {"facts": facts, "pictures": pictures}


def main() -> None:
    """Run the parts that are named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    chosen = parser.parse_args()
    sys.exit(0 if PARTS[chosen.part](list(files_of(chosen.folders))) else 1)


if __name__ == "__main__":
    main()
