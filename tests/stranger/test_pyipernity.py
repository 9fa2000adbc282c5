"""PyIpernity 0.3.1, a client that knows nothing of this project, against the sandbox.

Sign-in follows what PyIpernity's own test-suite does to the real service.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from flask_ipernity.sandbox import Sandbox

ipernity = pytest.importorskip("ipernity")

CALLBACK = "http://127.0.0.1:9/cb"


class ConsentForm(HTMLParser):
    """The hidden fields of the form named ``fa``, and whether there is a ``<div class="ok">``."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.method: str | None = None
        self.fields: dict[str, str] = {}
        self.ok = False
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form" and found.get("name") == "fa":
            self.method = found["method"]
            self._inside = True
        elif tag == "input" and found.get("type") == "hidden" and self._inside:
            self.fields[found["name"] or ""] = found["value"] or ""
        elif tag == "div" and found.get("class") == "ok":
            self.ok = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def post_consent(url: str) -> requests.Response:
    """Opens a sign-in link and posts the hidden fields back to it."""
    page = requests.get(url, allow_redirects=False, timeout=5)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    form = ConsentForm(page.text)
    assert form.method is not None
    assert not form.ok
    return requests.request(form.method, url, data=form.fields, allow_redirects=False, timeout=5)


@pytest.fixture
def sandbox_options() -> dict[str, Any]:
    return {"callback_url": CALLBACK}


def client(sandbox: Sandbox, auth: str = "desktop", token: str | None = None) -> Any:
    return ipernity.IpernityAPI(
        sandbox.app_key,
        sandbox.app_secret,
        token,
        auth=auth,
        url=sandbox.api_url,
        auth_url_base=sandbox.authorize_url,
    )


@pytest.fixture
def api(sandbox: Sandbox) -> Any:
    """A client that is signed in as the first person and may read documents."""
    return client(sandbox, token=sandbox.sign_in())


def test_it_signs_in_by_the_web_flow(sandbox: Sandbox) -> None:
    api = client(sandbox, "web")
    answer = post_consent(api.auth.auth_url({"doc": "write", "network": "read"}))
    assert answer.status_code == 302
    location = answer.headers["Location"]
    assert location.startswith(CALLBACK)
    api.auth.getToken(parse_qs(urlsplit(location).query)["frob"][0])
    assert api.user_info["username"] == sandbox.people[0].username
    assert api.has_permissions({"doc": "write", "network": "read"})
    assert not api.has_permissions({"doc": "delete"})
    assert not api.has_permissions({"profile": "read"})


def test_it_signs_in_by_the_desktop_flow(sandbox: Sandbox) -> None:
    api = client(sandbox)
    frob = api.auth.getFrob()["auth"]["frob"]
    answer = post_consent(api.auth.auth_url({"doc": "read"}, frob))
    assert answer.status_code == 200
    assert ConsentForm(answer.text).ok
    api.auth.getToken(frob)
    assert api.user_info["user_id"] == sandbox.people[0].user_id


def test_it_signs_in_again_with_a_link_that_holds_its_old_token(sandbox: Sandbox) -> None:
    api = client(sandbox, "web", sandbox.sign_in(1))
    assert post_consent(api.auth.auth_url({"doc": "read"})).status_code == 302


def test_it_learns_whose_token_it_has(sandbox: Sandbox) -> None:
    api = client(sandbox, token=sandbox.sign_in(1, {"doc": "read", "blog": "write"}))
    assert api.user_info["user_id"] == sandbox.people[1].user_id
    assert api.permissions["blog"] == "write"
    assert api.permissions["post"] == "none"


def test_it_lists_its_documents_and_gets_one(api: Any) -> None:
    docs = api.doc.getList()["docs"]
    assert int(docs["total"]) >= len(docs["doc"]) > 0
    doc = api.doc.get(doc_id=docs["doc"][0]["doc_id"], extra="md5")["doc"]
    assert doc["title"] == docs["doc"][0]["title"]
    assert doc["owner"]["user_id"] == api.user_info["user_id"]


def test_a_picture_can_be_fetched(api: Any, sandbox: Sandbox) -> None:
    url = api.doc.getList(thumbsize="500")["docs"]["doc"][0]["thumb"]["url"]
    assert url.startswith(sandbox.media_url)
    assert requests.get(url, timeout=5).headers["Content-Type"] == "image/jpeg"


