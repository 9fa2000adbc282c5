"""Uploading files and waiting for the documents that they become."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage

from flask_ipernity import sandbox as sandbox_module
from flask_ipernity.client import IpernityAPI, Ticket, tickets
from flask_ipernity.client.multipart import UploadSource
from flask_ipernity.errors import (
    APIRequestError,
    BadAnswer,
    ServiceUnavailableError,
    TokenError,
    UploadError,
)
from flask_ipernity.sandbox import Sandbox
from tests.support import hashing_service
from tests.support.lists import error, service
from tests.support.stub import Stub, answer, ok, reset

PHOTO = Path(sandbox_module.__file__).parent / "photos" / "birches-in-fog.jpg"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "POLL_INTERVAL", (0.02, 0.05))


@pytest.fixture
def sandbox_options() -> dict[str, Any]:
    return {"processing": 0.1}


@pytest.fixture
def api(sandbox: Sandbox) -> IpernityAPI:
    return api_at(sandbox.api_url, sandbox.app_key, sandbox.app_secret, token=writer(sandbox))


def writer(sandbox: Sandbox) -> str:
    return sandbox.sign_in(permissions={"doc": "delete"})


def api_at(
    url: str, key: str = "key", secret: str = "secret", *, token: str = "12-abc"
) -> IpernityAPI:
    return IpernityAPI(key, secret, token, url=url, retries=0)


def methods(sandbox: Sandbox) -> list[str]:
    return [call.method for call in sandbox.calls]


def quota(**changed: Any) -> dict[str, Any]:
    sizes = {"photo": 1000, "audio": 500, "video": 0, "other": 100}
    upload: dict[str, Any] = {"unlimited": "0", "left": {"bytes": "5000"}}
    limits = {kind: {"bytes": str(size)} for kind, size in sizes.items()}
    return {"quota": {"upload": {**upload, **changed}, "maxfilesize": limits}}


def test_a_file_becomes_a_document(api: IpernityAPI, sandbox: Sandbox) -> None:
    doc_id = api.upload_file(str(PHOTO), title="Birches", public=0)
    doc = api.doc.get(doc_id=doc_id, extra="md5")["doc"]
    assert doc["title"] == "Birches"
    assert doc.get("md5") == hashlib.md5(PHOTO.read_bytes()).hexdigest()
    called = methods(sandbox)
    assert called[:2] == ["account.getQuota", "upload.file"]
    assert called.count("upload.file") == 1


@pytest.mark.parametrize("kind", ["path", "file", "bytes", "form"])
def test_a_file_may_be_given_in_many_ways(api: IpernityAPI, kind: str) -> None:
    content = PHOTO.read_bytes()
    files: dict[str, Callable[[], Any]] = {
        "path": lambda: PHOTO,
        "file": lambda: PHOTO.open("rb"),
        "bytes": lambda: io.BytesIO(content),
        "form": lambda: FileStorage(io.BytesIO(content), "C:\\photos\\b.jpg", name="photo"),
    }
    file = files[kind]()
    ticket = api.upload(file, title=kind)
    if kind != "path":
        assert not getattr(file, "closed", False)
        file.close()
    assert ticket.filename == {"bytes": "file", "form": "b.jpg"}.get(kind, "birches-in-fog.jpg")
    if kind == "bytes":  # a file without a name is none of a photo
        ticket.wait(10)
        return
    doc = api.doc.get(doc_id=ticket.wait(10))["doc"]
    assert (doc["title"], doc["media"]) == (kind, "photo")


@pytest.mark.skipif(os.sep != "/", reason="a backslash separates folders here")
@pytest.mark.parametrize("name", ["back\\slash.jpg", "\\.jpg", "a\\b\\c.jpg", "plain.jpg"])
@pytest.mark.parametrize("kind", ["text", "path", "open", "opened as bytes"])
def test_a_backslash_is_a_part_of_the_name_of_a_file_here(
    tmp_path: Path, name: str, kind: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"x")
    files: dict[str, Callable[[], Any]] = {
        "text": lambda: str(path),
        "path": lambda: path,
        "open": lambda: path.open("rb"),
        "opened as bytes": lambda: open(os.fsencode(path), "rb"),  # noqa: SIM115
    }
    source = UploadSource(files[kind]())
    source.stream.close()
    assert source.filename == name


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("C:\\photos\\b.jpg", "b.jpg"),
        ("/home/ada/b.jpg", "b.jpg"),
        ("b.jpg", "b.jpg"),
        ("", "file"),
        (None, "file"),
        ("\\", "file"),
    ],
)
def test_a_file_of_a_form_has_the_name_that_was_sent_or_none(sent: str | None, name: str) -> None:
    file = FileStorage(io.BytesIO(b"x"), sent, name="photo")
    assert UploadSource(file).filename == name


@pytest.mark.parametrize("file", [5, None, io.StringIO("x"), object()], ids=type)
def test_what_is_no_file_is_refused_before_any_call(
    api: IpernityAPI, sandbox: Sandbox, file: Any
) -> None:
    with pytest.raises(TypeError, match="a path or an open binary file"):
        api.upload(file)
    with pytest.raises(OSError, match="nowhere"):
        api.upload_file("/nowhere/at/all.jpg")
    assert sandbox.calls == []


def test_a_misspelt_parameter_is_found_before_any_call(api: IpernityAPI, sandbox: Sandbox) -> None:
    upload: Any = api.upload
    with pytest.raises(TypeError, match="titel"):
        upload(PHOTO, titel="x")
    with pytest.raises(ValueError, match="if_exists='never'"):
        upload(PHOTO, if_exists="never")
    assert sandbox.calls == []


def test_a_ticket_tells_when_the_document_is_there(api: IpernityAPI, sandbox: Sandbox) -> None:
    ticket = api.upload(PHOTO)
    assert not ticket.done
    assert ticket.doc_id is None
    end = time.monotonic() + 20
    while not ticket.done and time.monotonic() < end:
        time.sleep(0.01)
    assert ticket.doc_id
    sandbox.clear_calls()
    assert (ticket.done, ticket.wait()) == (True, ticket.doc_id)
    assert sandbox.calls == []
    # as a job does, in another process
    again = api.upload.ticket(str(ticket.id))
    assert again.wait(10) == ticket.doc_id


def test_the_answer_does_not_wait_for_the_document_unless_told(
    api: IpernityAPI, sandbox: Sandbox
) -> None:
    api.upload(PHOTO)
    api.upload(PHOTO, async_=False)
    api.upload_file(PHOTO, async_=0)
    sent = [call.params["async"] for call in sandbox.calls if call.method == "upload.file"]
    assert sent == ["1", "0", "0"]


def test_progress_is_told_from_the_first_piece_to_the_last(tmp_path: Path) -> None:
    path = tmp_path / "big.jpg"
    path.write_bytes(os.urandom(300_000))
    told: list[tuple[int, int]] = []
    with service(lambda params: {"ticket": "7"}) as (_, url):
        api_at(url).upload(path, on_progress=lambda sent, total: told.append((sent, total)))
    assert len(told) > 3
    assert told == sorted(told)
    assert told[-1] == (300_000, 300_000)
    assert {total for _, total in told} == {300_000}


def test_what_is_sent_is_what_stands_from_the_position_on() -> None:
    file = io.BytesIO(b"before" + b"after")
    file.seek(6)
    with Stub(ok(), ok('"ticket":"7",')) as stub:
        api_at(stub.url).upload(file)
    body = stub.requests[1].body
    assert b"\r\n\r\nafter\r\n--" in body
    assert b"before" not in body
    assert stub.requests[1].headers["content-length"] == str(len(body))


@pytest.mark.parametrize(
    ("name", "size", "answer", "said", "reason"),
    [
        ("a.jpg", 0, quota(), "is empty", "empty"),
        (
            "a.jpg",
            1001,
            quota(),
            "has 1001 bytes; the account may upload 1000 at most",
            "too_large",
        ),
        ("a.mp3", 501, quota(), "may upload 500 at most", "too_large"),
        ("a.mp4", 1, quota(), "may upload no video", "type"),
        ("a.unheard-of", 1001, quota(), "may upload 1000 at most", "too_large"),
        ("a.jpg", 900, quota(left={"bytes": "800"}), "may upload 800 more", "quota"),
    ],
)
def test_a_file_that_is_not_welcome_is_refused_before_its_first_byte(
    tmp_path: Path, name: str, size: int, answer: dict[str, Any], said: str, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"x" * size)
    with service(lambda params: answer) as (lists, url):
        with pytest.raises(UploadError, match=said) as caught:
            api_at(url).upload(path)
        assert len(lists.calls) == (1 if size else 0)
    assert caught.value.reason == reason
    assert (caught.value.filename, caught.value.ticket) == (name, None)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("a.jpg", quota(left={"bytes": "0"}, unlimited="1")),
        ("a.unheard-of", quota()),
        ("a.jpg", {"quota": {}}),
        ("a.jpg", {"quota": {"upload": {}, "maxfilesize": {"photo": {"bytes": "much"}}}}),
    ],
)
def test_what_the_quota_does_not_forbid_is_sent(
    tmp_path: Path, name: str, answer: dict[str, Any]
) -> None:
    path = tmp_path / name
    path.write_bytes(b"x" * 900)
    with service(lambda params: {**answer, "ticket": "7"}) as (_, url):
        assert api_at(url).upload(path).id == "7"


def test_a_duplicate_is_found_before_anything_is_sent(api: IpernityAPI, sandbox: Sandbox) -> None:
    doc_id = api.upload_file(PHOTO)
    sandbox.clear_calls()
    ticket = api.upload(PHOTO, if_exists="skip")
    assert (ticket.done, ticket.doc_id, ticket.id) == (True, doc_id, None)
    assert api.upload_file(PHOTO, if_exists="skip") == doc_id
    with pytest.raises(UploadError, match=f"is document {doc_id} already"):
        api.upload(PHOTO, if_exists="error")
    assert "upload.file" not in methods(sandbox)
    assert api.upload_file(PHOTO) != doc_id


def test_a_document_of_somebody_else_or_a_deleted_one_is_no_duplicate() -> None:
    found = [
        {"md5": "x", "found": "0"},
        {"md5": "x", "found": "1", "doc_id": "5"},
        {"md5": "x", "found": "1", "doc_id": "6"},
    ]

    def answer(params: dict[str, str]) -> Any:
        if "md5" in params:
            return {"docs": {"doc": found}}
        if params.get("doc_id") == "5":
            return error(1, "Document not found")
        mine = {"auth": {"user": {"user_id": "1"}, "permissions": {}}}
        return {"doc": {"owner": {"user_id": "2"}}, "quota": {}, "ticket": "7", **mine}

    with service(answer) as (lists, url):
        api = api_at(url)
        assert api.upload(io.BytesIO(b"abc"), if_exists="skip").id == "7"
        assert [call["doc_id"] for call in lists.calls if "doc_id" in call] == ["5", "6"]


def test_a_file_of_which_nothing_is_known_is_sent() -> None:
    def answer(params: dict[str, str]) -> Any:
        return error(1) if "md5" in params else {"quota": {}, "ticket": "7"}

    with service(answer) as (_, url):
        assert api_at(url).upload(io.BytesIO(b"abc"), if_exists="error").id == "7"


def cut(connection: Any) -> None:
    connection.close()


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{"


@pytest.mark.parametrize("step", [cut, reset, CUT, answer(b"", "502 Bad Gateway")])
def test_a_cut_connection_tells_that_the_state_is_not_known_and_how_to_find_out(
    step: Any,
) -> None:
    with Stub(ok(), step) as stub:
        with pytest.raises(UploadError, match=r"not known: ask doc\.checkMD5") as caught:
            IpernityAPI("key", "secret", "1-a", url=stub.url).upload(PHOTO)
        assert len(stub.requests) == 2
    assert caught.value.filename == "birches-in-fog.jpg"
    assert isinstance(caught.value.__cause__, ServiceUnavailableError)
    assert "1-a" not in str(caught.value)


class Welcoming(IpernityAPI):
    """Is told by nobody that any file is welcome."""

    def call(self, method_name: str, **params: object) -> dict[str, Any]:
        return {} if method_name == "account.getQuota" else super().call(method_name, **params)


def test_where_nothing_was_sent_the_service_is_away_and_no_more() -> None:
    with Stub(ok()) as stub:
        url = stub.url
    with pytest.raises(ServiceUnavailableError, match="no connection"):
        Welcoming("key", "secret", "1-a", url=url).upload(PHOTO)


@pytest.mark.parametrize("payload", [{"quota": []}, {"quota": {"maxfilesize": [1]}}])
def test_a_quota_of_another_shape_is_a_bad_answer(payload: Any) -> None:
    with service(lambda params: payload) as (_, url), pytest.raises(BadAnswer, match="no quota"):
        api_at(url).upload(PHOTO)


def test_an_answer_without_a_ticket_leaves_the_state_unknown() -> None:
    with service(lambda params: {"quota": {}}) as (_, url):
        with pytest.raises(UploadError, match="not known") as caught:
            api_at(url).upload(PHOTO)
        assert isinstance(caught.value.__cause__, BadAnswer)


def test_an_error_of_the_service_is_told_as_such() -> None:
    def answer(params: dict[str, str]) -> Any:
        return {"quota": {}} if params else error(2, "File too large")

    with service(answer) as (_, url), pytest.raises(APIRequestError, match="File too large"):
        api_at(url).upload(PHOTO)


@pytest.mark.slow
def test_sending_and_storing_may_take_longer_than_other_calls() -> None:
    def answer(params: dict[str, str]) -> Any:
        if params:
            return {"quota": {}}
        time.sleep(0.6)
        return {"ticket": "7"}

    with service(answer) as (lists, url):
        lists.stall = 0.6
        api = IpernityAPI("key", "secret", "1-a", url=url, timeout=(5, 0.3))
        # more than fits into the buffers of the connection
        assert api.upload(io.BytesIO(bytes(30_000_000))).id == "7"


class Breaking(io.BytesIO):
    """A file that cannot be read to its end."""

    def __init__(self, failure: Exception | None) -> None:
        super().__init__(b"x" * 200_000)
        self.failure = failure

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > 100_000:
            if self.failure:
                raise self.failure
            return b""
        return super().read(size)


@pytest.mark.parametrize(
    ("failure", "said"), [(OSError("disk"), "could not be read: disk"), (None, "became shorter")]
)
def test_a_file_that_breaks_while_it_is_read_is_told_as_such(
    failure: Exception | None, said: str
) -> None:
    with service(lambda params: {"quota": {}}) as (_, url), pytest.raises(UploadError, match=said):
        api_at(url).upload(Breaking(failure))


def test_who_stops_the_upload_from_its_progress_gets_his_own_error() -> None:
    def stop(sent: int, total: int) -> None:
        raise KeyboardInterrupt

    with service(lambda params: {"quota": {}}) as (_, url), pytest.raises(KeyboardInterrupt):
        api_at(url).upload(io.BytesIO(b"x" * 100_000), on_progress=stop)


def state(ticket: object, **told: str) -> dict[str, str]:
    return {"id": str(ticket), "done": "0", "invalid": "0", "eta": "0", **told}


def asking(*answers: Any) -> Any:
    """Answer the questions about tickets one after the other, the last one for ever."""
    left = list(answers)

    def answer(params: dict[str, str]) -> Any:
        step = left.pop(0) if len(left) > 1 else left[0]
        return {"tickets": {"ticket": step}} if isinstance(step, list) else step

    return answer


def test_a_refused_file_is_an_error_that_names_file_and_ticket() -> None:
    with service(asking([state(7)], [state(7, invalid="1")])) as (lists, url):
        ticket = api_at(url).upload.ticket("7", "a.jpg")
        with pytest.raises(UploadError) as caught:
            ticket.wait(10)
        assert (caught.value.filename, caught.value.ticket) == ("a.jpg", "7")
        assert "refused" in str(caught.value)
        assert ticket.done
        with pytest.raises(UploadError):
            _ = ticket.doc_id
        assert len(lists.calls) == 2


def test_a_ticket_that_takes_too_long_can_be_waited_for_again() -> None:
    done: dict[str, str] = {}
    with service(lambda params: {"tickets": {"ticket": [state(7, eta="60", **done)]}}) as (_, url):
        ticket = Ticket(api_at(url), "7", "a.jpg")
        with pytest.raises(UploadError, match=r"not done after 0\.1 seconds.*again") as caught:
            ticket.wait(0.1)
        assert (caught.value.filename, caught.value.ticket) == ("a.jpg", "7")
        done.update(done="1", doc_id="99")
        assert ticket.wait(10) == "99"


def test_a_service_that_is_away_for_a_while_is_asked_again() -> None:
    with service(asking(b"down", None, [state(7, done="1", doc_id="99")])) as (lists, url):
        assert Ticket(api_at(url), "7").wait(30) == "99"
        assert len(lists.calls) == 3
    with service(asking(b"down")) as (_, url):
        with pytest.raises(UploadError) as caught:
            Ticket(api_at(url), "7").wait(0.2)
        assert isinstance(caught.value.__cause__, ServiceUnavailableError)


def test_a_dead_token_is_told_at_once() -> None:
    with service(asking(error(107))) as (lists, url):
        with pytest.raises(TokenError):
            Ticket(api_at(url), "7").wait(60)
        assert len(lists.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"tickets": []},
        {"tickets": {"eta": "soon"}},
        {"tickets": {"ticket": [{"done": "1"}]}},
        {"tickets": {"ticket": [state(7, done="1")]}},
    ],
)
def test_an_answer_that_tells_no_tickets_is_none(answer: Any) -> None:
    with service(asking(answer)) as (_, url):
        with pytest.raises(BadAnswer):
            _ = Ticket(api_at(url), "7").done
        with pytest.raises(UploadError) as caught:
            Ticket(api_at(url), "7").wait(0.1)
        assert isinstance(caught.value.__cause__, BadAnswer)


def test_many_tickets_are_asked_after_fifty_at_a_time() -> None:
    asked: dict[str, int] = {}

    def answer(params: dict[str, str]) -> Any:
        states = []
        for name in params["tickets"].split(","):
            asked[name] = asked.get(name, 0) + 1
            # each second one takes longer
            ready = int(name) % 2 == 0 or asked[name] > 1
            states.append(state(name, done="1", doc_id=f"9{name}") if ready else state(name))
        return {"tickets": {"eta": "1", "ticket": states}}

    with service(answer) as (lists, url):
        api = api_at(url)
        many = [Ticket(api, str(number)) for number in range(120)]
        assert api.upload.wait(many, 30) == [f"9{number}" for number in range(120)]
        counts = [len(call["tickets"].split(",")) for call in lists.calls]
        assert counts == [50, 50, 20, 50, 10]
    assert api_at("http://127.0.0.1:9/").upload.wait([]) == []


def test_an_unknown_ticket_does_not_hide_the_others() -> None:
    def answer(params: dict[str, str]) -> Any:
        names = params["tickets"].split(",")
        if "3" in names:
            return error(1, "Some or all tickets not found")
        return {"tickets": {"ticket": [state(name, done="1", doc_id="9") for name in names]}}

    with service(answer) as (_, url):
        api = api_at(url)
        three = [Ticket(api, name) for name in "234"]
        with pytest.raises(UploadError, match="does not know the ticket") as caught:
            api.upload.wait(three, 10)
        assert caught.value.ticket == "3"
        assert [three[0].doc_id, three[2].doc_id] == ["9", "9"]


@pytest.mark.parametrize(("eta", "pause"), [("0", 1.0), ("7", 7.0), ("9000", 30.0), ("-5", 1.0)])
def test_the_service_is_asked_in_the_rhythm_that_it_asks_for(
    monkeypatch: pytest.MonkeyPatch, eta: str, pause: float
) -> None:
    monkeypatch.setattr(tickets, "POLL_INTERVAL", (1.0, 30.0))
    pauses: list[float] = []
    monkeypatch.setattr(tickets, "sleep", pauses.append)
    clock = iter(range(10_000))
    monkeypatch.setattr(tickets, "monotonic", lambda: next(clock) / 1e6)
    waiting = {"tickets": {"eta": eta, "ticket": [state(7, eta=eta)]}}
    with service(asking(waiting, [state(7, done="1", doc_id="9")])) as (_, url):
        assert Ticket(api_at(url), "7").wait() == "9"
    assert [round(seconds, 2) for seconds in pauses] == [pause]


def test_a_ticket_is_not_asked_after_before_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with service(asking([state(7, eta="60")])) as (lists, url):
        monkeypatch.setattr(tickets, "POLL_INTERVAL", (30.0, 60.0))
        ticket = Ticket(api_at(url), "7")
        assert [ticket.done for _ in range(5)] == [False] * 5
        assert len(lists.calls) == 1


#: In CI a gigabyte, elsewhere a quarter of it: still sixteen times the memory it may take.
LARGE = 1024**3 // (1 if os.environ.get("CI") else 4)
SERVICE = Path(hashing_service.__file__)

CLIENT = textwrap.dedent(
    """
    import sys
    from flask_ipernity.client import IpernityAPI

    def memory():
        for line in open("/proc/self/status"):
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024

    url, small, large = sys.argv[1:]
    api = IpernityAPI("key", "secret", "1-a", url=url)
    api.upload(small)
    before, told = memory(), []
    ticket = api.upload(large, on_progress=lambda sent, total: told.append((sent, total)))
    print(ticket.id, memory() - before, len(told), *told[-1], told == sorted(told))
    """
)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_large_file_goes_through_little_memory_and_arrives_whole(tmp_path: Path) -> None:
    small, large = tmp_path / "small.jpg", tmp_path / "large.jpg"
    small.write_bytes(os.urandom(1_000_000))
    with large.open("wb") as file:
        file.write(os.urandom(100_000))
        file.seek(LARGE // 2)
        file.write(os.urandom(100_000))
        file.truncate(LARGE)
    with large.open("rb") as file:
        expected = hashlib.file_digest(file, "md5").hexdigest()
    with subprocess.Popen([sys.executable, SERVICE], stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{int(server.stdout.readline())}/api/"
            done = subprocess.run(
                [sys.executable, "-c", CLIENT, url, str(small), str(large)],
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        finally:
            server.kill()
    assert done.returncode == 0, done.stderr
    md5, growth, calls, sent, total, in_order = done.stdout.split()
    assert md5 == expected
    assert int(growth) <= 16 * 2**20
    assert (sent, total, in_order) == (str(LARGE), str(LARGE), "True")
    assert int(calls) > LARGE >> 20
