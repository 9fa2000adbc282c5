"""Each method of the list, called through the client: the answers have the keys of the list."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from flask_ipernity import APIRequestError
from flask_ipernity.sandbox import Sandbox
from tests.support.method_arguments import ARGUMENTS, FilledSandbox
from tests.support.raw_http import RawClient
from tests.support.skeletons import check, entries, skeleton

MAY_MISS = {
    # a photo has no media files, and no length
    "doc.get": {"geo", "medias"},
    "doc.getExif": {"GPSLatitude", "GPSLongitude"},
    "doc.getMedias": {".original.length"},
    # sizes of sound, and what the owner keeps
    "doc.search": {"thumb"},
    "faves.docs.getList": {"thumb"},
    "tags.docs.getList": {"thumb"},
    "network.docs.getRecent": {"thumb"},
    # nothing, on purpose
    "explore.groups.getRandom": {".groups.group"},
    # a post is at the end of the list
    "post.getContext": {".prev.post", ".next.post"},
    # what the method list that is shipped does not hold
    "api.methods.get": {"changelog", "response"},
}

GARBAGE = ("", "-1", "x,,é,\0", "9" * 30, "nan", "²")
#: Listed and documented, but an unknown method (103) of the service ([C] PyIpernity).
UNKNOWN = "doc.albums.add"


@pytest.fixture(scope="module")
def only_read() -> Iterator[FilledSandbox]:
    """A sandbox for all methods that change nothing."""
    with Sandbox(processing=0) as sandbox:
        yield FilledSandbox(sandbox)


@pytest.fixture
def filled(method: str, request: pytest.FixtureRequest) -> Iterator[FilledSandbox]:
    """A sandbox in which only reading methods have been called."""
    # The arguments of the last two are made by changes.
    if not entries()[method]["post"] and method not in ("auth.getToken", "upload.checkTickets"):
        yield request.getfixturevalue("only_read")
        return
    with Sandbox(processing=0) as sandbox:
        yield FilledSandbox(sandbox)


@pytest.mark.parametrize("method", entries())
def test_an_answer_has_the_keys_of_the_method_list(filled: FilledSandbox, method: str) -> None:
    params = ARGUMENTS[method](filled)
    shape, extras = skeleton(method)
    wanted = entries()[method].get("extra_shapes", {}) or {}
    if wanted:
        params["extra"] = list(wanted)
    if method == "network.getList":
        params["extra"] = ["realname", "count", "location"]
    if method == UNKNOWN:
        with pytest.raises(APIRequestError) as error:
            filled.api.call(method, **params)
        assert error.value.code == 103
        return
    answer = filled.api.call(method, **params)
    assert answer.pop("api").keys() == {"status", "at"}
    if method == "api.methods.get":
        # a text where there are none
        shape["method"]["notes"] = "str"
    if method == "doc.getExif":
        # the key set depends on the file
        shape["exif"] = dict.fromkeys({*shape["exif"], *answer["exif"]}, "str?")
    check(shape, answer, {*extras, *MAY_MISS.get(method, ())})


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted(set(entries()) - {UNKNOWN}))
def test_garbage_in_any_parameter_is_answered(filled: FilledSandbox, method: str) -> None:
    raw = RawClient(filled.sandbox)
    token = str(filled.api.token)
    facts = entries()[method]
    good = {
        name: ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in ARGUMENTS[method](filled).items()
        if name != "file"
    }
    for param in facts["params"]:
        if param["name"] in ("api_key", "auth_token", "file"):
            continue
        for bad in GARBAGE:
            # raw.call checks the HTTP status
            sent = {**good, param["name"]: bad}
            answer = raw.call(method, sent, token=token, post=facts["post"])
            assert answer["api"]["status"] in ("ok", "error")
    raw.pool.clear()


def test_there_are_arguments_for_every_method(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(ARGUMENTS) == set(entries())
    kinds = [entry["evidence"]["response"] for entry in entries().values()]
    inferred = sum(kind in ("inferred", "client-unverified") for kind in kinds)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(kinds)} methods: the answers of {len(kinds) - inferred} are documented or read"
            f" by clients, those of {inferred} are inferred.\n"
        )
