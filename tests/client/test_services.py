"""The typed methods of the API, and the generator that makes them."""

from __future__ import annotations

import copy
import inspect
import io
import json
import shutil
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from tools import client as generator

from flask_ipernity.client import IpernityAPI
from flask_ipernity.client import services as services_module
from flask_ipernity.client.base import Service
from flask_ipernity.client.methods import all_methods
from flask_ipernity.client.signing import api_sig
from flask_ipernity.errors import UnknownMethod
from tests.support.stub import Stub, api_for, error, ok, sent

ROWS = {
    row["name"]: row
    for row in json.loads((generator.CLIENT / "methods.json").read_text("utf-8"))["methods"]
}


def typed() -> Iterator[tuple[str, Callable[..., Any]]]:
    api = IpernityAPI("key", "secret")
    for name in ROWS:
        yield name, reduce(getattr, name.split("."), api)  # type: ignore[misc]


def test_each_of_the_102_methods_is_typed_and_explained() -> None:
    methods = dict(typed())
    assert len(methods) == 102
    for name, method in methods.items():
        signature = inspect.signature(method)
        assert signature.return_annotation not in (signature.empty, "Any"), name
        assert "extra_params" in signature.parameters, name
        assert (method.__doc__ or "").strip(), name
        for level in ROWS[name]["permissions"].values():
            if not name.startswith("auth."):
                assert f": {level}``" in (method.__doc__ or ""), name


def test_each_method_takes_the_parameters_of_the_list_as_keywords() -> None:
    for name, method in typed():
        if name.startswith("auth."):
            continue
        taken = inspect.signature(method).parameters
        assert {param.kind for param in taken.values()} == {inspect.Parameter.KEYWORD_ONLY}
        known = {row["name"] for row in ROWS[name]["params"]} - {"api_key"}
        names = {param.rstrip("_") for param in taken}
        assert names == {*known, "extra_params"}, name


def test_a_misspelt_or_missing_parameter_is_found_without_a_call() -> None:
    api: Any
    with Stub(ok()) as stub:
        api = api_for(stub)
        wrong: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = [
            (api.doc.getList, (), {"user": "7"}),
            (api.doc.get, (), {}),
            (api.doc.get, ("7",), {}),
            (api.doc.comments.add, (), {"doc_id": 1, "text": "x"}),
            (api.upload.file, (), {}),
            (api.auth.checkToken, (), {"frob": "x"}),
        ]
        for method, places, names in wrong:
            with pytest.raises(TypeError):
                method(*places, **names)
        assert stub.requests == []


def test_parameters_that_nobody_documents_are_sent_and_signed() -> None:
    with Stub(ok()) as stub:
        api_for(stub).doc.getList(user_id=7, extra_params={"embed": True, "lg": "de"})
        query = sent(stub.requests[0])
        assert (query["user_id"], query["embed"], query["lg"]) == ("7", "1", "de")
        assert query["api_sig"] == api_sig(query, "secret", "doc.getList")
        with pytest.raises(TypeError, match="user_id given twice"):
            api_for(stub).doc.getList(user_id=7, extra_params={"user_id": 8})
        assert len(stub.requests) == 1


def test_a_parameter_whose_name_is_a_keyword_of_python_has_an_underscore() -> None:
    with Stub(ok('"ticket":"1",')) as stub:
        api_for(stub).upload.file(file=io.BytesIO(b"abc"), async_=True)
        assert b'name="async"\r\n\r\n1\r\n' in stub.requests[0].body


class Watching(IpernityAPI):
    """Keeps what its calls were given."""

    def call(self, method_name: str, **params: object) -> dict[str, Any]:
        self.last = (method_name, params)
        return {}


def test_a_call_is_given_what_was_said_and_no_more() -> None:
    api = Watching("key", "secret")
    api.docs.getList(user_id=7, extra=["dates"], page=None)
    assert api.last == ("doc.getList", {"user_id": 7, "extra": ["dates"]})
    copy.copy(api).album.docs.getList(album_id=1)
    assert api.last[0] == "doc.getList"


