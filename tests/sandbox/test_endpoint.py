"""The encoding of API answers, and the general checks."""

from __future__ import annotations

import time
from typing import Any

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.registry import GENERAL_ERRORS, METHOD_INFO
from flask_ipernity.sandbox.signature import api_sig
from tests.support.raw_http import RawClient, sign


@pytest.mark.parametrize(
    ("params", "method", "printed"),
    [
        (
            {"doc_id": "1234", "keywords": "easy"},
            "doc.tags.add",
            "a269b218feb341ef03bc093a0f2c8078",
        ),
        ({"perm_network": "read"}, "", "da183021cd39461108770b822fcd9398"),
    ],
)
def test_the_signatures_printed_on_the_help_page_come_out(
    params: dict[str, str], method: str, printed: str
) -> None:
    params = {"api_key": "6fa87ba500002712bd4eed6020f3bd72", **params}
    assert api_sig(params, method, "e9a599f0cf6ce193") == printed


def test_an_answer_is_compact_json_as_plain_text_with_the_payload_before_the_envelope(
    raw: RawClient, sandbox: Sandbox
) -> None:
    before = int(time.time())
    answer = raw.request("test.echo", {"api_key": sandbox.app_key, "echo": "Grüße 🌄"})
    at = answer.json["api"]["at"]
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text == f'{{"echo":"Grüße 🌄","api":{{"status":"ok","at":"{at}"}}}}'
    assert before <= int(at) <= time.time()


def test_an_error_comes_with_status_200_and_the_envelope_alone(
    raw: RawClient, sandbox: Sandbox
) -> None:
    answer = raw.request("test.echo", {"api_key": sandbox.app_key})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert list(answer.json) == ["api"]
    assert list(answer.json["api"]) == ["status", "at", "code", "message"]
    assert answer.json["api"]["code"] == "1"


