"""A folder of photo files as an account, and what the API says of each file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_ipernity.sandbox import Sandbox

from .raw_http import RawClient


@dataclass(frozen=True)
class Told:
    """What ``doc.get`` and ``doc.getExif`` say of a photo."""

    title: str
    description: str
    keywords: list[str]
    license: str
    created: str
    geo: Mapping[str, str] | None
    exif: Mapping[str, str]
    #: width and height of the original, upright
    size: tuple[str, str]


def told(raw: RawClient, doc_id: str, token: str | None = None) -> Told:
    """Return what the API says of a document."""
    sent: dict[str, Any] = {"token": token} if token else {}
    doc = raw.ok("doc.get", {"doc_id": doc_id, "extra": "tags,geo"}, **sent)["doc"]
    exif = raw.ok("doc.getExif", {"doc_id": doc_id}, **sent)["exif"]
    return Told(
        doc["title"],
        doc.get("description", ""),
        [tag["tag"] for tag in (doc.get("tags") or {}).get("tag", [])],
        doc["license"],
        doc["dates"]["created"],
        doc.get("geo"),
        exif or {},
        (doc["original"]["w"], doc["original"]["h"]),
    )


@contextmanager
def account(
    folder: Path, files: Mapping[str, bytes], *, modified: str | None = None
) -> Iterator[Mapping[str, Told]]:
    """Serve some files as a folder; yield what the API says of each, by the file's name.

    :param modified: when the files were changed the last time, in UTC.
    """
    for name, data in files.items():
        (folder / name).write_bytes(data)
        if modified is not None:
            seconds = datetime.fromisoformat(modified + "+00:00").timestamp()
            os.utime(folder / name, (seconds, seconds))
    with Sandbox(photos=folder) as sandbox:
        raw = RawClient(sandbox)
        ids = {doc.source.filename: doc_id for doc_id, doc in sandbox.state.docs.items()}
        yield {name: told(raw, ids[name]) for name in files if name in ids}
        raw.pool.clear()
