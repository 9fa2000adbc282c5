"""Good answers with one part changed: every reader gives a value, or an error of this package."""

from __future__ import annotations

import copy
import io
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from flask_ipernity.caching.results import MemoryResults, ResultCache, cache_key
from flask_ipernity.client import IpernityAPI, Transport
from flask_ipernity.client import tickets as tickets_module
from flask_ipernity.client import transport as transport_module
from flask_ipernity.client.values import decode, number, whole_number
from flask_ipernity.errors import APIRequestError, BadAnswer, IpernityError
from tests.support.stub import TOKEN, Stub, answer, api_for, error, ok

OK = {"status": "ok", "at": "1700000000"}
AUTH = {
    "auth": {
        "token": TOKEN,
        "user": {"user_id": "7", "username": "ada"},
        "permissions": {"doc": "write", "blog": "none"},
    },
    "api": OK,
}

#: Good answers by method.
GOOD: dict[str, Any] = {
    "doc.getList": {
        "docs": {
            "total": "3",
            "page": "1",
            "per_page": "2",
            "pages": "2",
            "doc": [{"doc_id": "1", "title": "a"}, {"doc_id": "2", "title": "b"}],
        },
        "api": OK,
    },
    "auth.checkToken": AUTH,
    "auth.getToken": AUTH,
    "auth.getFrob": {"auth": {"frob": "1-f00f00f00f00"}, "api": OK},
    "account.getQuota": {
        "quota": {
            "maxfilesize": {"photo": {"bytes": "1000"}, "video": {"bytes": "0"}},
            "upload": {"unlimited": "0", "left": {"bytes": "1000"}},
        },
        "api": OK,
    },
    "doc.checkMD5": {"docs": {"doc": [{"doc_id": "1", "found": "1"}]}, "api": OK},
    "doc.get": {"doc": {"doc_id": "1", "owner": {"user_id": "7"}}, "api": OK},
    "upload.file": {"ticket": "9-f", "api": OK},
    "upload.checkTickets": {
        "tickets": {"eta": "3", "ticket": [{"id": "9-f", "done": "0", "invalid": "0", "eta": "2"}]},
        "api": OK,
    },
    "test.hello": {"api": {"status": "error", "code": "1", "message": "no", "at": "1700000000"}},
}

#: As JSON, because some of them are none.
WRONG = [
    "null",
    "true",
    "0",
    "-1",
    "2.5",
    "1e308",
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "1" + "0" * 400,
    "9" * 5000,
    '""',
    '"x"',
    '"nan"',
    '"inf"',
    '"1e999"',
    '"-5"',
    '"2.5"',
    '"1_0"',
    '"٣"',
    '"\\ud83d"',
    '"\\u0000\\u001b[31m\\r\\n"',
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "[1]",
    '["x"]',
    "[{}]",
    '{"a": 1}',
    '{"doc_id": {}}',
    "[" * 300 + "]" * 300,
    '{"a":' * 900 + "1" + "}" * 900,
]


class Headers(dict[str, str]):
    """The headers of a response."""


class Response:
    """A response without headers."""

    status = 200
    headers = Headers()


