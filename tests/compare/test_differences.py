"""What the command finds: nothing where the service is as assumed, and each thing that is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest

from flask_ipernity.sandbox import Sandbox
from tests.support.compare import ENOUGH, Change, Sent, compare, planted, state_of
from tests.support.lookup import ADA, JONAS, MEI


@pytest.mark.parametrize(("person", "user"), [(ADA, ADA), (JONAS, MEI), (MEI, JONAS), (MEI, None)])
def test_the_sandbox_is_as_assumed_whoever_asks_about_whom(
    service: Sandbox, person: int, user: int | None
) -> None:
    done = compare(service, "--json", "--write", token=service.sign_in(person, ENOUGH), user=user)
    assert done.ids("different") == set()
    assert done.status == 0


@pytest.mark.parametrize("permissions", [{}, {"doc": "read"}, {"doc": "delete", "post": "delete"}])
def test_the_sandbox_is_as_assumed_with_any_token(
    service: Sandbox, permissions: dict[str, str]
) -> None:
    done = compare(service, "--json", "--sign-in", token=service.sign_in(ADA, permissions))
    assert done.ids("different") == set()
    assert done.status == 0


def answers(*methods: str) -> Any:
    """Change the JSON of some methods' successful answers."""

    def planter(change: Any) -> Change:
        def changed(sent: Sent) -> None:
            if sent.method in methods and b'"status":"ok"' in sent.body:
                data = sent.json
                change(data)
                sent.replace(data)

        return changed

    return planter


def numbers(data: Any) -> None:
    data["doc"]["count"]["visits"] = int(data["doc"]["count"]["visits"])


def flags(data: Any) -> None:
    data["user"]["is_pro"] = True


def null(data: Any) -> None:
    data["doc"]["description"] = None


def renamed(data: Any) -> None:
    data["doc"]["owner"]["name"] = data["doc"]["owner"].pop("username")


def added(data: Any) -> None:
    data["user"]["followers"] = "17"


def single(data: Any) -> None:
    data["docs"]["doc"] = data["docs"]["doc"][0]


def date(data: Any) -> None:
    data["doc"]["dates"]["created"] = data["doc"]["dates"]["created"].replace(" ", "T")


def no_pages(data: Any) -> None:
    del data["albums"]["pages"]


def wrong_pages(data: Any) -> None:
    data["groups"]["pages"] = "7"


def media_kind(data: Any) -> None:
    data["doc"]["safety"] = "9"


def share(data: Any) -> None:
    data["doc"]["visibility"]["share"] = "5"


def larger_page(data: Any) -> None:
    if data["docs"]["per_page"] == "100":
        data["docs"]["per_page"] = "500"


def api_first(data: Any) -> None:
    before = dict(data)
    data.clear()
    data.update({"api": before.pop("api"), **before})


def milliseconds(data: Any) -> None:
    data["api"]["at"] += "000"


def more_in_api(data: Any) -> None:
    data["api"]["version"] = "2"


def other_frob(data: Any) -> None:
    data["auth"]["frob"] = "f3b0c442-98fc-1c14"


def one_method_less(data: Any) -> None:
    methods = data["methods"]["method"]
    methods.remove(next(row for row in methods if row["name"] == "doc.setSafety"))


def open_method(data: Any) -> None:
    row = next(row for row in data["methods"]["method"] if row["name"] == "user.get")
    row["authentication"]["sign"] = "0"


def rounded_down(data: Any) -> None:
    for thumb in data["doc"]["thumbs"]["thumb"]:
        if thumb["label"] == "240":
            shorter = min("w", "h", key=lambda side: int(thumb[side]))
            thumb[shorter] = str(int(thumb[shorter]) - 1)


def elsewhere(data: Any) -> None:
    for thumb in data["doc"]["thumbs"]["thumb"]:
        thumb["url"] = re.sub("//[^/]+", "//static.example.net", thumb["url"])


def one_secret(data: Any) -> None:
    for thumb in data["doc"]["thumbs"]["thumb"]:
        thumb["secret"] = "0123abcd"


