"""Addresses that show chosen private media with the grant of the site's owner."""

from __future__ import annotations

from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from flask_ipernity import ConfigurationError, ipernity
from flask_ipernity.media import signed_urls
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp
from tests.support.lookup import document
from tests.support.media import assert_safe


@pytest.fixture
def app(make_app: MakeApp, sandbox: Sandbox) -> Flask:
    return make_app(IPERNITY_OWNER_TOKEN=sandbox.sign_in(0))


@pytest.fixture
def doc_id(sandbox: Sandbox) -> str:
    doc = document(sandbox, media="photo", share=0, owner_id=sandbox.people[0].user_id)
    return str(doc.doc_id)


def url(app: Flask, doc_id: str, label: str = "240", **options: Any) -> str:
    with app.test_request_context():
        return ipernity.media_url(doc_id, label, as_owner=True, **options)


def test_a_private_picture_is_shown_to_whoever_has_the_address(app: Flask, doc_id: str) -> None:
    client = app.test_client()
    assert client.get(f"/ipernity/doc/{doc_id}/240").status_code == 404
    response = client.get(url(app, doc_id))
    assert response.status_code == 200
    assert "private" in response.headers["Cache-Control"]
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "public" not in response.headers["Cache-Control"]
    assert "Vary" not in response.headers
    assert_safe(response)
    # and nobody else gets anything by it
    assert client.get(f"/ipernity/doc/{doc_id}/240").status_code == 404


def test_browsers_keep_it_no_longer_than_the_address_lasts(app: Flask, doc_id: str) -> None:
    cache = app.test_client().get(url(app, doc_id, max_age=100)).cache_control
    assert cache.max_age is not None
    assert 50 < cache.max_age <= 100


def test_the_address_expires(app: Flask, doc_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time()
    address, default = url(app, doc_id, max_age=60), url(app, doc_id)
    client = app.test_client()
    monkeypatch.setattr(signed_urls, "time", lambda: now + 58)
    assert client.get(address).status_code == 200
    monkeypatch.setattr(signed_urls, "time", lambda: now + 61)
    assert client.get(address).status_code == 404
    assert client.get(default).status_code == 200
    monkeypatch.setattr(signed_urls, "time", lambda: now + 3601)
    assert client.get(default).status_code == 404


@pytest.mark.parametrize("max_age", [600, 3600, 86_400 * 30])
def test_an_address_stays_the_same_for_a_part_of_its_life(
    app: Flask, doc_id: str, max_age: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = 1_800_000_000 // max_age * max_age
    addresses: dict[str, list[float]] = {}
    for part in range(200):
        now = begin + part * max_age / 200
        monkeypatch.setattr(signed_urls, "time", lambda now=now: now)
        addresses.setdefault(url(app, doc_id, max_age=max_age), []).append(now)
    assert len(addresses) <= 5
    client = app.test_client()
    for address, times in addresses.items():
        # Whenever it was made, it lasts for most of the life that was asked for, and no longer.
        for made in (times[0], times[-1]):
            monkeypatch.setattr(signed_urls, "time", lambda made=made: made + max_age * 0.74)
            assert client.get(address).status_code == 200
            monkeypatch.setattr(signed_urls, "time", lambda made=made: made + max_age + 1)
            assert client.get(address).status_code == 404


def test_a_browser_keeps_a_private_picture_from_one_page_to_the_next(
    app: Flask, doc_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_800_000_001.5
    monkeypatch.setattr(signed_urls, "time", lambda: now)
    first = url(app, doc_id)
    kept = app.test_client().get(first).cache_control.max_age
    now += 60
    assert url(app, doc_id) == first
    assert kept is not None
    assert kept > 2700


def test_a_changed_address_is_not_found_and_costs_no_call(
    app: Flask, doc_id: str, sandbox: Sandbox
) -> None:
    client = app.test_client()
    address = url(app, doc_id)
    path, query = address.split("?")
    expires, signature = (parse_qs(query)[name][0] for name in ("expires", "signature"))
    sandbox.clear_calls()
    for changed in (
        address.replace(doc_id, "1"),
        address.replace("/240", "/500"),
        f"{path}?expires={int(expires) + 1}&signature={signature}",
        f"{path}?expires={expires}&signature={signature[:-1]}",
        f"{path}?expires={expires}&signature={signature[1:]}x",
        f"{path}?expires={expires}&signature=",
        f"{path}?expires={expires}",
        f"{path}?signature={signature}",
        f"{path}?expires={expires}&signature=%C3%A9{signature}",
        f"{path}?expires={expires}&expires={expires}&signature={signature}",
        f"{path}?expires={expires}&signature={signature}&signature={signature}",
        f"{path}?expires=+{expires}&signature={signature}",
        f"{path}?expires={'9' * 5000}&signature={signature}",
        f"{path}?expires=&signature=",
    ):
        response = client.get(changed)
        assert response.status_code == 404
        assert_safe(response)
    assert sandbox.calls == []
    assert client.get(address).status_code == 200


@pytest.mark.slow
def test_a_key_that_was_replaced_is_good_while_it_is_a_fallback(
    app: Flask, doc_id: str, make_app: MakeApp, sandbox: Sandbox
) -> None:
    address = url(app, doc_id)
    token = app.config["IPERNITY_OWNER_TOKEN"]
    new = make_app(
        SECRET_KEY="new", SECRET_KEY_FALLBACKS=["older", "test"], IPERNITY_OWNER_TOKEN=token
    )
    other = make_app(SECRET_KEY="new", IPERNITY_OWNER_TOKEN=token)
    assert new.test_client().get(address).status_code == 200
    assert other.test_client().get(address).status_code == 404
    assert other.test_client().get(url(new, doc_id)).status_code == 200


def test_without_the_owners_token_there_are_no_such_addresses(
    app: Flask, doc_id: str, make_app: MakeApp
) -> None:
    without = make_app()
    with pytest.raises(ConfigurationError, match="IPERNITY_OWNER_TOKEN"):
        url(without, doc_id)
    assert without.test_client().get(url(app, doc_id)).status_code == 404
    without_key = make_app(SECRET_KEY=None, IPERNITY_OWNER_TOKEN="1-0123456789")
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        url(without_key, doc_id)
    assert without_key.test_client().get(url(app, doc_id)).status_code == 404


def test_the_session_is_left_alone(app: Flask, doc_id: str) -> None:
    client = app.test_client()
    with client.session_transaction() as session:
        session.permanent = True
        session["a"] = "b"
    response = client.get(url(app, doc_id))
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers
    assert "Vary" not in response.headers


def test_it_works_with_a_smaller_size_and_parts(app: Flask, doc_id: str) -> None:
    client = app.test_client()
    address = url(app, doc_id, "2048")
    response = client.get(f"{address}&fallback=nearest", headers={"Range": "bytes=0-9"})
    assert (response.status_code, len(response.data)) == (206, 10)


def test_plain_addresses_have_no_parameters(app: Flask) -> None:
    with app.test_request_context():
        assert urlsplit(ipernity.media_url(4711, "1600")).query == ""
