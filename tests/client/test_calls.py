from __future__ import annotations

import copy
import inspect
import io
import os
import pickle
import threading
from functools import reduce
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from flask_ipernity.client import IpernityAPI
from flask_ipernity.client.methods import all_methods
from flask_ipernity.client.signing import api_sig
from flask_ipernity.errors import (
    ConfigurationError,
    NotFoundError,
    QuotaExceeded,
    UnknownMethod,
    UploadError,
)
from tests.support.stub import TOKEN, Stub, api_for, ok, sent


def needed(name: str) -> dict[str, object]:
    """Return something for each parameter that a method cannot do without."""
    method = reduce(getattr, name.split("."), IpernityAPI("key", "secret"))
    required = [
        param.name
        for param in inspect.signature(method).parameters.values()  # type: ignore[arg-type]
        if param.default is param.empty
    ]
    return {param: io.BytesIO(b"x") if param == "file" else 1 for param in required}


def test_each_method_of_the_list_is_called_by_its_name_with_its_verb() -> None:
    with Stub(ok()) as stub:
        api = api_for(stub)
        for name, method in all_methods().items():
            if name.startswith("auth."):
                continue
            reduce(getattr, name.split("."), api)(**needed(name))  # type: ignore[operator]
            request = stub.requests[-1]
            assert urlsplit(request.target).path == f"/api/{name}/json"
            assert request.verb == ("GET" if name == "api.methods.get" else "POST")
            reduce(getattr, name.split("."), api_for(stub, None))(**needed(name))  # type: ignore[operator]
            assert stub.requests.pop().verb == ("POST" if method.post else "GET")
        assert len(stub.requests) == 102 - 3


@pytest.mark.parametrize("name", ["docs", "albums", "folders", "groups", "posts", "users"])
def test_a_plural_is_another_name_of_the_service(name: str) -> None:
    with Stub(ok()) as stub:
        getattr(api_for(stub), name).get(**needed(f"{name}.get"))
        api_for(stub).call(f"{name}.get")
        assert [urlsplit(request.target).path for request in stub.requests] == [
            f"/api/{name[:-1]}.get/json"
        ] * 2


def test_every_call_is_signed_and_tells_key_token_and_language() -> None:
    with Stub(ok()) as stub:
        api_for(stub).doc.getList(user_id=7, extra=["dates", "geo"], page=None)
        api_for(stub, lang="de").doc.set(doc_id=1, title="Zwölf & mehr", is_public=False)
        api_for(stub, None, lang=None).test.echo(echo="")
    read, write, bare = (sent(request) for request in stub.requests)
    assert read == {
        "api_key": "key",
        "auth_token": TOKEN,
        "lg": "en",
        "user_id": "7",
        "extra": "dates,geo",
        "api_sig": api_sig(read, "secret", "doc.getList"),
    }
    assert (write["lg"], write["is_public"], write["title"]) == ("de", "0", "Zwölf & mehr")
    assert write["api_sig"] == api_sig(write, "secret", "doc.set")
    assert bare.keys() == {"api_key", "echo", "api_sig"}


@pytest.mark.parametrize(
    ("path", "near"),
    [
        (["dok"], "doc"),
        (["doc", "getLst"], "doc.getList"),
        (["docs", "getlist"], "doc.getList"),
        (["album", "docs", "gtList"], "album.docs.getList"),
        (["auth", "gettoken"], "auth.getToken"),
    ],
)
def test_a_misspelt_name_is_unknown_and_the_nearest_is_told(path: list[str], near: str) -> None:
    with Stub(ok()) as stub:
        with pytest.raises(UnknownMethod) as caught:
            reduce(getattr, path, api_for(stub))
        assert near in caught.value.nearest
        assert near in str(caught.value)
        with pytest.raises(UnknownMethod):
            api_for(stub).call(".".join(path))
        assert stub.requests == []


def test_private_names_are_no_services() -> None:
    api = IpernityAPI("key", "secret")
    targets: list[Any] = [api, api.doc, api.auth]
    for target in targets:
        with pytest.raises(AttributeError):
            target._unknown  # noqa: B018
    assert not hasattr(api, "nonsense")
    assert copy.copy(api).api_key == "key"


def test_a_token_is_text_a_mapping_or_none() -> None:
    user, permissions = {"user_id": "1"}, {"doc": "write"}
    api = IpernityAPI("key", "secret", {"token": TOKEN, "user": user, "permissions": permissions})
    assert (api.token, api.user_info, api.permissions) == (TOKEN, user, permissions)
    api.token = None
    assert [api.token, api.user_info, api.permissions] == [None, None, None]
    api.token = TOKEN
    assert api.token == TOKEN


def test_user_and_permissions_of_a_bare_token_are_asked_for_once() -> None:
    auth = f'"auth":{{"token":"{TOKEN}","user":{{"user_id":"7"}},"permissions":{{"doc":"read"}}}},'
    with Stub(ok(auth)) as stub:
        api = api_for(stub)
        assert api.user_info == {"user_id": "7"}
        assert api.permissions == {"doc": "read"}
        assert len(stub.requests) == 1