DATA: dict[str, tuple[Iterable[str], Any, set[str]]] = {
    "a number": (["doc.get"], numbers, {"answer.doc.get", "reply.strings"}),
    "a flag": (["user.get"], flags, {"answer.user.get", "reply.strings"}),
    "a null": (["doc.get"], null, {"answer.doc.get", "reply.strings"}),
    "another name": (["doc.get"], renamed, {"answer.doc.get"}),
    "one key more": (["user.get"], added, {"answer.user.get"}),
    "one record is no list": (
        ["group.search"],
        lambda data: data["groups"].update(group={"group_id": "1"}),
        {"answer.group.search"},
    ),
    "another date": (["doc.get"], date, {"answer.doc.get"}),
    "no pages": (
        ["album.getList"],
        no_pages,
        {
            "answer.album.getList",
            "page.album.getList",
            "page.album.getList-most",
            "page.album.getList-pages",
        },
    ),
    "pages": (["group.getList"], wrong_pages, {"answer.group.getList", "page.group.getList"}),
    "another value": (["doc.get"], media_kind, {"value.safety"}),
    "public is 5": (["doc.get"], share, {"value.share"}),
    "a larger page": (["doc.search"], larger_page, {"page.doc.search-most"}),
    "api first": (["test.echo"], api_first, {"reply.order"}),
    "milliseconds": (["test.hello"], milliseconds, {"reply.at"}),
    "more in api": (["test.hello"], more_in_api, {"reply.api"}),
    "another frob": (["auth.getFrob"], other_frob, {"frob.form"}),
    "one method less": (["api.methods.getList"], one_method_less, {"methods.names"}),
    "another flag": (["api.methods.getList"], open_method, {"methods.flags"}),
    "rounded down": (["doc.get"], rounded_down, {"thumb.rounding"}),
    "another host": (["doc.get"], elsewhere, {"file.hosts"}),
    "one secret": (["doc.get"], one_secret, {"file.secrets"}),
}


@pytest.mark.parametrize("name", DATA)
def test_a_change_of_an_answer_is_found_and_named(service: Sandbox, name: str) -> None:
    methods, change, expected = DATA[name]
    with planted(service, answers(*methods)(change)):
        done = compare(service)
    assert done.ids("different") == expected
    assert done.status == 1


def code(sent: Sent) -> str | None:
    found = re.search(rb'"code":"(\d+)"', sent.body)
    return found[1].decode() if found else None


def other_code(sent: Sent) -> None:
    if code(sent) == "105":
        sent.body = sent.body.replace(b'"105"', b'"104"')


def code_as_number(sent: Sent) -> None:
    sent.body = sent.body.replace(b'"code":"1"', b'"code":1')


def small_letters(sent: Sent) -> None:
    if code(sent) == "101":
        sent.body = sent.body.replace(b'"API key', b'"your API key')


def http_error(sent: Sent) -> None:
    if code(sent) == "103":
        sent.status = 404


def as_json(sent: Sent) -> None:
    sent.headers["Content-Type"] = "application/json"


def no_charset(sent: Sent) -> None:
    sent.headers["Content-Type"] = "text/plain"


def marked(sent: Sent) -> None:
    if sent.method == "test.hello":
        sent.body = b"\xef\xbb\xbf" + sent.body


def page(sent: Sent) -> None:
    if sent.method == "doc.getExif":
        sent.body, sent.headers["Content-Type"] = b"<!doctype html>", "text/html"


def garbled(sent: Sent) -> None:
    if sent.method == "test.echo":
        sent.body = sent.body.decode().encode("latin-1", "replace")


def error_with_payload(sent: Sent) -> None:
    if code(sent) == "1" and sent.method == "doc.get":
        sent.replace({"doc": {}, **sent.json})


