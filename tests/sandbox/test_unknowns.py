"""What nobody knows of the service: each option behaves as it says, and clients get along."""

from __future__ import annotations

import time
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from flask_ipernity import APIRequestError, TokenError
from flask_ipernity.client import IpernityAPI
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.authorize import PERSON_COOKIE
from flask_ipernity.sandbox.unknowns import CHOICES, Lg, Unknowns
from tests.support.file_heads import picture
from tests.support.lookup import ADA, JONAS
from tests.support.raw_http import RawClient, RawResponse, sign, write

CALLBACK = "http://127.0.0.1:9/cb?keep=1"


def link(sandbox: Sandbox, **params: str) -> str:
    full = sign({"api_key": sandbox.app_key, **params}, sandbox.app_secret)
    return f"{sandbox.authorize_url}?{urlencode(full)}"


class PersonsBrowser:
    """Keeps the cookie of the consent page."""

    def __init__(self, raw: RawClient) -> None:
        self.raw = raw
        self.cookie = ""

    def open(self, url: str, verb: str = "GET", **fields: str) -> RawResponse:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        answer = self.raw.send(verb, url, fields, headers=headers)
        if kept := answer.headers.get("Set-Cookie"):
            assert "HttpOnly" in kept
            assert "Path=/apps/authorize" in kept
            self.cookie = kept.partition(";")[0]
        return answer


def api_of(sandbox: Sandbox, token: str | None = None, **options: Any) -> IpernityAPI:
    return IpernityAPI(sandbox.app_key, sandbox.app_secret, token, url=sandbox.api_url, **options)


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Unknowns(**{name: "maybe"})  # type: ignore[arg-type]
    for choice in CHOICES[name]:
        assert getattr(Unknowns(**{name: choice}), name) == choice  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["eta", "token_life"])
def test_seconds_are_not_negative(name: str) -> None:
    for wrong in (-1, float("nan")):
        with pytest.raises(ValueError, match=name):
            Sandbox(**{name: wrong})  # type: ignore[arg-type]


def test_who_has_granted_the_same_is_sent_on_at_once(raw: RawClient, sandbox: Sandbox) -> None:
    browser = PersonsBrowser(raw)
    asking = link(sandbox, perm_doc="write", perm_network="read")
    # by default, people are asked every time
    assert browser.open(asking, "POST", answer="allow").status == 302
    assert browser.open(asking).status == 200
    assert browser.cookie == ""
    sandbox.unknowns.consent = "remember"
    jonas = sandbox.people[JONAS].user_id
    assert browser.open(asking, "POST", answer="allow", user_id=jonas).status == 302
    back = browser.open(asking)
    assert back.status == 302
    frob = parse_qs(urlsplit(back.headers["Location"]).query)["frob"][0]
    auth = raw.ok("auth.getToken", {"frob": frob})["auth"]
    assert auth["user"]["user_id"] == jonas
    assert (auth["permissions"]["doc"], auth["permissions"]["network"]) == ("write", "read")
    # less is granted, too; more, another item, another browser and the desktop flow are asked
    assert browser.open(link(sandbox, perm_doc="read")).status == 302
    assert browser.open(link(sandbox, perm_doc="delete")).status == 200
    assert browser.open(link(sandbox, perm_doc="read", perm_blog="read")).status == 200
    assert PersonsBrowser(raw).open(asking).status == 200
    desktop = raw.ok("auth.getFrob")["auth"]["frob"]
    assert browser.open(link(sandbox, perm_doc="read", frob=desktop)).status == 200
    # a revoked application asks again, and a closed account is nobody's
    sandbox.revoke(auth["token"])
    assert browser.open(asking).status == 200
    assert browser.open(asking, "POST", answer="allow", user_id=jonas).status == 302
    assert browser.open(asking).status == 302
    sandbox.close_account(JONAS)
    assert browser.open(asking).status == 200


def test_nobody_is_sent_on_by_a_cookie_of_their_own_making(
    raw: RawClient, sandbox: Sandbox
) -> None:
    sandbox.unknowns.consent = "remember"
    browser = PersonsBrowser(raw)
    for value in (sandbox.people[ADA].user_id, "", "1", "é"):
        browser.cookie = f"{PERSON_COOKIE}={value}"
        assert browser.open(link(sandbox, perm_doc="read")).status == 200
    # a link that is not the application's own leads nowhere
    assert browser.open(link(sandbox, perm_doc="read") + "&lg=en").status == 400


@pytest.mark.parametrize(
    ("denial", "location"),
    [
        ("callback", CALLBACK),
        ("empty", f"{CALLBACK}&frob="),
        ("error", f"{CALLBACK}&error=access_denied"),
        ("page", None),
    ],
)
def test_who_refuses_is_sent_there(
    raw: RawClient, sandbox: Sandbox, denial: Any, location: str | None
) -> None:
    sandbox.unknowns.denial = denial
    answer = raw.send("POST", link(sandbox, perm_doc="read"), {"answer": "refuse"})
    assert answer.headers.get("Location") == location
    assert answer.status == (302 if location else 200)
    assert sandbox.state.frobs == {}
    assert sandbox.state.grants == {}


