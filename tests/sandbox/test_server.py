"""The servers: connections that stay open, starting and stopping, pages, logs."""

from __future__ import annotations

import html
import http.client
import logging
import socket
import threading
import time

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PUBLIC
from tests.support.file_heads import picture
from tests.support.lookup import doc
from tests.support.raw_http import RawClient, port_of
from tests.support.servers import free_port
from tests.support.waiting import at_most


def exchange(sandbox: Sandbox, data: bytes) -> bytes:
    """Send raw bytes, close the sending side, and return everything that is received."""
    with socket.create_connection(("127.0.0.1", port_of(sandbox.url)), timeout=5) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        parts = []
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_many_calls_share_one_connection_and_are_quick(raw: RawClient, sandbox: Sandbox) -> None:
    params = {"api_key": sandbox.app_key}
    raw.request("test.hello", params)
    times = []
    for number in range(100):
        before = time.perf_counter()
        raw.request("test.hello", params, post=number % 2 == 1)
        times.append(time.perf_counter() - before)
    assert sandbox.connections == 1
    # A stall by delayed acknowledgement would take 40 ms.
    assert sorted(times)[50] < 0.02


def test_each_new_connection_is_counted(sandbox: Sandbox) -> None:
    for _ in range(3):
        raw = RawClient(sandbox)
        raw.call("test.hello")
        raw.pool.clear()
    assert sandbox.connections == 3


def test_requests_sent_at_once_are_answered_in_order(sandbox: Sandbox) -> None:
    body = f"api_key={sandbox.app_key}&echo=%s".encode()
    form = b"Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    requests = b"".join(
        b"POST /api/test.echo HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s"
        % (form, len(body) - 1, body % word)
        for word in (b"a", b"b")
    )
    answers = exchange(sandbox, requests)
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert answers.index(b'"echo":"a"') < answers.index(b'"echo":"b"')


def test_a_body_nobody_reads_does_not_disturb_the_next_request(sandbox: Sandbox) -> None:
    answers = exchange(
        sandbox,
        b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
        + b"x" * 100_000
        + b"GET /api/test.hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
    )
    assert answers.startswith(b"HTTP/1.1 404")
    assert b'"code":"100"' in answers


def test_a_chunked_body_is_understood(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(sandbox.url), timeout=5)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    parts = [f"api_key={sandbox.app_key}".encode(), b"&echo=in+parts"]
    for _ in range(2):
        connection.request("POST", "/api/test.echo", parts, form, encode_chunked=True)
        assert b'"echo":"in parts"' in connection.getresponse().read()
    connection.close()
    assert sandbox.connections == 1


def test_a_body_that_breaks_off_is_no_call(sandbox: Sandbox) -> None:
    answer = exchange(
        sandbox,
        b"POST /api/test.echo HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\necho=x",
    )
    assert b" 200 " not in answer
    assert sandbox.calls == []


@pytest.mark.parametrize("length", [b"-1", b"many", b"1_0", b"+5"])
def test_a_length_that_is_no_number_answers_400(sandbox: Sandbox, length: bytes) -> None:
    request = (
        b"POST /api/test.hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: %s\r\n\r\n" % length
    )
    assert exchange(sandbox, request).startswith(b"HTTP/1.1 400")


def test_an_old_client_gets_its_connection_closed(sandbox: Sandbox) -> None:
    answer = exchange(sandbox, b"GET /api/test.hello HTTP/1.0\r\n\r\n")
    assert b"Connection: close" in answer


def test_stopping_ends_all_threads_and_open_connections(raw: RawClient) -> None:
    # By themselves: those of other tests may end in the meantime.
    before = set(threading.enumerate())
    with Sandbox() as other:
        idle = RawClient(other)
        idle.call("test.hello")
        idle.send("GET", other.media_url)
        threads = set(threading.enumerate()) - before
        assert len(threads) == 4
        started = time.monotonic()
    assert time.monotonic() - started < at_most(1)
    deadline = time.monotonic() + at_most(2)
    while any(thread.is_alive() for thread in threads):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port_of(other.url)), timeout=1)
    idle.pool.clear()


def test_a_stopped_sandbox_starts_again_on_its_ports_and_remembers(
    raw: RawClient, sandbox: Sandbox
) -> None:
    token = sandbox.sign_in()
    addresses = sandbox.url, sandbox.media_url
    raw.ok("auth.checkToken", token=token)
    sandbox.stop()
    sandbox.stop()
    sandbox.start()
    assert (sandbox.url, sandbox.media_url) == addresses
    raw.ok("auth.checkToken", token=token)
    assert sandbox.connections == 2


def test_starting_twice_raises(sandbox: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="already running"):
        sandbox.start()


def test_a_sandbox_that_was_not_started_has_no_url() -> None:
    with pytest.raises(RuntimeError, match="until it is started"):
        _ = Sandbox().api_url


def test_a_port_that_is_taken_raises(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="in use"):
        Sandbox(port=port_of(sandbox.url)).start()


def test_a_given_port_is_the_apis() -> None:
    port = free_port()
    with Sandbox(port=port) as sandbox:
        assert port_of(sandbox.url) == port
        assert port_of(sandbox.media_url) != port


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "::0", "nas.example", "127.1"])
def test_a_host_is_the_address_of_one_machine(host: str) -> None:
    with pytest.raises(ValueError, match="names no address"):
        Sandbox(host=host)


