"""The commands, as processes of their own."""

from __future__ import annotations

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from flask import Flask
from PIL import Image

from flask_ipernity.cli.sandbox import CONSENT, DENIAL, EMPTY_LISTS, LG, READS, _plain
from flask_ipernity.client import IpernityAPI
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.unknowns import CHOICES, Unknowns
from tests.support import photo_files
from tests.support.commands import COMMAND, WAIT, environment, failing, refused, running
from tests.support.gallery import links

# Each test starts processes.
pytestmark = pytest.mark.slow


@pytest.fixture
def pool() -> Iterator[urllib3.PoolManager]:
    """Connections that are closed afterwards."""
    with urllib3.PoolManager(retries=False, timeout=10) as pool:
        yield pool


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with one photo."""
    Image.new("RGB", (300, 200), "teal").save(tmp_path / "my_dog.jpg")
    return tmp_path


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_prints_its_addresses_serves_and_stops(
    pool: urllib3.PoolManager, how: signal.Signals
) -> None:
    with running("demo", "--port", "0") as demo:
        gallery, sandbox = demo.address("Gallery"), demo.address("Sandbox")
        home = pool.request("GET", f"{gallery}/")
        assert home.status == 200
        assert b"Ada Fontaine" in home.data
        assert pool.request("GET", f"{sandbox}/").status == 200
        back = f"{gallery}/ipernity/cb?frob=1-abcdef"
        assert pool.request("GET", back, redirect=False).status == 400
        pool.clear()
        assert demo.stop(how) == 0
    assert "Traceback" not in demo.rest
    assert "frob" not in demo.rest
    for address in (gallery, sandbox):
        with pytest.raises(urllib3.exceptions.HTTPError):
            pool.request("GET", f"{address}/")


def test_the_demo_stops_while_a_browser_holds_connections(pool: urllib3.PoolManager) -> None:
    with running("demo", "--port", "0") as demo:
        port = int(demo.address("Gallery").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):
            assert demo.stop() == 0
    assert "Traceback" not in demo.rest


def test_the_demo_shows_a_folder_whatever_the_environment_holds(
    pool: urllib3.PoolManager, photos: Path
) -> None:
    key = {"IPERNITY_APP_KEY": "k", "IPERNITY_APP_SECRET": "s"}
    with running("demo", "--port", "0", "--photos", str(photos), **key) as demo:
        home = pool.request("GET", f"{demo.address('Gallery')}/")
        assert "my dog" in home.data.decode()
        assert demo.stop() == 0


@pytest.mark.parametrize("verbose", [False, True])
def test_what_is_left_out_of_a_folder_is_one_line_and_sizes_are_kept_among_the_caches(
    pool: urllib3.PoolManager, photos: Path, tmp_path: Path, verbose: bool
) -> None:
    (photos / "notes.txt").write_text("no picture")
    caches = tmp_path / ".caches"
    options = ["-v"] if verbose else []
    folder = {"XDG_CACHE_HOME": str(caches)}
    with running("demo", "--port", "0", "--photos", str(photos), *options, **folder) as demo:
        home = pool.request("GET", f"{demo.address('Gallery')}/").data.decode()
        picture = links(home, "/ipernity/doc/")[0]
        answer = pool.request("GET", f"{demo.address('Gallery')}{picture}")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
        # The same number may be another photo at the next start.
        assert "max-age=0" in answer.headers["Cache-Control"]
        assert demo.stop() == 0
    told = [line for line in demo.text.splitlines() if "Left out" in line]
    assert told[-1] == "Left out: 1 file (.txt 1)"
    assert len(told) == 1 + verbose
    assert ("notes.txt" in demo.text) is verbose
    (kept,) = (file for file in caches.rglob("*.jpg"))
    assert kept.read_bytes() == answer.data
    assert str(kept).startswith(str(caches / "flask-ipernity"))


def test_the_demo_takes_the_next_port_when_its_own_is_taken() -> None:
    with running("demo") as first, running("demo") as second:
        ports = [int(demo.address("Gallery").rpartition(":")[2]) for demo in (first, second)]
        assert 5000 <= ports[0] < ports[1] < 5020
        assert [first.stop(), second.stop()] == [0, 0]


def test_with_a_key_the_demo_shows_the_service_and_names_the_callback(
    pool: urllib3.PoolManager,
) -> None:
    with Sandbox() as service:
        key = {
            "IPERNITY_APP_KEY": service.app_key,
            "IPERNITY_APP_SECRET": service.app_secret,
            "IPERNITY_API_URL": service.api_url,
            "IPERNITY_AUTHORIZE_URL": service.authorize_url,
            "IPERNITY_MEDIA_HOSTS": "127.0.0.1",
        }
        with running("demo", "--port", "0", **key) as demo:
            gallery = demo.address("Gallery")
            assert f"{gallery}/ipernity/cb" in demo.text
            assert "registered" in demo.text
            assert "Sandbox" not in demo.text
            assert service.app_secret not in demo.text
            assert b"Popular photos" in pool.request("GET", f"{gallery}/").data
            assert demo.stop() == 0
        with running("demo", "--port", "0", **key, IPERNITY_USER="mei.tanabe") as demo:
            assert b"Mei Tanabe" in pool.request("GET", f"{demo.address('Gallery')}/").data
            assert demo.stop() == 0
        code, text = refused("demo", "--port", "0", **key, IPERNITY_USER="nobody")
        assert (code, text) == (1, "Error: user.get: Ipernity answered 1, User not found\n")
        code, text = refused("demo", "--port", "0", **{**key, "IPERNITY_APP_KEY": "f" * 32})
        assert code == 1
        assert text.startswith("Error: explore.docs.getPopular: Ipernity answered 101")
        assert text.count("\n") == 1


def test_a_key_without_a_secret_is_told_in_one_line() -> None:
    code, text = refused("demo", "--port", "0", IPERNITY_APP_KEY="k")
    assert code == 1
    assert text.startswith("Error: IPERNITY_APP_SECRET is missing.")
    assert text.count("\n") == 1


def test_the_sandbox_prints_settings_that_work(monkeypatch: pytest.MonkeyPatch) -> None:
    with running("sandbox", "--port", "0") as sandbox:
        exports = [line for line in sandbox.text.splitlines() if line.startswith("export ")]
        for line in exports:
            name, _, value = shlex.split(line)[1].partition("=")
            monkeypatch.setenv(name, value)
        app = Flask(__name__)
        app.config.from_prefixed_env()
        assert app.config["IPERNITY_MEDIA_HOSTS"] == ["127.0.0.1"]
        api = IpernityAPI(
            app.config["IPERNITY_APP_KEY"],
            app.config["IPERNITY_APP_SECRET"],
            url=app.config["IPERNITY_API_URL"],
        )
        assert api.user.get(user_id="10175")["user"]["username"] == "Ada Fontaine"
        assert app.config["IPERNITY_AUTHORIZE_URL"].startswith(sandbox.address("runs at"))
        for shown in ("Ada Fontaine (10175)", "Callback:", app.config["IPERNITY_APP_KEY"]):
            assert shown in sandbox.text
        del api
        assert sandbox.stop() == 0
    assert "Traceback" not in sandbox.rest


def test_the_sandbox_makes_the_trouble_that_is_asked_for(pool: urllib3.PoolManager) -> None:
    options = ("--fault", "test.echo=503:1", "--fault", "test.hello=html", "--latency", "30")
    with running("sandbox", "--port", "0", *options, "--callback", "http://localhost:1/cb") as one:
        assert "http://localhost:1/cb" in one.text
        api = f"{one.address('runs at')}/api"
        assert pool.request("GET", f"{api}/test.echo").status == 503
        assert pool.request("GET", f"{api}/test.echo").status == 200
        assert b"<p>" in pool.request("GET", f"{api}/test.hello").data
        pool.clear()
        assert one.stop() == 0
    with running("sandbox", "--port", "0", "--rate", "1") as one:
        api = f"{one.address('runs at')}/api"
        answers = [pool.request("GET", f"{api}/test.echo").data for _ in range(3)]
        assert b'"113"' in answers[-1]
        pool.clear()
        assert one.stop() == 0


def test_the_sandbox_prints_a_token_of_its_first_person(tmp_path: Path) -> None:
    options = ("--processing", "0", "--reads-metadata")
    with running("sandbox", "--port", "0", *options) as sandbox:
        exports = dict(
            shlex.split(line)[1].split("=", 1)
            for line in sandbox.text.splitlines()
            if line.startswith("export ")
        )
        api = IpernityAPI(
            exports["FLASK_IPERNITY_APP_KEY"],
            exports["FLASK_IPERNITY_APP_SECRET"],
            exports["FLASK_IPERNITY_OWNER_TOKEN"],
            url=exports["FLASK_IPERNITY_API_URL"],
        )
        auth = api.auth.checkToken()["auth"]
        assert auth["user"]["username"] == "Ada Fontaine"
        assert auth["permissions"]["doc"] == "delete"
        assert set(auth["permissions"].values()) <= {"write", "delete"}
        private = [doc for doc in api.walk_docs() if doc["title"]]
        assert len(private) > len(list(api.walk_docs(user_id="10175", share=4)))
        words = photo_files.listed("dc:title", "Alt", "Ferry")
        (tmp_path / "a.jpg").write_bytes(photo_files.jpeg(xmp=photo_files.xmp(words)))
        uploaded = api.upload_file(str(tmp_path / "a.jpg"))
        assert api.doc.get(doc_id=uploaded)["doc"]["title"] == "Ferry"
        del api
        assert sandbox.stop() == 0


def test_the_sandbox_behaves_as_is_asked_for(pool: urllib3.PoolManager) -> None:
    options = {
        "--host": "localhost",
        "--processing": "0.5",
        "--extra-documents": "150",
        "--empty-lists": "list",
        "--consent": "remember",
        "--denial": "page",
        "--lg": "error",
        "--reads": "post",
        "--eta": "360",
        "--token-life": "3600",
    }
    arguments = [part for pair in options.items() for part in pair]
    with running("sandbox", "--port", "0", *arguments) as sandbox:
        address = sandbox.address("runs at")
        assert address.startswith("http://localhost:")
        key = re.search(r"Key: +(\w+)", sandbox.text)
        assert key is not None
        query = {"api_key": key[1], "user_id": "10175"}

        def ask(method: str, **more: str) -> dict[str, Any]:
            data = pool.request("GET", f"{address}/api/{method}", fields={**query, **more}).json()
            assert isinstance(data, dict)
            return data

        assert ask("test.hello")["api"]["code"] == "140"
        assert int(ask("doc.getList", lg="en")["docs"]["total"]) > 150
        assert ask("doc.getList", lg="en", page="99")["docs"]["doc"] == []
        assert ask("doc.getList", lg="en", auth_token="1-a")["api"]["code"] == "120"
        pool.clear()
        assert sandbox.stop() == 0
    assert "Traceback" not in sandbox.rest


def test_the_command_offers_what_the_sandbox_has() -> None:
    offered = {
        "empty_lists": EMPTY_LISTS,
        "consent": CONSENT,
        "denial": DENIAL,
        "lg": LG,
        "reads": READS,
    }
    assert offered == CHOICES
    for name, choices in offered.items():
        assert getattr(Unknowns(), name) == choices[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--host", "192.0.2.1"), "192.0.2.1 is no address of this machine"),
        (("--host", "0.0.0.0"), "names no address"),
        (("--host", "nowhere.invalid"), "'nowhere.invalid' names no address"),
        (("--empty-lists", "none"), "'absent', 'list', 'mixed'"),
        (("--processing", "-1"), "--processing"),
        (("--extra-documents", "-1"), "--extra-documents"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(options: tuple[str, str], words: str) -> None:
    code, text = refused("sandbox", "--port", "0", *options)
    assert code in (1, 2)
    assert words in text


@pytest.mark.parametrize(
    ("command", "folder", "words"),
    [("demo", "missing", "is not a folder"), ("sandbox", ".", "holds no photos")],
)
def test_a_folder_that_does_not_serve_is_told_in_one_line(
    tmp_path: Path, command: str, folder: str, words: str
) -> None:
    (tmp_path / "notes.jpg").write_text("not a picture")
    code, text = failing(command, "--port", "0", "--photos", str(tmp_path / folder))
    assert code == 1
    last = text.splitlines()[-1]
    assert last.startswith("Error: ")
    assert words in last
    assert "Traceback" not in text


@pytest.mark.parametrize("command", ["demo", "sandbox"])
def test_a_port_that_is_taken_is_told_in_one_line(command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, text = refused(command, "--port", str(port))
    assert (code, text) == (1, f"Error: Port {port} is in use. Choose another with --port.\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--fault", "doc.get"), "METHOD=KIND"),
        (("--fault", "doc.nonsense=503"), "doc.nonsense"),
        (("--fault", "doc.get=explode"), "explode"),
        (("--fault", "doc.get=503:x"), "'x'"),
        (("--latency", "-1"), "latency"),
        (("--rate", "0"), "rate"),
        (("--callback", "nowhere"), "nowhere"),
    ],
)
def test_an_option_that_makes_no_sense_is_told_in_one_line(
    options: tuple[str, ...], words: str
) -> None:
    code, text = refused("sandbox", "--port", "0", *options)
    assert code == 1
    assert text.startswith("Error: ")
    assert words in text
    assert text.count("\n") == 1


def test_the_demo_is_for_this_machine_only() -> None:
    code, text = refused("demo", "--host", "0.0.0.0")
    assert code == 2
    assert "Traceback" not in text


@pytest.mark.parametrize("command", ["demo", "sandbox"])
def test_without_pillow_one_line_says_what_to_install(command: str) -> None:
    script = "import sys; sys.modules['PIL'] = None; " + COMMAND[2]
    done = subprocess.run(
        [sys.executable, "-c", script, command, "--port", "0"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=WAIT,
    )
    assert done.returncode == 1
    assert 'pip install "Flask-Ipernity[demo]"' in done.stderr
    assert done.stderr.count("\n") == 1


def test_importing_the_commands_imports_nothing_optional() -> None:
    script = (
        "import sys, flask_ipernity.cli; print([name for name in sys.modules"
        " if name.startswith(('flask_ipernity.sandbox', 'flask_ipernity.demo', 'PIL'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_the_commands_are_flask_s_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "ipernity", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    assert "sandbox" in done.stdout
    assert "demo" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("value", ["0c5e", "12345", "1e5", "null", "", ["127.0.0.1"], ("a", "b")])
def test_printed_settings_come_back_as_they_were(value: object) -> None:
    text = _plain(value)
    try:
        read = json.loads(text)
    except ValueError:
        read = text
    assert read == (list(value) if isinstance(value, tuple) else value)


@pytest.mark.slow
def test_ctrl_c_is_heard_at_every_moment_of_the_wait_for_it() -> None:
    """The interpreter runs what a signal asks for in between any two of its steps."""
    code = """
import os, signal, sys
from threading import Thread
from time import monotonic, sleep
from flask_ipernity.cli.serving import stop_signals

def interrupted_at(moment):
    '''Tell whether the wait was so long, and has ended.'''
    left, last = moment, monotonic()

    def trace(frame, event, argument):
        nonlocal left, last
        frame.f_trace_opcodes = True
        last = monotonic()
        left -= 1
        if left == 0:
            signal.raise_signal(signal.SIGINT)
        return trace

    def interrupt_when_nothing_moves():
        while not done and monotonic() - last < 0.05:
            sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    done = False
    with stop_signals() as stopped:
        late = Thread(target=interrupt_when_nothing_moves)
        late.start()
        sys.settrace(trace)
        stopped()
        sys.settrace(None)
        done = True
        late.join()
    return left <= 0

moment = 1
while interrupted_at(moment):
    moment += 1
print(moment)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=WAIT, check=True
    )
    assert int(done.stdout) > 3