def test_it_sees_private_documents_only_with_its_token(api: Any, sandbox: Sandbox) -> None:
    user_id = api.user_info["user_id"]
    mine = api.doc.getList(user_id=user_id)["docs"]["total"]
    public = client(sandbox).doc.getList(user_id=user_id)["docs"]["total"]
    assert int(mine) > int(public) > 0


def test_it_searches(api: Any) -> None:
    title = api.doc.getList()["docs"]["doc"][0]["title"]
    found = list(api.walk_doc_search(text=title))
    assert title in [doc["title"] for doc in found]
    assert list(api.walk_doc_search(text="xyzzy" * 5)) == []


def test_it_walks_all_documents_page_by_page(api: Any, sandbox: Sandbox) -> None:
    everything = api.doc.getList(per_page=100)["docs"]["doc"]
    sandbox.clear_calls()
    walked = list(api.walk_docs(per_page=4))
    assert [doc["doc_id"] for doc in walked] == [doc["doc_id"] for doc in everything]
    assert len(sandbox.calls) == -(-len(everything) // 4) > 1


def test_it_walks_albums_and_their_documents(api: Any) -> None:
    albums = list(api.walk_albums())
    assert len(albums) == int(api.album.getList()["albums"]["total"]) > 0
    docs = list(api.walk_album_docs(albums[0]["album_id"]))
    assert len(docs) > 0


def test_it_changes_a_title_by_post(sandbox: Sandbox) -> None:
    api = client(sandbox, token=sandbox.sign_in(permissions={"doc": "write"}))
    doc_id = api.doc.getList()["docs"]["doc"][0]["doc_id"]
    api.doc.set(doc_id=doc_id, title="Größe & Maß")
    assert api.doc.get(doc_id=doc_id)["doc"]["title"] == "Größe & Maß"


def test_it_asks_for_its_quota(sandbox: Sandbox) -> None:
    api = client(sandbox, token=sandbox.sign_in(permissions={"doc": "write"}))
    assert api.account.getQuota()["quota"]["user_id"] == sandbox.people[0].user_id


def test_the_test_methods_answer(api: Any) -> None:
    assert api.test.echo(echo="Hallo Echo!")["echo"] == "Hallo Echo!"
    assert api.test.hello()["hello"] == "hello world!"


def test_the_method_list_is_the_one_it_was_made_from(api: Any) -> None:
    flags = ("name", "service", "authentication", "permissions", "modified_at")
    listed = {
        entry["name"]: {flag: entry[flag] for flag in flags}
        for entry in api.api.methods.getList()["methods"]["method"]
    }
    assert listed == {
        name: {flag: entry[flag] for flag in flags} for name, entry in api.__methods__.items()
    }
    assert api.api.methods.get(method="test.echo")["method"]["name"] == "test.echo"


def test_an_error_has_its_code(api: Any) -> None:
    with pytest.raises(ipernity.APIRequestError) as caught:
        api.doc.get(doc_id=1)
    assert caught.value.code == 1
    assert caught.value.status == "error"


def test_a_dead_token_is_error_107(api: Any, sandbox: Sandbox) -> None:
    sandbox.revoke(api.token)
    with pytest.raises(ipernity.APIRequestError) as caught:
        api.doc.getList()
    assert caught.value.code == 107


def test_an_unknown_method_is_none(api: Any, sandbox: Sandbox) -> None:
    with pytest.raises(ipernity.UnknownMethod):
        api.doc.fold()
    api.__methods__ = {**api.__methods__, "doc.fold": api.__methods__["doc.get"]}
    with pytest.raises(ipernity.APIRequestError) as caught:
        api.doc.fold()
    assert caught.value.code == 103
    assert [call.method for call in sandbox.calls] == ["doc.fold"]


def test_a_fault_reaches_it(api: Any, sandbox: Sandbox) -> None:
    sandbox.fault("doc.getList", "503", times=1)
    with pytest.raises(ipernity.APIRequestError) as caught:
        api.doc.getList()
    assert caught.value.status == "httperror"
    assert caught.value.code == 503