def test_who_serves_others_is_warned(caplog: pytest.LogCaptureFixture) -> None:
    for host in ("127.0.0.1", "localhost", "::1", "127.8.9.1"):
        Sandbox(host=host)
    assert caplog.text == ""
    Sandbox(host="192.168.1.2")
    assert "whoever reaches 192.168.1.2 can use all of its accounts" in caplog.text


def test_localhost_is_a_host() -> None:
    with Sandbox(host="localhost") as sandbox:
        raw = RawClient(sandbox)
        assert sandbox.url.startswith("http://localhost:")
        raw.ok("test.hello")
        raw.pool.clear()


def test_two_sandboxes_know_nothing_of_each_other(raw: RawClient, sandbox: Sandbox) -> None:
    with Sandbox() as other:
        elsewhere = RawClient(other)
        assert elsewhere.code("auth.checkToken", token=sandbox.sign_in()) == "107"
        elsewhere.pool.clear()


def test_the_configuration_names_key_secret_and_addresses(sandbox: Sandbox) -> None:
    assert sandbox.config() == {
        "IPERNITY_APP_KEY": sandbox.app_key,
        "IPERNITY_APP_SECRET": sandbox.app_secret,
        "IPERNITY_API_URL": f"{sandbox.url}/api/",
        "IPERNITY_AUTHORIZE_URL": f"{sandbox.url}/apps/authorize",
        "IPERNITY_MEDIA_HOSTS": ("127.0.0.1",),
    }


def test_the_front_page_tells_how_to_use_it(raw: RawClient, sandbox: Sandbox) -> None:
    answer = raw.send("GET", f"{sandbox.url}/")
    assert answer.status == 200
    text = html.unescape(answer.text)
    for name, value in sandbox.config().items():
        assert f"{name} = {value!r}" in text
    for person in sandbox.people:
        assert person.username in text


def test_links_of_public_things_lead_to_pages(raw: RawClient, sandbox: Sandbox) -> None:
    doc = next(doc for doc in sandbox.state.docs.values() if doc.share == 4)
    album = next(album for album in sandbox.state.albums.values() if doc.doc_id in album.doc_ids)
    page = f"{sandbox.url}/doc/{doc.owner_id}/{doc.doc_id}"
    for url in (page, f"{page}/in/album/{album.album_id}", f"{sandbox.url}/home/{doc.owner_id}"):
        assert doc.title in raw.send("GET", url).text
    answer = raw.send("GET", f"{sandbox.url}/doc/{doc.owner_id}/album/{album.album_id}")
    assert album.title in answer.text


def test_private_and_unknown_things_have_no_page(raw: RawClient, sandbox: Sandbox) -> None:
    doc = next(doc for doc in sandbox.state.docs.values() if doc.share == 0)
    for path in (
        f"/doc/{doc.owner_id}/{doc.doc_id}",
        f"/doc/{doc.owner_id}/1",
        f"/doc/{doc.owner_id}/album/1",
        "/home/1",
    ):
        answer = raw.send("GET", sandbox.url + path)
        assert answer.status == 404
        assert doc.title not in answer.text


def test_logs_at_debug_name_requests_but_no_secrets(
    raw: RawClient, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    token = sandbox.sign_in()
    doc = next(iter(sandbox.state.docs.values()))
    with caplog.at_level(logging.DEBUG, "flask_ipernity.sandbox"):
        raw.call("auth.checkToken", token=token)
        raw.send("GET", sandbox.media_url + doc.path("original"))
        exchange(sandbox, f"BAD {token}\r\n\r\n".encode())
        sandbox.stop()
    logged = [record.getMessage() for record in caplog.records if "sandbox" in record.name]
    assert any("/api/auth.checkToken" in line for line in logged)
    assert any(f"/{doc.doc_id}." in line for line in logged)
    hidden = (token, doc.secret("original"), sandbox.app_secret, "api_sig")
    assert not [line for line in logged for secret in hidden if secret in line]


def test_the_sandbox_writes_nothing_by_itself(
    raw: RawClient, sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    raw.call("test.hello")
    sandbox.fault("test.hello", "cut")
    exchange(sandbox, b"nonsense\r\n\r\n")
    exchange(sandbox, b"GET /api/test.hello HTTP/1.1\r\n\r\n")
    sandbox.stop()
    assert capfd.readouterr() == ("", "")


def test_further_documents_make_lists_of_many_pages() -> None:
    with Sandbox(extra_documents=500) as sandbox:
        raw = RawClient(sandbox)
        params = {"user_id": sandbox.people[0].user_id, "per_page": "100", "page": "6"}
        docs = raw.ok("doc.getList", params)["docs"]
        assert int(docs["total"]) > 500
        assert int(docs["pages"]) == 6
        assert raw.send("GET", docs["doc"][-1]["thumb"]["url"]).status == 200
        raw.pool.clear()


def test_starting_and_drawing_does_not_flood_a_debug_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Sandbox(extra_documents=50) as sandbox:
        raw = RawClient(sandbox)
        shown = doc(sandbox, share=PUBLIC)
        for label in ("240", "original"):
            assert raw.send("GET", sandbox.media_url + shown.path(label)).status == 200
        token = sandbox.sign_in(0, {"doc": "write"})
        assert raw.upload(("a.png", picture("PNG")), token=token)["ticket"]
        raw.pool.clear()
    assert [record.name for record in caplog.records if record.name.startswith("PIL")] == []
    assert len(caplog.records) < 20
