"""While Ipernity fails, visitors who are signed in get at least what everybody may see."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from flask_ipernity import ServiceError, ipernity
from flask_ipernity.caching import single_flight
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PRIVATE
from tests.support.apps import MakeApp
from tests.support.caching_app import caching, how, signed_in

on_a_server = pytest.mark.parametrize("store", ["memory", "redis", "cachelib"], indirect=True)
ADA = "10175"

#: Ways in which the service fails as a whole.
OUTAGES = ["html", "reset", "112", "113"]


def ids(client: Any, **params: object) -> set[str]:
    answer = client.get("/call/doc.getList", query_string=params).json["answer"]
    return {doc["doc_id"] for doc in answer["docs"]["doc"]}


@pytest.mark.slow
@on_a_server
@pytest.mark.parametrize("outage", OUTAGES)
def test_what_everybody_sees_stands_in_for_what_a_visitor_sees(
    caching_app: Flask, sandbox: Sandbox, outage: str
) -> None:
    nobody, ada = caching_app.test_client(), signed_in(caching_app, sandbox)
    assert how(nobody, user_id=ADA, per_page=100) == "miss"
    sandbox.fault("*", outage)
    assert how(ada, user_id=ADA, per_page=100) == "stale"
    assert ids(ada, user_id=ADA, per_page=100) == ids(nobody, user_id=ADA, per_page=100)
    # What nobody has asked for is not known.
    assert ada.get(f"/call/doc.getList?user_id={ADA}&page=2").status_code >= 500


@on_a_server
def test_the_failing_service_is_left_alone_for_a_moment_and_then_asked_again(
    caching_app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody, ada = caching_app.test_client(), signed_in(caching_app, sandbox)
    how(nobody, user_id=ADA)
    sandbox.fault("*", "html")
    assert how(ada, user_id=ADA) == "stale"
    sandbox.clear_calls()
    assert how(ada, user_id=ADA) == "stale"
    assert sandbox.calls == []
    sandbox.clear_faults()
    monkeypatch.setattr(single_flight, "STALE_GRACE", 0.0)
    other = signed_in(caching_app, sandbox, 1)
    sandbox.fault("doc.getList", "html", times=1)
    assert how(other, user_id=ADA) == "stale"
    assert how(other, user_id=ADA) == "miss"
    assert how(other, user_id=ADA) == "hit"


@pytest.mark.parametrize("store", ["memory", "redis"], indirect=True)
def test_what_the_visitor_has_seen_comes_first(
    make_app: MakeApp, store: Any, sandbox: Sandbox
) -> None:
    app = caching(make_app, store, IPERNITY_CACHE_MAX_AGE=0)
    nobody, ada = app.test_client(), signed_in(app, sandbox)
    own = ids(ada, user_id=ADA, per_page=100)
    public = ids(nobody, user_id=ADA, per_page=100)
    assert public < own
    sandbox.fault("*", "html")
    assert ids(ada, user_id=ADA, per_page=100) == own
    assert ids(nobody, user_id=ADA, per_page=100) == public


@on_a_server
def test_what_a_visitor_sees_stands_in_for_nobody_else(
    caching_app: Flask, sandbox: Sandbox
) -> None:
    nobody, ada, jonas = (
        caching_app.test_client(),
        signed_in(caching_app, sandbox, 0),
        signed_in(caching_app, sandbox, 1),
    )
    assert how(ada, user_id=ADA) == "miss"
    sandbox.fault("*", "html")
    for client in (nobody, jonas):
        assert client.get(f"/call/doc.getList?user_id={ADA}").status_code == 502


@on_a_server
def test_not_found_for_everybody_is_no_answer_for_a_visitor(
    caching_app: Flask, sandbox: Sandbox
) -> None:
    private = next(
        doc.doc_id
        for doc in sandbox.state.docs.values()
        if doc.share == PRIVATE and doc.owner_id == ADA
    )
    nobody, ada = caching_app.test_client(), signed_in(caching_app, sandbox)
    assert nobody.get(f"/call/doc.get?doc_id={private}").status_code == 404
    assert nobody.get("/call/doc.getList").status_code == 404
    sandbox.fault("*", "html")
    assert ada.get(f"/call/doc.get?doc_id={private}").status_code == 502
    assert ada.get("/call/doc.getList").status_code == 502


@on_a_server
def test_an_answer_of_the_service_is_believed(caching_app: Flask, sandbox: Sandbox) -> None:
    nobody, ada = caching_app.test_client(), signed_in(caching_app, sandbox)
    for per_page, (code, status) in enumerate((("109", 403), ("1", 404), ("107", 302)), 1):
        how(nobody, user_id=ADA, per_page=per_page)
        sandbox.fault("doc.getList", code, times=1)
        path = f"/call/doc.getList?user_id={ADA}&per_page={per_page}"
        assert ada.get(path).status_code == status


@pytest.mark.parametrize("store", ["memory"], indirect=True)
def test_jobs_get_the_error(caching_app: Flask, sandbox: Sandbox) -> None:
    how(caching_app.test_client(), user_id=ADA)
    sandbox.fault("*", "html")
    with caching_app.app_context():
        assert ipernity.public_api.doc.getList(user_id=ADA)
        api = ipernity.api_for(sandbox.sign_in())
        with pytest.raises(ServiceError):
            api.doc.getList(user_id=ADA)


@pytest.mark.parametrize("store", ["memory"], indirect=True)
def test_who_goes_around_the_cache_gets_the_error(caching_app: Flask, sandbox: Sandbox) -> None:
    fresh: Any = lambda: ipernity.api.uncached.doc.getList(user_id=ADA)  # noqa: E731
    caching_app.add_url_rule("/fresh", "fresh", fresh)
    nobody, ada = caching_app.test_client(), signed_in(caching_app, sandbox)
    how(nobody, user_id=ADA)
    sandbox.fault("*", "html")
    assert ada.get("/fresh").status_code == 502


@on_a_server
def test_what_is_the_same_for_all_is_asked_once_for_all(
    caching_app: Flask, sandbox: Sandbox
) -> None:
    def front() -> Any:
        answer = ipernity.public_api.doc.getList(user_id=ADA, per_page=100)
        return {"ids": [doc["doc_id"] for doc in answer["docs"]["doc"]]}

    caching_app.add_url_rule("/front", "front", front)
    visitors = [
        caching_app.test_client(),
        signed_in(caching_app, sandbox, 0),
        signed_in(caching_app, sandbox, 1),
    ]
    sandbox.clear_calls()
    pages = [client.get("/front") for client in visitors]
    assert len({page.text for page in pages}) == 1
    assert len(sandbox.calls) == 1
    assert "auth_token" not in sandbox.calls[0].params
    sandbox.fault("*", "html")
    assert [client.get("/front").status_code for client in visitors] == [200, 200, 200]
    assert ipernity_has_no_token(caching_app)


def ipernity_has_no_token(app: Flask) -> bool:
    with app.app_context():
        return ipernity.public_api.token is None


def test_results_in_the_session_stand_in_for_nothing(make_app: MakeApp, sandbox: Sandbox) -> None:
    app = caching(make_app, "session")
    ada = app.test_client()
    assert how(ada, user_id=ADA) == "miss"
    ada.get(f"/in/0/{sandbox.sign_in()}")
    sandbox.fault("*", "html")
    assert ada.get(f"/call/doc.getList?user_id={ADA}").status_code == 502
