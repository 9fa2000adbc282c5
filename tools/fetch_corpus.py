"""Fetches pictures that nobody here made: the test files of Pillow, scikit-image and ExifTool.

    .venv/bin/python -m tools.fetch_corpus FOLDER

They come from the package indexes of Python and Debian, through pip and apt-get; what is there
already is not fetched again. Other folders of photos do as well for ``tools.corpus``.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

#: Debian's package of ExifTool has no pictures, its source has.
DEBIAN_SOURCE = "libimage-exiftool-perl"


def main() -> None:
    """Fetch what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    for name, fetch in (("pillow", pillow), ("skimage", skimage), ("exiftool", exiftool)):
        target = folder / name
        if not target.is_dir():
            with tempfile.TemporaryDirectory() as work:
                found = fetch(Path(work))
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(found, target)
        print(f"{target}: {sum(path.is_file() for path in target.rglob('*'))} files")


def download(work: Path, *arguments: str) -> Path:
    """Return the only file that pip downloads."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(work)]
    subprocess.run([*command, *arguments], check=True)
    (file,) = work.iterdir()
    return file


def unpacked(archive: Path, work: Path) -> Path:
    """Return the only folder of a source archive."""
    with tarfile.open(archive) as content:
        content.extractall(work / "unpacked", filter="data")
    (folder,) = (work / "unpacked").iterdir()
    return folder


def pillow(work: Path) -> Path:
    """Return the pictures of Pillow's tests."""
    archive = download(work, "--no-binary", "Pillow", "Pillow")
    return unpacked(archive, work) / "Tests" / "images"


def skimage(work: Path) -> Path:
    """Return the pictures that come with scikit-image."""
    wheel = download(work, "--only-binary", "scikit-image", "scikit-image")
    with zipfile.ZipFile(wheel) as content:
        names = [name for name in content.namelist() if name.startswith("skimage/data/")]
        content.extractall(work / "unpacked", names)
    return work / "unpacked" / "skimage" / "data"


def exiftool(work: Path) -> Path:
    """Return the pictures of ExifTool's tests."""
    lists, parts = work / "lists", work / "parts"
    (lists / "partial").mkdir(parents=True)
    parts.mkdir()
    patterns = ("sources.list", "sources.list.d/*.list", "sources.list.d/*.sources")
    for source in (file for pattern in patterns for file in Path("/etc/apt").glob(pattern)):
        text = source.read_text("utf-8")
        text = re.sub(r"^(Types: deb|deb(?= ))", r"\1-src", text, flags=re.MULTILINE)
        (parts / source.name.replace("sources.list", "main.list")).write_text(text, "utf-8")
    # The lists of this machine remain as they are.
    apt = ["apt-get", "-qq", "-o", "Dir::Etc::sourcelist=/dev/null"]
    apt += ["-o", f"Dir::Etc::sourceparts={parts}", "-o", f"Dir::State::lists={lists}"]
    os.chmod(work, 0o755)
    subprocess.run([*apt, "update"], check=True)
    subprocess.run([*apt, "source", "--download-only", DEBIAN_SOURCE], check=True, cwd=work)
    (archive,) = work.glob("*.orig.tar.*[xg]z")
    return unpacked(archive, work) / "t" / "images"


if __name__ == "__main__":
    main()
