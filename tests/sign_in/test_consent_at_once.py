"""A service that does not ask again: one click for who returns, and nothing for other sites.

Nor does it matter in which form the service reports a refusal.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_ipernity.sandbox import Sandbox
from tests.support.apps import CALLBACK, MakeApp
from tests.support.lookup import ADA, MEI
from tests.support.views import with_views
from tests.support.visitor import ServiceBrowser, consent

OTHER_SITE = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}
OWN_SITE = {**OTHER_SITE, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def sandbox_options() -> dict[str, Any]:
    return {"callback_url": CALLBACK, "consent": "remember"}


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return with_views(make_app())


class Visitor:
    """A browser with its cookies of the application and of the service."""

    def __init__(self, app: Flask, user_id: str) -> None:
        self.client = app.test_client()
        self.service = ServiceBrowser()
        address = self.start(OWN_SITE)
        assert self.service.follow(address) is None
        callback = self.service.follow(address, answer="allow", user_id=user_id)
        self.client.get(callback or "", headers=OTHER_SITE)
        self.name = self.who()
        assert self.name != "nobody"
        self.client.post("/out")
        assert self.who() == "nobody"

    def who(self) -> str:
        return self.client.get("/who").text

    def start(self, headers: dict[str, str], path: str = "/read") -> str:
        address = self.client.get(path, headers=headers).location
        assert address is not None
        return address

    def sent_on(self, headers: dict[str, str]) -> TestResponse:
        """Start, be sent on by the service at once, and return the callback's response."""
        callback = self.service.follow(self.start(headers))
        assert callback is not None
        # The redirect from the service is cross-site whoever has started.
        return self.client.get(callback, headers=OTHER_SITE)


@pytest.fixture
def ada(app: Flask, sandbox: Sandbox) -> Visitor:
    return Visitor(app, sandbox.people[ADA].user_id)


@pytest.fixture
def mallory(app: Flask, sandbox: Sandbox) -> Visitor:
    return Visitor(app, sandbox.people[MEI].user_id)


def test_one_click_signs_in_who_returns(ada: Visitor) -> None:
    for headers in (OWN_SITE, {**OWN_SITE, "Sec-Fetch-Site": "none"}, {}):
        back = ada.sent_on(headers)
        assert (back.status_code, back.location) == (303, "/read")
        assert ada.who() == "Ada Fontaine"
        ada.client.post("/out")


def test_who_wants_more_is_asked_by_the_service(ada: Visitor) -> None:
    assert ada.service.follow(ada.start(OWN_SITE, "/write")) is None


def test_who_has_revoked_is_asked_by_the_service(ada: Visitor, sandbox: Sandbox) -> None:
    ada.sent_on(OWN_SITE)
    sandbox.revoke()
    assert ada.client.get("/read").status_code == 302
    assert ada.service.follow(ada.start(OWN_SITE)) is None


def test_another_site_cannot_sign_a_visitor_in_without_her(ada: Visitor) -> None:
    for _ in range(2):
        back = ada.sent_on(OTHER_SITE)
        assert back.status_code == 303
        assert ada.who() == "nobody"
        question = ada.client.get(back.location)
        assert "Ada Fontaine" in question.text
        assert ada.who() == "nobody"


def test_another_site_cannot_sign_a_visitor_in_as_somebody_else(
    ada: Visitor, mallory: Visitor
) -> None:
    def trap() -> str:
        address = mallory.service.follow(mallory.start(OWN_SITE))
        assert address is not None
        return address

    # without a start, with one of the hostile page, and in place of her own answer
    assert ada.client.get(trap(), headers=OTHER_SITE).status_code == 400
    assert ada.who() == "nobody"
    ada.start(OTHER_SITE)
    ada.client.get(trap(), headers=OTHER_SITE)
    assert ada.who() == "nobody"
    back = ada.sent_on(OTHER_SITE)
    ada.client.get(trap(), headers=OTHER_SITE)
    ada.client.get(back.location, headers=OTHER_SITE)
    assert ada.who() == "nobody"


def test_a_visitor_who_is_signed_in_stays_who_she_is(ada: Visitor, mallory: Visitor) -> None:
    ada.sent_on(OWN_SITE)
    assert ada.who() == "Ada Fontaine"
    trap = mallory.service.follow(mallory.start(OWN_SITE)) or ""
    for headers in (OTHER_SITE, OWN_SITE):
        ada.client.get("/write", headers=OTHER_SITE)
        ada.client.get(trap, headers=headers)
        assert ada.who() == "Ada Fontaine"


@pytest.mark.parametrize("denial", ["callback", "empty", "error"])
def test_a_refusal_is_understood_in_whatever_form_it_comes(
    app: Flask, sandbox: Sandbox, denial: Any
) -> None:
    sandbox.unknowns.denial = denial
    client = app.test_client()
    address = client.get("/read").location
    back = client.get(consent(address, answer="refuse"), headers=OTHER_SITE)
    assert back.status_code == 400
    assert "did not allow the sign-in" in back.text
    assert client.get("/who").text == "nobody"
    # it can be started again
    assert client.get(consent(client.get("/read").location)).status_code == 303
    assert client.get("/who").text == "Ada Fontaine"


def test_who_refuses_on_a_page_of_the_service_can_come_back_later(
    app: Flask, sandbox: Sandbox
) -> None:
    sandbox.unknowns.denial = "page"
    client, service = app.test_client(), ServiceBrowser()
    address = client.get("/read").location
    assert service.follow(address, answer="refuse") is None
    assert client.get("/who").text == "nobody"
    callback = service.follow(client.get("/read").location, answer="allow")
    assert client.get(callback or "").status_code == 303
    assert client.get("/who").text == "Ada Fontaine"


def test_an_account_that_is_closed_in_mid_session_ends_the_sign_in(
    ada: Visitor, sandbox: Sandbox
) -> None:
    ada.sent_on(OWN_SITE)
    sandbox.close_account(ADA)
    ada.client.get("/read")
    assert ada.who() == "nobody"