def test_a_token_is_lost_in_mid_session(raw: RawClient, sandbox: Sandbox) -> None:
    tokens = [sandbox.sign_in(ADA), sandbox.sign_in(JONAS)]
    for token in tokens:
        raw.ok("auth.checkToken", token=token)
    sandbox.revoke()
    assert [raw.code("doc.getList", token=token) for token in tokens] == ["107", "107"]
    sandbox.unknowns.token_life = 60
    token = sandbox.sign_in(ADA)
    raw.ok("doc.getList", token=token)
    sandbox.state.tokens[token].created -= 61
    assert raw.code("doc.getList", token=token) == "107"
    sandbox.unknowns.token_life = None
    raw.ok("doc.getList", token=token)


def test_an_account_is_closed_in_mid_session(raw: RawClient, sandbox: Sandbox) -> None:
    token, other = sandbox.sign_in(ADA), sandbox.sign_in(JONAS)
    user = {"user_id": sandbox.people[ADA].user_id}
    sandbox.close_account(ADA)
    assert raw.code("doc.getList", token=token) == "108"
    assert raw.code("doc.getList", user, token=other) == "1"
    assert raw.ok("user.get", user)["user"]["is_closed"] == "1"
    with pytest.raises(TokenError):
        api_of(sandbox, token).doc.getList()


def test_a_language_may_be_needed(raw: RawClient, sandbox: Sandbox) -> None:
    token = sandbox.sign_in(ADA, {"doc": "write"})
    with_language, without = (api_of(sandbox, token, lang=lang) for lang in ("en", None))
    kinds: tuple[Lg, ...] = ("error", "empty")
    for kind in kinds:
        sandbox.unknowns.lg = kind
        assert with_language.doc.getList()["docs"]["doc"]
        assert with_language.auth.checkToken()["auth"]["token"] == token
        for number, method in enumerate(("doc.getList", "auth.checkToken", "test.hello")):
            answer = raw.call(method, token=token if number < 2 else None)
            assert answer["api"]["status"] == ("error" if kind == "error" else "ok")
            assert set(answer) == {"api"}
    with pytest.raises(KeyError):
        without.doc.getList()["docs"]
    sandbox.unknowns.lg = "error"
    with pytest.raises(APIRequestError, match="Language missing"):
        without.doc.getList()


def test_reading_calls_may_be_limited_to_a_verb(raw: RawClient, sandbox: Sandbox) -> None:
    token = sandbox.sign_in(ADA, {"doc": "write"})
    album = raw.ok("album.getList", token=token)["albums"]["album"][0]["album_id"]
    for post in (False, True):
        raw.ok("doc.getList", token=token, post=post)
    sandbox.unknowns.reads = "post"
    assert raw.code("doc.getList", token=token) == "120"
    raw.ok("doc.getList", token=token, post=True)
    raw.ok("test.hello")
    raw.ok("api.methods.getList")
    sandbox.unknowns.reads = "get"
    raw.ok("doc.getList", token=token)
    params = {"api_key": sandbox.app_key}
    refused = raw.request("test.hello", params, post=True)
    assert (refused.status, refused.headers["Allow"]) == (405, "GET")
    write(raw, "album.setPerms", token, album_id=album, perm_comment=5)


def test_an_eta_may_lie_in_both_directions(raw: RawClient, sandbox: Sandbox) -> None:
    token = sandbox.sign_in(ADA, {"doc": "write"})
    sandbox.state.processing = 90
    number = raw.upload(("a.jpg", picture("JPEG")), token=token)["ticket"]

    def tickets() -> dict[str, Any]:
        found = raw.ok("upload.checkTickets", {"tickets": number}, token=token)["tickets"]
        assert isinstance(found, dict)
        return found

    for said in (360, 0):
        sandbox.unknowns.eta = said
        assert (tickets()["eta"], tickets()["ticket"][0]["eta"]) == (str(said), str(said))
        assert tickets()["done"] == "0"
    sandbox.unknowns.eta = 360
    sandbox.state.tickets[number].ready_at = time.monotonic()
    assert (tickets()["eta"], tickets()["done"]) == ("0", "1")


def test_the_client_waits_for_a_document_whatever_the_eta_says(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = api_of(sandbox, sandbox.sign_in(ADA, {"doc": "write"}))
    pauses: list[float] = []
    now = [time.monotonic()]

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds
        for ticket in sandbox.state.tickets.values():
            ticket.ready_at -= seconds

    monkeypatch.setattr("flask_ipernity.client.tickets.sleep", sleep)
    monkeypatch.setattr("flask_ipernity.client.tickets.monotonic", lambda: now[0])
    sandbox.state.processing = 15
    for said, most in ((360, 30), (0, 1), (None, 30)):
        sandbox.unknowns.eta = said
        pauses.clear()
        ticket = api.upload(BytesIO(picture("PNG")), title="Waited for")
        assert ticket.wait() in sandbox.state.docs
        assert max(pauses) <= most
        assert 14 <= sum(pauses) <= 45
        assert len(pauses) <= 16