def test_a_new_key_or_secret_drops_the_token() -> None:
    api = IpernityAPI("key", "secret", TOKEN)
    api.api_key = "other"
    assert api.api_key == "other"
    assert api.token is None
    api.token = TOKEN
    api.api_secret = "other"
    assert api.api_secret == "other"
    assert api.token is None


@pytest.mark.parametrize(
    ("needed", "holds"),
    [
        (None, True),
        ({}, True),
        ({"doc": "none"}, True),
        ({"doc": "read"}, True),
        ({"perm_doc": "write"}, True),
        ({"doc": "delete"}, False),
        ({"doc": "read", "blog": "read"}, False),
        ({"network": "read"}, False),
        ({"network": "none"}, True),
        ({"profile": "read"}, False),
    ],
)
def test_a_level_includes_the_lower_ones_and_a_missing_item_is_none(
    needed: dict[str, str] | None, holds: bool
) -> None:
    granted = {"doc": "write", "blog": "none", "profile": "level of tomorrow"}
    api = IpernityAPI("key", "secret", {"token": TOKEN, "permissions": granted})
    assert api.has_permissions(needed) is holds


def test_without_a_token_there_are_no_permissions() -> None:
    api = IpernityAPI("key", "secret")
    assert not api.has_permissions(None)
    assert not api.has_permissions({"doc": "none"})


def test_a_permission_that_does_not_exist_is_an_error() -> None:
    api = IpernityAPI("key", "secret", {"token": TOKEN, "permissions": {}})
    with pytest.raises(ConfigurationError, match=r"item 'docs'.*doc, blog"):
        api.has_permissions({"docs": "read"})
    with pytest.raises(ConfigurationError, match=r"level 'delete' of 'profile'"):
        api.has_permissions({"profile": "delete"})


def test_the_web_link_is_signed_without_a_method_and_carries_no_frob() -> None:
    api = IpernityAPI("key", "secret", auth="web", auth_url_base="https://www.example/authorize")
    address = urlsplit(api.auth.auth_url({"doc": "read", "perm_blog": "write"}))
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert query.pop("api_sig") == api_sig(query, "secret")
    assert query == {"api_key": "key", "perm_doc": "read", "perm_blog": "write", "lg": "en"}


def test_the_desktop_link_carries_the_frob_in_the_signature() -> None:
    api = IpernityAPI("key", "secret")
    address = urlsplit(api.auth.auth_url({"doc": "read"}, "1-f"))
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert query["frob"] == "1-f"
    assert query.pop("api_sig") == api_sig(query, "secret")


def test_only_desktop_and_web_are_ways_to_sign_in() -> None:
    with pytest.raises(ValueError, match="desktop and web"):
        IpernityAPI("key", "secret", auth="oauth")


def test_environment_proxies_and_netrc_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Stub(ok()) as proxy, Stub(ok()) as stub:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        api_for(stub).test.hello()
        assert proxy.requests == []
        assert "authorization" not in stub.requests[0].headers


def test_a_file_is_sent_as_it_is_and_not_signed(tmp_path: Path) -> None:
    path = tmp_path / 'a"b.jpg'
    path.write_bytes(os.urandom(200_000))
    with Stub(ok('"ticket":"1",')) as stub:
        api_for(stub).upload.file(file=path, title="x")
        api_for(stub).upload.file(file=io.BytesIO(b"abc"))
        api_for(stub).upload.file(file=str(path))
    first, second, third = stub.requests
    assert path.read_bytes() in first.body
    assert path.read_bytes() in third.body
    assert b'filename="a%22b.jpg"' in first.body
    assert b"\r\n\r\nabc\r\n" in second.body


def test_a_path_in_another_parameter_is_never_opened() -> None:
    with Stub(ok()) as stub:
        api_for(stub).call("doc.set", doc_id=1, file="/etc/hostname", title="/etc/hostname")
    assert sent(stub.requests[0])["file"] == "/etc/hostname"


def test_a_thing_that_is_no_file_is_refused() -> None:
    with Stub(ok()) as stub, pytest.raises(TypeError, match="file=int"):
        api_for(stub).call("upload.file", file=5)
    assert stub.requests == []


def test_threads_with_an_object_each_share_the_connections() -> None:
    with Stub(ok()) as stub:
        transport = api_for(stub)._transport
        wrong: list[object] = []

        def work(number: int) -> None:
            api = IpernityAPI("key", "secret", f"{number}-t", transport=transport)
            for _ in range(20):
                if api.test.hello()["hello"] != "hello world!":
                    wrong.append(number)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
        assert len(stub.requests) == 160
        assert stub.connections <= 8


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("error", 1, "not there", "doc.get", {"doc_id": 1}),
        QuotaExceeded("httperror", 429),
        UnknownMethod("doc.gt", ("doc.get",)),
        UploadError("a.jpg", "12"),
    ],
)
def test_an_error_survives_the_way_to_another_process(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