class Canned(Transport):
    """Answers calls by what a test has for their method."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        super().__init__("http://127.0.0.1:1/api/", retries=0)
        self.answers = answers

    def _try(self, method: str, *args: Any) -> Any:
        content = self.answers[method].encode("utf-8", "surrogatepass")
        return transport_module._decode(method, Response(), content)  # type: ignore[arg-type]

    def prefetch(self, *args: Any) -> None:
        return None


def token(api: IpernityAPI) -> object:
    api.auth.getToken("1-f")
    return api.has_permissions({"doc": "read"}), api.user_info, api.doc.getList()


def cached(api: IpernityAPI) -> object:
    cache = ResultCache(MemoryResults(), 60, 60)
    key = cache_key("-", "doc.getList", None, "key")
    ask = lambda: api.call("doc.getList")  # noqa: E731
    return [cache.find(key, ask)[0].read("doc.getList", {}) for _ in range(2)]


READERS: dict[str, tuple[Callable[[IpernityAPI], object], list[str]]] = {
    "a page": (lambda api: list(api.page("doc.getList").iter_pages()), ["doc.getList"]),
    "a walk": (lambda api: list(api.walk_docs(ahead=0, limit=50)), ["doc.getList"]),
    "its length": (lambda api: api.walk_docs(limit=5).total, ["doc.getList"]),
    "a cached call": (cached, ["doc.getList"]),
    "permissions": (
        lambda api: [api.has_permissions({"doc": "read"}), api.user_info, api.permissions],
        ["auth.checkToken"],
    ),
    "a token": (token, ["auth.getToken", "auth.checkToken"]),
    "a frob": (lambda api: api.auth.getFrob(), ["auth.getFrob"]),
    "an upload": (
        lambda api: api.upload(io.BytesIO(b"x"), if_exists="skip"),
        ["account.getQuota", "doc.checkMD5", "doc.get", "upload.file", "auth.checkToken"],
    ),
    "a ticket": (lambda api: api.upload.ticket("9-f").done, ["upload.checkTickets"]),
    "an error": (lambda api: api.test.hello(), ["test.hello"]),
}


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return where something is in *value*."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from paths(value[key], (*path, key))


def changed(value: Any, path: tuple[Any, ...], mark: str | None) -> Any:
    """Return a copy of *value* with *mark* at *path*; without the part if it is ``None``."""
    if not path:
        return mark
    made = copy.deepcopy(value)
    place = made
    for key in path[:-1]:
        place = place[key]
    if mark is None:
        del place[path[-1]]
    else:
        place[path[-1]] = mark
    return made


def broken(good: Any) -> Iterator[str]:
    """Return *good* as JSON with each of its parts changed in each way."""
    for path in paths(good):
        if path:
            yield json.dumps(changed(good, path, None))
        whole = json.dumps(changed(good, path, "MARK"))
        yield from (whole.replace('"MARK"', wrong) for wrong in WRONG)


CASES = [(reader, method) for reader, (_, methods) in READERS.items() for method in methods]


@pytest.mark.parametrize(("reader", "method"), CASES)
def test_a_wrong_part_of_an_answer_raises_no_error_but_of_this_package(
    reader: str, method: str
) -> None:
    read = READERS[reader][0]
    good = {name: json.dumps(value) for name, value in GOOD.items()}
    tried = 0
    for text in broken(GOOD[method]):
        transport = Canned({**good, method: text})
        bare = "auth.checkToken" in READERS[reader][1] and reader != "a token"
        known = {"token": TOKEN, "user": {"user_id": "7"}, "permissions": {}}
        api = IpernityAPI("key", "secret", TOKEN if bare else known, transport=transport)
        said = ""
        try:
            read(api)
        except IpernityError as caught:
            said = str(caught)
        assert said.encode().decode().isprintable()
        tried += 1
    assert tried > 50


@pytest.mark.parametrize("eta", [wrong for wrong in WRONG if len(wrong) < 100])
def test_tickets_are_never_asked_for_more_often_than_wanted(eta: str) -> None:
    for path in (("tickets", "eta"), ("tickets", "ticket", 0, "eta")):
        good = GOOD["upload.checkTickets"]
        if path[1] == "ticket":
            good = changed(good, ("tickets", "eta"), None)
        text = json.dumps(changed(good, path, "MARK")).replace('"MARK"', eta)
        api = IpernityAPI("k", "s", "1-a", transport=Canned({"upload.checkTickets": text}))
        ticket = api.upload.ticket("9-f")
        try:
            assert not ticket.done
        except BadAnswer:
            continue
        shortest, longest = tickets_module.POLL_INTERVAL
        assert shortest - 0.5 < ticket._next_poll - time.monotonic() <= longest


NUMBERS: list[tuple[object, int | None, float | None]] = [
    ("12", 12, 12.0),
    (" 12 ", 12, 12.0),
    ("-1", -1, -1.0),
    (12, 12, 12.0),
    (12.0, 12, 12.0),
    (2.5, None, 2.5),
    ("2.5", None, 2.5),
    ("nan", None, None),
    (float("nan"), None, None),
    (float("inf"), None, None),
    (10**400, None, None),
    (1e300, None, 1e300),
    (True, None, None),
    (None, None, None),
    ([], None, None),
    ("", None, None),
]


@pytest.mark.parametrize(("value", "whole", "any_number"), NUMBERS, ids=range(len(NUMBERS)))
def test_numbers_are_read_as_such(
    value: object, whole: int | None, any_number: float | None
) -> None:
    assert (whole_number(value), number(value)) == (whole, any_number)


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e999", '{"a": [1e400]}', "[" * 10**5, ""])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any
        decode(text)


def test_a_long_response_is_refused_unless_it_is_asked_for() -> None:
    long = ok('"a":"' + "x" * (4 * 1024 * 1024) + '",')
    with Stub(long) as stub:
        with pytest.raises(BadAnswer, match="longer than 4194304"):
            api_for(stub).test.hello()
        api = api_for(stub, max_response_size=5_000_000)
        assert len(str(api.test.hello())) > 4_000_000
    with Stub(answer(b"[" * 40_000_000)) as stub, pytest.raises(BadAnswer):
        api_for(stub).test.hello()


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("no\\r\\nX: y", "no X: y"),
        ("\\u001b[31mred\\u0007", " [31mred "),
        ("a\\u009bb\\u0085c", "a b c"),
        ("half \\ud83d of it", "half   of it"),
        ("\\u202egnp.exe", " gnp.exe"),
        ("Zo\\u00eb \\ud83d\\ude00", "Zoë 😀"),
    ],
)
def test_the_words_of_the_service_obey_no_terminal(sent: str, shown: str) -> None:
    for code in (1, 107, 112, 500):
        with Stub(error(code, sent)) as stub, pytest.raises(IpernityError) as caught:
            api_for(stub, retries=0).test.hello()
        assert shown in str(caught.value)
        if isinstance(caught.value, APIRequestError):
            assert caught.value.message == shown


def test_words_without_end_are_cut() -> None:
    with Stub(error(1, "x" * 100_000)) as stub, pytest.raises(APIRequestError) as caught:
        api_for(stub).test.hello()
    assert len(str(caught.value)) < 1200