def test_a_method_that_the_list_does_not_know_is_called_when_asked_for() -> None:
    with Stub(ok()) as stub:
        api = api_for(stub)
        with pytest.raises(UnknownMethod):
            api.call("doc.frobnicate", doc_id=1)
        assert stub.requests == []
        api.call("doc.frobnicate", unknown=True, doc_id=1)
        api.call("doc.frobnicate", unknown="POST", doc_id=1)
        api.call("doc.set", unknown=True, doc_id=1, title="x")
        api_for(stub, None).call("doc.frobnicate", unknown=True, doc_id=1)
    assert [request.verb for request in stub.requests] == ["POST", "POST", "POST", "GET"]
    query = sent(stub.requests[0])
    assert stub.requests[0].target == "/api/doc.frobnicate/json"
    assert stub.requests[3].target.startswith("/api/doc.frobnicate/json?")
    assert query["api_sig"] == api_sig(query, "secret", "doc.frobnicate")
    assert "unknown" not in query


@pytest.mark.parametrize("name", ["../../x", "doc", "doc.get/json?x=", "doc..x", "", "doc.gét"])
def test_what_cannot_be_the_name_of_a_method_is_never_called(name: str) -> None:
    with Stub(ok()) as stub:
        with pytest.raises(UnknownMethod):
            api_for(stub).call(name, unknown=True)
        assert stub.requests == []


def test_an_error_of_a_typed_method_tells_what_was_given() -> None:
    with Stub(error(1)) as stub, pytest.raises(Exception, match="1, no") as caught:
        api_for(stub).doc.get(doc_id=5)
    assert caught.value.params == {"doc_id": 5}  # type: ignore[attr-defined]


def test_services_can_be_told_apart_and_have_no_other_names() -> None:
    api = IpernityAPI("key", "secret")
    assert repr(api.album.docs) == "<Ipernity service album.docs>"
    assert not hasattr(api.album, "getLst")
    assert not hasattr(api.album.docs, "_private")
    with pytest.raises(UnknownMethod, match=r"album\.docs\.getList"):
        getattr(api.album.docs, "getlist")  # noqa: B009 - type checkers know that it is wrong
    services = {
        kind._name
        for kind in vars(services_module).values()
        if isinstance(kind, type) and issubclass(kind, Service) and kind is not Service
    }
    assert services == {
        name.rpartition(".")[0] for name in all_methods() if not name.startswith("auth.")
    } | {"api", "explore", "faves", "tags"}


def test_pyipernity_s_method_list_is_there() -> None:
    assert len(IpernityAPI.__methods__) == 102
    assert "doc.getList" in IpernityAPI("key", "secret").__methods__


def test_a_way_to_sign_in_of_one_s_own_may_be_given() -> None:
    from flask_ipernity.client import DesktopAuthHandler

    class Own(DesktopAuthHandler):
        pass

    assert isinstance(IpernityAPI("key", "secret", auth=Own).auth, Own)


def test_the_generated_files_are_what_the_generator_makes_every_time() -> None:
    assert generator.generate() == generator.generate()
    assert generator.drifted() == [], "run `make generate`"


def test_a_changed_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (*generator.generate(), generator.CLIENT / "methods.json"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(generator, "CLIENT", tmp_path)
    assert generator.drifted() == []
    changed = tmp_path / "types.py"
    changed.write_text(changed.read_text("utf-8").replace("doc_id: Id", "doc_id: Int"), "utf-8")
    assert generator.drifted() == [changed]
    changed.unlink()
    assert generator.drifted() == [changed]


def test_a_correction_of_nothing_stops_the_generator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    methods = tmp_path / "methods.json"
    text = (generator.CLIENT / "methods.json").read_text("utf-8")
    methods.write_text(text.replace('"doc.getExif"', '"doc.getExifs"'), "utf-8")
    monkeypatch.setattr(generator, "CLIENT", tmp_path)
    with pytest.raises(ValueError, match=r"doc\.getExif"):
        generator.generate()


def test_every_correction_has_a_reason_and_a_source() -> None:
    path = Path(generator.__file__).with_name("overlay.json")
    overlay = json.loads(path.read_text("utf-8"))
    for correction in overlay["required"] + overlay["answers"]:
        assert correction["reason"]
        assert correction["source"]
