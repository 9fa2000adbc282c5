"""Draw the sandbox's photos: ``python tools/draw_photos.py [folder] [--only NAME]``.

Every picture is made from fixed seeds, so a second run gives the same pixels. The video and
the audio clip come from ``make_clips.py``; the list of all, ``index.json``, is written here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

# It is run by its path, which makes only its own folder importable.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import make_clips
from tools.photos.catalog import PHOTOS
from tools.photos.save import save

FOLDER = Path(__file__).resolve().parent.parent / "src/flask_ipernity/sandbox/photos"


def main() -> None:
    """Draw the pictures, make the clips, write the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--only", action="append", help="draw only files with this in the name")
    parser.add_argument("--no-clips", action="store_true", help="keep the clips that are there")
    asked = parser.parse_args()
    folder: Path = asked.folder
    folder.mkdir(parents=True, exist_ok=True)
    for photo in PHOTOS:
        if asked.only and not any(part in photo.file for part in asked.only):
            continue
        start = time.perf_counter()
        picture = photo.draw(photo.size)
        size = save(picture, folder / photo.file, photo.shot, photo.title, photo.weight)
        print(f"{photo.file:28} {size:8,} bytes {time.perf_counter() - start:6.1f} s")
    if not asked.no_clips:
        make_clips.make(folder)
    entries: list[dict[str, object]] = [
        {
            "file": photo.file,
            "title": photo.title,
            "description": photo.description,
            "tags": list(photo.tags),
            "created": photo.shot.created,
        }
        for photo in PHOTOS
    ]
    entries += make_clips.entries()
    text = json.dumps(entries, indent=2, ensure_ascii=False) + "\n"
    (folder / "index.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
