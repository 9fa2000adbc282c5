"""Latency, faults and the rate limit."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from flask_ipernity.sandbox import Sandbox
from tests.support.raw_http import RawClient, RawResponse, port_of
from tests.support.waiting import at_most


def hello(raw: RawClient) -> RawResponse:
    return raw.request("test.hello", {"api_key": raw.sandbox.app_key})


def test_a_small_number_is_an_api_error_with_status_200(raw: RawClient, sandbox: Sandbox) -> None:
    sandbox.fault("test.hello", "112")
    answer = hello(raw)
    assert answer.status == 200
    assert answer.json["api"]["code"] == "112"
    assert answer.json["api"]["message"] == "Application request quota reached"


def test_a_methods_own_error_has_its_own_message(raw: RawClient, sandbox: Sandbox) -> None:
    sandbox.fault("doc.get", "1")
    assert raw.call("doc.get")["api"]["message"] == "Document not found"


@pytest.mark.parametrize("kind", ["404", "429", "500", "502", "503", "504"])
def test_a_large_number_is_an_http_status_with_a_page(
    raw: RawClient, sandbox: Sandbox, kind: str
) -> None:
    sandbox.fault("test.hello", kind)
    answer = hello(raw)
    assert answer.status == int(kind)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(
    ("kind", "title"), [("503", "503 Service Unavailable"), ("499", "499 Error")]
)
def test_the_page_of_an_http_status_names_it(
    raw: RawClient, sandbox: Sandbox, kind: str, title: str
) -> None:
    sandbox.fault("test.hello", kind)
    assert title in hello(raw).text


def test_an_http_status_may_say_when_to_come_again(raw: RawClient, sandbox: Sandbox) -> None:
    sandbox.fault("test.hello", "503", retry_after=7)
    assert hello(raw).headers["Retry-After"] == "7"


def test_html_comes_in_place_of_json(raw: RawClient, sandbox: Sandbox) -> None:
    sandbox.fault("test.hello", "html")
    answer = hello(raw)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.body.startswith(b"<!doctype html>")


def test_list_is_json_but_no_object(raw: RawClient, sandbox: Sandbox) -> None:
    sandbox.fault("test.hello", "list")
    assert json.loads(hello(raw).body) == []


def test_empty_has_no_body(raw: RawClient, sandbox: Sandbox) -> None:
    sandbox.fault("test.hello", "empty")
    answer = hello(raw)
    assert answer.status == 200
    assert answer.body == b""


def test_cut_ends_before_the_length_that_was_announced(raw: RawClient, sandbox: Sandbox) -> None:
    sandbox.fault("test.hello", "cut", times=1)
    with pytest.raises(ProtocolError) as caught:
        hello(raw)
    assert isinstance(caught.value.args[1], http.client.IncompleteRead)
    assert hello(raw).json["hello"]


def test_reset_resets_the_connection(raw: RawClient, sandbox: Sandbox) -> None:
    sandbox.fault("test.hello", "reset", times=1)
    with pytest.raises(ProtocolError) as caught:
        hello(raw)
    assert isinstance(caught.value.args[1], ConnectionResetError)
    assert hello(raw).json["hello"]


def test_hang_gives_no_answer_while_other_calls_get_theirs(
    raw: RawClient, sandbox: Sandbox
) -> None:
    sandbox.fault("test.hello", "hang", times=1)
    with urllib3.PoolManager(retries=False, timeout=0.1) as pool, pytest.raises(ReadTimeoutError):
        pool.request("GET", f"{sandbox.api_url}test.hello?api_key={sandbox.app_key}")
    assert hello(raw).json["hello"]


def test_a_hanging_call_does_not_keep_the_sandbox_from_stopping(sandbox: Sandbox) -> None:
    sandbox.fault("test.hello", "hang")
    port = port_of(sandbox.url)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(b"GET /api/test.hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while not sandbox.calls:
            time.sleep(0.005)
        before = time.monotonic()
        sandbox.stop()
        assert time.monotonic() - before < at_most(1)
        assert client.recv(100) == b""


def test_a_hanging_call_ends_when_its_client_goes(sandbox: Sandbox) -> None:
    sandbox.fault("test.hello", "hang")
    before = threading.active_count()
    port = port_of(sandbox.url)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(b"GET /api/test.hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while not sandbox.calls:
            time.sleep(0.005)
        assert threading.active_count() == before + 1
    deadline = time.monotonic() + 5
    while threading.active_count() > before:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_fault_strikes_as_often_as_it_says_and_only_its_method(
    raw: RawClient, sandbox: Sandbox
) -> None:
    sandbox.fault("test.hello", "503", times=2)
    assert raw.ok("test.echo", {"echo": "x"})
    assert [hello(raw).status for _ in range(4)] == [503, 503, 200, 200]
    assert len(sandbox.calls) == 5


def test_faults_follow_each_other_in_the_order_they_were_added(
    raw: RawClient, sandbox: Sandbox
) -> None:
    sandbox.fault("test.hello", "502", times=1)
    sandbox.fault("*", "504", times=1)
    assert [hello(raw).status for _ in range(3)] == [502, 504, 200]


def test_a_star_strikes_every_method_until_faults_are_cleared(
    raw: RawClient, sandbox: Sandbox
) -> None:
    sandbox.fault("*", "107")
    assert raw.code("doc.getList") == "107"
    assert raw.code("no.such.method") == "107"
    sandbox.clear_faults()
    assert hello(raw).json["hello"]


def test_faults_can_be_given_as_texts() -> None:
    with Sandbox(faults=["test.hello=503:1", "*=html"]) as sandbox:
        raw = RawClient(sandbox)
        assert hello(raw).status == 503
        assert hello(raw).body.startswith(b"<!doctype")
        raw.pool.clear()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("doc.get", "not METHOD=KIND"),
        ("doc.gett=503", "'doc.gett': it is neither an API method"),
        ("=503", "'': it is neither an API method"),
        ("doc.get=boom", "kind 'boom'"),
        ("doc.get=", "kind ''"),
        ("doc.get=0", "kind '0'"),
        ("doc.get=200", "kind '200'"),
        ("doc.get=399", "kind '399'"),
        ("doc.get=600", "kind '600'"),
        ("doc.get=-1", "kind '-1'"),
        ("doc.get=503:", "ends with ''"),
        ("doc.get=503:many", "ends with 'many'"),
        ("doc.get=503:0", "at least 1"),
    ],
)
def test_a_bad_fault_raises_with_a_sentence(spec: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Sandbox(faults=[spec])


def test_latency_delays_calls() -> None:
    with Sandbox(latency=60) as sandbox:
        raw = RawClient(sandbox)
        before = time.monotonic()
        hello(raw)
        assert time.monotonic() - before >= 0.06
        raw.pool.clear()


@pytest.mark.parametrize("seconds", [-1, float("nan")])
@pytest.mark.parametrize("name", ["latency", "processing", "eta", "token_life"])
def test_a_negative_time_or_a_rate_of_nothing_raises(name: str, seconds: float) -> None:
    options: dict[str, Any] = {name: seconds}
    with pytest.raises(ValueError, match="must not be negative"):
        Sandbox(**options)
    with pytest.raises(ValueError, match="at least 1"):
        Sandbox(rate=0)


def test_more_calls_in_a_second_than_the_rate_get_error_113() -> None:
    with Sandbox(rate=3) as sandbox:
        raw = RawClient(sandbox)
        codes = [hello(raw).json["api"].get("code") for _ in range(5)]
        refused = hello(raw)
        raw.pool.clear()
    assert codes == [None, None, None, "113", "113"]
    assert refused.status == 200
    assert "limit per second" in refused.json["api"]["message"]
