"""Draws the pictures of a folder, opens every page of its gallery, and compares with Chromium."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
import threading
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

from flask.testing import FlaskClient
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Error, Page, sync_playwright
from tests.support.chromium import SWITCHES

from flask_ipernity.demo import create_app
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import Doc
from flask_ipernity.sandbox.drawing import CannotDraw, draw, resized
from flask_ipernity.sandbox.file_kinds import BY_SUFFIX
from flask_ipernity.sandbox.image_files import DAMAGED

#: The most by which a drawn size may differ from Chromium's, of 255, on average of its pixels.
CLOSE = 6.0
#: The share of the pictures that must be so close.
EQUAL = 0.99

#: The size that is compared, if the picture is so large.
_LABEL = "500"

#: Returns what Chromium shows of a picture, on white and in sRGB, as a PNG in Base64.
_SHOW = """
async address => {
    const image = new Image();
    image.src = address;
    try { await image.decode(); } catch { return null; }
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "white";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0);
    const blob = await canvas.convertToBlob({type: "image/png"});
    const url = await new Promise(done => {
        const reader = new FileReader();
        reader.onload = () => done(reader.result);
        reader.readAsDataURL(blob);
    });
    return url.split(",")[1];
}
"""


def pictures(files: list[Path]) -> bool:
    """Open all pages and pictures of some files, and compare the pictures with Chromium's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, file in enumerate(files):
            # a folder for each, because names are often the same
            (folder / str(number)).mkdir()
            # a copy, because a link out of the folder is left out
            with suppress(OSError):
                (folder / str(number) / file.name).write_bytes(file.read_bytes())
        began = time.perf_counter()
        with Sandbox(photos=folder) as sandbox:
            _read_all(sandbox)
            print(f"{len(sandbox.state.docs)} of {len(files)} files are shown;", end=" ")
            print(f"read in {time.perf_counter() - began:.1f} s")
            app = create_app({**sandbox.config(), "DEMO_USER": sandbox.people[0].user_id})
            good = _crawl(app.test_client(), sandbox)
            return _compare(sandbox) and good


def _read_all(sandbox: Sandbox) -> None:
    """Wait until no more files of the folder come."""
    before = -1
    while before != len(sandbox.state.docs):
        before = len(sandbox.state.docs)
        time.sleep(3)


def _crawl(client: FlaskClient, sandbox: Sandbox) -> bool:
    """Open all pages and the pictures on them; return whether each is there."""
    seen: set[str] = set()
    left = ["/", "/people/10175/albums"]
    statuses: Counter[str] = Counter()
    while left:
        path = left.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path)
        kind = "picture" if path.startswith("/ipernity/") else "page"
        statuses[f"{kind} {answer.status_code}"] += 1
        if answer.status_code != 200:
            print(f"{answer.status_code} {path}")
        text = answer.get_data(as_text=True) if kind == "page" else ""
        answer.close()
        for address in map(unescape, re.findall(r'(?:href|src|srcset)="([^"]*)"', text)):
            parts = [part.split()[0] for part in address.split(", ") if part.split()]
            left += [
                part
                for part in parts
                if part.startswith(("/photos/", "/albums/", "/?page", "/people/", "/ipernity/"))
            ]
    print(", ".join(f"{number} x {what}" for what, number in sorted(statuses.items())))
    return all(what.endswith("200") for what in statuses)


def _compare(sandbox: Sandbox) -> bool:
    """Compare drawn sizes with what Chromium makes of the originals; return whether they agree."""
    placeholders = 0
    docs = [doc for doc in sandbox.state.docs.values() if doc.picture is not None]
    with _served(sandbox) as address, sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        page = browser.new_page()
        page.goto(f"{address}/")
        compared, far, odd = 0, 0, 0
        for doc in docs:
            try:
                drawn = _drawn(doc)
            except CannotDraw as error:
                placeholders += 1
                shown = page.evaluate(_SHOW, f"{address}/{doc.doc_id}") is not None
                print(f"placeholder: {_name(doc)}: {error}{' (Chromium shows it)' * shown}")
                continue
            differs = _difference(page, address, doc, drawn)
            if differs is None:
                continue
            if (oddity := _oddity(doc)) is not None:
                odd += 1
                if differs > CLOSE:
                    print(f"{differs:6.1f} of 255: {_name(doc)} ({oddity})")
                continue
            compared += 1
            if differs > CLOSE:
                far += 1
                print(f"{differs:6.1f} of 255: {_name(doc)}")
        browser.close()
    share = 1 - far / max(1, compared)
    print(
        f"{len(docs)} pictures, {placeholders} as placeholders, {odd} damaged or moving; of"
        f" {compared} others that Chromium shows"
        f" {compared - far} within {CLOSE:g} of 255: {share:.2%}"
    )
    return share >= EQUAL


def _oddity(doc: Doc) -> str | None:
    """Return why Chromium may show something else: it draws a damaged picture in its own way."""
    assert doc.picture is not None
    # with Pillow's own strictness
    try:
        with doc.picture.open() as file, Image.open(file) as image:
            file.seek(0)
            if image.format == "PNG" and b"acTL" in file.read(1 << 16):
                return "it moves"
            if getattr(image, "n_frames", 1) > 1 and image.format not in ("TIFF", "MPO"):
                return "it moves"
            image.load()
    except DAMAGED as error:
        return f"it is damaged: {error}"
    return None


def _label(doc: Doc) -> str:
    whole = [label for label in doc.sizes if not label.endswith("x")]
    return _LABEL if _LABEL in whole else whole[-1] if whole else doc.sizes[0]


def _drawn(doc: Doc) -> bytes:
    assert doc.picture is not None
    return draw(doc.picture, _label(doc))


def _name(doc: Doc) -> str:
    return doc.source.filename


def _difference(page: Page, address: str, doc: Doc, drawn: bytes) -> float | None:
    """Return how far a drawn size is from what Chromium shows; None if it shows nothing.

    Chromium's picture is resized as the drawn one was: a pattern of single pixels is another one
    after each way of resizing.
    """
    try:
        shown = page.evaluate(_SHOW, f"{address}/{doc.doc_id}")
    except Error as error:
        print(f"{_name(doc)}: {str(error).splitlines()[0]}")
        return None
    if not shown:
        return None
    with Image.open(io.BytesIO(drawn)) as ours, Image.open(io.BytesIO(b64decode(shown))) as theirs:
        small = resized(theirs.convert("RGB"), ours.size)
        if _is_plain(small) and not _is_plain(ours):
            print(f"{_name(doc)}: Chromium shows nothing of it")
            return None
        return sum(ImageStat.Stat(ImageChops.difference(ours, small)).mean) / 3


def _is_plain(image: Image.Image) -> bool:
    """Return whether a picture has one colour; JPEG adds a little to it."""
    return all(high - low < 8 for low, high in cast(list[tuple[int, int]], image.getextrema()))


@contextmanager
def _served(sandbox: Sandbox) -> Iterator[str]:
    """Serve originals by their ids, to a page that may read their pixels."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            doc = sandbox.state.docs.get(self.path[1:])
            data, content_type = b"<!doctype html>", "text/html"
            if doc is not None and isinstance(doc.source.file, Path):
                found = BY_SUFFIX.get(doc.ext)
                content_type = found.content_type if found else "image/unknown"
                data = doc.source.file.read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
