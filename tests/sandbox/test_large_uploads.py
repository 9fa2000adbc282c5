"""A file far larger than the memory it may take, in and out of the sandbox."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flask_ipernity.sandbox.server import APP_KEY, APP_SECRET
from tests.support.raw_http import sign

#: In CI a gigabyte, elsewhere a quarter of it: still sixteen times what may be taken.
SIZE = 1 << (30 if os.environ.get("CI") else 28)
PIECE = bytes(range(256)) * 256
#: How much more memory a process may need, in kilobytes.
MAX_GROWTH = 16 * 1024

SERVER = """
import sys
from flask_ipernity.sandbox import Sandbox
with Sandbox(processing=0) as sandbox:
    print(sandbox.api_url, sandbox.sign_in(0, {"doc": "write"}), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def server() -> Iterator[subprocess.Popen[str]]:
    """Yield a sandbox in its own process, so that its memory can be measured."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.communicate(timeout=30)


def peak(process: subprocess.Popen[str]) -> int:
    """Return the peak memory of a process so far, in kilobytes."""
    status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc here")
def test_a_large_file_goes_in_and_out_in_little_memory(
    server: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert server.stdout is not None
    address, token = server.stdout.readline().split()
    before = peak(server)
    params = {"api_key": APP_KEY, "auth_token": token}
    fields = sign(params, APP_SECRET, "upload.file")
    head = "".join(
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head += '--edge\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    tail = b"\r\n--edge--\r\n"
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    connection.putrequest("POST", f"{parts.path}upload.file")
    connection.putheader("Content-Type", "multipart/form-data; boundary=edge")
    connection.putheader("Content-Length", str(len(head) + SIZE + len(tail)))
    connection.endheaders()
    connection.send(head.encode())
    checksum = hashlib.md5(usedforsecurity=False)
    for _ in range(SIZE // len(PIECE)):
        connection.send(PIECE)
        checksum.update(PIECE)
    connection.send(tail)
    answer = json.load(connection.getresponse())
    assert answer["api"]["status"] == "ok", answer

    def ask(method: str, **more: str) -> dict[str, dict[str, str]]:
        query = sign({**params, **more}, APP_SECRET, method)
        text = "&".join(f"{name}={value}" for name, value in query.items())
        connection.request("GET", f"{parts.path}{method}?{text}")
        found = json.load(connection.getresponse())
        assert isinstance(found, dict)
        return found

    ask("upload.checkTickets", tickets=answer["ticket"])
    newest = ask("doc.getList", per_page="1", extra="original,md5")["docs"]["doc"][0]
    assert isinstance(newest, dict)
    assert newest["md5"] == checksum.hexdigest()
    assert newest["original"]["bytes"] == str(SIZE)

    there = urlsplit(newest["original"]["url"])
    media = http.client.HTTPConnection(there.hostname or "", there.port, timeout=120)
    media.request("GET", there.path)
    response = media.getresponse()
    received = hashlib.md5(usedforsecurity=False)
    while piece := response.read(1 << 18):
        received.update(piece)
    assert received.hexdigest() == checksum.hexdigest()
    media.request("GET", there.path, headers={"Range": f"bytes={SIZE - 256}-"})
    response = media.getresponse()
    assert (response.status, response.read()) == (206, PIECE[-256:])
    media.close()
    connection.close()
    grown = peak(server) - before
    with capsys.disabled():
        sys.stdout.write(
            f"\n{SIZE >> 20} MiB in and out of the sandbox: {grown / 1024:.1f} MiB more memory.\n"
        )
    assert grown <= MAX_GROWTH