RESPONSES: dict[str, tuple[Change, set[str]]] = {
    "another code": (
        other_code,
        {
            "order.wrong-signature-token",
            "signature.checked",
            "signature.lg",
            "signature.wrong",
        },
    ),
    "a code that is a number": (code_as_number, {"reply.strings"}),
    "another text": (small_letters, {"error.101-text", "error.capital"}),
    "an HTTP error": (http_error, {"http.status"}),
    "another type": (as_json, {"http.charset", "http.content-type"}),
    "no charset": (no_charset, {"http.charset"}),
    "a byte order mark": (marked, {"format.object"}),
    "a page": (page, {"answer.doc.getExif", "format.object", "http.charset", "http.content-type"}),
    "other letters": (garbled, {"answer.test.echo", "format.object", "params.utf-8"}),
    "an error with more": (error_with_payload, {"reply.error-alone"}),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_a_change_of_a_response_is_found_and_named(service: Sandbox, name: str) -> None:
    change, expected = RESPONSES[name]
    with planted(service, change):
        done = compare(service)
    assert done.ids("different") == expected
    assert done.status == 1


def no_etag(sent: Sent) -> None:
    sent.headers.pop("ETag", None)


def no_ranges(sent: Sent) -> None:
    if sent.status in (206, 416):
        sent.status = 200


def other_type(sent: Sent) -> None:
    sent.headers["Content-Type"] = "image/webp"


def never_kept(sent: Sent) -> None:
    sent.headers["Cache-Control"] = "no-store"


def a_cookie(sent: Sent) -> None:
    sent.headers["Set-Cookie"] = "seen=1"


def hidden_end(sent: Sent) -> None:
    if "Content-Range" in sent.headers:
        sent.headers["Content-Range"] = sent.headers["Content-Range"].rpartition("/")[0] + "/*"


def forbidden(sent: Sent) -> None:
    if sent.status == 404:
        sent.status = 403


FILES: dict[str, tuple[Change, set[str]]] = {
    "no ETag": (no_etag, {"file.etag"}),
    "no parts": (no_ranges, {"file.beyond", "file.clip", "file.part"}),
    "another type": (other_type, {"file.type"}),
    "not to be kept": (never_kept, {"file.cache"}),
    "a cookie": (a_cookie, {"file.cookies"}),
    "an unknown length": (hidden_end, {"file.content-range"}),
    "403 for 404": (forbidden, {"file.secret-needed"}),
}


@pytest.mark.parametrize("name", FILES)
def test_a_change_of_the_media_host_is_found_and_named(service: Sandbox, name: str) -> None:
    change, expected = FILES[name]
    with planted(service, change, media=True):
        done = compare(service)
    assert done.ids("different") == expected
    assert done.status == 1


#: Each option of what nobody knows, and what is different then.
UNKNOWNS: list[tuple[str, Any, set[str]]] = [
    (
        "empty_lists",
        "list",
        {
            "empty.comments",
            "empty.explore.groups.getRandom",
            "empty.faves",
            "empty.group.search",
            "empty.post.search",
            "empty.tags",
        },
    ),
    ("empty_lists", "mixed", {"empty.group.search"}),
    ("lg", "error", {"lg.optional"}),
    ("lg", "empty", {"lg.optional"}),
    ("eta", 360, {"upload.eta"}),
    (
        "reads",
        "get",
        {
            "format.object",
            "http.content-type",
            "http.status",
            "params.body-wins",
            "reads.multipart",
            "reads.post",
            "reads.token-by-post",
        },
    ),
    (
        "reads",
        "post",
        {
            "answer.auth.checkToken",
            "error.107-text",
            "order.wrong-signature-token",
            "reads.token-by-get",
            "token.form",
            "token.invalid",
            "token.invalid-read",
            "token.own-user",
        },
    ),
]


@pytest.mark.parametrize(("option", "value", "expected"), UNKNOWNS)
def test_what_nobody_knows_is_found_and_named(
    service: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    value: Any,
    expected: set[str],
) -> None:
    before = state_of(service)
    token = service.sign_in(ADA, ENOUGH)
    monkeypatch.setattr(service.unknowns, option, value)
    if option == "eta":
        monkeypatch.setattr(service.state, "processing", 0.2)
    done = compare(service, "--json", "--write", token=token)
    assert done.ids("different") == expected
    assert done.status == 1
    assert done.err == ""
    assert state_of(service) == before


@pytest.mark.parametrize("fate", ["lost", "closed"])
def test_a_token_that_ends_on_the_way_is_found_and_no_method_is_blamed(
    service: Sandbox, fate: str
) -> None:
    token = service.sign_in(ADA, ENOUGH)
    ada = service.people[ADA]

    def end(sent: Sent) -> None:
        if sent.method == "account.getQuota" and sent.params.get("auth_token") == token:
            if fate == "lost":
                service.revoke(token)
            else:
                ada.closed = True

    try:
        with planted(service, end):
            done = compare(service, "--json", "--sign-in", token=token)
    finally:
        ada.closed = False
    assert done.ids("different") == {"token.stays"}
    assert "the token had ended" in done.details("answer.network.docs.getRecent")


def test_a_report_says_where_a_difference_matters(service: Sandbox) -> None:
    methods, change, _ = DATA["no pages"]
    with planted(service, answers(*methods)(change)):
        done = compare(service, "--all")
    assert done.status == 1
    text = done.out.partition("DIFFERENT  page.album.getList-pages")[2].partition("DIFFERENT")[0]
    assert "albums.pages is missing" in text
    assert "proven by clients: Photini" in text
    assert "reference: 10 Paging and limits" in text
    assert "client/lists.py" in text
    assert "sandbox/lists.py" in text
    assert "overlay: methods.json: album.getList" in done.out
    assert re.search(r"NOT SEEN, it needs --sign-in\n +reads.token-by-get, ", done.out)
    assert re.search(r"AS ASSUMED\n +format.json, format.default, ", done.out)
    assert max(len(line) for line in done.out.splitlines()) < 160
    assert re.search(
        r"\d+ assumptions: \d+ as assumed, 4 different, \d+ not seen; \d+ calls", done.out
    )


def test_a_service_that_is_down_for_one_method_is_not_different(service: Sandbox) -> None:
    service.fault("doc.get", "503")
    service.fault("album.get", "reset")
    try:
        done = compare(service)
    finally:
        service.clear_faults()
    assert done.status == 0
    assert {"answer.doc.get", "answer.album.get", "file.type"} <= done.ids("unseen")
    assert done.details("answer.doc.get")[0] == "the service was not available"
    assert done.details("answer.album.get")[0] == "the connection broke"


def test_the_document_is_json_and_nothing_else(service: Sandbox) -> None:
    done = compare(service)
    assert list(json.loads(done.out)) == [
        "program",
        "date",
        "service",
        "calls",
        "counts",
        "assumptions",
    ]
    assert done.report["service"] == "another"
    assert sum(done.report["counts"].values()) == len(done.report["assumptions"])
    assert done.err == ""