def _scalars(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [scalar for item in value.values() for scalar in _scalars(item)]
    if isinstance(value, list):
        return [scalar for item in value for scalar in _scalars(item)]
    return [value]


def test_all_scalars_are_strings(raw: RawClient, sandbox: Sandbox) -> None:
    answer = raw.ok("user.get", {"user_id": sandbox.people[0].user_id})
    assert len(_scalars(answer)) > 10
    assert all(isinstance(scalar, str) for scalar in _scalars(answer))


def test_the_format_may_be_left_out(raw: RawClient, sandbox: Sandbox) -> None:
    answer = raw.request("test.hello", {"api_key": sandbox.app_key}, path="")
    assert answer.json["hello"] == "hello world!"


@pytest.mark.parametrize("path", ["/xml", "/php", "/php/e", "/JSON"])
def test_any_other_format_is_refused_with_error_102(
    raw: RawClient, sandbox: Sandbox, path: str
) -> None:
    answer = raw.request("test.hello", {"api_key": sandbox.app_key}, path=path)
    assert answer.json["api"]["code"] == "102"


@pytest.mark.parametrize("multipart", [False, True])
def test_a_reading_method_takes_a_form_too(
    raw: RawClient, sandbox: Sandbox, multipart: bool
) -> None:
    params = sign({"api_key": sandbox.app_key, "echo": "ä&=%"}, sandbox.app_secret, "test.echo")
    answer = raw.request("test.echo", params, post=True, multipart=multipart)
    assert answer.json["echo"] == "ä&=%"


def test_a_call_without_a_key_is_refused_with_error_100(raw: RawClient) -> None:
    assert raw.request("test.hello", {}).json["api"]["code"] == "100"


def test_a_call_with_an_unknown_key_is_refused_with_error_101(raw: RawClient) -> None:
    assert raw.request("test.hello", {"api_key": "0" * 32}).json["api"]["code"] == "101"


@pytest.mark.parametrize("method", ["test.goodbye", "soap", "doc.albums.add"])
def test_an_unknown_method_is_refused_with_error_103(raw: RawClient, method: str) -> None:
    assert raw.code(method, {"doc_id": "1"}, post=True) == "103"


def test_a_writing_method_by_get_is_refused_with_error_120(
    raw: RawClient, sandbox: Sandbox
) -> None:
    token = sandbox.sign_in(permissions={"doc": "write"})
    assert raw.code("doc.set", {"doc_id": "1", "title": "x"}, token=token) == "120"


def test_a_missing_signature_is_refused_with_error_104(raw: RawClient) -> None:
    assert raw.code("auth.getFrob", signed=False) == "104"


@pytest.mark.parametrize("method", ["auth.getFrob", "test.hello"])
def test_a_wrong_signature_is_refused_with_error_105_also_where_none_is_needed(
    raw: RawClient, sandbox: Sandbox, method: str
) -> None:
    params = sign({"api_key": sandbox.app_key}, "not the secret", method)
    assert raw.request(method, params).json["api"]["code"] == "105"


def test_a_parameter_added_after_signing_is_noticed(raw: RawClient, sandbox: Sandbox) -> None:
    params = sign({"api_key": sandbox.app_key}, sandbox.app_secret, "test.hello")
    answer = raw.request("test.hello", {**params, "lg": "en"})
    assert answer.json["api"]["code"] == "105"


def test_of_a_parameter_sent_twice_the_last_counts_and_must_be_the_signed_one(
    raw: RawClient, sandbox: Sandbox
) -> None:
    params = sign({"api_key": sandbox.app_key, "echo": "b"}, sandbox.app_secret, "test.echo")
    url = f"{sandbox.api_url}test.echo?echo=a&api_key={params['api_key']}"
    signed = f"&api_sig={params['api_sig']}"
    assert raw.send("GET", f"{url}&echo=b{signed}").json["echo"] == "b"
    assert raw.send("GET", f"{url}{signed}").json["api"]["code"] == "105"
    # the body comes after the query
    assert raw.send("POST", url + signed, {"echo": "b"}).json["echo"] == "b"


def test_a_method_that_needs_a_token_is_refused_without_one_with_error_106(raw: RawClient) -> None:
    assert raw.code("auth.checkToken") == "106"


@pytest.mark.parametrize("method", ["auth.checkToken", "test.hello"])
def test_an_unknown_token_is_refused_with_error_107_also_where_none_is_needed(
    raw: RawClient, method: str
) -> None:
    assert raw.code(method, token="1-abc") == "107"


def test_a_revoked_token_is_refused_with_error_107(raw: RawClient, sandbox: Sandbox) -> None:
    token = sandbox.sign_in()
    raw.ok("auth.checkToken", token=token)
    sandbox.revoke(token)
    assert raw.code("auth.checkToken", token=token) == "107"


def test_the_token_of_a_closed_account_is_refused_with_error_108(
    raw: RawClient, sandbox: Sandbox
) -> None:
    token = sandbox.sign_in()
    sandbox.people[0].closed = True
    assert raw.code("auth.checkToken", token=token) == "108"


@pytest.mark.parametrize("granted", [{}, {"doc": "read"}, {"profile": "write"}])
def test_a_writing_method_without_the_permission_is_refused_with_error_110(
    raw: RawClient, sandbox: Sandbox, granted: dict[str, str]
) -> None:
    token = sandbox.sign_in(permissions=granted)
    params = {"doc_id": "1", "title": "x"}
    assert raw.code("doc.set", params, token=token, post=True) == "110"


def test_a_higher_level_includes_the_lower_ones(raw: RawClient, sandbox: Sandbox) -> None:
    token = sandbox.sign_in(permissions={"doc": "delete"})
    # the method's own error: the document is not there
    assert raw.code("doc.set", {"doc_id": "1", "title": "x"}, token=token, post=True) == "1"


def test_a_permission_to_read_is_not_demanded_of_open_methods(
    raw: RawClient, sandbox: Sandbox
) -> None:
    user_id = sandbox.people[0].user_id
    public = raw.ok("doc.getList", {"user_id": user_id})["docs"]["doc"][0]
    token = sandbox.sign_in(permissions={"doc": "none"})
    answer = raw.ok("doc.get", {"doc_id": public["doc_id"]}, token=token)
    assert answer["doc"]["doc_id"] == public["doc_id"]


def test_calls_are_recorded_as_they_came_in(raw: RawClient, sandbox: Sandbox) -> None:
    raw.request("test.echo", {"api_key": "wrong", "echo": "x"})
    raw.request("test.hello", {"lg": "en"}, post=True)
    assert [(call.method, call.http_method, call.params) for call in sandbox.calls] == [
        ("test.echo", "GET", {"api_key": "wrong", "echo": "x"}),
        ("test.hello", "POST", {"lg": "en"}),
    ]
    sandbox.clear_calls()
    assert sandbox.calls == []


def test_echo_without_a_text_is_refused_with_error_1(raw: RawClient) -> None:
    assert raw.code("test.echo") == "1"
    assert raw.code("test.echo", {"echo": ""}) == "1"


def test_check_token_tells_whose_it_is_and_names_all_five_items(
    raw: RawClient, sandbox: Sandbox
) -> None:
    token = sandbox.sign_in(1, {"doc": "write", "network": "read"})
    person = sandbox.people[1]
    auth = raw.ok("auth.checkToken", token=token)["auth"]
    assert auth["token"] == token
    assert auth["permissions"] == {
        "doc": "write",
        "blog": "none",
        "post": "none",
        "network": "read",
        "profile": "none",
    }
    assert auth["user"]["user_id"] == person.user_id
    assert auth["user"]["username"] == person.username
    assert set(auth["user"]) == {"user_id", "username", "realname", "lg", "is_pro"}
    assert auth["user"]["is_pro"] in ("0", "1")


def test_the_method_list_names_all_methods_with_what_they_need(raw: RawClient) -> None:
    methods = {entry["name"]: entry for entry in raw.ok("api.methods.getList")["methods"]["method"]}
    assert len(methods) == 102
    assert methods["doc.set"]["permissions"] == {"doc": "write"}
    assert methods["doc.set"]["authentication"] == {
        "token": "1",
        "sign": "1",
        "post": "1",
        "safety": "1",
    }
    assert methods["doc.set"]["modified_at"] == "1228086000"


def test_needing_no_permission_shows_as_an_empty_list_or_an_empty_text(raw: RawClient) -> None:
    methods = {entry["name"]: entry for entry in raw.ok("api.methods.getList")["methods"]["method"]}
    assert methods["auth.getFrob"]["permissions"] == []
    assert methods["test.echo"]["permissions"] == ""


def test_one_method_is_described_with_its_parameters(raw: RawClient) -> None:
    described = raw.ok("api.methods.get", {"method": "test.echo"})["method"]
    assert described["name"] == "test.echo"
    assert described["authentication"] == {"token": "0", "sign": "0", "post": "0"}
    assert described["permissions"] == ""
    assert [entry["name"] for entry in described["parameters"]] == ["api_key", "echo"]
    assert described["parameters"][0]["required"] == "1"
    assert described["errors"][0]["code"] == "1"


def test_an_unknown_method_is_not_described_with_error_1(raw: RawClient) -> None:
    assert raw.code("api.methods.get", {"method": "test.goodbye"}) == "1"
    assert raw.code("api.methods.get") == "1"


def test_messages_begin_with_a_capital_letter(raw: RawClient) -> None:
    answer = raw.request("auth.getFrob", {"api_key": raw.sandbox.app_key})
    assert answer.json["api"]["message"] == "Signature missing"
    listed = [*GENERAL_ERRORS.values()]
    for info in METHOD_INFO.values():
        listed += info.errors.values()
    assert [message for message in listed if not message[:1].isupper()] == []


@pytest.mark.parametrize("counts", [True, False])
def test_a_text_field_named_file_may_be_signed_or_not(
    sandbox: Sandbox, raw: RawClient, counts: bool
) -> None:
    params = {"api_key": sandbox.app_key, "echo": "x", "file": "a.jpg"}
    signed = sign(
        {name: value for name, value in params.items() if counts or name != "file"},
        sandbox.app_secret,
        "test.echo",
    )
    assert raw.request("test.echo", {**params, **signed}).json["echo"] == "x"
    wrong = {**params, **signed, "echo": "y"}
    assert raw.request("test.echo", wrong).json["api"]["code"] == "105"
