"""No token stands in a URL: calls that carry one go by POST, and are otherwise as before."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from flask_ipernity import Ipernity, ipernity
from flask_ipernity.client import IpernityAPI
from flask_ipernity.client.methods import all_methods
from flask_ipernity.errors import BadAnswer, ServiceUnavailableError
from flask_ipernity.sandbox import Sandbox
from tests.support.lists import documents, service
from tests.support.stub import TOKEN, Stub, answer, api_for, ok, reset, sent

FROB = "99-f00f00f00f00"
AUTH = f'"auth":{{"token":"{TOKEN}","user":{{"user_id":"7"}},"permissions":{{"doc":"read"}}}},'


def shows_no_secret(stub: Stub) -> bool:
    """Return whether no URL and no header has a token, a frob, or the signature of one."""
    for request in stub.requests:
        for text in (request.target, *request.headers.values()):
            if TOKEN in text or FROB in text:
                return False
        carries = {"auth_token", "frob"} & sent(request).keys()
        if carries and (request.verb != "POST" or urlsplit(request.target).query):
            return False
    return True


WAYS: dict[str, Callable[[IpernityAPI], object]] = {
    "a call": lambda api: api.call("doc.getList"),
    "a method": lambda api: api.doc.getList(),
    "a page": lambda api: api.page("doc.getList"),
    "a walk": lambda api: list(api.walk_docs()),
    "a token of its own": lambda api: api.call("doc.getList", auth_token=TOKEN),
    "an extra parameter": lambda api: api.doc.getList(extra_params={"auth_token": TOKEN}),
    "permissions": lambda api: api.has_permissions({"doc": "read"}),
    "checkToken": lambda api: api.auth.checkToken(TOKEN),
    "getToken": lambda api: api.auth.getToken(FROB),
    "a method nobody knows": lambda api: api.call("doc.frobnicate", unknown=True),
    "an upload": lambda api: api.upload(io.BytesIO(b"x"), if_exists="skip"),
    "tickets": lambda api: api.upload.ticket("1").done,
    "prefetched": lambda api: take(api),
}


def take(api: IpernityAPI) -> object:
    return api.call("doc.getList", prefetched=api.prefetch("doc.getList"))


@pytest.mark.parametrize("way", WAYS)
def test_no_token_or_frob_is_in_a_url(way: str) -> None:
    records = '"docs":{"total":"1","doc":[{"doc_id":"1"}]},"tickets":{"ticket":[{"id":"1"}]},'
    with Stub(ok(AUTH + records + '"quota":{},"ticket":"1",')) as stub:
        WAYS[way](api_for(stub))
        assert stub.requests
        assert shows_no_secret(stub)


def test_only_the_list_of_methods_is_read_by_get_and_without_a_token() -> None:
    with Stub(ok()) as stub:
        api = api_for(stub)
        for params in ({}, {"auth_token": TOKEN}):
            api.call("api.methods.get", method="doc.get", **params)
            assert stub.requests[-1].verb == "GET"
            assert "auth_token" not in sent(stub.requests[-1])
        assert shows_no_secret(stub)


def test_calls_without_a_token_stay_as_they_were() -> None:
    with Stub(ok()) as stub:
        api = api_for(stub, None)
        for name, method in all_methods().items():
            if not method.post and name != "auth.getToken":
                api.call(name)
                assert stub.requests[-1].verb == "GET"


@pytest.mark.parametrize("token", [None, TOKEN])
def test_a_reading_call_is_tried_again_with_a_token_and_without(token: str | None) -> None:
    with Stub(answer("", "503 Down"), reset, ok()) as stub:
        assert api_for(stub, token).doc.getList()
        assert len(stub.requests) == 3
        first, *others = stub.requests
        assert all(sent(one) == sent(first) for one in others)


def test_a_call_that_changes_data_and_one_that_spends_a_frob_are_sent_once() -> None:
    calls: list[Callable[[IpernityAPI], object]] = [
        lambda api: api.doc.set(doc_id=1, title="x"),
        lambda api: api.auth.getToken(FROB),
    ]
    for call in calls:
        with Stub(answer("", "503 Down")) as stub:
            with pytest.raises(ServiceUnavailableError):
                call(api_for(stub))
            assert len(stub.requests) == 1


def test_a_walk_with_a_token_prefetches_its_pages_as_one_without() -> None:
    for token in (None, "1-a"):
        with service(documents(1000), latency=0.02) as (lists, url):
            api = IpernityAPI("key", "secret", token, url=url)
            assert len(list(api.walk_docs(per_page=100))) == 1000
            assert sorted(lists.pages) == list(range(1, 11))
            assert lists.most_at_once > 1


def test_a_service_that_reads_by_get_only_is_told_as_such() -> None:
    with Stub(answer("", "405 Method Not Allowed", "Allow: GET")) as stub:
        with pytest.raises(BadAnswer, match="does not take this call by POST"):
            api_for(stub).doc.getList()
        assert len(stub.requests) == 1
        with pytest.raises(BadAnswer, match=r"HTTP 405$"):
            api_for(stub, None).doc.getList()


def site(stub: Stub, **config: Any) -> Flask:
    app = Flask("tests")
    app.config.update(
        {
            "SECRET_KEY": "x",
            "IPERNITY_APP_KEY": "key",
            "IPERNITY_APP_SECRET": "secret",
            "IPERNITY_API_URL": stub.url,
            "IPERNITY_OWNER_TOKEN": TOKEN,
            **config,
        }
    )
    Ipernity(app)
    return app


@pytest.mark.parametrize(
    "config", [{}, {"IPERNITY_CACHE_REQUESTS": True, "IPERNITY_CACHE": "memory"}]
)
def test_the_owner_and_the_cache_put_no_token_into_a_url(config: Mapping[str, Any]) -> None:
    with Stub(ok('"doc":{"doc_id":"1"},')) as stub:
        app = site(stub, **config)
        with app.app_context():
            for _ in range(2):
                assert ipernity.owner_api.doc.get(doc_id=1)["doc"]["doc_id"] == "1"
        assert len(stub.requests) == (1 if config else 2)
        assert shows_no_secret(stub)


def test_the_callback_and_the_media_proxy_put_none_there() -> None:
    with Stub(ok(AUTH)) as stub:
        app = site(stub, IPERNITY_MEDIA_HOSTS=["127.0.0.1"])
        app.add_url_rule("/in", "start", lambda: ipernity.authorize())
        client = app.test_client()
        client.get("/in")
        assert client.get(f"/ipernity/cb?frob={FROB}").status_code == 303
        client.get("/ipernity/doc/1/240")
        with app.test_request_context():
            client.get(ipernity.media_url(1, "240", as_owner=True))
        methods = [request.target.split("/")[2] for request in stub.requests]
        assert methods[0] == "auth.getToken"
        assert {method for method in methods if method.startswith("doc.")}
        assert any(sent(request).get("auth_token") for request in stub.requests[1:])
        assert shows_no_secret(stub)


@pytest.mark.parametrize("sandbox_options", [{"reads": "post"}])
def test_a_service_that_takes_tokens_by_post_only_is_all_one_needs(sandbox: Sandbox) -> None:
    token = sandbox.sign_in()
    api = IpernityAPI(sandbox.app_key, sandbox.app_secret, token, url=sandbox.api_url)
    assert api.has_permissions({"doc": "read"})
    assert len(list(api.walk_docs(per_page=5))) == len(api.walk_docs())
    assert api.api.methods.get(method="doc.get")


@pytest.mark.parametrize("sandbox_options", [{"reads": "get"}])
def test_a_service_that_reads_by_get_only_is_read_without_a_token(sandbox: Sandbox) -> None:
    url, token = sandbox.api_url, sandbox.sign_in()
    with pytest.raises(BadAnswer, match="does not take this call by POST"):
        IpernityAPI(sandbox.app_key, sandbox.app_secret, token, url=url).doc.getList()
    api = IpernityAPI(sandbox.app_key, sandbox.app_secret, url=url)
    assert api.explore.docs.getPopular()
